"""The list of raw files with what became of each: for pages, tables and summaries."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from icans_risk.signals.reasons import Reason

__all__ = [
    "list_recordings",
    "recordings_table",
    "summarise_recordings",
    "without_picture",
]

Listed = Sequence[Mapping[str, Any]]


def list_recordings(
    recordings: pd.DataFrame,
    results: Listed,
    *,
    reasons: Mapping[str, Reason],
    flags: Mapping[str, str],
) -> list[dict[str, Any]]:
    """Put each row of the list beside its result, in words where a reader needs them.

    Parameters
    ----------
    recordings : DataFrame
        From ``read_recordings`` or ``read_scans``.
    results : sequence of mapping
        From ``judge_results``.
    reasons, flags : mapping
        The words for codes.

    Returns
    -------
    list of dict
        As the reports take them. No name of a file is among them: it
        may be a patient's.
    """
    kept = ("row", "episode_id", "started_h", "ordered_as")
    listed = []
    for row, result in zip(recordings.to_dict("records"), results, strict=True):
        about = {name: row[name] for name in kept} | {"sha256": result["sha256"]}
        if result["refused"] is not None:
            reason = reasons[result["refused"]]
            refused = {
                "code": result["refused"],
                "message": reason.message,
                "remedy": reason.remedy,
                "figures": result["figures"],
            }
            listed.append(about | {"refused": refused})
            continue
        noticed = [flags[flag] for flag in result["flags"]]
        listed.append({**result, **about, "flags": noticed, "codes": result["flags"]})
    return listed


def without_picture(item: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out the picture, and the key under which a journal knew the result."""
    return {name: value for name, value in item.items() if name not in ("picture", "key")}


def recordings_table(
    listed: Listed, describe: Callable[[Mapping[str, Any]], dict[str, Any]]
) -> pd.DataFrame:
    """Lay the list out with one row per file.

    Parameters
    ----------
    listed : sequence of mapping
        From ``list_recordings``.
    describe : callable
        What is to be said of one that is used.

    Returns
    -------
    DataFrame
        ``row``, ``episode_id``, ``recording_sha256``, ``started_h``, ``ordered_as``,
        ``refused`` (a code, or empty), and of those used what was read and noticed.
    """
    table = pd.DataFrame([_flat(item, describe) for item in listed])
    counts = [name for name in ("electrodes", "other_channels", "measurements") if name in table]
    return table.astype(dict.fromkeys(counts, "Int64"))


def _flat(
    item: Mapping[str, Any], describe: Callable[[Mapping[str, Any]], dict[str, Any]]
) -> dict[str, Any]:
    refused = item["refused"]
    about = {
        "row": item["row"],
        "episode_id": item["episode_id"],
        "recording_sha256": item["sha256"],
        "started_h": item["started_h"],
        "ordered_as": item["ordered_as"],
        "refused": "" if refused is None else refused["code"],
    }
    if refused is not None:
        return about
    return (
        about | {"format": item["format"]} | describe(item) | {"quality": ";".join(item["codes"])}
    )


def summarise_recordings(
    listed: Listed,
    events: pd.DataFrame,
    *,
    many: str,
    count: Callable[[Listed], dict[str, float]],
) -> dict[str, Any]:
    """Count files by what became of them.

    Parameters
    ----------
    listed : sequence of mapping
        From ``list_recordings``.
    events : DataFrame
        What they give.
    many : str
        What the files are called.
    count : callable
        What else is counted in those used.

    Returns
    -------
    dict
        How many there are, ``used``, ``refused`` (by code), ``flagged`` (by code), ``events``
        and ``episodes``.
    """
    used = [item for item in listed if item["refused"] is None]
    refused = Counter(item["refused"]["code"] for item in listed if item["refused"] is not None)
    flagged = Counter(code for item in used for code in item["codes"])
    return {
        many: len(listed),
        "used": len(used),
        "refused": dict(refused.most_common()),
        "flagged": dict(flagged.most_common()),
        **count(used),
        "events": len(events),
        "episodes": int(events["episode_id"].nunique()),
    }
