"""A few input rows, and what a model says of them: so a loaded one shows that it is the same."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator
from threadpoolctl import threadpool_limits

from ropewalk.models.common.json_rows import dtypes, frame_to_rows, rows_to_frame
from ropewalk.models.common.loaded_bundle import predict
from ropewalk.models.common.names import hint
from ropewalk.models.errors import BundleError, ModelInputError, reason

# Another processor may differ in the last digits of a sum; a model that changed differs by more.
_TOLERANCE = 1e-8


def record_example(
    pipeline: BaseEstimator, example: pd.DataFrame, input_schema: Mapping[str, object]
) -> dict[str, object]:
    """Predict a few rows, for `example.json`.

    Parameters
    ----------
    pipeline : BaseEstimator
        Fitted.
    example : DataFrame of shape (n_rows, n_any)
        Rows with the columns of the schema.
    input_schema : mapping
        JSON Schema of one row, with the `x-dtype` of each property.

    Returns
    -------
    dict
        `rows` and `predictions`, and of a classifier that gives them `probabilities`, as JSON can
        hold them.

    Raises
    ------
    BundleError
        If the schema declares no types, a column or all rows are missing, or the model does not
        predict them.

    Examples
    --------
    >>> from sklearn.dummy import DummyRegressor
    >>> rows = pd.DataFrame({"wind": [3.0, 5.0]})
    >>> model = DummyRegressor().fit(rows, [10.0, 20.0])
    >>> record_example(model, rows, {"properties": {"wind": {"x-dtype": "float64"}}})
    {'rows': [{'wind': 3.0}, {'wind': 5.0}], 'predictions': [15.0, 15.0]}
    """
    try:
        columns = list(dtypes(input_schema))
    except ModelInputError as error:
        raise BundleError(f"input_schema.json: {error}") from error
    for name in columns:
        if name not in example.columns:
            raise BundleError(
                f"example.json: column {name!r} is missing; {hint(name, example.columns)}"
            )
    if example.empty:
        raise BundleError("example.json: has no rows: give a few input rows")
    rows = example[columns]
    answers = {name: found.tolist() for name, found in _answers(pipeline, rows).items()}
    return {"rows": frame_to_rows(rows), **answers}


def replay_example(
    pipeline: BaseEstimator, recorded: Mapping[str, object], input_schema: Mapping[str, object]
) -> pd.DataFrame:
    """Predict the recorded rows again, and refuse a model that predicts something else.

    Parameters
    ----------
    pipeline : BaseEstimator
        Fitted.
    recorded : mapping
        What `record_example` gave.
    input_schema : mapping
        JSON Schema of one row, with the `x-dtype` of each property.

    Returns
    -------
    DataFrame of shape (n_rows, n_columns)
        The rows.

    Raises
    ------
    BundleError
        If it is no such record, or a prediction differs.

    Examples
    --------
    >>> from sklearn.dummy import DummyRegressor
    >>> model = DummyRegressor().fit([[3.0], [5.0]], [10.0, 20.0])
    >>> recorded = {"rows": [{"wind": 3.0}], "predictions": [99.0]}
    >>> replay_example(model, recorded, {"properties": {"wind": {"x-dtype": "float64"}}})
    Traceback (most recent call last):
      ...
    ropewalk.models.errors.BundleError: example.json: row 0 had predictions 99.0 when saved, ...
    """
    rows = recorded.get("rows")
    if not isinstance(rows, list) or not rows:
        raise BundleError("example.json: has no rows: save the bundle again")
    try:
        frame = rows_to_frame(rows, input_schema)
    except ModelInputError as error:
        raise BundleError(f"example.json: {error}") from error
    for name, found in _answers(pipeline, frame).items():
        _compare(name, found, recorded.get(name))
    return frame


def _compare(name: str, found: npt.NDArray[np.generic], recorded: object) -> None:
    try:
        expected = np.asarray(recorded)
    except ValueError:  # Rows of different lengths.
        expected = np.empty(0)
    numeric = np.issubdtype(found.dtype, np.number)
    if found.shape != expected.shape or numeric != np.issubdtype(expected.dtype, np.number):
        raise BundleError(f"example.json: has not the {name} of each row: save the bundle again")
    if numeric:
        differs = ~np.isclose(found, expected, rtol=_TOLERANCE, atol=_TOLERANCE)
    else:
        differs = found != expected
    if differs.any():
        row = int(np.argmax(differs.reshape(len(found), -1).any(axis=1)))
        raise BundleError(
            f"example.json: row {row} had {name} {expected[row].tolist()} when saved, and has"
            f" {found[row].tolist()} here: install the versions in manifest.json, or train again"
        )


def _answers(pipeline: BaseEstimator, rows: pd.DataFrame) -> dict[str, npt.NDArray[np.generic]]:
    """Give all that a model says of rows."""
    try:
        # A few rows need no threads, which wait for each other where processors are busy.
        with threadpool_limits(1, user_api="openmp"):
            answers = {"predictions": predict(pipeline, rows)}
            if hasattr(pipeline, "predict_proba"):
                given = np.asarray(pipeline.predict_proba(rows), dtype=np.float64)
                answers["probabilities"] = given
                classes = np.asarray(pipeline.classes_)
    except Exception as error:  # Whatever a third party's model raises.
        raise BundleError(
            f"pipeline.skops: the model does not predict the example ({reason(error)})"
        ) from error
    for name, found in answers.items():
        shape = (len(rows),) if name == "predictions" else (len(rows), len(classes))
        numeric = np.issubdtype(found.dtype, np.number)
        if found.shape != shape or (numeric and not np.isfinite(found).all()):
            raise BundleError(
                f"pipeline.skops: {name} of the {len(rows)} example rows are not finite or have"
                f" shape {found.shape}: use a model that gives {shape}"
            )
    return answers
