"""Read files of published figures strictly."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from icans_risk.errors import IcansRiskError
from icans_risk.evidence.figure import Figure, Source
from icans_risk.strict_yaml import load_yaml

__all__ = ["read_figures", "read_sources"]


def read_sources(text: str) -> Mapping[str, Source]:
    """Read ``sources.yaml``.

    Parameters
    ----------
    text : str
        The file's text.

    Returns
    -------
    mapping of str to Source
        By name, in file order.

    Raises
    ------
    IcansRiskError
        If a name stands twice.
    pydantic.ValidationError
        If a field is unknown, missing or malformed.
    """
    content = load_yaml(text)
    return {name: Source(name=name, **fields) for name, fields in content.items()}


def read_figures(text: str, sources: Mapping[str, Source]) -> dict[str, Figure]:
    """Read one file of figures.

    Fields in ``common`` hold for the file, those of a block for its figures; the figure's
    own field wins, and null takes an inherited one away.

    Parameters
    ----------
    text : str
        YAML with ``common`` and ``blocks``.
    sources : mapping of str to Source
        What ``source`` may name.

    Returns
    -------
    dict of str to Figure
        By key, in file order.

    Raises
    ------
    IcansRiskError
        If a key stands twice, a source is unknown or a figure breaks a rule.
    """
    content = load_yaml(text)
    figures: dict[str, Figure] = {}
    for block in content["blocks"]:
        shared = {**content["common"], **block}
        for key, own in shared.pop("figures").items():
            if key in figures:
                raise IcansRiskError(f"each key stands once, got {key} twice. Rename one.")
            figures[key] = _build(key, {**shared, **own}, sources)
    return figures


def _build(key: str, fields: dict[str, Any], sources: Mapping[str, Source]) -> Figure:
    name = fields.pop("source", None)
    if name not in sources:
        raise IcansRiskError(f"{key}: a source from sources.yaml is needed, got {name!r}. Add it.")
    try:
        return Figure(key=key, source=sources[name], **fields)
    except ValidationError as error:
        first = error.errors()[0]
        at = ".".join(str(part) for part in first["loc"]) or "figure"
        raise IcansRiskError(f"{key}, {at}: {first['msg']}. Mend it in the YAML file.") from error
