"""Who may import whom, and how large things may grow."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "icans_risk"

# A room may import these rooms, itself and `errors`; nothing else of ours. `cohort.py` and
# its like are rooms of one file.
MAY_IMPORT = {
    "errors": set(),
    "ending": set(),
    "strict_yaml": set(),
    "cohort": set(),
    "splits": set(),
    "evaluation": set(),
    "catalogue": {"strict_yaml"},
    "study": {"catalogue", "strict_yaml"},
    "ingest": {"cohort", "catalogue", "study", "strict_yaml"},
    "signals": {"cohort", "catalogue"},
    "grading": set(),
    "evidence": {"strict_yaml"},
    "synthetic": {"cohort", "catalogue", "grading", "evidence", "strict_yaml"},
    "outcome": {"cohort", "grading"},
    "features": {"cohort", "catalogue"},
    "models": {"splits"},
    "explanation": {"models", "features"},
    "report": {"evaluation", "evidence", "catalogue", "strict_yaml"},
    "serving": {"cohort", "catalogue", "features", "models", "explanation", "outcome"},
    "tracking": {"serving", "study", "ending"},
    "workflow": {
        "cohort", "splits", "evaluation", "catalogue", "study", "ingest", "grading", "outcome",
        "features", "models", "explanation", "report", "serving", "tracking", "evidence",
        "synthetic", "signals", "strict_yaml",
    },
    "cli": {"workflow", "study", "catalogue", "ending"},
}  # fmt: skip

# Only one room knows MLflow, one the readers of raw files, two run on Spark; only the command line
# may look at the environment.
OWNED = {
    "mlflow": {"tracking"},
    "sqlalchemy": {"tracking"},
    "typer": {"cli"},
    "pyspark": {"features", "serving"},
    "mne": {"signals"},
    "nibabel": {"signals"},
    "skimage": {"signals"},
}


def room_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


ROOMS = {room_of(path) for path in SOURCE.rglob("*.py")}


def imported_modules(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def violations(path: Path, text: str) -> list[str]:
    room, found = room_of(path), []
    for module in imported_modules(ast.parse(text)):
        parts = module.split(".")
        owners = OWNED.get(parts[0])
        if owners is not None and room not in owners:
            found.append(f"{path.name}: only {sorted(owners)} import {parts[0]}")
        other = parts[1] if parts[0] == "icans_risk" and len(parts) > 1 else None
        if other in ROOMS - MAY_IMPORT[room] - {room, "errors"}:
            found.append(f"{path.name}: {room} may not import {other}")
    return found


def source_files() -> list[Path]:
    return sorted(p for p in SOURCE.rglob("*.py") if p != SOURCE / "__init__.py")


@pytest.mark.parametrize("path", source_files(), ids=lambda p: str(p.relative_to(SOURCE)))
def test_a_room_imports_only_what_it_may(path: Path) -> None:
    assert violations(path, path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("room", "line"),
    [
        ("features/build.py", "from icans_risk.outcome import derive_outcomes"),
        ("features/build.py", "import icans_risk.outcome"),
        ("evaluation/calibration.py", "from icans_risk.models import MODELS"),
        ("models/booster.py", "from icans_risk.cohort import Cohort"),
        ("workflow/develop.py", "import mlflow"),
        ("workflow/eeg.py", "import mne"),
        ("models/booster.py", "import pyspark"),
        ("workflow/imaging.py", "import nibabel"),
        ("signals/eeg/events.py", "from icans_risk.ingest import read_text_table"),
        ("workflow/develop.py", "from icans_risk.cli import main"),
        ("report/patient.py", "def f():\n    from icans_risk.features import build_features"),
    ],
)
def test_a_planted_violation_is_found(room: str, line: str) -> None:
    assert violations(SOURCE / room, line)


def test_every_room_has_its_rule() -> None:
    assert {room_of(path) for path in source_files()} <= set(MAY_IMPORT)


def test_the_rules_have_no_cycle() -> None:
    done: set[str] = set()
    while len(done) < len(MAY_IMPORT):
        free = {room for room, needs in MAY_IMPORT.items() if needs <= done} - done
        assert free, f"a cycle among {set(MAY_IMPORT) - done}"
        done |= free


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def is_compiled(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(
        ast.unparse(d).startswith(("_compiled", "_inlined")) for d in function.decorator_list
    )


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = function.body
    if ast.get_docstring(function) is not None:
        body = body[1:]
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


@pytest.mark.parametrize("path", source_files(), ids=lambda p: str(p.relative_to(SOURCE)))
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 300, "a file has one reason to exist"
    for function in functions(ast.parse(text)):
        assert body_lines(function) <= 40, f"{function.name} does more than one thing"
        positional = [a.arg for a in (*function.args.posonlyargs, *function.args.args)]
        named = [name for name in positional if name not in {"self", "cls"}]
        # A command of the command line takes its options by name from Typer, and numba compiles
        # no arguments that must be named.
        if room_of(path) != "cli" and not is_compiled(function):
            assert len(named) <= 3, f"{function.name}: name the arguments after the third"


@pytest.mark.parametrize("path", source_files(), ids=lambda p: str(p.relative_to(SOURCE)))
def test_nothing_is_pickled(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    banned = {"pickle", "joblib", "cloudpickle", "dill", "marshal", "shelve"}
    used = {module.split(".")[0] for module in imported_modules(ast.parse(text))}
    assert not used & banned
