"""The worked example on delivery routes: a page and its two figures."""

import re
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from icans_risk.evidence import Figure as Published
from icans_risk.evidence import load_evidence
from icans_risk.evidence.locoregional import (
    leave_one_trial_out,
    load_trials,
    printed,
    readings,
    trial_rates,
)
from icans_risk.report.forest_plot import forest_figure
from icans_risk.workflow.files import whole_file, write_whole
from icans_risk.workflow.locoregional_words import PAGE

__all__ = ["FOREST", "LEFT_OUT", "locoregional_page", "write_locoregional"]

FOREST, LEFT_OUT = "locoregional_forest.png", "locoregional_leave_one_out.png"
SOURCE = "Table 1 of Ramsoomair et al. 2026 (doi:10.1136/jitc-2025-014450, CC BY 4.0)"
ROUTES = {
    "systemic": "By vein",
    "local": "Into tumour, cavity or CSF",
    "combined": "Both routes in one protocol",
}
SHORT = {"systemic": "by vein", "local": "local", "combined": "both"}
WIDTH = 100
MODELS = {
    "fixed": "all events independent (as published)",
    "quasi": "spread as found (quasi-Poisson)",
    "negative_binomial": "negative binomial",
    "mixed": "each trial its own rate (mixed Poisson)",
}


def write_locoregional(docs: Path) -> None:
    """Write ``locoregional.md`` and its two figures.

    Parameters
    ----------
    docs : Path
        The folder.
    """
    write_whole(docs / "locoregional.md", locoregional_page())
    for name, figure in ((FOREST, _forest()), (LEFT_OUT, _left_out())):
        with whole_file(docs / name) as file:
            figure.savefig(file, format="png", metadata={"Software": None})
    for name in ("locoregional.md", FOREST, LEFT_OUT):
        # Documents are for everyone to read.
        (docs / name).chmod(0o644)


def locoregional_page() -> str:
    """Return the page; every number in it is computed anew."""
    read, without = _records(readings()), _records(leave_one_trial_out())
    as_text, each_once = read[0], read[3]
    by_name = {row["left_out"]: row for row in without}
    goff, brown = by_name["Goff 2019"], by_name["Brown 2024"]
    others = [row["fixed"] for row in without if row not in (goff, brown)]
    figures = load_evidence()
    matched = [figures[f"toxicity.gd2.intravenous_{level}_over_ventricular"] for level in (1, 2)]
    page = PAGE.format(
        trials=_trial_table(),
        readings=_reading_table(read),
        left_out=_left_out_table(without),
        ratio=printed("ratio"),
        local=printed("local"),
        systemic=printed("systemic"),
        table_patients=read[1]["local_patients"],
        table_rate=f"{read[1]['local_events'] / read[1]['local_patients']:.3f}",
        text_rate=f"{78 / 107:.3f}",
        own_fixed=_span(as_text, "fixed"),
        own_mixed=_span(as_text, "mixed"),
        own_quasi=_span(as_text, "quasi"),
        once_mixed=_span(each_once, "mixed"),
        fixed_range=_range([row["fixed"] for row in read]),
        mixed_range=_range([row["mixed"] for row in read]),
        factor=f"{as_text['factor']:.0f}",
        wider=f"{np.sqrt(as_text['factor']):.1f}",
        tau=f"{as_text['tau']:.1f}",
        apart=f"{np.exp(2 * 1.96 * as_text['tau']):.0f}",
        goff=_span(goff, "fixed"),
        goff_mixed=_span(goff, "mixed"),
        goff_rate=f"{86 / 18:.1f}",
        brown=_span(brown, "fixed"),
        rest=_range(others),
        neither=_without_both(),
        level_1=_matched(matched[0]),
        level_2=_matched(matched[1]),
    )
    return "\n\n".join(_reflowed(block) for block in page.split("\n\n"))


def _reflowed(block: str) -> str:
    """Break lines anew where the numbers that were filled in have moved them."""
    if block.lstrip().startswith(("|", "#", "<!--", "![")):
        return block
    items = re.split(r"\n(?=- |\d+\. )", block.rstrip("\n"))
    ends = "\n" if block.endswith("\n") else ""
    return "\n".join(_filled(item) for item in items) + ends


