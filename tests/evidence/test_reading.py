"""What the reader and the models refuse."""

import pytest
from pydantic import ValidationError

from icans_risk.errors import IcansRiskError
from icans_risk.evidence import Tolerance
from icans_risk.evidence.reading import read_figures, read_sources

SOURCES = read_sources(
    "hay: {authors: Hay et al., year: 2017, doi: 10.1000/example}\n"
    "working_assumption: {authors: The developers}\n"
)
FILE = """
common: {{quantity: proportion, unit: "1", scale: ASTCT}}
blocks:
- source: hay
  status: read
  n: 100
  figures:
    icans_any.axi_cel.lbcl: {{label: ICANS any grade{fields}}}
"""


def read(fields: str):
    return read_figures(FILE.format(fields=fields), SOURCES)["icans_any.axi_cel.lbcl"]


def test_a_figure_inherits_from_its_block_and_its_file() -> None:
    figure = read(", value: 0.4")
    assert (figure.value, figure.scale, figure.n, figure.source.name) == (0.4, "ASTCT", 100, "hay")


def test_null_takes_an_inherited_field_away() -> None:
    assert read(", value: 0.4, n: null").n is None


def test_an_interval_is_read_from_its_short_form() -> None:
    interval = read(", value: 0.4, interval: [0.3, 0.5, ci95]").interval
    assert (interval.low, interval.high, interval.kind) == (0.3, 0.5, "ci95")


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ("", "value: Field required"),
        (", value: 1.2", r"lies in \[0.0, 1.0\], got 1.2"),
        (", value: -0.1", "got -0.1"),
        (", value: .nan", "finite number"),
        (", value: '0.4'", "valid number"),
        (", value: true", "valid number"),
        (", value: 0.4, colour: red", "colour: Extra inputs"),
        (", value: 0.4, status: guessed", "'read' or 'assumed'"),
        (", value: 0.4, scale: NCI", "scale"),
        (", value: 0.4, product: axicel", "product"),
        (", value: 0.4, n: 0", "greater than or equal to 1"),
        (", value: 0.4, source: nobody", "got 'nobody'"),
        (", value: 0.4, source: working_assumption", "status is assumed"),
        (", value: 0.4, interval: [0.5, 0.6, ci95]", "must hold the value"),
        (", value: 0.4, interval: [0.3, 1.6, ci95]", "lies in"),
        (", value: 0.4, interval: [0.3, 0.5]", "interval"),
        (", value: 0.4, interval: [0.3, 0.5, guess]", "interval.kind"),
        (", value: 0.4, events: 50", "50 of 100 is not 0.4"),
        (", value: 0.4, events: 40, n: null", "events need the n"),
        (", value: 0, quantity: odds_ratio", "is positive"),
        (", value: 0.5, quantity: direction", "-1, 0 or 1"),
        (", value: 3, quantity: median, tolerance: {rule: binomial}", "for proportions"),
        (", value: 0.4, tolerance: {rule: absolute}", r"takes \['amount'\], got \[\]"),
        (", value: 0.4, tolerance: {rule: binomial, amount: 0.1}", "no number"),
        (", value: 0.4, tolerance: {rule: at_least, amount: 0.5}", "excludes the published"),
        (", value: 0.4, tolerance: {rule: sigma}", "tolerance.rule"),
    ],
)
def test_a_broken_figure_is_refused_by_its_key(fields: str, says: str) -> None:
    with pytest.raises(IcansRiskError, match=says) as caught:
        read(fields)
    assert str(caught.value).startswith("icans_any.axi_cel.lbcl")


@pytest.mark.parametrize("key", ["icans", "Icans.any", "icans any.x", "icans..x", "icans.any."])
def test_a_key_is_dotted_and_lower_case(key: str) -> None:
    text = FILE.format(fields=", value: 0.4").replace("icans_any.axi_cel.lbcl", key)
    with pytest.raises(IcansRiskError, match="pattern"):
        read_figures(text, SOURCES)


@pytest.mark.parametrize(
    "doi", ["blood-2017", "doi:10.1182/blood", "10.1182", "https://doi.org/10.1182/x", "10.1182/ x"]
)
def test_a_doi_has_its_form(doi: str) -> None:
    with pytest.raises(ValidationError, match="doi"):
        read_sources(f'hay: {{authors: Hay et al., doi: "{doi}"}}')


def test_a_source_has_authors_and_no_unknown_field() -> None:
    with pytest.raises(ValidationError, match="authors"):
        read_sources("hay: {year: 2017}")
    with pytest.raises(ValidationError, match="Extra inputs"):
        read_sources("hay: {authors: Hay et al., pages: 12}")


def test_a_citation_holds_what_is_known_and_nothing_else() -> None:
    assert SOURCES["hay"].citation == "Hay et al., 2017, doi:10.1000/example"
    assert SOURCES["working_assumption"].citation == "The developers"


def test_a_key_twice_in_a_block_or_in_a_file_is_refused() -> None:
    line = "    icans_any.axi_cel.lbcl: {label: ICANS any grade, value: 0.4}\n"
    once = FILE.format(fields=", value: 0.4")
    with pytest.raises(IcansRiskError, match="twice"):
        read_figures(once + line, SOURCES)
    block = "- source: hay\n  status: read\n  figures:\n" + line
    with pytest.raises(IcansRiskError, match="twice"):
        read_figures(once + block, SOURCES)


def test_a_source_twice_is_refused() -> None:
    with pytest.raises(IcansRiskError, match=r"\['hay'\] twice"):
        read_sources("hay: {authors: Hay et al.}\nhay: {authors: Hay}")


def test_a_figure_cannot_be_changed() -> None:
    figure = read(", value: 0.4")
    with pytest.raises(ValidationError, match="frozen"):
        figure.value = 0.5


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"rule": "between", "low": 2.0, "high": 1.0}, "low must be below high"),
        ({"rule": "between", "low": 2.0}, r"takes \['high', 'low'\]"),
        ({"rule": "factor", "amount": 0.5}, "above 1"),
        ({"rule": "absolute", "amount": -1.0}, "greater than 0"),
    ],
)
def test_a_tolerance_that_makes_no_sense_is_refused(fields: dict, says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        Tolerance(**fields)
