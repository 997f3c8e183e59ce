"""What is common to pages about lists of raw files: what was used, what was refused, and why."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from icans_risk.report.context import DataKind
from icans_risk.report.quality_panels import many
from icans_risk.report.wording import clean, hours, value_with_unit

__all__ = ["ORDERS", "Facts", "Listed", "Words", "listing_report"]

# More thumbnails make a page that nobody scrolls and no browser likes.
SHOWN = 200
ORDERS = {
    "protocol": "by protocol", "prophylaxis": "as prophylaxis", "clinical": "for clinical reasons",
    "unknown": "for reasons not stated",
}  # fmt: skip
_RESTRICTED = ("clinical", "unknown")

Listed = Sequence[Mapping[str, Any]]
Facts = Sequence[tuple[str, str, str]]


@dataclass(frozen=True)
class Words:
    """What the files are called.

    Attributes
    ----------
    one, many : str
        A file, and several.
    ordered_when : str
        When such a thing is ordered, with its verb.
    """

    one: str
    many: str
    ordered_when: str


def listing_report(
    listed: Listed,
    words: Words,
    *,
    facts: Facts,
    card: Callable[[Mapping[str, Any]], dict[str, Any]],
    rank: Callable[[Mapping[str, Any]], float],
    data_kind: DataKind,
    package_version: str,
) -> dict[str, Any]:
    """Say which files gave measurements.

    Parameters
    ----------
    listed : sequence of mapping
        One per row of the list: ``row``, ``started_h``, ``ordered_as`` and ``refused`` (None,
        or ``code``, ``message``, ``remedy`` and ``figures``); of those used also ``end_s``
        and whatever ``card`` needs.
    words : Words
        What they are called.
    facts : sequence of (label, value, note)
        What stands below the verdict.
    card : callable
        What is shown of a file that is used.
    rank : callable
        Those with the highest number are shown where there are too many.
    data_kind, package_version : str
        For the header.

    Returns
    -------
    dict
        ``verdict``, ``facts``, ``restricted``, ``refused``, ``causes``, ``shown`` and
        ``left_out``; finished words, and the numbers of the drawings.
    """
    used = [item for item in listed if item["refused"] is None]
    ranked = sorted(used, key=lambda item: -rank(item))[:SHOWN]
    return {
        "synthetic": data_kind == "synthetic",
        "version": clean(package_version),
        "verdict": _verdict(len(used), len(listed), words),
        "facts": [{"label": label, "value": value, "note": note} for label, value, note in facts],
        "restricted": _restricted(used, words),
        "refused": [_refused(item) for item in listed if item["refused"] is not None],
        "causes": _causes(listed),
        "shown": [
            _head(item) | card(item) for item in sorted(ranked, key=lambda item: int(item["row"]))
        ],
        "left_out": len(used) - len(ranked),
    }


def _head(item: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "row": many(int(item["row"])),
        "when": hours(round(float(item["started_h"]), 1)),
        "ordered": ORDERS[item["ordered_as"]],
        "flags": [clean(flag) for flag in item["flags"]],
    }


def _verdict(used: int, total: int, words: Words) -> dict[str, str]:
    files = words.one if total == 1 else words.many
    if used == total:
        return {"level": "clear", "words": f"All {many(total)} {files} give measurements."}
    if not used:
        return {"level": "error", "words": f"None of {many(total)} {files} can be used."}
    return {
        "level": "warning",
        "words": f"{many(used)} of {many(total)} {files} give measurements.",
    }


def _restricted(used: Listed, words: Words) -> str:
    """Say how many files no model will see, because of why they were ordered."""
    after = [item for item in used if float(item["started_h"]) + float(item["end_s"]) / 3600.0 > 0]
    count = sum(item["ordered_as"] in _RESTRICTED for item in after)
    if not count:
        return ""
    are = f"{words.one} after infusion was" if count == 1 else f"{words.many} after infusion were"
    return (
        f"{many(count)} {are} ordered for clinical reasons or for reasons that are not stated. "
        f"{words.ordered_when}, so that its mere presence is close to the outcome: such values "
        "become no features unless a study says so, and then every report prints it."
    )


def _refused(item: Mapping[str, Any]) -> dict[str, str]:
    refused = item["refused"]
    figures = ", ".join(
        f"{clean(name).replace('_', ' ')} {value_with_unit(float(value))}"
        for name, value in refused["figures"].items()
    )
    return {
        "row": many(int(item["row"])),
        "code": clean(refused["code"]),
        "message": clean(refused["message"]),
        "remedy": clean(refused["remedy"]),
        "figures": figures,
    }


def _causes(listed: Listed) -> list[dict[str, Any]]:
    refused = [item["refused"] for item in listed if item["refused"] is not None]
    counts = Counter(clean(entry["message"]) for entry in refused)
    most = max(counts.values(), default=1)
    # Where each stands once, the rows say it all.
    if most == 1:
        return []
    return [
        {"message": message, "count": many(count), "width": count / most}
        for message, count in counts.most_common()
    ]
