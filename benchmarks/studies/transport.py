"""A model for a product, or a centre, that it was not fitted on.

Synthetic patients of all products. Each product in turn is left out of the training rows, and
the model, which does not know products, is taken to it: as it is; moved by the published
incidence; recalibrated on local patients by the rule that the package has for that; and moved
by both together. Likewise each centre, where there is no published figure, with a model that
knows products. Local patients are drawn again and again from those of the product; the rest tell
how it fares.

The published incidences are those that the generator was made to meet, so that the figure is
right here more often than it would be: `published` and `truth` say how far off it was.

Run: ``python benchmarks/studies/transport.py``. Writes ``transport.csv`` beside this file as it
goes, with the seed and the commit; what stands there is not computed again. Synthetic: no
evidence about patients.
"""

import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.special import expit

from committed import current_commit
from demo_outcomes import demo_outcomes
from icans_risk import build_features, specify_features
from icans_risk.errors import IcansRiskError
from icans_risk.evidence import find_incidence, load_evidence
from icans_risk.models import BoostedTrees
from icans_risk.models.calibrated import CalibratedModel
from icans_risk.models.calibration import LogitCalibration, fit_logit_calibration
from icans_risk.models.landmark_incidence import LandmarkIncidence, OnsetLaw, landmark_incidence
from icans_risk.models.transport import published_prior, transport, unchanged_prior
from icans_risk.report.forest_plot import forest_figure
from icans_risk.synthetic import simulate
from icans_risk.workflow.demo import load_demo_study

HERE = Path(__file__).parent
DOCS = HERE.parents[1] / "docs"
TABLE = HERE / "transport.csv"
SEED = 20_261_129
LANDMARK_H, HORIZON_H = 72.0, 336.0
ARMS = (
    "axi_cel.lbcl", "liso_cel.lbcl", "tisa_cel.lbcl", "tisa_cel.all_paediatric", "brexu_cel.mcl",
    "cilta_cel.mm", "obe_cel.all_adult",
)  # fmt: skip
# How the generator writes the disease of an arm.
DISEASES = {
    "lbcl": "LBCL",
    "mcl": "MCL",
    "mm": "MM",
    "all_adult": "B-ALL",
    "all_paediatric": "B-ALL",
}
LOCAL = (0, 20, 50, 100)
# Local patients at risk whose measurements are known, with or without an outcome.
AT_HAND = 100
SETTINGS = {"rounds": 80, "max_depth": 2}
COLUMNS = [
    "kind", "left_out", "local", "method", "patients", "events", "repeats", "observed_expected",
    "oe_low", "oe_high", "slope", "slope_low", "slope_high", "log_loss", "gain", "gain_se",
    "published", "truth",
]  # fmt: skip


@dataclass(frozen=True)
class Rows:
    """Vectors, outcomes and truth of those at risk at the landmark."""

    X: pd.DataFrame
    event: np.ndarray
    truth: np.ndarray
    arm: np.ndarray
    site: np.ndarray

    def take(self, kept: np.ndarray) -> "Rows":
        """Return some of the rows."""
        return Rows(
            self.X[kept], self.event[kept], self.truth[kept], self.arm[kept], self.site[kept]
        )


def main() -> None:
    """Run the study at full size, writing each part as it is done."""
    commit = current_commit()
    done = pd.read_csv(TABLE) if TABLE.exists() else pd.DataFrame(columns=[*COLUMNS, "seed"])
    rows = draw(6_000, seed=SEED)
    for part in parts(rows, repeats=40, seed=SEED, skip=set(done["left_out"])):
        part.assign(seed=SEED, commit=commit).to_csv(
            TABLE, mode="a", header=not TABLE.exists(), index=False
        )
        sys.stdout.write(part.to_string(index=False) + "\n")
    draw_table(pd.read_csv(TABLE)).savefig(DOCS / "transport.png", metadata={"Software": None})


