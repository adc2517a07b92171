"""A fitted pipeline as a function of one row: for requests of a row each, which can't wait."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionDtype
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline

# From the plain values of a row, by column, to its prediction.
CompiledRow = Callable[[Mapping[str, object]], float]

_Dtype = np.dtype[Any] | ExtensionDtype
# What a part makes of what the part before it gives: features, and of them the prediction.
_Form = Callable[[Any], Any]

_TOLERANCE = 1e-9
_GENERATED = 100
# What a column of each kind (as numpy calls it) may hold that no training row did: whole numbers
# that fit into any of their dtypes.
_UNSEEN: Mapping[str, Sequence[object]] = {
    "f": (0.0, -1e9, 1e9, 1e30, math.inf),
    "i": (0, 1, 101),
    "u": (0, 1, 101),
    "b": (True, False),
    "M": (pd.Timestamp("2000-02-29 23:59"), pd.Timestamp("2099-12-31")),
    "O": ("", "never seen"),
}


def compile_row(model: BaseEstimator) -> CompiledRow | None:
    """Make a function that predicts one row, without pandas and scikit-learn.

    Parameters
    ----------
    model : BaseEstimator
        Fitted on a frame: an estimator, or a Pipeline of a transformer (alone, or several in a
        ColumnTransformer) and an estimator.

    Returns
    -------
    callable or None
        From a mapping of column to plain value (number, boolean, text, `datetime`; None if it is
        missing) to what `predict` gives for such a row. It raises KeyError if a column is missing,
        and a ValueError or TypeError for a value of another kind. None if a part has no such form.

        Each part is asked for its own by `compile_row()`: of a transformer, a function from the
        mapping to a list of features; of an estimator, one from a list of all features (or, where
        it is alone, of the values of the columns seen in `fit`) to the prediction.

    Notes
    -----
    Use it only where `is_exact` holds.

    Examples
    --------
    >>> from ropewalk.models import OlsrRegressor
    >>> flights = pd.DataFrame({"dep_hour": [6.0, 12.0, 18.0]})
    >>> model = OlsrRegressor().fit(flights, [0.0, 10.0, 20.0])
    >>> predict = compile_row(model)
    >>> round(predict({"dep_hour": 9.0}), 6)
    5.0
    >>> is_exact(predict, model, flights)
    True
    """
    steps = [step for _, step in model.steps] if isinstance(model, Pipeline) else [model]
    *before, estimator = steps
    predict = _form(estimator)
    if len(before) > 1 or predict is None:
        return None
    build = _features(before[0]) if before else _columns(estimator)
    if build is None:
        return None
    return lambda row: float(predict(build(row)))


def is_exact(compiled: CompiledRow, model: BaseEstimator, rows: pd.DataFrame) -> bool:
    """Tell whether a form for single rows gives what the model gives.

    It is asked for all the rows, and for some that are made of them, always the same: with values
    missing (where the column's dtype has missing ones), and with numbers, times and levels that
    are not among them. What the model refuses has to be refused.

    Parameters
    ----------
    compiled : callable
        What `compile_row` made.
    model : BaseEstimator
        What it was made of.
    rows : DataFrame of shape (n_rows, n_columns)
        Rows that the model predicts, such as those that it was fitted on.

    Returns
    -------
    bool
        Whether all answers are equal to 1e-9: of the answer, or of its unit where that is more.

    Examples
    --------
    `compile_row` shows it.
    """
    expected = model.predict(rows).tolist()
    names = [str(name) for name in rows.columns]
    dtypes = dict(zip(names, rows.dtypes, strict=True))
    columns = [_plain(rows[name]) for name in rows.columns]
    given = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
    made = _made(given, dtypes)
    expected += _answers(model, made, dtypes)
    return all(
        _same(_answer(compiled, row), one)
        for row, one in zip([*given, *made], expected, strict=True)
    )


def _form(part: object) -> _Form | None:
    make = getattr(part, "compile_row", None)
    return make() if make is not None else None


def _columns(estimator: BaseEstimator) -> _Form | None:
    """Give the values of a row in the order in which an estimator knows them, by name."""
    names = getattr(estimator, "feature_names_in_", None)
    if names is None:
        return None
    order = [str(name) for name in names]
    return lambda row: [row[name] for name in order]


def _features(step: object) -> _Form | None:
    """Give the features that a transformer, or several beside each other, make of a row."""
    if not isinstance(step, ColumnTransformer):
        return _form(step)
    parts = [part for _, part, _ in step.transformers_ if part != "drop"]
    forms = [form for part in parts if (form := _form(part)) is not None]
    if len(forms) < len(parts) or step.transformer_weights:
        return None

    def build(row: Mapping[str, object]) -> list[object]:
        values: list[object] = []
        for form in forms:
            values += form(row)
        return values

    return build


def _plain(column: pd.Series) -> list[object]:
    values = column.astype(object).where(column.notna(), None).tolist()
    if column.dtype.kind == "M":
        return [time and time.to_pydatetime() for time in values]
    return list(values)


def _made(
    given: Sequence[Mapping[str, object]], dtypes: Mapping[str, _Dtype]
) -> list[dict[str, object]]:
    """Make rows with values missing and values never seen, the same at each call."""
    generator = np.random.default_rng(0)
    # A column of whole numbers or of booleans has no missing ones, nor has a schema's.
    others = {
        name: (*(() if dtype.kind in "iub" else (None,)), *_UNSEEN.get(dtype.kind, ()))
        for name, dtype in dtypes.items()
    }
    gaps = {name: None for name in dtypes if None in others[name]}
    made = [{**given[0], name: None} for name in gaps] + [{**given[0], **gaps}]
    for _ in range(_GENERATED):
        row = dict(given[int(generator.integers(len(given)))])
        for name in row:
            if generator.random() < 0.25:
                value = others[name][int(generator.integers(len(others[name])))]
                if isinstance(value, pd.Timestamp):
                    zone = getattr(dtypes[name], "tz", None)
                    value = value.tz_localize(zone).to_pydatetime()
                row[name] = value
        made.append(row)
    return made


def _answers(
    model: BaseEstimator, rows: Sequence[Mapping[str, object]], dtypes: Mapping[str, _Dtype]
) -> list[float | None]:
    """Give what a model says of each row, None where it refuses it."""
    columns = {
        # A category would take a level never seen for a missing one.
        name: pd.Series(
            [row[name] for row in rows],
            dtype=object if isinstance(dtype, pd.CategoricalDtype) else dtype,
        )
        for name, dtype in dtypes.items()
    }
    try:
        return list(model.predict(pd.DataFrame(columns)).tolist())
    except Exception:  # Whatever a third party's transformer raises.
        if len(rows) == 1:
            return [None]
        half = len(rows) // 2
        return [
            *_answers(model, rows[:half], dtypes),
            *_answers(model, rows[half:], dtypes),
        ]


def _answer(compiled: CompiledRow, row: Mapping[str, object]) -> float | None:
    try:
        return compiled(row)
    except Exception:  # The same.
        return None


def _same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE)
