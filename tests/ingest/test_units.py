"""Values in canonical units, by the unit that is stated and never by their size."""

from typing import Any

import polars as pl
import pytest

from icans_risk.catalogue import from_canonical, load_catalogue
from icans_risk.errors import CohortError
from icans_risk.ingest.stages.units import convert_units, refuse_unitless, refuse_unmet_corrections
from icans_risk.study.handling import Handling, UnitCorrection

CATALOGUE = load_catalogue()
CRP, GCS = "plasma.crp", "clinical.gcs"


def results(rows: list[tuple[str, float | None, str | None]], **columns: Any) -> pl.DataFrame:
    given = {"file": "labs.csv", "site": "A", "reason": pl.lit(None, pl.String)} | columns
    frame = pl.DataFrame(
        rows, schema={"analyte": pl.String, "value": pl.Float64, "unit": pl.String}, orient="row"
    )
    literal = {n: pl.lit(v) if isinstance(v, str) else v for n, v in given.items()}
    return frame.with_row_index("row", 2).with_columns(**literal)


def convert(frame: pl.DataFrame, **handling: Any) -> pl.DataFrame:
    return convert_units(frame, Handling(**handling), CATALOGUE)


def correction(unit: str = "mg/dL", **place: Any) -> UnitCorrection:
    because = "The laboratory confirmed it in writing."
    return UnitCorrection(analyte=CRP, unit=unit, because=because, **place)


def test_every_accepted_unit_of_the_catalogue_leads_back_to_the_canonical_value() -> None:
    pairs = [(name, unit) for name, entry in CATALOGUE.items() for unit in entry.accepted_units]
    rows = [
        (name, float(from_canonical([37.5], unit, CATALOGUE[name])[0]), unit)
        for name, unit in pairs
    ]
    read = convert(results(rows))
    assert read["value"].to_list() == pytest.approx([37.5] * len(rows), rel=1e-12)
    assert read["unit_read"].to_list() == [unit for _, unit in pairs]
    assert read["reason"].null_count() == len(rows)


@pytest.mark.parametrize(
    ("analyte", "value", "unit", "canonical"),
    [
        (CRP, 2.0, "mg/dL", 20.0),
        (CRP, 20.0, "mg/L", 20.0),
        (CRP, 2.0, "mg／dL", 20.0),
        ("plasma.d_dimer", 500.0, "ng/mL{FEU}", 500.0),
        ("plasma.d_dimer", 250.0, "ng/mL{DDU}", 500.0),
        ("plasma.d_dimer", 0.5, "mg/L FEU", 500.0),
        ("csf.albumin_quotient", 7.0, "10*-3", 7.0),
        ("csf.albumin_quotient", 0.7, "%", 7.0),
        ("csf.albumin_quotient", 0.007, "1", 7.0),
        ("plasma.ldh", 5.0, "µkat/L", 300.0),
        ("clinical.temperature", 101.3, "degF", 38.5),
        ("clinical.temperature", 311.65, "K", 38.5),
        ("clinical.temperature", 38.5, "°C", 38.5),
        ("plasma.creatinine", 88.4, "µmol/L", 1.0),
        ("plasma.creatinine", 88.4, "μmol/L", 1.0),
        ("plasma.platelets", 30.0, "10⁹/L", 30.0),
        ("plasma.platelets", 30_000.0, "/µl", 30.0),
    ],
)
def test_known_pairs_are_converted(analyte: str, value: float, unit: str, canonical: float) -> None:
    read = convert(results([(analyte, value, unit)]))
    assert read["value"].item() == pytest.approx(canonical, rel=1e-4)
    assert read["reason"].item() is None


def test_rows_keep_their_order_and_their_other_columns() -> None:
    frame = results([(CRP, 2.0, "mg/dL"), (GCS, 15.0, None), (CRP, 3.0, "?"), (CRP, 4.0, "mg/L")])
    read = convert(frame)
    assert read["value"].to_list() == [20.0, 15.0, None, 4.0]
    assert read["reason"].to_list() == [None, None, "unknown_unit", None]
    assert read.columns == [*frame.columns, "unit_read"]
    assert read.drop("value", "unit_read", "reason").equals(frame.drop("value", "reason"))


def test_a_hundred_thousand_rows_are_converted_like_one() -> None:
    read = convert(results([(CRP, 2.0, "mg/dL"), (CRP, 4.0, "mg/L")] * 50_000))
    assert read["value"].unique(maintain_order=True).to_list() == [20.0, 4.0]
    assert read["reason"].null_count() == 100_000


@pytest.mark.parametrize("blank", [None, "", "  "])
def test_a_value_without_a_unit_is_canonical_only_where_nothing_else_can_be_meant(
    blank: str | None,
) -> None:
    read = convert(results([(GCS, 15.0, blank), ("plasma.ferritin", 900.0, blank)]))
    assert read["value"].to_list() == [15.0, None]
    assert read["unit_read"].to_list() == ["{score}", None]
    assert read["reason"].to_list() == [None, "no_unit"]


