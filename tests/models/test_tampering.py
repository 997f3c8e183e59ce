"""A stored model of which any bit was changed, or that was cut short, is never read."""

from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from icans_risk.errors import ModelError
from icans_risk.models import BoostedTrees, PenalisedLogistic, Prevalence, ScoreLink
from icans_risk.models.calibrated import CalibratedModel
from icans_risk.models.cuts import OrderedCuts
from icans_risk.models.dropout import ModalityDropout
from icans_risk.models.explainable import ExplainableBoosting
from icans_risk.models.fusion import LateFusion
from icans_risk.models.landmarks import StackedLandmarks
from icans_risk.models.released import ReleasedModel, load_released
from icans_risk.models.states import STORABLE
from icans_risk.models.stored import load_model, save_model, stored_hash
from icans_risk.models.transported import transport_released
from icans_risk.models.withdrawal import NOTE, find_withdrawal, withdraw_model
from models import test_cuts, test_landmarks
from models.test_pipeline import patients
from models.whole import release_whole

# Of each file.
FEW, MANY = 30, 2_000
TREES = partial(BoostedTrees, rounds=8, max_depth=2)
WIDE = {"strength": 1.0, "l1_ratio": 0.0}


def released(base: Any) -> ReleasedModel:
    """A model with every part that a released one can have."""
    X, y, patient = patients(rows=200)
    if isinstance(base, ScoreLink):
        X = X.iloc[:, :1]
    model = CalibratedModel(base, folds=3).fit(X, y, groups=patient)
    return release_whole(model, X, y, patient, rebuilds=3, title="made up")


def save_released(base: Any, folder: Path) -> None:
    released(base).save(folder)


def save_transported(folder: Path) -> None:
    X, _, _ = patients(seed=3, rows=40)
    unknown = np.full(len(X), np.nan)
    moved, _ = transport_released(released(TREES()), X, unknown, incidence=None)
    moved.save(folder)


def save_recalibrated(folder: Path) -> None:
    X, y, _ = patients(seed=3, rows=200)
    again, _ = released(TREES()).recalibrated(X, y)
    again.save(folder)


def save_cuts(folder: Path) -> None:
    model = OrderedCuts(CalibratedModel(PenalisedLogistic(**WIDE), folds=3))
    save_model(model.fit(*test_cuts.patients(0)), folder)


def save_landmarks(folder: Path) -> None:
    X, y, patient = test_landmarks.stacked(0)
    model = StackedLandmarks(CalibratedModel(PenalisedLogistic(**WIDE), folds=3))
    save_model(model.fit(X, y, groups=patient), folder)


# Of every class that can be stored, alone or around another; and what is made of a model later.
FORMATS: dict[str, Callable[[Path], None]] = {
    "booster": partial(save_released, TREES()),
    "linear": partial(save_released, PenalisedLogistic(**WIDE)),
    "score": partial(save_released, ScoreLink()),
    "explainable": partial(save_released, ExplainableBoosting()),
    "late fusion": partial(save_released, LateFusion(TREES(), folds=3)),
    "late fusion of linear": partial(save_released, LateFusion(PenalisedLogistic(**WIDE), folds=3)),
    "dropout": partial(save_released, ModalityDropout(TREES())),
    "transported": save_transported,
    "recalibrated": save_recalibrated,
    "cuts": save_cuts,
    "landmarks": save_landmarks,
    "prevalence": lambda folder: save_model(Prevalence().fit(*patients()[:2]), folder),
}


# Fitting these takes seconds.
LONG = {"explainable", "late fusion"}
Folders = Callable[[str], Path]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """Each kind of model is fitted when it is first asked for."""
    made = tmp_path_factory.mktemp("tampering")

    def folder(name: str) -> Path:
        if name == "explainable" and not find_spec("interpret"):
            pytest.skip("interpret-core is not installed")
        if not (made / name).exists():
            FORMATS[name](made / name)
        return made / name

    return folder


def damaged(content: bytes, attempts: int, *, seed: int) -> Iterator[bytes]:
    """Flip one bit four times in five, else cut the file somewhere."""
    draw = np.random.default_rng(seed)
    for number in range(attempts):
        place = int(draw.integers(len(content)))
        if number % 5 == 0:
            yield content[:place]
        else:
            changed = bytearray(content)
            changed[place] ^= 1 << int(draw.integers(8))
            yield bytes(changed)


def check_refused(folder: Path, attempts: int) -> None:
    """Damage each file of a model again and again; it is read before and after, never between."""
    load = load_released if "parts" in load_model(folder).facts else load_model
    load(folder)
    sha256 = stored_hash(folder)
    for seed, name in enumerate(("manifest.json", "model.json")):
        path = folder / name
        whole = path.read_bytes()
        for content in damaged(whole, attempts, seed=seed):
            path.write_bytes(content)
            with pytest.raises(ModelError) as refused:
                load(folder)
            said = str(refused.value)
            assert "\n" not in said
            assert len(said) < 200, said
            # The hash is that of the model, or none is given.
            try:
                assert stored_hash(folder) == sha256
            except ModelError:
                continue
        path.write_bytes(whole)
    load(folder)


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow) if n in LONG else n for n in FORMATS]
)
def test_no_changed_bit_and_no_shortened_file_is_read(name: str, folders: Folders) -> None:
    check_refused(folders(name), FEW)


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
def test_none_of_two_thousand_is_read(name: str, folders: Folders) -> None:
    check_refused(folders(name), MANY)


@pytest.mark.slow
def test_every_kind_of_stored_model_is_tampered_with(folders: Folders) -> None:
    text = "".join((folders(name) / "model.json").read_text() for name in FORMATS)
    # Applicability is a part of a released model, under its own name there.
    assert {kind for kind in STORABLE if f'"class":"{kind}"' in text} == set(STORABLE) - {
        "Applicability"
    }
    assert '"applicability":{' in text


@pytest.mark.parametrize("attempts", [200, pytest.param(MANY, marks=pytest.mark.slow)])
def test_a_withdrawal_that_was_tampered_with_is_one_still(attempts: int, tmp_path: Path) -> None:
    FORMATS["prevalence"](tmp_path / "model")
    withdraw_model(tmp_path / "model", reason="made up")
    note = tmp_path / "model" / NOTE
    for content in damaged(note.read_bytes(), attempts, seed=7):
        note.write_bytes(content)
        assert find_withdrawal(tmp_path / "model") is not None
    note.write_bytes(b"[" * 60_000)
    assert find_withdrawal(tmp_path / "model") is not None
