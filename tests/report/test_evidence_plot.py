"""The page of published figures beside the generator's."""

import numpy as np
import pandas as pd
import pytest

from icans_risk.errors import NotEstimableError
from icans_risk.evidence import compare, comparison_table, load_evidence
from icans_risk.report.evidence_plot import evidence_figure


def table(simulated: float) -> pd.DataFrame:
    known = load_evidence()
    keys = [key for key, figure in known.items() if key.startswith("icans_grade3.")][:7]
    checked = [compare(known[key], simulated, 400) for key in keys if known[key].tolerance]
    return comparison_table(checked)


def words_of(figure: object) -> str:
    return " ".join(text.get_text() for text in figure.findobj(lambda a: hasattr(a, "get_text")))


def test_every_checked_figure_stands_on_the_page_with_both_numbers() -> None:
    rows = table(0.25)
    words = words_of(evidence_figure(rows, patients=400))
    for row in rows.to_dict("records"):
        assert str(row["label"]) in words
        assert f"{row['published']:.3g} | {row['simulated']:.3g}" in words


def test_the_title_counts_passes_and_misses() -> None:
    rows = table(0.9)
    assert not rows["passed"].any()
    words = words_of(evidence_figure(rows, patients=400))
    assert f"0 within tolerance, {len(rows)} missed" in words
    assert "400 synthetic patients: no evidence about real ones" in words


def test_a_miss_is_drawn_apart_from_a_pass() -> None:
    def marks(rows: pd.DataFrame) -> set[object]:
        lines = [line for axes in evidence_figure(rows, patients=9).axes for line in axes.lines]
        return {line.get_marker() for line in lines} - {"None"}

    known = load_evidence()
    figure = known[table(0.2).loc[0, "key"]]
    assert marks(comparison_table([compare(figure, figure.value, 400)])) == {"o"}
    assert marks(comparison_table([compare(figure, 0.99, 400)])) == {"x"}


def test_without_anything_to_check_there_is_no_page() -> None:
    rows = table(0.2).assign(simulated=np.nan)
    with pytest.raises(NotEstimableError, match="Simulate more patients"):
        evidence_figure(rows, patients=3)
