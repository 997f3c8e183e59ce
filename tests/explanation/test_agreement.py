"""How many rebuilds say the same, counted by hand."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest

from icans_risk.errors import ExplanationError
from icans_risk.explanation import NAMED_AGREEMENT, explain, fold_by_analyte, named, sign_agreement

COLUMNS = ["plasma.crp.max.early", "plasma.crp.last.early", "csf.protein.last.to_date"]


@dataclass
class Weights:
    """A linear model: what a column adds is its value times its weight."""

    weights: tuple[float, ...]

    def contributions(self, X: Any) -> np.ndarray:
        said = np.nan_to_num(np.asarray(X, dtype=np.float64)) * np.array(self.weights)
        return np.column_stack([said, np.full(len(said), -1.0)])

    def margin(self, X: Any) -> np.ndarray:
        return self.contributions(X).sum(axis=1)


def rows(*values: tuple[float, ...]) -> pd.DataFrame:
    names = [f"E{i}" for i in range(len(values))]
    index = pd.MultiIndex.from_product([names, [72.0]], names=["episode_id", "landmark_h"])
    return pd.DataFrame(list(values), columns=COLUMNS, index=index, dtype="float32")


VECTORS = rows((1.0, 1.0, 1.0), (1.0, -3.0, np.nan))
MODEL = Weights((1.0, 0.5, -1.0))
# In the sums over the columns of CRP, the third says the opposite of the model for E0, and the
# last two for E1.
REBUILT = [
    Weights((2.0, 1.0, -0.5)),
    Weights((0.1, 0.2, -2.0)),
    Weights((-2.0, -0.1, 1.0)),
    Weights((1.0, 0.1, -1.0)),
    Weights((1.0, 0.2, 0.0)),
]


def shares(**more: Any) -> dict[tuple[str, str], float]:
    printed = fold_by_analyte(explain(MODEL, VECTORS))
    table = sign_agreement(printed, REBUILT, VECTORS, **more)
    assert table.columns.tolist() == ["episode_id", "landmark_h", "analyte", "agreement"]
    assert (table["landmark_h"] == 72.0).all()
    return table.set_index(["episode_id", "analyte"])["agreement"].to_dict()


def test_rebuilds_agree_on_the_sign_of_the_sum_over_an_analytes_columns() -> None:
    found = shares()
    # E0: 1.5 printed; the rebuilds say 3, 0.3, -2.1, 1.1 and 1.2.
    assert found["E0", "plasma.crp"] == 0.8
    # -1 printed; -0.5, -2, 1, -1 and 0: what is left out agrees with nothing.
    assert found["E0", "csf.protein"] == 0.6
    # E1: -0.5 printed; the rebuilds say -1, -0.5, -1.7, 0.7 and 0.4.
    assert found["E1", "plasma.crp"] == 0.6


def test_what_moves_nothing_agrees_with_nothing() -> None:
    assert shares()["E1", "csf.protein"] == 0.0


def test_only_rebuilds_without_the_patient_have_a_say() -> None:
    seen = np.zeros((5, 2), dtype=bool)
    more = [*REBUILT, Weights((-1.0, -1.0, 1.0))]
    printed = fold_by_analyte(explain(MODEL, VECTORS))
    seen = np.zeros((6, 2), dtype=bool)
    # The one that contradicts was fitted on E0; E1 was seen by two, and four are too few.
    seen[2, 0] = seen[0, 1] = seen[1, 1] = True
    table = sign_agreement(printed, more, VECTORS, seen=seen)
    found = table.set_index(["episode_id", "analyte"])["agreement"]
    assert found["E0", "plasma.crp"] == pytest.approx(4 / 5)
    assert np.isnan(found["E1", "plasma.crp"])
    assert np.isnan(found["E1", "csf.protein"])


def test_rebuilds_of_another_model_are_refused() -> None:
    printed = fold_by_analyte(explain(MODEL, VECTORS))
    with pytest.raises(ExplanationError, match="1 of them others"):
        sign_agreement(printed.drop(columns="csf.protein"), REBUILT, VECTORS)
    with pytest.raises(ExplanationError, match="got 1 for 2 others"):
        sign_agreement(printed.iloc[:1], REBUILT, VECTORS)


PARTS = pd.Series(
    {"a.up": 0.9, "a.more": 0.5, "a.less": 0.1, "a.absent": 0.7, "a.shaky": -0.8, "a.down": -0.3,
     "base": -2.0}
)  # fmt: skip
AGREEMENT = {
    "a.up": 0.95, "a.more": 0.9, "a.less": 1.0, "a.absent": 1.0, "a.shaky": 0.89, "a.down": 1.0,
}  # fmt: skip
MEASURED = {"a.up", "a.more", "a.less", "a.shaky", "a.down"}


def test_only_what_was_measured_and_nine_in_ten_rebuilds_agree_on_is_named() -> None:
    assert NAMED_AGREEMENT == 0.9
    said = named(PARTS, AGREEMENT, MEASURED)
    assert said.up.to_dict() == {"a.up": 0.9, "a.more": 0.5, "a.less": 0.1}
    assert said.down.to_dict() == {"a.down": -0.3}
    # The absent one and the one that not enough rebuilds agree on.
    assert said.rest == pytest.approx(0.7 - 0.8)
    assert said.others == 2


def test_named_inputs_and_the_rest_add_up_to_the_printed_sum() -> None:
    for most in (1, 2, 5):
        said = named(PARTS, AGREEMENT, MEASURED, most=most)
        assert len(said.up) <= most
        total = said.up.sum() + said.down.sum() + said.rest
        assert total == pytest.approx(PARTS.drop("base").sum())
        assert len(said.up) + len(said.down) + said.others == len(PARTS) - 1


def test_nothing_is_named_where_agreement_is_not_known() -> None:
    said = named(PARTS, {"a.up": float("nan")}, MEASURED)
    assert said.up.empty
    assert said.down.empty
    assert said.others == 6
