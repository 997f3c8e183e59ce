import numpy as np
import pandas as pd
import pytest

from icans_risk.catalogue import load_catalogue
from icans_risk.cohort import EPISODES, EVENTS, GRADES, Cohort
from icans_risk.synthetic import Simulated, Truth, simulate
from icans_risk.synthetic.hazard import LATENTS

HORIZON_H = 336.0
LATE_H = 144.0


def with_onsets(truth: Truth) -> pd.DataFrame:
    table = truth.risks.merge(truth.onsets, on="episode_id")
    table["reached"] = (table["onset_h"] > table["landmark_h"]) & (table["onset_h"] <= HORIZON_H)
    return table[table["at_risk"]]


@pytest.mark.parametrize("variant", ["linear", "interactions", "no_signal"])
def test_onsets_come_as_often_as_the_true_risk_says(variant: str) -> None:
    # A miniature of nested Monte Carlo: given their risks, onsets are independent.
    simulated = simulate(3_000, seed=21, variant=variant)  # type: ignore[arg-type]
    for _, part in with_onsets(simulated.truth).groupby("landmark_h"):
        risk = part["true_risk"]
        spread = np.sqrt((risk * (1 - risk)).sum()) / len(part)
        assert abs(part["reached"].mean() - risk.mean()) < 3 * spread


def test_onsets_agree_in_every_tenth_of_the_risk(mixed: Simulated) -> None:
    part = with_onsets(mixed.truth).query("landmark_h == 72")
    tenth = pd.qcut(part["true_risk"].rank(method="first"), 10, labels=False)
    for _, group in part.groupby(tenth):
        risk = group["true_risk"]
        spread = np.sqrt((risk * (1 - risk)).sum()) / len(group)
        assert abs(group["reached"].mean() - risk.mean()) < 3.5 * spread + 1 / len(group)


@pytest.mark.parametrize("sign", ["mild grade", "mild grade now", "test", "steroid"])
def test_what_is_seen_says_nothing_beyond_the_true_risk(ill: Simulated, sign: str) -> None:
    # Whoever knows the latents learns nothing more from a grade, a test or a treatment.
    seen = episodes_with(ill.cohort, sign)
    part = with_onsets(ill.truth)
    part = part[part["episode_id"].isin(seen)]
    risk = part["true_risk"]
    spread = np.sqrt((risk * (1 - risk)).sum()) / len(part)
    assert len(part) > 100
    assert abs(part["reached"].mean() - risk.mean()) < 3 * spread


@pytest.fixture(scope="module")
def ill() -> Simulated:
    return simulate(5_000, seed=22, landmarks_h=(LATE_H,))


def episodes_with(cohort: Cohort, sign: str) -> pd.Series:
    events = cohort.events[cohort.events["collected_h"].between(0, LATE_H)]
    grades = cohort.grades[cohort.grades["available_h"] <= LATE_H]
    mild = grades[grades["icans_grade"].between(1, 2)]
    tests = events["modality"].isin(["csf", "eeg", "imaging"])
    signs = {
        "mild grade": mild,
        "mild grade now": mild[mild["available_h"] == LATE_H],
        "test": events[tests & (events["ordered_as"] == "clinical")],
        "steroid": events[events["analyte"] == "corticosteroid"],
    }
    return signs[sign]["episode_id"]


def test_risks_are_probabilities_and_fall_as_time_passes(lbcl: Simulated) -> None:
    wide = lbcl.truth.risks.pivot_table(
        index="episode_id", columns="landmark_h", values="true_risk"
    ).to_numpy()
    assert ((wide >= 0) & (wide <= 1)).all()
    assert (np.diff(wide, axis=1) <= 1e-12).all()


def test_prophylaxis_alone_separates_the_untreated_risk(lbcl: Simulated) -> None:
    episodes = lbcl.cohort.episodes.set_index("episode_id")["prophylaxis"]
    risks = lbcl.truth.risks
    is_steroid = (risks["episode_id"].map(episodes) == "corticosteroid").to_numpy()
    assert (risks["true_risk_untreated"] > risks["true_risk"])[is_steroid].all()
    assert np.allclose(risks["true_risk_untreated"][~is_steroid], risks["true_risk"][~is_steroid])


def test_at_risk_means_alive_and_before_the_onset(lbcl: Simulated) -> None:
    table = lbcl.truth.risks.merge(lbcl.truth.onsets, on="episode_id")
    onset, died = table["onset_h"].fillna(np.inf), table["died_h"].fillna(np.inf)
    expected = (onset > table["landmark_h"]) & (died > table["landmark_h"])
    assert (table["at_risk"] == expected).all()


def test_without_signal_the_risk_depends_on_the_product_alone() -> None:
    simulated = simulate(400, seed=4, variant="no_signal")
    product = simulated.cohort.episodes.set_index("episode_id")["product"]
    risks = simulated.truth.risks
    groups = risks.groupby([risks["episode_id"].map(product), "landmark_h"])["true_risk"]
    assert (groups.max() - groups.min()).max() < 1e-12


@pytest.mark.parametrize("variant", ["linear", "interactions"])
def test_shares_add_up_to_the_log_of_the_risk_integral(variant: str) -> None:
    simulated = simulate(400, seed=4, variant=variant, landmarks_h=(0,))  # type: ignore[arg-type]
    shares = simulated.truth.shares.pivot_table(
        index="episode_id", columns="latent", values="share_of_log_hazard"
    )
    assert set(shares.columns) == set(LATENTS)
    risk = simulated.truth.risks.set_index("episode_id")["true_risk"]
    integral = np.log(-np.log1p(-risk)).reindex(shares.index)
    # Not exactly: the shares are averages over time, and timing itself is shared out.
    total = shares.sum(axis=1)
    assert np.corrcoef(total, integral)[0, 1] > 0.95


def test_without_signal_only_the_product_has_a_share() -> None:
    shares = simulate(100, seed=4, variant="no_signal").truth.shares
    others = shares[shares["latent"] != "product"]
    assert np.allclose(others["share_of_log_hazard"], 0.0)


def test_readers_are_analytes_of_the_catalogue_or_static_columns(lbcl: Simulated) -> None:
    names = lbcl.truth.readers["analyte"]
    static = names[names.str.startswith("static.")].str.removeprefix("static.")
    assert set(static) <= set(EPISODES)
    assert set(names[~names.str.startswith("static.")]) <= set(load_catalogue())
    pairs = set(lbcl.truth.readers.itertuples(index=False, name=None))
    assert ("barrier_leak", "csf.albumin_quotient") in pairs
    assert ("myeloid_cytokines", "plasma.il6") in pairs
    assert ("neuro_inflammation", "csf.wbc") not in pairs


def test_no_truth_is_in_the_cohort(mixed: Simulated) -> None:
    tables = {"episodes": EPISODES, "events": EVENTS, "grades": GRADES}
    for name, contract in tables.items():
        assert set(getattr(mixed.cohort, name).columns) <= set(contract)
