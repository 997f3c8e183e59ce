"""Whether the inputs that a patient's page names are those from which the risk came.

On synthetic patients it is known which latent made a risk high or low, and which analyte reads
which latent. Models are fitted to cohorts of several sizes, with analytes of pure noise among
their columns, and explained for fresh patients. Counted is how often an input is named that reads
one of the two sources of greatest share, and in how many patients noise is named: for several
demands on the agreement of the rebuilds (``agreement``; 0 names by size alone) and on how clearly
the input went with the outcome of held-out patients (``support``, a z; 0 is no demand), and with
as many rebuilds as a new patient has or about as many as a patient of the cohort (``rebuilds``).

Run: ``python benchmarks/studies/named_analytes.py [FOLDER]``; a quarter of an hour of one core.
FOLDER keeps the simulated patients and each cohort's counts, and a run that was stopped goes on
from there. Writes ``named_analytes.csv`` beside this file, with the seed and the commit, and its
table into ``docs/explanation.md``. Synthetic: no evidence about patients.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from committed import current_commit
from demo_outcomes import demo_outcomes
from icans_risk import build_features, specify_features
from icans_risk.errors import NotReleasedError
from icans_risk.explanation import (
    NAMED_AGREEMENT,
    SUPPORTED_Z,
    explain,
    fold_by_analyte,
    held_out_contributions,
    held_out_support,
    measured_analytes,
    named,
    sign_agreement,
)
from icans_risk.features import FeatureSpecification
from icans_risk.models import BoostedTrees, Prevalence
from icans_risk.models.calibrated import CalibratedModel
from icans_risk.models.rebuilds import fit_rebuilds
from icans_risk.splits import repeated_grouped_folds
from icans_risk.synthetic import Simulated, simulate
from icans_risk.workflow.demo import load_demo_study

HERE = Path(__file__).parent
DOCS = HERE.parents[1] / "docs"
MARK, MARK_SOURCES = "<!-- study -->", "<!-- sources -->"
SEED = 20261129
LANDMARK_H, HORIZON_H = 72.0, 336.0
SIZES, COHORTS, FRESH = (100, 300, 1_000), 10, 100
# A patient of the cohort is judged by the third of the rebuilds that did not draw them.
REBUILDS = (40, 14)
DEMANDS = (0.0, NAMED_AGREEMENT)
SUPPORT = (0.0, 1.282, SUPPORTED_Z)
NOISE = 5
PIECE = 2_000
# Half the trees of the demo's study at twice the rate, and fewer inner folds: hundreds are fitted.
LIGHT: Mapping[str, Any] = {"rounds": 60, "learning_rate": 0.1}
INNER_FOLDS = 3

# The latents of the hazard in four sources, and what reads them. The latents of the cascade
# follow each other within days, and nobody tells them apart by a value.
SOURCES: Mapping[str, tuple[str, ...]] = {
    "cascade": ("myeloid_cytokines", "barrier_leak", "neuro_inflammation"),
    "neuro_vulnerability": ("neuro_vulnerability",),
    "age": ("age",),
    "product": ("product",),
}
MORE_OF_THE_CASCADE = (
    "expansion", "activation", "early_cytokines", "endothelium", "consumption", "injury",
)  # fmt: skip
READ_BY_SCORE = {"score.m_easix": ("plasma.ldh", "plasma.crp", "plasma.platelets")}

Line = dict[str, Any]


@dataclass(frozen=True)
class Patients:
    """Vectors, outcomes and what each risk came from.

    Attributes
    ----------
    X : DataFrame
        Columns of the demo's study and of noise, by episode and landmark.
    event : ndarray of shape (n_rows,)
        Recorded.
    shares : DataFrame
        The share of the log-hazard of each of ``SOURCES``.
    """

    X: pd.DataFrame
    event: np.ndarray
    shares: pd.DataFrame

    def between(self, start: int, end: int) -> "Patients":
        """Return the rows from one position up to another."""
        return Patients(self.X[start:end], self.event[start:end], self.shares[start:end])


def main() -> None:
    """Run the study at full size and write its table."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    table = run(sizes=SIZES, cohorts=COHORTS, fresh=FRESH, seed=SEED, folder=folder)
    commit = current_commit()
    table = table.assign(seed=SEED, commit=commit)
    table.to_csv(HERE / "named_analytes.csv", index=False)
    page = DOCS / "explanation.md"
    text = page.read_text(encoding="utf-8")
    for mark, part in {MARK: as_markdown(table), MARK_SOURCES: sources_as_markdown(table)}.items():
        before, _, after = text.split(mark)
        text = mark.join([before, f"\n{part}", after])
        sys.stdout.write(part)
    page.write_text(text, encoding="utf-8")


