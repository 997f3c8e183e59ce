"""Each check of the audit, with and without what it looks for."""

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import hypergeom

from evaluation.audited import audit, cohort, refit, tables, with_columns
from icans_risk.evaluation.audit import AuditRows
from icans_risk.evaluation.audit.duplicates import find_twins
from icans_risk.evaluation.audit.groups import exact_p
from icans_risk.evaluation.audit.permuted import permute_by_patient
from icans_risk.splits import repeated_grouped_folds


def where(chance: np.ndarray, *, seed: int = 4) -> np.ndarray:
    return np.random.default_rng(seed).random(chance.size) < chance


# Who was tested


def test_how_often_somebody_was_measured_is_seen_without_any_missing_value() -> None:
    rows = cohort()
    counts = pd.DataFrame({"plasma.crp": 3 + 4 * where(np.where(rows.event == 1, 0.9, 0.1))})
    found = audit(rows, tables=tables(rows, counts=counts))
    assert found.of("missingness_only").verdict in ("warn", "fail")
    assert found.of("single_presence").figures["columns"][0]["column"] == "count.plasma.crp"


def test_who_was_tested_is_flagged_even_where_the_model_makes_nothing_of_it() -> None:
    rows = cohort()
    has = where(np.where(rows.event == 1, 0.9, 0.1))
    tested = with_columns(rows, csf__protein__last__early=np.where(has, 1.0, np.nan))

    def blind(given: AuditRows):
        kept = [c for c in given.vectors if c.startswith("presence.") or "m7" in c]
        return refit(given.with_vectors(given.vectors.reindex(columns=kept or ["none"])))

    found = audit(tested, refit=blind)
    assert found.model["low"] < 0.5
    assert found.of("missingness_only").verdict == "warn"


def test_what_one_site_measures_in_everybody_is_no_leak() -> None:
    rows = cohort(effect=0.6)
    north = where(np.where(rows.event == 1, 0.8, 0.2))
    site = pd.DataFrame({"site": np.where(north, "north", "south")})
    value = np.where(north, 5.0, np.nan)
    protein = with_columns(rows, csf__protein__last__baseline=value)
    table = tables(protein, protocol=site, groupings=pd.DataFrame(index=range(300)))
    found = audit(protein, tables=table)
    mask = found.of("missingness_only")
    assert mask.figures["auroc"] > 0.7
    assert mask.figures["within_protocol"]["auroc"] == pytest.approx(0.5)
    assert mask.verdict == "pass"
    assert found.of("single_presence").verdict == "pass"
    # Without the protocol the same columns are a failure.
    blind = tables(protein, protocol=pd.DataFrame(index=range(300)))
    assert audit(protein, tables=blind).of("missingness_only").verdict == "fail"


def test_presence_that_speaks_against_the_event_is_named_too() -> None:
    rows = cohort()
    value = np.where(where(np.where(rows.event == 1, 0.2, 0.8)), 1.0, np.nan)
    found = audit(with_columns(rows, eeg__abnormal__last__early=value)).of("single_presence")
    (line,) = found.figures["columns"]
    assert line["column"] == "presence.eeg.abnormal.last.early"
    assert line["auroc"] < 0.5
    assert line["suspicious"] == ["tells who will not"]


def test_tests_that_always_come_together_are_one_test() -> None:
    rows = cohort()
    has = np.where(where(np.full(300, 0.5)), 1.0, np.nan)
    both = with_columns(rows, csf__protein__last__early=has, csf__wbc__last__early=has)
    assert audit(both).of("missingness_only").figures["columns"] == 1


# Single columns


def test_a_column_that_is_nearly_the_outcome_is_named() -> None:
    rows = cohort()
    noise = np.random.default_rng(2).normal(0, 0.3, 300)
    found = audit(with_columns(rows, clinical__gcs__min__early=2 - rows.event + noise))
    line = found.of("single_columns").figures["columns"][0]
    assert line["column"] == "clinical.gcs.min.early"
    assert line["auroc"] > 0.95
    assert line["suspicious"][0] == "above 0.9"
    assert "clinical.gcs.min.early" in found.of("single_columns").sentence


def test_the_outcome_itself_is_named_in_a_small_cohort() -> None:
    rows = cohort(patients=60)
    found = audit(with_columns(rows, clinical__icans__max__early=rows.event)).of("single_columns")
    assert found.figures["columns"][0]["auroc"] == 1
    assert found.verdict == "warn"


