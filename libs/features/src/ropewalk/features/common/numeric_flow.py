"""The base of the flows that take numbers."""

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_bool_dtype, is_numeric_dtype, is_object_dtype
from sklearn.utils import Tags
from sklearn.utils.validation import validate_data

from ropewalk.features.common.flow import FeatureFlow
from ropewalk.features.common.row_form import is_missing
from ropewalk.features.errors import FeatureColumnError


class NumericFlow(FeatureFlow):
    """A flow over numbers, of which some may be missing.

    Subclasses call `_numbers` on what they are given. Text, categories and times are refused by
    name; booleans count as 0 and 1.

    Examples
    --------
    >>> class Root(NumericFlow):
    ...     def _learn(self, frame):
    ...         return []
    ...     def _build(self, frame):
    ...         return np.sqrt(self._numbers(frame))
    ...     def _names(self, inputs):
    ...         return [f"root_{name}" for name in inputs]
    >>> Root().fit_transform(pd.DataFrame({"distance": [4, 9, None]})).ravel()
    array([ 2.,  3., nan])
    """

    def __sklearn_tags__(self) -> Tags:
        """Say that values may be missing."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def _check_array(self, X: object, reset: bool) -> NDArray[np.generic]:
        checked: NDArray[np.generic] = validate_data(
            self, X, reset=reset, dtype=np.float64, ensure_all_finite=False
        )
        return checked

    def _numbers(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        """Give the frame as float64, shape (n_samples, n_features), missing as NaN."""
        if all(isinstance(dtype, np.dtype) and dtype.kind in "biuf" for dtype in frame.dtypes):
            return frame.to_numpy(dtype=np.float64)
        return np.column_stack([self._number(frame[name]) for name in frame.columns])

    def _number(self, column: pd.Series) -> NDArray[np.float64]:
        if is_object_dtype(column.dtype):
            # A batch of one row whose value is missing comes as an object.
            try:
                return pd.to_numeric(column).to_numpy(dtype=np.float64, na_value=np.nan)
            except (TypeError, ValueError):
                pass
        elif is_numeric_dtype(column.dtype) or is_bool_dtype(column.dtype) or column.isna().all():
            return column.to_numpy(dtype=np.float64, na_value=np.nan)
        raise FeatureColumnError(
            f"{type(self).__name__}: column '{column.name}' is of type {column.dtype}, not a "
            "number; give it to the flow for categories, datetimes or text"
        )


def plain_number(flow: str, column: str, value: object) -> float:
    """Read a number of one row, as a flow of numbers reads a column.

    Parameters
    ----------
    flow, column : str
        Who asks, and where the value is from, for an error.
    value : object
        A number or boolean; None is missing.

    Returns
    -------
    float
        The number, NaN if it is missing.

    Raises
    ------
    FeatureColumnError
        If it is anything else.

    Examples
    --------
    >>> plain_number("flow", "seats", 55), plain_number("flow", "seats", None)
    (55.0, nan)
    """
    if is_missing(value):
        return math.nan
    if isinstance(value, float | int | np.number | np.bool_):
        try:
            return float(value)
        except OverflowError as error:
            raise FeatureColumnError(
                f"{flow}: column '{column}' holds a whole number that no float64 can hold; give a "
                "smaller one"
            ) from error
    raise FeatureColumnError(
        f"{flow}: column '{column}' holds a {type(value).__name__}, not a number; give it to the "
        "flow for categories, datetimes or text"
    )
