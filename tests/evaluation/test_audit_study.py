"""Miniatures of the studies of the audit."""

import pandas as pd
import pytest

from test_studies import STUDIES, load

LEAKS = ("CSF presence", "EEG presence", "dexamethasone given", "unit block")
CLEAN = "nothing, ordering by protocol"


@pytest.fixture
def studies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let one study import another."""
    monkeypatch.syspath_prepend(str(STUDIES))


def flags(table: pd.DataFrame) -> "pd.Series[int]":
    return table.set_index(["planted", "check"])["flagged"]


def test_a_planted_leak_is_flagged_and_a_clean_cohort_is_not() -> None:
    found = flags(
        load("planted_leaks").run(
            cohorts=1, seed=4, permutations=0, scenes=("CSF presence", "unit block", CLEAN)
        )
    )
    assert found["CSF presence", "missingness_only"] == 1
    assert found["CSF presence", "single_presence"] == 1
    assert found["unit block", "unit_block"] == 1
    assert found[CLEAN, "any"] == 0


@pytest.mark.slow
def test_every_leak_is_flagged_in_a_few_cohorts() -> None:
    found = flags(load("planted_leaks").run(cohorts=3, seed=40, permutations=0, scenes=LEAKS))
    assert (found.xs("any", level="check") == 3).all()


@pytest.mark.usefixtures("studies")
def test_permuted_outcomes_teach_a_pipeline_nothing() -> None:
    table = load("permuted_labels").run(
        permutations=10, seed=4, patients=300, pipelines=("booster",)
    )
    assert table["mean"].between(0.46, 0.54).all()
    assert (table["p_value"] < 0.1).all()


@pytest.mark.slow
@pytest.mark.usefixtures("studies")
def test_columns_chosen_and_risks_calibrated_anew_change_nothing_about_that() -> None:
    table = load("permuted_labels").run(permutations=20, seed=4)
    assert table["mean"].between(0.47, 0.53).all()
    assert table.loc[table["pipeline"].str.contains("calibrated"), "refused"].item() > 0.1


def test_the_committed_table_flags_every_leak_and_few_clean_cohorts() -> None:
    found = pd.read_csv(STUDIES / "planted_leaks.csv").set_index(["planted", "check"])
    assert (found["cohorts"] == 100).all()
    flagged = found["flagged"].xs("any", level="check")
    assert (flagged[list(LEAKS)] == 100).all()
    assert flagged[CLEAN] <= 5


def test_the_committed_table_of_permutations_ranks_nobody_inside_folds() -> None:
    table = pd.read_csv(STUDIES / "permuted_labels.csv")
    assert (table["permutations"] == 200).all()
    assert table["mean"].between(0.48, 0.52).all()
    # Over folds, a model that knows nothing ranks below one half.
    assert (table["pooled_mean"] < table["mean"]).all()
