"""Whether there were patients enough, as facts for the reporting tables."""

from icans_risk.evaluation import (
    log_odds_from_c_statistic,
    parameters_supported,
    required_sample_size,
    required_validation_size,
    simulated_sample_size,
)
from icans_risk.report.facts import SampleSizeFacts

__all__ = ["sample_size_facts"]


def sample_size_facts(
    patients: int,
    events: int,
    parameters: int,
    *,
    auroc: float | None = None,
    is_calibrated: bool = False,
) -> SampleSizeFacts:
    """Hold a cohort against the criteria for development and for an external validation.

    Parameters
    ----------
    patients, events : int
        Patients that trained the model, and those of them with the event.
    parameters : int
        Candidate parameters: columns offered to the model.
    auroc : float, optional
        AUROC on held-out patients, anticipated for a validation elsewhere. Without one, or
        at 0.5 and below, no size of a validation is given.
    is_calibrated : bool
        Whether the booster carries a calibration, which decides how many synthetic patients
        it needed.

    Returns
    -------
    SampleSizeFacts
        A cohort with one outcome only has its counts and no more.

    Examples
    --------
    >>> facts = sample_size_facts(402, 67, 38, auroc=0.742, is_calibrated=True)
    >>> facts["required_patients"], facts["supported"], facts["synthetic_patients"]
    (3646, 4, 600)
    """
    facts: SampleSizeFacts = {
        "patients": patients,
        "events": events,
        "parameters": parameters,
        "events_per_parameter": events / parameters,
    }
    if not 0 < events < patients:
        return facts
    prevalence = events / patients
    wanted = required_sample_size(prevalence, parameters)
    facts |= {
        "prevalence": prevalence,
        "required_patients": wanted.n_required,
        "required_events": wanted.events_required,
        "binding": wanted.binding,
        "supported": parameters_supported(patients, prevalence),
    }
    simulated = simulated_sample_size(
        parameters, "calibrated booster" if is_calibrated else "booster"
    )
    if simulated is not None and simulated.patients is not None:
        facts["synthetic_patients"] = simulated.patients
    if auroc is not None and 0.5 < auroc < 1:
        size = required_validation_size(
            prevalence, auroc, log_odds_from_c_statistic(auroc, prevalence)
        )
        facts |= {
            "validation_patients": size.n_required,
            "validation_events": size.events_required,
            "validation_binding": size.binding,
        }
    return facts
