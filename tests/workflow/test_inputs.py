"""From a study file to columns: every way to ask for a feature."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from icans_risk.cohort import Cohort
from icans_risk.errors import LeakageError
from icans_risk.features import build_features
from icans_risk.study import Study, load_study
from icans_risk.synthetic import simulate
from icans_risk.workflow.inputs import specify_features
from ingest.exports import base_study, write_study

WINDOWS = {
    "baseline": {"anchor": "infusion", "end_h": 0.0},
    "early": {"anchor": "infusion", "start_h": 0.0, "end_h": 72.0},
    "since_crs": {"anchor": "crs_onset", "start_h": -24.0},
}


def study_with(folder: Path, **features: Any) -> Study:
    """Load the demonstration with other features."""
    wanted = {"windows": WINDOWS, "presence": "protocol_only"} | features
    study = base_study()
    return load_study(write_study(folder, study["data"], features=wanted))


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return simulate(60, seed=12).cohort


def test_every_way_to_ask_for_a_feature_gives_its_column(tmp_path: Path, cohort: Cohort) -> None:
    study = study_with(
        tmp_path,
        measurements=[
            {"analytes": ["clinical.temperature"], "windows": ["early"],
             "statistics": ["above_fraction", "hours_to_first_above", "max"], "threshold": 38.5},
            {"analytes": ["plasma.crp"], "windows": ["since_crs"], "statistics": ["mean"],
             "minimum_count": 2},
            {"analytes": ["plasma.ang2_ang1_ratio"], "windows": ["early"], "statistics": ["last"],
             "maximum_age_h": 48.0},
            {"analytes": ["plasma.*"], "windows": ["baseline"], "statistics": ["last"]},
        ],
        changes=[
            {"analytes": ["plasma.ferritin"], "between": ["baseline", "early"],
             "kinds": ["log2_ratio", "difference"], "of": "max"},
        ],
        scores=[{"score": "car_hematotox"}, {"score": "gust_36h"},
                {"score": "log2_easix", "windows": ["early"]}],
        static=["product"],
    )  # fmt: skip
    specification = specify_features(study, cohort)
    vectors = build_features(cohort, specification, [72.0])
    wanted = {
        "clinical.temperature.above_fraction_38_5.early",
        "plasma.crp.mean.since_crs",
        "plasma.ang2_ang1_ratio.last.early",
        "plasma.platelets.last.baseline",
        "plasma.ferritin.log2_ratio_of_max.baseline-to-early",
        "score.car_hematotox.before_lymphodepletion",
        "score.gust_36h.first_36_h",
        "score.log2_easix.early",
    }
    assert wanted <= set(vectors.columns)
    filled = vectors[sorted(wanted - {"score.gust_36h.first_36_h"})].notna().any()
    assert filled[[c for c in filled.index if "ang2" not in c and "hematotox" not in c]].all()
    ratio = vectors["plasma.ferritin.log2_ratio_of_max.baseline-to-early"]
    difference = vectors["plasma.ferritin.difference_of_max.baseline-to-early"]
    both = ratio.notna() & difference.notna()
    assert (np.sign(ratio[both]) == np.sign(difference[both])).all()


@pytest.mark.parametrize("statistic", ["count", "hours_since_last"])
def test_how_often_people_were_tested_is_no_feature_by_default(
    tmp_path: Path, cohort: Cohort, statistic: str
) -> None:
    measured = {"analytes": ["plasma.crp"], "windows": ["early"], "statistics": [statistic]}
    study = study_with(tmp_path, measurements=[measured])
    with pytest.raises(LeakageError, match=statistic):
        build_features(cohort, specify_features(study, cohort), [72.0])
