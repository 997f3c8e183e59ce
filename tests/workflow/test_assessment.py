"""Assessment: the evaluation's functions, each asked the right question."""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from icans_risk.errors import IcansRiskError, NotReleasedError, StudyError
from icans_risk.evaluation import (
    METRICS,
    bootstrap_interval,
    calibration_errors,
    delong_interval,
    delong_test,
    fold_average,
    net_benefit,
    patient_average,
)
from icans_risk.study.evaluation import Evaluation
from icans_risk.workflow.assessment import Assessment, HeldOutRisks, assess
from icans_risk.workflow.groups import level_of_each
from icans_risk.workflow.judging import _remember, pick_simple
from workflow.judged_example import LABELS, Rows, fits, hold_out, make_rows

SETTINGS = Evaluation(
    thresholds=(0.2, 0.4),
    decision_range=(0.1, 0.5),
    because="Declared before.",
    subgroups=("age_years", "sex", "product", "disease", "ecog", "prior_lines"),
)
QUICK: dict[str, Any] = {
    "labels": LABELS, "policy": "discharged_well", "resamples": 40, "seed": 5, "fewest": 1,
}  # fmt: skip
MODEL = {"model": "The model"}


@pytest.fixture(scope="module")
def example() -> tuple[Rows, pd.DataFrame, pd.DataFrame]:
    return make_rows()


@pytest.fixture(scope="module")
def rows(example: tuple[Rows, pd.DataFrame, pd.DataFrame]) -> Rows:
    return example[0]


@pytest.fixture(scope="module")
def held(example: tuple[Rows, pd.DataFrame, pd.DataFrame]) -> HeldOutRisks:
    return hold_out(*example)


@pytest.fixture(scope="module")
def found(held: HeldOutRisks, rows: Rows) -> Assessment:
    refit = {name: fit for name, fit in fits(rows).items() if name != "prevalence"}
    return assess(held, SETTINGS, refit=refit, **QUICK)


def alone(held: HeldOutRisks, *models: str) -> HeldOutRisks:
    return replace(held, probabilities={name: held.probabilities[name] for name in models})


def test_counts_are_those_of_the_rows(found: Assessment, held: HeldOutRisks) -> None:
    assert (found.episodes, found.patients, found.landmark_h) == (240, 240, 72.0)
    assert found.events == held.event.sum()
    assert found.prevalence == pytest.approx(held.event.mean())
    assert found.main == "model"
    assert found.models == LABELS
    assert found.policy == "discharged_well"


def test_discrimination_is_that_of_the_held_out_risks(
    found: Assessment, held: HeldOutRisks
) -> None:
    risk = patient_average(held.probabilities["model"])
    wanted = delong_interval(held.event, risk, groups=held.patient)
    row = found.performance.loc["model"]
    assert (row["auroc"], row["auroc_low"], row["auroc_high"]) == (
        wanted.estimate,
        wanted.low,
        wanted.high,
    )
    folds = fold_average(
        METRICS["auroc"], held.event, held.probabilities["model"], splits=held.splits
    )
    assert row["auroc_in_folds"] == folds.mean
    assert (row["estimable_folds"], row["folds"]) == (8, 8)


@pytest.mark.parametrize("metric", ["brier", "observed_expected", "calibration_slope"])
def test_every_figure_has_the_interval_of_its_metric(
    found: Assessment, held: HeldOutRisks, metric: str
) -> None:
    wanted = bootstrap_interval(
        METRICS[metric],
        held.event,
        held.risks["product"],
        groups=held.patient,
        resamples=40,
        seed=5,
    )
    row = found.performance.loc["product"]
    assert row[metric] == wanted.estimate
    assert (row[f"{metric}_low"], row[f"{metric}_high"]) == (wanted.low, wanted.high)


def test_distances_from_the_calibration_curve_stand_without_an_interval(
    found: Assessment, held: HeldOutRisks
) -> None:
    wanted = calibration_errors(held.event, held.risks["model"])
    row = found.performance.loc["model"]
    assert (row["ici"], row["e50"], row["e90"], row["emax"]) == (
        wanted.ici,
        wanted.e50,
        wanted.e90,
        wanted.emax,
    )
    assert row["calibration_method"] == wanted.method == "spline"
    # A well calibrated model lies nearer to its curve than any resample of it.
    resampled = bootstrap_interval(
        lambda y, p, w: calibration_errors(y, p, w).ici,
        held.event,
        held.risks["model"],
        groups=held.patient,
        resamples=40,
        seed=5,
    )
    assert resampled.low > resampled.estimate
    assert "ici_low" not in row


