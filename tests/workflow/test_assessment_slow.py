"""The demo's cohort from its events to the finished page."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest

from icans_risk.evaluation import cross_validate, rebuild, verdict
from icans_risk.features import build_features
from icans_risk.models import make_model
from icans_risk.outcome import count_flow, derive_outcomes
from icans_risk.report import Rate, RunContext, render_study, study_report
from icans_risk.splits import repeated_grouped_folds
from icans_risk.study.evaluation import Evaluation
from icans_risk.synthetic import simulate
from icans_risk.workflow.assessment import HeldOutRisks, assess
from icans_risk.workflow.characteristics import describe_characteristics, describe_measured
from icans_risk.workflow.demo import load_demo_study
from icans_risk.workflow.inputs import choose_columns, specify_features, study_endpoints
from icans_risk.workflow.stability import describe_stability
from report.parsing import parse

pytestmark = pytest.mark.slow

POLICIES = ("discharged_well", "observed_only")
LABELS = {"booster": "Boosted trees", "crs": "Current CRS grade with product"}


@dataclass(frozen=True)
class Judged:
    vectors: pd.DataFrame
    event: Any
    weight: Any
    patient: Any


def fits(rows: Judged) -> dict[str, Callable[..., Any]]:
    columns = list(rows.vectors.columns)
    few = choose_columns(["clinical.crs_grade.last.early", "static.product"], columns)
    plans = {"booster": ("booster", columns), "crs": ("logistic", few)}

    def fit_on(model: str, some: list[str]) -> Callable[..., Any]:
        X = rows.vectors[some]

        def fit_predict(train: Any, test: Any, seed: int) -> Any:
            seeded = {"seed": seed, "rounds": 40} if model == "booster" else {}
            fitted = make_model(model, **seeded)
            fitted.fit(X.iloc[train], rows.event[train], rows.weight[train])
            return fitted.predict_proba(X.iloc[test])[:, 1]

        return fit_predict

    return {name: fit_on(*plan) for name, plan in plans.items()}


def test_synthetic_patients_become_a_study_report() -> None:
    study, cohort = load_demo_study(), simulate(300, seed=7).cohort
    specification = specify_features(study, cohort)
    vectors = build_features(cohort, specification, [72.0])
    held, flow = {}, {}
    for policy in POLICIES:
        outcomes = derive_outcomes(
            cohort,
            [72.0],
            endpoint=study_endpoints(study)[0],
            scale="ASTCT",
            horizon_h=study.outcome.horizon_h,
            policy=policy,  # type: ignore[arg-type]
        )
        flow[policy] = count_flow(outcomes)
        known = outcomes["event"].notna().to_numpy()
        rows = Judged(
            vectors[known],
            outcomes.loc[known, "event"].to_numpy().astype(np.int64),
            outcomes.loc[known, "weight"].to_numpy(),
            cohort.episodes.loc[known, "patient_id"].to_numpy(dtype=object),
        )
        splits = repeated_grouped_folds(rows.event, rows.patient, folds=5, repeats=2, seed=7)
        risks = {
            name: cross_validate(fit, splits, n_rows=len(rows.event), seed=7)
            for name, fit in fits(rows).items()
        }
        held[policy] = HeldOutRisks.align(
            rows, risks, splits, episodes=cohort.episodes, outcomes=outcomes
        )
    primary, settings = held[POLICIES[0]], Evaluation(thresholds=(0.1, 0.2))
    found = assess(
        primary,
        settings,
        labels=LABELS,
        policy=POLICIES[0],
        resamples=200,
        seed=7,
        fewest=1,
        other_policies={POLICIES[1]: held[POLICIES[1]]},
        refit=fits(rows),
    )
    assert found.performance.loc["booster", "auroc"] > 0.6
    assert found.episodes == flow[POLICIES[0]]["at_risk"] - flow[POLICIES[0]]["outcome_unknown"]
    assert {"era", "time"} <= set(found.internal_external["by"])
    rebuilds = rebuild(fits(rows)["booster"], groups=rows.patient, rebuilds=20, seed=7)
    stability = describe_stability(
        primary.event, primary.weight, rebuilds, thresholds=(0.1,), span=settings.drawn_range
    )
    auroc = found.performance.loc["booster"].to_dict()
    rate = Rate(n=found.episodes, events=found.events)
    run = RunContext(
        study_title=study.title,
        data_kind=study.data_kind,
        endpoint=study.outcome.endpoint_in_words,
        landmark_h=72.0,
        horizon_h=336.0,
        model_name=LABELS["booster"],
        run_id="0",
        package_version="0",
        profile="quick",
        training=rate,
        cohort_rate=rate,
        product_rates={},
        metrics={"auroc": (auroc["auroc"], auroc["auroc_low"], auroc["auroc_high"])},
        comparators=[],
        sample_size_verdict=verdict(found.episodes, found.events, vectors.shape[1]),
        observation_policy="",
        treatment_policy="",
        analytes={},
    )
    html = render_study(
        study_report(
            run,
            found,
            flow=flow,
            characteristics=describe_characteristics(primary.episodes, primary.event, fewest=1),
            measured_inputs=describe_measured(rows.vectors, rows.event, fewest=1),
            stability=stability,
            candidate_parameters=vectors.shape[1],
        )
    )
    assert len(html.encode()) < 1_500_000
    page = parse(html)
    assert "SYNTHETIC DATA" in page.text("synthetic")
    assert "nan" not in page.text("performance").lower()
    assert "The latest period, learnt from those before" in page.text("internal-external")
