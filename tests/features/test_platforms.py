"""What one platform measures is a measurement like any other."""

import pytest

from features.cohorts import event, make_cohort
from icans_risk.errors import StudyError
from icans_risk.features import FeatureSpecification, Measurement, Window, build_features

ELLA = "plasma.nfl@ella"
BASELINE = Window("baseline", "infusion", None, 0)


def specify(*analytes: str) -> FeatureSpecification:
    return FeatureSpecification(
        (BASELINE,), tuple(Measurement(analyte, ("baseline",), ("last",)) for analyte in analytes)
    )


def test_each_platform_has_its_column_and_its_values() -> None:
    events = [
        event("plasma.nfl", -3.0, 10.0),
        event(ELLA, -2.0, 20.0, assay="Ella"),
        event("plasma.nfl@2nd_kit", -1.0, 30.0, assay="2nd kit"),
    ]
    specification = specify("plasma.nfl", ELLA, "plasma.nfl@2nd_kit")
    vectors = build_features(make_cohort(events), specification, [24.0])

    assert list(vectors.columns) == [
        "plasma.nfl.last.baseline", f"{ELLA}.last.baseline", "plasma.nfl@2nd_kit.last.baseline",
    ]  # fmt: skip
    assert vectors.loc[("p", 24.0)].to_list() == [10.0, 20.0, 30.0]
    assert FeatureSpecification.from_json(specification.to_json()) == specification


def test_the_dictionary_names_the_platform_and_keeps_the_unit() -> None:
    (row,) = specify(ELLA).dictionary().to_dict("records")
    assert row["label"] == "Neurofilament light (ella)"
    assert (row["modality"], row["analyte"], row["unit"]) == ("plasma", "nfl@ella", "pg/mL")


@pytest.mark.parametrize("analyte", ["plasma.crp@ella", "plasma.nfl@", "plasma.nfl@a@b"])
def test_a_platform_that_the_catalogue_does_not_know_is_refused(analyte: str) -> None:
    with pytest.raises(StudyError, match="must be"):
        build_features(make_cohort([]), specify(analyte), [24.0])


@pytest.mark.parametrize("analyte", ["plasma.@ella", "plasma.nfl@Ella", "plasma.nfl@a.b"])
def test_a_platform_is_written_like_a_name(analyte: str) -> None:
    with pytest.raises(StudyError, match="must be lowercase letters"):
        Measurement(analyte, ("baseline",), ("last",))
