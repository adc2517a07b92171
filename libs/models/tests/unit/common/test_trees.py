from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.tree._tree import Tree

from ropewalk.models.common.trees import check_trees

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(400, 3))
Y = (X[:, 0] + X[:, 1] ** 2 > 0.5).astype(int)
FRAME = pd.DataFrame(X, columns=["a", "b", "c"]).assign(
    d=pd.Categorical(RANDOM.choice(["x", "y", "z"], 400))
)
EFFECT = Y + np.asarray(FRAME["d"] == "x", dtype=float)


def _categorical() -> HistGradientBoostingRegressor:
    model = HistGradientBoostingRegressor(max_iter=5, categorical_features="from_dtype")
    return model.fit(FRAME, EFFECT)


@pytest.mark.parametrize(
    "model",
    [
        DecisionTreeClassifier().fit(X, Y),
        DecisionTreeRegressor(max_leaf_nodes=7).fit(X, np.column_stack([Y, Y])),
        DecisionTreeRegressor().fit(X, np.zeros(400)),
        RandomForestRegressor(5).fit(X, Y),
        ExtraTreesClassifier(5, max_leaf_nodes=9).fit(X, Y + (X[:, 2] > 1)),
        GradientBoostingClassifier(n_estimators=5).fit(X, Y + (X[:, 2] > 1)),
        HistGradientBoostingRegressor(max_iter=5).fit(np.where(X > 2, np.nan, X), Y),
        HistGradientBoostingClassifier(max_iter=5).fit(X, Y + (X[:, 2] > 1)),
        HistGradientBoostingRegressor(max_iter=5, categorical_features=[1]).fit(
            np.column_stack([X[:, 0], Y]), Y
        ),
        _categorical(),
        {"nested": [(make_pipeline(StandardScaler(), RandomForestRegressor(5)).fit(X, Y),)]},
        RandomForestRegressor(),
    ],
    ids=lambda model: type(model).__name__,
)
def test_takes_what_was_fitted(model: object) -> None:
    check_trees(model)


def _set(tree: Tree, name: str, value: object) -> None:
    state = tree.__getstate__()
    state["nodes"] = state["nodes"].copy()
    state["nodes"][name][_split(state["nodes"])] = value
    tree.__setstate__(state)


def _split(nodes: Any) -> int:
    return int(np.flatnonzero(nodes["left_child"] != -1)[-1])


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("left_child", 10**9, "leads to a node that is not after it"),
        ("right_child", 10**9, "leads to a node that is not after it"),
        ("left_child", -2, "leads to a node that is not after it"),
        ("right_child", -1, "leads to a node that is not after it"),
        ("left_child", 0, "leads to a node that is not after it"),
        ("feature", 3, "asks for a column that is not there"),
        ("feature", -2, "asks for a column that is not there"),
    ],
)
@pytest.mark.parametrize("kind", [DecisionTreeRegressor, RandomForestRegressor])
def test_refuses_a_tree_that_leads_out_of_its_arrays(
    kind: Callable[[], BaseEstimator], name: str, value: int, told: str
) -> None:
    model = kind().fit(X, Y)
    _set((model if hasattr(model, "tree_") else model.estimators_[-1]).tree_, name, value)

    with pytest.raises(ValueError, match=told):
        check_trees(make_pipeline(model))


def test_refuses_a_tree_without_nodes() -> None:
    model = DecisionTreeRegressor().fit(X, Y)
    model.tree_ = Tree(3, np.array([1]), 1)

    with pytest.raises(ValueError, match="a tree without nodes"):
        check_trees(model)


def _fewer(model: Any) -> None:
    model.n_features_in_ = 2


def _unknown(model: Any) -> None:
    del model.n_features_in_


@pytest.mark.parametrize("change", [_fewer, _unknown])
@pytest.mark.parametrize(
    "kind", [DecisionTreeRegressor, RandomForestRegressor, GradientBoostingClassifier]
)
def test_refuses_an_estimator_that_checks_rows_for_other_columns(
    kind: Callable[[], BaseEstimator], change: Callable[[object], None]
) -> None:
    model = kind().fit(X, Y)
    change(model)

    with pytest.raises(ValueError, match=r"a tree of 3 columns is given (2|None)"):
        check_trees(model)


def test_refuses_boosting_with_more_trees_than_it_adds_up() -> None:
    model = GradientBoostingClassifier(n_estimators=2).fit(X, Y)
    model.estimators_ = np.repeat(model.estimators_, 3, axis=1)

    with pytest.raises(ValueError, match="boosting with other trees than it adds up"):
        check_trees(model)


def _node(**changes: object) -> Callable[[Any], None]:
    def change(model: Any) -> None:
        nodes = model._predictors[-1][0].nodes
        kind = changes.get("is_categorical", 0)
        where = np.flatnonzero((nodes["is_leaf"] == 0) & (nodes["is_categorical"] == kind))[0]
        for name, value in changes.items():
            nodes[name][where] = value

    return change


def _number_as_category(model: Any) -> None:
    for (tree,) in model._predictors:
        tree.nodes["is_categorical"] = 1


def _no_nodes(model: Any) -> None:
    model._predictors[0][0].nodes = model._predictors[0][0].nodes[:0]


def _other_nodes(model: Any) -> None:
    model._predictors[0][0].nodes = np.zeros(3)


def _short_bitsets(model: Any) -> None:
    for (tree,) in model._predictors:
        tree.raw_left_cat_bitsets = tree.raw_left_cat_bitsets[:, :3]


def _no_categories(model: Any) -> None:
    model._bin_mapper.is_categorical_ = np.zeros(4, dtype=bool)


def _binned(model: Any) -> None:
    model._in_fit = True


def _drops(model: Any) -> None:
    name, step, _ = model._preprocessor.transformers_[1]
    model._preprocessor.transformers_[1] = (name, step, np.array([True, False, False, False]))


def _other_preprocessor(model: Any) -> None:
    name, _, columns = model._preprocessor.transformers_[1]
    model._preprocessor.transformers_[1] = (name, StandardScaler(), columns)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_node(left=10**6), "leads to a node that is not after it"),
        (_node(right=0), "leads to a node that is not after it"),
        (_node(feature_idx=4), "asks for a column that is not there"),
        (_node(feature_idx=-1), "asks for a column that is not there"),
        (_node(is_categorical=1, bitset_idx=10**6), "asks for a set of categories that is not"),
        (_fewer, "preprocessor gives other than 2 columns"),
        (_unknown, "preprocessor gives other than 0 columns"),
        (_number_as_category, "(a set of categories that is not|a number for a category)"),
        (_no_nodes, "a tree without nodes"),
        (_other_nodes, "a tree without nodes"),
        (_short_bitsets, "sets of categories have another length"),
        (_no_categories, "a number for a category"),
        (_binned, "takes rows for binned ones"),
        (_drops, "preprocessor gives other than 4 columns"),
        (_other_preprocessor, "preprocessor gives other than 4 columns"),
    ],
)
def test_refuses_boosting_that_leads_out_of_its_arrays(
    change: Callable[[object], None], told: str
) -> None:
    model = _categorical()
    change(model)

    with pytest.raises(ValueError, match=told):
        check_trees([model])