def test_a_model_with_one_risk_for_everyone_ranks_nobody(found: Assessment) -> None:
    row = found.performance.loc["prevalence"]
    assert found.constant == ("prevalence",)
    assert row["auroc_in_folds"] == 0.5
    assert row[["auroc", "average_precision", "calibration_slope", "ici"]].isna().all()
    # Its average is a statement about the mean risk, and can be judged.
    assert row["observed_expected"] == pytest.approx(1, abs=0.01)
    assert "prevalence" not in found.differences.index


def test_events_that_are_nearly_there_are_left_out_and_nobody_else(
    found: Assessment, example: tuple[Rows, pd.DataFrame, pd.DataFrame]
) -> None:
    _, _, outcomes = example
    is_event, early = outcomes["event"] == 1, outcomes["onset_h"] - 72 <= 24
    counts = found.ranking[found.ranking["model"] == "model"].set_index("among")
    for among, kept in {
        "everyone": outcomes["event"].notna(),
        "no_syndrome": ~outcomes["had_syndrome"],
        "later": ~early,
        "no_syndrome_later": ~outcomes["had_syndrome"] & ~early,
    }.items():
        assert counts.loc[among, "patients"] == kept.sum()
        assert counts.loc[among, "patients_with_event"] == (kept & is_event).sum()
        assert counts.loc[among, "patients_without_event"] == (kept & ~is_event).sum() or (
            among in ("everyone", "later")
        )
    assert found.early_events == (is_event & early).sum() > 0
    assert found.events_after_onset == (is_event & outcomes["had_syndrome"]).sum() > 0
    # An event of exactly 24 h is not later than 24 h.
    assert (outcomes.loc[is_event & early, "onset_h"] == 96).all()


def test_an_event_whose_onset_nobody_knows_is_not_called_foreseen(held: HeldOutRisks) -> None:
    unknown = replace(held, outcomes=held.outcomes.assign(onset_h=np.nan))
    assert unknown.among["later"].sum() == (held.event == 0).sum()


def test_each_other_model_is_tested_against_the_model_of_interest(
    found: Assessment, held: HeldOutRisks
) -> None:
    assert list(found.differences.index) == ["product"]
    wanted = delong_test(
        held.event, held.risks["model"], minus=held.risks["product"], groups=held.patient
    )
    row = found.differences.loc["product"]
    assert (row["difference"], row["p_value"]) == (wanted.estimate, wanted.p_value)
    assert row["difference"] > 0


@pytest.mark.parametrize(
    ("models", "simple", "best"),
    [
        (("product", "model", "prevalence"), (), "model"),
        (("product", "model", "prevalence"), ("prevalence",), "model"),
        (("prevalence", "model", "product"), (), "model"),
        (("prevalence", "model", "product"), ("product",), "product"),
        (("model", "prevalence"), (), None),
    ],
)
def test_the_best_simple_score_is_looked_for_where_the_caller_says(
    held: HeldOutRisks,
    found: Assessment,
    models: tuple[str, ...],
    simple: tuple[str, ...],
    best: str | None,
) -> None:
    assert pick_simple(alone(held, *models), found.performance, simple) == best


def test_net_benefit_is_drawn_over_the_declared_range_a_threshold_at_each_percent(
    found: Assessment, held: HeldOutRisks
) -> None:
    curve = found.decision[found.decision["model"] == "model"]
    assert found.range_declared
    assert list(curve["threshold"]) == [round(0.1 + k / 100, 6) for k in range(41)]
    at = curve.set_index("threshold").loc[0.25, "net_benefit"]
    assert at == pytest.approx(net_benefit(held.event, held.risks["model"], threshold=0.25))
    assert set(found.decision["model"]) == {*LABELS, "treat all", "treat none"}
    difference = found.benefit_difference.set_index("threshold").loc[0.25, "difference"]
    other = net_benefit(held.event, held.risks["product"], threshold=0.25)
    assert difference == pytest.approx(at - other)


def test_thresholds_are_those_that_the_study_declares_and_no_others(
    found: Assessment, held: HeldOutRisks
) -> None:
    assert sorted(set(found.thresholds["threshold"])) == [0.2, 0.4]
    assert set(found.thresholds["model"]) == {"model", "product"}
    assert found.because == "Declared before."
    silent = assess(alone(held, *MODEL), Evaluation(subgroups=()), **QUICK)
    assert silent.thresholds.empty
    assert not silent.range_declared
    assert silent.decision["threshold"].agg(["min", "max"]).tolist() == [0.05, 0.5]


