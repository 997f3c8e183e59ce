"""Whom the model refuses: how often wrongly, what of gross shifts is noticed, at what price.

Training cohorts of three sizes are drawn from one synthetic population. Fresh patients of the
same population tell how often a check that was learned from the training rows raises a false
alarm, overall and in subgroups. The same patients with something grossly wrong (a unit, another
centre, half of the cells zero, no laboratory), and patients with products that nobody in training
had, tell what is noticed. A calibrated booster with its rebuilds tells how well it does among
those who are answered, those who are not, and all.

Run: ``python benchmarks/studies/applicability.py``. Writes ``applicability.csv`` beside this file,
with the seed and the commit. Synthetic: no evidence about patients.
"""

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.metrics import log_loss, roc_auc_score

from committed import current_commit
from demo_outcomes import demo_outcomes
from icans_risk import build_features, specify_features
from icans_risk.features import FeatureSpecification
from icans_risk.models import BoostedTrees
from icans_risk.models.applicability import Applicability
from icans_risk.models.calibrated import CalibratedModel
from icans_risk.models.circumstances import Circumstances
from icans_risk.models.rebuilds import fit_rebuilds
from icans_risk.synthetic import simulate
from icans_risk.workflow.demo import load_demo_study

HERE = Path(__file__).parent
# Far from the seeds on which the method was chosen.
SEED = 77_000_000
LANDMARK_H, HORIZON_H = 72.0, 336.0
MODALITIES = ("plasma", "csf", "eeg", "imaging", "clinical")
IMPORTANT = (
    "plasma.crp.last.early", "plasma.ferritin.last.early", "plasma.ldh.last.early",
    "plasma.platelets.last.early", "plasma.fibrinogen.last.early", "plasma.il6.last.early",
    "plasma.nfl.last.baseline", "clinical.temperature.max.early", "score.m_easix.early",
    "static.age_years",
)  # fmt: skip
SETTINGS = {"rounds": 80, "max_depth": 2}
NOTHING_WRONG = Circumstances(
    is_model_withdrawn=False,
    is_real_patient=False,
    has_infusion_time=True,
    is_beyond_landmark=False,
    is_at_endpoint=False,
    has_cns_tumour=False,
    has_unseen_level=False,
    hours_since_last_input=1.0,
)
SHIFTED_ROWS = 500


@dataclass(frozen=True)
class Rows:
    """Vectors and outcomes of those at risk at the landmark, with what is known of them."""

    X: pd.DataFrame
    event: np.ndarray
    episodes: pd.DataFrame

    def take(self, places: Sequence[int]) -> "Rows":
        """Return some of the rows."""
        return Rows(self.X.iloc[places], self.event[places], self.episodes.iloc[places])


def main() -> None:
    """Run the study at full size and write its table."""
    table = run(sizes=(200, 300, 1_000), fresh=3_000, repeats=6, rebuilds=20, seed=SEED)
    commit = current_commit()
    table.assign(seed=SEED, commit=commit).to_csv(HERE / "applicability.csv", index=False)
    sys.stdout.write(table.to_string(index=False) + "\n")


def run(
    *, sizes: Sequence[int], fresh: int, repeats: int, rebuilds: int, seed: int
) -> pd.DataFrame:
    """Learn from cohorts of several sizes, check the same fresh patients with each.

    Parameters
    ----------
    sizes : sequence of int
        Patients at risk in the training cohorts.
    fresh, repeats, rebuilds, seed : int
        Fresh patients, cohorts of each size, rebuilt boosters (0: no performance), seed.

    Returns
    -------
    DataFrame
        ``patients, measure, group, rows, mean, low, high``: mean and range over the repeats.
    """
    # Some leave before the landmark, or have reached the endpoint.
    drawn = int(1.15 * max(sizes) * repeats) + 50
    specification, population = _simulate(drawn + fresh, seed=seed, mix="lbcl")
    same_kind = population.take(range(len(population.X) - fresh, len(population.X)))
    _, others = _simulate(fresh, seed=seed + 1, mix="all_products", specification=specification)
    seen = set(population.episodes["product"])
    unseen = others.take(np.flatnonzero(~others.episodes["product"].isin(seen)))
    found = []
    for size in sizes:
        for repeat in range(repeats):
            training = population.take(range(repeat * size, (repeat + 1) * size))
            judge = _applicability(specification).fit(training.X)
            generator = np.random.default_rng([seed, size, repeat])
            lines = [
                *_false_alarms(judge, same_kind),
                *_noticed(judge, training.X, same_kind.X, generator),
                *_noticed_products(judge, unseen.X),
                *_cost(judge, training.X, same_kind.X),
                *(_performance(judge, training, same_kind, rebuilds) if rebuilds else ()),
            ]
            found += [(size, *line) for line in lines]
    table = pd.DataFrame(found, columns=["patients", "measure", "group", "rows", "value"])
    grouped = table.groupby(["patients", "measure", "group"], sort=False)
    named = {"rows": ("rows", "mean"), "mean": ("value", "mean")}
    summary = grouped.agg(**named, low=("value", "min"), high=("value", "max")).reset_index()
    return summary.assign(rows=summary["rows"].round().astype(int)).round(6)


