"""``icans-risk evidence``, as its users call it."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from icans_risk.cli.main import app


def call(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["evidence", *(str(argument) for argument in arguments)])


def test_a_product_is_found_as_people_write_it(tmp_path: Path) -> None:
    told = tmp_path / "told.json"
    done = call("--product", "axi-cel", "--disease", "LBCL", "--topic", "icans_grade3",
                "--json", told)  # fmt: skip
    assert done.exit_code == 0, done.output
    found = json.loads(told.read_text())
    assert {figure["product"] for figure in found["figures"]} == {"axi_cel"}
    first = found["figures"][0]
    assert (first["value"], first["n"], first["scale"], first["status"]) == (
        0.24, 1297, "ASTCT", "assumed",
    )  # fmt: skip
    assert "Jacobson" in first["source"]
    assert {pooled["scale"] for pooled in found["pooled"]} == {"ASTCT", "CTCAE"}
    assert "24 %*" in done.output
    assert "Same patients, or without their number" in done.output


def test_what_is_from_memory_can_be_left_out(tmp_path: Path) -> None:
    told = tmp_path / "told.json"
    done = call("--product", "axi-cel", "--read-only", "--json", told)
    assert done.exit_code == 0
    assert {f["status"] for f in json.loads(told.read_text())["figures"]} == {"read"}
    assert "%*" not in done.output


def test_a_topic_without_a_product_prints_its_units() -> None:
    done = call("--topic", "turnaround.il6")
    assert done.exit_code == 0
    assert "3 d" in done.output
    assert "2 d to 4 d (range)" in done.output


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (("--product", "axi-cell"), "the nearest is 'axi_cel'"),
        (("--topic", "turnarounds"), "is unknown; the nearest is"),
        (("--product", "gd2", "--disease", "lbcl"), "Ask for less"),
    ],
)
def test_what_is_not_there_is_one_line(arguments: tuple[str, ...], match: str) -> None:
    done = call(*arguments)
    assert done.exit_code != 0
    assert match in str(done.exception)
