"""Archives in the OMOP common data model."""

import csv
import io
import zipfile
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from pydantic import ValidationError

from icans_risk.catalogue import load_catalogue
from icans_risk.errors import CohortError
from icans_risk.ingest.match import Habits, match_episodes
from icans_risk.ingest.stages.times import read_times
from icans_risk.ingest.tables.infusions import order_infusions
from icans_risk.study.archives import OmopFolder, OmopIndex
from ingest.omop_archives import (
    CAR_T,
    CREATININE,
    CRP_CONCEPT,
    SURROGATE,
    TOCILIZUMAB,
    MakeArchive,
    Rows,
    archive,
    cut,
    drug,
    finding,
    measured,
    period,
    read,
    writer,
)


@pytest.fixture
def make(tmp_path: Path) -> MakeArchive:
    return writer(tmp_path)


def test_infusions_carry_what_the_archive_knows(make: MakeArchive) -> None:
    tables = archive() | {
        "DEATH": [{"person_id": 2, "death_date": "2026-07-02", "death_datetime": ""}],
        "OBSERVATION_PERIOD": [
            period(1, "2020-01-01", "2021-01-01"),
            period(1, "2026-01-01", "2026-05-03"),
            period(1, "2026-06-01", "2027-01-01"),
            period(2, "2020-01-01", "2021-01-01"),
        ],
    }
    infusions, _, quality = read(make(tables))
    first, second = infusions.to_dicts()
    assert str(first.pop("infused")) == "2026-05-01 08:00:00+00:00"
    # On the birthday; the period of the infusion ends with the third of May.
    assert first == {
        "patient_id": "1", "episode_id": "1", "reason": None, "era": "2026", "age_years": 66.0,
        "sex": "male", "died_h": None, "followed_until_h": 62.0,
    }  # fmt: skip
    assert str(second["infused"]) == "2026-06-30 21:30:00+00:00"
    # A death known by its day is dated at the end of it; of the birth only the year is known.
    assert (second["died_h"], second["sex"], second["age_years"]) == (48.5, "female", 55.0)
    assert second["followed_until_h"] is None
    assert quality.counts["persons"] == 3
    assert quality.counts["infusions_read"] == 2


def test_bags_of_one_day_are_one_infusion_and_days_are_episodes(make: MakeArchive) -> None:
    tables = archive()
    tables["DRUG_EXPOSURE"] = [
        drug(1, "2026-08-01 09:00:00"),
        drug(1, "2026-05-01 10:30:00"),
        drug(1, "2026-05-01 00:00:00"),
        drug(1, "2026-05-01 10:00:00"),
        drug(1, "2026-05-03 10:00:00", concept="5"),
        drug(2, "2026-05-01 10:00:00"),
    ]
    index = OmopIndex(table="drug_exposure", concepts=(int(CAR_T),), infused_at="08:00")
    infusions, _, quality = read(make(tables, index=index))
    assert infusions["episode_id"].to_list() == ["1-1", "1-2", "2"]
    # The hour that is recorded counts before the usual one.
    assert str(infusions["infused"][0]) == "2026-05-01 08:00:00+00:00"
    assert finding(quality, "merged_infusions") == 2


def test_an_infusion_without_an_hour_is_refused_unless_one_is_stated(make: MakeArchive) -> None:
    tables = archive() | {"DRUG_EXPOSURE": [drug(1, "2026-05-01 00:00:00")]}
    with pytest.raises(CohortError, match=r"1 have a date only .* 'index\.infused_at'"):
        read(make(tables))
    index = OmopIndex(table="drug_exposure", concepts=(int(CAR_T),), infused_at="11:00")
    infusions, _, _ = read(make(tables, index=index))
    assert str(infusions["infused"][0]) == "2026-05-01 09:00:00+00:00"


