"""Whether a file of trees holds together, asked before XGBoost reads it.

XGBoost follows the numbers of such a file into memory without asking [1]_: a child or a
column that does not exist is read all the same.

References
----------
.. [1] XGBoost documentation, "Security disclosures".
   https://xgboost.readthedocs.io/en/stable/security.html
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import xgboost as xgb

from icans_risk.errors import ModelError

__all__ = ["XGBOOST_FLOOR", "check_trees"]

# An older version reads a newer file without complaint and predicts something else.
XGBOOST_FLOOR = (3, 2)

_ABSENT = -1
_CATEGORIES = ("categories", "categories_nodes", "categories_segments", "categories_sizes")


def check_trees(content: Mapping[str, Any], *, column_order: Sequence[int]) -> None:
    """Refuse trees that this version of XGBoost would misread or stumble over.

    Parameters
    ----------
    content : mapping
        A booster of one binary target, as XGBoost's JSON.
    column_order : sequence of int
        Positions that the columns of the trees have in the model.

    Raises
    ------
    ModelError
        If another version wrote them, or a number in them leads nowhere.
    """
    _check_version(content["version"])
    n_columns = len(column_order)
    _require(sorted(column_order) == list(range(n_columns)), "each column once")
    learner = content["learner"]
    shape, booster = learner["learner_model_param"], learner["gradient_booster"]
    model = booster["model"]
    trees = model["trees"]
    _require(booster["name"] == "gbtree", "a booster of trees")
    _require(learner["objective"]["name"] == "binary:logistic", "log odds of one event")
    _require((shape["num_class"], shape["num_target"]) == ("0", "1"), "one target")
    _require(shape["num_feature"] == str(n_columns), "as many columns as the model")
    _require(0 < float(shape["base_score"].strip("[]")) < 1, "a base that is a probability")
    _require(not any(model["cats"].values()), "numbers, no categories")
    _require(model["gbtree_model_param"]["num_trees"] == str(len(trees)), "all its trees")
    _require(model["gbtree_model_param"]["num_parallel_tree"] == "1", "one tree a round")
    _require(model["iteration_indptr"] == list(range(len(trees) + 1)), "one tree a round")
    _require(model["tree_info"] == [0] * len(trees), "one target")
    for number, tree in enumerate(trees):
        _check_tree(tree, number=number, n_columns=n_columns)


def _check_version(version: Any) -> None:
    written = tuple(int(part) for part in version[:2])
    installed = tuple(int(part) for part in xgb.__version__.split(".")[:2])
    if not XGBOOST_FLOOR <= written <= installed:
        raise ModelError(
            f"trees must be of XGBoost {_dotted(XGBOOST_FLOOR)} to {_dotted(installed)}, which is "
            f"installed, got those of {_dotted(written)}, whose risks could differ without a "
            "word. Install the version that wrote them, or fit the model again."
        )


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _check_tree(tree: Mapping[str, Any], *, number: int, n_columns: int) -> None:
    left, right = tree["left_children"], tree["right_children"]
    n_nodes = len(left)
    _require(tree["id"] == number, "trees in their order")
    _require(tree["tree_param"]["num_nodes"] == str(n_nodes), "all nodes of a tree")
    _require(tree["tree_param"]["num_feature"] == str(n_columns), "columns of the model in a tree")
    _require(tree["tree_param"]["size_leaf_vector"] == "1", "one number in a leaf")
    _require(tree["tree_param"]["num_deleted"] == "0", "no deleted node")
    _require(not any(tree["split_type"]), "splits at numbers")
    _require(not any(tree[name] for name in _CATEGORIES), "splits at numbers")
    for name in ("right_children", "parents", "split_indices", "default_left", "split_type"):
        _require(_are_integers(tree[name], n_nodes), "whole numbers for each node")
    for name in ("split_conditions", "base_weights", "loss_changes", "sum_hessian"):
        _require(_are_finite(tree[name], n_nodes), "finite numbers for each node")
    _require(_are_integers(left, n_nodes) and _is_a_tree(left, right), "nodes that form a tree")
    _require(all(0 <= i < n_columns for i in tree["split_indices"]), "splits at columns that exist")


def _is_a_tree(left: list[int], right: list[int]) -> bool:
    """Every node but the root is the child of one node before it."""
    children: list[int] = []
    for node, pair in enumerate(zip(left, right, strict=True)):
        if pair != (_ABSENT, _ABSENT):
            if min(pair) <= node:
                return False
            children += pair
    return sorted(children) == list(range(1, len(left)))


def _are_integers(values: Any, n: int) -> bool:
    return len(values) == n and all(type(value) is int for value in values)


def _are_finite(values: Any, n: int) -> bool:
    return len(values) == n and all(
        type(value) in (int, float) and math.isfinite(value) for value in values
    )


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise ModelError(
            f"a file of trees must hold {what}, and this one does not: it is damaged or was made "
            "by hand. Take another copy of the model."
        )
