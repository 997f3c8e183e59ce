"""What is made of the table of ``models_by_size.py``.

Run: ``python benchmarks/studies/models_by_size_pages.py``. Writes the package's recommendation,
``docs/models_by_size.png`` and the tables in ``docs/models.md``.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
TABLE = HERE / "models_by_size.csv"
RECOMMENDATION = ROOT / "src" / "icans_risk" / "models" / "recommendation.csv"
PAGE = ROOT / "docs" / "models.md"
FIGURE = ROOT / "docs" / "models_by_size.png"
WITH_SIGNAL = ("linear", "interactions")
NO_ARM = ("ceiling", "truth")
OURS = (
    "elastic_net", "explainable", "booster", "booster_tuned", "booster_budget", "late_fusion",
    "product_age_crs",
)  # fmt: skip

Line = dict[str, object]


def main() -> None:
    """Write everything anew."""
    table = read_table()
    recommend_by_size(table).to_csv(RECOMMENDATION, index=False, lineterminator="\n")
    draw(table).savefig(FIGURE)
    page = PAGE.read_text(encoding="utf-8")
    for name, block in tables_of_page(table).items():
        page = fill(page, name, block)
    PAGE.write_text(page, encoding="utf-8")


def read_table() -> pd.DataFrame:
    """Read the table of the study."""
    return pd.read_csv(TABLE, dtype={"commit": str})


def recommend_by_size(table: pd.DataFrame) -> pd.DataFrame:
    """Choose, at each size, what came furthest in log loss, the mean of both kinds of cohort.

    Only what is made of one entry of ``MODELS`` is chosen from. A model that was not released
    counts as the prevalence, which is what the table holds of it.

    Returns
    -------
    DataFrame
        A row for each size, as the package reads it.
    """
    chosen_from = table[table["variant"].isin(WITH_SIGNAL) & table["model"].notna()]
    lines = []
    for patients, group in chosen_from.groupby("patients"):
        reached = group.groupby("arm")["log_loss_share"].mean().sort_values(ascending=False)
        found = {arm: group[group["arm"] == arm].set_index("variant") for arm in reached.index}
        best = found[reached.index[0]]
        model = best["model"].iloc[0]
        others = (arm for arm in reached.index if found[arm]["model"].iloc[0] != model)
        second = found[next(others)]
        line: Line = {
            "patients": patients, "events": round(best["events"].mean(), 1), "model": model,
            "words": _words(best), "cohorts": int(best["repeats"].sum()),
            "not_released": int(best["not_released"].sum()), "next_words": _words(second),
        }  # fmt: skip
        for variant in WITH_SIGNAL:
            for measure in ("log_loss_share", "auroc_share", "slope"):
                line[f"{measure}_{variant}"] = round(best.loc[variant, measure], 3)
            reached_next = second.loc[variant, "log_loss_share"]
            line[f"next_log_loss_share_{variant}"] = round(reached_next, 3)
        lines.append(line)
    return pd.DataFrame(lines).assign(seed=table["seed"].iloc[0], commit=table["commit"].iloc[0])


def _words(rows: pd.DataFrame) -> str:
    label, model = rows["label"].iloc[0], rows["model"].iloc[0]
    return f"logistic regression of {label}" if model == "logistic" else label


def fill(page: str, name: str, block: str) -> str:
    """Put a block between the marks of its name."""
    start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    between = re.compile(re.escape(start) + ".*" + re.escape(end), flags=re.DOTALL)
    return between.sub(lambda _: f"{start}\n\n{block}\n\n{end}", page)


def tables_of_page(table: pd.DataFrame) -> dict[str, str]:
    """Return the tables of ``docs/models.md`` as Markdown, by the name of their place."""
    arms = table[~table["arm"].isin(NO_ARM)]
    sizes = sorted(arms["patients"].unique())
    interactions = arms[arms["variant"] == "interactions"]
    return {
        "way": _way(interactions, sizes),
        "slopes": _slopes(interactions[interactions["arm"].isin(OURS)], sizes),
        "refused": _refused(arms[arms["variant"] == "no_signal"]),
    }


def _markdown(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rows = [head, ["---", *["---:"] * (len(head) - 1)], *lines]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _by_arm(arms: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Sort the arms by how far they came, on average over the sizes that they share."""
    reached = arms[arms["patients"].isin((300, 1_000))].groupby("label")["log_loss_share"].mean()
    order = reached.sort_values(ascending=False).index
    return [(str(label), arms[arms["label"] == label].set_index("patients")) for label in order]


def _way(rows: pd.DataFrame, sizes: Sequence[int]) -> str:
    def cell(group: pd.DataFrame, size: int) -> str:
        if size not in group.index:
            return ""
        at = group.loc[size]
        refused = (
            f" ({at['not_released']:.0f} of {at['repeats']:.0f})" if at["not_released"] else ""
        )
        return f"{at['log_loss_share']:.2f} / {at['auroc_share']:.2f}{refused}"

    lines = [[label, *(cell(group, n) for n in sizes)] for label, group in _by_arm(rows)]
    return _markdown(["model", *(f"{n:,}" for n in sizes)], lines)


