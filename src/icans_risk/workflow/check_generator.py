"""Hold a generated cohort against published figures."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import pandas as pd

from icans_risk.cohort import read_cohort_folder
from icans_risk.evidence import compare, comparison_table, load_evidence
from icans_risk.report.evidence_plot import evidence_figure
from icans_risk.synthetic import Simulated, Truth
from icans_risk.synthetic.figures import measure
from icans_risk.workflow.progress import SILENT, Progress
from icans_risk.workflow.simulate import COHORT, TRUTH

__all__ = ["check_generator"]

TABLE, FIGURE = "evidence_check.csv", "evidence_check.png"


def check_generator(folder: Path, *, progress: Progress = SILENT) -> dict[str, Any]:
    """Compare a generated cohort with every published figure that it has patients for.

    Parameters
    ----------
    folder : Path
        From ``simulate_folder``; receives the table (CSV) and one page of figures (PNG).
        Some thousand patients make the comparison fair.
    progress : Progress
        Told about steps.

    Returns
    -------
    dict
        Counts of passes, misses and figures only shown, the misses as rows, and places.

    Raises
    ------
    NotEstimableError
        If the cohort can show no published figure.
    """
    progress.stage("comparing with published figures", steps=3)
    truth = Truth(
        **{f.name: pd.read_parquet(folder / TRUTH / f"{f.name}.parquet") for f in fields(Truth)}
    )
    simulated = Simulated(read_cohort_folder(folder / COHORT), truth)
    progress.step()
    known = load_evidence()
    measured = {key: value for key, value in measure(simulated).items() if key in known}
    table = comparison_table([compare(known[key], v, n) for key, (v, n) in measured.items()])
    progress.step()
    patients = int(simulated.cohort.episodes["patient_id"].nunique())
    evidence_figure(table, patients=patients).savefig(folder / FIGURE)
    table.to_csv(folder / TABLE, index=False)
    progress.step()
    passed = table["passed"].fillna(True).astype(bool)
    return {
        "passed": int(table["passed"].sum()),
        "missed": int((~passed).sum()),
        "shown": int(table["passed"].isna().sum()),
        "misses": _rows(table[~passed]),
        "table": str(folder / TABLE),
        "figure": str(folder / FIGURE),
    }


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    columns = ["key", "published", "low", "high", "simulated", "n", "status"]
    plain = table[columns].astype(object)
    rows = plain.where(table[columns].notna(), None).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]
