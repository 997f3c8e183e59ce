"""Compare the room with the reference, and vectors with vectors."""

import numpy as np
import pandas as pd

from features.cohorts import CATALOGUE
from features.reference import used_table, vector_table


def agrees(room, cohort, specification, landmarks):
    """Whether the room (or a damaged copy of it) says what the reference says."""
    return _vectors_agree(room, cohort, specification, landmarks) and _inputs_agree(
        room, cohort, specification, landmarks
    )


def _vectors_agree(room, cohort, specification, landmarks):
    vectors = room.build_features(cohort, specification, landmarks, catalogue=CATALOGUE)
    expected = vector_table(cohort, specification, landmarks)
    assert list(vectors.index) == list(expected)
    measured = [c for c in vectors.columns if not c.startswith("static.")]
    wanted = np.array([[row[c] for c in measured] for row in expected.values()])
    found = vectors[measured].to_numpy()
    return np.allclose(found, wanted, rtol=1e-5, atol=1e-6, equal_nan=True)


def _inputs_agree(room, cohort, specification, landmarks):
    inputs = room.used_events(cohort, specification, landmarks, catalogue=CATALOGUE)
    found = sorted(map(tuple, inputs.to_numpy().tolist()))
    expected = [(*row[:6], *row[7:]) for row in used_table(cohort, specification, landmarks)]
    return found == sorted(expected)


def assert_identical(found, expected):
    """Same index, same columns, same bits."""
    pd.testing.assert_frame_equal(found, expected, check_exact=True)
    assert found.to_numpy().tobytes() == expected.to_numpy().tobytes()
