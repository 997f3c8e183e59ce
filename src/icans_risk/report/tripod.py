"""The TRIPOD+AI table: every item filled from the run, asked of the author, or not applicable.

No row is silently empty: what the run does not know, the row says, by the name of the fact.
An item is filled with a sentence that has the run's figures in it, never with a pointer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from icans_risk.errors import IcansRiskError
from icans_risk.report.fill import (
    Escape,
    Phrases,
    facts_named,
    fill,
    fill_all,
    look_up,
    mark_synthetic,
)
from icans_risk.report.wording import clean
from icans_risk.strict_yaml import load_yaml

__all__ = [
    "ABSENT",
    "ANSWERED",
    "ASKED",
    "FILLED",
    "NOT_APPLICABLE",
    "TripodItem",
    "reporting_phrases",
    "tripod_completeness",
    "tripod_items",
    "tripod_table",
]

FILLED = "filled from the run"
ANSWERED = "answered by the author"
ASKED = "asked of the author"
ABSENT = "not known to the run"
NOT_APPLICABLE = "not applicable"
_STATUSES = (FILLED, ANSWERED, ASKED, ABSENT, NOT_APPLICABLE)

_ONLY_DEVELOPMENT = "The item asks about the development of a model; this run develops none."
_ONLY_EVALUATION = (
    "The item asks about the evaluation of an existing model; this run develops one and judges "
    "it on held-out patients."
)


@dataclass(frozen=True)
class TripodItem:
    """One sub-item of the statement, in our words.

    Attributes
    ----------
    item : str
        Number, such as ``12c``.
    section : str
        Heading that it stands under.
    asks : str
        What is to be reported.
    applies : {"D", "E", "both"}
        To the development of a model, to the evaluation of one, or to either.
    says : str
        Sentences to be filled from the run, whole or not at all; empty where the run cannot
        know.
    also : tuple of str
        Sentences that are added where their facts are there.
    question : str
        What the author is asked, beside ``says`` or in its place.
    """

    item: str
    section: str
    asks: str
    applies: Literal["D", "E", "both"]
    says: str = ""
    also: tuple[str, ...] = ()
    question: str = ""

    @property
    def filled_by(self) -> Literal["run", "author"]:
        """Say who fills it: the run where it can, else the author."""
        return "run" if self.says else "author"

    @property
    def needs(self) -> tuple[str, ...]:
        """List the facts without which it is not filled."""
        return facts_named(self.says)


def tripod_items() -> tuple[TripodItem, ...]:
    """Return the 52 sub-items in the order of the statement.

    References
    ----------
    .. [1] Collins GS, et al. "TRIPOD+AI statement: updated guidance for reporting clinical
       prediction models that use regression or machine learning methods." BMJ
       2024;385:e078378. doi:10.1136/bmj-2023-078378

    Examples
    --------
    >>> len(tripod_items())
    52
    """
    return _content()[0]


def reporting_phrases() -> Phrases:
    """Return what the codes of ``RunFacts`` say, in words that all reporting tables share."""
    return _content()[1]


def tripod_table(
    facts: Mapping[str, Any],
    *,
    answers: Mapping[str, str] | None = None,
    escape: Escape = clean,
) -> list[dict[str, str]]:
    """Fill the table for one run.

    Parameters
    ----------
    facts : mapping
        What the run says of itself, see ``RunFacts``; everything is optional.
    answers : mapping of str to str, optional
        The author's words by item. They stand in for a question, and are added to what the
        run says.
    escape : callable
        What makes a string from outside safe where the text will stand. By default marks
        that disturb a line are made visible; HTML is escaped by whoever writes HTML.

    Returns
    -------
    list of dict of str to str
        One for each of the 52 sub-items: ``item, section, asks, status, text``. ``status`` is
        one of ``filled from the run``, ``answered by the author``, ``asked of the author``,
        ``not known to the run`` and ``not applicable``.

    Raises
    ------
    IcansRiskError
        If an answer is to no item, or a fact has another shape than ``RunFacts`` declares.

    Examples
    --------
    >>> facts = {"data": {"sites": 3}}
    >>> rows = {row["item"]: row for row in tripod_table(facts)}
    >>> rows["6a"]["text"]
    '3 sites gave data. Asked of the author: Which country, and which level of care?'
    >>> rows["10"]["status"], rows["17"]["status"]
    ('not known to the run', 'asked of the author')
    """
    given = _known_answers(answers or {})
    items, phrases = _content()
    return [
        _row(item, facts, answer=given.get(item.item, ""), phrases=phrases, escape=escape)
        for item in items
    ]


def tripod_completeness(table: list[dict[str, str]]) -> dict[str, Any]:
    """Count how complete a table is.

    Parameters
    ----------
    table : list of dict
        From ``tripod_table``.

    Returns
    -------
    dict
        ``items``; ``by_status``, a count for every status; ``reported``, filled or answered;
        ``open``, what is neither reported nor not applicable, by item; ``sentence``.

    Examples
    --------
    >>> tripod_completeness(tripod_table({"data": {"sites": 3}}))["reported"]
    1
    """
    counts = dict.fromkeys(_STATUSES, 0)
    for row in table:
        counts[row["status"]] += 1
    reported = counts[FILLED] + counts[ANSWERED]
    left = [row["item"] for row in table if row["status"] in (ASKED, ABSENT)]
    return {
        "items": len(table),
        "by_status": counts,
        "reported": reported,
        "open": left,
        "sentence": (
            f"{reported} of {len(table)} items are reported ({counts[FILLED]} from the run, "
            f"{counts[ANSWERED]} by the author), {counts[NOT_APPLICABLE]} do not apply, "
            f"{counts[ASKED]} are asked of the author, and {counts[ABSENT]} are not known to the "
            "run."
        ),
    }


def _row(
    item: TripodItem,
    facts: Mapping[str, Any],
    *,
    answer: str,
    phrases: Phrases,
    escape: Escape,
) -> dict[str, str]:
    status, text = _report(item, facts, phrases=phrases, escape=escape)
    if answer:
        # The author knows better than a rule whether an item applies.
        said = f"{text} " if status == FILLED else ""
        status, text = (FILLED if status == FILLED else ANSWERED), f"{said}{escape(answer)}"
    elif item.question and status == FILLED:
        text = f"{text} Asked of the author: {item.question}"
    return {
        "item": item.item,
        "section": item.section,
        "asks": item.asks,
        "status": status,
        "text": text,
    }


def _report(
    item: TripodItem, facts: Mapping[str, Any], *, phrases: Phrases, escape: Escape
) -> tuple[str, str]:
    kind = str(look_up(facts, "study.kind"))
    if item.applies == "D" and kind == "evaluation":
        return NOT_APPLICABLE, _ONLY_DEVELOPMENT
    filled = fill(item.says, facts, phrases=phrases, escape=escape)
    if filled.text:
        more = fill_all(item.also, facts, phrases=phrases, escape=escape)
        return FILLED, mark_synthetic(" ".join([filled.text, *more]), facts)
    # A development that runs published scores beside its model has something to say here too.
    if item.applies == "E" and kind == "development":
        return NOT_APPLICABLE, _ONLY_EVALUATION
    if not item.says:
        return ASKED, item.question
    return ABSENT, f"The run does not say: it lacks {', '.join(filled.missing)}."


def _known_answers(answers: Mapping[str, str]) -> dict[str, str]:
    known = {item.item for item in tripod_items()}
    unknown = sorted(set(map(str, answers)) - known)
    if unknown:
        raise IcansRiskError(
            f"expected answers by the number of an item (1, 3a, 18f, ...), got {unknown[:5]}. See "
            "report/tripod.yaml for the numbers."
        )
    return {item: answer for item, answer in answers.items() if answer.strip()}


@cache
def _content() -> tuple[tuple[TripodItem, ...], Phrases]:
    text = (files("icans_risk.report") / "tripod.yaml").read_text(encoding="utf-8")
    content = load_yaml(text)
    items = [{**entry, "also": tuple(entry.get("also", ()))} for entry in content["items"]]
    return tuple(TripodItem(**entry) for entry in items), content["phrases"]
