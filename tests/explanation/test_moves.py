"""Where a risk would have gone with a measurement that nobody took."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from explanation.test_agreement import Weights
from icans_risk.explanation import held_out_moves, plausible_values, possible_moves

COLUMNS = [
    "plasma.crp.max.early",
    "plasma.crp.last.early",
    "plasma.il6.last.early",
    "clinical.temperature.max.early",
    "csf.protein.last.to_date",
    "eeg.delta_relative.last.to_date",
    "treatment.dexamethasone.given.to_landmark",
    "static.age_years",
]


def training(n: int = 101) -> pd.DataFrame:
    """CRP from 0 to 100, its last value half of its maximum; temperature the other way."""
    up = np.arange(n, dtype=float)
    known = pd.DataFrame(
        np.column_stack([up, up / 2, up, 40 - up / 50, up, up, up * 0, up]), columns=COLUMNS
    )
    known.loc[known.index >= 5, "plasma.il6.last.early"] = np.nan
    return known.astype("float32").sample(frac=1, random_state=0)


def rows(*values: list[float]) -> pd.DataFrame:
    index = pd.MultiIndex.from_product(
        [[f"E{i}" for i in range(len(values))], [72.0]], names=["episode_id", "landmark_h"]
    )
    return pd.DataFrame(list(values), columns=COLUMNS, index=index, dtype="float32")


nan = np.nan
NOTHING = rows([nan] * 8)


def test_donors_stand_for_equal_shares_of_the_patients_and_are_whole_patients() -> None:
    crp = plausible_values(training(), donors=5)["plasma.crp"]
    assert crp["plasma.crp.max.early"].tolist() == [10.0, 30.0, 50.0, 70.0, 90.0]
    assert crp["plasma.crp.last.early"].tolist() == [5.0, 15.0, 25.0, 35.0, 45.0]


def test_what_a_model_keeps_are_medians_of_neighbours_and_nobody_s_values() -> None:
    kept = plausible_values(training(), of_at_least=5)["plasma.crp"]
    assert len(kept) == 20
    assert kept["plasma.crp.max.early"].iloc[:2].tolist() == [2.5, 8.0]
    assert (kept["plasma.crp.last.early"] <= kept["plasma.crp.max.early"]).all()
    few = plausible_values(training().iloc[:23], of_at_least=5)["plasma.crp"]
    ranked = np.sort(training().iloc[:23]["plasma.crp.max.early"].to_numpy())
    groups = np.array_split(ranked, 4)
    assert few["plasma.crp.max.early"].tolist() == [np.median(group) for group in groups]


def test_only_blood_and_bedside_measurements_that_enough_patients_have_are_moved() -> None:
    # IL-6 was measured in five patients.
    assert list(plausible_values(training())) == ["plasma.crp", "clinical.temperature"]


def test_how_often_somebody_measured_is_not_moved() -> None:
    table = pd.DataFrame(
        {
            "plasma.crp.count.early": np.arange(20.0) % 3,
            "plasma.crp.hours_since_last.early": 1.0,
            "plasma.crp.max.early": np.arange(20.0),
        }
    )
    assert list(plausible_values(table)["plasma.crp"].columns) == ["plasma.crp.max.early"]
    asked = pd.DataFrame(
        [[0.0, nan, nan]],
        columns=table.columns,
        index=pd.MultiIndex.from_tuples([("E0", 72.0)], names=["episode_id", "landmark_h"]),
    )
    moved = possible_moves(Weights((9.0, 9.0, 0.1)), asked, plausible_values(table))
    assert moved["risk_high"].iloc[0] == pytest.approx(expit(0.1 * 17 - 1))


def test_the_ends_are_the_lowest_and_highest_risk_over_plausible_values() -> None:
    model = Weights((0.02, 0.02, 0.0, 0.5, 9.0, 9.0, 9.0, 9.0))
    moves = possible_moves(model, NOTHING, plausible_values(training(), donors=5))
    assert moves.columns.tolist() == [
        "episode_id", "landmark_h", "analyte", "risk_low", "risk_high", "reduction",
    ]  # fmt: skip
    moves = moves.set_index("analyte")
    crp = moves.loc["plasma.crp"]
    assert crp["risk_low"] == pytest.approx(expit(0.02 * 10 + 0.02 * 5 - 1))
    assert crp["risk_high"] == pytest.approx(expit(0.02 * 90 + 0.02 * 45 - 1))
    temperature = moves.loc["clinical.temperature"]
    assert temperature["risk_low"] == pytest.approx(expit(0.5 * 38.2 - 1))


def test_what_was_measured_does_not_move_and_what_is_worth_most_comes_first() -> None:
    asked = rows([1.0, 1.0, nan, nan, nan, nan, nan, nan], [nan] * 3 + [37.0] + [nan] * 4)
    model = Weights((0.02, 0.02, 0.0, 0.5, 9.0, 9.0, 9.0, 9.0))
    moves = possible_moves(model, asked, plausible_values(training()))
    assert moves[["episode_id", "analyte"]].to_numpy().tolist() == [
        ["E0", "clinical.temperature"],
        ["E1", "plasma.crp"],
    ]


def test_the_reduction_is_the_share_by_which_the_brier_score_falls() -> None:
    model = Weights((0.02,) + (0.0,) * 7)
    plausible = {"plasma.crp": pd.DataFrame({"plasma.crp.max.early": np.float32([0.0, 100.0])})}
    moved = possible_moves(model, NOTHING, plausible).iloc[0]
    # Without the value the model says the lower of two equally likely risks.
    said, risks = expit(-1.0), np.array([expit(-1.0), expit(1.0)])
    before = np.mean(risks * (1 - said) ** 2 + (1 - risks) * said**2)
    after = np.mean(risks * (1 - risks) ** 2 + (1 - risks) * risks**2)
    assert moved["reduction"] == pytest.approx(1 - after / before)


def test_two_rare_extremes_are_worth_less_than_a_spread_that_is_common() -> None:
    column = "plasma.crp.max.early"
    spread, extreme = (
        np.float32([10.0] * 10 + [80.0] * 10),
        np.float32([0.0] * 3 + [45.0] * 14 + [90.0] * 3),
    )
    plausible = {
        "plasma.crp": pd.DataFrame({column: extreme}),
        "clinical.temperature": pd.DataFrame({"clinical.temperature.max.early": spread}),
    }
    moves = possible_moves(Weights((0.02, 0.0, 0.0, 0.02) + (0.0,) * 4), NOTHING, plausible)
    assert moves["analyte"].tolist() == ["clinical.temperature", "plasma.crp"]
    width = moves["risk_high"] - moves["risk_low"]
    assert width[0] < width[1]


def test_a_value_that_a_model_does_not_read_is_worth_nothing() -> None:
    moves = possible_moves(Weights((0.0,) * 8), NOTHING, plausible_values(training()))
    assert moves["reduction"].tolist() == pytest.approx([0.0, 0.0], abs=1e-15)


def test_a_row_is_moved_by_the_models_that_did_not_see_it() -> None:
    asked = rows([nan] * 8, [nan] * 8, [nan] * 8)
    low, high = Weights((0.01,) + (0.0,) * 7), Weights((0.03,) + (0.0,) * 7)
    plausible = {"plasma.crp": pd.DataFrame({"plasma.crp.max.early": np.float32([10.0, 90.0])})}
    moves = held_out_moves(
        [low, high], [np.array([1]), np.array([0])], asked, plausible=plausible
    ).set_index("episode_id")
    assert moves.loc["E0", "risk_high"] == pytest.approx(expit(0.9 - 1), abs=1e-6)
    assert moves.loc["E1", "risk_high"] == pytest.approx(expit(2.7 - 1), abs=1e-6)
    # Both may speak of the last: the mean of their log odds.
    assert moves.loc["E2", "risk_high"] == pytest.approx(expit(1.8 - 1), abs=1e-6)


def test_without_anything_to_move_there_is_an_empty_table() -> None:
    moves: Any = possible_moves(Weights((0.0,) * 8), NOTHING, {})
    assert moves.empty
    assert list(moves.columns)[-3:] == ["risk_low", "risk_high", "reduction"]