Line = tuple[str, str, int, float]


def _simulate(
    patients: int, *, seed: int, mix: str, specification: FeatureSpecification | None = None
) -> tuple[FeatureSpecification, Rows]:
    simulated = simulate(
        patients, seed=seed, product_mix=mix, landmarks_h=(LANDMARK_H,), horizon_h=HORIZON_H
    )
    cohort = simulated.cohort
    wanted = specification or specify_features(load_demo_study(), cohort)
    outcomes = demo_outcomes(cohort, (LANDMARK_H,), horizon_h=HORIZON_H)
    event = outcomes.set_index("episode_id")["event"].dropna()
    vectors = build_features(cohort, wanted, [LANDMARK_H]).droplevel("landmark_h")
    episodes = cohort.episodes.set_index("episode_id")
    known = [episode for episode in vectors.index if episode in set(event.index)]
    return wanted, Rows(vectors.loc[known], event.loc[known].to_numpy(int), episodes.loc[known])


def _applicability(specification: FeatureSpecification) -> Applicability:
    columns = specification.columns
    measured = {name: name.split(".")[0] for name in columns if name.split(".")[0] in MODALITIES}
    products = [name for name in columns if name.startswith("static.product.")]
    return Applicability(
        modality_of_column=measured,
        trained_on_synthetic=True,
        trained_on_cns_tumours=False,
        required_modalities=("plasma",),
        important=IMPORTANT,
        categories={"product": products},
    )


def _false_alarms(judge: Applicability, fresh: Rows) -> Iterator[Line]:
    checked = judge.check(fresh.X, NOTHING_WRONG)
    alarm = (checked["status"] != "answered").to_numpy()
    yield "false alarms", "all", len(alarm), alarm.mean()
    for code in ("too_few_inputs", "out_of_range", "unlike_training"):
        has = [code in reasons for reasons in checked["reasons"]]
        yield "false alarms", f"reason {code}", len(alarm), float(np.mean(has))
    ages = pd.cut(fresh.episodes["age_years"], [0, 45, 55, 65, 75, 120], right=False)
    groups = {
        "sex": fresh.episodes["sex"],
        "age": ages.astype(str),
        "product": fresh.episodes["product"],
        "site": fresh.episodes["site"],
        "event later": pd.Series(np.where(fresh.event == 1, "yes", "no"), fresh.X.index),
    }
    for name, labels in groups.items():
        for label in sorted(labels.dropna().unique()):
            here = (labels == label).to_numpy()
            yield "false alarms", f"{name} {label}", int(here.sum()), alarm[here].mean()


def _noticed(
    judge: Applicability,
    training: pd.DataFrame,
    fresh: pd.DataFrame,
    generator: np.random.Generator,
) -> Iterator[Line]:
    kept = fresh.iloc[:SHIFTED_ROWS]
    for name, shift in SHIFTS.items():
        status = judge.check(shift(kept, training, generator), NOTHING_WRONG)["status"]
        yield "noticed", name, len(status), float((status != "answered").mean())


def _noticed_products(judge: Applicability, unseen: pd.DataFrame) -> Iterator[Line]:
    reasons = judge.check(unseen, NOTHING_WRONG)["reasons"]
    yield "noticed", "unseen product", len(unseen), float(np.mean([r != () for r in reasons]))
    by_values = np.mean([bool(set(r) - {"unknown_product"}) for r in reasons])
    yield "noticed", "unseen product, by its values alone", len(unseen), float(by_values)


