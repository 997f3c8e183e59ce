"""The study report, as a dict: what it is and its limits first, then every figure."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import pandas as pd

from icans_risk.errors import IcansRiskError
from icans_risk.report.assessment import Assessment, Stability
from icans_risk.report.context import RunContext
from icans_risk.report.patient import run_facts
from icans_risk.report.performance import describe_limits
from icans_risk.report.study_calibration import calibration_panel
from icans_risk.report.study_cohort import (
    characteristics_panel,
    flow_panel,
    measured_panel,
    outcome_panel,
)
from icans_risk.report.study_groups import (
    internal_external_panel,
    policy_panel,
    subgroup_panel,
)
from icans_risk.report.study_models import distribution_panel, performance_panel
from icans_risk.report.study_reads import reads_panel
from icans_risk.report.study_record import (
    audit_panel,
    audit_verdict,
    made_panel,
    sample_size_panel,
    tripod_panel,
)
from icans_risk.report.study_stability import stability_panel
from icans_risk.report.study_usefulness import (
    decision_panel,
    threshold_panel,
    useful_thresholds,
)
from icans_risk.report.study_words import figures, label_of, measured
from icans_risk.report.wording import clean, number

__all__ = ["study_report"]

HELD_OUT = (
    "Every figure of performance is of held-out risks: no patient was judged by a model that "
    "had seen them. Intervals show the chance of who was in the cohort, not that of refitting."
)
_NONE: Mapping[str, Any] = MappingProxyType({})


def study_report(
    run: RunContext,
    found: Assessment,
    *,
    flow: Mapping[str, Mapping[str, int]],
    characteristics: pd.DataFrame | None = None,
    measured_inputs: pd.DataFrame | None = None,
    stability: Stability | None = None,
    reads: Mapping[str, pd.DataFrame] = _NONE,
    audit: Sequence[Mapping[str, Any]] = (),
    candidate_parameters: int | None = None,
    tripod: Sequence[Mapping[str, Any]] = (),
    made: Mapping[str, object] = _NONE,
) -> dict[str, Any]:
    """Turn the assessment of one landmark into everything that its page says.

    Parameters
    ----------
    run : RunContext
        What all pages of the run have in common.
    found : Assessment
        How good the held-out risks are.
    flow : mapping of str to mapping of str to int
        ``count_flow`` under each end-of-observation policy.
    characteristics : DataFrame, optional
        Table 1, as ``describe_characteristics`` makes it.
    measured_inputs : DataFrame, optional
        For whom each input was measured, as ``describe_measured`` counts it.
    stability : Stability, optional
        From rebuilds of the whole pipeline.
    reads : mapping of str to DataFrame
        What ``reads_panel`` takes: how far each input moves held-out risks.
    audit : sequence of mappings
        ``check``, ``verdict`` (fail, warn, not_assessable, pass) and ``sentence``, the
        worst first.
    candidate_parameters : int, optional
        Columns that were offered to the model, for the criteria of sample size.
    tripod : sequence of mappings
        ``item``, ``section``, ``asks``, ``status`` and ``text`` of each row.
    made : mapping of str to object
        Hashes and versions, by what they are called.

    Returns
    -------
    dict
        Text, numbers, flags and None only (JSON can hold it); a panel without its data is
        None or empty.

    Raises
    ------
    IcansRiskError
        If the flow lacks the primary policy.
    """
    if found.policy not in flow:
        raise IcansRiskError(
            f"The flow must have the primary policy {found.policy!r}, got {list(flow)}. Count "
            "the flow under every policy that was judged."
        )
    fewest = found.fewest
    return {
        "run": run_facts(run),
        "limits": [*describe_limits(run), HELD_OUT],
        "sample_verdict": sample_size_panel(run, found, parameters=None)["verdict"],
        "audit_verdict": audit_verdict(audit),
        "short": _in_short(run, found),
        "flow": flow_panel(flow, primary=found.policy, syndrome=clean(run.syndrome)),
        "characteristics": None
        if characteristics is None
        else characteristics_panel(characteristics, fewest=fewest),
        "measured": None
        if measured_inputs is None
        else measured_panel(measured_inputs, fewest=fewest),
        "outcome": outcome_panel(run, found, flow=flow[found.policy]),
        "performance": performance_panel(run, found),
        "calibration": calibration_panel(run, found),
        "distribution": distribution_panel(found),
        "decision": decision_panel(run, found),
        "thresholds": threshold_panel(run, found),
        "stability": None if stability is None else stability_panel(stability),
        "reads": reads_panel(reads, patients=found.episodes, fewest=fewest) if reads else None,
        "subgroups": subgroup_panel(run, found),
        "internal_external": internal_external_panel(run, found),
        "audit": audit_panel(audit),
        "policies": policy_panel(run, found),
        "sample_size": sample_size_panel(run, found, parameters=candidate_parameters),
        "tripod": tripod_panel(tripod),
        "made": made_panel(run, made),
    }


def _in_short(run: RunContext, found: Assessment) -> list[dict[str, str]]:
    """Pick the figures that a reviewer asks for first, each with what it is."""
    row = found.performance.loc[found.main].to_dict()
    among = found.ranking[found.ranking["among"] == "no_syndrome_later"]
    foreseen = among[among["model"] == found.main].iloc[0].to_dict()
    above, thresholds = useful_thresholds(found)
    tiles = [
        ("AUROC, pooled", _shown(row, "auroc"), f"inside folds {number(row['auroc_in_folds'])}"),
        (
            "AUROC of what can be foreseen",
            _shown(foreseen, "auroc"),
            f"no {clean(run.syndrome)} yet, and events later than 24 h",
        ),
        ("Observed / expected events", _shown(row, "observed_expected"), "1 is right"),
        ("Calibration slope", _shown(row, "calibration_slope"), "1 is right, below 1 too extreme"),
        (
            "Net benefit above treating all and none",
            f"at {above} of {thresholds} thresholds",
            "the decision curve shows by how much",
        ),
    ]
    if found.simple is not None and found.simple in found.differences.index:
        difference = found.differences.loc[found.simple].to_dict()
        against = f"AUROC minus that of \u201c{label_of(found, found.simple)}\u201d"
        tiles.insert(2, (against, _shown(difference, "difference"), "the best simple score"))
    return [{"label": label, "value": value, "note": note} for label, value, note in tiles]


def _shown(row: Mapping[Any, Any], name: str) -> str:
    return figures(measured(row, name))
