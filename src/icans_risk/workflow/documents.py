"""Write the documents that are generated from code and catalogue."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from icans_risk.catalogue import Analyte, load_catalogue
from icans_risk.features.derived import DERIVED
from icans_risk.features.kernel import STATISTICS
from icans_risk.features.scores import SCORES
from icans_risk.features.words import STATISTIC_WORDS
from icans_risk.ingest.reasons import LEFT_OUT, REASONS
from icans_risk.study.json_schema import study_schema
from icans_risk.workflow.catalogue import LEAK_WORDS, reference_in_words
from icans_risk.workflow.files import write_whole

__all__ = [
    "DOCUMENTS",
    "STATISTIC_WORDS",
    "feature_dictionary",
    "reasons_page",
    "schema_text",
    "write_documents",
]

# What words.py puts in the place of a unit, for a reader without an analyte at hand.
_UNIT_WORDS = {"": "the analyte's", "/d": "its unit per day"}

_GENERATED = "<!-- Generated: do not edit. `python docs/make_documents.py` writes it anew. -->\n\n"

_REASONS = """\
# Why a row is not used

A row that is set aside is kept in `quarantine.csv` and counts towards
`handling.quarantine_at_most`. One that is left out is only counted: nothing is wrong with it. How
exports are read: [From an export to a cohort](reading_data.md).

"""

_OPENING = """\
# Feature dictionary

What a column of a patient's vector means. `icans-risk catalogue crp` shows an entry with its
sources; the entries themselves stand in
[`src/icans_risk/catalogue`](../src/icans_risk/catalogue), one YAML file per modality, with the
source of every figure and whether it was read there or is assumed.

## How a name is built

| column | example |
|---|---|
| `modality.analyte.statistic.window` | `plasma.crp.max.early` |
| `score.name.window` | `score.m_easix.baseline` |
| `static.name`, or `static.name.level` for words | `static.age_years`, `static.product.axi-cel` |
| `treatment.analyte.given.to_landmark` | `treatment.tocilizumab.given.to_landmark` |

An analyte that a study keeps apart by platform has the platform behind an `@`: `plasma.nfl@ella`.
Values are in the catalogue's unit. Missing is empty, and zero is zero.

## Windows

A study names its windows. Each is a stretch of time after `start_h` up to and including `end_h`,
in hours around an anchor: the infusion, the start of lymphodepletion, or the landmark, the hour at
which risk is predicted. No bound on a side is no limit there. Whatever its bounds, a value counts
only if

- it was **collected** inside the window,
- its result was **available** at or before the landmark, and
- if it is of cerebrospinal fluid, EEG, imaging or treatment and from after the infusion, it was
  **ordered** by protocol or as prophylaxis, unless the study says `presence: informative`.

Of several versions of a result the latest one available at the landmark counts.

| window | `icans-risk init` drafts | meaning |
|---|---|---|
| `baseline` | `{anchor: infusion, end_h: 0}` | any time up to the infusion |
| `early` | `{anchor: infusion, start_h: 0, end_h: 72}` | the first three days after it |
"""

_TREATMENT = """
## After treatment

A drug against inflammation that is given for toxicity changes what is measured afterwards, and that
it was given is a response to the outcome. A dose is meant if it was given after the infusion, is
known at the landmark, and was ordered neither by protocol nor as prophylaxis. (What a patient takes
for another reason has to be ordered as one of these, or its first dose after the infusion is meant
too.) A study's `treatment_policy` says what becomes of values collected after the first such dose:

| `treatment_policy` | values collected later than the dose | the dose |
|---|---|---|
| `ignore` | count, and pages mark them | no feature |
| `censor` | count in no window, and CRS that begins then is no anchor | no feature; pages name it |
| `include_before_landmark` | count, and pages mark them | one column for each drug that \
the training cohort has, 1 if a dose is known, else 0; only with `presence: informative` |

A value of the very hour of the dose is not later. The drugs: """

_BEFORE_ANALYTES = """
## Analytes

**Reference** is the usual range in health. Outside the **limits** a value cannot be true and is set
aside. **LLOQ** is the lower limit of quantification of a usual assay. **Turnaround** is the usual
time from collection to result, used where an export does not state when a result was known.
**Direction** is the one in which risk may be held to move, where a source defends it.