def _cost(judge: Applicability, training: pd.DataFrame, fresh: pd.DataFrame) -> Iterator[Line]:
    start = time.perf_counter()
    clone(judge).fit(training)
    yield "milliseconds", "to fit", len(training), 1e3 * (time.perf_counter() - start)
    start = time.perf_counter()
    judge.check(fresh, NOTHING_WRONG)
    taken = (time.perf_counter() - start) / len(fresh)
    yield "milliseconds", "for a row among all", len(fresh), 1e3 * taken
    start = time.perf_counter()
    judge.check(fresh.iloc[:1], NOTHING_WRONG)
    yield "milliseconds", "for a row alone", 1, 1e3 * (time.perf_counter() - start)


def _performance(
    judge: Applicability, training: Rows, fresh: Rows, rebuilds: int
) -> Iterator[Line]:
    model = CalibratedModel(BoostedTrees(**SETTINGS)).fit(training.X, training.event)
    rebuilt = fit_rebuilds(model, training.X, training.event, n_rebuilds=rebuilds)
    checked = judge.check(fresh.X, NOTHING_WRONG, interval=rebuilt.interval(fresh.X))
    reasons, risk = checked["reasons"], model.predict_proba(fresh.X)[:, 1]
    unstable = np.array(["unstable" in codes for codes in reasons])
    learned = np.array([bool(set(codes) - {"unstable"}) for codes in reasons])
    everyone = np.ones(len(risk), dtype=bool)
    groups = {
        "all": everyone,
        "answered": ~(learned | unstable),
        "not answered": learned | unstable,
        "unlike training or out of range": learned,
        "unstable": unstable,
    }
    for name, here in groups.items():
        event, n = fresh.event[here], int(here.sum())
        yield "share of patients", name, n, n / len(here)
        if 0 < event.sum() < n:
            yield "event rate", name, n, event.mean()
            yield "mean risk", name, n, risk[here].mean()
            yield "log loss", name, n, log_loss(event, risk[here])
            yield "AUROC", name, n, roc_auc_score(event, risk[here])


Shift = Callable[[pd.DataFrame, pd.DataFrame, np.random.Generator], pd.DataFrame]


def _tenfold(
    X: pd.DataFrame, training: pd.DataFrame, generator: np.random.Generator
) -> pd.DataFrame:
    usual = [
        name for name in X if name.startswith("plasma.") and training[name].notna().mean() > 0.5
    ]
    analyte_of = {name: ".".join(name.split(".")[:2]) for name in X}
    analytes = sorted({analyte_of[name] for name in usual})
    factor = np.ones(X.shape)
    for row in factor:
        wrong = set(generator.choice(analytes, 3, replace=False))
        row[[analyte_of[name] in wrong for name in X]] = 10.0
    return X * factor


def _other_centre(X: pd.DataFrame, training: pd.DataFrame, _: np.random.Generator) -> pd.DataFrame:
    return X + 2.0 * _spread(training)


def _other_centre_either_way(
    X: pd.DataFrame, training: pd.DataFrame, generator: np.random.Generator
) -> pd.DataFrame:
    return X + 2.0 * _spread(training) * generator.choice([-1.0, 1.0], X.shape[1])


def _spread(training: pd.DataFrame) -> pd.Series:
    is_product = training.columns.str.startswith("static.product.")
    return training.std().fillna(0.0).where(~is_product, 0.0)


def _half_zero(X: pd.DataFrame, _: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
    order = generator.permuted(np.tile(np.arange(X.shape[1]), (len(X), 1)), axis=1)
    return X.mask(order < X.shape[1] // 2, 0.0)


def _without(modality: str) -> Shift:
    def drop(X: pd.DataFrame, _: pd.DataFrame, __: np.random.Generator) -> pd.DataFrame:
        return X.mask(np.tile(X.columns.str.startswith(f"{modality}."), (len(X), 1)))

    return drop


SHIFTS: Mapping[str, Shift] = {
    "three analytes tenfold": _tenfold,
    "all columns 2 SD higher": _other_centre,
    "all columns 2 SD higher or lower": _other_centre_either_way,
    "half of the columns zero": _half_zero,
    "no vital signs": _without("clinical"),
    "no laboratory": _without("plasma"),
    "harmless: no CSF": _without("csf"),
}


if __name__ == "__main__":
    main()
