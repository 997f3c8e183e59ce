"""Exports with one fault each: what is said about it, and what is done."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from icans_risk.errors import CohortError
from icans_risk.ingest.quality import Finding
from icans_risk.ingest.reasons import LEFT_OUT, REASONS
from icans_risk.workflow.ingest import check_study, ingest_study
from ingest.faulty import FAULTS, PATIENTS, PLANTED, Export, Fault, clean_export


@dataclass(frozen=True)
class Outcome:
    """What became of an export: its findings, the error that stopped it, what was set aside."""

    findings: tuple[Finding, ...]
    error: str
    quarantine: tuple[str, ...]
    episodes: int
    planted: tuple[str, ...]


def read(export: Export, folder: Path) -> Outcome:
    study, out, planted = export.write(folder), folder / "out", tuple(export.planted)
    try:
        findings = findings_of(ingest_study(study, out))
    except CohortError as error:
        assert not out.exists()
        assert not list(folder.glob(".out*"))
        return Outcome(findings_before(study), str(error), (), 0, planted)
    file = out / "quarantine.csv"
    reasons = pl.read_csv(file)["reason"].to_list() if file.exists() else []
    episodes = len(pl.read_parquet(out / "cohort" / "episodes.parquet"))
    return Outcome(findings, "", tuple(reasons), episodes, planted)


def findings_before(study: Path) -> tuple[Finding, ...]:
    try:
        return findings_of(check_study(study))
    except CohortError:
        return ()


def findings_of(found: dict[str, Any]) -> tuple[Finding, ...]:
    return tuple(Finding(**finding) for finding in found["findings"])


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Outcome]:
    @cache
    def outcome(name: str) -> Outcome:
        export = clean_export()
        FAULTS[name].damage(export)
        return read(export, tmp_path_factory.mktemp("export"))

    return outcome


def said(fault: Fault, outcome: Outcome) -> Finding:
    """Return the finding of a fault; an error of the infusions is raised before any other."""
    if fault.code == "raised":
        return Finding("raised", "error", "", "", "", (), 1, outcome.error, "")
    (finding,) = (
        f for f in outcome.findings if f.code == fault.code and f.file in ("", fault.file)
    )
    return finding


def test_a_clean_export_has_no_finding(tmp_path: Path) -> None:
    clean = read(clean_export(), tmp_path)
    assert (clean.findings, clean.error, clean.quarantine) == ((), "", ())
    assert clean.episodes == len(PATIENTS)


EPISODE_REASONS = {"no_infusion_time": 16, "impossible_episode": 16}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_where_it_is_and_handled_as_stated(
    name: str, outcomes: Callable[[str], Outcome]
) -> None:
    fault, outcome = FAULTS[name], outcomes(name)
    finding = said(fault, outcome)
    assert finding.severity == fault.severity
    if fault.code in ("refused", "raised"):
        assert finding.message.startswith(fault.file)
        assert f"column {fault.column!r}" in finding.message or not fault.column
        assert re.search(rf"\b{fault.count}\b.*rows? \d|found {fault.count}\b|its {fault.count}\b",
                         finding.message) or not fault.count  # fmt: skip
    else:
        at = finding.file, finding.column, finding.count
        assert at == (fault.file, fault.column, fault.count)
    assert bool(outcome.error) == (fault.severity == "error")
    is_set_aside = fault.code in set(REASONS) - LEFT_OUT
    rows = EPISODE_REASONS.get(fault.code, fault.count) if is_set_aside else 0
    assert list(outcome.quarantine) == [fault.code] * rows


@pytest.mark.parametrize("name", FAULTS)
def test_a_message_says_where_how_many_and_what_to_do_and_shows_no_cell(
    name: str, outcomes: Callable[[str], Outcome]
) -> None:
    outcome = outcomes(name)
    said_all = [*outcome.findings, *([outcome.error] if outcome.error else [])]
    assert said_all
    for finding in said_all:
        text = finding if isinstance(finding, str) else finding.sentence()
        assert "\n" not in text
        assert re.search(r"(results|infusions|grades)\.csv", text)
        assert PLANTED not in text
        assert not [patient for patient in PATIENTS if patient in text]
        assert not [cell for cell in outcome.planted if len(cell) > 2 and cell in text]
        # What is wrong, and then what to do about it.
        assert len(re.findall(r"[.;:)] [A-Z]", text)) >= 1
        if not isinstance(finding, str) and finding.code != "refused":
            assert finding.action
            assert finding.count >= max(1, len(finding.rows))


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_is_said_with_its_remedy(
    reason: str, outcomes: Callable[[str], Outcome]
) -> None:
    found = [f for name in FAULTS for f in outcomes(name).findings if f.code == reason]
    # A platform is left out only where a study chose another.
    assert found or reason == "other_platform"
    for finding in found:
        assert finding.message
        assert REASONS[reason].remedy in finding.action or finding.file == "infusions.csv"
        is_harmless = reason in LEFT_OUT - {"unknown_patient"}
        assert finding.severity == ("note" if is_harmless else "warning")


def test_a_further_column_of_an_export_changes_nothing(tmp_path: Path) -> None:
    export = clean_export()
    for name in ("infusions", "results", "grades"):
        setattr(export, name, getattr(export, name).assign(comment=f'{PLANTED}, "so"'))
    outcome = read(export, tmp_path)
    assert (outcome.findings, outcome.error, outcome.quarantine) == ((), "", ())
    assert outcome.episodes == len(PATIENTS)
