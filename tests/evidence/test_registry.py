"""Choosing figures, and saying how far sources disagree."""

import pytest

from icans_risk.errors import IcansRiskError
from icans_risk.evidence import find_disagreement, load_evidence, select_figures


def test_the_figures_are_read_once_and_cannot_be_changed() -> None:
    figures = load_evidence()
    assert load_evidence() is figures
    with pytest.raises(TypeError):
        figures["new.key"] = None


def test_no_choice_is_every_figure() -> None:
    assert select_figures() == tuple(load_evidence().values())


@pytest.mark.parametrize(
    ("choice", "values"),
    [
        ({"about": "icans_grade3.brexu_cel.mcl", "scale": "ASTCT"}, [0.30]),
        ({"about": "icans_grade3.brexu_cel.mcl"}, [0.30, 0.37]),
        ({"about": "crs_any", "product": "liso_cel", "disease": "lbcl", "status": "read"}, [0.41]),
        ({"about": "nfl_baseline", "quantity": "auc"}, [0.96]),
        ({"about": "icans_any.obe_cel", "scale": "Penn"}, []),
    ],
)
def test_a_choice_holds_what_was_asked_for(choice: dict, values: list) -> None:
    assert [figure.value for figure in select_figures(**choice)] == values


def test_about_ends_at_a_dot() -> None:
    found = select_figures(about="icans_any")
    assert found
    assert all(figure.key.startswith("icans_any.") for figure in found)


@pytest.mark.parametrize(
    ("choice", "nearest"),
    [
        ({"product": "axi-cel"}, "axi_cel"),
        ({"disease": "lcbl"}, "lbcl"),
        ({"quantity": "odds ratio"}, "odds_ratio"),
        ({"status": "assume"}, "assumed"),
        ({"scale": "astct"}, ""),
        ({"about": "icans_any.axi_cel.lbc"}, "icans_any.axi_cel.lbcl"),
    ],
)
def test_an_unknown_word_names_the_nearest(choice: dict, nearest: str) -> None:
    with pytest.raises(IcansRiskError, match=f"is unknown; the nearest is '.*{nearest}"):
        select_figures(**choice)


def test_sources_that_disagree_are_counted_with_their_ends() -> None:
    found = find_disagreement("icans_grade3.axi_cel.lbcl", scale="ASTCT")
    assert (found.lowest.value, found.highest.value, found.sources) == (0.19, 0.325, 3)
    assert found.difference == pytest.approx(0.135)
    assert found.in_words == (
        "icans_grade3.axi_cel.lbcl: 0.19 (Pasquini et al. (CIBMTR)) to 0.325 (University of "
        "California axi-cel cohort), 3 sources, scale ASTCT"
    )


def test_the_cohorts_contradict_each_other_on_baseline_neurofilament() -> None:
    found = find_disagreement("nfl_baseline.direction")
    assert (found.lowest.value, found.highest.value, found.sources) == (0, 1, 5)


def test_one_source_alone_does_not_disagree() -> None:
    found = find_disagreement("icans_grade3.obe_cel.all_adult")
    assert (found.difference, found.sources) == (0, 1)


def test_several_scales_are_never_pooled() -> None:
    with pytest.raises(IcansRiskError, match=r"share one scale, got \['ASTCT', 'CTCAE', 'mixed'\]"):
        find_disagreement("icans_grade3.axi_cel.lbcl")


def test_a_source_that_mixes_scales_is_not_pooled() -> None:
    with pytest.raises(IcansRiskError, match="mix several"):
        find_disagreement("icans_grade3.axi_cel.lbcl", scale="mixed")


@pytest.mark.parametrize(
    ("about", "what"),
    [
        ("eeg.baseline_abnormal", "quantity"),
        ("icans_any.tisa_cel", "scale"),
        ("new_onset_after_day_14.icans", "disease"),
        ("car_t.peak_day", "product"),
        ("lloq", "unit"),
    ],
)
def test_what_differs_otherwise_is_not_pooled_either(about: str, what: str) -> None:
    with pytest.raises(IcansRiskError, match=f"share one {what}"):
        find_disagreement(about)


def test_nothing_found_is_an_error() -> None:
    with pytest.raises(IcansRiskError, match="got none"):
        find_disagreement("icans_any.obe_cel.all_adult", scale="Penn")
