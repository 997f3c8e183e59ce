"""The program as its user meets it."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import icans_risk
from cli.conftest import Program

DATA = Path(__file__).parents[1] / "data" / "nulisa80"
HEAVY = {"pandas", "numpy", "mlflow", "xgboost", "sklearn", "matplotlib", "numba", "shap"}

Damage = Callable[[Any], None]


@pytest.fixture
def study_of(tmp_path_factory: pytest.TempPathFactory, study_file: Path) -> Callable[..., Path]:
    """Write the study of the 80 patients over a damaged workbook."""

    def write(damage: Damage | None = None) -> Path:
        folder = tmp_path_factory.mktemp("study")
        book = openpyxl.load_workbook(DATA / "swimmer_plot_data.xlsx")
        if damage is not None:
            damage(book["Sheet1"])
        book.save(folder / "swimmer_plot_data.xlsx")
        text = study_file.read_text(encoding="utf-8")
        text = text.replace(
            "../tests/data/nulisa80/swimmer_plot_data.xlsx", "swimmer_plot_data.xlsx"
        )
        text = text.replace("../tests/data/nulisa80", str(DATA))
        text = text.replace("repeats: 10", "repeats: 1").replace(
            "resamples: 1000", "resamples: 100"
        )
        (folder / "study.yaml").write_text(text, encoding="utf-8")
        return folder / "study.yaml"

    return write


def set_cell(name: str, content: Any) -> Damage:
    def damage(sheet: Any) -> None:
        sheet[name] = content

    return damage


def empty(sheet: Any) -> None:
    sheet.delete_rows(1, sheet.max_row)


def only_header(sheet: Any) -> None:
    sheet.delete_rows(2, sheet.max_row)


def without_second_patient(sheet: Any) -> None:
    sheet.delete_rows(17, 15)
    # The rows move up, and with them those that the correction points at.
    sheet.insert_rows(2, 15)


def unnamed_row(sheet: Any) -> None:
    sheet["A6"] = None


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (set_cell("F1", "grade"), r"expected the columns \['icans_grade'\], found"),
        (set_cell("F6", 7), r"'icans_grade': expected whole grades from 0 to 5, .*\(row 6\)"),
        (set_cell("C6", "some"), r"'crs_grade': expected whole grades from 0 to 5, .*\(row 6\)"),
        (set_cell("G6", "yes"), r"'steroids': expected numbers from 0 to 1, .*\(row 6\)"),
        (empty, "expected a header in row 1, found none"),
        (only_header, "expected rows under the header, found none"),
        (without_second_patient, r"sample_collection\.xlsx.*1 have no row there \(rows 20, 21"),
        (unnamed_row, r"column 'ID': expected an identifier, .*\(row 6\)"),
        (set_cell("B6", 5), r"each patient and day once, 2 rows share a key \(rows 6, 7\)"),
        (set_cell("A895", "Kym P16"), r"row 895, column 'ID': .*no longer holds"),
    ],
)
def test_a_bad_workbook_is_one_line_exit_2_and_nothing_written(
    program: Program,
    study_of: Callable[..., Path],
    tmp_path: Path,
    damage: Damage,
    message: str,
) -> None:
    code, out, err = program("develop", str(study_of(damage)), "--json", "summary.json")
    assert code == 2
    assert out == ""
    (line,) = err.strip().splitlines()
    assert re.search(message, line)
    assert "Traceback" not in line
    assert not re.search(r"\b(Yes|Kym|Bre|Tec) P\d", line), "an identifier was printed"
    assert list(tmp_path.iterdir()) == []


def test_a_bad_study_file_is_one_line_and_exit_2(program: Program, tmp_path: Path) -> None:
    study = tmp_path / "study.yaml"
    study.write_text("study: x\nlandmark: 72\n")
    code, _, err = program("develop", str(study))
    assert code == 2
    assert len(err.strip().splitlines()) == 1
    assert "unknown key 'landmark'" in err


def test_a_study_that_is_not_there_is_one_line_and_exit_2(program: Program) -> None:
    code, _, err = program("develop", "nowhere.yaml")
    assert (code, len(err.strip().splitlines())) == (2, 1)


def test_a_folder_that_is_not_there_is_noticed_before_the_work(
    program: Program, study_of: Callable[..., Path], tmp_path: Path
) -> None:
    code, _, err = program("develop", str(study_of()), "--json", "nowhere/summary.json")
    assert code == 2
    assert "its folder does not exist" in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [["develop"], ["deploy"], ["develop", "a", "--jsn", "b"]])
def test_a_wrong_call_exits_with_2(program: Program, arguments: list[str]) -> None:
    assert program(*arguments)[0] == 2


def test_the_version_is_printed(program: Program) -> None:
    assert program("--version")[:2] == (0, f"icans-risk {icans_risk.__version__}\n")


def test_help_shows_an_example(program: Program) -> None:
    code, out, _ = program("develop", "--help")
    assert code == 0
    assert "icans-risk develop configs/nulisa80.yaml" in out


def test_help_loads_nothing_heavy() -> None:
    script = (
        "import sys; sys.argv = ['icans-risk', '--help']\n"
        "from icans_risk.cli.main import run\n"
        "try: run()\n"
        "except SystemExit: pass\n"
        "print(sorted({name.split('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert "develop" in done.stdout
    assert not HEAVY & set(re.findall(r"'(\w+)'", done.stderr))


def test_the_whole_path_prints_what_the_summary_file_says(developed: Any) -> None:
    out, made = developed.printed, developed.folder
    assert (made / "summary.json").stat().st_mode & 0o077 == 0
    assert "80 patients, 12 at the endpoint in all" in out
    assert "The sample is too small" in out
    assert "Research use only." in out
    assert f"mlflow ui --backend-store-uri sqlite:///{made}/mlruns/mlflow.db" in out
    (folder,) = developed.summary["paths"]["reports"]
    assert f"{folder}/index.html" in out
    assert Path(folder).parent == made / "reports"
    kept = {"printed.txt", "filled"}
    assert {p.name for p in made.iterdir()} - kept == {"mlruns", "reports", "summary.json"}
