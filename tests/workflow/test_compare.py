"""Kept runs are compared on the same patients and the same question, or not at all."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from icans_risk.errors import ComparisonError, TrackingError
from icans_risk.evaluation import METRICS, Margins
from icans_risk.tracking import find_run
from icans_risk.workflow.compare import compare_runs
from icans_risk.workflow.stored_model import read_model
from store_template import copy_store
from workflow.kept_runs import keep_run, make_rows, see

PNG = b"\x89PNG\r\n\x1a\n"


class Kept:
    """A store, and runs on the same rows."""

    def __init__(self, uri: str, folder: Path) -> None:
        self.uri, self.folder, self.rows = uri, folder, make_rows()
        self.old = self.keep()

    def keep(self, *, noise: float = 0.5, **changes: Any) -> str:
        rows = changes.pop("rows", self.rows)
        size = len(rows["event"])
        risks = {"booster": see(rows, noise), "prevalence": [0.2] * size}
        return keep_run(self.uri, self.folder, rows, risks, **changes)

    def compare(self, old: str, new: str, **options: Any) -> dict[str, Any]:
        return compare_runs(old, new, tracking_uri=self.uri, resamples=40, **options)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, store_template: Path) -> Kept:
    folder = tmp_path_factory.mktemp("kept")
    return Kept(copy_store(store_template, folder), folder)


def verdict_of(found: dict[str, Any], name: str) -> str:
    criteria = {one["name"]: one["verdict"] for one in found["gate"]["criteria"]}
    return str(criteria[name])


def test_the_same_model_developed_twice_differs_by_exactly_zero_and_is_accepted(
    kept: Kept,
) -> None:
    again = kept.keep(summary={"audit": {"verdict": "pass"}})
    found = kept.compare(kept.old[:8], again[:8])
    assert found["gate"]["verdict"] == "accept"
    for metric in found["metrics"].values():
        assert metric["difference"] == {"estimate": 0.0, "low": 0.0, "high": 0.0}
        assert metric["old"] == metric["new"]
    assert (found["old"]["run_id"], found["new"]["run_id"]) == (kept.old, again)
    assert (found["patients"], found["rows"]) == (291, 300)


def test_figures_are_those_of_the_kept_risks(kept: Kept) -> None:
    new = kept.keep(noise=1.5)
    found = kept.compare(kept.old, new, thresholds=[0.3, 0.1])
    event = kept.rows["event"]
    for name, metric in METRICS.items():
        old, other = (metric(event, see(kept.rows, noise), None) for noise in (0.5, 1.5))
        assert found["metrics"][name]["old"]["estimate"] == pytest.approx(old)
        assert found["metrics"][name]["difference"]["estimate"] == pytest.approx(other - old)
    assert found["thresholds"] == [0.1, 0.3]
    moves = ("stay_below", "move_up", "move_down", "stay_above")
    for row in found["reclassification"]:
        assert sum(row[move] for move in moves) == (event == row["outcome"]).sum()
    assert found["gate"]["verdict"] == "reject"
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_margins_are_the_callers(kept: Kept) -> None:
    new = kept.keep(noise=0.9, summary={"audit": {"verdict": "pass"}})
    assert kept.compare(kept.old, new)["gate"]["verdict"] == "reject"
    wide = Margins(loss=0.5, auroc=0.5, slope=0.9)
    found = kept.compare(kept.old, new, margins=wide)
    assert found["gate"]["verdict"] == "accept"
    assert found["gate"]["margins"]["auroc"] == 0.5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"summary": {"cohort_hash": "d1" * 32}}, r"differ in cohort \(\w{8}, \w{8}\)"),
        ({"landmark": {"endpoint": "TIAN grade 3 or higher"}}, r"endpoint \("),
        ({"landmark": {"horizon_h": 168.0}}, r"differ in horizon_h \((336.0|168.0), "),
        ({"landmark": {"primary_policy": "complete_case"}}, r"end_of_observation \("),
        ({"rows": make_rows(seed=9)}, "differ in the event of the rows"),
        ({"rows": make_rows(200)}, "differ in the event of the rows, the weight of the rows"),
        ({"landmark": {"landmark_h": 24.0}}, r"no landmark at (24|72) h; it has (24|72)\."),
    ],
)
def test_other_patients_or_questions_are_refused_either_way(
    kept: Kept, change: dict[str, Any], message: str
) -> None:
    other = kept.keep(**change)
    for pair in ((kept.old, other), (other, kept.old)):
        with pytest.raises(ComparisonError, match=message) as caught:
            kept.compare(*pair)
        assert "\n" not in str(caught.value)


def test_weights_that_differ_in_the_last_digit_are_the_same(kept: Kept) -> None:
    nearly = kept.rows | {"weight": kept.rows["weight"] * (1 + 1e-13)}
    assert kept.compare(kept.old, kept.keep(rows=nearly))["rows"] == 300
    with pytest.raises(ComparisonError, match="the weight of the rows"):
        kept.compare(kept.old, kept.keep(rows=kept.rows | {"weight": nearly["weight"] * 2}))


@pytest.mark.parametrize("audit", [{"summary": {"audit": {"verdict": "fail"}}}, {"landmark": {}}])
def test_a_failed_audit_of_the_new_run_rejects_and_that_of_the_old_one_does_not(
    kept: Kept, audit: dict[str, Any]
) -> None:
    if "landmark" in audit:
        audit = {"landmark": {"audit": {"verdict": "fail"}}, "summary": {"audit": "pass"}}
    failed = kept.keep(**audit)
    found = kept.compare(kept.old, failed)
    assert (verdict_of(found, "audit"), found["gate"]["verdict"]) == ("reject", "reject")
    back = kept.compare(failed, kept.old)
    assert verdict_of(back, "audit") == "not assessable"


@pytest.mark.parametrize(
    "change", [{"presence": "informative"}, {"treatment_policy": "censor"}, {"data_kind": "real"}]
)
def test_a_model_that_may_see_more_is_compared_and_not_accepted(
    kept: Kept, change: dict[str, str]
) -> None:
    other = kept.keep(summary=change | {"audit": {"verdict": "pass"}})
    found = kept.compare(kept.old, other)
    assert verdict_of(found, "same_question") == "reject"
    (named,) = change
    assert named in found["gate"]["criteria"][0]["sentence"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"thresholds": [0.1, 0.2]}, {"thresholds": [0.2, 0.3]}, [0.2]),
        ({"thresholds": [0.1]}, {"thresholds": [0.2]}, []),
        ({"thresholds": [0.1]}, None, []),
        ({"thresholds": ["much"]}, {"thresholds": 0.1}, []),
        ("nonsense", {"thresholds": [0.1]}, []),
    ],
)
def test_only_thresholds_that_both_studies_declare_are_used(
    kept: Kept, old: Any, new: Any, expected: list[float]
) -> None:
    found = kept.compare(kept.keep(evaluation=old), kept.keep(evaluation=new))
    assert found["thresholds"] == expected
    assert {row["threshold"] for row in found["reclassification"]} == set(expected)
    told = "Both studies declare the thresholds 0.2" if expected else "No threshold is declared"
    assert told in found["declared"][0]


def test_a_declared_range_is_used_where_both_declare_the_same(kept: Kept) -> None:
    one = kept.keep(evaluation={"decision_range": [0.1, 0.3]})
    same = kept.keep(evaluation={"decision_range": [0.1, 0.3]})
    other = kept.keep(evaluation={"decision_range": [0.2, 0.3]})
    declared = kept.compare(one, same)
    assert declared["decision_range"] == [0.1, 0.3]
    assert "as declared" in declared["declared"][1]
    default = kept.compare(one, other)
    assert default["decision_range"] == [0.05, 0.5]
    assert "a default: no range is declared by both" in default["declared"][1]


def test_counts_of_few_real_patients_are_hidden(kept: Kept) -> None:
    real = {"summary": {"data_kind": "real"}}
    for cell, fewest in ((None, 5), (2, 2), (50, 50)):
        asked = {} if cell is None else {"evaluation": {"smallest_cell": cell}}
        pair = [kept.keep(noise=noise, **real, **asked) for noise in (0.5, 0.7)]
        found = kept.compare(*pair, thresholds=[0.3])
        assert found["fewest_shown"] == fewest
        counts = [
            row[move]
            for row in found["reclassification"]
            for move in ("stay_below", "move_up", "move_down", "stay_above")
        ]
        assert None in counts
        assert not [count for count in counts if count is not None and 0 < count < fewest]


def test_a_model_that_gives_everybody_the_same_risk_is_not_ranked(kept: Kept) -> None:
    found = kept.compare(kept.old, kept.old, models=("booster", "prevalence"))
    assert found["new"]["label"] == "Prevalence"
    assert found["metrics"]["auroc"]["difference"]["estimate"] is None
    assert found["auroc_test"]["p_value"] is None
    assert found["metrics"]["brier"]["difference"]["estimate"] is not None
    assert verdict_of(found, "auroc") == "not assessable"


def test_a_run_that_let_no_model_out_says_so(kept: Kept) -> None:
    run = find_run(kept.uri, kept.keep(landmark={"kept_model": {"is_released": False}}))
    assert read_model(run, "booster", landmark_h=None).notes == (
        f"Run {run.run_id[:8]} let no model out at this landmark.",
    )
    assert read_model(run, "prevalence", landmark_h=None).notes == ()


def test_a_model_is_not_compared_with_itself(kept: Kept) -> None:
    with pytest.raises(ComparisonError, match="two models of this one by --models"):
        kept.compare(kept.old, kept.old[:8])


def test_an_unknown_model_is_refused_with_those_there_are(kept: Kept) -> None:
    with pytest.raises(ComparisonError, match=r"no model 'bosster'; it has booster, prevalence"):
        kept.compare(kept.old, kept.old, models=("booster", "bosster"))


def test_a_run_of_an_earlier_version_is_to_be_developed_again(kept: Kept) -> None:
    with pytest.raises(TrackingError, match=r"keeps no held_out/72h\.json: an earlier version"):
        kept.compare(kept.old, kept.keep(held_out=False))


def test_the_figure_is_a_png_readable_by_its_owner(kept: Kept, tmp_path: Path) -> None:
    file = tmp_path / "difference.png"
    found = kept.compare(kept.old, kept.keep(noise=0.8), figure=file)
    assert found["figure"] == str(file)
    assert file.read_bytes()[:8] == PNG
    assert file.stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir()] == ["difference.png"]


def test_the_sentence_about_net_benefit_agrees_with_its_points(kept: Kept) -> None:
    found = kept.compare(kept.old, kept.keep(noise=2.5))["net_benefit"]
    differences = [100 * point["difference"] for point in found["points"]]
    assert f"from {min(differences):+.1f} to {max(differences):+.1f} true" in found["sentence"]
    below = [point["threshold"] for point in found["points"] if point["high"] < 0]
    (told,) = re.findall(r"below 0 at ([0-9. to,]+?) \(", found["sentence"])
    ends = [float(number) for number in re.findall(r"0\.\d\d", told)]
    assert min(ends) == pytest.approx(min(below), abs=0.005)
    assert np.isclose(max(ends), max(below), atol=0.005)
