"""Text in Markdown: what a foreign string says is shown, never read as markup."""

import re
from collections.abc import Sequence

from icans_risk.report.wording import clean

__all__ = ["markdown_table", "markdown_text"]

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
# Everything that opens or closes something inside a line: emphasis, code, links, images,
# tables, strikethrough, mathematics, mentions.
_INLINE = re.compile(r"[\\`*_\[\]|~$#@]")
_ENTITY = re.compile(r"[&<>]")
# Renderers make links of bare addresses too.
_ADDRESS = re.compile(r"(?i)(?<=[a-z]):(?=//)|(?<=www)\.")
# What makes a block of a line that begins with it.
_START = re.compile(r"^([-+=:])|^(\d{1,9})(?=[.)](?:\s|$))")


def markdown_text(text: object) -> str:
    r"""Escape a text for one line of Markdown, or for a cell of a table.

    Line breaks and invisible marks become visible replacement characters, as everywhere in
    the reports.

    Examples
    --------
    >>> markdown_text("<b> [x](http://y) a_b | 1")
    '&lt;b&gt; \\[x\\](http\\://y) a\\_b \\| 1'
    >>> markdown_text("1. no list"), markdown_text("- no list"), markdown_text("# no heading")
    ('1\\. no list', '\\- no list', '\\# no heading')
    """
    line = re.sub(r"[\u2028\u2029]", " ", clean(text)).strip()
    line = _INLINE.sub(lambda found: f"\\{found[0]}", line)
    line = _ENTITY.sub(lambda found: _ENTITIES[found[0]], line)
    line = _ADDRESS.sub(lambda found: f"\\{found[0]}", line)
    return _START.sub(lambda found: f"\\{found[1]}" if found[1] else f"{found[2]}\\", line)


def markdown_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    r"""Write a table; every cell is escaped.

    Examples
    --------
    >>> print(markdown_table(["a", "b"], [["1", "x|y"]]))
    | a | b |
    | --- | --- |
    | 1 | x\|y |
    """
    lines = [_row(columns), _row(["---"] * len(columns), raw=True), *(_row(row) for row in rows)]
    return "\n".join(lines)


def _row(cells: Sequence[str], *, raw: bool = False) -> str:
    return f"| {' | '.join(c if raw else markdown_text(c) for c in cells)} |"
