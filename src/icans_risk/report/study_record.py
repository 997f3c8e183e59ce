"""What stands behind the figures: audit, sample size, TRIPOD+AI, how it was made."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from icans_risk.evaluation import parameters_supported, required_sample_size
from icans_risk.report.assessment import Assessment
from icans_risk.report.context import RunContext
from icans_risk.report.quality_panels import percent
from icans_risk.report.wording import clean, number

__all__ = [
    "audit_panel",
    "audit_verdict",
    "made_panel",
    "sample_size_panel",
    "tripod_panel",
]

_VERDICTS = {
    "fail": ("■", "failed"),
    "warn": ("▲", "to look into"),
    "not_assessable": ("–", "not assessable"),
    "pass": ("○", "passed"),
}
_CRITERIA = {
    "n_shrinkage": ("shrinkage", "Shrinkage: a uniform shrinkage factor of at least 0.9"),
    "n_optimism": ("optimism", "Optimism: at most 0.05 in the apparent Nagelkerke R²"),
    "n_overall_risk": ("overall risk", "Overall risk known to within 0.05"),
}


def audit_panel(findings: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """List the findings of the leakage audit in the order in which they come, the worst first."""
    rows = []
    for finding in findings:
        mark, words = _VERDICTS.get(finding["verdict"], ("•", clean(finding["verdict"])))
        check = clean(finding["check"]).replace("_", " ")
        rows.append(
            {
                "mark": mark,
                "verdict": words,
                "check": check[:1].upper() + check[1:],
                "sentence": clean(finding["sentence"]),
            }
        )
    return rows


def audit_verdict(findings: Sequence[Mapping[str, Any]]) -> str | None:
    """Say in one sentence what the audit for leaks came to; None without one."""
    if not findings:
        return None
    verdicts = Counter(finding["verdict"] for finding in findings)
    parts = [
        f"{verdicts[name]} {words}" for name, (_, words) in _VERDICTS.items() if verdicts[name]
    ]
    checks = "1 check" if len(findings) == 1 else f"{len(findings)} checks"
    return f"The audit for leaks made {checks}: {', '.join(parts)}."


def sample_size_panel(
    run: RunContext, found: Assessment, *, parameters: int | None
) -> dict[str, Any]:
    """Hold the cohort against Riley's three criteria.

    Returns
    -------
    dict
        ``verdict``, and ``rows`` where the number of candidate parameters is known and both
        outcomes occur.
    """
    share = found.events / found.episodes
    panel: dict[str, Any] = {"verdict": clean(run.sample_size_verdict), "rows": [], "note": ""}
    if parameters is None or not 0 < share < 1:
        return panel
    wanted = required_sample_size(share, parameters)
    supported = parameters_supported(found.episodes, share)
    panel["rows"] = [
        {
            "label": words,
            "wanted": f"{getattr(wanted, field):,}",
            "have": f"{found.episodes:,}",
            "is_met": found.episodes >= getattr(wanted, field),
            "binds": wanted.binding == binding,
        }
        for field, (binding, words) in _CRITERIA.items()
    ]
    panel["note"] = (
        f"For {parameters} candidate columns, a share of events of {percent(share)}, and a "
        f"Cox-Snell R² of {number(wanted.r2_cs, 3)} (15 % of its maximum). This cohort would "
        f"support {supported} of them. The criteria were derived for regression; boosted trees "
        "generally need more."
    )
    return panel


def tripod_panel(items: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Lay out the TRIPOD+AI table and count how much of it is filled."""
    if not items:
        return None
    counted = Counter(clean(item["status"]) for item in items)
    parts = [f"{n} {status}" for status, n in counted.most_common()]
    keys = ("item", "section", "asks", "status", "text")
    return {
        "summary": f"{len(items)} items: {', '.join(parts)}.",
        "rows": [{key: clean(item[key]) for key in keys} for item in items],
    }


def made_panel(run: RunContext, made: Mapping[str, object]) -> list[dict[str, str]]:
    """List hashes and versions, so that somebody else can make the same."""
    facts = {
        "Run": run.run_id,
        "icans_risk": run.package_version,
        "Profile": run.profile,
        **{str(name): value for name, value in made.items()},
    }
    return [{"label": clean(name), "value": clean(value)} for name, value in facts.items()]
