"""Whether what a page says an absent value is worth is what happens when the value is revealed.

On synthetic patients a blood test or bedside measurement that was taken is hidden, one analyte at
a time, and the expected reduction is asked of the model as on a page. Then the value is put back.
Counted is, by quarters of the expected reduction, how far the risk moved in truth (``moved``: the
squared distance from the mean over plausible values, as a share of the variance of the outcome,
which is what was expected), and how much nearer to the true risk it came (``nearer``, the same
share). Of each patient the analyte is picked that is worth most (``picked_by``: by the expected
reduction, by the width between the ends, at random, or by hindsight), and the same is counted.

Run: ``python benchmarks/studies/value_of_missing.py``; two minutes of one core. Writes
``value_of_missing.csv`` beside this file, with the seed and the commit, and its table into
``docs/explanation.md``. Synthetic: no evidence about patients.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from committed import current_commit
from demo_outcomes import demo_outcomes
from icans_risk import build_features, specify_features
from icans_risk.explanation import measured_analytes, plausible_values, possible_moves
from icans_risk.explanation.folding import analyte_of
from icans_risk.models import BoostedTrees
from icans_risk.models.calibrated import CalibratedModel
from icans_risk.synthetic import Simulated, simulate
from icans_risk.workflow.demo import load_demo_study

HERE = Path(__file__).parent
DOCS = HERE.parents[1] / "docs"
MARK = "<!-- worth -->"
SEED = 20261130
LANDMARK_H, HORIZON_H = 72.0, 336.0
SIZE, FRESH, COHORTS = 800, 300, 3
COLUMNS = ["by", "group", "values", "expected", "moved", "nearer"]


def main() -> None:
    """Run the study at full size and write its table."""
    table = run(size=SIZE, fresh=FRESH, cohorts=COHORTS, seed=SEED)
    commit = current_commit()
    table.assign(seed=SEED, commit=commit).to_csv(HERE / "value_of_missing.csv", index=False)
    page = DOCS / "explanation.md"
    before, _, after = page.read_text(encoding="utf-8").split(MARK)
    page.write_text(MARK.join([before, f"\n{as_markdown(table)}", after]), encoding="utf-8")
    sys.stdout.write(as_markdown(table))


def run(*, size: int, fresh: int, cohorts: int, seed: int) -> pd.DataFrame:
    """Hide values of fresh patients, ask what they are worth, and put them back.

    Parameters
    ----------
    size, fresh : int
        Patients to fit on and others to ask about, of each cohort.
    cohorts : int
        How many cohorts.
    seed : int
        Of the simulation.

    Returns
    -------
    DataFrame
        ``by`` (``quarter`` or ``picked_by``), ``group``, ``values`` (how many), and means of
        ``expected``, ``moved`` and ``nearer``, shares of the variance of the outcome.
    """
    found = [
        _reveal(size, fresh, seed=seed, first=cohort * (size + fresh)).assign(cohort=cohort)
        for cohort in range(cohorts)
    ]
    table = pd.concat(found, ignore_index=True)
    table["unit"] = table["cohort"].astype(str) + table["episode_id"]
    return pd.concat([_by_quarter(table), _by_choice(table, seed)], ignore_index=True)[COLUMNS]


def _reveal(size: int, fresh: int, *, seed: int, first: int) -> pd.DataFrame:
    simulated = simulate(
        size + fresh, seed=seed, landmarks_h=(LANDMARK_H,), horizon_h=HORIZON_H, first_patient=first
    )
    X, event, truth = _table(simulated)
    model = CalibratedModel(
        BoostedTrees(rounds=60, max_depth=3, learning_rate=0.1, reg_lambda=5.0, subsample=0.8),
        folds=3,
    ).fit(X[:size], event[:size])
    asked, plausible = X[size:], plausible_values(X[:size])
    is_measured = measured_analytes(asked)
    revealed = model.predict_proba(asked)[:, 1]
    parts = []
    for name in plausible:
        rows = np.flatnonzero(is_measured[name])
        hidden = asked.iloc[rows].copy()
        hidden.loc[:, [c for c in hidden if analyte_of(c) == name]] = np.nan
        moves = possible_moves(model, hidden, {name: plausible[name]}).set_index("episode_id")
        moves = moves.loc[hidden.index.get_level_values("episode_id")].reset_index()
        before = model.predict_proba(hidden)[:, 1]
        parts.append(_compare(moves, before, revealed[rows], truth=truth[size:][rows]))
    return pd.concat(parts, ignore_index=True)


def _table(simulated: Simulated) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    outcomes = demo_outcomes(simulated.cohort, (LANDMARK_H,), horizon_h=HORIZON_H)
    event = outcomes.set_index(["episode_id", "landmark_h"])["event"].dropna()
    specification = specify_features(load_demo_study(), simulated.cohort)
    X = build_features(simulated.cohort, specification, [LANDMARK_H]).loc[event.index]
    truth = simulated.truth.risks.set_index(["episode_id", "landmark_h"])["true_risk"]
    return X, event.to_numpy(int), truth.loc[event.index].to_numpy()


def _compare(
    moves: pd.DataFrame, before: np.ndarray, after: np.ndarray, *, truth: np.ndarray
) -> pd.DataFrame:
    variance = before * (1.0 - before)
    return pd.DataFrame(
        {
            "episode_id": moves["episode_id"],
            "width": moves["risk_high"] - moves["risk_low"],
            "expected": moves["reduction"],
            "moved": (after - before) ** 2 / variance,
            "nearer": ((before - truth) ** 2 - (after - truth) ** 2) / variance,
        }
    )


def _by_quarter(table: pd.DataFrame) -> pd.DataFrame:
    quarter = pd.qcut(table["expected"].rank(method="first"), 4, labels=range(1, 5))
    means = table.groupby(quarter, observed=True)[["expected", "moved", "nearer"]].mean()
    counts = table.groupby(quarter, observed=True).size()
    return means.assign(by="quarter", group=[f"{q}" for q in means.index], values=counts)


def _by_choice(table: pd.DataFrame, seed: int) -> pd.DataFrame:
    at_random = np.random.default_rng(seed).uniform(size=len(table))
    rules = {
        "expected reduction": table["expected"],
        "width": table["width"],
        "at random": pd.Series(at_random, table.index),
        "hindsight": table["moved"],
    }
    rows = []
    for rule, score in rules.items():
        picked = table.loc[score.groupby(table["unit"]).idxmax()]
        means = picked[["expected", "moved", "nearer"]].mean().to_dict()
        rows.append({"by": "picked_by", "group": rule, "values": len(picked), **means})
    return pd.DataFrame(rows)


def as_markdown(table: pd.DataFrame) -> str:
    """Write the table as it stands in the documentation."""
    words = {"quarter": "quarter {} of the expected reduction", "picked_by": "picked: {}"}
    lines = [
        "| values | how many | expected | moved | nearer to the truth |",
        "|---|---|---|---|---|",
    ]
    for row in table.to_dict("records"):
        shares = " | ".join(f"{100 * row[name]:.2f}%" for name in ("expected", "moved", "nearer"))
        lines.append(f"| {words[row['by']].format(row['group'])} | {row['values']:,} | {shares} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
