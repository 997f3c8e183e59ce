"""Say which features are wanted: windows, statistics of analytes, static columns."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Literal, NamedTuple, Self, get_args

import pandas as pd

from icans_risk.catalogue import Analyte
from icans_risk.cohort import Cohort
from icans_risk.errors import StudyError
from icans_risk.features.choices import Measurement, ScoreChoice, Window
from icans_risk.features.dictionary import describe_columns
from icans_risk.features.naming import check_distinct, check_identifier, check_known
from icans_risk.features.scores import SCORES
from icans_risk.features.static import find_levels

__all__ = ["FeatureColumn", "FeatureSpecification", "Presence"]

Presence = Literal["protocol_only", "informative"]


class FeatureColumn(NamedTuple):
    """Where one column comes from.

    Attributes
    ----------
    name : str
        ``modality.analyte.statistic.window``, ``score.name.window``, ``static.name`` or
        ``static.name.level``.
    modality, analyte, statistic, window : str
        The parts; a static column has the modality ``static`` and no statistic or window,
        a score has the modality ``score`` and no statistic.
    level : str or None
        The level that a static indicator stands for, as the data write it.
    """

    name: str
    modality: str
    analyte: str
    statistic: str = ""
    window: str = ""
    level: str | None = None


@dataclass(frozen=True)
class FeatureSpecification:
    """Everything that fixes the columns of a vector.

    Attributes
    ----------
    windows : tuple of Window
        The windows that measurements may name.
    measurements : tuple of Measurement
        The columns from events.
    static : tuple of str
        Columns of the episodes.
    presence : {"protocol_only", "informative"}
        Whether events ordered for cause after infusion, and drugs given in response to
        toxicity, are kept out.
    scores : tuple of ScoreChoice
        The columns from published scores.
    levels : mapping of str to tuple of str, optional
        Levels of the categorical static columns; None before ``fit``.

    Raises
    ------
    StudyError
        If a name is unknown or stands twice.
    """

    windows: tuple[Window, ...]
    measurements: tuple[Measurement, ...]
    static: tuple[str, ...] = ()
    presence: Presence = "protocol_only"
    scores: tuple[ScoreChoice, ...] = ()
    levels: Mapping[str, tuple[str, ...]] | None = None

    def __post_init__(self) -> None:
        for field in ("windows", "measurements", "static", "scores"):
            object.__setattr__(self, field, tuple(getattr(self, field)))
        check_known(self.presence, get_args(Presence), what="presence")
        check_distinct((window.name for window in self.windows), what="Names of windows")
        names = [window.name for window in self.windows]
        for name, chosen in self._chosen_windows():
            for window in chosen:
                check_known(window, names, what=f"A window of {name!r}")
        for name in self.static:
            check_identifier(name, what="The name of a static feature")
        if self.levels is not None:
            fixed = {name: tuple(levels) for name, levels in self.levels.items()}
            object.__setattr__(self, "levels", fixed)
            for name in fixed:
                check_known(name, self.static, what="A column with levels")
        check_distinct(self.columns, what="Columns of the vector")

    def _chosen_windows(self) -> list[tuple[str, tuple[str, ...]]]:
        return [(m.analyte, m.windows) for m in self.measurements] + [
            (f"score.{choice.score}", choice.windows) for choice in self.scores
        ]

    def fit(self, cohort: Cohort) -> Self:
        """Return a copy that fixes the levels of the categorical static columns.

        Parameters
        ----------
        cohort : Cohort
            The training cohort.

        Returns
        -------
        FeatureSpecification
            With sorted levels; columns of numbers and flags need none.
        """
        return replace(self, levels=find_levels(cohort.episodes, self.static))

    @property
    def analytes(self) -> tuple[str, ...]:
        """Full names of the analytes that are read, by measurements or scores, each once."""
        measured = [measurement.analyte for measurement in self.measurements]
        inputs = [name for choice in self.scores for name in SCORES[choice.score].inputs]
        return tuple(dict.fromkeys(measured + inputs))

    @property
    def layout(self) -> tuple[FeatureColumn, ...]:
        """The columns with their provenance: static ones, measured ones, scores."""
        measured = (
            FeatureColumn(f"{m.analyte}.{s}.{w}", *_split(m.analyte), s, w)
            for m in self.measurements
            for w in m.windows
            for s in m.statistics
        )
        scores = (
            FeatureColumn(f"score.{choice.score}.{w}", "score", choice.score, window=w)
            for choice in self.scores
            for w in choice.windows
        )
        return (*self._static_layout(), *measured, *scores)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(column.name for column in self.layout)

    def _static_layout(self) -> list[FeatureColumn]:
        layout = []
        for name in self.static:
            if self.levels is None or name not in self.levels:
                layout.append(FeatureColumn(f"static.{name}", "static", name))
                continue
            for level in self.levels[name]:
                column = f"static.{name}.{level.replace('.', '_')}"
                layout.append(FeatureColumn(column, "static", name, level=level))
        return layout

    def to_json(self) -> str:
        """Write the specification as canonical JSON: one text for one specification."""
        fields = asdict(self)
        return json.dumps(fields, sort_keys=True, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what ``to_json`` wrote.

        Parameters
        ----------
        text : str
            JSON.

        Returns
        -------
        FeatureSpecification
            Equal to the one that was written.

        Raises
        ------
        StudyError
            If the text is not JSON of this layout.
        """
        try:
            fields = json.loads(text)
            windows = tuple(Window(**window) for window in fields.pop("windows"))
            measurements = tuple(Measurement(**m) for m in fields.pop("measurements"))
            scores = tuple(ScoreChoice(**choice) for choice in fields.pop("scores"))
            return cls(windows, measurements, scores=scores, **fields)
        except (json.JSONDecodeError, AttributeError, KeyError, TypeError) as error:
            raise StudyError(
                "A feature specification must be JSON as to_json writes it, got text that does "
                f"not fit ({type(error).__name__}: {error}). Write it again with to_json."
            ) from error

    def hash(self) -> str:
        """Hash the canonical JSON with SHA-256."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def dictionary(self, catalogue: Mapping[str, Analyte] | None = None) -> pd.DataFrame:
        """Describe every column in words, see ``describe_columns``."""
        return describe_columns(self, catalogue)


def _split(full_name: str) -> tuple[str, str]:
    modality, _, analyte = full_name.partition(".")
    return modality, analyte
