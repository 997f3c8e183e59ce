"""What the package recommends for a cohort of some size, and what it says of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from icans_risk.errors import IcansRiskError
from icans_risk.models import MODELS
from icans_risk.models.recommendation import recommend, studied_sizes


def test_a_cohort_of_a_studied_size_gets_what_was_best_there() -> None:
    for size in studied_sizes():
        found = recommend(size.patients, round(size.events))
        assert found.model == size.model
        assert found.n == size.patients


def test_the_sentence_names_the_model_the_figures_and_what_they_are_worth() -> None:
    (size,) = (size for size in studied_sizes() if size.patients == 1_000)
    sentence = recommend(1_200, 180).sentence
    assert size.words in sentence
    assert "1,000 patients" in sentence
    assert f"{size.log_loss_shares[1]:.0%}" in sentence
    assert f"{size.slopes[1]:.2f}" in sentence
    assert "1,200 patients, 180 with the rarer outcome" in sentence
    assert sentence.endswith("Synthetic cohorts only: no evidence about patients.")


def test_few_events_make_a_large_cohort_small() -> None:
    assert recommend(5_000, 50).n == 300
    assert recommend(1_000, 950).n == 300


@pytest.mark.parametrize(
    ("patients", "events", "words"),
    [
        (40, 3, "fewer than in any cohort that was studied"),
        (30, 0, "fewer than in any cohort that was studied"),
        (90_000, 20_000, "more than in any cohort that was studied"),
    ],
)
def test_a_cohort_beyond_those_studied_is_told_so(patients: int, events: int, words: str) -> None:
    found = recommend(patients, events)
    assert not found.is_within_range
    assert words in found.sentence


def test_a_cohort_among_those_studied_hears_nothing_of_a_range() -> None:
    found = recommend(600, 90)
    assert found.is_within_range
    assert "any cohort" not in found.sentence


@pytest.mark.parametrize(("patients", "events"), [(0, 0), (-3, 0), (10, 11), (10, -1)])
def test_impossible_numbers_are_refused(patients: int, events: int) -> None:
    with pytest.raises(IcansRiskError, match=rf"got {patients} patients and {events} events"):
        recommend(patients, events)


@given(st.integers(1, 10**6), st.floats(0, 1))
def test_whatever_the_cohort_the_model_can_be_made(patients: int, share: float) -> None:
    found = recommend(patients, int(share * patients))
    assert found.model in MODELS
    assert found.n in {size.patients for size in studied_sizes()}


@given(st.integers(1, 2_000), st.integers(0, 2_000))
def test_more_events_never_point_to_a_smaller_cohort(events: int, more: int) -> None:
    assert recommend(10**6, events + more).n >= recommend(10**6, events).n
