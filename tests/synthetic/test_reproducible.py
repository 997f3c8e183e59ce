import pandas as pd
import pytest

from icans_risk.errors import IcansRiskError
from icans_risk.synthetic import Simulated, simulate
from icans_risk.synthetic.truth import join_truth

MIXES = ("lbcl", "all_products", "cns")


def same(a: Simulated, b: Simulated) -> None:
    for name in ("episodes", "events", "grades"):
        left, right = getattr(a.cohort, name), getattr(b.cohort, name)
        pd.testing.assert_frame_equal(left, right, check_exact=True)
    for name in ("risks", "onsets", "shares", "readers"):
        left, right = getattr(a.truth, name), getattr(b.truth, name)
        pd.testing.assert_frame_equal(left, right, rtol=1e-12)


@pytest.mark.parametrize("mix", MIXES)
def test_same_seed_same_values(mix: str) -> None:
    same(simulate(40, seed=5, product_mix=mix), simulate(40, seed=5, product_mix=mix))


def test_another_seed_gives_other_patients() -> None:
    a, b = simulate(40, seed=5), simulate(40, seed=6)
    assert a.cohort.hash() != b.cohort.hash()


@pytest.mark.parametrize("mix", MIXES)
def test_a_patients_course_is_unchanged_when_more_are_asked_for(mix: str) -> None:
    few, many = (simulate(n, seed=5, product_mix=mix) for n in (23, 60))
    ids = set(few.cohort.episodes["episode_id"])
    for name in ("episodes", "events", "grades"):
        whole = getattr(many.cohort, name)
        part = whole[whole["episode_id"].isin(ids)].reset_index(drop=True)
        pd.testing.assert_frame_equal(part, getattr(few.cohort, name), check_exact=True)


def test_pieces_simulated_apart_equal_the_whole() -> None:
    # More patients than one internal piece, cut elsewhere.
    whole = simulate(2_050, seed=9)
    parts = [simulate(1_100, seed=9), simulate(950, seed=9, first_patient=1_100)]
    for name in ("episodes", "events", "grades"):
        joined = pd.concat([getattr(p.cohort, name) for p in parts], ignore_index=True)
        pd.testing.assert_frame_equal(joined, getattr(whole.cohort, name), check_exact=True)
    truth = join_truth([p.truth for p in parts])
    order = ["episode_id", "landmark_h"]
    left, right = (t.risks.sort_values(order, ignore_index=True) for t in (truth, whole.truth))
    pd.testing.assert_frame_equal(left, right, rtol=1e-12)


def test_the_order_of_asking_for_landmarks_changes_no_course() -> None:
    a = simulate(40, seed=5, landmarks_h=(0, 72))
    b = simulate(40, seed=5, landmarks_h=(72,), horizon_h=240.0)
    assert a.cohort.hash() == b.cohort.hash()


@pytest.mark.parametrize(
    "wrong",
    [
        {"patients": 0},
        {"patients": 5, "product_mix": "lymphoma"},
        {"patients": 5, "variant": "quadratic"},
        {"patients": 5, "landmarks_h": (336,)},
        {"patients": 5, "horizon_h": 1_000.0},
        {"patients": 5, "first_patient": -1},
    ],
)
def test_what_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(IcansRiskError):
        simulate(wrong.pop("patients"), seed=1, **wrong)  # type: ignore[arg-type]