def test_a_study_without_comparators_is_judged(held: HeldOutRisks) -> None:
    found = assess(alone(held, *MODEL), Evaluation(subgroups=()), **QUICK)
    assert found.simple is None
    assert found.differences.empty
    assert found.benefit_difference.empty
    assert found.internal_external.empty
    assert found.not_left_out == {}


def test_subgroups_follow_the_study_and_say_what_could_not_be_split(found: Assessment) -> None:
    levels = found.subgroups.groupby("column", sort=False)["level"].agg(list).to_dict()
    assert levels == {
        "age_years": ["under 65", "65 to under 75", "75 and older", "missing"],
        "sex": ["female", "male"],
        "product": ["axi-cel", "tisa-cel"],
        "prior_lines": ["up to 3", "over 3 to 5", "over 5 to 7", "over 7"],
    }
    assert found.not_compared == {"disease": "one level only", "ecog": "not recorded"}


def test_a_subgroup_is_judged_from_the_floor_on(held: HeldOutRisks) -> None:
    settings = Evaluation(subgroups=("product",), smallest_group=30, leave_out=())
    found = assess(alone(held, *MODEL), settings, **QUICK).subgroups.set_index("level")
    axi = (held.episodes["product"] == "axi-cel").to_numpy()
    assert found.loc["axi-cel", "auroc"] == METRICS["auroc"](
        held.event[axi], held.risks["model"][axi], None
    )
    assert found.loc["tisa-cel", "events"] == held.event[~axi].sum() < 30
    assert found.loc["tisa-cel", "status"] == "not estimable"
    assert math.isnan(found.loc["tisa-cel", "auroc"])


def test_small_counts_are_hidden_where_patients_are_real(held: HeldOutRisks) -> None:
    axi = (held.episodes["product"] == "axi-cel").to_numpy()
    rare = held.episodes.assign(product=np.where(np.arange(240) < 4, "rare", "common"))
    hidden = assess(
        replace(alone(held, *MODEL), episodes=rare),
        Evaluation(subgroups=("product",), leave_out=()),
        **QUICK | {"fewest": 5},
    )
    assert hidden.subgroups.set_index("level")["patients"].isna().all()
    assert hidden.within_product["patients"].isna().all()
    assert hidden.fewest == 5
    bars = hidden.distribution[["events", "others"]].to_numpy()
    assert ((bars >= 5) | (bars == 0) | np.isnan(bars)).all()
    assert np.isnan(bars).any()
    assert axi.any()


def test_a_column_that_nobody_knows_is_refused_with_the_nearest(held: HeldOutRisks) -> None:
    with pytest.raises(StudyError, match=r"'sax', .* the nearest is 'sex'"):
        assess(held, Evaluation(subgroups=("sax",)), **QUICK)
    with pytest.raises(StudyError, match="nearest is 'site'"):
        assess(held, Evaluation(leave_out=("sites",)), **QUICK)


@pytest.mark.parametrize(
    ("values", "levels"),
    [
        ([True, False, True], ["yes", "no", "yes"]),
        ([1.0, 10.0, 2.5], ["1", "10", "2.5"]),
        (list(range(9)), ["up to 2"] * 3 + ["over 2 to 4"] * 2 + ["over 4 to 6"] * 2
         + ["over 6"] * 2),
        (["a", "a", "a"], "one level only"),
        ([None, None, None], "not recorded"),
        ([f"free text {i}" for i in range(21)], "more than 20 levels"),
    ],
)  # fmt: skip
def test_the_levels_of_a_column(values: list[Any], levels: list[Any] | str) -> None:
    found = level_of_each(pd.DataFrame({"column": values}), "column", age_bands=(65.0,))
    assert (found if isinstance(found, str) else found.tolist()) == levels


def test_ages_fall_into_the_band_that_begins_with_them() -> None:
    ages = pd.DataFrame({"age_years": [64.9, 65.0, 74.9, 75.0]})
    found = level_of_each(ages, "age_years", age_bands=(65.0, 75.0))
    assert not isinstance(found, str)
    assert found.tolist() == ["under 65", "65 to under 75", "65 to under 75", "75 and older"]


