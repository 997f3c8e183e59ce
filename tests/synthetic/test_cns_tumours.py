"""Tumours of the nervous system: local inflammation, what CSF shows of it, and TIAN."""

import numpy as np
import pandas as pd
import pytest

from icans_risk.synthetic import Simulated, load, simulate
from icans_risk.synthetic.tallies import select


def first_after(cns: Simulated, analyte: str) -> pd.Series:
    """The first value after the infusion, by episode."""
    values = select(cns.cohort, analyte)
    after = values[values["collected_h"] > 0].sort_values("collected_h")
    return after.drop_duplicates("episode_id").set_index("episode_id")["value"].astype(float)


def test_the_grades_come_in_their_shares_whatever_csf_tells_of_them() -> None:
    for in_grade in (0.0, 0.95):
        numbers = load().changed(tian__size_in_grade=in_grade)
        local = simulate(700, seed=9, product_mix="cns", parameters=numbers).truth.local
        found = np.bincount(local["tian_grade"].astype(int), minlength=5) / len(local)
        assert found == pytest.approx(load().several("tian.grades"), abs=0.035)


def test_the_true_risk_is_the_share_that_reaches_grade_3() -> None:
    local = simulate(1_500, seed=4, product_mix="cns").truth.local
    is_severe = local["tian_grade"] >= 3
    assert local["true_risk"].mean() == pytest.approx(is_severe.mean(), abs=0.02)
    high = local["true_risk"] > 0.5
    assert is_severe[high].mean() == pytest.approx(local["true_risk"][high].mean(), abs=0.05)


@pytest.mark.parametrize(
    "analyte",
    ["csf.cxcl9", "csf.cxcl10", "csf.mcp1", "csf.ifn_gamma", "csf.car_t_cells",
     "csf.intracranial_pressure"],
)  # fmt: skip
def test_csf_shows_how_much_local_inflammation_there_is(cns: Simulated, analyte: str) -> None:
    value = first_after(cns, analyte)
    size = cns.truth.local.set_index("episode_id")["size"].reindex(value.index)
    assert value.corr(size, method="spearman") > 0.1


def test_csf_before_tian_knows_the_size_and_not_the_grade_to_come() -> None:
    """Of two infusions with the same inflammation, the graver one has the same fluid."""
    made = simulate(900, seed=8, product_mix="cns")
    local = made.truth.local.set_index("episode_id")
    value = np.log(first_after(made, "csf.cxcl10"))
    later = local.reindex(value.index)
    later = later[later["tian_h"] > 48]
    table = pd.DataFrame({"size": later["size"], "hour": np.log(later["tian_h"])})
    table = table.assign(one=1.0, square=later["size"] ** 2)
    fitted, *_ = np.linalg.lstsq(table.to_numpy(), value[later.index].to_numpy(), rcond=None)
    left = value[later.index] - table.to_numpy() @ fitted
    assert abs(left.corr(later["tian_grade"])) < 0.05
    assert value[later.index].corr(later["tian_grade"]) > 0.1


def test_a_reservoir_is_sampled_before_each_infusion_and_nobody_else_has_one(
    cns: Simulated,
) -> None:
    pressure = select(cns.cohort, "csf.intracranial_pressure")
    before = pressure[pressure["collected_h"] <= 0]
    assert set(before["episode_id"]) == set(cns.cohort.episodes["episode_id"])
    assert set(pressure["ordered_as"]) == {"protocol"}
    blood = simulate(20, seed=1).cohort
    assert select(blood, "csf.intracranial_pressure").empty
    assert "lymphodepletion" not in blood.episodes


def test_cells_given_locally_come_without_lymphodepletion(cns: Simulated) -> None:
    episodes = cns.cohort.episodes
    is_local = episodes["delivery_route"] != "intravenous"
    assert (episodes["lymphodepletion"] == "none").tolist() == is_local.tolist()
    assert episodes["lymphodepletion_start_h"].isna().tolist() == is_local.tolist()
    platelets = select(cns.cohort, "plasma.platelets")
    second_week = platelets[platelets["collected_h"].between(72, 240)]
    local = second_week["episode_id"].isin(episodes.loc[is_local, "episode_id"])
    median = second_week.groupby(local)["value"].median()
    assert median[False] < 0.8 * median[True]
