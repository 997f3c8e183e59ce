"""What is published on a product, a disease or a topic, and how far sources disagree."""

import math
from collections.abc import Sequence
from typing import Any

from icans_risk.errors import IcansRiskError, NotEstimableError
from icans_risk.evidence import (
    Agreement,
    Figure,
    agree,
    comparable_groups,
    load_evidence,
    select_figures,
)

__all__ = ["find_evidence", "topics"]


def topics() -> tuple[str, ...]:
    """Return what figures are about: the first part of their keys, in file order."""
    return tuple(dict.fromkeys(key.split(".")[0] for key in load_evidence()))


def find_evidence(
    *,
    product: str | None = None,
    disease: str | None = None,
    topic: str | None = None,
    scale: str | None = None,
    read_only: bool = False,
) -> dict[str, Any]:
    """Find published figures, and pool those that mean the same.

    Parameters
    ----------
    product, disease : str, optional
        Such as ``axi-cel`` and ``lbcl``; case and hyphens do not matter.
    topic : str, optional
        A key or the head of one, such as ``icans_grade3``, ``turnaround`` or ``prophylaxis``.
    scale : str, optional
        ``ASTCT``, ``CTCAE``, ``Lee``, ``Penn``.
    read_only : bool, default False
        Leave out figures from memory and engineering priors.

    Returns
    -------
    dict
        Plain data: ``figures`` in file order, and ``pooled``: where several sets of patients
        were graded on one scale, their mean, how far they differ, and what was left out.

    Raises
    ------
    IcansRiskError
        If a word is not in its vocabulary, or nothing fits.
    """
    chosen = select_figures(
        about=topic,
        product=_word(product),
        disease=_word(disease),
        scale=scale,
        status="read" if read_only else None,
    )
    if not chosen:
        raise IcansRiskError(
            "No published figure fits what was asked for. Ask for less; topics are "
            f"{', '.join(topics()[:12])} and others."
        )
    return {"figures": [_figure(figure) for figure in chosen], "pooled": _pooled(chosen)}


def _word(name: str | None) -> str | None:
    return None if name is None else name.strip().lower().replace("-", "_").replace(" ", "_")


def _figure(figure: Figure) -> dict[str, Any]:
    interval = figure.interval
    return {
        "key": figure.key,
        "label": figure.label,
        "quantity": figure.quantity,
        "value": figure.value,
        "unit": figure.unit,
        "low": None if interval is None else interval.low,
        "high": None if interval is None else interval.high,
        "interval_kind": None if interval is None else interval.kind,
        "n": figure.n,
        "events": figure.events,
        "scale": figure.scale,
        "product": figure.product,
        "disease": figure.disease,
        "setting": figure.population,
        "status": figure.status,
        "source": figure.source.citation,
        "notes": figure.notes,
    }


def _pooled(chosen: Sequence[Figure]) -> list[dict[str, Any]]:
    found = []
    for about, group in comparable_groups(chosen):
        try:
            found.append(_agreement(agree(about, group)))
        except NotEstimableError:
            # All of the same patients, or without their number: the figures say it themselves.
            continue
    return found


def _agreement(known: Agreement) -> dict[str, Any]:
    told, pooled = known.pooled.natural, known.pooled
    mixed = known.mixed
    enough = pooled.studies > 2
    return {
        "about": known.about,
        "scale": known.scale,
        "sentence": known.in_words,
        "value": told.value,
        "low": told.low if enough else None,
        "high": told.high if enough else None,
        "prediction_low": told.prediction_low if enough else None,
        "prediction_high": told.prediction_high if enough else None,
        "tau": math.sqrt(pooled.tau2),
        "i2": pooled.i2,
        "mixed": None if mixed is None else 1 / (1 + math.exp(-float(mixed.coefficients[0]))),
        "used": [figure.key for figure in known.used],
        "left_out": [figure.key for figure in known.left_out],
        "assumed": known.assumed,
    }
