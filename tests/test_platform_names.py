"""A study file may name what one platform measures, where platforms disagree."""

import pytest

from icans_risk.study.handling import Availability, Handling
from icans_risk.study.strict import check_names
from icans_risk.study.tables import AnalyteChoice


def test_a_platform_of_an_assay_dependent_analyte_is_a_name() -> None:
    check_names(["plasma.nfl@ella", "csf.il6@msd"])
    assert AnalyteChoice(analyte="plasma.nfl@ella").analyte == "plasma.nfl@ella"
    policy = Availability(policy="constant", hours={"plasma.nfl@ella": 72.0})
    assert Handling(availability=policy).availability == policy


@pytest.mark.parametrize("name", ["plasma.crp@ella", "plasma.nfl@", "plasma.nfl@Ella"])
def test_another_name_with_a_platform_is_refused_with_the_nearest(name: str) -> None:
    with pytest.raises(ValueError, match=rf"{name!r} is not in the catalogue; the nearest is"):
        check_names([name])
