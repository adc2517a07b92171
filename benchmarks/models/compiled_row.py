#!/usr/bin/env python3
"""Measure what the form for single rows saves: one row of the flights, by every candidate.

Beside it stands `predict` of the same fitted pipeline on a frame of that row, in the same process.
"""

from __future__ import annotations

import argparse
import platform
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from importlib.metadata import version
from time import perf_counter

import pandas as pd
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from ropewalk.models import compile_row, is_exact
from ropewalk.trainer.configuration import read_config
from ropewalk.trainer.data import load_data
from ropewalk.trainer.pipelines.evaluate import fit

# Beside the estimator: the row's own features, from plain values.
FEATURES_BOUND_US = 60
RATIO_BOUND = 30


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what was measured; give 1 if something is slower than it may be, or not exact."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", default="apps/trainer/flights.yaml", help="of the trainer")
    parser.add_argument("--repeats", type=int, default=50, help="of each measurement")
    asked = parser.parse_args(arguments)
    print(
        f"{platform.machine()}, Python {platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in ("numpy", "scikit-learn", "treelite"))
    )
    config = read_config(asked.config)
    data = load_data(config)
    held = []
    # For one row, more threads only have to be started, also those of the pipeline.
    with threadpool_limits(1):
        for name in config.candidates:
            rows = data.train[data.columns[name]]
            held.append(_measure(name, fit(name, config, data), rows, asked.repeats))
    return 0 if all(held) else 1


def _measure(name: str, pipeline: Pipeline, rows: pd.DataFrame, repeats: int) -> bool:
    compiled = compile_row(pipeline)
    if compiled is None or not is_exact(compiled, pipeline, rows):
        print(f"BROKEN {name}: the form for single rows is not exact")
        return False
    frame = rows.dropna().head(1)
    row = {str(column): _plain(frame[column].iloc[0]) for column in frame}
    estimator = pipeline[-1].compile_row()
    before = pipeline[:-1]
    values = before.transform(frame)[0].tolist() if len(pipeline) > 1 else list(row.values())
    alone, ours, theirs = _times(
        repeats, lambda: estimator(values), lambda: compiled(row), lambda: pipeline.predict(frame)
    )
    holds = ours - alone <= FEATURES_BOUND_US and theirs / ours >= RATIO_BOUND
    print(
        f"{'holds ' if holds else 'BROKEN'} {name}: {ours:.1f} us, of which the estimator"
        f" {alone:.1f} and the features {ours - alone:.1f} ({FEATURES_BOUND_US} allowed);"
        f" the pipeline {theirs:.0f}: {theirs / ours:.0f} times ({RATIO_BOUND} asked)"
    )
    return holds


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return pd.Timestamp(value).to_pydatetime()
    return value.item() if hasattr(value, "item") else value


def _times(repeats: int, *functions: Callable[[], object]) -> list[float]:
    """Give the microseconds that each takes: the best of several runs, in turns."""
    best = [_time(function, 1) for function in functions]
    for _ in range(repeats):
        for number, function in enumerate(functions):
            calls = 1 + int(5_000 / best[number])  # Some five milliseconds.
            best[number] = min(best[number], _time(function, calls))
    return best


def _time(function: Callable[[], object], calls: int) -> float:
    start = perf_counter()
    for _ in range(calls):
        function()
    return (perf_counter() - start) / calls * 1e6


if __name__ == "__main__":
    sys.exit(main())
