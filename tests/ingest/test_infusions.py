"""The table of infusions: identifiers, times, columns, and what makes an episode unusable."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from icans_risk.errors import CohortError
from icans_risk.ingest import QualityReport
from icans_risk.ingest.tables.infusions import read_infusions
from icans_risk.study.tables import EpisodeColumn, Infusions

CALENDAR = {"infused": "at", "time_zone": "Europe/Berlin"}


def read(
    folder: Path, text: str, *, episodes: dict[str, EpisodeColumn] | None = None, **source: Any
) -> tuple[pl.DataFrame, QualityReport]:
    (folder / "infusions.csv").write_text(text, encoding="utf-8")
    settings = {"files": (folder / "infusions.csv",), "patient": "id"} | source
    quality = QualityReport()
    return read_infusions(Infusions(**settings), episodes or {}, quality), quality


def codes(quality: QualityReport) -> dict[str, int]:
    return {finding.code: finding.count for finding in quality.findings}


@pytest.mark.parametrize("identifier", ["00123", "1E5", "NA", "True", "12345678901234567890123"])
def test_identifiers_stay_as_they_are(tmp_path: Path, identifier: str) -> None:
    frame, _ = read(tmp_path, f"id\n{identifier}\nX\n")
    assert frame["patient_id"].to_list() == [identifier, "X"]
    assert frame["episode_id"].to_list() == [identifier, "X"]


def test_a_local_infusion_time_becomes_universal_time(tmp_path: Path) -> None:
    frame, _ = read(tmp_path, "id,at\nA,2026-01-05T10:00\nB,2026-07-05 10:00\n", **CALENDAR)
    assert [m.hour for m in frame["infused"]] == [9, 8]
    assert frame["era"].to_list() == ["2026", "2026"]


def test_an_infusion_without_a_time_sets_its_episode_aside(tmp_path: Path) -> None:
    frame, quality = read(tmp_path, "id,at\nA,2026-01-05T10:00\nB,\n", **CALENDAR)
    assert frame["reason"].to_list() == [None, "no_infusion_time"]
    assert codes(quality) == {"no_infusion_time": 1}


def test_an_infusion_in_the_hour_that_the_clock_skipped_has_no_time(tmp_path: Path) -> None:
    frame, _ = read(tmp_path, "id,at\nA,2026-03-29T02:30\nB,2026-03-29T03:30\n", **CALENDAR)
    assert frame["reason"].to_list() == ["no_infusion_time", None]


def test_a_date_alone_is_no_infusion_time(tmp_path: Path) -> None:
    with pytest.raises(CohortError, match="the time of the infusion as well as its date"):
        read(tmp_path, "id,at\nA,2026-01-05\n", **CALENDAR)


def test_a_usual_hour_completes_a_date(tmp_path: Path) -> None:
    frame, _ = read(tmp_path, "id,at\nA,2026-01-05\n", infused_at="11:30", **CALENDAR)
    assert str(frame["infused"][0]) == "2026-01-05 10:30:00+00:00"


def test_a_naive_time_needs_a_zone(tmp_path: Path) -> None:
    with pytest.raises(CohortError, match="time_zone"):
        read(tmp_path, "id,at\nA,2026-01-05T10:00\n", infused="at")


def test_two_rows_of_a_patient_need_an_episode_column(tmp_path: Path) -> None:
    text = "id,at\nA,2026-01-05T10:00\nA,2026-03-05T10:00\n"
    with pytest.raises(CohortError, match=r"rows 2, 3.*infusions\.episode"):
        read(tmp_path, text, **CALENDAR)


def test_the_next_infusion_of_a_patient_is_known(tmp_path: Path) -> None:
    text = "id,ep,at\nA,A2,2026-01-15T10:00\nB,B1,2026-01-05T10:00\nA,A1,2026-01-05T10:00\n"
    frame, _ = read(tmp_path, text, episode="ep", **CALENDAR)
    assert frame["next_infusion_h"].to_list() == [None, None, 240.0]


def test_the_same_row_twice_is_one_infusion(tmp_path: Path) -> None:
    frame, quality = read(tmp_path, "id,at\nA,2026-01-05T10:00\nA,2026-01-05T10:00\n", **CALENDAR)
    assert len(frame) == 1
    assert codes(quality) == {"repeated_infusion": 1}


def test_discharge_and_death_count_from_the_infusion(tmp_path: Path) -> None:
    text = "id,at,out,died\nA,2026-01-05T10:00,2026-01-07,2026-01-06T10:00\n"
    frame, _ = read(tmp_path, text, discharged="out", died="died", **CALENDAR)
    # A date stands for the end of its local day.
    assert frame["discharged_h"].to_list() == [62.0]
    assert frame["died_h"].to_list() == [24.0]


def test_an_age_that_cannot_be_sets_the_episode_aside(tmp_path: Path) -> None:
    frame, quality = read(
        tmp_path, "id,age\nA,-3\nB,61\n", episodes={"age_years": EpisodeColumn(column="age")}
    )
    assert frame["reason"].to_list() == ["impossible_episode", None]
    assert codes(quality) == {"impossible_episode": 1}


@pytest.mark.parametrize("role", ["followed_until", "discharged", "died"])
def test_what_ends_before_the_infusion_sets_the_episode_aside(tmp_path: Path, role: str) -> None:
    text = "id,at,end\nA,2026-01-05T10:00,2026-01-05T09:59\nB,2026-01-05T10:00,2026-01-05T10:00\n"
    frame, quality = read(tmp_path, text, **{role: "end"}, **CALENDAR)
    assert frame["reason"].to_list() == ["impossible_episode", None]
    (finding,) = quality.findings
    assert (finding.file, finding.column, finding.rows) == ("infusions.csv", "end", (2,))


def test_words_are_translated_and_others_stay(tmp_path: Path) -> None:
    source = EpisodeColumn(column="p", words={"Yescarta": "axi-cel"})
    frame, _ = read(tmp_path, "id,p\nA,Yescarta\nB,Novum\nC,\n", episodes={"product": source})
    assert frame["product"].to_list() == ["axi-cel", "Novum", None]


def test_further_columns_are_numbers_only_if_all_cells_are(tmp_path: Path) -> None:
    columns = {name: EpisodeColumn(column=name) for name in ("bmi", "ward")}
    frame, _ = read(tmp_path, "id,bmi,ward\nA,23.5,1\nB,,west\n", episodes=columns)
    assert frame["bmi"].to_list() == [23.5, None]
    assert frame["ward"].to_list() == ["1", "west"]


def test_an_empty_identifier_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CohortError, match=r"expected an identifier.*row 3"):
        read(tmp_path, "id,age\nA,50\n,61\n", episodes={"age_years": EpisodeColumn(column="age")})


def test_a_table_with_a_header_alone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CohortError, match="expected rows under the header"):
        read(tmp_path, "id,age\n")


@pytest.mark.parametrize("cell", ["2026-05-01", "1.5.2026", "05/01/26", "2026-05-01T10:00"])
def test_no_calendar_date_enters_the_episodes(tmp_path: Path, cell: str) -> None:
    columns = {"discharge": EpisodeColumn(column="out")}
    with pytest.raises(CohortError, match=r"no calendar date.*row 3") as caught:
        read(tmp_path, f"id,out\nA,\nB,{cell}\n", episodes=columns)
    assert cell not in str(caught.value)
