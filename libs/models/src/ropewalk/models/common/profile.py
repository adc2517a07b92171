"""What rows were like that a model learnt from, for whoever asks later whether they still are."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from ropewalk.models.common.text import as_text
from ropewalk.models.errors import ModelInputError

BINS = 10
LEVELS = 20


def reference_profile(
    rows: pd.DataFrame, predictions: npt.ArrayLike | None = None
) -> dict[str, object]:
    """Describe each column of rows, and the predictions of them, for `profile.json`.

    Parameters
    ----------
    rows : DataFrame of shape (n_rows, n_columns)
        Numbers, booleans, text, categories and times: what the model learnt from.
    predictions : array-like of shape (n_rows,), optional
        What the model says of them: numbers, or labels.

    Returns
    -------
    dict
        `rows`, their number; `columns`, by name; and `predictions`. Each column has its `kind`,
        the `count` of its values and the share that is `missing`; then

        - of numbers, the `edges` of bins that hold about as many values each (quantiles; a value
          that is more frequent has a bin of its own), and the `counts` of each. Infinity is among
          the missing;
        - of text, the most frequent `levels` with their counts, and how many values are `other`;
        - of times, the first and the last, `from` and `to`, ISO 8601.

    Raises
    ------
    ModelInputError
        A ValueError: if there are no rows, or not as many predictions.

    References
    ----------
    Bins by quantiles, and shares in them, are what the population stability index compares:
    B. Yurdakul, "Statistical properties of population stability index", Western Michigan
    University, 2018.

    Examples
    --------
    >>> rows = pd.DataFrame({"wind": [3.0, 5.0, None], "origin": ["JFK", "EWR", "JFK"]})
    >>> profile = reference_profile(rows, predictions=[10.0, 20.0, 20.0])
    >>> profile["columns"]["origin"]["levels"], profile["columns"]["wind"]["missing"]
    ({'JFK': 2, 'EWR': 1}, 0.3333333333333333)
    """
    if rows.empty:
        raise ModelInputError("there are no rows: give those that the model learnt from")
    profile: dict[str, object] = {
        "rows": len(rows),
        "columns": {str(name): _describe(column) for name, column in rows.items()},
    }
    if predictions is not None:
        said = pd.Series(np.asarray(predictions))
        if len(said) != len(rows):
            raise ModelInputError(f"there are {len(said)} predictions and {len(rows)} rows")
        profile["predictions"] = _describe(said)
    return profile


def _describe(column: pd.Series) -> Mapping[str, object]:
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        known = column.dropna()
        ends = (
            {"from": known.min().isoformat(), "to": known.max().isoformat()} if len(known) else {}
        )
        return {**_counted("time", column, len(known)), **ends}
    if pd.api.types.is_bool_dtype(column.dtype):
        column = column.astype(object)  # True and False, not 1.0 and 0.0.
    elif pd.api.types.is_numeric_dtype(column.dtype):
        return _numbers(column)
    known = as_text(column).dropna()
    counts = known.value_counts()
    # Of equally frequent ones the first by name, not by the row in which it came.
    top = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:LEVELS]
    levels = {str(level): int(count) for level, count in top}
    other = len(known) - sum(levels.values())
    return {**_counted("text", column, len(known)), "levels": levels, "other": other}


def _numbers(column: pd.Series) -> Mapping[str, object]:
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    values = values[np.isfinite(values)]
    if not len(values):
        return {**_counted("number", column, 0), "edges": [], "counts": []}
    quantiles, times = np.unique(
        np.quantile(values, np.linspace(0, 1, BINS + 1)), return_counts=True
    )
    # A value that is several quantiles gets a bin of its own: how often it comes is telling.
    after = np.nextafter(quantiles[:-1][times[:-1] > 1], np.inf)
    edges = np.unique([*quantiles, *after])
    edges = edges if len(edges) > 1 else np.repeat(edges, 2)
    # The last bin holds both of its ends, the others their lower one alone.
    place = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(edges) - 2)
    counts = np.bincount(place, minlength=len(edges) - 1)
    return {
        **_counted("number", column, len(values)),
        "edges": edges.tolist(),
        "counts": counts.tolist(),
    }


def _counted(kind: str, column: pd.Series, known: int) -> dict[str, object]:
    return {"kind": kind, "count": known, "missing": (len(column) - known) / len(column)}
