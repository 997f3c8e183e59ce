"""Moving a model by published figures and few patients: priors, data, and what is refused."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit

from icans_risk.errors import IcansRiskError, ModelError
from icans_risk.models import BoostedTrees
from icans_risk.models.calibrated import CalibratedModel
from icans_risk.models.calibration import fit_logit_calibration
from icans_risk.models.landmark_incidence import LandmarkIncidence, OnsetLaw, landmark_incidence
from icans_risk.models.rebuilds import Rebuilds, fit_rebuilds
from icans_risk.models.released import ReleasedModel
from icans_risk.models.transport import published_prior, transport, unchanged_prior
from icans_risk.models.transported import check_product_is_new, transport_released
from models.test_recalibration import patients

LAW = OnsetLaw(median_h=168.0)


def incidence(value: float, logit_sd: float = 0.4) -> LandmarkIncidence:
    return LandmarkIncidence(value=value, logit_sd=logit_sd, about="x", words="x: as stated")


def at_landmark(value: float, landmark_h: float, horizon_h: float = 720.0, **options):
    return landmark_incidence(
        value, 0.2, LAW, landmark_h=landmark_h, horizon_h=horizon_h, about="x", **options
    )


def test_the_law_of_onset_starts_at_nothing_and_ends_with_all() -> None:
    assert LAW.share_by(0.0) == 0.0
    assert LAW.share_by(24.0) == 0.0
    assert LAW.share_by(LAW.last_h + LAW.delay_h) == pytest.approx(1.0)
    assert 0.4 < LAW.share_by(168.0 + 24.0) < 0.6


def test_the_whole_course_from_infusion_is_what_was_published() -> None:
    assert at_landmark(0.3, 0.0).value == pytest.approx(0.30, abs=0.01)


def test_by_hand_with_a_sharp_law() -> None:
    sharp = OnsetLaw(median_h=168.0, median_log_sd=1e-9, log_sd_range=(0.45, 0.45 + 1e-9))
    before, until = sharp.share_by(120.0), sharp.share_by(192.0)
    found = landmark_incidence(0.4, 1e-6, sharp, landmark_h=120, horizon_h=192, about="x")
    assert found.value == pytest.approx(0.4 * (until - before) / (1 - 0.4 * before), abs=1e-5)


def test_late_landmarks_and_short_horizons_leave_less_to_come() -> None:
    late = [at_landmark(0.3, hour).value for hour in (72.0, 168.0, 264.0)]
    assert late == sorted(late, reverse=True)
    assert at_landmark(0.3, 72.0, 144.0).value < at_landmark(0.3, 72.0, 336.0).value


def test_an_uncertain_time_of_onset_widens_the_figure() -> None:
    # Early, all is to come whenever it begins; late, its time decides how much is left.
    early, late = at_landmark(0.3, 0.0), at_landmark(0.3, 240.0)
    assert early.logit_sd == pytest.approx(0.2, abs=0.02)
    assert late.logit_sd > 0.35


def test_another_scale_needs_a_stated_factor_with_a_wide_interval() -> None:
    plain = at_landmark(0.3, 0.0)
    other = at_landmark(0.3, 0.0, scale_factor=(0.5, 0.25, 1.0))
    assert other.value == pytest.approx(0.15, abs=0.01)
    assert other.logit_sd > plain.logit_sd + 0.1
    assert "times 0.5 (0.25 to 1) for the other scale" in other.words
    with pytest.raises(IcansRiskError, match="state how little is known"):
        at_landmark(0.3, 0.0, scale_factor=(0.5, 0.49, 0.51))


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_none_of_a_series_is_not_never(value: float) -> None:
    assert 0 < at_landmark(value, 0.0).value < 1


def test_the_published_shift_meets_the_published_mean() -> None:
    margin = np.random.default_rng(1).normal(-1, 1.5, size=400)
    prior = published_prior(margin, incidence(0.2))
    assert expit(margin + prior.shift).mean() == pytest.approx(0.2, abs=1e-6)
    assert prior.shift_sd > 0.4


def test_measurements_that_already_say_it_are_not_counted_twice() -> None:
    margin = np.full(60, logit(0.2))
    assert published_prior(margin, incidence(0.2)).shift == pytest.approx(0.0, abs=1e-8)


def test_few_local_patients_make_the_shift_less_sure() -> None:
    margin = np.random.default_rng(1).normal(-1, 2.0, size=400)
    sure = incidence(0.2, 0.001)
    few, many = (published_prior(margin[:n], sure).shift_sd for n in (20, 400))
    assert few > 2 * many
    with pytest.raises(IcansRiskError, match="at least 20 local patients"):
        published_prior(margin[:19], incidence(0.2))


def test_without_outcomes_the_prior_is_the_answer() -> None:
    margin = np.random.default_rng(2).normal(-1, 1, size=50)
    prior = published_prior(margin, incidence(0.35))
    done = transport(margin, np.full(50, np.nan), prior)
    assert (done.patients, done.events, done.published_share) == (0, 0, 1.0)
    assert expit(done.step.apply(margin)).mean() == pytest.approx(0.35, abs=1e-4)
    assert done.step.slope == pytest.approx(1.0, abs=1e-6)


def test_the_data_take_over_as_patients_come() -> None:
    draw = np.random.default_rng(3)
    margin = draw.normal(-1, 1.5, size=20_000)
    event = (draw.random(margin.size) < expit(0.9 + 0.7 * (margin + 1) - 1)).astype(float)
    prior = published_prior(margin[:200], incidence(0.05))
    shares, shifts = [], []
    for known in (0, 20, 200, 20_000):
        y = np.where(np.arange(margin.size) < known, event, np.nan)
        done = transport(margin, y, prior)
        shares.append(done.published_share)
        shifts.append(done.shift)
    assert shares == sorted(shares, reverse=True)
    assert shares[-1] < 0.01
    assert shifts == sorted(shifts)
    plain = fit_logit_calibration(margin, event.astype(int))
    assert done.step.slope == pytest.approx(plain.slope, abs=0.01)
    assert done.step.intercept == pytest.approx(plain.intercept, abs=0.02)


def test_the_model_as_it_is_stays_with_few_patients_that_agree() -> None:
    margin = np.random.default_rng(4).normal(-1, 1, size=30)
    y = np.zeros(30)
    y[np.argsort(margin)[-8:]] = 1
    done = transport(margin, y, unchanged_prior())
    assert abs(done.shift) < 0.3
    assert 0.7 < done.step.slope < 1.5


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 30), st.integers(1, 30), st.floats(-3, 1))
def test_any_local_outcomes_give_a_rising_line(events: int, others: int, level: float) -> None:
    margin = level + np.linspace(-1, 1, events + others)
    y = np.r_[np.ones(events), np.zeros(others)]
    done = transport(margin, y, unchanged_prior())
    assert done.step.slope > 0
    assert np.isfinite(done.step.intercept)
    assert 0 < done.published_share <= 1
    assert np.linalg.eigvalsh(done.covariance).min() > 0


def test_drawn_steps_spread_as_the_uncertainty_says() -> None:
    margin = np.random.default_rng(5).normal(-1, 1, size=40)
    done = transport(margin, np.full(40, np.nan), published_prior(margin, incidence(0.2)))
    shifts = [step.intercept + (step.slope - 1) * done.centre for step in done.steps(50)]
    assert np.std(shifts) == pytest.approx(math.sqrt(done.covariance[0, 0]), rel=0.1)
    slopes = np.log([step.slope for step in done.steps(50)])
    assert np.std(slopes) == pytest.approx(done.prior.slope_log_sd, rel=0.1)


def test_a_model_that_knows_the_product_is_not_shifted_by_product() -> None:
    check_product_is_new(["plasma.crp.last.early", "static.age_years"])
    with pytest.raises(ModelError, match="would count twice"):
        check_product_is_new(["plasma.crp.last.early", "static.product.axi-cel"])


@pytest.fixture(scope="module")
def released() -> ReleasedModel:
    X, y = patients(1, 500)
    model = CalibratedModel(BoostedTrees(rounds=20, max_depth=2), folds=3).fit(X, y)
    rebuilds = fit_rebuilds(model, X, y, n_rebuilds=16)
    return ReleasedModel(model=model, rebuilds=rebuilds, facts={"endpoint": "x"})


def test_a_released_model_carries_the_uncertainty_to_its_interval(released: ReleasedModel) -> None:
    X, y = patients(2, 120, shift=-1.0)
    new, done = transport_released(released, X, np.full(120, np.nan), incidence=incidence(0.15))
    assert isinstance(new.rebuilds, Rebuilds)
    assert expit(new.model.margin(X)).mean() == pytest.approx(0.15, abs=0.005)

    def width(model: ReleasedModel) -> float:
        assert model.rebuilds is not None
        told = model.rebuilds.interval(X)
        return float(np.mean(logit(told.high) - logit(told.low)))

    # 5th to 95th percentile of a shift with a standard deviation of 0.4 and more.
    assert width(new) > 1.2
    assert width(new) > 1.5 * width(released)
    told = new.facts["recalibrations"][0]
    assert (told["assumption"], told["patients"]) == ("assumes the same biology", 0)
    assert new.venn_abers is None
    informed, more = transport_released(released, X, y, incidence=incidence(0.15))
    assert width(informed) < width(new)
    assert more.published_share < done.published_share == 1.0


def test_a_moved_model_is_stored_and_read_like_any_other(released, tmp_path) -> None:
    from icans_risk.models.released import load_released

    X, y = patients(3, 60)
    new, _ = transport_released(released, X, y.astype(float), incidence=None)
    new.save(tmp_path / "moved")
    back = load_released(tmp_path / "moved")
    np.testing.assert_array_equal(back.model.margin(X), new.model.margin(X))
    assert back.facts["recalibrations"][0]["method"] == "transport"


def test_the_sentence_says_what_was_used_and_what_was_assumed() -> None:
    margin = np.linspace(-2, 0, 40)
    y = np.r_[np.zeros(10), np.full(30, np.nan)]
    words = transport(margin, y, published_prior(margin, incidence(0.2))).in_words
    assert "Published: x: as stated, and 10 local patients with 0 events" in words
    assert "It assumes the same biology" in words


@pytest.mark.parametrize(
    ("margin", "y"), [([0.0, np.inf], [0, 1]), ([0.0, 1.0], [0, 2]), ([], []), ([0.0], [0, 1])]
)
def test_what_cannot_be_used_is_refused(margin, y) -> None:
    with pytest.raises(IcansRiskError, match="Leave such rows out"):
        transport(margin, y, unchanged_prior())
