import pytest
from hypothesis import given
from hypothesis import strategies as st

from icans_risk.cohort import ROUTES
from icans_risk.errors import GradingError
from icans_risk.grading import Features, NeurotoxicityFindings, Route, attribute_neurotoxicity

FLAGS = (
    "has_cns_tumour",
    "focal_signs_at_tumour_site",
    "raised_pressure",
    "global_encephalopathy",
    "crs_before",
)
FINDINGS = st.fixed_dictionaries(
    {name: st.none() | st.booleans() for name in FLAGS}
    | {"route": st.none() | st.sampled_from(Route)}
)


def attribute(**findings):
    return attribute_neurotoxicity(NeurotoxicityFindings(**findings))


@pytest.mark.parametrize(
    ("findings", "expected", "towards_icans", "towards_tian"),
    [
        (
            {"has_cns_tumour": False, "global_encephalopathy": True},
            "icans_features",
            ("global_encephalopathy",),
            (),
        ),
        (
            {"has_cns_tumour": False, "raised_pressure": True},
            "icans_features",
            ("raised_pressure",),
            (),
        ),
        (
            {"has_cns_tumour": True, "focal_signs_at_tumour_site": True},
            "tian_features",
            (),
            ("focal_signs_at_tumour_site",),
        ),
        ({"has_cns_tumour": True, "raised_pressure": True}, "tian_features", (), None),
        (
            {"has_cns_tumour": True, "global_encephalopathy": True},
            "icans_features",
            ("global_encephalopathy",),
            (),
        ),
        (
            {
                "has_cns_tumour": True,
                "focal_signs_at_tumour_site": True,
                "global_encephalopathy": True,
            },
            "both",
            ("global_encephalopathy",),
            ("focal_signs_at_tumour_site",),
        ),
        ({"global_encephalopathy": True}, "icans_features", ("global_encephalopathy",), ()),
        ({}, "undetermined", (), ()),
        ({"has_cns_tumour": True, "crs_before": True}, "undetermined", (), ()),
        ({"raised_pressure": True}, "undetermined", (), ()),
        (
            {"global_encephalopathy": True, "focal_signs_at_tumour_site": True},
            "undetermined",
            ("global_encephalopathy",),
            (),
        ),
        ({"has_cns_tumour": False, "focal_signs_at_tumour_site": True}, "undetermined", (), ()),
    ],
)
def test_the_rule_names_the_features_and_what_led_there(
    findings, expected, towards_icans, towards_tian
):
    answer = attribute(**findings)
    assert answer.features == expected
    assert answer.towards_icans == towards_icans
    assert towards_tian is None or answer.towards_tian == towards_tian


def test_the_rule_calls_itself_a_rule_and_names_its_sources():
    rule = attribute().rule
    assert "not a diagnosis" in rule
    assert "10.1038/s41591-023-02276-w" in rule
    assert "10.1016/j.bbmt.2018.12.758" in rule


def test_what_was_not_recorded_is_listed():
    assert attribute(has_cns_tumour=True, route="intravenous").not_recorded == (
        "focal_signs_at_tumour_site",
        "raised_pressure",
        "global_encephalopathy",
        "crs_before",
    )


def test_crs_and_route_are_reported_as_context():
    answer = attribute(crs_before=False, route=Route.INTRATUMORAL)
    assert answer.context == (
        "no CRS before: unusual in ICANS",
        "locoregional route: ICANS is uncommon",
    )
    assert attribute(crs_before=True).context == ("CRS before: usual in ICANS",)


@given(FINDINGS, st.none() | st.booleans(), st.none() | st.sampled_from(Route))
def test_crs_and_route_never_decide(findings, crs_before, route):
    changed = findings | {"crs_before": crs_before, "route": route}
    assert attribute(**findings).features is attribute(**changed).features


@given(FINDINGS)
def test_tian_features_need_a_tumour_in_the_nervous_system(findings):
    if attribute(**findings).features in (Features.TIAN, Features.BOTH):
        assert findings["has_cns_tumour"]


def test_the_routes_are_those_of_the_cohort():
    assert tuple(route.value for route in Route) == ROUTES


def test_an_unknown_route_is_refused():
    with pytest.raises(GradingError, match="route must be one of"):
        NeurotoxicityFindings(route="oral")
