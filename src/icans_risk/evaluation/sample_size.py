"""Whether a cohort is large enough to develop a model, by Riley's three criteria.

The caller says how many candidate parameters there are: the number of columns offered
to the model, not of those that it keeps. The criteria were derived for regression;
boosted trees generally need more.

References
----------
.. [1] Riley RD, et al. "Minimum sample size for developing a multivariable prediction
   model: Part II - binary and time-to-event outcomes." Stat Med 2019;38(7):1276-1296.
   doi:10.1002/sim.7992
.. [2] Riley RD, et al. "Calculating the sample size required for developing a clinical
   prediction model." BMJ 2020;368:m441. doi:10.1136/bmj.m441
"""

import math
from dataclasses import dataclass
from typing import Literal

from icans_risk.errors import IcansRiskError
from icans_risk.evaluation.cox_snell import max_r2_cox_snell, r2_from_c_statistic
from icans_risk.evaluation.validation_criteria import whole_patients

__all__ = [
    "Criterion",
    "SampleSize",
    "parameters_supported",
    "required_sample_size",
    "verdict",
]

Criterion = Literal["shrinkage", "optimism", "overall risk"]

_SHRINKAGE = 0.9
_OPTIMISM = 0.05
_RISK_MARGIN = 0.05
# The papers and their software print 1.96, and a patient hangs on the third decimal.
_NORMAL_975 = 1.96

_REHEARSAL = "Treat every figure here as a rehearsal of the method, not as evidence."
_MINIMUM = (
    "The criteria are a minimum and were derived for regression; boosted trees generally need more."
)


@dataclass(frozen=True)
class SampleSize:
    """What Riley's criteria ask for.

    Attributes
    ----------
    n_required : int
        Patients, the largest of the three criteria.
    events_required : int
        Events among them at the anticipated prevalence, rounded up.
    n_shrinkage : int
        Patients for a global shrinkage factor of at least 0.9.
    n_optimism : int
        Patients for an optimism of at most 0.05 in the apparent Nagelkerke R2.
    n_overall_risk : int
        Patients for an overall risk known to within 0.05.
    binding : {"shrinkage", "optimism", "overall risk"}
        The criterion that asks for most.
    parameters : int
        Candidate parameters.
    r2_cs : float
        The Cox-Snell R2 that was anticipated.
    max_r2_cs : float
        The largest Cox-Snell R2 that the prevalence allows.
    """

    n_required: int
    events_required: int
    n_shrinkage: int
    n_optimism: int
    n_overall_risk: int
    binding: Criterion
    parameters: int
    r2_cs: float
    max_r2_cs: float


def required_sample_size(
    prevalence: float,
    parameters: int,
    *,
    r2_cs: float | None = None,
    c_statistic: float | None = None,
    r2_share: float = 0.15,
) -> SampleSize:
    """Compute the patients that Riley's three criteria ask for.

    Parameters
    ----------
    prevalence : float
        Anticipated share of patients with the event, between 0 and 1.
    parameters : int
        Candidate parameters: columns offered to the model.
    r2_cs : float, optional
        Anticipated Cox-Snell R2.
    c_statistic : float, optional
        Anticipated C statistic, from which R2 is derived. Give this, or ``r2_cs``, or
        neither.
    r2_share : float, default 0.15
        With neither, R2 is this share of its maximum, as [2]_ advises where nothing
        better is known.

    Returns
    -------
    SampleSize
        The number, each criterion's own, and which one binds.

    Raises
    ------
    IcansRiskError
        If a number lies outside its range, or R2 is given twice.

    References
    ----------
    .. [1] Riley RD, et al. Stat Med 2019;38(7):1276-1296. doi:10.1002/sim.7992
    .. [2] Riley RD, et al. BMJ 2020;368:m441. doi:10.1136/bmj.m441

    Examples
    --------
    Chagas disease, the worked example of [1]_ as its software computes it:

    >>> required_sample_size(0.174, 24, r2_cs=0.288).n_required
    662
    """
    if parameters < 1:
        raise IcansRiskError(
            f"A model needs at least 1 candidate parameter, got {parameters}. Count the "
            "columns offered to the model."
        )
    r2 = _anticipated_r2(prevalence, r2_cs=r2_cs, c_statistic=c_statistic, r2_share=r2_share)
    for_shrinkage, for_optimism = _patients_per_parameter(prevalence, r2)
    asked: dict[Criterion, int] = {
        "shrinkage": whole_patients(parameters * for_shrinkage),
        "optimism": whole_patients(parameters * for_optimism),
        "overall risk": _patients_for_overall_risk(prevalence),
    }
    binding = max(asked, key=lambda criterion: asked[criterion])
    return SampleSize(
        n_required=asked[binding],
        events_required=whole_patients(asked[binding] * prevalence),
        n_shrinkage=asked["shrinkage"],
        n_optimism=asked["optimism"],
        n_overall_risk=asked["overall risk"],
        binding=binding,
        parameters=parameters,
        r2_cs=r2,
        max_r2_cs=max_r2_cox_snell(prevalence),
    )


