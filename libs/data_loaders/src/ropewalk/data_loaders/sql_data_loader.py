"""Load from a database."""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from ropewalk.data_loaders.data_loader import COMPARISONS, DataLoader, Filter, Scalar
from ropewalk.data_loaders.errors import SourceError
from ropewalk.data_loaders.schema import Schema

# Rows fetched at a time when one whole frame is asked for.
FETCH = 50_000


class SqlDataLoader(DataLoader):
    """Rows of a table or a query; columns and filters become SQL, values are always bound.

    Parameters
    ----------
    url : str
        An SQLAlchemy URL such as ``sqlite:///some.sqlite``. A password in it appears in no
        representation, lineage or error.
    table : str
        The table to read. Exactly one of `table` and `query` is given.
    query : str
        A SELECT statement to read.
    schema : Schema, optional
        What is declared of it.

    Examples
    --------
    >>> SqlDataLoader("postgresql://me:secret@host/db", table="flights")
    SqlDataLoader(postgresql://me:***@host/db, table flights)
    """

    def __init__(
        self,
        url: str,
        table: str | None = None,
        query: str | None = None,
        schema: Schema | None = None,
    ) -> None:
        super().__init__(schema)
        if (table is None) == (query is None):
            raise SourceError("an SQL source reads either a table or a query: give exactly one")
        try:
            self.url: URL = make_url(url)
        except ArgumentError:
            raise SourceError(
                "the database URL can't be read; write it like sqlite:///file.sqlite"
            ) from None
        self.table = table
        self.query = query

    def _from(self) -> sa.FromClause | sa.TextClause:
        if self.table is not None:
            schema, _, name = self.table.rpartition(".")
            return sa.table(name, schema=schema or None)
        return sa.text(f"({self.query}) AS source")

    def _execute(self, select: sa.Select[*tuple[Any, ...]]) -> Iterator[sa.CursorResult[object]]:
        if self.url.get_backend_name() == "sqlite":
            # SQLite would make an empty database of a mistyped name.
            path = self.url.database or ""
            if not Path(path).is_file():
                raise SourceError(f"{path}: no such SQLite file; check the path")
        try:
            engine = sa.create_engine(self.url, hide_parameters=True)
        except (NoSuchModuleError, ModuleNotFoundError) as error:
            raise SourceError(f"{self._place()}: no driver for this database: {error}") from error
        try:
            with engine.connect().execution_options(stream_results=True) as connection:
                yield connection.execute(select)
        except SQLAlchemyError as error:
            told = " ".join(str(getattr(error, "orig", None) or error).split())
            raise SourceError(f"{self._place()}: {told}") from error
        finally:
            engine.dispose()

    def _stored_columns(self) -> list[str]:
        select = sa.select(sa.text("*")).select_from(self._from()).limit(0)
        return [name for result in self._execute(select) for name in result.keys()]

    def _read(
        self, columns: list[str], filters: Sequence[Filter], chunk_size: int | None
    ) -> Iterator[pd.DataFrame]:
        names = [sa.column(name) for name in columns]
        select = sa.select(*names).select_from(self._from())
        for name, comparison, value in filters:
            # A time is text in one database and a timestamp in another: the base class filters
            # those, after the check has turned them.
            if not isinstance(value, pd.Timestamp):
                select = select.where(_condition(sa.column(name), comparison, value))
        for result in self._execute(select):
            parts = (
                pd.DataFrame.from_records(part, columns=columns)
                for part in result.partitions(chunk_size or FETCH)
            )
            empty = pd.DataFrame(columns=columns)
            if chunk_size is None:
                yield pd.concat([*parts] or [empty], ignore_index=True)
                continue
            given = False
            for part in parts:
                given = True
                yield part
            if not given:
                yield empty

    def _described(self) -> dict[str, object]:
        described: dict[str, object] = {
            "kind": "sql",
            "url": self.url.render_as_string(hide_password=True),
        }
        described |= {"table": self.table} if self.table else {"query": self.query}
        if self.url.get_backend_name() == "sqlite" and Path(self.url.database or "").is_file():
            with Path(self.url.database or "").open("rb") as file:
                described["sha256"] = hashlib.file_digest(file, "sha256").hexdigest()
        return described

    def _place(self) -> str:
        what = f"table {self.table}" if self.table else "a query"
        return f"{self.url.render_as_string(hide_password=True)}, {what}"


def _condition(
    column: sa.ColumnClause[Any], comparison: str, value: Scalar | Collection[Scalar]
) -> sa.ColumnElement[bool]:
    # A driver knows Python's numbers, not numpy's: SQLite would compare with the bytes of one.
    plain = pd.Series(list(value) if comparison == "in" else [value]).tolist()  # type: ignore[arg-type]
    if comparison == "in":
        return column.in_(plain)
    return cast("sa.ColumnElement[bool]", COMPARISONS[comparison](column, plain[0]))
