"""Made-up events, and what is asked of them, for the benchmark of the features.

60 analytes of plasma and cerebrospinal fluid, about once a day each for a month: 2,000 events an
episode. An episode and analyte never has two results at one time, so that no program has to choose
between versions. All events are admitted (``presence: informative``), because five columns cannot
say why a test was ordered.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray

from icans_risk.catalogue import load_catalogue
from icans_risk.cohort import GRADES, Cohort, CohortWriter
from icans_risk.features import DERIVED, FeatureSpecification, Measurement, Window

ANALYTES = [
    name
    for name, analyte in load_catalogue().items()
    if analyte.leak_class == "safe"
    and analyte.modality in ("plasma", "csf")
    and name not in DERIVED
][:60]
LYMPHODEPLETION_H = -120.0
WINDOWS = (
    Window("baseline", "infusion", None, 0),
    Window("early", "infusion", 0, 24),
    Window("recent", "landmark", -24, 0),
    Window("since_chemo", "lymphodepletion", 0, None),
    Window("to_date", "infusion", None, None),
)
STATISTICS = (
    "last",
    "first",
    "max",
    "min",
    "mean",
    "median",
    "sd",
    "slope_per_day",
    "auc_per_day",
    "hours_to_peak",
)
LANDMARKS = {1: [72.0], 8: [0.0, 24.0, 48.0, 72.0, 120.0, 168.0, 240.0, 336.0]}
PER_EPISODE = 2_000
PIECE = 2_500_000
_FIRST_H, _HOURS = -240.0, 960.0


def specification() -> FeatureSpecification:
    """Ask for every statistic of every analyte in every window: 3,000 columns."""
    names = tuple(window.name for window in WINDOWS)
    measured = tuple(Measurement(analyte, names, STATISTICS) for analyte in ANALYTES)
    return FeatureSpecification(WINDOWS, measured, presence="informative")


def episode_ids(events: int) -> NDArray[np.str_]:
    """Name the episodes that so many events belong to."""
    return np.array([f"E{i:07d}" for i in range(-(-events // PER_EPISODE))])


def episodes(events: int) -> pd.DataFrame:
    """Make the episodes that so many events belong to."""
    ids = episode_ids(events)
    return pd.DataFrame(
        {
            "episode_id": ids,
            "patient_id": ids,
            "followed_until_h": 800.0,
            "lymphodepletion_start_h": LYMPHODEPLETION_H,
        }
    )


def draw_events(
    first: int, stop: int, *, seed: int, minutes: int = 1, digits: int = 3
) -> pl.DataFrame:
    """Draw some of the events, in random order.

    Parameters
    ----------
    first, stop : int
        Which ones: an episode has 2,000 that follow each other.
    seed : int
        Of the draw.
    minutes, digits : int
        What times are rounded to, and values. Coarse ones meet the edges of windows, the
        landmarks and each other.

    Returns
    -------
    DataFrame
        ``episode_id, analyte, collected_h, available_h, value``.
    """
    rng = np.random.default_rng([seed, first])
    event = rng.permutation(np.arange(first, stop))
    who, place = event // PER_EPISODE, event % PER_EPISODE
    nth = place // len(ANALYTES)
    # Each in a cell of its own, and rounded down: no two of an analyte are at one time.
    room = _HOURS / (PER_EPISODE // len(ANALYTES) + 1) * 60 // minutes * minutes
    collected = nth * room + rng.integers(0, room // minutes, event.size) * minutes
    turnaround = rng.integers(30 // minutes, 24 * 60 // minutes, event.size) * minutes
    return pl.DataFrame(
        {
            "episode_id": episode_ids(stop)[who],
            "analyte": np.array(ANALYTES)[place % len(ANALYTES)],
            "collected_h": _FIRST_H + collected / 60,
            "available_h": _FIRST_H + (collected + turnaround) / 60,
            "value": np.round(rng.lognormal(2, 1, event.size), digits),
        }
    )


def pieces(events: int) -> Iterator[tuple[int, int]]:
    """Cut so many events into pieces of whole episodes that memory holds."""
    for first in range(0, events, PIECE):
        yield first, min(events, first + PIECE)


def write_plain(path: Path, events: int, *, seed: int) -> None:
    """Write a plain Parquet file of five columns in random order."""
    drawn = pl.concat([draw_events(*ends, seed=seed) for ends in pieces(events)])
    drawn.sample(fraction=1, shuffle=True, seed=seed).write_parquet(path)


def write_folder(folder: Path, events: int, *, seed: int) -> None:
    """Write the same events as a cohort folder, a piece at a time."""
    everyone = episodes(events)
    with CohortWriter(folder, made_by="benchmark", data_kind="synthetic") as writer:
        for first, stop in pieces(events):
            drawn = draw_events(first, stop, seed=seed)
            these = everyone[first // PER_EPISODE : -(-stop // PER_EPISODE)]
            writer.append(as_cohort(drawn, these))


def as_cohort(drawn: pl.DataFrame, these: pd.DataFrame) -> Cohort:
    """Make a cohort of drawn events, all of them ordered by protocol."""
    name = pl.col("analyte").str.split_exact(".", 1).struct
    full = drawn.with_columns(
        name.field("field_0").alias("modality"),
        name.field("field_1").alias("analyte"),
        censored=pl.lit(""),
        ordered_as=pl.lit("protocol"),
        assay=pl.lit(""),
        version=pl.lit(1.0),
    )
    return Cohort(these, full.to_pandas(), pd.DataFrame(columns=list(GRADES)))
