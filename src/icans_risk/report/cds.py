"""One prediction as a CDS Hooks card, which informs and suggests nothing.

The indicator is always ``info``: the list of a page goes by numbers, and a card calls nobody. There
are no suggestions and no links.
"""

from typing import Any

from icans_risk.report.basis import describe_basis
from icans_risk.report.cleaning import clean
from icans_risk.report.context import EpisodeResult, RunContext
from icans_risk.report.exported import (
    check_kind,
    describe_base_rate,
    describe_number,
    describe_reason,
    labels_of,
)
from icans_risk.report.markdown import markdown_text
from icans_risk.report.performance import describe_limits
from icans_risk.report.words import ENGLISH

__all__ = ["cds_card"]

_NOT_SAID = ("benefit", "advice", "discharge", "grade", "practice")


def cds_card(
    run: RunContext, episode: EpisodeResult, *, synthetic_too: bool = False
) -> dict[str, Any]:
    """Write a prediction, or that there is none, as a response with one card.

    Parameters
    ----------
    run : RunContext
        Of the model.
    episode : EpisodeResult
        Of the patient; its identifier does not enter, as a card is shown in a chart.
    synthetic_too : bool
        Write one of a model of synthetic patients as well; its first words say so.

    Returns
    -------
    dict
        ``cards`` with one card: ``summary`` of fewer than 140 characters, ``detail`` in
        Markdown (limits first, then what it rests on, then the number), ``indicator``,
        ``source``.

    Raises
    ------
    IcansRiskError
        If the model is of synthetic patients and nobody asked for it, or the status is
        unknown.

    References
    ----------
    .. [1] HL7. "CDS Hooks 2.0: CDS service response." https://cds-hooks.hl7.org/2.0/
    """
    check_kind(run, synthetic_too=synthetic_too)
    card = {
        "summary": _summary(run, episode),
        "detail": _detail(run, episode),
        "indicator": "info",
        "source": {"label": f"icans_risk {clean(run.package_version)} (research use only)"},
    }
    return {"cards": [card]}


def _summary(run: RunContext, episode: EpisodeResult) -> str:
    # Only words of this package: an endpoint's own could be longer than a summary may be.
    kind = "RESEARCH USE ONLY" + ", SYNTHETIC DATA" * (run.data_kind == "synthetic")
    if episode.status != "answered":
        return f"{kind}: no estimate for this patient, which does not mean low risk."
    share = ENGLISH.about_of_100(episode.risk)
    return f"{kind}: {share} patients like this are expected to reach the endpoint."


def _detail(run: RunContext, episode: EpisodeResult) -> str:
    parts = [
        *(f"**{label}**" for label in labels_of(run)),
        _listed("Limits first", describe_limits(run)),
        _based_on(run, episode),
        _estimate(run, episode),
        _listed("What this does not say", [ENGLISH(f"not_said.{line}") for line in _NOT_SAID]),
        markdown_text(
            f"{run.model_name}, {run.run_id}, profile {run.profile}, from "
            f"{ENGLISH.moment(run.landmark_h)}."
        ),
    ]
    return "\n\n".join(parts)


def _listed(title: str, lines: list[str]) -> str:
    return "\n".join([f"**{title}**", "", *(f"- {markdown_text(line)}" for line in lines)])


def _based_on(run: RunContext, episode: EpisodeResult) -> str:
    summary = describe_basis(run, episode)["summary"]
    return f"**Based on:** {markdown_text(summary)}"


def _estimate(run: RunContext, episode: EpisodeResult) -> str:
    if episode.status != "answered":
        return f"**{markdown_text(describe_reason(run, episode.status))}**"
    before, said = describe_base_rate(run), describe_number(run, episode)
    return f"{markdown_text(before)}\n\n{markdown_text(said)}"
