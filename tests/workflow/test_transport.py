"""A released model that does not know products, taken to one of them from the command line."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from icans_risk import build_features, specify_features
from icans_risk.cli.main import app
from icans_risk.errors import IcansRiskError, ModelError, StudyError
from icans_risk.models import BoostedTrees
from icans_risk.models.calibrated import CalibratedModel
from icans_risk.models.rebuilds import fit_rebuilds
from icans_risk.models.released import ReleasedModel, load_released
from icans_risk.outcome import Endpoint, derive_outcomes
from icans_risk.study import Study, load_study
from icans_risk.workflow.reading import read_cohort
from icans_risk.workflow.transport import PublishedFigure, published_incidence, transport_model
from workflow.small import small_study, write_cohort

FACTS = {
    "endpoint": {"grade": "icans_grade", "at_least": 3},
    "endpoint_in_words": "ICANS grade 3 or higher",
    "scale": "ASTCT",
    "landmark_h": 72.0,
    "horizon_h": 336.0,
    "data_kind": "synthetic",
    "end_of_observation": "discharged_well",
    "levels": {},
    "data_contract": {},
}


def study_of(file: Path, cohort: Path, *, static: list[str]) -> Study:
    small_study(file, cohort)
    content = yaml.safe_load(file.read_text())
    content["features"]["static"] = static
    if not static:
        del content["features"]["static"]
    file.write_text(yaml.safe_dump(content))
    return load_study(file)


def release(study: Study, *, rebuilds: int) -> ReleasedModel:
    cohort, _ = read_cohort(study)
    specification = specify_features(study, cohort)
    outcomes = derive_outcomes(
        cohort,
        (72.0,),
        endpoint=Endpoint(),
        scale="ASTCT",
        horizon_h=lambda _: 336.0,
        policy="discharged_well",
    )
    known = outcomes["event"].notna().to_numpy()
    X = build_features(cohort, specification, [72.0])[known]
    y = outcomes.loc[known, "event"].to_numpy(int)
    model = CalibratedModel(BoostedTrees(rounds=20, max_depth=2), folds=3).fit(X, y)
    facts = {
        **FACTS,
        "cohort_hash": cohort.hash(),
        "features": json.loads(specification.to_json()),
    }
    return ReleasedModel(model=model, rebuilds=fit_rebuilds(model, X, y, n_rebuilds=6), facts=facts)


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A model without products, one with, and a study of other patients."""
    folder = tmp_path_factory.mktemp("transport")
    here = write_cohort(folder / "a", patients=240, seed=3)
    there = write_cohort(folder / "b", patients=90, seed=4)
    for name, static, rebuilds in (("blind", [], 6), ("knows", ["product"], 0)):
        study = study_of(folder / f"{name}.yaml", here, static=static)
        release(study, rebuilds=rebuilds).save(folder / name)
    study_of(folder / "there.yaml", there, static=["product"])
    names = ("blind", "knows", "blind.yaml", "there.yaml")
    return {name: folder / name for name in names}


def call(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["recalibrate", *(str(argument) for argument in arguments)])


def test_a_model_is_moved_by_a_published_figure_and_local_patients(sites, tmp_path) -> None:
    out, told = tmp_path / "moved", tmp_path / "told.json"
    done = call(sites["blind"], sites["there.yaml"], "--out", out, "--published", "axi-cel/LBCL",
                "--json", told)  # fmt: skip
    assert done.exit_code == 0, done.output
    found = json.loads(told.read_text())
    assert found["assumption"] == "assumes the same biology"
    assert "It assumes the same biology" in done.output
    assert "Sources (2 from memory): Jacobson" in done.output
    assert 0.1 < found["published"] < 0.35
    assert 0 < found["published_share"] < 1
    assert 20 <= found["patients"] <= found["at_risk"] < 90
    assert 0 < found["of_other_products"] < 90 - found["at_risk"] + 1
    assert "at risk had another product" in done.output
    new, old = load_released(out), load_released(sites["blind"])
    assert new.model.calibration_ != old.model.calibration_
    steps = {model.calibration_.intercept for model in new.rebuilds.rebuilt}
    assert len(steps) == 6


def test_a_model_that_knows_the_product_is_refused(sites, tmp_path) -> None:
    figure = PublishedFigure(product="axi-cel", disease="lbcl")
    with pytest.raises(ModelError, match="would count twice"):
        transport_model(
            sites["knows"], sites["there.yaml"], published=figure, out=tmp_path / "moved"
        )
    assert not (tmp_path / "moved").exists()


def test_local_patients_must_have_had_the_product(sites, tmp_path) -> None:
    figure = PublishedFigure(product="brexu-cel", disease="mcl")
    with pytest.raises(IcansRiskError, match="at least 20 local patients is needed, got 0"):
        transport_model(
            sites["blind"], sites["there.yaml"], published=figure, out=tmp_path / "moved"
        )


def test_its_own_patients_are_refused(sites, tmp_path) -> None:
    figure = PublishedFigure(product="axi-cel", disease="lbcl")
    with pytest.raises(ModelError, match="was not fitted on"):
        transport_model(
            sites["blind"], sites["blind.yaml"], published=figure, out=tmp_path / "moved"
        )


def test_scales_are_crossed_only_by_a_stated_factor() -> None:
    plain = PublishedFigure(product="liso-cel", disease="cll")
    with pytest.raises(IcansRiskError, match=r"there are some on \['CTCAE'\]"):
        published_incidence(plain, FACTS)
    silent = PublishedFigure(product="liso-cel", disease="cll", scale="CTCAE")
    with pytest.raises(StudyError, match="stated where, and only where, they differ"):
        published_incidence(silent, FACTS)
    stated = PublishedFigure(
        product="liso-cel", disease="cll", scale="CTCAE", scale_factor=(0.5, 0.2, 1.0)
    )
    found, incidence = published_incidence(stated, FACTS)
    assert found.value == 0.19
    assert 0.05 < incidence.value < 0.12
    assert "for the other scale" in incidence.words
    needless = PublishedFigure(product="axi-cel", disease="lbcl", scale_factor=(0.5, 0.2, 1.0))
    with pytest.raises(StudyError, match="only where"):
        published_incidence(needless, FACTS)


def test_toxicity_of_any_kind_and_tian_are_no_incidence_of_icans() -> None:
    with pytest.raises(IcansRiskError, match="no figure"):
        published_incidence(PublishedFigure(product="gd2", disease="cns_tumour"), FACTS)
    tian = {**FACTS, "endpoint": {"grade": "tian_grade", "at_least": 3}}
    with pytest.raises(StudyError, match="published incidences are of ICANS"):
        published_incidence(PublishedFigure(product="axi-cel", disease="lbcl"), tian)


def test_the_onset_of_the_product_decides_what_is_left_at_the_landmark() -> None:
    late = {**FACTS, "landmark_h": 168.0}
    early, after = (
        published_incidence(PublishedFigure(product="brexu-cel", disease="mcl"), facts)[1].value
        for facts in (FACTS, late)
    )
    assert after < early < 0.31
    assert np.isfinite(after)
