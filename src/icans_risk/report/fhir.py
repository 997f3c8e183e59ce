"""One prediction as a FHIR R4 RiskAssessment: plain JSON, for research systems.

No code is invented: outcome, method and basis are text, and who it is about is a reference that the
caller gives. How to lower the risk (``mitigation``) is never said.
"""

import html
import re
from datetime import datetime, timedelta
from typing import Any

from icans_risk.errors import IcansRiskError
from icans_risk.report.basis import named_inputs
from icans_risk.report.cleaning import clean
from icans_risk.report.context import EpisodeResult, RunContext
from icans_risk.report.exported import check_kind, describe_number, describe_reason, labels_of
from icans_risk.report.performance import describe_limits
from icans_risk.report.words import ENGLISH

__all__ = ["risk_assessment"]

_UCUM = "http://unitsofmeasure.org"
_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
# Of HL7: what is about nobody.
_TEST_DATA = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason",
    "code": "HTEST",
    "display": "test health data",
}
_FHIR_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)


def risk_assessment(
    run: RunContext,
    episode: EpisodeResult,
    *,
    patient_id: str,
    infused_at: datetime | None = None,
    synthetic_too: bool = False,
) -> dict[str, Any]:
    """Write a prediction, or that there is none, as a RiskAssessment.

    Parameters
    ----------
    run : RunContext
        Of the model.
    episode : EpisodeResult
        Of the patient; its identifier does not enter.
    patient_id : str
        Whom it is about, as the receiving system knows the patient: ``Patient/<id>`` where it
        can be the identifier of a resource, a logical reference otherwise.
    infused_at : datetime, optional
        With a time zone. The horizon is a period then; without it, it is a range of hours
        since infusion.
    synthetic_too : bool
        Write one of a model of synthetic patients as well; it is marked as test data.

    Returns
    -------
    dict
        JSON values. ``probabilityDecimal`` is a percentage, as R4 has it; where there is no
        estimate it is absent, with the reason in ``rationale``.

    Raises
    ------
    IcansRiskError
        If the model is of synthetic patients and nobody asked for it, the status is unknown,
        or ``infused_at`` has no time zone.

    References
    ----------
    .. [1] HL7. "FHIR R4 (4.0.1): RiskAssessment." https://hl7.org/fhir/R4/riskassessment.html
    """
    check_kind(run, synthetic_too=synthetic_too)
    prediction = _prediction(run, episode) | _when(run, infused_at)
    notes = [*labels_of(run), *describe_limits(run)]
    made: dict[str, Any] = {
        "resourceType": "RiskAssessment",
        "meta": {"security": [_TEST_DATA]} if run.data_kind == "synthetic" else None,
        "language": "en",
        "text": _narrative([prediction["outcome"]["text"], prediction["rationale"], *notes]),
        "status": "final",
        "method": {"text": _method(run)},
        "code": {"text": f"Estimated risk to first reach {_plain(run.endpoint)}"},
        "subject": _subject(patient_id),
        "performer": {"type": "Device", "display": "Software; no person made this assessment."},
        "basis": _basis(run, episode),
        "prediction": [prediction],
        "note": [{"text": note} for note in notes],
    }
    return {key: value for key, value in made.items() if value}


def _prediction(run: RunContext, episode: EpisodeResult) -> dict[str, Any]:
    span = f"{ENGLISH.hours(run.landmark_h)} to {ENGLISH.hours(run.horizon_h)}"
    outcome = {"outcome": {"text": f"First {_plain(run.endpoint)}, from {span}"}}
    if episode.status != "answered":
        absent = {"extension": [{"url": _ABSENT, "valueCode": "unknown"}]}
        reason = describe_reason(run, episode.status)
        return outcome | {"_probabilityDecimal": absent, "rationale": reason}
    # R4 says of a decimal that it is a percentage, 100 at most.
    said = f"{describe_number(run, episode)} The number is a percentage; hours are since infusion."
    return outcome | {"probabilityDecimal": round(100.0 * episode.risk, 2), "rationale": said}


def _when(run: RunContext, infused_at: datetime | None) -> dict[str, Any]:
    if infused_at is None:
        ends = {"low": run.landmark_h, "high": run.horizon_h}
        unit = {"unit": "h", "system": _UCUM, "code": "h"}
        return {"whenRange": {end: {"value": hours, **unit} for end, hours in ends.items()}}
    if infused_at.utcoffset() is None:
        raise IcansRiskError(
            "infused_at needs a time zone, got a time without one. FHIR knows no other times."
        )
    ends = {"start": run.landmark_h, "end": run.horizon_h}
    times = {end: infused_at + timedelta(hours=hours) for end, hours in ends.items()}
    return {"whenPeriod": {end: at.isoformat(timespec="seconds") for end, at in times.items()}}


def _plain(text: str) -> str:
    # FHIR knows four white characters, and an identifier of none but others is no string to it.
    return re.sub(r"[^\S \r\n\t]", "\N{REPLACEMENT CHARACTER}", clean(text))


def _subject(patient_id: str) -> dict[str, Any]:
    if _FHIR_ID.fullmatch(patient_id):
        return {"reference": f"Patient/{patient_id}"}
    return {"type": "Patient", "identifier": {"value": _plain(patient_id)}}


def _basis(run: RunContext, episode: EpisodeResult) -> list[dict[str, str]]:
    """Name what was used; it has no identifier here that another system would know."""
    return [
        {
            "display": (
                f"{_plain(run.label(event['analyte']))}: "
                f"{ENGLISH.value_with_unit(float(event['value']), run.unit(event['analyte']))}, "
                f"collected {ENGLISH.hours(event['collected_h'])}, "
                f"available {ENGLISH.hours(event['available_h'])}"
            )
        }
        for event in named_inputs(run, episode)
        # A dose after which nothing counts is no input itself, unless the model reads it.
        if event["analyte"] in run.analytes or event["analyte"] not in run.cutting
    ]


def _method(run: RunContext) -> str:
    return (
        f"{_plain(run.model_name)}, {_plain(run.run_id)}, profile {_plain(run.profile)}, "
        f"icans_risk {_plain(run.package_version)}"
    )


def _narrative(lines: list[str]) -> dict[str, str]:
    # XML knows fewer characters than JSON; `clean` has replaced the others.
    paragraphs = "".join(f"<p>{html.escape(line)}</p>" for line in lines)
    return {
        "status": "generated",
        "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{paragraphs}</div>',
    }
