"""Which group each row of a frame belongs to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from ropewalk.models.common.names import hint
from ropewalk.models.common.text import as_text
from ropewalk.models.errors import ModelInputError, ModelTypeError


def group_rows(
    X: object, group: str | Sequence[str]
) -> tuple[npt.NDArray[np.intp], list[tuple[str, ...]]]:
    """Tell which group each row of a frame belongs to.

    Parameters
    ----------
    X : DataFrame of shape (n_rows, n_columns)
        Rows with the columns of `group`, of any dtype.
    group : str or sequence of str
        Columns whose values make a group. A missing value is a value like any other.

    Returns
    -------
    number : ndarray of intp of shape (n_rows,)
        Which of `keys` each row belongs to.
    keys : list of tuple of str
        The groups, sorted: text that JSON can hold and that compares the same when reloaded.

    Raises
    ------
    ModelInputError
        A ValueError: if a column is not in the frame.
    ModelTypeError
        A TypeError: if the rows are no frame.

    Examples
    --------
    >>> import pandas as pd
    >>> number, keys = group_rows(pd.DataFrame({"origin": ["JFK", "EWR", "JFK"]}), "origin")
    >>> number.tolist(), keys
    ([1, 0, 1], [('=EWR',), ('=JFK',)])
    """
    names = [group] if isinstance(group, str) else list(group)
    if not isinstance(X, pd.DataFrame):
        raise ModelTypeError(
            f"group is {group!r} but the rows are {type(X).__name__}: give a DataFrame,"
            " or leave group out"
        )
    for name in names:
        if name not in X.columns:
            raise ModelInputError(
                f"group column {name!r} is not in the frame: {hint(name, X.columns)}"
            )
    columns = [X[name].reset_index(drop=True) for name in names]
    by_value = pd.Series(0, index=range(len(X))).groupby(columns, sort=False, dropna=False)
    found = by_value.ngroup().to_numpy()
    # Text is made of one row of each group: of all rows it would cost more than a prediction.
    first = np.unique(found, return_index=True)[1]
    # Marked, so that the text 'missing' is not taken for a missing value.
    texts = [("=" + as_text(column.iloc[first])).fillna("missing") for column in columns]
    found_keys = list(zip(*texts, strict=True))
    keys = sorted(set(found_keys))
    number = {key: position for position, key in enumerate(keys)}
    positions = np.array([number[key] for key in found_keys], dtype=np.intp)
    return positions[found], keys


def groups_among(
    known: list[tuple[str, ...]], X: object, group: str | Sequence[str]
) -> npt.NDArray[np.intp]:
    """Tell which of the groups known each row belongs to.

    Parameters
    ----------
    known : list of tuple of str
        Groups, as `group_rows` names them.
    X : DataFrame of shape (n_rows, n_columns)
        Rows with the columns of `group`.
    group : str or sequence of str
        Columns whose values make a group.

    Returns
    -------
    ndarray of intp of shape (n_rows,)
        Positions in `known`; -1 for a group that is not there.

    Examples
    --------
    >>> import pandas as pd
    >>> groups_among([("=EWR",)], pd.DataFrame({"origin": ["EWR", "LGA"]}), "origin")
    array([ 0, -1])
    """
    number, keys = group_rows(X, group)
    positions = {key: position for position, key in enumerate(known)}
    return np.array([positions.get(key, -1) for key in keys], dtype=np.intp)[number]
