"""Whether the trees of a model from a file stay within their own nodes and columns.

scikit-learn walks a tree without looking at its bounds, so that the arrays of a file that someone
crafted could make it read any memory, end the process, or never come to an end.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.ensemble._forest import BaseForest
from sklearn.ensemble._gb import BaseGradientBoosting
from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE
from sklearn.ensemble._hist_gradient_boosting.gradient_boosting import BaseHistGradientBoosting
from sklearn.preprocessing import FunctionTransformer, OrdinalEncoder
from sklearn.tree import BaseDecisionTree
from sklearn.tree._tree import Tree
from sklearn.utils.validation import check_array

Integers = npt.NDArray[np.integer]
_LEAF = -1  # What scikit-learn has for the left child of a leaf.


def check_trees(model: object) -> None:
    """Refuse a model with a tree that leads out of its nodes, or out of the rows it is given.

    Parameters
    ----------
    model : object
        As it was made from a file; anything that it holds is looked at.

    Raises
    ------
    ValueError
        If a tree leads to a node that does not come after it or is not there, or to a column that
        the estimator around it does not check for.

    Examples
    --------
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> model = DecisionTreeRegressor().fit([[0.0], [1.0]], [0.0, 1.0])
    >>> check_trees(model)
    >>> model.n_features_in_ = 2
    >>> check_trees(model)
    Traceback (most recent call last):
      ...
    ValueError: a tree of 1 columns is given 2
    """
    for part in _parts(model):
        if isinstance(part, Tree):
            _check_tree(part)
        elif isinstance(part, BaseEstimator):
            _check_estimator(part)


def _check_estimator(part: BaseEstimator) -> None:
    if isinstance(part, BaseDecisionTree) and hasattr(part, "tree_"):
        _check_columns(part, part.tree_)
    elif isinstance(part, BaseForest) and hasattr(part, "estimators_"):
        # It hands on rows that it checked itself.
        for estimator in part.estimators_:
            _check_columns(part, estimator.tree_)
    elif isinstance(part, BaseGradientBoosting) and hasattr(part, "estimators_"):
        for estimator in part.estimators_.ravel():
            _check_columns(part, estimator.tree_)
        if part.estimators_.shape[1:] != (part.n_trees_per_iteration_,):
            raise ValueError("boosting with other trees than it adds up")
    elif isinstance(part, BaseHistGradientBoosting) and hasattr(part, "_predictors"):
        _check_boosting(part)


def _parts(model: object) -> Iterator[object]:
    """Give a model and all that it is made of, each once."""
    waiting, seen = [model], {id(model)}
    while waiting:
        part = waiting.pop()
        yield part
        inner: list[object] = list(getattr(part, "__dict__", {}).values())
        if isinstance(part, dict):
            inner += [*part.keys(), *part.values()]
        elif isinstance(part, list | tuple | set | frozenset):
            inner += part
        elif isinstance(part, np.ndarray) and part.dtype == object:
            inner += part.ravel().tolist()
        elif isinstance(part, partial):
            inner += [part.func, part.args, part.keywords]
        for one in inner:
            if id(one) not in seen:
                seen.add(id(one))
                waiting.append(one)


def _check_columns(estimator: object, tree: Tree) -> None:
    given = getattr(estimator, "n_features_in_", None)
    if given != tree.n_features:
        raise ValueError(f"a tree of {tree.n_features} columns is given {given}")


def _check_tree(tree: Tree) -> None:
    if tree.node_count < 1:
        raise ValueError("a tree without nodes")
    left, right = tree.children_left, tree.children_right
    splits = np.flatnonzero(left != _LEAF)
    _check_children(splits, left[splits], right[splits], tree.node_count)
    _check_within(tree.feature[splits], tree.n_features, "column")


def _check_boosting(model: BaseHistGradientBoosting) -> None:
    columns = getattr(model, "n_features_in_", 0)
    if getattr(model, "_in_fit", False):
        raise ValueError("boosting that takes rows for binned ones")
    if model._preprocessor is not None and _width(model._preprocessor) != columns:
        raise ValueError(f"boosting whose preprocessor gives other than {columns} columns")
    is_categorical = np.zeros(columns, dtype=bool)
    known = np.asarray(model._bin_mapper.is_categorical_, dtype=bool)
    is_categorical[: len(known)] = known[:columns]
    for tree in (tree for iteration in model._predictors for tree in iteration):
        nodes, bitsets = tree.nodes, tree.raw_left_cat_bitsets
        if nodes.dtype != PREDICTOR_RECORD_DTYPE or nodes.ndim != 1 or not len(nodes):
            raise ValueError("a tree without nodes")
        splits = np.flatnonzero(nodes["is_leaf"] == 0)
        _check_children(splits, nodes["left"][splits], nodes["right"][splits], len(nodes))
        _check_within(nodes["feature_idx"][splits], columns, "column")
        by_category = splits[nodes["is_categorical"][splits] != 0]
        if not len(by_category):
            continue
        _check_within(nodes["bitset_idx"][by_category], len(bitsets), "set of categories")
        if bitsets.ndim != 2 or bitsets.shape[1] != 8:
            raise ValueError("a tree whose sets of categories have another length")
        if not is_categorical[nodes["feature_idx"][by_category]].all():
            raise ValueError("a tree that takes a number for a category")


def _width(preprocessor: ColumnTransformer) -> int:
    """Count the columns that boosting's own preprocessor gives; -1 if it is another one."""
    width = 0
    for _, step, columns in preprocessor.transformers_:
        function = getattr(step, "func", None)
        if isinstance(step, OrdinalEncoder) or (
            isinstance(step, FunctionTransformer)
            and isinstance(function, partial)
            and function.func is check_array
        ):
            chosen = np.asarray(columns)
            width += int(chosen.sum()) if chosen.dtype == bool else len(chosen)
        elif step != "drop":
            return -1
    return width


def _check_children(splits: Integers, left: Integers, right: Integers, count: int) -> None:
    for children in (left, right):
        # A node comes after its parent, so that no way through a tree is without end.
        if (children <= splits).any() or (children >= count).any():
            raise ValueError("a tree that leads to a node that is not after it, or is not there")


def _check_within(found: Integers, count: int, what: str) -> None:
    if (found < 0).any() or (found >= count).any():
        raise ValueError(f"a tree that asks for a {what} that is not there")
