"""YAML as this package reads it: safe, and without a key that stands twice."""

from typing import Any

import yaml

from icans_risk.errors import IcansRiskError

__all__ = ["load_yaml"]


class _UniqueKeyLoader(yaml.SafeLoader):
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = sorted({str(key) for key in keys if keys.count(key) > 1})
        if twice:
            raise IcansRiskError(
                f"expected each key once, got {twice} twice: it stands twice in the block at line "
                f"{node.start_mark.line + 1}. Keep one."
            )
        return super().construct_mapping(node, deep=deep)


def load_yaml(text: str) -> Any:
    """Read YAML; a key written twice is refused, where YAML itself lets the last one win.

    Parameters
    ----------
    text : str
        One document.

    Returns
    -------
    object
        Plain data; nothing else is ever built from the text.

    Raises
    ------
    IcansRiskError
        If a key stands twice in a block.
    yaml.YAMLError
        If the text is not YAML.

    Examples
    --------
    >>> load_yaml("crp: {unit: mg/L}")
    {'crp': {'unit': 'mg/L'}}
    """
    return yaml.load(text, Loader=_UniqueKeyLoader)
