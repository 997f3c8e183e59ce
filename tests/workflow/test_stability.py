"""What rebuilds say, collected from the evaluation room."""

import json

import numpy as np
import pytest

from icans_risk.errors import IcansRiskError
from icans_risk.evaluation import METRICS, Rebuilds, optimism_corrected, rebuild
from icans_risk.report import Stability
from icans_risk.workflow.stability import describe_stability
from workflow.judged_example import Rows, fits, make_rows


@pytest.fixture(scope="module")
def rows() -> Rows:
    return make_rows(150)[0]


@pytest.fixture(scope="module")
def rebuilds(rows: Rows) -> Rebuilds:
    return rebuild(fits(rows)["model"], groups=rows.patient, rebuilds=12, seed=2)


@pytest.fixture(scope="module")
def found(rows: Rows, rebuilds: Rebuilds) -> Stability:
    return describe_stability(rows.event, rows.weight, rebuilds, thresholds=(0.3,), span=(0.1, 0.5))


def test_the_tables_are_those_of_the_evaluation(
    found: Stability, rows: Rows, rebuilds: Rebuilds
) -> None:
    assert (found.rebuilds, found.failed) == (12, 0)
    error = np.abs(rebuilds.risks - rebuilds.original).mean()
    assert found.predictions["mean_error"].mean() == pytest.approx(error)
    wanted = optimism_corrected(METRICS["auroc"], rows.event, rebuilds, no_information=0.5)
    assert found.optimism.loc["auroc", "corrected"] == pytest.approx(wanted.corrected)
    assert found.optimism.loc["auroc", "point632plus"] == pytest.approx(wanted.point632plus)
    assert np.isnan(found.optimism.loc["brier", "point632plus"])
    assert len(found.calibration) == 12
    crossing = ((rebuilds.risks >= 0.3) != (rebuilds.original >= 0.3)).mean(axis=0)
    line = found.classification.iloc[0]
    assert line["mean_share"] == pytest.approx(crossing.mean())
    assert line["unsettled"] == pytest.approx((crossing > 0.1).mean())


def test_a_curve_is_drawn_over_the_risks_that_its_rebuild_gave(
    found: Stability, rebuilds: Rebuilds
) -> None:
    grid = found.curves.columns.to_numpy(dtype=float)
    for risk, curve in zip(rebuilds.risks, found.curves.to_numpy(), strict=True):
        drawn = grid[~np.isnan(curve)]
        assert drawn.min() >= risk.min()
        assert drawn.max() <= risk.max()
    assert found.decisions.columns[[0, -1]].tolist() == [0.1, 0.5]


def test_failed_rebuilds_are_counted_and_left_out(rows: Rows, rebuilds: Rebuilds) -> None:
    risks = rebuilds.risks.copy()
    risks[[1, 4]] = np.nan
    some = Rebuilds(rebuilds.original, risks, rebuilds.copies)
    found = describe_stability(rows.event, rows.weight, some, span=(0.1, 0.5))
    assert (found.rebuilds, found.failed) == (12, 2)
    assert len(found.curves) == len(found.calibration) == 10
    assert found.classification.empty


def test_it_is_strict_json(found: Stability) -> None:
    data = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert data["optimism"][0]["metric"] == "auroc"


def test_rebuilds_of_other_rows_are_refused(rows: Rows, rebuilds: Rebuilds) -> None:
    with pytest.raises(IcansRiskError, match="150 risks for 149 rows"):
        describe_stability(rows.event[1:], rows.weight[1:], rebuilds, span=(0.1, 0.5))
