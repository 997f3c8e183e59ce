"""Lines of a YAML file with marks: what is guessed, what is left to the reader."""

import re
from dataclasses import dataclass, field

import yaml

__all__ = ["FILL_IN", "Lines", "scalar"]

# Stands where only the reader knows; no table has a column of this name.
FILL_IN = "FILL_IN"
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*( [A-Za-z0-9_./-]+)*")
_COMMENT_AT = 40


@dataclass
class Lines:
    """The lines of a draft, counted by how sure they are.

    Attributes
    ----------
    text : list of str
        The lines.
    guesses, todos : int
        How many are marked.
    """

    text: list[str] = field(default_factory=list)
    guesses: int = 0
    todos: int = 0

    def add(self, depth: int, line: str, *, guess: str | None = None, todo: str = "") -> None:
        """Append a line, two blanks for each depth.

        Parameters
        ----------
        depth : int
            Of nesting.
        line : str
            YAML.
        guess : str, optional
            Marks the line as a guess; says why, if not empty.
        todo : str
            What the reader has to do.
        """
        mark = ""
        if guess is not None:
            self.guesses += 1
            mark = f"# guess: {guess}" if guess else "# guess"
        if todo:
            self.todos += 1
            mark = f"# TODO: {todo}"
        text = "  " * depth + line
        self.text.append(f"{text:<{_COMMENT_AT}}  {mark}" if mark and line else text + mark)

    def remark(self, depth: int, todo: str) -> None:
        """Append a comment that asks the reader to do something."""
        self.todos += 1
        self.text.append("  " * depth + f"# TODO: {todo}")


def scalar(text: str) -> str:
    """Write a text so that YAML reads it back as this text, in a mapping or a list.

    Examples
    --------
    >>> scalar("patient_id"), scalar("no"), scalar("CRP: mg/L")
    ('patient_id', '"no"', '"CRP: mg/L"')
    """
    if _PLAIN.fullmatch(text) and isinstance(yaml.safe_load(text), str):
        return text
    return yaml.safe_dump(
        text, default_style='"', allow_unicode=True, width=float("inf")
    ).removesuffix("\n")