def parameters_supported(
    n: int,
    prevalence: float,
    *,
    r2_cs: float | None = None,
    c_statistic: float | None = None,
    r2_share: float = 0.15,
) -> int:
    """Compute the most candidate parameters for which a number of patients suffices.

    Parameters
    ----------
    n : int
        Patients.
    prevalence : float
        Share of patients with the event, between 0 and 1.
    r2_cs, c_statistic, r2_share : float, optional
        As in ``required_sample_size``.

    Returns
    -------
    int
        0 where the patients do not suffice for one parameter.

    Raises
    ------
    IcansRiskError
        If a number lies outside its range, or R2 is given twice.

    Examples
    --------
    >>> parameters_supported(662, 0.174, r2_cs=0.288)
    24
    """
    r2 = _anticipated_r2(prevalence, r2_cs=r2_cs, c_statistic=c_statistic, r2_share=r2_share)
    if n < _patients_for_overall_risk(prevalence):
        return 0
    return math.floor(n / max(_patients_per_parameter(prevalence, r2)) + 1e-9)


def verdict(
    n: int,
    events: int,
    parameters: int,
    *,
    r2_cs: float | None = None,
    c_statistic: float | None = None,
    r2_share: float = 0.15,
) -> str:
    """Say in plain words whether a cohort is large enough.

    Parameters
    ----------
    n : int
        Patients.
    events : int
        Patients with the event.
    parameters : int
        Candidate parameters: columns offered to the model.
    r2_cs, c_statistic, r2_share : float, optional
        As in ``required_sample_size``.

    Returns
    -------
    str
        Sentences for a report. A cohort with one outcome only gets a sentence too.

    Raises
    ------
    IcansRiskError
        If the counts contradict each other, a number lies outside its range, or R2 is
        given twice.

    Examples
    --------
    >>> import textwrap
    >>> print(textwrap.fill(verdict(900, 180, 10), 87))
    The sample suffices: 900 patients with 180 events stand against the 898 patients (180
    events) that Riley's criteria ask for with 10 candidate parameters. The criteria are a
    minimum and were derived for regression; boosted trees generally need more.
    """
    if not 0 <= events <= n:
        raise IcansRiskError(
            f"Events must be between 0 and the number of patients, got {events} of {n}. Count "
            "patients with the event, not rows."
        )
    have = f"{_count(n, 'patient')} with {_count(events, 'event')}"
    if events in (0, n):
        return f"The sample is too small: {have} show one outcome only. {_REHEARSAL}"
    assumed = {"r2_cs": r2_cs, "c_statistic": c_statistic}
    wanted = required_sample_size(events / n, parameters, **assumed, r2_share=r2_share)
    against = (
        f"{have} stand against the {_count(wanted.n_required, 'patient')} "
        f"({_count(wanted.events_required, 'event')}) that Riley's criteria ask for with "
        f"{_count(parameters, 'candidate parameter')}"
    )
    if n >= wanted.n_required:
        return f"The sample suffices: {against}. {_MINIMUM}"
    supported = parameters_supported(n, events / n, **assumed, r2_share=r2_share)
    support = f"they would support {_count(supported, 'parameter')}"
    return f"The sample is too small: {against}; {support}. {_REHEARSAL}"


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def _anticipated_r2(
    prevalence: float, *, r2_cs: float | None, c_statistic: float | None, r2_share: float
) -> float:
    ceiling = max_r2_cox_snell(prevalence)
    if r2_cs is not None and c_statistic is not None:
        raise IcansRiskError(
            f"The anticipated R2 was given twice, as r2_cs={r2_cs} and by "
            f"c_statistic={c_statistic}. Give one."
        )
    if c_statistic is not None:
        return r2_from_c_statistic(c_statistic, prevalence)
    r2 = r2_share * ceiling if r2_cs is None else r2_cs
    if not 0 < r2 < ceiling:
        raise IcansRiskError(
            f"The Cox-Snell R2 must lie between 0 and {ceiling:.4f}, its maximum at a prevalence "
            f"of {prevalence:.4f}, got {r2:.4f}. A Nagelkerke R2 must be multiplied by that "
            "maximum first."
        )
    return r2


def _patients_per_parameter(prevalence: float, r2: float) -> tuple[float, float]:
    """Compute what criteria (i) and (ii) ask for one parameter; both grow in proportion."""
    needed = r2 / (r2 + _OPTIMISM * max_r2_cox_snell(prevalence))
    per_parameter = [1 / ((s - 1) * math.log1p(-r2 / s)) for s in (_SHRINKAGE, needed)]
    return per_parameter[0], per_parameter[1]


def _patients_for_overall_risk(prevalence: float) -> int:
    return whole_patients((_NORMAL_975 / _RISK_MARGIN) ** 2 * prevalence * (1 - prevalence))
