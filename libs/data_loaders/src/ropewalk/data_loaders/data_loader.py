"""The abstract loader: one small method for an implementation, the rest is here."""

import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

import pandas as pd
import tenacity
from tqdm import tqdm

from ropewalk.data_loaders.check import conform
from ropewalk.data_loaders.errors import ColumnError, SourceError, did_you_mean
from ropewalk.data_loaders.schema import Schema

Scalar = str | int | float | bool | pd.Timestamp
Filter = tuple[str, str, Scalar | Collection[Scalar]]

COMPARISONS: Mapping[str, Callable[..., "pd.Series[bool]"]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda series, allowed: series.isin(list(allowed)),
}

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

        `filters` (on stored columns) may be used to read less; the base class applies them
        again. A source without rows gives one empty frame that has the columns.
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
            Rows must fulfil all of them; comparison is one of ``==  !=  <  <=  >  >=  in``.
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
            If a column is unknown.
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
            At least one, which is empty if no row fulfils the filters.
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
        filters = list(filters or ())
        times = self.declared.times if self.declared else {}
        stored = self._stored_columns()
        if self.declared:
            for name in self.declared.columns:
                if name not in stored:
                    raise ColumnError(
                        f"{self._place()}: no column '{name}', which the schema declares; "
                        f"{did_you_mean(name, stored)}"
                    )
            stored = [name for name in stored if name in self.declared.columns]
        names = [*stored, *times]
        wanted = list(names if columns is None else columns)
        for name in (*wanted, *(column for column, _, _ in filters)):
            if name not in names:
                raise ColumnError(
                    f"{self._place()}: no column '{name}'; {did_you_mean(name, names)}"
                )
        for _, comparison, _ in filters:
            if comparison not in COMPARISONS:
                raise ColumnError(
                    f"no comparison '{comparison}' for a filter; "
                    f"{did_you_mean(comparison, COMPARISONS)}"
                )

        # A derived time needs its inputs, a filter its column, asked for or not.
        needed = {*wanted, *(column for column, _, _ in filters)}
        for name, time in reversed(times.items()):
            if name in needed:
                needed |= {time.base, *([time.plus] if time.plus else [])}
        to_read = [name for name in stored if name in needed]
        pushed = [one for one in filters if one[0] in to_read]

        rows = 0
        for chunk in self._with_retries(to_read or stored[:1], pushed, chunk_size):
            frame = self._checked(chunk)
            for name, time in times.items():
                if name in needed:
                    frame[name] = time.compute(frame)
            for column, comparison, value in filters:
                frame = frame[COMPARISONS[comparison](frame[column], value)]
            frame = frame[wanted]
            if limit is not None:
                frame = frame.head(limit - rows)
            if rows and frame.empty:
                continue
            frame.index = pd.RangeIndex(rows, rows + len(frame))
            if frame.empty and chunk_size is not None:
                empty = frame
                continue
            rows += len(frame)
            yield frame
            if limit is not None and rows >= limit:
                return
        if not rows and chunk_size is not None:
            yield empty

    def _with_retries(
        self, columns: list[str], filters: Sequence[Filter], chunk_size: int | None
    ) -> Iterator[pd.DataFrame]:
        """Open the source again while a transient fault keeps its first chunk from coming."""
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(TRANSIENT),
            stop=tenacity.stop_after_attempt(4),
            wait=tenacity.wait_exponential_jitter(multiplier=0.1, max=5),
            reraise=True,
        )

        def open_source() -> tuple[pd.DataFrame, Iterator[pd.DataFrame]]:
            chunks = iter(self._read(columns, filters, chunk_size))
            return next(chunks), chunks

        try:
            first, rest = retrying(open_source)
        except OSError as error:
            told = error.strerror or str(error) or type(error).__name__
            raise SourceError(f"{self._place()}: can't be read: {told}") from error
        yield first
        yield from rest