def test_a_column_that_the_model_does_worse_than_is_named() -> None:
    rows = cohort(effect=2.5)

    def blind(given: AuditRows):
        return refit(given.with_vectors(given.vectors.reindex(columns=["plasma.m7.last.early"])))

    found = audit(rows, refit=blind).of("single_columns")
    reasons = {line["column"]: line["suspicious"] for line in found.figures["columns"]}
    assert reasons["plasma.m0.last.early"] == ["surely better than the whole model"]


def test_many_columns_of_noise_raise_no_alarm() -> None:
    draw = np.random.default_rng(11)
    for seed in range(2):
        rows = cohort(seed, patients=100, effect=0.0)
        noise = draw.normal(size=(100, 100)).astype("float32")
        noise[draw.random(noise.shape) < 0.5] = np.nan
        names = [f"plasma.noise{k}.last.early" for k in range(100)]
        wide = rows.with_vectors(pd.DataFrame(noise, columns=names, index=rows.vectors.index))
        found = audit(wide)
        assert found.of("single_columns").verdict == "pass"
        assert found.of("single_presence").verdict == "pass"


# The planted column


def test_a_pipeline_that_does_not_see_new_columns_is_told() -> None:
    rows = cohort()
    names = list(rows.vectors)

    def blind(given: AuditRows):
        return refit(given.with_vectors(given.vectors.reindex(columns=names)))

    found = audit(rows, refit=blind).of("planted_column")
    assert found.verdict == "warn"
    assert found.figures["found_by_scan"]
    assert not found.figures["found_by_pipeline"]
    assert audit(rows).of("planted_column").verdict == "pass"


# Permuted outcomes


def nearest(rows: AuditRows):
    """Repeat the outcome of the nearest row in training: memory."""
    X = np.log1p(np.abs(np.nan_to_num(rows.vectors.to_numpy(float))))

    def fit_predict(train, test, seed):
        gaps = np.abs(X[test][:, None] - X[train][None]).sum(axis=2)
        return rows.event[train][gaps.argmin(axis=1)] * 0.8 + 0.1

    return fit_predict


def doubled(rows: AuditRows) -> AuditRows:
    """Give every patient a second row, much like the first."""
    second = rows.vectors.set_axis([f"{name}-2" for name in rows.vectors.index])
    vectors = pd.concat([rows.vectors, second + np.float32(0.001)])
    twice = np.tile(rows.event, 2), np.tile(rows.weight, 2), np.tile(rows.patient, 2)
    return AuditRows(vectors, *twice)


def test_patients_on_both_sides_of_a_split_are_seen_by_permutation() -> None:
    from icans_risk.evaluation.audit import AuditPlan, audit_model

    rows = doubled(cohort(patients=100))
    given = {"tables": tables(rows), "plan": AuditPlan(permutations=20), "seed": 5}
    by_row = repeated_grouped_folds(rows.event, np.arange(200), folds=5, repeats=1, seed=3)
    leaking = audit_model(nearest, rows, by_row, **given).of("permuted_labels")
    assert leaking.figures["mean_auroc"] > 0.8
    assert leaking.verdict == "warn"
    by_patient = repeated_grouped_folds(rows.event, rows.patient, folds=5, repeats=1, seed=3)
    clean = audit_model(nearest, rows, by_patient, **given).of("permuted_labels")
    assert clean.figures["mean_auroc"] == pytest.approx(0.5, abs=0.05)
    assert clean.verdict != "warn"


def test_the_p_value_counts_the_model_among_the_permutations() -> None:
    found = audit(cohort(effect=0.8), permutations=30).of("permuted_labels").figures
    as_good = sum(value >= found["model_auroc"] for value in found["aurocs"])
    assert found["p_value"] == (1 + as_good) / 31
    assert found["mean_auroc"] == pytest.approx(np.mean(found["aurocs"]))
    assert found["mean_auroc"] == pytest.approx(0.5, abs=0.03)


