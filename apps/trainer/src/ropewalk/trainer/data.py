"""From a source to rows to learn from and rows to be judged on."""

from dataclasses import dataclass

import pandas as pd

from ropewalk.data_loaders import ALWAYS, Column, Schema, did_you_mean, read_source
from ropewalk.features import BuildHistoryFeatures, prefilter
from ropewalk.models import time_split
from ropewalk.trainer.assembly import input_columns
from ropewalk.trainer.configuration import HistoryConfig, TrainerConfig
from ropewalk.trainer.errors import TrainerError
from ropewalk.trainer.leakage import refuse_leaks


@dataclass(frozen=True)
class Data:
    """The rows of one training run.

    Attributes
    ----------
    train, test : DataFrame
        Rows to learn from, and later ones to be judged on.
    rows_read : int
        Rows of the source.
    dropped : dict of str to int
        How many rows could not be used, by reason.
    columns : dict of str to list of str
        What each candidate sees.
    schema : Schema
        Of the source's columns and those of the history.
    history : BuildHistoryFeatures or None
        The flow that made the columns of the history.
    lineage : dict
        Where the rows come from.
    """

    train: pd.DataFrame
    test: pd.DataFrame
    rows_read: int
    dropped: dict[str, int]
    columns: dict[str, list[str]]
    schema: Schema
    history: BuildHistoryFeatures | None
    lineage: dict[str, object]

    @property
    def counts(self) -> dict[str, object]:
        """How many rows were read, dropped, learnt from and kept to be judged on."""
        return {
            "read": self.rows_read,
            "dropped": self.dropped,
            "train": len(self.train),
            "test": len(self.test),
        }

    @property
    def made(self) -> list[str]:
        """The columns of the history."""
        return _made(self.history)


def load_data(config: TrainerConfig) -> Data:
    """Load, look back, refuse leaks, drop what can't be used, and split by time.

    Parameters
    ----------
    config : TrainerConfig
        What to load and how.

    Returns
    -------
    Data
        All that training needs.

    Raises
    ------
    DataLoaderError, FeatureError, ModelError, TrainerError
        If the source, a column or a value can't be used as the configuration says.
    """
    loader = read_source(config.source)
    schema = loader.schema()
    for key, name in (("target", config.target), ("prediction_time", config.prediction_time)):
        if name not in schema.column_names:
            told = did_you_mean(name, schema.column_names)
            raise TrainerError(f"{key}: the source has no column '{name}'; {told}")
    if schema.dtype(config.target) not in ("int64", "float64"):
        told = schema.dtype(config.target)
        raise TrainerError(f"target: '{config.target}' is {told}; name a column of numbers")
    if schema.dtype(config.prediction_time) != "datetime":
        times = [name for name in schema.column_names if schema.dtype(name) == "datetime"]
        raise TrainerError(
            f"prediction_time: '{config.prediction_time}' is {schema.dtype(config.prediction_time)}"
            f"; name a time column: {', '.join(times) or 'there is none'}"
        )

    frame = loader.load()
    history = None
    if config.history is not None:
        # Before any row is dropped or split: see docs/adr/0006.
        history = _history(config.history, schema, config.prediction_time)
        values = history.fit(frame).transform(frame)
        made = pd.DataFrame(values, columns=_made(history), index=frame.index)
        frame = pd.concat([frame, made], axis=1)
        schema = _with_history(schema, _made(history))

    columns = {
        name: input_columns(name, candidate, config, schema.column_names)
        for name, candidate in config.candidates.items()
    }
    # The history's own columns keep the rule by how they are made.
    seen = {name for own in columns.values() for name in own}.difference(_made(history))
    stored = [name for name in schema.column_names if name in seen]
    refuse_leaks(frame, stored, schema, config.target, config.prediction_time)
    usable, dropped = prefilter(frame, config.target, required=[config.prediction_time])
    train, test = time_split(usable[config.prediction_time], config.test_from)
    return Data(
        train=usable.iloc[train],
        test=usable.iloc[test],
        rows_read=len(frame),
        dropped=dropped,
        columns=columns,
        schema=schema,
        history=history,
        lineage=loader.lineage(),
    )


def _made(history: BuildHistoryFeatures | None) -> list[str]:
    return [] if history is None else [str(name) for name in history.get_feature_names_out()]


def _history(config: HistoryConfig, schema: Schema, moment: str) -> BuildHistoryFeatures:
    known_at = schema.known_at(config.value)
    if known_at is None or known_at == ALWAYS:
        raise TrainerError(
            f"history: '{config.value}' must become known at a time, its known_at is "
            f"{known_at or 'not declared'}; name a time column in the schema of the source"
        )
    return config.make(known_at, moment)


def _with_history(schema: Schema, names: list[str]) -> Schema:
    made = {
        name: Column(dtype="float64", nullable=True, description="What earlier rows had made known")
        for name in names
    }
    return Schema(columns={**schema.columns, **made}, times=schema.times)
