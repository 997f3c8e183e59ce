"""The audit as a whole: what a leak does to it, and what must not change it."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from evaluation.audited import audit, cohort, refit, tables, with_columns
from icans_risk.errors import IcansRiskError, NotEstimableError, NotReleasedError
from icans_risk.evaluation.audit import (
    AuditPlan,
    AuditRows,
    AuditTables,
    audit_model,
    audit_steps,
)
from icans_risk.splits import repeated_grouped_folds

CHECKS = {
    "missingness_only", "single_presence", "single_columns", "modalities", "groupings",
    "unit_block", "near_duplicates", "planted_column", "permuted_labels",
}  # fmt: skip


def lumbar_punctures(rows: AuditRows, *, seed: int = 4) -> AuditRows:
    """Give most patients with the event, and few without, a value that is pure noise."""
    draw = np.random.default_rng(seed)
    has = draw.random(rows.event.size) < np.where(rows.event == 1, 0.9, 0.05)
    protein = np.where(has, draw.lognormal(3, 1, rows.event.size), np.nan)
    return with_columns(rows, csf__protein__last__early=protein)


def test_a_clean_cohort_passes_every_check() -> None:
    found = audit(cohort(), permutations=20)
    assert {finding.check for finding in found.findings} == CHECKS
    assert {finding.verdict for finding in found.findings} - {"pass"} == set()
    assert found.verdict == "pass"
    assert 0.6 < found.model["low"] < found.model["auroc"] < found.model["high"] < 0.9


def test_a_model_of_who_was_punctured_fails_and_the_failure_stands_first() -> None:
    found = audit(lumbar_punctures(cohort(effect=0.3)))
    assert found.verdict == "fail"
    assert found.findings[0].check == "missingness_only"
    assert found.of("single_presence").verdict == "warn"
    assert found.of("modalities").verdict == "warn"
    # The values are noise: no single column is suspicious by what it says.
    assert found.of("single_columns").verdict == "pass"
    order = [finding.verdict for finding in found.findings]
    assert order == sorted(order, key=["fail", "warn", "not_assessable", "pass"].index)


def test_a_model_without_signal_is_not_assessable() -> None:
    found = audit(cohort(effect=0.0), permutations=20)
    assert found.model["low"] < 0.5
    assert found.verdict == "not_assessable"
    for check in ("missingness_only", "modalities", "permuted_labels"):
        assert found.of(check).verdict in ("not_assessable", "pass")
    assert found.of("permuted_labels").verdict == "not_assessable"


def test_a_flag_is_a_flag_even_where_the_model_itself_is_not_assessable() -> None:
    rows = cohort(effect=0.0)
    site = np.where(rows.event == 1, "north", np.where(np.arange(300) % 9 == 0, "north", "south"))
    found = audit(rows, tables=tables(rows, groupings=pd.DataFrame({"site": site})))
    assert found.of("missingness_only").verdict != "fail"
    assert found.verdict == "warn"


def shuffled(rows: AuditRows, table: AuditTables, order: np.ndarray):
    return (
        AuditRows(
            rows.vectors.iloc[order], rows.event[order], rows.weight[order], rows.patient[order]
        ),
        table.take(order),
    )


def test_the_order_of_rows_changes_nothing_and_the_seed_alone_decides() -> None:
    rows = lumbar_punctures(cohort(effect=0.3))
    plain = audit(rows, permutations=3)
    order = np.random.default_rng(7).permutation(rows.event.size)
    other, table = shuffled(rows, tables(rows), order)
    assert audit(other, tables=table, permutations=3).to_dict() == plain.to_dict()
    assert audit(rows, permutations=3).to_dict() == plain.to_dict()
    assert audit(rows, permutations=3, seed=6).to_dict() != plain.to_dict()


def test_rows_of_weight_zero_are_no_rows() -> None:
    rows = cohort()
    weight = np.ones(rows.event.size)
    weight[::7] = 0
    splits = repeated_grouped_folds(rows.event, rows.patient, folds=5, repeats=1, seed=3)
    given = {"plan": AuditPlan(permutations=2), "seed": 1}
    weighed = audit_model(refit, replace(rows, weight=weight), splits, tables=tables(rows), **given)
    # The same rows with outcomes that nobody knows.
    unknown = np.where(weight > 0, rows.event, 1 - rows.event)
    other = replace(rows, weight=weight, event=unknown)
    assert audit_model(refit, other, splits, tables=tables(rows), **given) == weighed


def test_every_fit_is_ticked_and_the_number_is_known_before() -> None:
    twins = cohort(patients=120)
    doubled = twins.vectors.copy()
    doubled.iloc[0] = doubled.iloc[1]
    for rows in (lumbar_punctures(cohort()), cohort(patients=80), twins.with_vectors(doubled)):
        ticks: list[int] = []
        plan = AuditPlan(permutations=2, repeats=2)
        splits = repeated_grouped_folds(rows.event, rows.patient, folds=4, repeats=3, seed=1)
        audit_model(
            refit, rows, splits, tables=tables(rows), plan=plan, seed=1,
            tick=lambda done=ticks: done.append(1),
        )  # fmt: skip
        assert len(ticks) == audit_steps(rows, splits, tables=tables(rows), plan=plan)


def test_two_modalities_cost_four_runs_and_a_permutation_one() -> None:
    rows = cohort()
    splits = repeated_grouped_folds(rows.event, rows.patient, folds=5, repeats=1, seed=3)
    steps = [
        audit_steps(rows, splits, tables=tables(rows), plan=AuditPlan(permutations=n))
        for n in (0, 10)
    ]
    assert steps == [5 * (4 + 4), 5 * (4 + 4 + 10)]


def test_findings_are_plain_json_with_sentences() -> None:
    for rows in (cohort(), lumbar_punctures(cohort(effect=0.0)), cohort(patients=40)):
        text = json.dumps(audit(rows, permutations=2).to_dict(), allow_nan=False)
        for finding in json.loads(text)["findings"]:
            assert set(finding) == {"check", "verdict", "sentence", "figures"}
            assert finding["sentence"].endswith(".")
            assert "nan" not in finding["sentence"]


def test_no_patient_is_named() -> None:
    rows = cohort(patients=120)
    vectors = rows.vectors.copy()
    vectors.iloc[0] = vectors.iloc[1]
    text = json.dumps(audit(rows.with_vectors(vectors)).to_dict())
    assert not [name for name in (*rows.patient, *vectors.index) if name in text]


@pytest.mark.parametrize("error", [NotReleasedError, NotEstimableError])
def test_a_pipeline_that_lets_out_no_model_ranks_nobody(error: type[Exception]) -> None:
    def refuses(rows: AuditRows):
        def fit_predict(train, test, seed):
            raise error("no model")

        return fit_predict

    found = audit(cohort(), refit=refuses)
    assert found.model == {"auroc": 0.5, "low": 0.5, "high": 0.5, "fits": 5, "refused": 5}
    assert found.of("planted_column").verdict == "warn"


def test_any_other_error_of_the_pipeline_is_not_swallowed() -> None:
    def breaks(rows: AuditRows):
        def fit_predict(train, test, seed):
            raise ValueError("a mistake in the pipeline")

        return fit_predict

    with pytest.raises(ValueError, match="a mistake in the pipeline"):
        audit(cohort(), refit=breaks)


def test_tables_must_have_the_rows_of_the_vectors() -> None:
    rows = cohort()
    with pytest.raises(IcansRiskError, match="a row for each of 300 rows"):
        audit(rows, tables=tables(rows, counts=pd.DataFrame({"plasma.crp": [1, 2]})))


def test_an_index_that_names_two_rows_alike_is_refused() -> None:
    rows = cohort()
    vectors = rows.vectors.set_axis(["E1"] * 300)
    with pytest.raises(IcansRiskError, match="300 rows with 1 names"):
        audit(rows.with_vectors(vectors))


def test_text_among_the_columns_is_refused() -> None:
    rows = cohort()
    with pytest.raises(IcansRiskError, match="the first is 'site'"):
        audit(rows.with_vectors(rows.vectors.assign(site="north")))


def test_splits_are_needed() -> None:
    rows = cohort()
    with pytest.raises(IcansRiskError, match="at least one repeat"):
        audit_model(refit, rows, [], tables=tables(rows), seed=1)


@pytest.mark.parametrize(
    "wrong",
    [{"permutations": -1}, {"repeats": 0}, {"false_alarm": 0.0}, {"shift_factor": 1.0}],
)
def test_a_plan_that_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(IcansRiskError, match="An audit needs"):
        AuditPlan(**wrong)
