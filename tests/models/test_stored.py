"""Models in their folders: written whole, read with suspicion."""

import hashlib
import json
import os
import pickle
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xgboost

from icans_risk.errors import ModelError
from icans_risk.models import make_model, states, stored
from icans_risk.models.stored import load_model, save_model
from models.test_contract import every_model


@pytest.fixture(scope="module")
def X() -> pd.DataFrame:  # noqa: N802
    columns = ["plasma.crp.max.early", "plasma.ferritin.max.early", "static.age_years"]
    values = np.random.default_rng(4).normal(size=(80, 3)).astype("float32")
    return pd.DataFrame(values, columns=columns).mask(lambda frame: frame > 1.5)


@pytest.fixture(scope="module")
def y(X: pd.DataFrame) -> np.ndarray:
    noise = np.random.default_rng(5).normal(size=len(X))
    return (X.iloc[:, 0].fillna(0) + noise > 0.5).astype(int).to_numpy()


@pytest.fixture(scope="module")
def trees(X: pd.DataFrame, y: np.ndarray) -> Any:
    return make_model("booster", rounds=12).fit(X, y)


@pytest.fixture
def folder(trees: Any, tmp_path: Path) -> Path:
    save_model(trees, tmp_path / "model", facts={"landmark_hours": 24})
    return tmp_path / "model"


def risks(folder: Path, X: pd.DataFrame) -> np.ndarray:
    return load_model(folder).model.margin(X)


@pytest.mark.parametrize("name", every_model)
def test_every_model_comes_back_with_the_same_predictions(
    name: str, X: pd.DataFrame, y: np.ndarray, tmp_path: Path
) -> None:
    model = make_model(name).fit(X.iloc[:, :1], y)
    save_model(model, tmp_path / "model")
    loaded = load_model(tmp_path / "model").model
    assert type(loaded) is type(model)
    assert np.array_equal(loaded.predict_proba(X.iloc[:, :1]), model.predict_proba(X.iloc[:, :1]))


def test_facts_come_back_as_they_went(folder: Path) -> None:
    assert load_model(folder).facts == {"landmark_hours": 24}
    assert load_model(folder).package_version == stored.icans_risk.__version__


def test_the_manifest_tells_size_and_hash(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    content = (folder / "model.json").read_bytes()
    assert manifest["files"] == {
        "model.json": {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    }
    assert manifest["xgboost_at_least"] == "3.2"


def test_the_same_model_is_the_same_bytes(trees: Any, folder: Path, tmp_path: Path) -> None:
    save_model(trees, tmp_path / "again", facts={"landmark_hours": 24})
    for name in ("model.json", "manifest.json"):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()


def test_only_the_owner_may_look(folder: Path) -> None:
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_a_model_is_never_written_over(trees: Any, folder: Path) -> None:
    before = (folder / "model.json").read_bytes()
    with pytest.raises(ModelError, match="must be new"):
        save_model(trees, folder)
    assert (folder / "model.json").read_bytes() == before


def test_a_failed_save_leaves_nothing(
    trees: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        save_model(trees, tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("facts", [{"risk": float("nan")}, {"rows": np.arange(3)}])
def test_facts_that_are_no_json_are_refused(trees: Any, tmp_path: Path, facts: Any) -> None:
    with pytest.raises(ModelError, match="must be JSON with finite numbers"):
        save_model(trees, tmp_path / "model", facts=facts)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_a_parent_is_refused(trees: Any, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be made"):
        save_model(trees, tmp_path / "nowhere" / "model")


def test_a_class_from_elsewhere_is_not_saved(tmp_path: Path) -> None:
    class Foreign:
        def to_state(self) -> dict[str, Any]:
            return {}

    with pytest.raises(ModelError, match="must be one of"):
        save_model(Foreign(), tmp_path / "model")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["model.json", "manifest.json"])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.999])
def test_a_truncated_file_is_refused(folder: Path, name: str, share: float) -> None:
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: int(share * len(content))])
    with pytest.raises(ModelError, match="damaged"):
        load_model(folder)


@pytest.mark.parametrize("name", ["model.json", "manifest.json"])
def test_a_missing_file_is_refused(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ModelError, match=f"must hold the plain file {name}"):
        load_model(folder)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("model.json")])
def test_what_is_no_plain_file_is_not_opened(folder: Path, make: Any) -> None:
    (folder / "manifest.json").unlink()
    make(folder / "manifest.json")
    with pytest.raises(ModelError, match="must hold the plain file"):
        load_model(folder)