def draw_table(table: pd.DataFrame) -> Figure:
    """Draw observed over expected before and after, by what was left out."""
    shown = {
        ("as it is", 0): "as it is",
        ("published and local", 0): "published figure alone",
        ("published and local", 50): "and 50 local patients",
        ("local shrunk", 50): "50 local patients alone",
    }
    rows: list[dict[str, object]] = []
    for left_out, group in table.groupby("left_out", sort=False):
        by_step = group.set_index(["method", "local"])
        rows.append({"label": _in_words(str(left_out)), "kind": "heading"})
        for step, words in shown.items():
            if step in by_step.index and not (
                step[0] == "local shrunk" and group["published"].any()
            ):
                found = by_step.loc[step]
                value, low, high = found[["observed_expected", "oe_low", "oe_high"]]
                rows.append({"label": words, "value": value, "low": low, "high": high})
    frame = pd.DataFrame(rows)
    return forest_figure(
        frame.assign(kind=frame["kind"].fillna("study")),
        title="A product or a centre that was left out: observed over expected events",
        axis="observed over expected (logarithmic; 5th to 95th percentile of local samples)",
        caption="Synthetic patients: no evidence about real ones. 1: as many events as expected.",
        reference=1.0,
    )


def _in_words(left_out: str) -> str:
    product, _, disease = left_out.partition(".")
    if not disease:
        return f"centre {left_out.removeprefix('site_')}"
    return f"{product.replace('_', '-')}, {disease.replace('_', ' ')}"


def run(*, patients: int, repeats: int, seed: int, left_out: Sequence[str]) -> pd.DataFrame:
    """Compute the parts that are asked for, on fewer patients.

    Returns
    -------
    DataFrame
        As the committed table.
    """
    rows = draw(patients, seed=seed)
    every = {*ARMS, *np.unique(rows.site)}
    return pd.concat(parts(rows, repeats=repeats, seed=seed, skip=every - set(left_out)))


def draw(patients: int, *, seed: int) -> Rows:
    """Simulate patients of all products, and keep those at risk at the landmark."""
    simulated = simulate(
        patients,
        seed=seed,
        product_mix="all_products",
        landmarks_h=(LANDMARK_H,),
        horizon_h=HORIZON_H,
    )
    cohort = simulated.cohort
    outcomes = demo_outcomes(cohort, (LANDMARK_H,), horizon_h=HORIZON_H)
    event = outcomes.set_index("episode_id")["event"].dropna()
    specification = specify_features(load_demo_study(), cohort)
    vectors = build_features(cohort, specification, [LANDMARK_H]).droplevel("landmark_h")
    episodes = cohort.episodes.set_index("episode_id").loc[event.index]
    truth = simulated.truth.risks.set_index("episode_id")["true_risk"].reindex(event.index)
    arm = [_arm(product, disease, age) for product, disease, age in zip(
        episodes["product"], episodes["disease"], episodes["age_years"], strict=True
    )]  # fmt: skip
    return Rows(
        vectors.loc[event.index],
        event.to_numpy(int),
        truth.to_numpy(float),
        np.array(arm),
        episodes["site"].to_numpy(str),
    )


def _arm(product: str, disease: str, age: float) -> str:
    name = product.replace("-", "_")
    for ending, written in DISEASES.items():
        is_age = ending != "all_paediatric" or age < 26
        if written == disease and is_age and f"{name}.{ending}" in ARMS:
            return f"{name}.{ending}"
    return f"{name}.other"


def parts(rows: Rows, *, repeats: int, seed: int, skip: set[str]) -> Iterator[pd.DataFrame]:
    """Leave out each arm, then each centre."""
    products = np.array([arm.split(".")[0] for arm in rows.arm])
    unknown = [name for name in rows.X.columns if name.startswith("static.product")]
    for arm in ARMS:
        if arm in skip:
            continue
        training = rows.take(products != arm.split(".")[0])
        target = rows.take(rows.arm == arm)
        margin = _fit(training, unknown).margin(target.X.drop(columns=unknown))
        yield _table("product", arm, target, margin, published_for(arm), repeats=repeats, seed=seed)
    for site in sorted(set(rows.site) - skip):
        training, target = rows.take(rows.site != site), rows.take(rows.site == site)
        margin = _fit(training, []).margin(target.X)
        yield _table("centre", site, target, margin, None, repeats=repeats, seed=seed)