def test_an_infusion_that_cannot_be_dated_is_left_out_with_a_warning(make: MakeArchive) -> None:
    tables = archive()
    tables["DRUG_EXPOSURE"] += [drug(1, "1899-12-30 10:00:00"), drug(2, "")]
    infusions, _, quality = read(make(tables))
    assert len(infusions) == 2
    (warned,) = [f for f in quality.findings if f.code == "no_infusion_time"]
    assert (warned.severity, warned.rows) == ("warning", (4, 5))


def test_a_death_before_the_infusion_sets_the_episode_aside(make: MakeArchive) -> None:
    deaths = [{"person_id": 1, "death_date": "2026-04-01", "death_datetime": ""}]
    infusions, _, quality = read(make(archive() | {"DEATH": deaths}))
    assert infusions["reason"].to_list() == ["impossible_episode", None]
    assert finding(quality, "impossible_episode") == 1


def test_no_row_that_marks_an_infusion_is_an_error(make: MakeArchive) -> None:
    with pytest.raises(CohortError, match=r"DRUG_EXPOSURE\.csv: expected rows .* \[9\]"):
        read(make(index=OmopIndex(table="drug_exposure", concepts=(9,))))


def test_a_visit_is_an_infusion_only_as_a_surrogate() -> None:
    with pytest.raises(ValidationError, match="a visit is no infusion"):
        OmopIndex(table="visit_occurrence", concepts=(9201,))


def test_a_surrogate_is_said_first_and_is_each_persons_first_row(make: MakeArchive) -> None:
    visits = [
        {"person_id": p, "visit_concept_id": 9201, "visit_start_date": day,
         "visit_start_datetime": ""}
        for p, day in [(1, "2026-03-02"), (1, "2026-01-05"), (2, "1999-01-01"), (2, "2001-01-01")]
    ]  # fmt: skip
    source = make(archive() | {"VISIT_OCCURRENCE": visits}, index=SURROGATE)
    infusions, _, quality = read(source)
    assert [str(day) for day in infusions["infused"].dt.date()] == ["2026-01-05", "2001-01-01"]
    assert "surrogate" in quality.headlines[0]
    assert "no infusion" in quality.headlines[0]
    warned = [f for f in quality.findings if f.code == "surrogate_infusion"]
    assert [(f.severity, f.count) for f in warned] == [("warning", 2)]


def test_a_result_is_found_by_its_loinc_code_and_its_unit_by_ucum(make: MakeArchive) -> None:
    _, results, quality = read(make(ordered_as="protocol"))
    assert results.to_dicts() == [
        {
            "file": "MEASUREMENT.csv", "row": 2, "column": "value_as_number", "key": "1",
            "analyte": "plasma.crp", "text": None, "number": 12.5, "unit": "ug/L",
            "collected": "2026-05-02 06:30:00", "available": None, "ordered_as": "protocol",
            "assay": "",
        }
    ]  # fmt: skip
    assert finding(quality, "persons_without_infusion") == 1
    assert quality.counts["rows_read"] == 1
    assert quality.counts["measurement_rows"] == 2


def test_a_unit_that_is_no_concept_is_taken_as_written(make: MakeArchive) -> None:
    tables = archive()
    tables["MEASUREMENT"] = [
        measured(1, value="1", unit="0"),
        measured(1, value="1", unit="", unit_text=""),
        measured(1, value="1", unit="8748.0"),
    ]
    _, results, _ = read(make(tables, concepts={"1988-5": {"analyte": "plasma.crp", "unit": "g"}}))
    assert results["unit"].to_list() == ["mg/L", "g", "ug/L"]


