"""How often monitoring alarms where nothing is wrong, and how late where something is.

Calibration: years of patients with risks of a plausible spread, whose events follow the risks,
or odds that are so many times as high, or risks that are too extreme but right on average. Data
contract: new cohorts of the generator, as they are or with one thing changed, against what was
learnt from 300 patients of the same kind.

Run: ``python benchmarks/studies/monitoring.py``. Writes ``monitoring.csv`` beside this file, with
the seed and the commit. Synthetic: no evidence about patients.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit, logit

from committed import current_commit
from icans_risk.cohort import Cohort
from icans_risk.features import FeatureSpecification, Measurement, Window
from icans_risk.serving.calibration_watch import FALSE_ALARM_RATE, log_evidence
from icans_risk.serving.contract import learn_contract
from icans_risk.serving.monitoring import check_contract
from icans_risk.synthetic import simulate

HERE = Path(__file__).parent
SEED = 55_000_000
PER_YEAR = (50, 100, 150)
ODDS = (1.0, 1.5, 2.0, 3.0, 0.5, 1 / 3)
SLOPES = (0.7, 0.5)
LANDMARK_H = 72.0
ANALYTES = ("plasma.crp", "plasma.ferritin", "plasma.il6", "plasma.platelets", "plasma.ldh")

NOTHING = "nothing"

Change = Callable[[Cohort], Cohort]


def main() -> None:
    """Run the study at full size and write its table."""
    table = pd.concat(
        [
            watch(years=4_000, seed=SEED),
            contract(clean=60, cohorts=8, patients=(15, 40), seed=SEED),
        ],
        ignore_index=True,
    )
    commit = current_commit()
    table.assign(seed=SEED, commit=commit).to_csv(
        HERE / "monitoring.csv", index=False, float_format="%.4f"
    )
    sys.stdout.write(f"{table.to_string()}\n")


def watch(*, years: int, seed: int) -> pd.DataFrame:
    """Count alarms of the calibration watch, looked at after every patient of a year.

    Returns
    -------
    DataFrame
        ``what, changed, patients, repeats, alarms`` (share of years) and ``median_at`` (after
        how many patients, in years with an alarm).
    """
    generator = np.random.default_rng(seed)
    rows = []
    for patients in PER_YEAR:
        risk = expit(generator.normal(-1.6, 1.0, (years, patients)))
        cases = {f"odds times {odds:.2f}": expit(logit(risk) + np.log(odds)) for odds in ODDS}
        cases |= {f"slope {slope}": _flattened(risk, slope) for slope in SLOPES}
        for name, truth in cases.items():
            event = generator.random(risk.shape) < truth
            rows.append({"what": "calibration", "changed": name} | _alarms(event, risk))
    return pd.DataFrame(rows)


def _flattened(risk: NDArray[np.float64], slope: float) -> NDArray[np.float64]:
    """Give true risks that are as high on average and less extreme."""
    margin = logit(risk)
    shift = brentq(lambda a: float(expit(a + slope * margin).mean() - risk.mean()), -5, 5)
    return cast("NDArray[np.float64]", expit(shift + slope * margin))


def _alarms(event: NDArray[np.bool_], risk: NDArray[np.float64]) -> dict[str, Any]:
    over = log_evidence(event, risk) >= -np.log(FALSE_ALARM_RATE)
    is_alarm = over.any(axis=1)
    at = over.argmax(axis=1)[is_alarm] + 1
    return {
        "patients": risk.shape[1],
        "repeats": len(risk),
        "alarms": float(is_alarm.mean()),
        "median_at": float(np.median(at)) if at.size else np.nan,
    }


def contract(*, clean: int, cohorts: int, patients: Sequence[int], seed: int) -> pd.DataFrame:
    """Count cohorts that breach the contract, unchanged and with one thing changed.

    Returns
    -------
    DataFrame
        As ``watch``; ``alarms`` is the share of cohorts with any breach, where something was
        changed with a breach of the check that is meant for it.
    """
    specification = FeatureSpecification(
        windows=(Window("early", "infusion", 0, LANDMARK_H),),
        measurements=tuple(Measurement(name, ("early",), ("last",)) for name in ANALYTES),
    ).fit(_cohort(300, seed))
    learnt = learn_contract(_cohort(300, seed), specification, LANDMARK_H)
    rows = []
    for size in patients:
        found: dict[str, list[bool]] = {name: [] for name in CHANGES}
        for number in range(max(clean, cohorts)):
            as_it_is = _cohort(size, seed + 1 + number)
            for name, (check, change) in CHANGES.items():
                if number >= (clean if name == NOTHING else cohorts):
                    continue
                told = check_contract(
                    change(as_it_is), learnt, specification=specification, landmark_h=LANDMARK_H
                )
                is_breach = told["verdict"] == "breach"
                found[name].append(bool((is_breach & told["check"].str.match(check)).any()))
        rows += [
            {
                "what": "contract",
                "changed": name,
                "patients": size,
                "repeats": len(seen),
                "alarms": float(np.mean(seen)),
                "median_at": np.nan,
            }
            for name, seen in found.items()
        ]
    return pd.DataFrame(rows)


def _cohort(patients: int, seed: int) -> Cohort:
    return simulate(patients, seed=seed).cohort


def _change_events(analyte: str, **columns: Callable[[pd.DataFrame], pd.Series]) -> Change:
    def change(cohort: Cohort) -> Cohort:
        events = cohort.events.copy()
        own = events["analyte"] == analyte
        for name, compute in columns.items():
            events.loc[own, name] = compute(events[own])
        return replace(cohort, events=events)

    return change


def _lose(analyte: str, share: float) -> Change:
    def change(cohort: Cohort) -> Cohort:
        ids = cohort.episodes["episode_id"]
        lost = set(ids[: int(share * len(ids))])
        events = cohort.events
        gone = events["episode_id"].isin(lost) & (events["analyte"] == analyte)
        return replace(cohort, events=events[~gone])

    return change


# What is changed, and the check that is meant for it; a pattern that fits all for clean data.
CHANGES: dict[str, tuple[str, Change]] = {
    NOTHING: (".*", lambda cohort: cohort),
    "CRP times 10": ("values", _change_events("crp", value=lambda rows: rows["value"] * 10)),
    "ferritin a thousandth": (
        "values",
        _change_events("ferritin", value=lambda rows: rows["value"] / 1000),
    ),
    "LDH in ukat/L": ("values", _change_events("ldh", value=lambda rows: rows["value"] / 60)),
    "CRP available 24 h later": (
        "turnaround_h",
        _change_events("crp", available_h=lambda rows: rows["available_h"] + 24),
    ),
    "another ferritin assay": (
        "assay",
        _change_events("ferritin", assay=lambda rows: rows["assay"].str.cat(["new"] * len(rows))),
    ),
    "platelets lost in half": ("measured", _lose("platelets", 0.5)),
}


if __name__ == "__main__":
    main()