def test_a_row_with_a_reason_or_without_a_value_is_left_alone() -> None:
    frame = results(
        [(CRP, 2.0, "mg/dL"), (CRP, None, "?"), (CRP, None, None), (CRP, 3.0, "mg/dL")],
        reason=pl.Series(["out_of_reach", None, None, None]),
    )
    read = convert(frame)
    assert read["value"].to_list() == [2.0, None, None, 30.0]
    assert read["reason"].to_list() == ["out_of_reach", None, None, None]
    assert read["unit_read"].to_list() == [None, None, None, "mg/dL"]


def test_the_words_of_the_site_are_translated_first() -> None:
    read = convert(results([(CRP, 2.0, " Einh. "), (CRP, 2.0, "mg/L")]), units={"Einh.": "mg/dl"})
    assert read["value"].to_list() == [20.0, 2.0]


def test_a_correction_overrides_what_is_written_at_its_place_only() -> None:
    frame = results(
        [(CRP, 2.0, "mg/L")] * 3 + [(CRP, 2.0, None), ("plasma.ferritin", 2.0, "mg/L")],
        site=pl.Series(["A", "B", None, "B", "B"]),
    )
    by_site = convert(frame, unit_corrections=(correction(site="B"),))
    assert by_site["value"].to_list() == [2.0, 20.0, 2.0, 20.0, 2000.0]
    by_rows = convert(frame, unit_corrections=(correction(file="labs.csv", rows=(3, 4)),))
    assert by_rows["value"].to_list() == [2.0, 20.0, 20.0, None, 2000.0]
    for other in (correction(file="other.csv", rows=(3, 4)), correction(file="other.csv")):
        unchanged = convert(frame, unit_corrections=(other,))
        assert unchanged["value"].to_list() == [2.0, 2.0, 2.0, None, 2000.0]


def test_a_correction_names_a_unit_and_not_a_word_of_the_site() -> None:
    read = convert(
        results([(CRP, 2.0, "?")]),
        units={"mg/dL": "mg/L"},
        unit_corrections=(correction("mg/dL", site="A"),),
    )
    assert read["value"].to_list() == [20.0]


def test_a_correction_to_a_unit_that_is_not_accepted_is_refused() -> None:
    with pytest.raises(CohortError, match=r"expected one of \['mg/L', .* got 'mol'"):
        convert(results([]), unit_corrections=(correction("mol", site="A"),))


def test_two_corrections_of_one_row_are_refused() -> None:
    fixes = (correction(site="A"), correction("mg/L", file="labs.csv", rows=(3, 9)))
    with pytest.raises(CohortError, match=r"2 \(rows 3, 4\) are named by several"):
        convert(results([(CRP, 1.0, "mg/L")] * 3), unit_corrections=fixes)


def test_a_correction_that_meets_no_row_of_any_chunk_is_refused() -> None:
    rows = results([(CRP, 1.0, "mg/L"), ("plasma.ferritin", 1.0, None)])
    met = correction(file="labs.csv", rows=(2, 2))
    refuse_unmet_corrections(rows, Handling(unit_corrections=(met,)))
    for unmet in (correction(site="B"), correction(file="labs.csv", rows=(3, 9))):
        with pytest.raises(CohortError, match=r"entry 2 \(plasma\.crp\)"):
            refuse_unmet_corrections(rows, Handling(unit_corrections=(met, unmet)))


def test_a_file_without_any_unit_for_an_analyte_is_refused_but_not_one_with_a_few_gaps() -> None:
    first = convert(results([(CRP, 1.0, None), (GCS, 15.0, None)]))
    second = convert(results([(CRP, 1.0, "mg/L"), (CRP, None, None)]))
    unknown = convert(results([(CRP, 1.0, "?")]))
    with pytest.raises(CohortError, match=r"labs\.csv: .*plasma\.crp.*none of its 1 values"):
        refuse_unitless(first, CATALOGUE)
    refuse_unitless(pl.concat([first, second]), CATALOGUE)
    refuse_unitless(pl.concat([first, unknown]), CATALOGUE)
    other_file = second.with_columns(file=pl.lit("more.csv"))
    with pytest.raises(CohortError, match=r"labs\.csv"):
        refuse_unitless(pl.concat([other_file, first]), CATALOGUE)


def test_the_check_of_units_takes_coded_words() -> None:
    words = ("file", "analyte", "unit_read", "reason")
    coded = convert(results([(CRP, 1.0, None)])).select(
        pl.col(word).cast(pl.Categorical) for word in words
    )
    with pytest.raises(CohortError, match=r"plasma\.crp"):
        refuse_unitless(coded, CATALOGUE)
