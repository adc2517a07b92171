"""The rows of a source, as the model wants them."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from ropewalk.data_loaders import (
    Column,
    ColumnError,
    Schema,
    conform,
    did_you_mean,
    read_source,
    read_yaml,
)
from ropewalk.features import FeatureError
from ropewalk.models import Bundle, BundleError
from ropewalk.predictor.errors import PredictorError

_DESCRIBED = (".yaml", ".yml")


def files_of(source: Path) -> list[Path]:
    """List the files that a source is read from, so that none of them is written over.

    Parameters
    ----------
    source : Path
        A source, as `read_rows` takes it.

    Returns
    -------
    list of Path
        The source itself, and the files that a source file names.

    Raises
    ------
    ConfigurationError
        If a source file is missing or no YAML.

    Examples
    --------
    >>> files_of(Path("flights.csv"))
    [PosixPath('flights.csv')]
    """
    if source.suffix.lower() not in _DESCRIBED:
        return [source]
    return [source, *(source.parent / name for name in _named(read_yaml(source)))]


def read_rows(source: Path, bundle: Bundle, keep: Sequence[str] = ()) -> Iterator[pd.DataFrame]:
    """Read the model's input columns, checked against the bundle's schema.

    Parameters
    ----------
    source : Path
        A ``.csv`` or ``.parquet`` file that holds the input columns: it is read in chunks. Or a
        ``.yaml`` source file that describes raw rows: all of them are loaded, and the bundle
        makes the input columns that they lack.
    bundle : Bundle
        The model.
    keep : sequence of str
        More columns of the source to read. Those of a file that the model does not know are text.

    Yields
    ------
    DataFrame of shape (n_rows, n_columns)
        The input columns and those kept, numbered as in the source.

    Raises
    ------
    DataLoaderError, PredictorError
        If the source is missing or empty, lacks a column, or a value breaks the schema.
    """
    schema = Schema.from_json_schema(bundle.input_schema)
    extra = [name for name in dict.fromkeys(keep) if name not in bundle.columns]
    if source.suffix.lower() in _DESCRIBED:
        yield from _prepared(source, bundle, schema, extra)
    else:
        yield from _stored(source, bundle, schema, extra)


def _stored(
    source: Path, bundle: Bundle, schema: Schema, extra: Sequence[str]
) -> Iterator[pd.DataFrame]:
    if extra:
        _refuse_unknown(source, extra, read_source(source).schema().column_names)
        # As text: a guessed type can change between chunks, and an id loses its leading zeros.
        text = {name: Column(dtype="string", nullable=True) for name in extra}
        schema = Schema(columns={**schema.columns, **text}, times=schema.times)
    loader = read_source(source, schema)
    try:
        yield from loader.iter_chunks(columns=[*bundle.columns, *extra])
    except ColumnError as error:
        if bundle.preparation is None:
            raise
        raise PredictorError(
            f"{error}; where rows are raw, describe them in a .yaml source: it is made from them"
        ) from error


def _prepared(
    source: Path, bundle: Bundle, schema: Schema, extra: Sequence[str]
) -> Iterator[pd.DataFrame]:
    loader = read_source(source)
    # What a row is given by the rows before it, chunks would cut off.
    chunks = loader.iter_chunks() if bundle.preparation is None else iter([loader.load()])
    for raw in chunks:
        _refuse_unknown(source, extra, raw.columns)
        try:
            rows = bundle.prepare(raw)
        except (BundleError, FeatureError) as error:
            raise PredictorError(f"{source}: {error}") from error
        yield conform(rows, schema, str(source)).assign(**{name: raw[name] for name in extra})


def _named(node: object) -> Iterator[str]:
    """Give every path in a source file, however deep in its joins."""
    if isinstance(node, dict):
        if isinstance(path := node.get("path"), str):
            yield path
        node = list(node.values())
    if isinstance(node, list):
        for inner in node:
            yield from _named(inner)


def _refuse_unknown(source: Path, wanted: Sequence[str], stored: Sequence[str] | pd.Index) -> None:
    for name in wanted:
        if name not in stored:
            told = did_you_mean(name, map(str, stored))
            raise PredictorError(f"--keep {name}: {source} has no such column; {told}")