def _slopes(rows: pd.DataFrame, sizes: Sequence[int]) -> str:
    def cell(group: pd.DataFrame, size: int) -> str:
        if size not in group.index:
            return ""
        at = group.loc[size]
        return f"{at['slope']:.2f} ({at['slope_low']:.2f} to {at['slope_high']:.2f})"

    lines = [
        [label, *(cell(group, n) for n in sizes), f"{group.loc[1_000, 'seconds']:.2g}"]
        for label, group in _by_arm(rows)
    ]
    return _markdown(["model", *(f"{n:,}" for n in sizes), "seconds at 1,000"], lines)


def _refused(arms: pd.DataFrame) -> str:
    rows = arms[arms["arm"].isin(("elastic_net", "booster"))].sort_values(["label", "patients"])
    lines = [
        [
            str(row["label"]), f"{row['patients']:,}", f"{row['not_released']} of {row['repeats']}",
            f"{row['auroc']:.3f}", f"{row['above_prevalence']:+.4f}",
        ]
        for _, row in rows.iterrows()
    ]  # fmt: skip
    head = ["model", "patients", "not released", "AUROC, fresh", "log loss above the prevalence's"]
    return _markdown(head, lines)


# Ours in strong lines, what a sceptic would try in thin ones; told apart without colour too.
LINES = {
    "elastic_net": ("elastic net", "#1f4b7a", "o", 2.2),
    "explainable": ("explainable boosting", "#2f8f6b", "s", 1.4),
    "booster": ("boosted trees", "#b5541c", "^", 2.2),
    "late_fusion": ("late fusion", "#8a5fa8", "D", 1.4),
    "booster_budget": ("trees, feature budget", "#d9a441", "v", 1.4),
    "product_age_crs": ("product, age, CRS", "#5b6470", "x", 1.0),
    "m_easix": ("m-EASIX", "#5b6470", "+", 1.0),
    "crp": ("CRP alone", "#9aa3ad", "1", 1.0),
    "icans_grade": ("current ICANS grade", "#9aa3ad", "2", 1.0),
}
TITLES = {
    "linear": "effects add up",
    "interactions": "effects interact",
    "no_signal": "nothing to learn",
}


def draw(table: pd.DataFrame) -> Figure:
    """Draw how far each model came against the size of the cohort, a panel for each variant."""
    figure = Figure(figsize=(10.5, 4.4), dpi=130, layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, 3, width_ratios=[1, 1, 0.9])
    for axes, (variant, title) in zip(panels, TITLES.items(), strict=True):
        rows = table[(table["variant"] == variant) & ~table["arm"].isin(NO_ARM)]
        measure = "above_prevalence" if variant == "no_signal" else "log_loss_share"
        for arm, (words, colour, marker, width) in LINES.items():
            line = rows[rows["arm"] == arm].sort_values("patients")
            axes.plot(
                line["patients"], line[measure], label=words, color=colour, marker=marker,
                linewidth=width, markersize=5,
            )  # fmt: skip
            if arm in ("elastic_net", "booster") and variant != "no_signal":
                ends = line[f"{measure}_low"], line[f"{measure}_high"]
                axes.fill_between(line["patients"], *ends, color=colour, alpha=0.12, linewidth=0)
        _dress(axes, sorted(rows["patients"].unique()), title=title)
    for axes in panels[:2]:
        axes.set_ylim(-0.2, 1.06)
        axes.axhline(1.0, color="#1a1e24", linestyle="--", linewidth=1)
        axes.text(100, 1.005, "boosted trees on 50,000 patients", fontsize=7, va="bottom")
        axes.text(5_000, -0.01, "prevalence", fontsize=7, va="top", ha="right")
    panels[0].set_ylabel("share of the way, log loss of fresh patients", fontsize=8)
    panels[2].set_ylabel("log loss above that of the prevalence", fontsize=8)
    handles, words = panels[0].get_legend_handles_labels()
    figure.legend(handles, words, loc="outside right center", fontsize=7.5, frameon=False)
    figure.supxlabel(
        "Synthetic patients at 72 h: no evidence about real ones. Means over the cohorts; bands "
        "from the 5th to the 95th percentile.",
        fontsize=7, x=0.01, ha="left",
    )  # fmt: skip
    return figure


def _dress(axes: Axes, sizes: Sequence[int], *, title: str) -> None:
    axes.axhline(0.0, color="#1a1e24", linewidth=0.8)
    axes.set_xscale("log")
    axes.set_xticks(sizes, [f"{n:,}" for n in sizes], fontsize=8)
    axes.minorticks_off()
    axes.tick_params(labelsize=8)
    axes.set_title(title, fontsize=9, loc="left")
    axes.set_xlabel("patients in the training cohort", fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    main()
