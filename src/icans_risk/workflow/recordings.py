"""The list of recordings with what became of each: for pages, tables and summaries."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from icans_risk.signals.eeg.reasons import FLAGS, REASONS

__all__ = [
    "list_recordings",
    "recordings_table",
    "summarise_recordings",
    "without_picture",
]

Listed = Sequence[Mapping[str, Any]]


def list_recordings(recordings: pd.DataFrame, results: Listed) -> list[dict[str, Any]]:
    """Put each row of the list beside its result, in words where a reader needs them.

    Parameters
    ----------
    recordings : DataFrame
        From ``read_recordings``.
    results : sequence of mapping
        From ``judge_results``.

    Returns
    -------
    list of dict
        As ``report.recordings_report`` takes them. No name of a file is among them: it
        may be a patient's.
    """
    kept = ("row", "episode_id", "started_h", "ordered_as")
    listed = []
    for row, result in zip(recordings.to_dict("records"), results, strict=True):
        about = {name: row[name] for name in kept} | {"sha256": result["sha256"]}
        if result["refused"] is not None:
            reason = REASONS[result["refused"]]
            refused = {
                "code": result["refused"],
                "message": reason.message,
                "remedy": reason.remedy,
                "figures": result["figures"],
            }
            listed.append(about | {"refused": refused})
            continue
        flags = [FLAGS[flag] for flag in result["flags"]]
        listed.append({**result, **about, "flags": flags, "codes": result["flags"]})
    return listed


def without_picture(item: Mapping[str, Any]) -> dict[str, Any]:
    """Leave the spectrogram out."""
    return {name: value for name, value in item.items() if name != "picture"}


def recordings_table(listed: Listed) -> pd.DataFrame:
    """Lay the list out with one row per recording.

    Returns
    -------
    DataFrame
        ``row``, ``episode_id``, ``recording_sha256``, ``started_h``, ``ordered_as``,
        ``refused`` (a code, or empty), and of those used what was read and rejected.
    """
    table = pd.DataFrame([_flat(item) for item in listed])
    counts = [name for name in ("electrodes", "other_channels") if name in table]
    return table.astype(dict.fromkeys(counts, "Int64"))


def _flat(item: Mapping[str, Any]) -> dict[str, Any]:
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
    channels = item["channels"]
    shares = {f"rejected_{name}": share for name, share in item["rejected"].items()}
    return about | {
        "format": item["format"],
        "rate": item["rate"],
        "minutes": item["end_s"] / 60.0,
        "electrodes": len(channels["found"]),
        "missing": " ".join(channels["missing"]),
        "bad": " ".join(channels["bad"]),
        "other_channels": channels["extra"],
        "hum_hz": item["hum_hz"],
        "hum_uv": item["hum_uv"],
        "padded_s": item["padded_s"],
        **shares,
        "quality": ";".join(item["codes"]),
    }


def summarise_recordings(listed: Listed, events: pd.DataFrame) -> dict[str, Any]:
    """Count recordings by what became of them.

    Returns
    -------
    dict
        ``recordings``, ``used``, ``refused`` (by code), ``flagged`` (by code), ``hours``,
        ``events`` and ``episodes``.
    """
    used = [item for item in listed if item["refused"] is None]
    refused = Counter(item["refused"]["code"] for item in listed if item["refused"] is not None)
    flagged = Counter(code for item in used for code in item["codes"])
    return {
        "recordings": len(listed),
        "used": len(used),
        "refused": dict(refused.most_common()),
        "flagged": dict(flagged.most_common()),
        "hours": sum(item["seconds"] for item in used) / 3600.0,
        "events": len(events),
        "episodes": int(events["episode_id"].nunique()),
    }
