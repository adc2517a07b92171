"""The abstract loader: one small method for an implementation, the rest is here."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeVar

import pandas as pd
import tenacity
from tqdm import tqdm

from ropewalk.data_loaders.check import conform
from ropewalk.data_loaders.errors import ColumnError, SchemaError, SourceError, did_you_mean
from ropewalk.data_loaders.filters import Filter, checked_filter, fulfilling
from ropewalk.data_loaders.schema import DerivedTime, Schema

Result = TypeVar("Result")

# A lost connection may come back; a file that is not there, or a wrong query, never does.
TRANSIENT = (ConnectionError, TimeoutError)


class DataLoader(ABC):
    """A source of rows.

    The base class owns retries, the schema check, filters, limits, derived times, progress and
    lineage. An implementation says which columns its source has (`_stored_columns`), reads them
    (`_read`) and tells what it reads (`_described`).

    Parameters
    ----------
    schema : Schema, optional
        What is declared of the source. Without one, nothing is checked, and the schema is
        inferred from the first rows when asked for.
    """

    def __init__(self, schema: Schema | None = None) -> None:
        self.declared = schema

    @abstractmethod
    def _stored_columns(self) -> list[str]:
        """Give the names of the columns that the source stores, in order."""

    @abstractmethod
    def _read(
        self, columns: list[str], filters: Sequence[Filter], chunk_size: int | None
    ) -> Iterator[pd.DataFrame]:
        """Read stored columns, in chunks or (`chunk_size` None) as one frame.

        `filters` (on stored columns) may be used to read less, never to leave out a row that
        fulfils them: the base class applies them again. A source without rows gives one empty
        frame that has the columns.
        """

    @abstractmethod
    def _described(self) -> dict[str, object]:
        """Tell kind, place and fingerprint of the source, without secrets, as JSON values."""

    def load(
        self,
        columns: Sequence[str] | None = None,
        filters: Sequence[Filter] | None = None,
        limit: int | None = None,
    ) -> pd.DataFrame:
        """Load rows into one frame.

        Parameters
        ----------
        columns : sequence of str, optional
            The columns to load, in this order, derived times included. All by default.
        filters : sequence of (column, comparison, value), optional
            Rows must fulfil all of them; comparison is one of ``==  !=  <  <=  >  >=  in``. A
            missing value fulfils none.
        limit : int, optional
            At most so many rows, counted after the filters.

        Returns
        -------
        DataFrame
            The rows, in the order of the source, with a fresh range index.

        Raises
        ------
        SourceError
            If the source is missing, empty or unreadable.
        ColumnError
            If a column is unknown, or a filter does not fit its column.
        SchemaError
            If the data breaks the declared schema.
        """
        # With a limit, no more than some chunks are read; without, one whole read is faster.
        chunk_size = None if limit is None else max(limit, 10_000)
        chunks = list(self._chunks(chunk_size, columns, filters, limit))
        return chunks[0] if len(chunks) == 1 else pd.concat(chunks, ignore_index=True)

    def iter_chunks(
        self,
        chunk_size: int = 100_000,
        columns: Sequence[str] | None = None,
        filters: Sequence[Filter] | None = None,
        limit: int | None = None,
    ) -> Iterator[pd.DataFrame]:
        """Load rows chunk by chunk, in memory that does not grow with the source.

        Parameters
        ----------
        chunk_size : int
            Rows read at a time; a filter makes chunks smaller.
        columns, filters, limit
            As for `load`, which also says what is raised.

        Yields
        ------
        DataFrame
            At least one, which is empty if no row fulfils the filters. All have the same types:
            the declared ones, else those of the first, and a chunk that differs is refused.
        """
        if chunk_size < 1:
            raise SourceError(f"chunk_size is {chunk_size}; give a number of rows from 1 up")
        with tqdm(unit=" rows", unit_scale=True, leave=False, disable=None) as progress:
            for chunk in self._chunks(chunk_size, columns, filters, limit):
                progress.update(len(chunk))
                yield chunk

    def schema(self) -> Schema:
        """Give the declared schema, else one inferred from the first thousand rows."""
        return self.declared or Schema.infer(self.load(limit=1000))

    def lineage(self) -> dict[str, object]:
        """Tell what is read: kind, place and fingerprint, as JSON values, never a secret."""
        return {"loader": type(self).__name__, **self._described()}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._place()})"

    def _place(self) -> str:
        """Name the source in a message."""
        return str(self._described().get("path", "?"))

    def _checked(self, chunk: pd.DataFrame) -> pd.DataFrame:
        """Hold a chunk against the declared schema."""
        return chunk if self.declared is None else conform(chunk, self.declared, self._place())

    def _chunks(
        self,
        chunk_size: int | None,
        columns: Sequence[str] | None,
        filters: Sequence[Filter] | None,
        limit: int | None,
    ) -> Iterator[pd.DataFrame]:
        if limit is not None and limit < 0:
            raise SourceError(f"limit is {limit}; give a number of rows from 0 up")
        stored = self._usable_columns()
        times = self.declared.times if self.declared else {}
        names = [*stored, *times]
        wanted = list(names if columns is None else columns)
        for name in (*wanted, *(name for name, _, _ in filters or ())):
            if name not in names:
                raise ColumnError(
                    f"{self._place()}: no column '{name}'; {did_you_mean(name, names)}"
                )
        if (twice := _repeated(wanted)) is not None:
            raise ColumnError(f"column '{twice}' is asked for twice; name it once")
        conditions = [
            checked_filter(one, self.declared.dtype(one[0]) if self.declared else None)
            for one in filters or ()
        ]

        # A derived time needs its inputs, a filter its column, asked for or not.
        needed = {*wanted, *(name for name, _, _ in conditions)}
        for name, time in reversed(times.items()):
            if name in needed:
                needed |= {time.base, *([time.plus] if time.plus else [])}
        to_read = [name for name in stored if name in needed]
        pushed = [one for one in conditions if one[0] in to_read]

        rows_read = rows = 0
        dtypes = None
        for chunk in self._with_retries(to_read or stored[:1], pushed, chunk_size):
            # In errors, rows count from 1, through all chunks.
            chunk.index = pd.RangeIndex(rows_read + 1, rows_read + len(chunk) + 1)
            frame = self._checked(chunk)
            if self.declared is None:
                dtypes = self._same_dtypes(frame, dtypes)
            rows_read += len(frame)
            for name, time in times.items():
                if name in needed:
                    frame[name] = self._computed(name, time, frame)
            for condition in conditions:
                frame = fulfilling(frame, condition)
            frame = frame[wanted]
            if limit is not None:
                frame = frame.head(limit - rows)
            frame.index = pd.RangeIndex(rows, rows + len(frame))
            rows += len(frame)
            if len(frame):
                yield frame
            if limit is not None and rows >= limit:
                break
        if not rows:
            yield frame

    def _computed(
        self, name: str, time: DerivedTime, frame: pd.DataFrame
    ) -> "pd.Series[pd.Timestamp]":
        try:
            return time.compute(frame)
        except (OverflowError, ValueError) as error:
            raise SchemaError(
                f"{self._place()}: time '{name}' is out of reach: {error}; declare minimum and "
                f"maximum of '{time.plus or time.base}'"
            ) from error

    def _usable_columns(self) -> list[str]:
        """Give the stored columns, of a declared source those that are declared."""
        with self._faults_told():
            stored = self._retrying(self._stored_columns)
        if (twice := _repeated(stored)) is not None:
            raise SourceError(f"{self._place()}: has two columns '{twice}'; rename one of them")
        if self.declared is None:
            return stored
        for name in self.declared.columns:
            if name not in stored:
                raise ColumnError(
                    f"{self._place()}: no column '{name}', which the schema declares; "
                    f"{did_you_mean(name, stored)}"
                )
        return [name for name in stored if name in self.declared.columns]

    def _same_dtypes(
        self, frame: pd.DataFrame, earlier: Mapping[str, object] | None
    ) -> Mapping[str, object]:
        """Refuse a chunk of an undeclared source whose types differ from the first chunk's."""
        dtypes = dict(zip(frame.columns, frame.dtypes, strict=True))
        for name, dtype in (earlier or {}).items():
            if dtype != dtypes[name]:
                raise SchemaError(
                    f"{self._place()}: column '{name}' is {dtype} at first, but {dtypes[name]} "
                    f"from row {frame.index[0]:,} on: declare its dtype in a schema"
                )
        return dtypes

    def _with_retries(
        self, columns: list[str], filters: Sequence[Filter], chunk_size: int | None
    ) -> Iterator[pd.DataFrame]:
        """Open the source again while a transient fault keeps its first chunk from coming."""

        def open_source() -> tuple[pd.DataFrame, Iterator[pd.DataFrame]]:
            chunks = iter(self._read(columns, filters, chunk_size))
            return next(chunks), chunks

        with self._faults_told():
            first, rest = self._retrying(open_source)
            yield first
            yield from rest

    @staticmethod
    def _retrying(step: Callable[[], Result]) -> Result:
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(TRANSIENT),
            stop=tenacity.stop_after_attempt(4),
            wait=tenacity.wait_exponential_jitter(multiplier=0.1, max=5),
            reraise=True,
        )
        return retrying(step)

    @contextmanager
    def _faults_told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            told = error.strerror or str(error) or type(error).__name__
            raise SourceError(f"{self._place()}: can't be read: {told}") from error


def _repeated(names: Sequence[str]) -> str | None:
    """Give the first name that is there twice."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None
