"""The page that lists every command, made from the program itself."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import typer

from icans_risk.cli.ending import EXIT_CODES, TRACEBACK
from icans_risk.cli.main import app

__all__ = ["PAGE", "commands_page", "examples_of", "write_commands_page"]

PAGE = "commands.md"
_EXAMPLE = "Example:"
_PROGRAM = "icans-risk"

_GENERATED = "<!-- Generated: do not edit. `python docs/make_documents.py` writes it anew. -->\n\n"
_OPENING = f"""\
# Commands

`{_PROGRAM} COMMAND --help` shows every option with an example. Long work shows on standard error
what it is doing, how far it is and how long it takes; a log gets none of that. What is written
appears whole or not at all, and files with rows of patients are readable by their owner alone.

"""
_JSON = """
## As data

`--json FILE` writes what a command tells to a file, as strict JSON (no NaN: what is not estimable
is `null`). It is the one way, and every command has it but `schema`, whose output is JSON itself.
A command that answers by its exit code, such as `check`, writes the file as well.

## Exit codes

"""
_ENVIRONMENT = """
## Environment

"""
_COMPLETION = f"""
## Completion in a shell

```bash
{_PROGRAM} --install-completion     # bash, zsh, fish or PowerShell, whichever it is called from
{_PROGRAM} --show-completion        # the same to look at, or to put elsewhere
```

A new shell then completes commands and options by the Tab key, and files where a file is meant.
Completing loads no model and no table: it asks the program for its options and nothing else.

## Options that mean the same everywhere

"""


def commands_page() -> str:
    """Write the page as Markdown.

    Returns
    -------
    str
        A table of commands, exit codes, the environment, completion, and shared options.
    """
    commands = _commands()
    listed = [
        (f"`{_usage(name, command)}`", _first_paragraph(command), _in_code(examples_of(command)))
        for name, command in commands.items()
    ]
    codes = [(f"{code}", meaning) for code, meaning in EXIT_CODES.items()]
    return "".join(
        [
            _GENERATED,
            _OPENING,
            *_table(("command", "what it does", "example"), listed),
            _JSON,
            *_table(("code", "meaning"), codes),
            _ENVIRONMENT,
            *_table(("variable", "what it sets"), sorted(_variables(commands.values()))),
            _COMPLETION,
            *_table(("option", "meaning", "commands"), list(_shared(commands))),
        ]
    )


def write_commands_page(folder: Path) -> None:
    """Write the page into a folder."""
    (folder / PAGE).write_text(commands_page(), encoding="utf-8", newline="\n")


def examples_of(command: Any) -> list[str]:
    """Return the examples that a command's help shows."""
    lines = (line.strip() for line in command.help.splitlines())
    return [line.removeprefix(_EXAMPLE).strip() for line in lines if line.startswith(_EXAMPLE)]


def _commands() -> dict[str, Any]:
    found: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    return found


def _first_paragraph(command: Any) -> str:
    return " ".join(command.help.partition("\n\n")[0].split())


def _in_code(examples: Iterable[str]) -> str:
    return "<br>".join(f"`{example}`" for example in examples)


def _usage(name: str, command: Any) -> str:
    """Write the call with all that it cannot do without."""
    words = [_PROGRAM, name]
    for parameter in command.params:
        metavar = str(parameter.metavar or parameter.name.upper()).replace("|", " or ")
        if parameter.param_type_name == "argument":
            shown = metavar + "..." * (parameter.nargs == -1)
            words.append(shown if parameter.required else f"[{shown}]")
        elif parameter.required:
            words += [parameter.opts[0], metavar]
    return " ".join(words)


def _variables(commands: Iterable[Any]) -> Iterator[tuple[str, str]]:
    told = {
        str(parameter.envvar): f"`{parameter.opts[0]}`: {parameter.help}"
        for command in commands
        for parameter in command.params
        if parameter.envvar
    }
    told[TRACEBACK] = "Anything: a fault of the program prints where it happened. May show data."
    yield from ((f"`{name}`", meaning) for name, meaning in told.items())


def _shared(commands: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Name the options that stand in several commands, with the same words."""
    owners: dict[tuple[str, str], list[str]] = {}
    for name, command in commands.items():
        for parameter in command.params:
            if parameter.param_type_name == "option":
                key = "/".join([*parameter.opts, *parameter.secondary_opts]), str(parameter.help)
                owners.setdefault(key, []).append(name)
    everywhere = len(commands) - 1
    for (option, meaning), names in sorted(owners.items()):
        if len(names) > 1:
            where = ", ".join(f"`{name}`" for name in names)
            yield f"`{option}`", meaning, "all but `schema`" if len(names) == everywhere else where


def _table(columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    for cells in (columns, ("---",) * len(columns), *rows):
        yield f"| {' | '.join(cells)} |\n"
