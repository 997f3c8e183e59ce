"""Which columns are of which modality, and what a row has."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from icans_risk.models.modalities import modalities_of, modality_pattern

NAMES = ["plasma.crp.max.early", "plasma.ferritin.max.early", "csf.protein.last.early"]


def test_a_modality_is_the_first_part_of_a_name_and_scores_are_of_plasma():
    X = pd.DataFrame(columns=["static.sex", "score.m_easix.early", "csf.protein", "plasma.crp"])
    assert modalities_of(X) == {"csf": (2,), "plasma": (1, 3), "static": (0,)}
    assert modalities_of(X, {"csf": "cns"})["cns"] == (2,)
    assert modalities_of(X, {})["score"] == (1,)
    assert modalities_of(np.zeros((2, 3))) == {"unnamed": (0, 1, 2)}


@given(st.lists(st.lists(st.booleans(), min_size=3, max_size=3), min_size=1, max_size=5))
def test_a_pattern_names_the_modalities_of_which_a_row_has_a_value(known: list[list[bool]]):
    X = pd.DataFrame(np.where(known, 0.0, np.nan), columns=NAMES)
    for row, pattern in zip(known, modality_pattern(X), strict=True):
        names = ["csf"] * row[2] + ["plasma"] * (row[0] or row[1])
        assert pattern == ("+".join(names) or "none")
