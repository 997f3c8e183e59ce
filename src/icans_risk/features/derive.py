"""Derive measurements from others, with both clocks and without a look ahead."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from icans_risk.catalogue import load_catalogue
from icans_risk.cohort import EVENTS
from icans_risk.errors import StudyError
from icans_risk.features.derived import DERIVED, Derived
from icans_risk.features.naming import check_known
from icans_risk.features.pairing import known_together, withhold_reported

__all__ = ["add_derived", "derive_events"]

# From the freest to the most restrictive; what two inputs make is as restricted as the
# more restricted one. Neither of the last two is admitted where the reason matters.
_FREE_TO_RESTRICTED = ("protocol", "prophylaxis", "unknown", "clinical")
_SIGNS = {"<": -1, "": 0, ">": 1}
_IDENTITY = ["episode_id", "collected_h", "assay"]


def add_derived(events: pa.Table, episodes: pd.DataFrame, analytes: Sequence[str]) -> pa.Table:
    """Add those measurements that can only be derived, of the ones asked for.

    Parameters
    ----------
    events : pyarrow.Table
        In the layout ``EVENTS``; text may be dictionary-coded.
    episodes : DataFrame
        In the layout ``EPISODES``.
    analytes : sequence of str
        Full names; those that are measured are passed over.

    Returns
    -------
    pyarrow.Table
        The rows of ``events`` and, after them, those of the derived measurements.
    """
    wanted = [name for name in analytes if name.partition("@")[0] in DERIVED]
    if not wanted:
        return events
    read = {
        _on_platform(source, name.partition("@")[2])
        for name in wanted
        for source in DERIVED[name.partition("@")[0]].inputs
    }
    names = sorted({name.partition(".")[2] for name in (*read, *wanted)})
    is_read = pc.is_in(events["analyte"].cast(pa.string()), pa.array(names))
    derived = derive_events(
        events.filter(is_read).to_pandas(strings_to_categorical=False), episodes, wanted
    )
    table = pa.Table.from_pandas(derived[events.column_names], preserve_index=False)
    return pa.concat_tables([events, table.cast(events.schema)])


def derive_events(
    events: pd.DataFrame, episodes: pd.DataFrame, wanted: Sequence[str]
) -> pd.DataFrame:
    """Derive measurements as rows of events, one version for each state of knowledge.

    A derived result is collected at the later of its inputs' collections and available at
    the later of their availabilities. Whenever an input, or a newer version of one,
    becomes available, a new version of the derived result does; so what was derived up to
    a moment stays the same whatever becomes known later. What the laboratory reported
    itself is not derived from then on.

    Parameters
    ----------
    events : DataFrame
        Rows in the layout ``EVENTS``, in the catalogue's units.
    episodes : DataFrame
        In the layout ``EPISODES``; events of other episodes are passed over.
    wanted : sequence of str
        Names in ``DERIVED``; ``"plasma.nfl_for_age@ella"`` derives from the events of
        that platform, where platforms are kept apart.

    Returns
    -------
    DataFrame
        Rows in the layout ``EVENTS`` of the derived measurements alone. ``ordered_as`` is
        that of the most restricted input. A value is censored where an input is; there is
        none where two inputs are censored against each other, nor where a denominator is
        zero or a needed age is missing.

    Raises
    ------
    StudyError
        If a name is unknown, or the episodes lack a column that a formula needs.
    """
    known = events[events["episode_id"].isin(episodes["episode_id"])]
    tables = [_derive(known, episodes, name) for name in dict.fromkeys(wanted)]
    if not any(len(table) for table in tables):
        return events.iloc[:0][list(EVENTS)].reset_index(drop=True)
    return pd.concat([table for table in tables if len(table)], ignore_index=True)


def _plain_type(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _derive(events: pd.DataFrame, episodes: pd.DataFrame, name: str) -> pd.DataFrame:
    base, _, platform = name.partition("@")
    check_known(base, DERIVED, what="A derived measurement")
    derived = DERIVED[base]
    inputs = [_rows_of(events, _on_platform(i, platform)) for i in derived.inputs]
    if any(rows.empty for rows in inputs):
        return events.iloc[:0]
    states = known_together(inputs, derived.pairing)
    reported = _rows_of(events, name)
    states = withhold_reported(states, inputs[0], reported, pairing=derived.pairing)
    parts = [rows.iloc[states[f"row_{n}"]].reset_index(drop=True) for n, rows in enumerate(inputs)]
    modality, _, analyte = name.partition(".")
    table = parts[0][["episode_id", "assay"]].assign(
        modality=modality,
        analyte=analyte,
        collected_h=np.maximum.reduce([part["collected_h"] for part in parts]),
        available_h=states["available_h"],
        value=_values(derived, parts, episodes),
        censored=_censoring(derived, parts),
        ordered_as=_most_restricted(parts),
        gap_h=states["gap_h"],
        lead_h=parts[0]["collected_h"],
    )
    table = table[np.isfinite(table["value"]) & table["censored"].notna()]
    return _number_versions(table, episodes)


def _on_platform(name: str, platform: str) -> str:
    is_split = bool(platform) and load_catalogue()[name].assay_dependent
    return f"{name}@{platform}" if is_split else name


def _rows_of(events: pd.DataFrame, name: str) -> pd.DataFrame:
    """Select the rows of one analyte, without copies, and rank why they were ordered."""
    modality, _, analyte = name.partition(".")
    is_wanted = (events["modality"] == modality) & (events["analyte"] == analyte)
    rows = events[is_wanted].drop_duplicates(ignore_index=True)
    order = pd.Index(_FREE_TO_RESTRICTED).get_indexer(pd.Index(rows["ordered_as"]))
    return rows.assign(restriction=order)


def _values(derived: Derived, parts: list[pd.DataFrame], episodes: pd.DataFrame) -> pd.Series:
    inputs = [part["value"].to_numpy(dtype=np.float64) for part in parts]
    by_episode = episodes.set_index("episode_id")
    for column in derived.episode_columns:
        if column not in by_episode:
            raise StudyError(
                f"{derived.formula} needs the column episodes.{column}, which is absent. Add it "
                "(cells may be empty) or leave the derived measurement out."
            )
        inputs.append(parts[0]["episode_id"].map(by_episode[column]).to_numpy(dtype=np.float64))
    return pd.Series(derived.compute(*inputs), index=parts[0].index)


def _censoring(derived: Derived, parts: list[pd.DataFrame]) -> pd.Series:
    """Say on which side the value is open; nothing where its inputs are open to both."""
    signs = [
        direction * part["censored"].map(_SIGNS).to_numpy(dtype=np.int64)
        for direction, part in zip(derived.directions, parts, strict=True)
    ]
    lowest, highest = np.minimum.reduce(signs), np.maximum.reduce(signs)
    side = pd.Series(np.sign(lowest + highest))
    words = side.map({sign: word for word, sign in _SIGNS.items()})
    return words.where((lowest >= 0) | (highest <= 0))


def _most_restricted(parts: list[pd.DataFrame]) -> pd.Series:
    rank = np.maximum.reduce([part["restriction"].to_numpy() for part in parts])
    return pd.Series(np.array(_FREE_TO_RESTRICTED, dtype=object)[rank], dtype="object")


def _number_versions(table: pd.DataFrame, episodes: pd.DataFrame) -> pd.DataFrame:
    """Let the nearest pair stand for each derived result, and number what became known.

    Two leading results may share a partner that was collected after both: then both make
    the same derived result, and a pair that lies further apart must not replace it.
    """
    place = pd.Index(episodes["episode_id"]).get_indexer(pd.Index(table["episode_id"]))
    keys = ["place", "collected_h", "assay", "available_h", "gap_h", "lead_h"]
    table = table.assign(place=place).sort_values(keys).reset_index(drop=True)
    nearest = table.groupby(_IDENTITY, sort=False)["gap_h"].cummin()
    table = table[table["gap_h"] <= nearest].drop_duplicates([*_IDENTITY, "available_h"])
    version = table.groupby(_IDENTITY, sort=False).cumcount() + 1.0
    return table.assign(version=version)[list(EVENTS)].reset_index(drop=True)
