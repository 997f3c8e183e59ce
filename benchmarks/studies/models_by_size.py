"""Which model at which size of the cohort, on synthetic patients.

All models are trained on the same cohorts of several sizes and judged on the same fresh
patients, where effects add up, where they interact, and where there is nothing to learn.
A figure says how far a model came on the way from the prevalence to a model that was trained
on 50,000 patients. Where there is nothing to learn, each cohort's own cross-validation is
asked whether it would have claimed skill.

Run: ``python benchmarks/studies/models_by_size.py [FOLDER]``, with interpret-core installed;
about an hour of one core. FOLDER keeps the simulated patients and every fit, and a run that was
stopped goes on from there. Writes ``models_by_size.csv`` beside this file, with the seed and
the commit; ``models_by_size_pages.py`` makes the rest of it. Synthetic: no evidence about
patients.
"""

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit
from sklearn.metrics import log_loss

from committed import current_commit
from icans_risk.errors import NotReleasedError
from icans_risk.evaluation import METRICS, delong_interval
from icans_risk.models import BoostedTrees
from model_arms import ARMS, Arm
from size_populations import VARIANTS, Rows, load_rows

HERE = Path(__file__).parent
# Far from 502, on which the ceiling and the elastic net's mix were chosen.
SEED = 4_100_000
CEILING, TEST = 50_000, 10_000
COHORTS = {100: 20, 300: 20, 1_000: 20, 5_000: 20}
# The chance of a false claim is small: it takes many cohorts to see it.
COHORTS_WITHOUT_SIGNAL = {100: 200, 300: 200, 1_000: 60, 5_000: 12}
# Of several that were tried on 50,000 patients of another seed the one of least log loss, so
# that the way to it is as long as it can be: 600 trees without the last three settings, as in
# ceilings.py, came 2 % less far. For fewer patients a quarter of it.
CEILING_SETTINGS: Mapping[str, Any] = {
    "rounds": 800,
    "max_depth": 4,
    "learning_rate": 0.02,
    "colsample": 0.3,
    "min_child_weight": 20.0,
}
WITHOUT_SIGNAL = ("elastic_net", "booster", "booster_budget", "product_age_crs", "prevalence")
MEASURES = (
    "auroc", "log_loss", "auroc_share", "log_loss_share", "slope", "intercept", "seconds",
)  # fmt: skip

Line = dict[str, Any]


