"""Rows that no model can learn from."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from pandas.api.types import is_float_dtype

from ropewalk.features.errors import FeatureColumnError, FeatureRowsError, did_you_mean


def prefilter(
    frame: pd.DataFrame, target: str, required: Sequence[str] = ()
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Drop the rows that can't be used for training, and tell how many and why.

    For training and testing only: at prediction time every row gets an answer.

    Parameters
    ----------
    frame : DataFrame of shape (n_samples, n_columns)
        All rows; left as it is.
    target : str
        The column to predict; a row without it, or with an infinite one, is dropped.
    required : sequence of str, default=()
        Columns without which a row is of no use, in the order in which they are looked at.

    Returns
    -------
    kept : DataFrame of shape (n_kept, n_columns)
        The usable rows in their order, under their index labels.
    dropped : dict of str to int
        Number of dropped rows by reason; each row counts once, under its first reason.

    Raises
    ------
    FeatureColumnError
        If the frame lacks one of the columns, or has it twice.
    FeatureRowsError
        If no row is left.

    Examples
    --------
    >>> flights = pd.DataFrame({"arr_delay": [5.0, None, 9.0], "dest": ["BOS", "IAH", None]})
    >>> kept, dropped = prefilter(flights, target="arr_delay", required=["dest"])
    >>> kept
       arr_delay dest
    0        5.0  BOS
    >>> dropped
    {"target 'arr_delay' is missing": 1, "'dest' is missing": 1}
    """
    if isinstance(required, str):
        raise FeatureColumnError(f"prefilter: required is text; write ['{required}']")
    for name in (target, *required):
        times = int((frame.columns == name).sum())
        if times == 0:
            raise FeatureColumnError(
                f"prefilter: there is no column '{name}'; "
                f"{did_you_mean(name, map(str, frame.columns))}"
            )
        if times > 1:
            raise FeatureColumnError(f"prefilter: column '{name}' is there twice; drop one")

    reasons = [(f"target '{target}' is missing", frame[target].isna())]
    if is_float_dtype(frame[target].dtype):
        values = frame[target].to_numpy(dtype=np.float64, na_value=np.nan)
        infinite = pd.Series(np.isinf(values), index=frame.index)
        reasons.append((f"target '{target}' is infinite", infinite))
    reasons += [(f"'{name}' is missing", frame[name].isna()) for name in required]

    usable = np.ones(len(frame), dtype=bool)
    dropped: dict[str, int] = {}
    for reason, is_so in reasons:
        first = usable & is_so.to_numpy(dtype=bool)
        if first.any():
            dropped[reason] = dropped.get(reason, 0) + int(first.sum())
            usable &= ~first
    if not usable.any():
        told = ", ".join(f"{reason}: {count}" for reason, count in dropped.items())
        raise FeatureRowsError(
            f"prefilter: none of {len(frame)} rows can be used ({told or 'the frame is empty'}); "
            "check the target, the required columns and the source"
        )
    return frame.loc[usable], dropped
