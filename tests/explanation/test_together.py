"""Which analytes a page names together."""

import numpy as np
import pandas as pd

from icans_risk.explanation import correlated_analytes

STEP = np.arange(60.0)
NOISE = np.random.default_rng(1).permutation(60).astype(float)


def table(**columns: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({name.replace("__", "."): values for name, values in columns.items()})


def test_analytes_whose_ranks_go_together_or_against_each_other_are_a_group() -> None:
    rows = table(
        plasma__crp__max__early=STEP,
        plasma__ferritin__max__early=np.exp(STEP / 10),
        plasma__platelets__max__early=-STEP,
        plasma__sodium__max__early=NOISE,
    )
    assert correlated_analytes(rows) == (("plasma.crp", "plasma.ferritin", "plasma.platelets"),)


def test_a_chain_of_neighbours_is_not_one_group() -> None:
    generator = np.random.default_rng(0)
    first, third = generator.normal(size=(2, 400))
    rows = table(
        plasma__a__max__early=first,
        plasma__b__max__early=first + third,
        plasma__c__max__early=third,
    )
    found = rows.corr(method="spearman").to_numpy()
    assert abs(found[0, 2]) < 0.2
    # The middle one is near either end, at 0.68: it joins one of them, never both.
    assert correlated_analytes(rows, least=0.6) in (
        (("plasma.a", "plasma.b"),),
        (("plasma.b", "plasma.c"),),
    )


def test_columns_are_compared_within_a_statistic_and_window() -> None:
    rows = table(plasma__crp__max__early=STEP, plasma__ldh__max__baseline=STEP)
    assert correlated_analytes(rows) == ()
    rows = table(plasma__crp__max__early=STEP, plasma__ldh__last__early=STEP)
    assert correlated_analytes(rows) == ()


def test_of_several_shared_columns_the_middle_one_counts() -> None:
    shared = {f"plasma__{a}__max__{w}": STEP for a in ("crp", "ldh") for w in ("one", "two")}
    rows = table(**shared, plasma__crp__max__three=STEP, plasma__ldh__max__three=NOISE)
    assert correlated_analytes(rows) == (("plasma.crp", "plasma.ldh"),)


def test_a_score_is_compared_with_every_statistic_of_its_window() -> None:
    rows = table(score__m_easix__early=STEP, plasma__ldh__last__early=STEP**2)
    assert correlated_analytes(rows) == (("score.m_easix", "plasma.ldh"),)


def test_few_pairs_do_not_count_and_what_is_fixed_is_in_no_group() -> None:
    few = np.where(STEP < 20, STEP, np.nan)
    rows = table(plasma__crp__max__early=few, plasma__ldh__max__early=STEP)
    assert correlated_analytes(rows) == ()
    rows = table(static__age_years=STEP, plasma__ldh__max__early=STEP)
    assert correlated_analytes(rows) == ()
    assert correlated_analytes(rows.iloc[:, :0]) == ()
