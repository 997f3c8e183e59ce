"""A model of haematological patients does not judge tumours of the nervous system."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from icans_risk.cohort import Cohort, read_cohort_folder
from icans_risk.serving import has_cns_tumour, score
from icans_risk.workflow.score import score_files
from icans_risk.workflow.simulate import Simulation, simulate_folder
from serving.example import Example, raw


@pytest.fixture(scope="module")
def tumours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve patients with tumours of the nervous system, up to three infusions each."""
    folder = tmp_path_factory.mktemp("cns") / "made"
    simulate_folder(folder, Simulation(patients=12, seed=4, product_mix="cns"))
    return folder / "cohort"


def reasons_of(example: Example, cohort: Cohort) -> pd.DataFrame:
    scored = score(raw(cohort), [example.served], data_kind="synthetic")
    return scored.predictions


def test_every_infusion_of_a_cns_tumour_gets_no_answer_and_the_reason(
    example: Example, tumours: Path, tmp_path: Path
) -> None:
    out = tmp_path / "risks.json"
    score_files(example.models[:1], tumours, out=out)
    rows: list[dict[str, Any]] = json.loads(out.read_text())["predictions"]
    assert len(rows) == len(read_cohort_folder(tumours).episodes) > 12
    reached = [row for row in rows if row["status"] == "already_at_endpoint"]
    assert {row["status"] for row in rows if row not in reached} == {"cns_tumour"}
    assert all(row["risk"] is None for row in rows)


def test_the_reason_stands_even_where_the_product_is_one_that_the_model_knows(
    example: Example, tumours: Path
) -> None:
    cohort = read_cohort_folder(tumours)
    episodes = cohort.episodes.assign(product=example.trained_on.episodes["product"].iloc[0])
    found = reasons_of(example, Cohort(episodes, cohort.events, cohort.grades))
    assert "answered" not in set(found["status"])
    assert set(found["status"]) <= {"cns_tumour", "already_at_endpoint"}


def test_cells_given_into_csf_tell_a_tumour_that_nobody_flagged(
    example: Example, tumours: Path
) -> None:
    cohort = read_cohort_folder(tumours)
    episodes = cohort.episodes.drop(columns="cns_tumour")
    is_local = episodes["delivery_route"] != "intravenous"
    found = reasons_of(example, Cohort(episodes, cohort.events, cohort.grades))
    local = found[found["episode_id"].isin(episodes.loc[is_local, "episode_id"])]
    assert set(local["status"]) <= {"cns_tumour", "already_at_endpoint"}
    assert has_cns_tumour(episodes).tolist() == is_local.tolist()


def test_a_flag_that_is_there_decides_and_a_table_without_any_sign_has_none() -> None:
    flagged = pd.DataFrame({"cns_tumour": [True, False], "delivery_route": ["intravenous"] * 2})
    assert has_cns_tumour(flagged).tolist() == [True, False]
    assert has_cns_tumour(pd.DataFrame({"episode_id": ["a"]})).tolist() == [False]
