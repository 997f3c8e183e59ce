"""Draft a study file from the tables of an export."""

from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap
from typing import Any

from icans_risk.catalogue import load_catalogue
from icans_risk.errors import StudyError
from icans_risk.features.scores import SCORES
from icans_risk.ingest.draft.lines import FILL_IN, Lines
from icans_risk.ingest.draft.peek import LOOKED_AT, Peek
from icans_risk.ingest.draft.write import DataDraft, draft_data
from icans_risk.workflow.files import check_folder, write_whole
from icans_risk.workflow.progress import SILENT, Progress

__all__ = ["draft_study"]

_HEAD = f"""\
# yaml-language-server: $schema=study.schema.json
#
# A draft. Everything marked "guess" is read off the first {LOOKED_AT:,} rows of each table: look
# at each. What is marked "TODO" no data can tell: fill it in where {FILL_IN} stands. Hours are
# hours since infusion. With `icans-risk schema > study.schema.json` in the folder of this file,
# an editor completes and explains every key.

study: my_study
title: Severe ICANS after CAR T-cells
data_kind: real
profile: quick  # full, once the settings are those for results
seed: 1
"""

_OUTCOME = """
outcome:
  scale: {scale}
  endpoints:
    - {{grade: icans_grade, at_least: 3}}  # the first is the one that models predict
  landmarks_h: [72]  # predict at this hour, among those who did not reach the endpoint yet
  until_h: 336  # the end of day 13
  # What the end of observation means: discharged_well counts those who went home without the
  # endpoint as free of it, observed_only weighs those who were observed to the horizon.
  end_of_observation: {policy}
{sensitivity}
# Treatments given later are part of local practice: what is predicted is the risk under it. Of
# what was measured after a drug against inflammation was given for toxicity, ignore counts all and
# censor nothing; include_before_landmark counts all, and the drug too (presence: informative).
treatment_policy: ignore
"""

_WINDOWS = """
features:
  # Values count that were collected in the window, start < time <= end, and were available at
  # the landmark.
  windows:
    baseline: {anchor: infusion, end_h: 0}
    early: {anchor: infusion, start_h: 0, end_h: 72}
"""

_REST = """
validation:
  folds: 5
  repeats: 10
  resamples: 1000
"""

_AT_BEDSIDE = ("plasma", "clinical")


def draft_study(
    tables: Sequence[Path], out: Path, *, progress: Progress = SILENT
) -> dict[str, Any]:
    """Look at tables and write a study file that reads them, to be completed by hand.

    Parameters
    ----------
    tables : sequence of Path
        CSV, TSV, XLSX or Parquet: infusions, results, grades, in any order.
    out : Path
        The study file; must not exist.
    progress : Progress
        Told what the job is doing.

    Returns
    -------
    dict
        ``file``, ``tables`` (names of files and sheets, what each is), ``guesses``, ``todos``.

    Raises
    ------
    StudyError
        If the file exists.
    CohortError
        If a table cannot be read or is nothing that a study needs.
    """
    if out.exists():
        raise StudyError(f"{out}: exists, and is never overwritten. Name another file by --out.")
    check_folder(out)
    progress.stage("looking at the tables", steps=None)
    data = draft_data(tables, folder=out.parent)
    rest = Lines()
    _write_outcome(rest, data)
    _write_features(rest, data)
    _write_models(rest, data)
    text = "\n".join([_HEAD, *data.lines.text, *rest.text, _REST])
    write_whole(out, text)
    return {
        "file": str(out),
        "tables": [
            {"names": [_name_of(found) for found in table.peeks], "role": table.role}
            for table in data.tables
        ],
        "guesses": data.lines.guesses + rest.guesses,
        "todos": data.lines.todos + rest.todos,
    }


def _name_of(found: Peek) -> str:
    return found.file.name if found.sheet is None else f"{found.file.name} ({found.sheet})"