@given(st.integers(0, 30), st.lists(st.integers(1, 3), min_size=4, max_size=12))
def test_patients_swap_their_outcomes_whole(seed: int, sizes: list[int]) -> None:
    patient = np.repeat([f"P{k:02d}" for k in range(len(sizes))], sizes)
    vectors = pd.DataFrame({"x": range(len(patient))})
    event = np.random.default_rng(seed).integers(0, 2, patient.size)
    rows = AuditRows(vectors, event, np.arange(1.0, patient.size + 1), patient)
    swapped = permute_by_patient(rows, np.random.default_rng(seed))

    def blocks(given: AuditRows) -> list[tuple[tuple[int, float], ...]]:
        pairs = list(zip(given.event.tolist(), given.weight.tolist(), strict=True))
        return [tuple(pairs[i] for i in np.flatnonzero(patient == p)) for p in np.unique(patient)]

    assert sorted(blocks(swapped)) == sorted(blocks(rows))
    assert swapped.vectors is rows.vectors
    assert (swapped.patient == rows.patient).all()


# Duplicates


def test_one_person_under_two_names_is_found_and_left_out() -> None:
    rows = cohort(effect=0.0, patients=150)
    vectors = rows.vectors.copy()
    event = rows.event.copy()
    # Copies, but for one column and for a last digit.
    vectors.iloc[100:] = vectors.iloc[:50].to_numpy() * np.float32(1.00001)
    vectors.iloc[100:, 0] = 7.0
    event[100:] = event[:50]
    copied = replace(rows, vectors=vectors, event=event)
    found = audit(copied, refit=nearest).of("near_duplicates")
    assert found.verdict == "warn"
    assert found.figures["pairs"] == 50
    assert 20 < found.figures["pairs_across_folds"] <= 50
    assert found.figures["rows_dropped"] == 50
    assert found.figures["auroc"] > found.figures["without"]["auroc"] + 0.05


def test_of_three_copies_one_is_kept() -> None:
    rows = cohort()
    vectors = rows.vectors.copy()
    vectors.iloc[1] = vectors.iloc[2] = vectors.iloc[0]
    found = audit(rows.with_vectors(vectors)).of("near_duplicates").figures
    assert (found["pairs"], found["rows_dropped"]) == (3, 2)


def test_rows_of_one_patient_may_be_alike() -> None:
    rows = doubled(cohort(patients=60))
    rounded = rows.vectors.round(2)
    assert len(find_twins(rounded, rows.patient)) == 0
    assert len(find_twins(rounded, np.arange(120).astype(object))) == 60


def test_values_that_many_share_are_no_evidence() -> None:
    same = pd.DataFrame(np.full((200, 9), 1.5), columns=[f"x{k}" for k in range(9)])
    assert len(find_twins(same, np.arange(200).astype(object))) == 0


def test_too_few_columns_to_recognise_somebody_by_are_told() -> None:
    rows = cohort()
    found = audit(rows.with_vectors(rows.vectors.iloc[:, :3].round(0))).of("near_duplicates")
    assert found.verdict == "not_assessable"


# Groupings


def every_table(sizes: list[int], events: int):
    for counts in itertools.product(*(range(min(n, events) + 1) for n in sizes)):
        if sum(counts) == events:
            yield np.array(counts)


def test_the_p_value_is_that_of_all_tables_with_these_margins() -> None:
    sizes, events = [4, 5, 6], [3, 1, 0]
    level = np.repeat([0, 1, 2], sizes)
    event = np.concatenate([np.arange(n) < k for n, k in zip(sizes, events, strict=True)])
    expected = np.array(sizes) * 4 / 15

    def statistic(counts: np.ndarray) -> float:
        return float(((counts - expected) ** 2 / sizes).sum())

    # Multivariate hypergeometric, level by level.
    total = 0.0
    for counts in every_table(sizes, 4):
        if statistic(counts) >= statistic(np.array(events)) - 1e-12:
            first = hypergeom.pmf(counts[0], 15, 4, 4)
            total += first * hypergeom.pmf(counts[1], 11, 4 - counts[0], 5)
    assert exact_p(level, event, seed=1) == pytest.approx(total, abs=0.01)


def test_a_site_with_more_events_is_named_and_the_model_judged_inside() -> None:
    rows = cohort()
    site = np.where(where(np.where(rows.event == 1, 0.7, 0.2)), "north", "south")
    era = np.where(np.arange(300) % 2 == 0, "old", "new")
    groupings = pd.DataFrame({"site": site, "era": era})
    found = audit(rows, tables=tables(rows, groupings=groupings)).of("groupings")
    assert found.verdict == "warn"
    assert "site (AUROC 0.7" in found.sentence
    assert "era" not in found.sentence
    by_name = {line["grouping"]: line for line in found.figures["groupings"]}
    assert by_name["site"]["p_value"] < 0.001 < by_name["era"]["p_value"]
    assert by_name["site"]["model_within"]["auroc"] > 0.65


