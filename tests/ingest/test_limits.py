"""What cannot be true is set aside, what is unusual is kept and marked."""

from math import inf, nan, nextafter

import polars as pl
import pytest

from icans_risk.catalogue import Analyte, load_catalogue
from icans_risk.ingest.stages.limits import check_limits

CATALOGUE = load_catalogue()
ENTRIES = [pytest.param(entry, id=name) for name, entry in CATALOGUE.items()]


def checked(analyte: str, values: list[float | None], **columns: object) -> pl.DataFrame:
    schema = {"analyte": pl.String, "value": pl.Float64}
    rows = pl.DataFrame({"analyte": [analyte] * len(values), "value": values}, schema=schema)
    given = {"reason": pl.lit(None, pl.String)} | columns
    return check_limits(rows.with_columns(**given), CATALOGUE)


@pytest.mark.parametrize("entry", ENTRIES)
def test_the_hard_limits_are_possible_and_one_step_outside_is_not(entry: Analyte) -> None:
    low, high = entry.hard_limits
    inside = [low, nextafter(low, inf), nextafter(high, -inf), high]
    outside = [nextafter(low, -inf), nextafter(high, inf), -inf, inf, nan]

    assert checked(entry.full_name, inside)["reason"].to_list() == [None] * 4
    refused = checked(entry.full_name, outside)
    assert refused["reason"].to_list() == ["impossible_value"] * 5
    assert not refused["unusual"].any()


@pytest.mark.parametrize("entry", ENTRIES)
def test_what_is_possible_is_unusual_only_outside_the_soft_limits(entry: Analyte) -> None:
    low, high = entry.soft_limits or entry.hard_limits
    assert not checked(entry.full_name, [low, high])["unusual"].any()

    steps = [nextafter(low, -inf), nextafter(high, inf)]
    possible = [x for x in steps if entry.hard_limits[0] <= x <= entry.hard_limits[1]]
    rows = checked(entry.full_name, possible)
    assert rows["unusual"].to_list() == [True] * len(possible)
    assert rows["reason"].to_list() == [None] * len(possible)


def test_an_earlier_reason_stays_and_such_a_row_is_not_unusual() -> None:
    rows = checked("plasma.crp", [-1.0, 900.0], reason=pl.lit("unknown_unit"))

    assert rows["reason"].to_list() == ["unknown_unit", "unknown_unit"]
    assert rows["unusual"].to_list() == [False, False]


def test_several_analytes_are_judged_each_by_its_own_limits_in_the_given_order() -> None:
    names = ["clinical.temperature", "plasma.crp", "plasma.nfl@ella", "clinical.temperature"]
    rows = pl.DataFrame({"row": [2, 3, 4, 5], "analyte": names, "value": [373.0, 373, 60000, 38]})
    result = check_limits(rows.with_columns(reason=pl.lit(None, pl.String)), CATALOGUE)

    assert result["row"].to_list() == [2, 3, 4, 5]
    assert result["reason"].to_list() == ["impossible_value", None, "impossible_value", None]
    assert result.columns == ["row", "analyte", "value", "reason", "unusual"]


def test_a_table_without_rows_and_a_row_without_a_value_pass() -> None:
    assert checked("plasma.crp", []).schema["unusual"] == pl.Boolean
    assert checked("plasma.crp", [None]).rows() == [("plasma.crp", None, None, False)]