def _write_outcome(lines: Lines, data: DataDraft) -> None:
    goes_home = data.has("infusions", "discharged")
    policy = "discharged_well" if goes_home else "observed_only"
    sensitivity = "  sensitivity: [observed_only]\n" * goes_home
    scale = data.scale or "ASTCT"
    lines.text += _OUTCOME.format(scale=scale, policy=policy, sensitivity=sensitivity).splitlines()
    if data.scale is None:
        at = lines.text.index(f"  scale: {scale}")
        lines.text[at] += "  # guess: the scale of the grades above"
        lines.guesses += 1


def _measured(data: DataDraft) -> list[str]:
    """List what was found and may become a feature, in the catalogue's order."""
    found = data.analytes | ({"clinical.crs_grade"} if data.has("grades", "crs_grade") else set())
    catalogue = load_catalogue()
    return [name for name in catalogue if name in found and catalogue[name].leak_class == "safe"]


def _scores(data: DataDraft) -> list[str]:
    # A logarithm says nothing new to a tree, and a score with a window of its own needs a
    # look at the landmark and at lymphodepletion first: both are for a person to add.
    return [
        name
        for name, score in SCORES.items()
        if score.window is None
        and not name.startswith("log2_")
        and {read.analyte for read in score.reads} <= data.analytes
    ]


def _static(data: DataDraft) -> list[str]:
    return [name for name in ("product", "age_years") if data.has("infusions", name)]


def _write_features(lines: Lines, data: DataDraft) -> None:
    lines.text += _WINDOWS.splitlines()
    names = _measured(data)
    bedside = [name for name in names if name.startswith(_AT_BEDSIDE)]
    others = [name for name in names if name not in bedside]
    if names:
        lines.add(1, "measurements:")
    _write_measurements(lines, bedside, {"baseline": "last", "early": "last, max, slope_per_day"})
    if others:
        lines.add(2, "# After infusion only what a protocol ordered is admitted.")
    _write_measurements(lines, others, {"baseline, early": "last"})
    if _scores(data):
        lines.add(1, "scores:")
    for score in _scores(data):
        lines.add(2, f"- {{score: {score}, windows: [baseline, early]}}")
    lines.add(1, f"static: [{', '.join(_static(data))}]")
    lines.add(1, "presence: protocol_only")


def _write_measurements(lines: Lines, names: Sequence[str], windows: dict[str, str]) -> None:
    for window, statistics in windows.items() if names else ():
        listed = wrap(f"- analytes: [{', '.join(names)}]", 90, subsequent_indent=" " * 14)
        for line in listed:
            lines.add(2, line)
        lines.add(3, f"windows: [{window}]")
        lines.add(3, f"statistics: [{statistics}]")


def _write_models(lines: Lines, data: DataDraft) -> None:
    """Name the plain models that the booster has to beat."""
    columns = {
        "prevalence": ("Prevalence", "prevalence", "[]"),
        "product": ("Product alone", "logistic", "[static.product]"),
    }
    if "product" not in _static(data):
        del columns["product"]
    if "clinical.crs_grade" in _measured(data):
        crs = "[clinical.crs_grade.last.early]"
        columns["current_crs"] = ("Current CRS grade", "logistic", crs)
    if "m_easix" in _scores(data):
        columns["m_easix"] = ("m-EASIX to 72 h", "log2_score", "[score.m_easix.early]")
    lines.text += ["", "models:", "  booster: {rounds: 60, max_depth: 2, learning_rate: 0.05}"]
    lines.add(1, "comparators:  # what a sceptic would try first, on the same patients")
    for name, (label, model, chosen) in columns.items():
        lines.add(2, f"- {{name: {name}, label: {label}, model: {model}, columns: {chosen}}}")
    label = "label: Penalised logistic regression"
    lines.add(2, f"- {{name: penalised_logistic, {label}, model: elastic_net, columns: all}}")
