"""Pooling what sources print of one thing: each patient once, never over scales."""

import pytest

from icans_risk.errors import IcansRiskError, NotEstimableError
from icans_risk.evidence import (
    agree,
    comparable_groups,
    find_incidence,
    load_evidence,
    select_figures,
)


def test_no_group_mixes_scales_products_or_diseases() -> None:
    groups = comparable_groups(load_evidence().values())
    assert len(groups) > 10
    for about, group in groups:
        assert len({(f.scale, f.product, f.disease, f.key.split(".")[0]) for f in group}) == 1
        assert group[0].scale in {"ASTCT", "CTCAE", "Lee", "Penn"}
        assert all(figure.key.startswith(about) for figure in group)


def test_the_same_patients_are_counted_once_by_their_largest_report() -> None:
    found = agree("x", select_figures(about="icans_grade3.axi_cel.lbcl", scale="ASTCT"))
    assert [figure.n for figure in found.used] == [1297, 416]
    assert [figure.key for figure in found.left_out] == ["icans_grade3.axi_cel.lbcl.cibmtr_533"]
    assert found.assumed == 2
    assert 0.24 < found.pooled.natural.value < 0.325


def test_a_source_without_events_is_pooled() -> None:
    found = agree("x", select_figures(about="icans_grade3.cilta_cel.mm", scale="ASTCT"))
    assert [figure.value for figure in found.used] == [0.04, 0.02, 0.0]
    assert found.mixed is not None
    assert 0 < found.pooled.natural.value < 0.04


def test_two_sources_get_no_interval_in_words() -> None:
    two = agree("x", select_figures(about="crs_any.tisa_cel.lbcl", scale="ASTCT"))
    three = agree("y", select_figures(about="icans_any.cilta_cel.mm", scale="ASTCT"))
    assert "interval" not in two.in_words
    assert "from 2 sources between 41.0 % and 45.0 %" in two.in_words
    assert "95 % interval" in three.in_words
    assert "2 of them from memory" in three.in_words


def test_scales_are_not_pooled() -> None:
    with pytest.raises(IcansRiskError, match="graded on one scale"):
        agree("x", select_figures(about="icans_grade3.axi_cel.lbcl"))
    with pytest.raises(IcansRiskError, match="graded on one scale"):
        agree("x", select_figures(about="icans_any.axi_cel.lbcl", scale="mixed"))


def test_one_set_of_patients_is_not_pooled() -> None:
    with pytest.raises(NotEstimableError, match="two sets of patients"):
        agree("x", select_figures(about="icans_any.tisa_cel.all_paediatric", scale="ASTCT"))


def test_an_incidence_has_the_spread_between_sources_even_from_one() -> None:
    one = find_incidence("brexu_cel", "mcl", scale="ASTCT")
    assert (one.value, one.read, one.assumed) == (0.30, 1, 0)
    assert 0.5 < one.logit_sd < 0.55
    several = find_incidence("cilta_cel", "mm", scale="ASTCT")
    assert len(several.sources) == 3
    assert several.logit_sd > 0.5


@pytest.mark.parametrize(
    ("product", "disease", "options", "match"),
    [
        ("liso_cel", "cll", {"scale": "ASTCT"}, r"there are some on \['CTCAE'\]"),
        ("ide_cel", "lbcl", {"scale": "ASTCT"}, "no figure"),
        ("axi_cel", "lbcl", {"scale": "ASTCT", "at_least": 4}, "Choose another endpoint"),
        ("axi-cell", "lbcl", {"scale": "ASTCT"}, "the nearest is 'axi_cel'"),
    ],
)
def test_an_incidence_that_is_not_known_is_refused(product, disease, options, match) -> None:
    with pytest.raises(IcansRiskError, match=match):
        find_incidence(product, disease, **options)


def test_events_that_are_not_icans_are_never_an_incidence() -> None:
    for figure in select_figures(about="toxicity"):
        with pytest.raises(IcansRiskError):
            find_incidence(str(figure.product), str(figure.disease), scale="ASTCT")
