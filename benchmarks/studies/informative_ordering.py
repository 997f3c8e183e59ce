"""What a model learns from who was tested, with informative ordering off and on.

A model sees nothing but which cells are missing. With informative ordering off that is
nothing; on, it looks brilliant where tests ordered for cause are let in, and much less so
under the rule that only protocol draws are. The difference is what the rule is for.

Run: ``python benchmarks/studies/informative_ordering.py``. Writes ``informative_ordering.csv``
beside this file, with the seed and the commit. Synthetic: no evidence about patients.
"""

import itertools
import sys
from pathlib import Path

import pandas as pd
from sklearn.metrics import roc_auc_score

from committed import current_commit
from demo_outcomes import demo_outcomes
from icans_risk import FeatureSpecification, build_features
from icans_risk.features import Measurement, Window
from icans_risk.models import BoostedTrees
from icans_risk.synthetic import simulate

HERE = Path(__file__).parent
SEED = 20261121
LANDMARKS_H = (72.0, 120.0, 168.0)
HORIZON_H = 336.0
ORDERED = ("csf.protein", "eeg.theta_relative", "imaging.mri_abnormal", "imaging.ct_abnormal",
           "plasma.il6", "plasma.crp", "plasma.fibrinogen")  # fmt: skip


def main() -> None:
    """Run the study at full size and write its table."""
    table = run(training=6_000, test=6_000, seed=SEED)
    commit = current_commit()
    table.assign(seed=SEED, commit=commit).to_csv(HERE / "informative_ordering.csv", index=False)
    sys.stdout.write(table.to_string(index=False) + "\n")


def run(*, training: int, test: int, seed: int) -> pd.DataFrame:
    """Train on missingness alone and test on fresh patients.

    Returns
    -------
    DataFrame
        ``informative_ordering, presence, landmark_h, events, auroc``.
    """
    rows = []
    for informative in (False, True):
        simulated = simulate(
            training + test,
            seed=seed,
            landmarks_h=LANDMARKS_H,
            horizon_h=HORIZON_H,
            informative_ordering=informative,
        )
        outcomes = demo_outcomes(simulated.cohort, LANDMARKS_H, horizon_h=HORIZON_H)
        for presence, landmark_h in itertools.product(
            ("informative", "protocol_only"), LANDMARKS_H
        ):
            vectors = build_features(simulated.cohort, _specification(presence), [landmark_h])
            missing = vectors.droplevel("landmark_h").isna().astype("float32")
            event = outcomes[outcomes["landmark_h"] == landmark_h].set_index("episode_id")["event"]
            known = event.dropna().index
            first = set(simulated.cohort.episodes["episode_id"].iloc[:training])
            trained = known.isin(first)
            model = BoostedTrees().fit(missing.loc[known][trained], event[known][trained])
            score = model.margin(missing.loc[known][~trained])
            auroc = roc_auc_score(event[known][~trained], score)
            rows.append((informative, presence, landmark_h, int(event[known].sum()), auroc))
    names = ["informative_ordering", "presence", "landmark_h", "events", "auroc"]
    return pd.DataFrame(rows, columns=names)


def _specification(presence: str) -> FeatureSpecification:
    windows = (Window("since_infusion", "infusion", 0, None), Window("recent", "landmark", -24, 0))
    measurements = tuple(
        Measurement(analyte, ("since_infusion", "recent"), ("last",)) for analyte in ORDERED
    )
    return FeatureSpecification(windows, measurements, presence=presence)


if __name__ == "__main__":
    main()
