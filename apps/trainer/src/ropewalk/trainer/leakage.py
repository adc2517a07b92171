"""Refuse what is not yet known when a prediction is asked for (docs/adr/0004)."""

from collections.abc import Collection

import pandas as pd

from ropewalk.data_loaders import ALWAYS, Schema
from ropewalk.features import known_by
from ropewalk.trainer.errors import LeakageError


def refuse_leaks(
    frame: pd.DataFrame, columns: Collection[str], schema: Schema, target: str, moment: str
) -> None:
    """Hold each column that a model is to see against the prediction time, row by row.

    Parameters
    ----------
    frame : DataFrame of shape (n_rows, n_columns)
        The rows, with every time column that a ``known_at`` names.
    columns : collection of str
        The source's columns that a model is to see.
    schema : Schema
        Says when each becomes known.
    target : str
        The column to predict.
    moment : str
        The time column at which a prediction is asked for.

    Raises
    ------
    LeakageError
        If one row has a value that is known only later, or nothing says when it is known.
    """
    asked = frame[frame[moment].notna()]
    for name in columns:
        known_at = schema.known_at(name)
        if name == target:
            raise LeakageError(f"'{name}' is the target: a model can't see it; leave it out")
        if known_at is None:
            raise LeakageError(
                f"nothing says when '{name}' becomes known; declare its known_at in the schema of "
                f"the source ('{ALWAYS}', or a time column), or leave it out"
            )
        if known_at == ALWAYS:
            continue
        present = asked[asked[name].notna()]
        late = ~known_by(present[known_at], present[moment])
        if late.any():
            raise LeakageError(
                f"'{name}' is known too late: at {known_at}, which is after {moment} in "
                f"{late.sum():,} of {len(present):,} rows; leave it out, or predict later "
                f"(prediction_time: {known_at})"
            )
