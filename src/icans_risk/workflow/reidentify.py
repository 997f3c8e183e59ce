"""Who is behind a pseudonym: an explicit step of whoever holds the key, and logged."""

import csv
import io
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from icans_risk.errors import StudyError
from icans_risk.ingest import make_key, pseudonym, read_key, read_patients
from icans_risk.study import load_study
from icans_risk.workflow.files import write_whole

__all__ = ["new_key", "reidentify"]

# Makes the key file that this step needs.
new_key = make_key


def reidentify(study_file: Path | str, out: Path, *, user: str) -> dict[str, Any]:
    """Write the table of pseudonyms and identifiers, and log that it was done.

    Parameters
    ----------
    study_file : path-like
        A study with ``handling.pseudonym_key``, whose sources are at hand.
    out : Path
        The table, CSV, mode 0600.
    user : str
        Who asked, for the log.

    Returns
    -------
    dict
        How many episodes, where the table and the log are.

    Raises
    ------
    IcansRiskError
        If the study names no key, or the key or the sources cannot be read.
    """
    study = load_study(study_file)
    file = study.data.handling.pseudonym_key
    if file is None:
        raise StudyError(
            f"{study_file}: names no key ('handling.pseudonym_key'), so its cohort holds the "
            "identifiers themselves."
        )
    key = read_key(file)
    known = read_patients(study.data)
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(["episode_pseudonym", "patient_pseudonym", "episode_id", "patient_id"])
    for patient_id, episode_id in known:
        names = (
            pseudonym(episode_id, key, kind="episode"),
            pseudonym(patient_id, key, kind="patient"),
        )
        writer.writerow([*names, episode_id, patient_id])
    log = file.with_name(file.name + ".log")
    # Logged before it is done: a table without its line in the log must not exist.
    _append(log, {"user": user, "study": study.study, "episodes": len(known), "table": out.name})
    write_whole(out, lines.getvalue())
    return {"episodes": len(known), "table": str(out), "log": str(log)}


def _append(log: Path, entry: dict[str, Any]) -> None:
    entry = {"at": datetime.now(UTC).isoformat(timespec="seconds"), **entry}
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "a", encoding="utf-8") as stream:
        stream.write(json.dumps(entry) + "\n")
