"""What the model reads, in figures that point at nobody."""

import pandas as pd
import pytest

from icans_risk.report.study_reads import reads_panel
from report.study_example import READS

NAN = float("nan")


def panel(*, fewest: int = 1, **changes: object) -> dict[str, object]:
    tables = {**READS, "inputs": READS["inputs"].assign(**changes)}
    return reads_panel(tables, patients=100, fewest=fewest)


def test_the_largest_comes_first_and_its_bar_is_whole() -> None:
    first, second, _ = panel()["rows"]
    assert first == {
        "label": "Ferritin",
        "size": "0.410",
        "odds": "1.51",
        "share": 1.0,
        "support": "● yes (z 3.2)",
        "named": "55.0 %".replace(" ", "\N{NO-BREAK SPACE}"),
    }
    assert second["share"] == pytest.approx(0.4878)


def test_what_moves_nothing_is_counted_and_not_listed() -> None:
    assert panel()["unread"] == 1
    assert "Imaging" not in str(panel()["rows"])


def test_a_small_count_of_named_or_unnamed_is_hidden() -> None:
    found = panel(fewest=5, named=[0.97, 0.02, 0.0, 0.0])["rows"]
    assert [row["named"].replace("\N{NO-BREAK SPACE}", " ") for row in found] == [
        "hidden", "hidden", "0 %",
    ]  # fmt: skip


def test_without_rebuilds_nothing_is_said_of_naming() -> None:
    found = panel(named=NAN)
    assert not found["judged"]
    assert {row["named"] for row in found["rows"]} == {"–"}


def test_a_cell_without_columns_is_empty() -> None:
    found = panel()
    assert found["windows"] == ["baseline", "early"]
    assert found["cells"] == [
        {"label": "Blood", "cells": ["0.12", "0.40"]},
        {"label": "Bedside", "cells": ["", "0.20"]},
    ]


def test_many_inputs_are_folded_away() -> None:
    many = pd.concat([READS["inputs"].iloc[:1]] * 14)
    found = reads_panel({**READS, "inputs": many}, patients=100, fewest=1)
    assert (len(found["rows"]), len(found["more"])) == (12, 2)