def run(
    *,
    sizes: Sequence[int],
    cohorts: int,
    fresh: int,
    seed: int,
    rebuilds: Sequence[int] = REBUILDS,
    folder: Path | None = None,
) -> pd.DataFrame:
    """Fit, explain and count.

    Parameters
    ----------
    sizes : sequence of int
        Patients in a cohort; a smaller one is the first part of a larger one.
    cohorts : int
        How many of each size.
    fresh : int
        Patients to explain, others for each cohort.
    seed : int
        Of the simulation.
    rebuilds : sequence of int
        How many have a say; the greatest is fitted.
    folder : Path, optional
        Keeps patients and counts.

    Returns
    -------
    DataFrame
        Means over cohorts, see ``summarise``.
    """
    patients, readers = _load(cohorts * (max(sizes) + fresh), seed=seed, folder=folder)
    tables = []
    # Size by size within a cohort: a run that was stopped has as many cohorts of each.
    for cohort, size in product(range(cohorts), sizes):
        kept = folder and folder / f"counts_{size}_{cohort}.csv"
        if kept and kept.is_file():
            tables.append(pd.read_csv(kept))
            continue
        start = cohort * (max(sizes) + fresh)
        asked = patients.between(start + max(sizes), start + max(sizes) + fresh)
        training = patients.between(start, start + size)
        lines = list(_count(training, asked, readers=readers, rebuilds=rebuilds))
        tables.append(pd.DataFrame(lines).assign(patients=size, cohort=cohort))
        if kept:
            tables[-1].to_csv(kept, index=False)
    order = pd.concat(tables, ignore_index=True).sort_values("patients", kind="stable")
    return summarise(order)


def _load(
    rows: int, *, seed: int, folder: Path | None
) -> tuple[Patients, Mapping[str, frozenset[str]]]:
    """Simulate patients, or read those that an earlier call left."""
    kept = folder and folder / f"patients_{rows}_{seed}.parquet"
    if kept and kept.is_file():
        table = pd.read_parquet(kept)
    else:
        table = pd.concat(_pieces(rows, seed=seed)).iloc[:rows]
        if kept:
            kept.parent.mkdir(parents=True, exist_ok=True)
            table.to_parquet(kept)
    shares = table[list(SOURCES)]
    X = table.drop(columns=["event", *SOURCES]).astype(np.float32)
    return Patients(X, table["event"].to_numpy(int), shares), _readers(X)


def _pieces(rows: int, *, seed: int) -> Iterator[pd.DataFrame]:
    specification: FeatureSpecification | None = None
    start, found = 0, 0
    while found < rows:
        simulated = simulate(
            PIECE,
            seed=seed,
            landmarks_h=(LANDMARK_H,),
            horizon_h=HORIZON_H,
            first_patient=start,
        )
        specification = specification or specify_features(load_demo_study(), simulated.cohort)
        piece = _table(simulated, specification)
        yield _plant_noise(piece, np.random.default_rng([seed, start]))
        start, found = start + PIECE, found + len(piece)


def _table(simulated: Simulated, specification: FeatureSpecification) -> pd.DataFrame:
    outcomes = demo_outcomes(simulated.cohort, (LANDMARK_H,), horizon_h=HORIZON_H)
    event = outcomes.set_index(["episode_id", "landmark_h"])["event"].dropna()
    vectors = build_features(simulated.cohort, specification, [LANDMARK_H]).loc[event.index]
    shares = simulated.truth.shares.pivot_table(
        index=["episode_id", "landmark_h"], columns="latent", values="share_of_log_hazard"
    ).loc[event.index]
    sources = {name: shares[list(latents)].sum(axis=1) for name, latents in SOURCES.items()}
    return vectors.assign(**sources, event=event)


