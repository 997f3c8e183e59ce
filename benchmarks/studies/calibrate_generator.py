"""Solve the generator's numbers by arm for the published rates and times.

Run: ``python benchmarks/studies/calibrate_generator.py [patients]``. For every arm it solves
the intercepts of the hazard (each variant) and the ratio of mild to severe ICANS so that the
mean latent risk equals the published rate, and moves start and pace until the median onsets
of CRS and ICANS fit. The tables go into ``arms.yaml``; a changed table is a new version of
the numbers.
"""

import re
import sys
from pathlib import Path

import numpy as np
import yaml
from scipy.optimize import brentq

from icans_risk.evidence import load_evidence
from icans_risk.synthetic.hazard import compute_hazard
from icans_risk.synthetic.mechanism import draw_course
from icans_risk.synthetic.parameters import Parameters, load
from icans_risk.synthetic.people import People, describe_people
from icans_risk.synthetic.random import Draws
from icans_risk.synthetic.toxicity import draw_toxicity

# Where sources conflict, or an arm has none, the rate or day that is aimed at.
AIMS = {
    "icans_any.gd2_car.iv": 0.35, "icans_grade3.gd2_car.iv": 0.15,
    "icans_onset.gd2_car.iv": 6.0, "crs_onset.gd2_car.iv": 3.0,
    "icans_onset.axi_cel.lbcl": 5.4, "crs_onset.axi_cel.lbcl": 3.0,
    "icans_onset.tisa_cel.lbcl": 6.4, "icans_onset.obe_cel.all_adult": 11.5,
    "icans_onset.tisa_cel.fl": 7.4, "icans_onset.brexu_cel.mcl": 7.2,
}  # fmt: skip
ARMS = Path(__file__).parents[2] / "src" / "icans_risk" / "synthetic" / "arms.yaml"
VARIANTS = ("interactions", "linear", "no_signal")


def aim(key: str) -> float:
    """Return what is aimed at: a stated compromise, or the published figure."""
    return AIMS[key] if key in AIMS else load_evidence()[key].value


def people_of(numbers: Parameters, arm: str, patients: int) -> People:
    """Draw people of one arm."""
    position = list(numbers.arms).index(arm)
    who = Draws(20_250_101, np.arange(patients, dtype=np.uint64))
    infusion = np.ones(patients, dtype=np.int64)
    return describe_people(numbers, who, arm=np.full(patients, position), infusion=infusion)


def with_arm(numbers: Parameters, arm: str, **values: float) -> Parameters:
    """Return a copy with some values of one arm changed."""
    tables = dict(numbers.arm_numbers)
    for key, value in values.items():
        name = key.replace("__", ".")
        table = tables[name]
        tables[name] = table.model_copy(update={"values": table.values | {arm: float(value)}})
    return numbers.model_copy(update={"arm_numbers": tables})


def solve_rates(numbers: Parameters, arm: str, people: People) -> Parameters:
    """Solve the intercepts and the ratio of mild to severe."""
    severe, anyone = aim(f"icans_grade3.{arm}"), aim(f"icans_any.{arm}")
    course = draw_course(numbers, people)
    for variant in VARIANTS:
        hazard = compute_hazard(numbers, people, course, variant=variant)
        total = hazard.cumulate()[-1]
        shift = brentq(lambda d, t=total: np.mean(-np.expm1(-t * np.exp(d))) - severe, -15, 15)
        key = f"log_hazard__{variant}"
        old = numbers.arm_numbers[f"log_hazard.{variant}"].values[arm]
        numbers = with_arm(numbers, arm, **{key: round(old + shift, 2)})
        if variant == "interactions":
            mild = hazard.cumulate(mild=True)[-1] * np.exp(shift)
            total = total * np.exp(shift)
            ratio = brentq(
                lambda d, t=total, m=mild: np.mean(-np.expm1(-t - m * np.exp(d))) - anyone, -15, 15
            )
            old = numbers.arm_numbers["mild_log_ratio"].values[arm]
            numbers = with_arm(numbers, arm, mild_log_ratio=round(old + ratio, 2))
    return numbers


def onsets(numbers: Parameters, people: People) -> tuple[float, float]:
    """Return the median days of onset of CRS and of any ICANS."""
    course = draw_course(numbers, people)
    hazard = compute_hazard(numbers, people, course, variant="interactions")
    toxicity = draw_toxicity(numbers, people, course, hazard=hazard)
    crs, icans = toxicity.crs_onset_h, toxicity.any_onset_h
    # A record knows the day, not the hour.
    return (
        float(np.median(np.floor(crs[np.isfinite(crs)] / 24.0) + 0.5)),
        float(np.median(np.floor(icans[np.isfinite(icans)] / 24.0) + 0.5)),
    )


def solve_arm(numbers: Parameters, arm: str, patients: int) -> Parameters:
    """Fit one arm: times first, then rates, in turns."""
    people = people_of(numbers, arm, patients)
    want_crs, want_icans = aim(f"crs_onset.{arm}"), aim(f"icans_onset.{arm}")
    for _ in range(5):
        numbers = solve_rates(numbers, arm, people)
        crs, icans = onsets(numbers, people)
        start = numbers.arm_numbers["start_d"].values[arm]
        pace = numbers.arm_numbers["pace_h"].values[arm]
        lag = max(icans - crs, 0.3)
        pace = float(np.clip(pace * (max(want_icans - want_crs, 1.5) / lag) ** 0.4, 14, 31))
        start = float(
            np.clip(start + 0.6 * (want_icans - icans) / 2 + 0.6 * (want_crs - crs) / 2, 0.1, 9)
        )
        numbers = with_arm(numbers, arm, start_d=round(start, 2), pace_h=round(pace, 1))
    numbers = solve_rates(numbers, arm, people)
    print(arm, "CRS, ICANS onset", onsets(numbers, people), "wanted", (want_crs, want_icans))
    return numbers


def main(patients: int) -> None:
    """Fit every arm that has published rates, and write the tables."""
    numbers = load()
    for arm in numbers.arms:
        if not numbers.arms[arm].cns_tumour or arm == "gd2_car.iv":
            numbers = solve_arm(numbers, arm, patients)
    text = ARMS.read_text(encoding="utf-8")
    for name in ("start_d", "pace_h", "mild_log_ratio", *(f"log_hazard.{v}" for v in VARIANTS)):
        values = numbers.arm_numbers[name].values
        row = yaml.safe_dump(values, default_flow_style=True, sort_keys=False, width=10_000)
        pattern = rf"(  {re.escape(name)}:\n(?:    .*\n)*?    values: ).*\n"
        text = re.sub(pattern, lambda m, row=row: m[1] + row, text)
    ARMS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 4_000)
