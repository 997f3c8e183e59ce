"""With noise off, what is measured follows from the latents by formulas written out here."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from icans_risk.catalogue import load_catalogue
from icans_risk.synthetic import Simulated, load, simulate
from icans_risk.synthetic.hazard import compute_hazard
from icans_risk.synthetic.mechanism import PULSES, Course, draw_course, expand, typical_course
from icans_risk.synthetic.people import People, draw_people
from icans_risk.synthetic.tallies import select, summarise

SEED, PATIENTS = 13, 400


@pytest.fixture(scope="module")
def clean() -> Simulated:
    return simulate(PATIENTS, seed=SEED, noise=False)


@pytest.fixture(scope="module")
def people() -> People:
    return draw_people(load(), seed=SEED, first=0, patients=PATIENTS, product_mix="lbcl")


@pytest.fixture(scope="module")
def course(people: People) -> Course:
    return draw_course(load(), people)


def rows_of(events: pd.DataFrame) -> np.ndarray:
    return events["episode_id"].str.slice(1, 8).astype(int).to_numpy()


@pytest.mark.parametrize("name", PULSES)
def test_a_pulse_has_its_size_at_its_peak_and_nowhere_more(name: str, course: Course) -> None:
    order = course.order[name]
    peak = course.log_latent(name, course.start_h + order * course.pace_h)
    assert np.allclose(peak, course.log_size[name])
    for shift in (-5.0, 5.0):
        beside = course.log_latent(name, course.start_h + order * course.pace_h + shift)
        assert (beside < peak).all()


def test_pulses_peak_in_the_order_of_the_biology() -> None:
    order = typical_course(load()).order
    chain = ["activation", "early_cytokines", "myeloid_cytokines", "endothelium",
             "barrier_leak", "neuro_inflammation", "consumption", "injury"]  # fmt: skip
    assert sorted(chain, key=order.__getitem__) == chain


def test_car_t_cells_double_and_contract_as_published() -> None:
    numbers, typical = load(), typical_course(load())
    row = np.array([list(numbers.arms).index("tisa_cel.lbcl")] * 2)
    rise = np.diff(expand(numbers, typical, hours=np.array([24.0, 48.0]), rows=row))[0]
    fall = np.diff(expand(numbers, typical, hours=np.array([240.0, 264.0]), rows=row))[0]
    # Stein 2019: doubling time 0.78 d, half-life of the contraction 4.3 d.
    assert np.log(2) / rise == pytest.approx(0.78, rel=0.02)
    assert -np.log(2) / fall == pytest.approx(4.3, rel=0.05)


def test_the_share_with_crs_is_a_quantile_of_the_normal() -> None:
    numbers = load()
    size = {k: numbers.number(f"size.{k}") for k in (
        "expansion", "tumour_burden", "endothelial_stress_on_inflammation",
        "early_cytokines_sd", "myeloid_cytokines_sd",
    )}  # fmt: skip
    spread = np.sqrt(sum(v**2 for v in size.values()))
    table = summarise(simulate(3_000, seed=5, noise=False).cohort)
    for arm, part in table.groupby("arm"):
        expected = norm.cdf(numbers.arm_numbers["crs_level"].values[str(arm)] / spread)
        error = np.sqrt(expected * (1 - expected) / len(part))
        assert abs((part["crs"] >= 1).mean() - expected) < 3.5 * error


def test_ferritin_is_its_median_times_the_gains_of_its_latents(
    clean: Simulated, people: People, course: Course
) -> None:
    events = select(clean.cohort, "plasma.ferritin")
    row, hours = rows_of(events), events["collected_h"].to_numpy()
    readout = load().panels["routine"]["plasma.ferritin"]
    gains = dict(readout.gains)
    total = gains.pop("tumour_burden") * people.burden[row]
    total += gains.pop("endothelial_stress") * people.stress[row]
    for name, gain in gains.items():
        s = np.maximum((hours - course.start_h[row]) / course.pace_h[row], 1e-9)
        n = course.order[name]
        size = np.exp(course.log_size[name][row])
        total += gain * np.log1p(size * (s / n) ** n * np.exp(n - s))
    expected = np.round(readout.rest * np.exp(total))
    assert np.abs(events["value"] - expected).max() <= 1.0


def test_car_t_cells_are_counted_as_they_are(clean: Simulated, course: Course) -> None:
    events = select(clean.cohort, "plasma.car_t_cells")
    events = events[events["censored"] == ""]
    expected = np.exp(
        expand(load(), course, hours=events["collected_h"].to_numpy(), rows=rows_of(events))
    )
    assert np.allclose(events["value"], expected, atol=0.006)


def test_draws_are_on_time_and_results_take_the_usual_time(clean: Simulated) -> None:
    site = clean.cohort.episodes.set_index("episode_id")["site"]
    habits = {s.name: s for s in load().sites}
    events = select(clean.cohort, "plasma.mcp1")
    at = events["episode_id"].map(site)
    hour = at.map({k: h.lab_hour for k, h in habits.items()})
    assert np.allclose((events["collected_h"] - hour) % 24, 0)
    usual = load_catalogue()["plasma.mcp1"].turnaround_hours
    took = usual * at.map({k: h.turnaround for k, h in habits.items()})
    assert np.allclose(events["available_h"] - events["collected_h"], took, atol=0.01)


def test_the_recorded_grade_is_the_latent_one(clean: Simulated) -> None:
    grades = clean.cohort.grades.merge(clean.truth.onsets, on="episode_id")
    reached = grades["onset_h"] < grades["assessed_h"]
    severe = grades["icans_grade"] >= 3
    assert not (severe & ~reached).any()
    on_the_day = (grades["covers_from_h"] <= grades["onset_h"]) & reached
    assert severe[on_the_day].all()


def test_the_hazard_is_the_exponential_of_its_terms(people: People, course: Course) -> None:
    numbers = load()
    hazard = compute_hazard(numbers, people, course, variant="linear")
    hour, row = 130, 17
    t = hour + 0.5
    s = (t - course.start_h[row]) / course.pace_h[row]

    def latent(name: str) -> float:
        n = course.order[name]
        return float(course.log_size[name][row] + n * np.log(s / n) + n - s)

    get = numbers.number
    log = numbers.by_arm("log_hazard.linear", people.arm)[row]
    log -= get("hazard.permission") * np.log1p(np.exp(-latent("reaching_cytokines")))
    log += get("hazard.barrier_leak") * latent("barrier_leak")
    log += get("hazard.neuro_inflammation") * latent("neuro_inflammation")
    log += get("hazard.age") * (max(people.age[row], get("hazard.age_from")) - 60)
    log += get("hazard.neuro_vulnerability") * people.brain[row]
    log += get("hazard.endothelial_stress") * people.stress[row]
    log += get("hazard.corticosteroid_prophylaxis") * (people.prophylaxis[row] == 2)
    log -= np.log1p(np.exp((t - get("hazard.ends_h")) / get("hazard.ends_over_h")))
    assert hazard.hourly[hour, row] == pytest.approx(np.exp(log), rel=1e-9)


def test_the_true_risk_is_one_minus_the_exponential_of_the_integral(
    clean: Simulated, people: People, course: Course
) -> None:
    hazard = compute_hazard(load(), people, course, variant="interactions")
    risks = clean.truth.risks.query("landmark_h == 72")["true_risk"].to_numpy()
    assert np.allclose(risks, 1 - np.exp(-hazard.hourly[72:336].sum(axis=0)))