def _plant_noise(table: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
    """Add analytes that differ between patients as real ones do, and say nothing."""
    planted = {}
    for number in range(NOISE):
        level = generator.normal(size=len(table))
        for column in ("last.baseline", "last.early", "max.early"):
            value = np.exp(level + 0.4 * generator.normal(size=len(table)))
            planted[f"plasma.noise_{number}.{column}"] = value
    return table.assign(**planted)


def _readers(X: pd.DataFrame) -> dict[str, frozenset[str]]:
    """List the analytes among the columns that read each source, and those of noise."""
    read = simulate(1, seed=0, landmarks_h=(LANDMARK_H,), horizon_h=HORIZON_H).truth.readers
    ours = set(measured_analytes(X[:1]).columns)
    found = {}
    for name, latents in SOURCES.items():
        wanted = (*latents, *(MORE_OF_THE_CASCADE if name == "cascade" else ()))
        direct = set(read.loc[read["latent"].isin(wanted), "analyte"])
        made = {score for score, parts in READ_BY_SCORE.items() if direct & set(parts)}
        found[name] = frozenset((direct | made) & ours)
    return found | {"noise": frozenset(name for name in ours if ".noise_" in name)}


def _count(
    training: Patients,
    asked: Patients,
    *,
    readers: Mapping[str, frozenset[str]],
    rebuilds: Sequence[int],
) -> Iterator[Line]:
    """Fit to one cohort and count what would be named of the fresh patients."""
    try:
        model = _unfitted().fit(training.X, training.event)
        built = fit_rebuilds(model, training.X, training.event, n_rebuilds=max(rebuilds))
    except NotReleasedError:
        yield {"released": False}
        return
    z = _support(training)
    printed = fold_by_analyte(explain(model, asked.X))
    known = measured_analytes(asked.X)
    for many in rebuilds:
        table = sign_agreement(printed, built.rebuilt[:many], asked.X)
        agreement = table.pivot(index="episode_id", columns="analyte", values="agreement")
        for demand, least in product(DEMANDS, SUPPORT):
            supported = set(z.index[z >= least]) if least else None
            said = _named(printed, agreement >= demand, known, supported=supported)
            setting = {"rebuilds": many, "agreement": demand, "support": least}
            for line in _judge(said, known, asked.shares, readers=readers):
                yield {"released": True} | setting | line


def _unfitted() -> CalibratedModel:
    settings = load_demo_study().models.booster.model_dump() | LIGHT
    return CalibratedModel(BoostedTrees(**settings), folds=INNER_FOLDS)


def _support(training: Patients) -> pd.Series:
    """Cross-validate once, and ask how clearly each input went with the outcome."""
    patient = np.arange(len(training.event))
    splits = repeated_grouped_folds(training.event, patient, folds=5, repeats=1, seed=0)
    models = [_fit_or_prevalence(training.X.iloc[s.train], training.event[s.train]) for s in splits]
    held_out = held_out_contributions(models, [split.train for split in splits], training.X)
    parts = fold_by_analyte(held_out.contributions).drop(columns="base")
    return held_out_support(parts, training.event, measured_analytes(training.X))


def _fit_or_prevalence(X: pd.DataFrame, y: np.ndarray) -> Any:
    try:
        return _unfitted().fit(X, y)
    except NotReleasedError:
        return Prevalence().fit(X, y)


def _named(
    printed: pd.DataFrame,
    enough: pd.DataFrame,
    known: pd.DataFrame,
    *,
    supported: set[str] | None,
) -> pd.DataFrame:
    """Tell which analytes are named of each patient, and which way: 1, -1, or 0."""
    # What reaches the demand agrees; what does not, does not.
    agreements = enough.loc[printed.index.get_level_values("episode_id")].astype(float)
    ways = []
    for (_, parts), agreement, row in zip(
        printed.iterrows(), agreements.to_dict("records"), known.to_numpy(), strict=True
    ):
        measured = {str(name) for name in known.columns[row]}
        chosen = named(parts, agreement, measured, supported=supported)
        ways.append(dict.fromkeys(chosen.up.index, 1) | dict.fromkeys(chosen.down.index, -1))
    said = pd.DataFrame(ways, index=known.index, columns=known.columns)
    return said.fillna(0).astype(int)


def _judge(
    said: pd.DataFrame,
    known: pd.DataFrame,
    shares: pd.DataFrame,
    *,
    readers: Mapping[str, frozenset[str]],
) -> Iterator[Line]:
    """Count over the fresh patients, for all inputs and by what they read."""
    size = shares.abs().rank(axis=1, ascending=False)
    is_top = size <= 2
    is_named = said != 0
    reads = pd.DataFrame({k: said.columns.isin(list(v)) for k, v in readers.items()})
    reads_top = is_top.to_numpy() @ reads[list(SOURCES)].to_numpy().T
    # The way in which the sources of greatest share that an input reads moved the risk.
    way = np.sign((shares * is_top).to_numpy() @ reads[list(SOURCES)].to_numpy().T.astype(float))
    named_now = is_named.to_numpy()
    yield {
        "reads": "any",
        "named": named_now.sum(axis=1).mean(),
        "in_patients": named_now.any(axis=1).mean(),
        "reads_top": reads_top[named_now].mean() if named_now.any() else np.nan,
        "reads_top_by_chance": reads_top[known.to_numpy()].mean(),
        "right_way": _share_right(said.to_numpy(), way),
    }
    for name in readers:
        own = named_now[:, reads[name].to_numpy()]
        line: Line = {
            "reads": name, "named": own.sum(axis=1).mean(), "in_patients": own.any(axis=1).mean(),
        }  # fmt: skip
        if name in SOURCES:
            top = is_top[name].to_numpy()
            line |= {"top": top.mean(), "when_top": _mean(own[top]), "else": _mean(own[~top])}
        yield line


def _mean(own: np.ndarray) -> float:
    return float(own.any(axis=1).mean()) if len(own) else np.nan


def _share_right(said: np.ndarray, way: np.ndarray) -> float:
    judged = (said != 0) & (way != 0)
    return float((said == way)[judged].mean()) if judged.any() else np.nan


def summarise(counts: pd.DataFrame) -> pd.DataFrame:
    """Return means over the cohorts of each size.

    Returns
    -------
    DataFrame
        ``patients, rebuilds, agreement, support, reads``, ``cohorts`` with a model and how many
        had none (``not_released``); inputs ``named`` per patient, the share of patients
        ``in_patients`` with at least one, and the greatest such share of a cohort; for all inputs
        the share of the named that ``reads_top``, that of all that were measured
        (``by_chance``), and how many of the named moved the risk the ``right_way``; for a
        source in how many patients it is among the ``top`` two, and in how many of these
        (``when_top``) and of the others (``else``) an input that reads it is named.
    """
    keys = ["patients", "rebuilds", "agreement", "support", "reads"]
    refused = counts.groupby("patients")["released"].agg(
        lambda told: int((~told.astype(bool)).sum())
    )
    kept = counts[counts["released"].astype(bool)]
    groups = kept.groupby(keys, sort=False)
    means = groups[
        ["named", "in_patients", "reads_top", "reads_top_by_chance", "right_way", "top",
         "when_top", "else"]
    ].mean()  # fmt: skip
    means.insert(0, "cohorts", groups["cohort"].nunique())
    means.insert(3, "in_patients_most", groups["in_patients"].max())
    table = means.reset_index().round(4)
    table.insert(6, "not_released", table["patients"].map(refused))
    return table.astype({"rebuilds": int})


RULES = {
    (0.0, 0.0): "by size alone",
    (NAMED_AGREEMENT, 0.0): "rebuilds agree",
    (NAMED_AGREEMENT, SUPPORTED_Z): "rebuilds agree, and held-out patients bear it out",
}


def as_markdown(table: pd.DataFrame) -> str:
    """Write the lines of the documentation: the rule of the pages beside two weaker ones."""
    head = (
        "| patients | named are measured inputs | per patient | nothing named "
        "| reads a main source | right way | noise | noise, 14 rebuilds |\n"
        "|---|---|---|---|---|---|---|---|\n"
    )
    keys = ["rebuilds", "patients", "agreement", "support"]
    every = table[table["reads"] == "any"].set_index(keys)
    noise = table[table["reads"] == "noise"].set_index(keys)["named"] / NOISE
    many, few = REBUILDS
    lines = []
    for patients, (rule, words) in product(table["patients"].unique(), RULES.items()):
        row = every.loc[(many, patients, *rule)]
        lines.append(
            f"| {patients:,} | {words} | {row['named']:.1f} | {1 - row['in_patients']:.0%} "
            f"| {row['reads_top']:.0%} ({row['reads_top_by_chance']:.0%}) | {row['right_way']:.0%} "
            f"| {noise.loc[(many, patients, *rule)]:.1%} "
            f"| {noise.loc[(few, patients, *rule)]:.1%} |"
        )
    return head + "\n".join(lines) + "\n"


def sources_as_markdown(table: pd.DataFrame) -> str:
    """Write by source how often it is named where it is a main one, and where it is not."""
    ours = table[
        (table["rebuilds"] == REBUILDS[0])
        & (table["agreement"] == NAMED_AGREEMENT)
        & (table["support"] == SUPPORTED_Z)
    ].set_index(["reads", "patients"])
    sizes = list(table["patients"].unique())
    lines = [
        "| source | a main one | " + " | ".join(f"at {size:,}" for size in sizes) + " |",
        "|---" * (2 + len(sizes)) + "|",
    ]
    for name in SOURCES:
        row = ours.loc[name]
        cells = [f"{row.loc[n, 'when_top']:.0%}, else {row.loc[n, 'else']:.0%}" for n in sizes]
        top = f"{row.loc[sizes[-1], 'top']:.0%}"
        lines.append(f"| {name.replace('_', ' ')} | {top} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