def test_a_grouping_of_one_level_or_of_missing_ones_is_no_grouping() -> None:
    rows = cohort()
    groupings = pd.DataFrame({"site": ["north"] * 300, "era": [None] * 300})
    found = audit(rows, tables=tables(rows, groupings=groupings))
    assert found.of("groupings").verdict == "not_assessable"
    assert found.of("unit_block").verdict == "not_assessable"


# Units


def block(rows: AuditRows, north: np.ndarray, factor: float) -> AuditRows:
    vectors = rows.vectors.copy()
    vectors.loc[north, "plasma.m3.last.early"] *= np.float32(factor)
    return rows.with_vectors(vectors)


def sites(rows: AuditRows, north: np.ndarray) -> dict[str, pd.DataFrame]:
    return {"groupings": pd.DataFrame({"site": np.where(north, "north", "south")})}


def test_another_unit_where_the_severe_patients_are_is_named() -> None:
    rows = cohort()
    north = where(np.where(rows.event == 1, 0.5, 0.1))
    shifted = block(rows, north, 10.0)
    found = audit(shifted, tables=tables(shifted, **sites(rows, north))).of("unit_block")
    assert found.verdict == "warn"
    assert {b["column"] for b in found.figures["blocks"]} == {"plasma.m3.last.early"}
    north_block = next(b for b in found.figures["blocks"] if b["level"] == "north")
    assert 7 < north_block["factor"] < 14
    assert north_block["share_inside"] > 2 * north_block["share_outside"]
    lower = block(rows, north, 0.1)
    mirrored = audit(lower, tables=tables(lower, **sites(rows, north))).of("unit_block")
    assert "times lower" in mirrored.sentence or "times higher" in mirrored.sentence
    assert mirrored.verdict == "warn"


def test_another_unit_where_patients_are_like_others_is_told_and_no_leak() -> None:
    rows = cohort()
    north = np.arange(300) % 5 == 0
    shifted = block(rows, north, 10.0)
    found = audit(shifted, tables=tables(shifted, **sites(rows, north))).of("unit_block")
    assert found.verdict == "pass"
    assert "shifted by a constant factor" in found.sentence


def test_higher_values_of_severe_patients_are_no_unit() -> None:
    rows = cohort()
    vectors = rows.vectors.copy()
    vectors.loc[rows.event == 1, "plasma.m3.last.early"] *= np.float32(10)
    severe = replace(rows, vectors=vectors)
    north = where(np.where(rows.event == 1, 0.6, 0.1))
    found = audit(severe, tables=tables(severe, **sites(rows, north))).of("unit_block")
    assert found.verdict == "pass"
    assert found.figures["blocks"] == []


# Modalities


def test_the_share_that_survives_is_told_for_each_modality() -> None:
    found = audit(cohort()).of("modalities")
    by_name = {line["modality"]: line for line in found.figures["modalities"]}
    assert set(by_name) == {"plasma", "static"}
    assert by_name["plasma"]["share_without"] < 0.3
    assert by_name["plasma"]["surely_lost"]
    assert by_name["plasma"]["share_alone"] == pytest.approx(1, abs=0.1)
    assert by_name["static"]["share_without"] == pytest.approx(1, abs=0.1)
    # Everything hangs on plasma, but plasma is drawn from everybody.
    assert found.verdict == "pass"


def test_a_model_that_hangs_on_a_drug_is_flagged() -> None:
    rows = cohort(effect=0.5)
    given_drug = where(np.where(rows.event == 1, 0.9, 0.25))
    found = audit(with_columns(rows, treatment__steroid__given=given_drug)).of("modalities")
    assert found.verdict == "warn"
    assert "Much hangs on treatment" in found.sentence


def test_one_modality_cannot_be_left_out() -> None:
    rows = cohort()
    only = rows.with_vectors(rows.vectors.drop(columns="static.age_years"))
    assert audit(only).of("modalities").verdict == "not_assessable"