@pytest.mark.parametrize(
    ("cells", "number", "text", "column"),
    [
        ({"value": "0.5", "operator": "4171756"}, None, "<0.5", "value_as_number"),
        ({"value": "0.5", "operator": "4171754"}, None, "<=0.5", "value_as_number"),
        ({"value": "500", "operator": "4172704"}, None, ">500", "value_as_number"),
        ({"value": "500", "operator": "4171755"}, None, ">=500", "value_as_number"),
        ({"value": "7", "operator": "4172703"}, 7.0, None, "value_as_number"),
        ({"value": "7", "operator": ""}, 7.0, None, "value_as_number"),
        ({"value": "7", "operator": "99"}, None, "?7", "value_as_number"),
        ({"value": "7,5"}, None, "7,5", "value_as_number"),
        ({"text": "<0.5"}, None, "<0.5", "value_source_value"),
        ({"text": "0.5", "operator": "4171756"}, None, "<0.5", "value_source_value"),
        ({"text": "<0.5", "operator": "4171756"}, None, "<0.5", "value_source_value"),
        ({"text": ">500", "operator": "4172704"}, None, ">500", "value_source_value"),
        ({"value": " 7 ", "text": "  "}, 7.0, None, "value_as_number"),
        ({"value": "7", "text": "seven"}, 7.0, None, "value_as_number"),
        ({}, None, None, "value_as_number"),
    ],
)
def test_a_value_is_a_number_or_a_text_with_its_sign(
    make: MakeArchive, cells: dict[str, str], number: float, text: str, column: str
) -> None:
    _, results, _ = read(make(archive() | {"MEASUREMENT": [measured(1, **cells)]}))
    assert results.select("number", "text", "column").row(0) == (number, text, column)


def test_midnight_is_no_hour_and_the_result_is_known_when_the_day_is_over(
    make: MakeArchive,
) -> None:
    times = [
        "2026-05-02 00:00:00", "2026-05-02T00:00:00.000", "2026-05-02 00:00:00Z", "2026-05-02",
        "2026-05-02 00:00:01", "2026-05-02 10:00:00",
    ]  # fmt: skip
    source = make(archive() | {"MEASUREMENT": [measured(1, at, value="1") for at in times]})
    infusions, results, _ = read(source)
    assert results["collected"].to_list() == ["2026-05-02"] * 4 + times[4:]
    habits = Habits("patient_id", "calendar", source.time_zone)
    matched = match_episodes(results, order_infusions(infusions), habits)
    matched = matched.with_columns(value=pl.col("number"), missing=pl.lit(None, pl.String))
    hours = read_times(matched, habits, exported_at=None)["collected_h"].to_list()
    assert hours == pytest.approx([38.0] * 4 + [14.0 + 1 / 3600, 24.0])


def test_the_study_names_concepts_before_codes_before_the_catalogue(make: MakeArchive) -> None:
    tables = archive()
    tables["MEASUREMENT"] = [
        measured(1, value="1"),
        measured(1, value="2", concept=CREATININE),
        measured(1, value="3", concept="12345"),
        measured(1, value="4", concept="0"),
    ]
    concepts = {
        "1988-5": "plasma.ferritin",
        CRP_CONCEPT: {"analyte": "plasma.il6", "assay": "ella"},
        "12345": "csf.protein",
        "999-9": "plasma.ldh",
    }
    _, results, quality = read(make(tables, concepts=concepts))
    assert results["analyte"].to_list() == ["plasma.il6", "plasma.creatinine", "csf.protein"]
    assert results["assay"].to_list() == ["ella", "", ""]
    assert finding(quality, "unmapped_concepts") == 1
    (unknown,) = [f for f in quality.findings if f.code == "unknown_codes"]
    assert "999-9" in unknown.message


def test_without_the_vocabulary_only_identifiers_can_be_mapped(make: MakeArchive) -> None:
    tables = archive()
    del tables["CONCEPT"]
    _, results, _ = read(make(tables, concepts={CRP_CONCEPT: "plasma.crp"}))
    assert results["unit"].to_list() == ["mg/L"]
    with pytest.raises(CohortError, match="expected the table concept"):
        read(make(tables, concepts={"1988-5": "plasma.crp"}))


