"""The model card of a run: a dict for JSON, and Markdown that no foreign string can disturb."""

from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from icans_risk.report.fill import HIDDEN, fill, look_up
from icans_risk.report.markdown import markdown_table, markdown_text
from icans_risk.report.tripod import reporting_phrases
from icans_risk.report.wording import NOT_ESTIMABLE, clean
from icans_risk.strict_yaml import load_yaml

__all__ = ["make_model_card", "model_card_markdown"]

RESEARCH = "For research only. Not a medical device; not for decisions about patients."
SYNTHETIC = (
    "SYNTHETIC: the model was fitted on synthetic patients. No figure here is evidence about real "
    "ones."
)
_VERSIONS = {
    "icans_risk": "software.package",
    "Python": "software.python",
    "XGBoost": "software.xgboost",
    "commit": "software.commit",
    "run": "software.run_id",
    "study file (SHA-256)": "software.study_hash",
    "cohort (SHA-256)": "software.cohort_hash",
    "features (SHA-256)": "software.feature_hash",
}


def make_model_card(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Make the model card of one run.

    Parameters
    ----------
    facts : mapping
        What the run says of itself, see ``RunFacts``; everything is optional.

    Returns
    -------
    dict
        Plain JSON: ``title``, ``banners`` (sentences that stand first) and ``sections``, each
        with ``key, title, sentences, not_stated`` (facts that the run lacks, by name) and
        ``table`` (``columns`` and ``rows`` of text, or None).

    Raises
    ------
    IcansRiskError
        If a fact has another shape than ``RunFacts`` declares.

    Examples
    --------
    >>> card = make_model_card({"study": {"title": "Two centres", "data_kind": "synthetic"}})
    >>> card["title"], len(card["banners"])
    ('Model card: Two centres', 2)
    """
    title = fill("Model card: {study.title}", facts).text or "Model card"
    banners = [RESEARCH]
    if look_up(facts, "study.data_kind") == "synthetic":
        banners.append(SYNTHETIC)
    return {
        "title": title,
        "banners": banners,
        "sections": [_section(section, facts) for section in _sections()],
    }


def model_card_markdown(card: Mapping[str, Any]) -> str:
    """Write a model card as Markdown.

    Parameters
    ----------
    card : dict
        From ``make_model_card``.

    Returns
    -------
    str
        CommonMark with tables. Every string is escaped, so that a foreign one adds no
        heading, list, link, image, code or HTML.
    """
    parts = [f"# {markdown_text(card['title'])}"]
    parts += [f"**{markdown_text(banner)}**" for banner in card["banners"]]
    for section in card["sections"]:
        parts.append(f"## {markdown_text(section['title'])}")
        lines = [f"- {markdown_text(sentence)}" for sentence in section["sentences"]]
        if section["not_stated"]:
            named = markdown_text(", ".join(section["not_stated"]))
            lines.append(f"- Not stated by the run: {named}.")
        if lines:
            parts.append("\n".join(lines))
        if section["table"]:
            parts.append(markdown_table(section["table"]["columns"], section["table"]["rows"]))
    return "\n\n".join(parts) + "\n"


def _section(section: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    phrases = reporting_phrases()
    filled = [fill(sentence, facts, phrases=phrases) for sentence in section.get("says", ())]
    missing = [path for sentence in filled for path in sentence.missing]
    table = None
    if "table" in section:
        needed, columns, rows_of = _TABLES[section["table"]]
        rows = rows_of(facts)
        table = {"columns": columns, "rows": rows} if rows else None
        missing += [] if rows else [needed]
    return {
        "key": section["key"],
        "title": section["title"],
        "sentences": [*section.get("fixed", ()), *(s.text for s in filled if s.text)],
        "not_stated": list(dict.fromkeys(missing)),
        "table": table,
    }


Rows = list[list[str]]


def _performance(facts: Mapping[str, Any]) -> Rows:
    own = fill("{performance.auroc:interval}", facts).text
    name = fill("{model.label}", facts).text or "the model"
    others = _items(facts, "performance.comparators", form="figures")
    rows = [[name, own]] if own else []
    return rows + [[clean(label), _interval(figure)] for label, figure in others]


def _subgroups(facts: Mapping[str, Any]) -> Rows:
    fill("{performance.subgroups:subgroups}", facts)  # refuses another shape
    return [
        [
            f"{clean(group['by'])} {clean(group['level'])}",
            *(HIDDEN if group[n] is None else f"{group[n]:,}" for n in ("patients", "events")),
            _interval(group["auroc"]) if group["auroc"] else NOT_ESTIMABLE,
        ]
        for group in look_up(facts, "performance.subgroups") or ()
    ]


def _versions(facts: Mapping[str, Any]) -> Rows:
    rows = [[name, fill(f"{{{path}:code}}", facts).text] for name, path in _VERSIONS.items()]
    stored = _items(facts, "model.files", form="pairs")
    rows += [[f"file {clean(name)}", clean(str(value))] for name, value in stored]
    return [row for row in rows if row[1]]


def _items(facts: Mapping[str, Any], path: str, *, form: str) -> list[tuple[str, Any]]:
    fill(f"{{{path}:{form}}}", facts)  # refuses another shape
    return [(str(name), value) for name, value in (look_up(facts, path) or {}).items()]


def _interval(figure: Mapping[str, float | None]) -> str:
    return fill("{figure:interval}", {"figure": figure}).text


# Which fact an empty table lacks, its columns, its rows.
_TABLES: Mapping[str, tuple[str, list[str], Callable[[Mapping[str, Any]], Rows]]] = {
    "performance": ("performance.auroc", ["model", "AUROC"], _performance),
    "subgroups": (
        "performance.subgroups",
        ["group", "patients", "events", "AUROC"],
        _subgroups,
    ),
    "versions": ("software", ["what", "version or hash"], _versions),
}


@cache
def _sections() -> tuple[Mapping[str, Any], ...]:
    text = (files("icans_risk.report") / "model_card.yaml").read_text(encoding="utf-8")
    return tuple(load_yaml(text)["sections"])
