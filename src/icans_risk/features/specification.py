"""Say which features are wanted: windows, statistics of analytes, changes, static columns."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any, Literal, Self, get_args

import pandas as pd

from icans_risk.catalogue import Analyte, load_catalogue
from icans_risk.cohort import Cohort
from icans_risk.errors import StudyError
from icans_risk.features.admission import check_treatment_policy
from icans_risk.features.choices import Change, Measurement, ScoreChoice, Window
from icans_risk.features.columns import (
    FeatureColumn,
    change_columns,
    measured_columns,
    score_columns,
    static_columns,
    treatment_columns,
)
from icans_risk.features.dictionary import describe_columns
from icans_risk.features.naming import check_distinct, check_identifier, check_known
from icans_risk.features.onset import CRS_GRADE
from icans_risk.features.selection import (
    find_analytes,
    find_treatments,
    is_open,
    name_analytes,
)
from icans_risk.features.static import find_levels

__all__ = ["FeatureSpecification", "Presence", "TreatmentPolicy"]

Presence = Literal["protocol_only", "informative"]
TreatmentPolicy = Literal["ignore", "censor", "include_before_landmark"]

# Of the JSON: one more whenever a field is added or means something else.
_LAYOUT = 3


@dataclass(frozen=True)
class FeatureSpecification:
    """Everything that fixes the columns of a vector.

    Attributes
    ----------
    windows : tuple of Window
        The windows that measurements may name.
    measurements : tuple of Measurement
        The columns from events in one window.
    static : tuple of str
        Columns of the episodes.
    presence : {"protocol_only", "informative"}
        Whether events ordered for cause after infusion, and drugs given in response to
        toxicity, are kept out.
    scores : tuple of ScoreChoice
        The columns from published scores.
    changes : tuple of Change
        The columns from events in two windows.
    levels : mapping of str to tuple of str, optional
        Levels of the categorical static columns; None before ``fit``.
    treatment_policy : {"ignore", "censor", "include_before_landmark"}
        What a dose given in response to toxicity does to values collected after it:
        nothing; they do not count; or nothing, and that it was given is a column.
    treatments : tuple of str, optional
        The treatments that have a column; None before ``fit``.

    Before ``fit``, measurements and changes may ask for all analytes (``"plasma.*"``), and a
    policy for treatments that nobody named yet; there are no columns then.

    Raises
    ------
    StudyError
        If a name is unknown or stands twice.
    LeakageError
        If treatments are to be columns while ``presence`` is ``"protocol_only"``.
    """

    windows: tuple[Window, ...]
    measurements: tuple[Measurement, ...]
    static: tuple[str, ...] = ()
    presence: Presence = "protocol_only"
    scores: tuple[ScoreChoice, ...] = ()
    changes: tuple[Change, ...] = ()
    levels: Mapping[str, tuple[str, ...]] | None = None
    treatment_policy: TreatmentPolicy = "ignore"
    treatments: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        for field in ("windows", "measurements", "static", "scores", "changes"):
            object.__setattr__(self, field, tuple(getattr(self, field)))
        check_known(self.presence, get_args(Presence), what="presence")
        check_known(self.treatment_policy, get_args(TreatmentPolicy), what="treatment_policy")
        check_treatment_policy(self.treatment_policy, self.presence)
        check_distinct((window.name for window in self.all_windows), what="Names of windows")
        names = [window.name for window in self.windows]
        for name, chosen in self._chosen_windows():
            for window in chosen:
                check_known(window, names, what=f"A window of {name!r}")
        for name in self.static:
            check_identifier(name, what="The name of a static feature")
        self._fix_fitted()
        if not self._open_choices:
            check_distinct(self.columns, what="Columns of the vector")

    def _fix_fitted(self) -> None:
        if self.treatments is not None:
            object.__setattr__(self, "treatments", tuple(self.treatments))
            if self.treatment_policy != "include_before_landmark":
                raise StudyError(
                    "Only treatment_policy: include_before_landmark has columns of treatments, got "
                    f"treatment_policy: {self.treatment_policy} with treatments. Drop them."
                )
        if self.levels is not None:
            fixed = {name: tuple(levels) for name, levels in self.levels.items()}
            object.__setattr__(self, "levels", fixed)
            for name in fixed:
                check_known(name, self.static, what="A column with levels")

    def _chosen_windows(self) -> list[tuple[str, tuple[str, ...]]]:
        measured = [(m.analyte, m.windows) for m in self.measurements]
        changes = [(change.analyte, change.between) for change in self.changes]
        scores = [(f"score.{choice.score}", choice.windows) for choice in self.scores]
        return measured + changes + scores

    @property
    def _open_choices(self) -> list[str]:
        choices: list[Measurement | Change] = [*self.measurements, *self.changes]
        named = [choice.analyte for choice in choices if is_open(choice)]
        has_columns = self.treatment_policy == "include_before_landmark"
        return named + ["treatment_policy"] * (has_columns and self.treatments is None)

    def fit(self, cohort: Cohort, catalogue: Mapping[str, Analyte] | None = None) -> Self:
        """Return a copy that fixes levels, analytes and treatments, and with them the columns.

        What is fixed is stored, so that another cohort gets the same columns: an analyte
        that only it has is left out, one that it lacks is missing.

        Parameters
        ----------
        cohort : Cohort
            The training cohort.
        catalogue : mapping of str to Analyte, optional
            What can be measured; the package's own by default.

        Returns
        -------
        FeatureSpecification
            With sorted levels (columns of numbers and flags need none), and with names for
            ``"plasma.*"`` and ``"*"``, sorted.

        Raises
        ------
        StudyError
            If a static column is absent, or the cohort has no analyte for a choice of all or
            no treatment for a column.
        """
        levels = find_levels(cohort.episodes, self.static)
        has_treatments = self.treatment_policy == "include_before_landmark"
        if not (self._open_choices or has_treatments):
            return replace(self, levels=levels)
        known = load_catalogue() if catalogue is None else catalogue
        found = find_analytes(cohort, self.presence, known)
        return replace(
            self,
            levels=levels,
            treatments=find_treatments(found, known) if has_treatments else None,
            measurements=name_analytes(self.measurements, found),
            changes=name_analytes(self.changes, found),
        )

    @property
    def all_windows(self) -> tuple[Window, ...]:
        """The windows, and after them those that belong to the scores."""
        own = (choice.own_window for choice in self.scores)
        return tuple(dict.fromkeys((*self.windows, *(w for w in own if w is not None))))

    @cached_property
    def analytes(self) -> tuple[str, ...]:
        """Full names of the analytes that are read, for columns or an anchor, each once."""
        read = [cell.analyte for column in self.layout for cell in column.cells]
        read += self.treatments or ()
        anchors = [CRS_GRADE for window in self.all_windows if window.anchor == "crs_onset"]
        return tuple(dict.fromkeys(read + anchors))

    @cached_property
    def layout(self) -> tuple[FeatureColumn, ...]:
        """The columns with their provenance: static, treatments, measured, changes, scores."""
        if self._open_choices:
            raise StudyError(
                "The columns must be fixed before they are used, got what the training cohort has "
                f"to fix: {self._open_choices}. Call fit(cohort) on it first."
            )
        return (
            *static_columns(self.static, self.levels),
            *treatment_columns(self.treatments or ()),
            *measured_columns(self.measurements),
            *change_columns(self.changes),
            *score_columns(self.scores),
        )

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(column.name for column in self.layout)

    def to_json(self) -> str:
        """Write the specification as canonical JSON: one text for one specification."""
        fields = asdict(self) | {"layout": _LAYOUT}
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
            If the text is not JSON of this layout, or one of an earlier version.
        """
        try:
            fields = json.loads(text)
            _check_layout(fields)
            windows = tuple(Window(**window) for window in fields.pop("windows"))
            measurements = tuple(Measurement(**m) for m in fields.pop("measurements"))
            scores = tuple(ScoreChoice(**choice) for choice in fields.pop("scores"))
            changes = tuple(Change(**change) for change in fields.pop("changes"))
            return cls(windows, measurements, scores=scores, changes=changes, **fields)
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


def _check_layout(fields: dict[str, Any]) -> None:
    layout = fields.pop("layout", None)
    if layout != _LAYOUT:
        raise StudyError(
            f"A feature specification must be JSON of layout {_LAYOUT}, as to_json writes it, got "
            f"layout {layout!r} (before layout 2 none was written). Write it again from its study, "
            "or read it with the version of the package that wrote it."
        )