def test_a_left_out_level_is_predicted_by_models_that_never_saw_it(
    held: HeldOutRisks, rows: Rows
) -> None:
    site, era = held.episodes["site"].to_numpy(), held.episodes["era"].to_numpy()
    seen = []
    fit = fits(rows)["model"]

    def spy(train: Any, test: Any, seed: int) -> Any:
        seen.append((set(site[train]) & set(site[test]), set(era[train]) & set(era[test])))
        seen[-1] += (max(era[train]), min(era[test]))
        return fit(train, test, seed)

    settings = Evaluation(subgroups=(), leave_out=("site", "product", "era"))
    found = assess(alone(held, *MODEL), settings, refit={"model": spy}, **QUICK)
    table = found.internal_external
    assert table.groupby("by", sort=False)["level"].agg(list).to_dict() == {
        "site": ["north", "south", "west"],
        "product": ["axi-cel", "tisa-cel"],
        "era": ["2020", "2021", "2022"],
        "time": ["2022"],
    }
    assert [sites for sites, *_ in seen[:3]] == [set()] * 3
    assert [eras for _, eras, *_ in seen[5:]] == [set()] * 4
    assert seen[-1][2:] == ("2021", "2022")
    assert set(found.transport["by"]) == {"site", "product", "era"}
    assert set(found.transport["metric"]) == {"auroc", "observed_expected", "calibration_slope"}


def test_levels_too_small_to_judge_are_not_left_out(held: HeldOutRisks, rows: Rows) -> None:
    settings = Evaluation(subgroups=(), leave_out=("site", "disease", "ecog"), smallest_group=40)
    found = assess(held, settings, refit={"model": fits(rows)["model"]}, **QUICK)
    assert found.internal_external.empty
    assert found.transport.empty
    assert found.not_left_out == {
        "site": "no level has 40 patients of either outcome and leaves as many to learn from",
        "disease": "one level only",
        "ecog": "not recorded",
    }


def test_a_model_that_may_not_be_released_is_no_model_of_that_level(held: HeldOutRisks) -> None:
    def never(train: Any, test: Any, seed: int) -> Any:
        raise NotReleasedError("its columns do not carry the event.")

    settings = Evaluation(subgroups=(), leave_out=("site",))
    found = assess(alone(held, *MODEL), settings, refit={"model": never}, **QUICK)
    assert set(found.internal_external["status"]) == {"no model"}


def test_every_headline_figure_is_given_under_every_policy(
    held: HeldOutRisks, example: tuple[Rows, pd.DataFrame, pd.DataFrame]
) -> None:
    rows, episodes, outcomes = example
    kept = np.arange(240) % 3 > 0
    some = Rows(rows.vectors[kept], rows.event[kept], rows.weight[kept] * 1.5, rows.patient[kept])
    other = hold_out(some, episodes, outcomes)
    found = assess(
        held, replace_settings(), other_policies={"observed_only": alone(other, *MODEL)}, **QUICK
    ).policies
    assert list(dict.fromkeys(found["policy"])) == ["discharged_well", "observed_only"]
    assert set(found["model"]) == {"model"}
    keyed = found.set_index(["policy", "measure", found["threshold"].fillna(0)])["estimate"]
    assert keyed["discharged_well", "patients", 0] == 240
    assert keyed["observed_only", "patients", 0] == 160
    assert keyed["observed_only", "auroc.everyone", 0] == pytest.approx(
        METRICS["auroc"](other.event, other.risks["model"], other.weight)
    )
    assert keyed["observed_only", "net_benefit", 0.4] == pytest.approx(
        net_benefit(other.event, other.risks["model"], other.weight, threshold=0.4)
    )
    by_policy = found.groupby("policy")["measure"].agg(list)
    assert by_policy["discharged_well"] == by_policy["observed_only"]


def replace_settings() -> Evaluation:
    return SETTINGS.model_copy(update={"subgroups": (), "leave_out": ()})


def test_without_thresholds_policies_are_compared_along_the_curve(held: HeldOutRisks) -> None:
    found = assess(alone(held, *MODEL), Evaluation(subgroups=()), **QUICK).policies
    benefits = found[found["measure"] == "net_benefit"]
    assert benefits["threshold"].tolist() == [0.05, 0.275, 0.5]


def test_the_same_seed_gives_the_same_assessment(held: HeldOutRisks) -> None:
    one, again, other = (
        assess(alone(held, *MODEL), replace_settings(), **QUICK | {"seed": seed}).to_dict()
        for seed in (5, 5, 6)
    )
    assert one == again
    assert one["performance"] != other["performance"]


