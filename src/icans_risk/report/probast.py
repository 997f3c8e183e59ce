"""Evidence for an appraisal by PROBAST+AI; the judgement is the reader's, never ours."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from icans_risk.report.fill import Escape, fill, fill_all, mark_synthetic
from icans_risk.report.tripod import ABSENT, FILLED, reporting_phrases
from icans_risk.report.wording import clean
from icans_risk.strict_yaml import load_yaml

__all__ = ["ASKED_OF_READER", "NO_JUDGEMENT", "probast_table"]

ASKED_OF_READER = "asked of the reader"
NO_JUDGEMENT = (
    "Evidence for an appraisal, by part and domain of PROBAST+AI (doi:10.1136/bmj-2024-082505). "
    "The questions are not the tool's own signalling questions, and no answer here is a judgement."
)


def probast_table(facts: Mapping[str, Any], *, escape: Escape = clean) -> list[dict[str, str]]:
    """Lay out what one run shows for each question of an appraisal.

    Parameters
    ----------
    facts : mapping
        What the run says of itself, see ``RunFacts``; everything is optional.
    escape : callable
        What makes a string from outside safe where the text will stand.

    Returns
    -------
    list of dict of str to str
        ``part`` (development, evaluation, applicability), ``domain, asks, status, evidence``.
        ``status`` is ``filled from the run``, ``asked of the reader`` or ``not known to the
        run``.

    Raises
    ------
    IcansRiskError
        If a fact has another shape than ``RunFacts`` declares.

    References
    ----------
    .. [1] Moons KGM, et al. BMJ 2025;388:e082505. doi:10.1136/bmj-2024-082505

    Examples
    --------
    >>> rows = probast_table({"outcome": {"endpoint": "ICANS grade 3", "horizon_h": 336.0}})
    >>> rows[-1]["evidence"]
    'ICANS grade 3 by 336 h after infusion, under local practice and later treatment.'
    """
    return [_row(question, facts, escape=escape) for question in _questions()]


def _row(
    question: Mapping[str, Any], facts: Mapping[str, Any], *, escape: Escape
) -> dict[str, str]:
    says, asked, phrases = (
        question.get("says", ""),
        question.get("question", ""),
        reporting_phrases(),
    )
    filled = fill(says, facts, phrases=phrases, escape=escape)
    if filled.text:
        more = fill_all(question.get("also", ()), facts, phrases=phrases, escape=escape)
        status, parts = FILLED, [mark_synthetic(" ".join([filled.text, *more]), facts)]
        parts += [f"To be found elsewhere: {asked}"] if asked else []
    elif says:
        status, parts = ABSENT, [f"The run does not say: it lacks {', '.join(filled.missing)}."]
    else:
        status, parts = ASKED_OF_READER, [asked]
    named = {key: question[key] for key in ("part", "domain", "asks")}
    return named | {"status": status, "evidence": " ".join(parts)}


@cache
def _questions() -> tuple[Mapping[str, Any], ...]:
    text = (files("icans_risk.report") / "probast.yaml").read_text(encoding="utf-8")
    return tuple(load_yaml(text)["questions"])
