"""What the terminal shows of a developed study."""

from typing import Any

import pytest

from icans_risk.cli.show import show_summary
from icans_risk.workflow.words import PRESENCE_NOTES


def shown(summary: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> str:
    show_summary(summary)
    return " ".join(capsys.readouterr().out.split())


def test_informative_presence_is_said_before_any_figure(
    developed: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    (note,) = PRESENCE_NOTES["informative"]
    assert note not in shown(developed.summary, capsys)
    text = shown(developed.summary | {"presence": "informative"}, capsys)
    assert note in text
    assert text.index(note) < text.index("12 at the endpoint")


def test_values_after_treatment_are_counted_and_scores_say_for_how_many(
    developed: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    (landmark,) = developed.summary["landmarks"]
    after = "were collected after a drug against inflammation"
    found = {
        "values": 31,
        "values_after_treatment": 7,
        "scores": [{"column": "score.m_easix.early", "computable": 61}],
    }
    text = shown(developed.summary | {"landmarks": [landmark | found]}, capsys)
    assert f"7 of 31 values that were used {after}" in text
    assert "score.m_easix.early: computable for 61 of 79 patients" in text
    nothing = {"values_after_treatment": 0, "scores": []}
    assert after not in shown(developed.summary | {"landmarks": [landmark | nothing]}, capsys)
