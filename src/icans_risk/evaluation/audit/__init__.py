"""What a sceptical reviewer asks about leakage, asked of every developed model."""

from icans_risk.evaluation.audit.audit import audit_model, audit_steps
from icans_risk.evaluation.audit.findings import Audit, Finding, Verdict
from icans_risk.evaluation.audit.plan import AuditPlan
from icans_risk.evaluation.audit.rows import AuditRows, AuditTables, Refit

__all__ = [
    "Audit",
    "AuditPlan",
    "AuditRows",
    "AuditTables",
    "Finding",
    "Refit",
    "Verdict",
    "audit_model",
    "audit_steps",
]