def _fit(training: Rows, unknown: list[str]) -> CalibratedModel:
    model = CalibratedModel(BoostedTrees(**SETTINGS, seed=1), folds=5)
    return model.fit(training.X.drop(columns=unknown), training.event)


def published_for(arm: str) -> LandmarkIncidence:
    """Return the published incidence of an arm among those at risk at the landmark."""
    product, disease = arm.split(".")
    found = find_incidence(product, disease, scale="ASTCT")
    onset = OnsetLaw(median_h=24.0 * load_evidence()[f"icans_onset.{arm}"].value)
    return landmark_incidence(
        found.value,
        found.logit_sd,
        onset,
        landmark_h=LANDMARK_H,
        horizon_h=HORIZON_H,
        about=found.about,
    )


def _table(
    kind: str,
    left_out: str,
    target: Rows,
    margin: np.ndarray,
    published: LandmarkIncidence | None,
    *,
    repeats: int,
    seed: int,
) -> pd.DataFrame:
    found = []
    for repeat in range(repeats):
        order = np.random.default_rng([seed, repeat]).permutation(len(margin))
        at_hand, fresh = order[:AT_HAND], order[AT_HAND:]
        for local in LOCAL:
            steps = _steps(margin[at_hand], target.event[at_hand], local, published)
            losses = {}
            for method, step in steps.items():
                eta = step.apply(margin[fresh])
                measured = _measure(eta, target.event[fresh])
                losses[method] = measured[2]
                gain = losses["as it is"] - measured[2]
                found.append((local, method, *measured, gain))
    table = pd.DataFrame(found, columns=["local", "method", "oe", "slope", "log_loss", "gain"])
    lines = [
        (kind, left_out, *key, len(margin), int(target.event.sum()), repeats,
         *_spread(group["oe"]), *_spread(group["slope"]), group["log_loss"].mean(),
         group["gain"].mean(), group["gain"].std() / math.sqrt(repeats),
         math.nan if published is None else published.value, float(np.nanmean(target.truth)))
        for key, group in table.groupby(["local", "method"], sort=False)
    ]  # fmt: skip
    return pd.DataFrame(lines, columns=COLUMNS).round(4)


def _spread(values: pd.Series) -> tuple[float, float, float]:
    return float(values.mean()), float(values.quantile(0.05)), float(values.quantile(0.95))


def _steps(
    margin: np.ndarray, event: np.ndarray, local: int, published: LandmarkIncidence | None
) -> dict[str, LogitCalibration]:
    known = np.where(np.arange(len(margin)) < local, event.astype(float), np.nan)
    steps = {"as it is": LogitCalibration()}
    if published is not None:
        steps["published and local"] = transport(
            margin, known, published_prior(margin, published)
        ).step
    steps["local shrunk"] = transport(margin, known, unchanged_prior()).step
    steps["recalibrated"] = LogitCalibration()
    if local:
        try:
            steps["recalibrated"] = fit_logit_calibration(margin[:local], event[:local])
        except IcansRiskError:
            # One outcome only, or a slope that no model is let out with: it stays as it is.
            steps["recalibrated"] = LogitCalibration()
    return steps


def _measure(eta: np.ndarray, event: np.ndarray) -> tuple[float, float, float]:
    loss = float(np.mean(np.logaddexp(0.0, eta) - event * eta))
    observed_expected = float(event.sum() / expit(eta).sum())
    try:
        slope = fit_logit_calibration(eta, event, method="intercept_and_slope").slope
    except IcansRiskError:
        slope = math.nan
    return observed_expected, slope, loss


if __name__ == "__main__":
    main()