@pytest.mark.parametrize("name", ["model.json", "manifest.json"])
def test_a_huge_file_is_refused_before_it_is_read(folder: Path, name: str) -> None:
    os.truncate(folder / name, 2**40)  # sparse: reading it would fill the memory
    tracemalloc.start()
    with pytest.raises(ModelError, match="must have 1 to"):
        load_model(folder)
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


def test_other_files_in_the_folder_are_not_read(trees: Any, folder: Path, X: pd.DataFrame) -> None:
    with (folder / "extra.json").open("wb") as extra:
        extra.truncate(2**40)
    (folder / "model.pkl").write_bytes(b"cos\nsystem\n(S'false'\ntR.")
    assert np.array_equal(risks(folder, X), trees.margin(X))


def test_a_model_too_large_to_be_read_is_not_written(
    trees: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(stored.MAX_BYTES, "model.json", 1_000)
    with pytest.raises(ModelError, match="at most 1000 bytes"):
        save_model(trees, tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_a_manifest_of_another_model_is_refused(
    folder: Path, X: pd.DataFrame, y: np.ndarray, tmp_path: Path
) -> None:
    save_model(make_model("booster", seed=1).fit(X, y), tmp_path / "other")
    (folder / "manifest.json").write_bytes((tmp_path / "other" / "manifest.json").read_bytes())
    with pytest.raises(ModelError, match="not that of the manifest"):
        load_model(folder)


def test_a_manifest_of_another_format_is_refused(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_text(path.read_text().replace('"format": 1', '"format": 2'))
    with pytest.raises(ModelError, match="of format 1, and this one does not"):
        load_model(folder)


def test_what_is_no_json_is_refused_even_with_its_hash(folder: Path) -> None:
    content = (folder / "model.json").read_bytes().replace(b":24}", b":NaN}")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"]["model.json"] = {
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    (folder / "model.json").write_bytes(content)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ModelError, match="not strict JSON"):
        load_model(folder)


def test_nothing_is_unpickled(
    trees: Any, folder: Path, X: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("unpickled")

    for name in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, name, forbidden)
    assert np.array_equal(risks(folder, X), trees.margin(X))


def crafted(class_name: str, state: Any) -> Any:
    """What saves any state under any class's name, with a manifest that fits."""
    return type(class_name, (), {"to_state": staticmethod(lambda: state)})()


def test_a_class_that_is_not_listed_is_not_looked_up(
    trees: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(states, "STORABLE", {"system": "os"})
        save_model(crafted("system", trees.to_state()), tmp_path / "model")
    with pytest.raises(ModelError, match="must be one of"):
        load_model(tmp_path / "model")


@pytest.mark.parametrize(
    ("version", "is_read"),
    [([3, 2, 0], True), ([3, 1, 3], False), ([2, 1, 4], False), ([9, 0, 0], False)],
)
def test_trees_of_another_version_are_refused(
    trees: Any, tmp_path: Path, version: list[int], is_read: bool
) -> None:
    state = trees.to_state()
    state["trees"]["version"] = version
    save_model(crafted("BoostedTrees", state), tmp_path / "model")
    if is_read:
        load_model(tmp_path / "model")
    else:
        with pytest.raises(ModelError, match=r"XGBoost 3\.2 to"):
            load_model(tmp_path / "model")


def test_trees_newer_than_the_installed_version_are_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xgboost, "__version__", "3.1.3")
    with pytest.raises(ModelError, match=r"got those of 3\.2"):
        load_model(folder)


def reached(*_: object) -> None:
    raise AssertionError("reached XGBoost")


BOOSTER = ("trees", "learner", "gradient_booster", "model")
TREE = (*BOOSTER, "trees", 0)


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ((*TREE, "left_children", 0), 10_000),
        ((*TREE, "left_children", 0), 0),
        ((*TREE, "right_children", 0), -2),
        ((*TREE, "left_children"), [1]),
        ((*TREE, "split_indices", 0), 3),
        ((*TREE, "split_indices", 0), -1),
        ((*TREE, "split_indices", 0), 0.5),
        ((*TREE, "split_conditions", 0), None),
        ((*TREE, "parents"), []),
        ((*TREE, "split_type", 0), 1),
        ((*TREE, "tree_param", "num_nodes"), "70000"),
        ((*TREE, "tree_param", "size_leaf_vector"), "4"),
        (("trees", "learner", "learner_model_param", "num_feature"), "4"),
        (("trees", "learner", "learner_model_param", "num_class"), "3"),
        (("trees", "learner", "learner_model_param", "base_score"), "[2E0]"),
        (("trees", "learner", "objective", "name"), "reg:squarederror"),
        (("trees", "learner", "gradient_booster", "name"), "dart"),
        ((*BOOSTER, "tree_info", 0), 7),
        ((*BOOSTER, "cats", "enc"), [1]),
        ((*BOOSTER, "gbtree_model_param", "num_trees"), "13"),
        ((*BOOSTER, "gbtree_model_param", "num_parallel_tree"), "4"),
        ((*BOOSTER, "iteration_indptr", 12), 500),
        ((*TREE, "id"), 8),
        ((*TREE, "tree_param", "num_feature"), "4"),
        ((*TREE, "tree_param", "num_deleted"), "2"),
        ((*TREE, "categories_nodes"), [0]),
        (("trees", "learner"), {}),
        (("column_order",), [0, 1, 9]),
        (("column_order",), [0, 0, 1]),
        (("n_columns",), 4),
        (("classes",), [0]),
        (("settings",), {"rounds": 5, "command": "x"}),
    ],
)
def test_trees_that_lead_nowhere_do_not_reach_xgboost(
    trees: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    where: tuple[Any, ...],
    value: Any,
) -> None:
    monkeypatch.setattr(xgboost, "Booster", reached)
    state = json.loads(json.dumps(trees.to_state()))
    inner = state
    for key in where[:-1]:
        inner = inner[key]
    inner[where[-1]] = value
    save_model(crafted("BoostedTrees", state), tmp_path / "model")
    with pytest.raises(ModelError):
        load_model(tmp_path / "model")