| leak class | meaning |
|---|---|
"""

_COLUMNS = (
    "analyte", "what", "unit", "accepted units", "reference", "limits", "LLOQ", "turnaround",
    "direction", "leak class", "LOINC",
)  # fmt: skip
_DIRECTIONS = {1: "up", -1: "down", 0: ""}
_SCORE_HEADER = ("score", "label", "what", "unit", "from", "window", "source")
_DERIVED_HEADER = ("formula", "gives", "from", "at most apart", "source")


def feature_dictionary() -> str:
    """Write the feature dictionary as Markdown.

    Returns
    -------
    str
        Names, windows, statistics, scores, and one table of analytes per modality.
    """
    parts = [
        _GENERATED,
        _OPENING,
        "\n## Statistics\n\n",
        _table(("statistic", "what", "unit"), _statistics()),
    ]
    parts += ["\n## Scores\n\nMissing where one of the values is. A score with a window of its own"]
    parts += [" takes no window of the study.\n\n", _table(_SCORE_HEADER, _score_rows())]
    parts += ["\n## Derived\n\nRows of events that are computed from others before any window."]
    parts += ["\n\n", _table(_DERIVED_HEADER, _derived_rows()), _TREATMENT]
    altering = [f"`{a.full_name}`" for a in load_catalogue().values() if a.alters_measurements]
    parts += [", ".join(altering), ".\n", _BEFORE_ANALYTES]
    parts += [f"| `{name}` | {words} |\n" for name, words in LEAK_WORDS.items()]
    by_modality: dict[str, list[Analyte]] = {}
    for analyte in load_catalogue().values():
        by_modality.setdefault(analyte.modality, []).append(analyte)
    for modality, analytes in by_modality.items():
        source = f"../src/icans_risk/catalogue/{modality}.yaml"
        parts += [f"\n### {modality}\n\nEntries and sources: [{modality}.yaml]({source}).\n\n"]
        parts += [_table(_COLUMNS, [_row(analyte) for analyte in analytes])]
    parts += [
        "\n\\* assumed, not read in a source. \u2020 Platforms disagree: a study with several "
    ]
    parts += ["has to say under `handling.assays` how they become one measurement.\n"]
    return "".join(parts)


def _score_rows() -> list[tuple[str, ...]]:
    return [
        (
            f"`{name}`",
            score.label,
            score.describe,
            score.unit,
            ", ".join(f"{read.statistic} `{read.analyte}`" for read in score.reads),
            "the study's" if score.window is None else f"`{score.window.name}`",
            f"{score.source} ({score.status})",
        )
        for name, score in SCORES.items()
    ]


def _derived_rows() -> list[tuple[str, ...]]:
    return [
        (
            f"{derived.formula} ({derived.status})",
            f"`{name}`",
            ", ".join(f"`{i}`" for i in (*derived.inputs, *derived.episode_columns)),
            f"{derived.pairing.hours:g} h ({derived.pairing_status})"
            if derived.pairing.hours
            else "one sample or recording",
            derived.source,
        )
        for name, derived in DERIVED.items()
    ]


def _statistics() -> list[tuple[str, ...]]:
    words = ((name, *STATISTIC_WORDS[name]) for name in STATISTICS)
    return [(f"`{name}`", meaning, _UNIT_WORDS.get(unit, unit)) for name, meaning, unit in words]


def _row(analyte: Analyte) -> tuple[str, ...]:
    loinc, (low, high) = analyte.loinc, analyte.hard_limits
    others = [f"`{unit}`" for unit in analyte.accepted_units if unit != analyte.unit]
    return (
        f"`{analyte.full_name}`",
        analyte.label + " \u2020" * analyte.assay_dependent,
        f"`{analyte.unit}`",
        ", ".join(others),
        "" if analyte.reference_range is None else reference_in_words(analyte),
        f"{low:.10g} to {high:.10g}",
        "" if analyte.lloq is None else f"{analyte.lloq:g}",
        f"{analyte.turnaround_hours:g} h",
        _DIRECTIONS[analyte.monotone],
        f"`{analyte.leak_class}`",
        "" if loinc is None else loinc.code + "\\*" * (loinc.status == "assumed"),
    )


def _table(columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [columns, ("---",) * len(columns), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def reasons_page() -> str:
    """Write the reasons for which rows of results are not used, as Markdown."""
    rows = [
        (f"`{code}`", "left out" if code in LEFT_OUT else "set aside", why.message, why.remedy)
        for code, why in REASONS.items()
    ]
    return _GENERATED + _REASONS + _table(("reason", "the row is", "because", "cure"), rows)


def schema_text() -> str:
    """Write the JSON schema of the study file as ``icans-risk schema`` prints it."""
    return json.dumps(study_schema(), indent=2) + "\n"


DOCUMENTS: Mapping[str, Callable[[], str]] = MappingProxyType(
    {
        "feature_dictionary.md": feature_dictionary,
        "reasons.md": reasons_page,
        "study.schema.json": schema_text,
    }
)


def write_documents(folder: Path) -> None:
    """Write every generated document into a folder."""
    for name, make in DOCUMENTS.items():
        write_whole(folder / name, make())
        (folder / name).chmod(0o644)
