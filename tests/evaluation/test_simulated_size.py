import pytest

from icans_risk.errors import IcansRiskError
from icans_risk.evaluation import SimulatedSize, simulated_sample_size


def test_a_simulated_number_of_columns_is_looked_up():
    found = simulated_sample_size(54)
    assert (found.model, found.columns, found.patients) == ("calibrated booster", 54, 600)
    assert found.events == 104


def test_between_two_numbers_of_columns_the_greater_need_counts():
    assert simulated_sample_size(5).patients == 800
    assert simulated_sample_size(10).patients == 600
    assert simulated_sample_size(7) == simulated_sample_size(5)


def test_fewer_columns_than_were_simulated_are_read_as_the_fewest():
    assert simulated_sample_size(1) == simulated_sample_size(5)


def test_nothing_is_extrapolated():
    assert simulated_sample_size(55) is None


def test_a_booster_that_is_not_calibrated_stays_too_timid():
    found = simulated_sample_size(54, "booster")
    assert (found.patients, found.largest_tried) == (None, 3000)
    assert found.sentence() == (
        "On SYNTHETIC patients the booster with 54 columns had no calibration slope near 1 at "
        "3,000 patients either. That is no evidence about real ones."
    )


def test_a_need_that_no_size_met_is_greater_than_one_that_was_met():
    # With 5 columns 400 patients were enough, with 10 no number was.
    assert simulated_sample_size(7, "booster").columns == 10


def test_every_sentence_says_that_the_patients_are_synthetic():
    for size in (SimulatedSize("booster", 1, None, None, 9), simulated_sample_size(30)):
        assert size.sentence().startswith("On SYNTHETIC patients")


@pytest.mark.parametrize(("columns", "model"), [(0, "booster"), (5, "forest")])
def test_what_was_not_simulated_is_refused(columns, model):
    with pytest.raises(IcansRiskError, match="a model that was simulated"):
        simulated_sample_size(columns, model)