def test_a_circle_of_nodes_does_not_reach_xgboost(
    trees: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xgboost, "Booster", reached)
    state = trees.to_state()
    tree = state["trees"]["learner"]["gradient_booster"]["model"]["trees"][0]
    left, right = tree["left_children"], tree["right_children"]
    parent = next(node for node in range(1, len(left)) if left[node] > 0)
    child = left[parent]
    # The parent becomes a leaf, and its first child its own child.
    left[child], right[child] = child, right[parent]
    left[parent] = right[parent] = -1
    with pytest.raises(ModelError, match="nodes that form a tree"):
        type(trees).from_state(state)


@pytest.mark.parametrize("name", ["split_conditions", "base_weights", "sum_hessian"])
def test_trees_of_infinite_numbers_do_not_reach_xgboost(trees: Any, name: str) -> None:
    state = trees.to_state()
    state["trees"]["learner"]["gradient_booster"]["model"]["trees"][0][name][0] = 1e999
    with pytest.raises(ModelError, match="finite numbers for each node"):
        type(trees).from_state(state)


# In a process of its own, because what goes wrong here goes wrong in C++.
MUTATIONS = """
import json, random, sys, tempfile
from pathlib import Path
import numpy as np
from icans_risk.errors import ModelError
from icans_risk.models.stored import load_model, save_model

state, draw = json.loads(Path(sys.argv[1]).read_text())["model"]["state"], random.Random(2)
values = [-1, 0, 1, 2**31 - 1, 2**40, 1e30, -0.5, "", "99", "[9]", None, [], {}, [1] * 9]

def leaves(part, path=()):
    if isinstance(part, (dict, list)):
        yield path
        for key in part if isinstance(part, dict) else range(len(part)):
            yield from leaves(part[key], (*path, key))
    else:
        yield path

places = [path for path in leaves(state) if path]
read = 0
with tempfile.TemporaryDirectory() as made:
    for number in range(200):
        path, copy = draw.choice(places), json.loads(json.dumps(state))
        inner = copy
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = draw.choice(values)
        folder = Path(made) / str(number)
        save_model(type("BoostedTrees", (), {"to_state": lambda self: copy})(), folder)
        try:
            model = load_model(folder).model
        except ModelError:
            continue
        read += 1
        columns = model.n_features_in_
        X = np.random.default_rng(0).normal(size=(50, columns)).astype("float32")
        model.__dict__.pop("feature_names_in_", None)
        assert ((model.predict_proba(X) >= 0) & (model.predict_proba(X) <= 1)).all()
print(read)
"""


def test_no_mutated_tree_crashes_the_process(folder: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", MUTATIONS, str(folder / "model.json")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    assert 0 < int(run.stdout) < 200
