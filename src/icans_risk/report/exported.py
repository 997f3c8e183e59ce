"""What every prediction says that leaves the pages for another system."""

from icans_risk.errors import IcansRiskError
from icans_risk.report.context import EpisodeResult, RunContext
from icans_risk.report.estimate import describe_estimate
from icans_risk.report.performance import base_rates
from icans_risk.report.words import ENGLISH

__all__ = ["check_kind", "describe_base_rate", "describe_number", "describe_reason", "labels_of"]


def labels_of(run: RunContext) -> list[str]:
    """List what must stand before anything else."""
    kinds = ["research", "synthetic"] if run.data_kind == "synthetic" else ["research"]
    return [f"{ENGLISH(f'header.{kind}')} {ENGLISH(f'header.{kind}_rest')}" for kind in kinds]


def check_kind(run: RunContext, *, synthetic_too: bool) -> None:
    """Refuse what comes of synthetic patients, unless it was asked for by name.

    Raises
    ------
    IcansRiskError
        If it does and was not.
    """
    if run.data_kind == "synthetic" and not synthetic_too:
        raise IcansRiskError(
            "a prediction for another system must come of a model of real patients, this one is of "
            "synthetic ones. Ask for it by synthetic_too (--synthetic-too), to test a connection."
        )


def describe_number(run: RunContext, episode: EpisodeResult) -> str:
    """Say an estimate with its range and what it is.

    Raises
    ------
    IcansRiskError
        If risk and range are not in order within (0, 1).
    """
    found = describe_estimate(run, episode, ENGLISH)
    expected = ENGLISH("estimate.expected", question=found["question"])
    return (
        f"{found['headline']} {expected} {ENGLISH('estimate.range', range=found['range'])} "
        f"{found['held_out']} {ENGLISH('estimate.practice')}"
    )


def describe_base_rate(run: RunContext) -> str:
    """Say what happened to all patients that the model knows."""
    (row,) = base_rates(run, None)[-1:]
    return f"{row['group']}, at the same landmark, who reached the endpoint: {row['words']}."


def describe_reason(run: RunContext, status: str) -> str:
    """Say why there is no estimate, and that this is no low risk.

    Raises
    ------
    IcansRiskError
        If the status is unknown.
    """
    if status not in run.reasons:
        raise IcansRiskError(
            f"status must be one of {['answered', *run.reasons]}, got {status!r}. Give the run a "
            "reason in plain words before anything can carry it."
        )
    reason, not_low = ENGLISH.term(run.reasons[status]), ENGLISH("none_given.not_low")
    return f"{ENGLISH('none_given.title')}. {reason} {not_low}"
