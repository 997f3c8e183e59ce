"""Read a study file, and say in one line what is wrong with it."""

import difflib
import json
from collections.abc import Iterator
from pathlib import Path

import yaml
from pydantic import BaseModel, ValidationError

from icans_risk.errors import IcansRiskError, StudyError
from icans_risk.strict_yaml import load_yaml
from icans_risk.study.schema import Study
from icans_risk.study.strict import map_paths

__all__ = ["load_study", "parse_study"]


def load_study(path: Path | str) -> Study:
    """Read a study file and check it.

    Parameters
    ----------
    path : path-like
        The YAML file; file names inside it are relative to its folder.

    Returns
    -------
    Study
        Frozen; its file names are absolute.

    Raises
    ------
    StudyError
        If the file is absent, is not YAML, has an unknown key, lacks a required one, or
        holds a value of another type.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise StudyError(f"{path}: cannot read the study file ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise StudyError(f"{path}: not UTF-8 text. Save it as UTF-8.") from None
    folder = path.resolve().parent
    return map_paths(parse_study(text, name=str(path)), lambda file: folder / file.expanduser())


def parse_study(text: str, *, name: str) -> Study:
    """Check the text of a study file; its file names stay as they are written.

    Parameters
    ----------
    text : str
        YAML.
    name : str
        What the text is called in an error.

    Returns
    -------
    Study
        Frozen.

    Raises
    ------
    StudyError
        As for ``load_study``.
    """
    try:
        content = load_yaml(text)
        # Strict types are those of JSON: a list may fill a tuple, a word may not fill a number.
        return Study.model_validate_json(json.dumps(content))
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        line = f" at line {where.line + 1}" if where else ""
        raise StudyError(f"{name}: not a YAML file{line}. Mend its syntax.") from None
    except IcansRiskError as error:
        raise StudyError(f"{name}: {error}") from None
    except TypeError:
        raise StudyError(f"{name}: holds a date or another non-JSON value. Quote it.") from None
    except ValidationError as error:
        raise StudyError(f"{name}: {_first_problem(error)}") from None


def _first_problem(error: ValidationError) -> str:
    # A mistyped key is also a missing one: the typing error is what the reader can mend.
    problems = sorted(error.errors(), key=lambda problem: problem["type"] != "extra_forbidden")
    problem, more = problems[0], len(problems) - 1
    where = ".".join(str(part) for part in problem["loc"])
    rest = f" ({more} more after it)" if more else ""
    if problem["type"] == "extra_forbidden":
        key = str(problem["loc"][-1])
        near = difflib.get_close_matches(key, sorted(set(_known_keys(Study))), n=1, cutoff=0.0)
        return f"unknown key {where!r}; the nearest valid key is {near[0]!r}{rest}."
    if problem["type"] == "missing":
        return f"key {where!r} is required and absent{rest}. Add it."
    return f"{where or 'the file'}: {problem['msg'].removeprefix('Value error, ')}{rest}."


def _known_keys(model: type[BaseModel]) -> Iterator[str]:
    for schema in (model.model_json_schema(), *model.model_json_schema().get("$defs", {}).values()):
        yield from schema.get("properties", {})
