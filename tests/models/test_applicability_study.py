"""A miniature of the study of whom the model refuses, and what its full table says."""

import pandas as pd
import pytest

from test_studies import STUDIES, load

HARMLESS = "harmless: no CSF"


@pytest.fixture(scope="module")
def miniature() -> pd.DataFrame:
    table: pd.DataFrame = load("applicability").run(
        sizes=(200,), fresh=500, repeats=3, rebuilds=0, seed=4
    )
    return table.set_index(["measure", "group"])


def test_few_of_the_same_kind_are_refused(miniature: pd.DataFrame) -> None:
    alarms = miniature.loc["false alarms", "mean"]
    assert 0.0 < alarms["all"] <= 0.05
    assert miniature.loc[("noticed", HARMLESS), "mean"] <= 0.05


def test_what_is_grossly_wrong_is_noticed(miniature: pd.DataFrame) -> None:
    noticed = miniature.loc["noticed", "mean"].drop(
        [HARMLESS, "unseen product, by its values alone"]
    )
    assert len(noticed) == 7
    assert (noticed >= 0.95).all(), noticed


def test_the_committed_table_keeps_what_is_promised() -> None:
    table = pd.read_csv(STUDIES / "applicability.csv", dtype={"commit": str})
    assert table["seed"].nunique() == 1
    assert table["commit"].str.len().ge(7).all()
    assert set(table["patients"]) == {200, 300, 1_000}
    indexed = table.set_index(["measure", "group"]).sort_index()
    assert (indexed.loc[("false alarms", "all"), "mean"] <= 0.05).all()
    gross = indexed.loc["noticed"].drop([HARMLESS, "unseen product, by its values alone"])
    assert (gross["mean"] >= 0.95).all()