def test_an_assessment_is_strict_json_and_its_tables_are_named(found: Assessment) -> None:
    data = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert data["models"]["model"] == "The model"
    assert data["performance"][2]["auroc"] is None
    assert {"performance", "ranking", "decision", "subgroups"} <= set(found.tables())
    assert found.tables()["performance"]["model"].tolist() == list(LABELS)


def test_rows_find_their_episode_and_outcome_in_any_order(
    example: tuple[Rows, pd.DataFrame, pd.DataFrame], held: HeldOutRisks
) -> None:
    rows, episodes, outcomes = example
    shuffled = HeldOutRisks.align(
        rows,
        held.probabilities,
        held.splits,
        episodes=episodes.sample(frac=1, random_state=1),
        outcomes=outcomes.sample(frac=1, random_state=2),
    )
    pd.testing.assert_frame_equal(shuffled.episodes, held.episodes)
    pd.testing.assert_frame_equal(shuffled.outcomes, held.outcomes)


@pytest.mark.parametrize(
    "change",
    [
        lambda outcomes: outcomes.assign(event=1 - outcomes["event"]),
        lambda outcomes: outcomes.iloc[:-1],
        lambda outcomes: pd.concat([outcomes, outcomes.iloc[:1]]),
    ],
    ids=["other events", "one lacking", "one twice"],
)
def test_outcomes_of_something_else_are_refused(
    example: tuple[Rows, pd.DataFrame, pd.DataFrame], change: Callable[[Any], Any]
) -> None:
    rows, episodes, outcomes = example
    with pytest.raises(IcansRiskError, match="0 of 240 rows without an episode, or other events"):
        HeldOutRisks.align(rows, {}, [], episodes=episodes, outcomes=change(outcomes))


def test_a_row_without_an_episode_is_refused(
    example: tuple[Rows, pd.DataFrame, pd.DataFrame],
) -> None:
    rows, episodes, outcomes = example
    with pytest.raises(IcansRiskError, match="1 of 240 rows without an episode"):
        HeldOutRisks.align(rows, {}, [], episodes=episodes.iloc[1:], outcomes=outcomes)


def test_numbers_of_few_values_keep_their_order() -> None:
    values = pd.DataFrame({"ecog": [10.0, 2.0, np.nan]})
    found = level_of_each(values, "ecog", age_bands=(65.0,))
    assert not isinstance(found, str)
    assert found.cat.categories.tolist() == ["2", "10"]


def test_where_everyone_was_treated_again_in_the_latest_period_there_is_no_split_in_time(
    held: HeldOutRisks, rows: Rows
) -> None:
    again = np.array([f"P{i % 120:03d}" for i in range(240)], dtype=object)
    era = np.where(np.arange(240) < 120, "2020", "2021")
    both = replace(held, patient=again, episodes=held.episodes.assign(era=era))
    settings = Evaluation(subgroups=(), leave_out=("era",))
    found = assess(alone(both, *MODEL), settings, refit={"model": fits(rows)["model"]}, **QUICK)
    assert found.internal_external.empty
    assert set(found.not_left_out) == {"era"}


def test_whoever_waits_is_told_of_each_model_column_fit_and_policy(
    held: HeldOutRisks, rows: Rows
) -> None:
    ticks = []
    settings = Evaluation(subgroups=("sex", "site"), leave_out=("site",))
    some, fit = alone(held, "model", "product"), fits(rows)["product"]
    assess(some, settings, refit={"model": fit}, tick=lambda: ticks.append(1), **QUICK)
    assert len(ticks) == 2 + 2 + 3 + 1


def test_a_metric_is_not_computed_twice_for_the_same_rows() -> None:
    asked = []

    def metric(y: Any, p: Any, w: Any) -> float:
        asked.append(1)
        return float(np.mean(p))

    remembered = _remember(metric)
    assert remembered([0, 1], [0.2, 0.4], None) == pytest.approx(0.3)
    assert remembered(np.array([0, 1]), np.array([0.2, 0.4]), None) == pytest.approx(0.3)
    assert len(asked) == 1
    assert remembered([0, 1], [0.2, 0.6], None) == pytest.approx(0.4)
    assert remembered([0, 1], [0.2, 0.6], [1, 2]) == pytest.approx(0.4)
    assert len(asked) == 3