def main() -> None:
    """Run the study at full size and write its table."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    tables = []
    for variant in VARIANTS:
        cohorts = COHORTS_WITHOUT_SIGNAL if variant == "no_signal" else COHORTS
        most = max(size * times for size, times in cohorts.items())
        rows = load_rows(variant, max(most, CEILING) + TEST, seed=SEED, cache=folder)
        arms = [a for a in ARMS if variant != "no_signal" or a.name in WITHOUT_SIGNAL]
        fits = run(rows, variant=variant, arms=arms, cohorts=cohorts, test=TEST, folder=folder)
        tables.append(summarise(fits))
    commit = current_commit()
    table = pd.concat(tables).assign(seed=SEED, commit=commit)
    table.to_csv(HERE / "models_by_size.csv", index=False)
    sys.stdout.write(table.to_string(index=False) + "\n")


def run(
    rows: Rows,
    *,
    variant: str,
    arms: Sequence[Arm],
    cohorts: Mapping[int, int],
    test: int,
    ceiling: int = CEILING,
    folder: Path | None = None,
) -> pd.DataFrame:
    """Fit all arms on cohorts of several sizes, judge all on the same fresh patients.

    Parameters
    ----------
    rows : Rows
        The last are the fresh patients; the cohorts of a size are disjoint and come first.
    variant : str
        Goes into the table.
    arms : sequence of Arm
        What is fitted.
    cohorts : mapping of int to int
        How many cohorts of each size.
    test, ceiling : int
        Fresh patients, and the patients of the model at the end of the way.
    folder : Path, optional
        Keeps the fits of each arm and size, and takes up those that it has.

    Returns
    -------
    DataFrame
        A row for each fit: ``variant, arm, label, model, patients, events, released,
        claims_skill`` (missing without a cross-validation) and the measures, ``seconds`` of
        one core among them. The first two rows are the end of the way and the true risk.
    """
    fresh = rows.between(len(rows.event) - test, len(rows.event))
    ends = _ends(rows, fresh, ceiling)
    tables = [pd.DataFrame(_end_lines(ends, variant, ceiling))]
    for size, times in cohorts.items():
        for arm in arms:
            n = min(times, arm.repeats.get(size, times))
            kept = folder and folder / f"{variant}_{arm.name}_{size}_{n}.csv"
            if kept and kept.is_file():
                tables.append(pd.read_csv(kept))
                continue
            fits = partial(_fit, arm, fresh=fresh, ends=ends)
            lines = [fits(rows.between(k * size, (k + 1) * size)) for k in range(n)]
            tables.append(pd.DataFrame(lines).assign(variant=variant))
            if kept and n:
                tables[-1].to_csv(kept, index=False)
    return pd.concat([table for table in tables if len(table)], ignore_index=True)


def _ends(rows: Rows, fresh: Rows, ceiling: int) -> Mapping[str, tuple[float, float]]:
    """Return where the way begins and where it ends, in AUROC and log loss, and the truth."""
    training = rows.between(0, ceiling)
    rounds = CEILING_SETTINGS["rounds"] // (1 if ceiling == CEILING else 4)
    model = BoostedTrees(**{**CEILING_SETTINGS, "rounds": rounds})
    columns = ARMS[0].columns_of
    model.fit(columns(training.X), training.event)
    return {
        "prevalence": _judge(np.full(len(fresh.event), training.event.mean()), fresh.event),
        "ceiling": _judge(model.predict_proba(columns(fresh.X))[:, 1], fresh.event),
        "truth": _judge(fresh.true_risk, fresh.event),
    }


def _judge(risk: np.ndarray, event: np.ndarray) -> tuple[float, float]:
    # All risks equal: the AUROC is that of the toss of a coin.
    auroc = METRICS["auroc"](event, risk, None) if np.ptp(risk) > 1e-9 else 0.5
    return auroc, float(log_loss(event, risk))


def _end_lines(
    ends: Mapping[str, tuple[float, float]], variant: str, ceiling: int
) -> Iterator[Line]:
    """Make rows of the end of the way and of the truth, which lies far beyond it."""
    labels = {"ceiling": f"boosted trees on {ceiling:,} patients", "truth": "true risk"}
    (from_auroc, from_loss), (to_auroc, to_loss) = ends["prevalence"], ends["ceiling"]
    for name, label in labels.items():
        auroc, loss = ends[name]
        yield {
            "variant": variant, "arm": name, "label": label, "released": True,
            "patients": ceiling if name == "ceiling" else 0,
            "auroc": auroc, "auroc_share": _share(auroc, from_auroc, to_auroc),
            "log_loss": loss, "log_loss_share": _share(loss, from_loss, to_loss),
            "prevalence_log_loss": from_loss,
        }  # fmt: skip


def _fit(arm: Arm, cohort: Rows, *, fresh: Rows, ends: Mapping[str, tuple[float, float]]) -> Line:
    line: Line = {
        "arm": arm.name, "label": arm.label, "model": arm.model,
        "patients": len(cohort.event), "events": int(cohort.event.sum()),
    }  # fmt: skip
    X, started = arm.columns_of(cohort.X), time.process_time()
    try:
        model = arm.fit(X, cohort.event)
    except NotReleasedError:
        # What is reported in its place.
        risk = np.full(len(fresh.event), cohort.event.mean())
        found: Line = {"released": False, "claims_skill": 0.0}
    else:
        found = {"released": True, "seconds": time.process_time() - started}
        risk = model.predict_proba(arm.columns_of(fresh.X))[:, 1]
        found |= {"claims_skill": _claims_skill(model, cohort.event)}
        for name in ("slope", "intercept") if np.ptp(risk) > 1e-9 else ():
            found[name] = METRICS[f"calibration_{name}"](fresh.event, risk, None)
    auroc, loss = _judge(risk, fresh.event)
    (from_auroc, from_loss), (to_auroc, to_loss) = ends["prevalence"], ends["ceiling"]
    return (
        line
        | found
        | {
            "auroc": auroc,
            "log_loss": loss,
            "auroc_share": _share(auroc, from_auroc, to_auroc),
            "log_loss_share": _share(loss, from_loss, to_loss),
            "prevalence_log_loss": from_loss,
        }
    )


def _share(reached: float, start: float, end: float) -> float:
    # Where there is nothing to learn, the way may have no length.
    return (reached - start) / (end - start) if end != start else np.nan


def _claims_skill(model: Any, event: np.ndarray) -> float:
    """Say whether the cohort's own held-out patients put the AUROC above one half."""
    margin = getattr(model, "out_of_fold_margin_", None)
    if margin is None:
        return np.nan
    interval = delong_interval(event, expit(margin[:, 0]), groups=np.arange(len(event)))
    return float(interval.low > 0.5)


def summarise(fits: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each variant, arm and size: means, and 5th and 95th percentiles.

    Returns
    -------
    DataFrame
        ``variant, arm, label, model, patients, events, repeats, not_released, claims_skill``
        and, for each measure, its mean, ``_low`` and ``_high``. A model that is not released
        counts as the prevalence in AUROC and log loss, and not at all in slope and intercept.
        Where there is no signal there is no way, and no share of it.
    """
    return pd.DataFrame(list(_summaries(fits))).round(5)


def _summaries(fits: pd.DataFrame) -> Iterator[Line]:
    keys = ["variant", "patients", "arm", "label"]
    for (variant, patients, arm, label), group in fits.groupby(keys, sort=False):
        optional = group.reindex(columns=["model", "events", "claims_skill", *MEASURES])
        line: Line = {
            "variant": variant, "patients": patients, "arm": arm, "label": label,
            "model": optional["model"].iloc[0], "events": optional["events"].mean(),
            "repeats": len(group),
            "not_released": int((~group["released"].astype(bool)).sum()),
            "claims_skill": optional["claims_skill"].mean(),
            "above_prevalence": (group["log_loss"] - group["prevalence_log_loss"]).mean(),
        }  # fmt: skip
        for measure in MEASURES:
            values = optional[measure].dropna().to_numpy(float)
            if not len(values) or (variant == "no_signal" and measure.endswith("_share")):
                values = np.array([np.nan])
            low, high = np.quantile(values, [0.05, 0.95])
            line |= {measure: values.mean(), f"{measure}_low": low, f"{measure}_high": high}
        yield line


if __name__ == "__main__":
    main()
