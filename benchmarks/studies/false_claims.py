"""How often a cross-validation claims skill where there is nothing to learn.

Synthetic patients of one product whose true risk is the same for all. Each cohort is
cross-validated, and a closed-form interval of the AUROC takes its held-out risks as fixed. An
interval of 95 % should lie above one half in 2.5 % of the cohorts and below it in as many.
Beside it the test that nothing is wrong with: one half of the patients trains, the other tells.

Run: ``python benchmarks/studies/false_claims.py [FOLDER]``; FOLDER keeps the simulated patients.
Writes ``false_claims.csv`` beside this file, with the seed and the commit.
"""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from committed import current_commit
from icans_risk.evaluation import AurocInterval, delong_interval
from icans_risk.models import make_model
from icans_risk.models.calibrated import CalibratedModel
from model_arms import ARMS, boosted_trees
from size_populations import Rows, load_rows

HERE = Path(__file__).parent
# The patients of models_by_size.py.
SEED, ROWS = 4_100_000, 70_000

MODELS: Mapping[str, tuple[Callable[[], Any], int]] = {
    "elastic net": (lambda: make_model("elastic_net"), 1),
    "elastic net, 4 partitions": (lambda: make_model("elastic_net"), 4),
    "boosted trees": (boosted_trees, 1),
}
COHORTS = {
    "elastic net": {100: 200, 300: 200, 1_000: 60},
    "elastic net, 4 partitions": {300: 100},
    "boosted trees": {100: 200, 300: 200, 1_000: 60},
}


def main() -> None:
    """Run the study at full size and write its table."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    rows = load_rows("no_signal", ROWS, seed=SEED, cache=folder)
    commit = current_commit()
    table = run(rows, cohorts=COHORTS).assign(seed=SEED, commit=commit)
    table.to_csv(HERE / "false_claims.csv", index=False)
    sys.stdout.write(table.to_string(index=False) + "\n")


def run(rows: Rows, *, cohorts: Mapping[str, Mapping[int, int]]) -> pd.DataFrame:
    """Test disjoint cohorts in which there is nothing to learn.

    Parameters
    ----------
    rows : Rows
        All of the same true risk.
    cohorts : mapping of str to mapping of int to int
        How many cohorts of each size, by the name of the model.

    Returns
    -------
    DataFrame
        ``model, patients, cohorts``, the mean ``auroc`` of the cross-validations, the
        standard deviation ``z_sd`` of their distance from one half in standard errors (1 were
        they as sure as they say), the shares of intervals ``above`` and ``below`` one half,
        and the share ``half_above`` of the held-out halves.
    """
    found = []
    for name, sizes in cohorts.items():
        for size, times in sizes.items():
            tests = list(_tests(rows, name, size=size, times=times))
            crossed, halved = ([test[k] for test in tests] for k in (0, 1))
            z = [(i.estimate - 0.5) / np.sqrt(i.variance) for i in crossed]
            found.append(
                {
                    "model": name, "patients": size, "cohorts": times,
                    "auroc": np.mean([i.estimate for i in crossed]), "z_sd": np.std(z),
                    "above": np.mean([i.low > 0.5 for i in crossed]),
                    "below": np.mean([i.high < 0.5 for i in crossed]),
                    "half_above": np.mean([i.low > 0.5 for i in halved]),
                }
            )  # fmt: skip
    return pd.DataFrame(found).round(4)


def _tests(
    rows: Rows, name: str, *, size: int, times: int
) -> Iterator[tuple[AurocInterval, AurocInterval]]:
    make, repeats = MODELS[name]
    X = ARMS[0].columns_of(rows.X)
    for k in range(times):
        start, middle, end = k * size, k * size + size // 2, (k + 1) * size
        # Without calibration nothing is refused: every cohort counts.
        model = CalibratedModel(make(), repeats=repeats, calibration="none")
        model.fit(X[start:end], rows.event[start:end])
        margin = model.out_of_fold_margin_.mean(axis=1)
        half = make().fit(X[start:middle], rows.event[start:middle])
        yield (
            _interval(rows.event[start:end], margin),
            _interval(rows.event[middle:end], half.margin(X[middle:end])),
        )


def _interval(event: Sequence[int], margin: np.ndarray) -> AurocInterval:
    return delong_interval(event, expit(margin), groups=np.arange(len(event)))


if __name__ == "__main__":
    main()
