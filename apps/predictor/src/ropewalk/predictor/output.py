"""Write a table chunk by chunk, so that it appears whole or not at all."""

import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from ropewalk.predictor.errors import PredictorError


class _Writer(Protocol):
    def write_table(self, table: pa.Table) -> None: ...

    def close(self) -> None: ...


class _Open(Protocol):
    def __call__(self, sink: pa.NativeFile, schema: pa.Schema) -> _Writer: ...


_WRITERS: Mapping[str, _Open] = {
    ".csv": pyarrow.csv.CSVWriter,
    ".parquet": pyarrow.parquet.ParquetWriter,
}


def check_output(path: Path) -> None:
    """Refuse a place to write to before any work is done.

    Parameters
    ----------
    path : Path
        A ``.csv`` or ``.parquet`` file; one that is there will be replaced.

    Raises
    ------
    PredictorError
        If the suffix is another, the folder is missing, or `path` is a folder.

    Examples
    --------
    >>> check_output(Path("predictions.xlsx"))
    Traceback (most recent call last):
    ropewalk.predictor.errors.PredictorError: predictions.xlsx: ...; end it in .csv or .parquet
    """
    if path.suffix.lower() not in _WRITERS:
        raise PredictorError(
            f"{path}: no predictions can be written as '{path.suffix}'; "
            f"end it in {' or '.join(_WRITERS)}"
        )
    if path.is_dir():
        raise PredictorError(f"{path}: is a folder; give the name of a file")
    if not path.parent.is_dir():
        raise PredictorError(f"{path}: there is no folder {path.parent}; make it first")


def write_table(path: Path, chunks: Iterable[pd.DataFrame]) -> int:
    """Write rows into a file that takes its name once it is whole.

    Parameters
    ----------
    path : Path
        A place that `check_output` lets pass.
    chunks : iterable of DataFrame
        The rows, at least one chunk; each has the columns and types of the first.

    Returns
    -------
    int
        The number of rows.

    Raises
    ------
    PredictorError
        If the system refuses to write. Whatever `chunks` raises goes through, and nothing is
        left of the file.
    """
    unfinished = path.with_name(f".{path.name}.unfinished-{secrets.token_hex(4)}")
    writer: _Writer | None = None
    rows = 0
    with _writing(path):
        file = pa.OSFile(str(unfinished), "wb")
    try:
        for chunk in chunks:
            table = pa.Table.from_pandas(chunk, preserve_index=False)
            with _writing(path):
                writer = writer or _WRITERS[path.suffix.lower()](file, table.schema)
                writer.write_table(table)
            rows += len(chunk)
        assert writer is not None
        with _writing(path):
            writer.close()
            file.close()
            unfinished.replace(path)
    finally:
        # On a disk that is full, closing fails a second time.
        with suppress(OSError):
            if writer is not None:
                writer.close()
        file.close()
        unfinished.unlink(missing_ok=True)
    return rows


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        # Arrow's own words name the unfinished file.
        told = os.strerror(error.errno) if error.errno else str(error)
        raise PredictorError(f"{path}: can't be written: {told}") from error
