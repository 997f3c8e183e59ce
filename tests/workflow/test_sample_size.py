"""How many patients a study needs, by formula and by simulation of its own pipeline."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from icans_risk.cli.main import app
from icans_risk.evaluation import required_sample_size
from icans_risk.workflow.sample_size import _enough_from, plan_sample_size
from workflow.small import small_study, write_cohort


@pytest.fixture(scope="module")
def study_of(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("size")
    file = folder / "study.yaml"
    small_study(file, write_cohort(folder / "made", patients=120))
    return file


def test_the_formulas_are_those_of_the_evaluation(study_of: Path) -> None:
    (told,) = plan_sample_size(study_of, auroc=0.8)
    wanted = required_sample_size(told["events"] / told["patients"], told["candidates"])
    assert told["required"]["patients"] == wanted.n_required
    assert told["required"][wanted.binding] == wanted.n_required
    assert told["validation"]["patients"] > 500
    assert "simulation" not in told


def test_a_simulation_fits_the_studys_own_pipeline(study_of: Path) -> None:
    (told,) = plan_sample_size(study_of, cohorts=2, sizes=(80, 160))
    sizes = told["simulation"]["sizes"]
    assert [row["patients"] for row in sizes] == [80, 160]
    assert all(0.2 < row["slope"] < 4 for row in sizes if row["slope"] is not None)


@pytest.mark.parametrize(
    ("slopes", "enough"),
    [((0.7, 0.95, 0.96), 200), ((0.95, 0.7, 0.96), 300), ((0.95, 0.95, 0.7), None)],
)
def test_a_size_is_enough_if_every_larger_one_is(slopes: tuple[float, ...], enough: int) -> None:
    table = [
        {"patients": n, "released": 2, "slope": slope, "deviation": abs(1 - slope)}
        for n, slope in zip((100, 200, 300), slopes, strict=True)
    ]
    assert _enough_from(table, 2) == enough


def test_the_command_says_what_binds_and_that_simulated_patients_are_synthetic(
    study_of: Path, tmp_path: Path
) -> None:
    told = tmp_path / "size.json"
    done = CliRunner().invoke(
        app, ["sample-size", str(study_of), "--auroc", "0.75", "--json", str(told)]
    )
    assert done.exit_code == 0, done.output
    assert "<- binds" in done.output
    assert "To validate a model of AUROC 0.75 elsewhere" in done.output
    assert "On SYNTHETIC patients" in done.output
    assert told.exists()
