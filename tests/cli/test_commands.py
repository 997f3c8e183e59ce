"""What holds for every command: help, examples, one way to JSON, and how it ends."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import typer

from cli.conftest import Program
from icans_risk.cli import ending
from icans_risk.cli.ending import EXIT_CODES, ended_in_words
from icans_risk.cli.main import app
from icans_risk.cli.reference import PAGE, commands_page, examples_of, write_commands_page
from icans_risk.errors import StudyError

ROOT = Path(__file__).parents[2]
COMMANDS: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
EXAMPLES = [(name, line) for name, command in COMMANDS.items() for line in examples_of(command)]
# They read nothing that could be absent.
READ_NOTHING = {"demo", "catalogue", "evidence", "schema", "simulate", "make-key"}
# Shared options come last, in this order, so that each command's own stand together.
LAST = ["--json", "--tracking-uri", "--artifacts", "--workers"]
WANTED = (
    "init simulate ingest check grade outcomes features develop tune evaluate compare register "
    "promote withdraw score report recalibrate monitor catalogue evidence verify demo eeg imaging "
    "export-meds schema sample-size make-key reidentify"
)  # fmt: skip

HEAVY = {
    "pandas", "numpy", "polars", "pyarrow", "mlflow", "xgboost", "sklearn", "scipy", "matplotlib",
    "numba", "shap", "mne", "jinja2",
}  # fmt: skip


def arguments_of(line: str) -> list[str]:
    """Take an example apart as a shell would, without what it does with the output."""
    program, *arguments = shlex.split(line.partition(" > ")[0])
    assert program == "icans-risk"
    return arguments


def options_of(command: Any) -> dict[str, Any]:
    return {p.opts[0]: p for p in command.params if p.param_type_name == "option"}


def python(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True, text=True, check=False, env=os.environ | environment,
    )  # fmt: skip


def test_every_command_that_is_wanted_is_there() -> None:
    assert set(COMMANDS) == set(WANTED.split())


@pytest.mark.parametrize("name", COMMANDS)
def test_help_shows_an_example_of_this_command(name: str) -> None:
    examples = examples_of(COMMANDS[name])
    assert examples
    assert all(arguments_of(line)[0] == name for line in examples)


@pytest.mark.parametrize(("name", "line"), EXAMPLES)
def test_an_example_is_a_call_that_the_program_understands(name: str, line: str) -> None:
    command = COMMANDS[name]
    with command.make_context(name, arguments_of(line)[1:]) as context:
        assert {p.name for p in command.params if p.required} <= context.params.keys()


def test_the_help_of_all_commands_loads_nothing_heavy() -> None:
    done = python(
        "import sys, time\n"
        "begun = time.process_time()\n"
        "from icans_risk.cli.main import run\n"
        f"for name in [None, *{sorted(COMMANDS)!r}]:\n"
        "    sys.argv = ['icans-risk', *([name] if name else []), '--help']\n"
        "    try: run()\n"
        "    except SystemExit as leave: assert not leave.code, name\n"
        "print(time.process_time() - begun, file=sys.stderr)\n"
        "print(sorted({name.split('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Example:") == len(EXAMPLES)
    seconds, modules = done.stderr.splitlines()
    # All thirty of them. A loaded machine may take longer, and still not a second of its work.
    assert float(seconds) < 1.0
    assert not HEAVY & set(re.findall(r"'(\w+)'", modules))


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "schema"])
def test_json_goes_to_a_file_and_its_folder_is_looked_for_before_the_work(
    program: Program, tmp_path: Path, name: str
) -> None:
    line = examples_of(COMMANDS[name])[0].partition(" --json")[0]
    code, out, err = program(*arguments_of(line), "--json", "nowhere/told.json")
    assert (code, out) == (2, "")
    (said,) = err.strip().splitlines()
    assert "its folder does not exist" in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", COMMANDS)
def test_shared_options_come_last_and_mean_the_same(name: str) -> None:
    options = options_of(COMMANDS[name])
    shared = [option for option in options if option in LAST]
    assert shared == [option for option in LAST if option in options]
    assert list(options)[len(options) - len(shared) :] == shared
    develop = options_of(COMMANDS["develop"])
    for option in {"--json", "--tracking-uri", "--artifacts"} & set(options):
        assert options[option].help == develop[option].help


@pytest.mark.parametrize(
    ("name", "line"), [(name, line) for name, line in EXAMPLES if name not in READ_NOTHING]
)
def test_what_is_not_there_is_one_line_exit_2_and_nothing_written(
    program: Program, tmp_path: Path, name: str, line: str
) -> None:
    code, out, err = program(*arguments_of(line))
    assert (code, out) == (2, ""), err
    (said,) = err.strip().splitlines()
    assert said.startswith("icans-risk: ")
    assert list(tmp_path.iterdir()) == [], name


@pytest.mark.parametrize("name", COMMANDS)
def test_an_option_that_is_not_there_exits_with_2(program: Program, name: str) -> None:
    code, out, err = program(name, "--no-such-option")
    assert (code, out) == (2, "")
    assert "--no-such-option" in err


@pytest.mark.parametrize(
    "call",
    [
        "catalogue crp",
        "evidence --product axi-cel --topic icans_grade3",
        "grade findings.csv",
        "init infusions.csv",
        "simulate --patients 5 --out made",
        "outcomes {study}",
        "check {study}",
        "features {study} --out features.csv",
    ],
)
def test_json_is_strict(program: Program, study_file: Path, tmp_path: Path, call: str) -> None:
    (tmp_path / "findings.csv").write_text("ice_total\n9\n\n", encoding="utf-8")
    table = "patient,infusion date\na,2024-05-01\nb,2024-05-02\n"
    (tmp_path / "infusions.csv").write_text(table, encoding="utf-8")
    code, _, err = program(*call.format(study=study_file).split(), "--json", "told.json")
    assert code == 0, err

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    told = json.loads((tmp_path / "told.json").read_text("utf-8"), parse_constant=refuse)
    assert isinstance(told, dict)
    assert told
    assert (tmp_path / "told.json").stat().st_mode & 0o077 == 0


def test_the_page_of_commands_is_fresh() -> None:
    committed = (ROOT / "docs" / PAGE).read_text(encoding="utf-8")
    assert committed == commands_page(), "run: python docs/make_documents.py"


def test_the_page_names_every_command_code_and_variable(tmp_path: Path) -> None:
    write_commands_page(tmp_path)
    text = (tmp_path / PAGE).read_text(encoding="utf-8")
    for name in COMMANDS:
        assert f"| `icans-risk {name}" in text
    for code in EXIT_CODES:
        assert f"| {code} |" in text
    assert "`ICANS_RISK_TRACKING_URI`" in text
    assert "`ICANS_RISK_TRACEBACK`" in text


def test_the_readme_names_every_command() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f"icans-risk {name}" not in text] == []


def ended_by(error: BaseException, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    with pytest.raises(SystemExit) as caught, ended_in_words():
        raise error
    (line,) = capsys.readouterr().err.strip().splitlines()
    return int(caught.value.code or 0), line


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (StudyError("expected a,\ngot b"), 2, "icans-risk: expected a, got b"),
        (FileNotFoundError(2, "No such file", "x.csv"), 2, "x.csv: No such file. Name another."),
        (OSError(28, "No space left on device"), 74, "(No space left on device)"),
        (KeyboardInterrupt(), 130, "icans-risk: interrupted."),
        (SystemExit(130), 130, "icans-risk: interrupted."),
    ],
)
def test_whatever_ends_the_program_ends_it_in_one_line(
    capsys: pytest.CaptureFixture[str], error: BaseException, code: int, said: str
) -> None:
    found, line = ended_by(error, capsys)
    assert found == code
    assert said in line


def test_a_fault_of_the_program_says_where_and_repeats_no_data(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise KeyError("Mrs Canary")

    # As if it had happened in the package.
    monkeypatch.setattr(ending, "_PACKAGE", Path(__file__).parent)
    monkeypatch.delenv(ending.TRACEBACK, raising=False)
    with pytest.raises(SystemExit) as caught, ended_in_words():
        broken()
    said = capsys.readouterr().err
    assert caught.value.code == 1
    assert len(said.splitlines()) == 1
    assert "a fault of the program" in said
    assert f"KeyError in {Path(__file__).name}, line " in said
    assert "Canary" not in said
    monkeypatch.setenv(ending.TRACEBACK, "1")
    with pytest.raises(SystemExit), ended_in_words():
        broken()
    assert "Mrs Canary" in capsys.readouterr().err


RUN = "import sys; sys.argv = ['icans-risk', {0}]; from icans_risk.cli.start import run; run()"


def test_term_removes_what_was_half_written_and_exits_with_143(tmp_path: Path) -> None:
    arguments = f"'simulate', '--patients', '20000', '--out', {str(tmp_path / 'big')!r}"
    with subprocess.Popen(
        [sys.executable, "-c", RUN.format(arguments)], stderr=subprocess.PIPE, text=True
    ) as one:
        waited = time.monotonic() + 60
        while not list(tmp_path.iterdir()) and time.monotonic() < waited:
            time.sleep(0.05)
        one.send_signal(signal.SIGTERM)
        _, err = one.communicate(timeout=60)
    assert one.returncode == 143
    assert err == "icans-risk: asked to end.\n"
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_goes_away_is_no_fault(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-c", RUN.format("'catalogue'")],
        stdout=writing, stderr=subprocess.PIPE, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize(
    ("words", "at", "found"),
    [
        ("icans-risk feat", 1, ["features"]),
        ("icans-risk features --with", 2, ["--with-outcome"]),
        ("icans-risk report --lang ", 3, ["en", "de"]),
    ],
)
def test_a_shell_is_told_how_to_complete(words: str, at: int, found: list[str]) -> None:
    script = (
        "import atexit, sys\n"
        "def told(): print([name for name in ('pandas', 'xgboost', 'mlflow', 'numpy') "
        "if name in sys.modules], file=sys.stderr)\n"
        "atexit.register(told)\n" + RUN.format("").replace(", ]", "]")
    )
    done = python(
        script, _ICANS_RISK_COMPLETE="complete_bash", COMP_WORDS=words, COMP_CWORD=str(at)
    )
    assert done.stdout.split() == found
    assert done.stderr == "[]\n"


PROGRAM = shutil.which("icans-risk", path=str(Path(sys.executable).parent))


@pytest.mark.skipif(
    PROGRAM is None or shutil.which("bash") is None, reason="the program or bash is not installed"
)
def test_bash_completes_with_the_script_that_is_shown() -> None:
    done = subprocess.run(
        [
            "bash", "-c",
            'eval "$(icans-risk --show-completion; true)"\n'
            "COMP_WORDS=(icans-risk rec); COMP_CWORD=1\n"
            '_icans_risk_completion icans-risk; echo "${COMPREPLY[@]}"',
        ],
        capture_output=True, text=True, check=True,
        env=os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
    )  # fmt: skip
    assert done.stdout.split() == ["recalibrate"]
