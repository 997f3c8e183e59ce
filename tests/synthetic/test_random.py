import numpy as np
import pytest
from scipy.stats import kstest

from icans_risk.synthetic.random import Draws


def draws(count: int, *, seed: int = 1, first: int = 0) -> Draws:
    return Draws(seed, np.arange(first, first + count, dtype=np.uint64))


def test_a_draw_depends_on_who_and_what_only() -> None:
    whole = draws(1_000).uniform("age", 3)
    assert (whole[400:] == draws(600, first=400).uniform("age", 3)).all()


@pytest.mark.parametrize(("seed", "stream", "index"), [(2, "age", 0), (1, "sex", 0), (1, "age", 1)])
def test_another_seed_stream_or_index_is_another_draw(seed: int, stream: str, index: int) -> None:
    first = draws(2_000).uniform("age", 0)
    other = draws(2_000, seed=seed).uniform(stream, index)
    assert abs(np.corrcoef(first, other)[0, 1]) < 0.08


def test_draws_have_their_distributions() -> None:
    many = draws(20_000)
    assert kstest(many.uniform("u"), "uniform").pvalue > 1e-3
    assert kstest(many.normal("n"), "norm").pvalue > 1e-3
    assert kstest(many.exponential("e"), "expon").pvalue > 1e-3


def test_neighbours_in_units_and_in_indices_are_independent() -> None:
    many = draws(20_000).normal("n")
    along = Draws(1, np.zeros(20_000, dtype=np.uint64)).normal("n", np.arange(20_000))
    for series in (many, along):
        assert abs(np.corrcoef(series[:-1], series[1:])[0, 1]) < 0.03


def test_choices_follow_their_weights() -> None:
    share = np.bincount(draws(20_000).choice("c", [1, 2, 7])) / 20_000
    assert np.allclose(share, [0.1, 0.2, 0.7], atol=0.015)


def test_the_first_draws_are_these() -> None:
    # Values on every machine: a change of the hash would change every cohort.
    found = Draws(7, np.arange(3, dtype=np.uint64)).uniform("age")
    assert found.round(6).tolist() == [0.636769, 0.715243, 0.163467]
