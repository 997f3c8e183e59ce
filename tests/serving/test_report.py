"""Pages for new patients from released models, as their user asks for them."""

import json
import stat
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fhir.resources.R4B.riskassessment import RiskAssessment
from typer.testing import CliRunner

from icans_risk.cli.main import app
from icans_risk.errors import CohortError, IcansRiskError, ModelError
from icans_risk.serving import score
from icans_risk.workflow.other_formats import Formats
from icans_risk.workflow.report import PageStyle, report_patients
from icans_risk.workflow.served_context import describe_served
from icans_risk.workflow.served_episodes import describe_scored
from report.parsing import Page, parse
from serving.example import Example
from workflow.small import write_cohort


def call(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def page(file: Path) -> Page:
    return parse(file.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def told(example: Example, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """All patients of the other cohort, by the models of both landmarks."""
    out = tmp_path_factory.mktemp("report") / "pages"
    return report_patients(example.models, example.cohort_folder, out=out)


@pytest.fixture(scope="module")
def folder(told: dict[str, Any]) -> Path:
    return Path(told["reports"])


def test_every_patient_has_a_page_at_every_landmark(
    example: Example, told: dict[str, Any], folder: Path
) -> None:
    assert {file.name for file in folder.iterdir()} == {"72h", "96h", "index.html"}
    patients = len(example.cohort.episodes)
    for landmark in ("72h", "96h"):
        assert len(list((folder / landmark).glob("patient-*.html"))) == patients
        assert {"index.html", "cohort.html"} <= {f.name for f in (folder / landmark).iterdir()}
        assert sum(told["statuses"][landmark].values()) == patients


def test_pages_are_for_their_owner_only(folder: Path) -> None:
    for file in folder.rglob("*"):
        assert stat.S_IMODE(file.stat().st_mode) == (0o700 if file.is_dir() else 0o600)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_page_prints_the_risk_that_scoring_gives(example: Example, folder: Path) -> None:
    scored = score(example.cohort, [example.served], data_kind="synthetic")
    rows = scored.predictions.reset_index(drop=True)
    answered = rows[rows["status"] == "answered"]
    assert len(answered) > 30
    for position, row in answered.head(10).iterrows():
        shown = page(folder / "72h" / f"patient-{int(str(position)) + 1:03d}.html")
        assert shown.text("episode") == row["episode_id"]
        assert f"Exactly: {row['risk']:.3f}, range {row['risk_low']:.3f}" in shown.text("estimate")


def test_a_new_patient_s_values_stand_beside_the_study_s_and_what_was_absent_is_ranked(
    example: Example, folder: Path
) -> None:
    facts = example.served.facts
    assert {name.split(".")[0] for name in facts["plausible"]} <= {"plasma", "clinical"}
    shown = [page(file).everything for file in sorted((folder / "72h").glob("patient-*.html"))]
    assert any("half of the study's patients" in text for text in shown)
    assert any("by how much less would be unknown on average" in text for text in shown)


def test_a_page_says_that_its_model_was_released_and_not_that_it_is_held_out(folder: Path) -> None:
    answered = [page(file) for file in sorted((folder / "72h").glob("patient-*.html"))]
    answered = [shown for shown in answered if "estimate" in shown.texts]
    for shown in answered:
        assert "an estimate of a released model" in shown.text("held-out")
        assert "held-out estimate" not in shown.everything
        assert "This patient is none of them" in shown.text("base-rates")
    assert "another hospital, product or period was never tried" in answered[0].text("limits")


def test_a_patient_without_an_estimate_gets_the_reason_and_no_number(
    example: Example, folder: Path
) -> None:
    scored = score(example.cohort, [example.served], data_kind="synthetic")
    rows = scored.predictions.reset_index(drop=True)
    for position, row in rows[rows["status"] != "answered"].iterrows():
        shown = page(folder / "72h" / f"patient-{int(str(position)) + 1:03d}.html")
        assert row["reason"] in shown.text("reason")
        assert "estimate" not in shown.texts


def test_the_course_over_landmarks_is_on_the_later_page(folder: Path) -> None:
    pages = [page(file) for file in (folder / "96h").glob("patient-*.html")]
    assert any("course" in shown.texts for shown in pages)
    assert not any("course" in page(f).texts for f in (folder / "72h").glob("patient-*.html"))


def test_one_episode_alone_gets_the_risk_that_it_gets_among_others(
    example: Example, folder: Path, tmp_path: Path
) -> None:
    position = 3
    wanted = str(example.cohort.episodes["episode_id"].iloc[position])
    out = tmp_path / "one"
    report_patients(example.models[:1], example.cohort_folder, out=out, episodes=[wanted])
    assert sorted(f.name for f in out.iterdir()) == [
        "cohort.html", "index.html", "patient-001.html"
    ]  # fmt: skip
    alone, among = page(out / "patient-001.html"), page(folder / "72h" / "patient-004.html")
    for mark in ("episode", "risk", "range"):
        assert alone.texts.get(mark) == among.texts.get(mark)


def test_an_episode_that_is_not_there_is_said_without_its_name(
    example: Example, tmp_path: Path
) -> None:
    with pytest.raises(CohortError, match="1 of the 1 asked for") as caught:
        report_patients(
            example.models[:1], example.cohort_folder, out=tmp_path / "x", episodes=["MRN-77"]
        )
    assert "MRN-77" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_patients_whom_a_model_was_fitted_on_are_refused(example: Example, tmp_path: Path) -> None:
    trained_on = example.cohort_folder.parents[1] / "here" / "cohort"
    with pytest.raises(ModelError, match="was fitted on"):
        report_patients(example.models[:1], trained_on, out=tmp_path / "x")


def test_a_model_of_synthetic_patients_writes_no_pages_of_real_ones(
    example: Example, tmp_path: Path
) -> None:
    tables = tmp_path / "tables"
    tables.mkdir()
    for name in ("episodes", "events", "grades"):
        getattr(example.cohort, name).to_parquet(tables / f"{name}.parquet")
    with pytest.raises(ModelError, match="of one kind"):
        report_patients(example.models[:1], tables, out=tmp_path / "x")


def test_a_patient_who_cannot_be_read_has_a_page_that_says_so(
    example: Example, tmp_path: Path
) -> None:
    tables = tmp_path / "tables"
    tables.mkdir()
    events = example.cohort.events.copy()
    first, second = example.cohort.episodes["episode_id"].iloc[:2]
    events.loc[events["episode_id"] == first, "available_h"] = -1e9
    chosen = {
        "episodes": example.cohort.episodes,
        "events": events,
        "grades": example.cohort.grades,
    }
    for name, table in chosen.items():
        table[table["episode_id"].isin([first, second])].to_parquet(tables / f"{name}.parquet")
    out = tmp_path / "pages"
    told = report_patients(example.models[:1], tables, out=out, data_kind="synthetic")
    assert told["statuses"]["72h"]["unreadable"] == 1
    assert "cannot be read" in page(out / "patient-001.html").text("reason")
    assert page(out / "patient-002.html").text("episode") == second


def test_fhir_and_cards_of_synthetic_patients_have_to_be_asked_for_by_name(
    example: Example, tmp_path: Path
) -> None:
    for formats in (Formats(fhir=True), Formats(cds=True)):
        with pytest.raises(IcansRiskError, match="--synthetic-too"):
            report_patients(
                example.models[:1], example.cohort_folder, out=tmp_path / "x", formats=formats
            )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.needs_poppler
def test_everything_can_be_asked_for_on_the_command_line(example: Example, tmp_path: Path) -> None:
    episodes = example.cohort.episodes.iloc[:2]
    asked = [part for name in episodes["episode_id"] for part in ("--episode", name)]
    out, summary = tmp_path / "pages", tmp_path / "told.json"
    done = call(
        "report", "--model", example.models[0], "--cohort", example.cohort_folder, *asked,
        "--out", out, "--pdf", "--lang", "de", "--blind-first", "--fhir", "--cds",
        "--synthetic-too", "--json", summary,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "SYNTHETIC DATA: no evidence about patients." in done.output
    assert "72h: 2 episodes" in done.output
    assert json.loads(summary.read_text())["episodes"] == 2
    patient = {
        f"patient-00{n}{end}"
        for n in (1, 2)
        for end in (".html", ".pdf", ".fhir.json", ".cds.json")
    }
    assert {file.name for file in out.iterdir()} == {"index.html", "cohort.html", *patient}
    assert (out / "patient-001.pdf").read_bytes().startswith(b"%PDF-")
    assessment = json.loads((out / "patient-001.fhir.json").read_text())
    RiskAssessment.model_validate(assessment)
    assert assessment["subject"] == {"reference": f"Patient/{episodes['patient_id'].iloc[0]}"}
    (card,) = json.loads((out / "patient-002.cds.json").read_text())["cards"]
    assert card["indicator"] == "info"
    html = (out / "patient-001.html").read_text(encoding="utf-8")
    assert '<html lang="de">' in html
    assert '<html lang="de">' in (out / "index.html").read_text(encoding="utf-8")
    assert "blind" in parse(html).texts or "no-estimate" in parse(html).texts


def test_nothing_is_overwritten(example: Example, tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    done = call(
        "report", "--model", example.models[0], "--cohort", example.cohort_folder,
        "--out", tmp_path / "pages",
    )  # fmt: skip
    assert "must be new" in str(done.exception)


def test_what_fails_late_leaves_nothing_behind(
    example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full_disk)
    with pytest.raises(OSError, match="No space left"):
        report_patients(example.models[:1], example.cohort_folder, out=tmp_path / "pages")
    assert list(tmp_path.iterdir()) == []


def may_be_named(example: Example, supported: list[str]) -> set[str]:
    """Say which inputs pages may name, had held-out patients spoken for these."""
    served = example.served
    reasons = served.facts["reasons"] | {"supported": supported}
    facts = {**served.facts, "reasons": reasons}
    asked = replace(served, released=replace(served.released, facts=facts))
    cohort, ids = example.cohort, example.cohort.episodes["episode_id"].tolist()
    scored = score(cohort, [asked], data_kind="synthetic")
    results = describe_scored(cohort, scored, asked, episode_ids=ids)
    return {
        name for episode in results for name, share in episode.agreement.items() if share == share
    }


def test_pages_name_only_inputs_that_held_out_patients_speak_for(example: Example) -> None:
    assert may_be_named(example, []) == set()
    assert may_be_named(example, ["plasma.crp", "static.product"]) == {
        "plasma.crp", "static.product"
    }  # fmt: skip


def test_a_model_keeps_what_held_out_patients_speak_for(example: Example) -> None:
    kept, found = example.served.facts["reasons"], example.results[0].explaining
    assert kept["supported"] == list(found.supported)
    assert kept["together"] == [list(group) for group in found.together]


def test_pages_of_new_patients_need_no_more_than_a_cohort_has(
    example: Example, tmp_path: Path
) -> None:
    tables = tmp_path / "tables"
    tables.mkdir()
    first = example.cohort.episodes["episode_id"].iloc[0]
    for name in ("episodes", "events"):
        table: pd.DataFrame = getattr(example.cohort, name)
        table[table["episode_id"] == first].to_csv(tables / f"{name}.csv", index=False)
    out = tmp_path / "pages"
    style = PageStyle(units="si")
    report_patients(example.models[:1], tables, out=out, data_kind="synthetic", style=style)
    assert page(out / "patient-001.html").text("episode") == first


@pytest.mark.slow
def test_500_pages_take_less_than_a_minute_of_one_core(example: Example, tmp_path: Path) -> None:
    cohort = write_cohort(tmp_path / "many", patients=500, seed=99)
    started = time.process_time()
    told = report_patients(example.models[:1], cohort, out=tmp_path / "pages")
    assert told["episodes"] == 500
    assert time.process_time() - started < 60


def test_pages_of_a_moved_model_say_what_moved_it(example: Example) -> None:
    served = example.served
    step = {"method": "transport", "sentence": "12.0 % at other centres, and no local outcome."}
    moved = replace(
        served,
        released=replace(
            served.released, facts={**served.released.facts, "recalibrations": [step]}
        ),
    )
    note = describe_served(moved, landmarks_h=[72.0]).notes[-1]
    assert note.startswith("The model was moved to other patients by what is published: 12.0 %")
    assert note not in describe_served(served, landmarks_h=[72.0]).notes