def _filled(item: str) -> str:
    mark = re.match(r"- |\d+\. ", item)
    indent = " " * (mark.end() if mark else 0)
    return textwrap.fill(
        " ".join(item.split()),
        WIDTH,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


Row = Mapping[str, Any]


def _records(table: pd.DataFrame) -> list[Row]:
    return [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]


def _range(values: Sequence[float]) -> str:
    return f"{min(values):.2f} to {max(values):.2f}"


def _span(row: Row, model: str) -> str:
    low, high = row[f"{model}_low"], row[f"{model}_high"]
    return f"{row[model]:.2f} ({low:.2f} to {high:.2f})"


def _matched(figure: Published) -> str:
    ends = figure.interval
    return f"{figure.value:g}" + ("" if ends is None else f" ({ends.low:g} to {ends.high:g})")


def _without_both() -> str:
    rates = trial_rates()
    kept = rates[
        rates["again_in"].isna()
        & ~rates["report"].isin(["Goff 2019", "Brown 2024"])
        & (rates["route"] != "combined")
    ]
    sums = kept.groupby("route")[["events", "treated"]].sum()
    ratio = sums["events"] / sums["treated"]
    return f"{ratio['local'] / ratio['systemic']:.2f}"


def _trial_table() -> str:
    lines = [
        "| route | report | registration | target | given with | patients | events >= 3 | each |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for trial in load_trials():
        again = f" (again in {trial.again_in})" if trial.again_in else ""
        lines.append(
            f"| {SHORT[trial.route]} | {trial.report}{again} | {trial.nct} | "
            f"{trial.target} | {trial.with_} | {trial.treated} | {trial.events} | "
            f"{trial.events / trial.treated:.2f} |"
        )
    return "\n".join(lines)


def _reading_table(read: Sequence[Row]) -> str:
    lines = [
        "| reading | local | by vein | " + " | ".join(MODELS.values()) + " |",
        "|---|---|---|" + "---|" * len(MODELS),
    ]
    for row in read:
        counts = (
            f"{row[f'{route}_events']} in {row[f'{route}_patients']}"
            for route in ("local", "systemic")
        )
        spans = (_span(row, model) for model in MODELS)
        words = f"**{row['reading']}**: {row['words']}"
        lines.append(f"| {words} | " + " | ".join((*counts, *spans)) + " |")
    return "\n".join(lines)


def _left_out_table(without: Sequence[Row]) -> str:
    lines = [
        "| without | route | all events independent | each trial its own rate |",
        "|---|---|---|---|",
    ]
    for row in without:
        name, route = row["left_out"], SHORT[row["route"]]
        lines.append(f"| {name} | {route} | {_span(row, 'fixed')} | {_span(row, 'mixed')} |")
    return "\n".join(lines)


def _forest() -> Figure:
    rates, rows = trial_rates(), []
    for route, words in ROUTES.items():
        rows.append({"label": words, "kind": "heading"})
        for _, trial in rates[rates["route"] == route].iterrows():
            again = ", reported again" if isinstance(trial["again_in"], str) else ""
            label = f"{trial['report']}: {trial['events']} in {trial['treated']}{again}"
            rows.append({"label": label, "kind": "study", **trial[["value", "low", "high"]]})
    return forest_figure(
        pd.DataFrame(rows),
        title="Adverse events of grade 3 and above per patient, by route",
        axis="events per patient (logarithmic; a trial without events stands at the left border)",
        caption=f"{SOURCE}. Any adverse event, several per patient: not ICANS. Intervals are\n"
        "exact for independent events; several in one patient are not, so they are too narrow.",
    )


def _left_out() -> Figure:
    without, read = leave_one_trial_out(), readings().iloc[0]
    rows: list[dict[str, object]] = []
    for model, words in (("fixed", "All events independent"), ("mixed", "Each trial its own rate")):
        rows.append({"label": words, "kind": "heading"})
        ends = {"value": model, "low": f"{model}_low", "high": f"{model}_high"}
        rows.append(
            {"label": "all trials", "kind": "summary", **{k: read[v] for k, v in ends.items()}}
        )
        rows += [
            {"label": f"without {row['left_out']}", **{k: row[v] for k, v in ends.items()}}
            for _, row in without.iterrows()
        ]
    frame = pd.DataFrame(rows)
    return forest_figure(
        frame.assign(kind=frame["kind"].fillna("study")),
        title="Local over systemic: the ratio without each trial in turn",
        axis="rate ratio, local over by vein (logarithmic)",
        caption=f"{SOURCE}, counted as its text counts: 78 events in 107 patients against 117 in "
        "63.\nAny adverse event of grade 3 and above, several per patient: not ICANS.",
        reference=1.0,
    )
