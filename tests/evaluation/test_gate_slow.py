"""How often the gate is wrong, on cohorts of which the truth is known."""

import numpy as np
import pytest

from icans_risk.evaluation import METRICS, compare_risks, judge_replacement

pytestmark = pytest.mark.slow

COHORTS, RESAMPLES = 150, 200
QUESTION = {"endpoint": "ICANS grade 3 or higher (ASTCT)"}


def expit(x):
    return 1 / (1 + np.exp(-x))


class World:
    """Two models that see one cause of the event, each through its own noise.

    Each says the best risk that a line on what it sees can say, so that both are
    calibrated and only differ in what they know.
    """

    def __init__(self, *, noise: float) -> None:
        self.noise = (0.7, noise)
        y, old, new = self.see(400_000, np.random.default_rng(1))
        self.lines = [self._line(y, old), self._line(y, new)]
        risks = self.risks(old, new)
        self.worse_by = {
            name: METRICS[name](y, risks[1], None) - METRICS[name](y, risks[0], None)
            for name in ("log_loss", "auroc")
        }

    def see(self, rows, draw):
        x = draw.normal(size=rows)
        y = (draw.random(rows) < expit(1.3 * x - 1.9)).astype(int)
        return y, x + draw.normal(0, self.noise[0], rows), x + draw.normal(0, self.noise[1], rows)

    @staticmethod
    def _line(y, seen):
        design, line = np.column_stack([np.ones(y.size), seen]), np.zeros(2)
        for _ in range(12):
            p = expit(design @ line)
            information = (design * (p * (1 - p))[:, None]).T @ design
            line += np.linalg.solve(information, design.T @ (y - p))
        return line

    def risks(self, old, new):
        return [
            expit(a + b * seen) for (a, b), seen in zip(self.lines, (old, new), strict=True)
        ]  # fmt: skip

    def gates(self, rows, *, cohorts=COHORTS):
        for seed in range(cohorts):
            y, *seen = self.see(rows, np.random.default_rng(100 + seed))
            old, new = self.risks(*seen)
            compared = compare_risks(
                y, new, old=old, groups=np.arange(rows), decision_range=(0.1, 0.3), fewest=1,
                resamples=RESAMPLES, seed=seed,
            )  # fmt: skip
            yield judge_replacement(compared, old=QUESTION, new=QUESTION, audit="pass")


@pytest.mark.parametrize("rows", [80, 250])
def test_a_model_worse_by_little_more_than_the_margin_is_seldom_accepted(rows):
    world = World(noise=0.92)
    assert 0.0105 < world.worse_by["log_loss"] < 0.0125
    assert -0.026 < world.worse_by["auroc"] < -0.021
    gates = list(world.gates(rows))
    assert sum(gate.verdict == "accept" for gate in gates) <= 0.05 * COHORTS
    # Neither of the two that look at it lets it pass for the other's sake.
    for name in ("loss", "auroc"):
        assert sum(gate.of(name).verdict == "accept" for gate in gates) <= 0.07 * COHORTS


def test_a_model_that_is_as_good_is_seldom_rejected_and_a_far_worse_one_is_never_accepted():
    as_good = list(World(noise=0.7).gates(250, cohorts=60))
    assert sum(gate.verdict == "reject" for gate in as_good) <= 0.2 * 60
    far_worse = list(World(noise=2.5).gates(250, cohorts=60))
    # What is left of them is "not assessable": the interval reaches back to no change.
    assert sum(gate.verdict == "reject" for gate in far_worse) >= 0.8 * 60
    assert not [gate for gate in far_worse if gate.verdict == "accept"]
