"""The tables of a scoring."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import pandas as pd

from icans_risk.models.abstention import ANSWERED

__all__ = ["Scored"]


@dataclass(frozen=True, eq=False, repr=False)
class Scored:
    """What models say of episodes, in tables.

    Attributes
    ----------
    predictions : DataFrame
        ``PREDICTIONS``, one row per episode and model, ``model`` being the content hash; then
        ``reasons`` (every code that applies), ``reason`` (the status in words, empty if
        answered), the Venn-Abers range, ``trained_on`` (a risk of a model of synthetic
        patients is to be labelled so wherever it goes), and ``known_until_h``: how far the
        patient's own data reach, in hours since infusion.
    contributions : DataFrame
        ``CONTRIBUTIONS``, of answered rows; with ``base`` they add up to the risk's log odds.
    folded : DataFrame
        The same by analyte: ``episode_id, landmark_h, analyte, contribution_logit``.
    inputs : DataFrame
        ``INPUTS``: the events that were used, with both times.
    missing : DataFrame
        ``episode_id, landmark_h, analyte``, and how many of its ``columns`` are missing.
    vectors : DataFrame
        What the model saw, indexed by episode and landmark; of readable episodes.
    models : tuple of dict
        What is known of each model.
    notes : tuple of str
        What was left out, in words.
    """

    predictions: pd.DataFrame
    contributions: pd.DataFrame
    folded: pd.DataFrame
    inputs: pd.DataFrame
    missing: pd.DataFrame
    vectors: pd.DataFrame
    models: tuple[dict[str, Any], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_synthetic(self) -> bool:
        """Whether any of the models was fitted on synthetic patients."""
        return bool((self.predictions["trained_on"] == "synthetic").any())

    def __repr__(self) -> str:
        """Count; identifiers would otherwise stand in every log and notebook."""
        answered = int((self.predictions["status"] == ANSWERED).sum())
        return f"Scored({len(self.predictions)} predictions, {answered} answered)"

    @classmethod
    def joined(
        cls,
        parts: Sequence[Self],
        *,
        models: tuple[dict[str, Any], ...] = (),
        notes: tuple[str, ...] = (),
    ) -> Self:
        """Put the tables of several scorings one below the other."""
        tables = {}
        for name in (field.name for field in fields(cls)[:6]):
            frames = [getattr(part, name) for part in parts]
            filled = [frame for frame in frames if len(frame)] or frames[:1]
            tables[name] = pd.concat(filled, ignore_index=name != "vectors")
        return cls(**tables, models=models, notes=notes)

    def in_order(self, episode_ids: Sequence[str]) -> Self:
        """Return the same, its rows in the order of the episodes."""
        place = {name: number for number, name in enumerate(episode_ids)}
        tables = {}
        for name in (field.name for field in fields(self)[:6]):
            table = getattr(self, name)
            owner = table.index.get_level_values(0) if name == "vectors" else table["episode_id"]
            tables[name] = table.iloc[np.argsort([place[one] for one in owner], kind="stable")]
        return type(self)(**tables, models=self.models, notes=self.notes)