def test_observations_are_results_too(make: MakeArchive) -> None:
    row = {
        "person_id": 1, "observation_concept_id": "55", "observation_date": "2026-05-02",
        "value_as_string": "3", "unit_source_value": "{score}",
    }  # fmt: skip
    source = make(archive() | {"OBSERVATION": [row]}, concepts={"55": "clinical.gcs"})
    _, results, quality = read(source)
    last = results.row(-1, named=True)
    assert (last["file"], last["column"], last["text"], last["unit"]) == (
        "OBSERVATION.csv", "value_as_string", "3", "{score}",
    )  # fmt: skip
    assert quality.counts["observation_rows"] == 1


def test_a_mapped_drug_is_a_treatment_that_was_given(make: MakeArchive) -> None:
    tables = archive()
    tables["DRUG_EXPOSURE"] += [drug(1, "2026-05-04 18:00:00", TOCILIZUMAB)]
    source = make(tables, concepts={TOCILIZUMAB: "treatment.tocilizumab"})
    _, results, quality = read(source)
    given = results.filter(pl.col("analyte") == "treatment.tocilizumab")
    assert given.select("row", "column", "number", "unit", "collected").row(0) == (
        4, "drug_concept_id", 1.0, "{given}", "2026-05-04 18:00:00",
    )  # fmt: skip
    assert quality.counts["drug_exposure_rows"] == 3


def test_a_result_of_nobody_is_handed_on_for_quarantine(make: MakeArchive) -> None:
    _, results, _ = read(make(archive() | {"MEASUREMENT": [measured("", value="1")]}))
    assert results["key"].to_list() == [None]


@pytest.mark.parametrize("whole", [False, True])
def test_synthea_is_read_as_the_csv_module_reads_it(root: Path, whole: bool) -> None:
    file = cut(root)
    if whole:
        file = root.parent / "shared" / "data" / "omop_synthea27" / "Synthea27Nj_5.4.zip"
        if not file.exists():
            pytest.skip("the whole archive is not here")
    infusions, results, quality = read(
        OmopFolder(folder=file, index=SURROGATE, time_zone="America/New_York")
    )
    rows = by_hand(file)
    persons = {row["person_id"]: row for row in rows["PERSON"]}
    assert quality.counts["persons"] == len(persons) == len(infusions) == (28 if whole else 6)
    assert quality.counts["measurement_rows"] == len(rows["MEASUREMENT"])
    codes = {a.loinc.code: name for name, a in load_catalogue().items() if a.loinc}
    concepts = {
        row["concept_id"]: codes[row["concept_code"]]
        for row in rows["CONCEPT"]
        if row["vocabulary_id"] == "LOINC" and row["concept_code"] in codes
    }
    expected = [
        (n, row["person_id"], concepts[row["measurement_concept_id"]],
         float(row["value_as_number"]), row["unit_source_value"], row["measurement_date"])
        for n, row in enumerate(rows["MEASUREMENT"], start=2)
        if row["measurement_concept_id"] in concepts
    ]  # fmt: skip
    columns = ("row", "key", "analyte", "number", "unit", "collected")
    assert results.select(columns).rows() == expected
    assert len(expected) == (2596 if whole else 860)
    assert len({analyte for _, _, analyte, *_ in expected}) == 8
    sexes = Counter(row["gender_source_value"] for row in rows["PERSON"]) if whole else None
    if sexes is not None:
        assert Counter(infusions["sex"]) == {"male": sexes["M"], "female": sexes["F"]}
    assert infusions["died_h"].count() == len(rows["DEATH"]) == 3


def by_hand(file: Path) -> dict[str, Rows]:
    names = ("PERSON", "MEASUREMENT", "CONCEPT", "DEATH")
    with zipfile.ZipFile(file) as packed:
        return {
            name: list(csv.DictReader(io.StringIO(packed.read(f"{name}.csv").decode())))
            for name in names
        }
