"""Load from a database."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from ropewalk.data_loaders.data_loader import DataLoader
from ropewalk.data_loaders.errors import SourceError
from ropewalk.data_loaders.filters import COMPARISONS, Filter
from ropewalk.data_loaders.schema import Schema

# Rows fetched at a time when one whole frame is asked for.
FETCH = 50_000
# Longer lists of values are not sent: databases limit how many one statement may hold.
MAX_SENT_VALUES = 500


class SqlDataLoader(DataLoader):
    """Rows of a table or a query; columns and filters become SQL, values are always bound.

    Filters on numbers, and on strings by ``==`` and ``in``, are sent to the database: a column
    declared a number has to be stored as numbers. Databases differ in how they order strings and
    in what a boolean or a time is, so that other filters are applied to what was loaded.

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
    >>> SqlDataLoader("postgresql://me:secret@host/db?sslmode=require", table="flights")
    SqlDataLoader(postgresql://me:***@host/db?sslmode=***, table flights)
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
        except (ArgumentError, ValueError):
            raise SourceError(
                "the database URL can't be read; write it like sqlite:///file.sqlite"
            ) from None
        self.table = table
        self.query = query

    def _from(self) -> sa.FromClause | sa.TextClause:
        if self.table is not None:
            schema, _, name = self.table.rpartition(".")
            return sa.table(name, schema=schema or None)
        # A colon is the query's own and names no value to bind; a line end closes a comment.
        query = str(self.query).rstrip().rstrip(";").replace(":", r"\:")
        return sa.text(f"({query}\n) AS source")

    @contextmanager
    def _executed(self, select: sa.Select[Any]) -> Iterator[sa.CursorResult[Any]]:
        if self.url.get_backend_name() == "sqlite":
            # SQLite would make an empty database of a mistyped name.
            path = self.url.database or "the URL names no file"
            if not Path(path).is_file():
                raise SourceError(f"{path}: no such SQLite file; check the path")
        try:
            with self._connection() as connection:
                yield connection.execute(select)
        except SQLAlchemyError as error:
            # The error that it came from is not kept: a driver may have put the password there.
            fault = getattr(error, "orig", None) or error
            raise SourceError(f"{self._place()}: {self._without_secrets(str(fault))}") from None

    @contextmanager
    def _connection(self) -> Iterator[sa.Connection]:
        try:
            engine = sa.create_engine(self.url, hide_parameters=True)
            connection = engine.connect()
        except (NoSuchModuleError, ModuleNotFoundError) as error:
            raise SourceError(f"{self._place()}: no driver for this database: {error}") from error
        except (TypeError, ValueError) as error:
            told = self._without_secrets(str(error))
            raise SourceError(f"{self._place()}: a parameter of the URL is wrong: {told}") from None
        try:
            yield connection.execution_options(stream_results=True)
        finally:
            connection.close()
            engine.dispose()

    def _stored_columns(self) -> list[str]:
        select = sa.select(sa.text("*")).select_from(self._from()).limit(0)
        with self._executed(select) as result:
            return list(result.keys())

    def _read(
        self, columns: list[str], filters: Sequence[Filter], chunk_size: int | None
    ) -> Iterator[pd.DataFrame]:
        wanted: list[sa.ColumnClause[Any]] = [sa.column(name) for name in columns]
        select = sa.select(*wanted).select_from(self._from())
        for name, comparison, value in filters:
            if _can_be_sent(comparison, value):
                column: sa.ColumnClause[Any] = sa.column(name)
                select = select.where(
                    column.in_(value)
                    if isinstance(value, list)
                    else cast("sa.ColumnElement[bool]", COMPARISONS[comparison](column, value))
                )
        with self._executed(select) as result:
            parts = (self._frame(part, columns) for part in result.partitions(chunk_size or FETCH))
            if chunk_size is None:
                yield pd.concat([*parts] or [self._frame([], columns)], ignore_index=True)
                return
            given = False
            for part in parts:
                given = True
                yield part
            if not given:
                yield self._frame([], columns)

    def _frame(self, rows: Sequence[sa.Row[Any]], columns: list[str]) -> pd.DataFrame:
        frame = pd.DataFrame(rows, columns=columns, dtype=object)
        # Declared columns stay Python objects until the check turns them: guessed first, a whole
        # number beside a missing one would be rounded to a float.
        return frame.infer_objects() if self.declared is None else frame

    def _described(self) -> dict[str, object]:
        described: dict[str, object] = {"kind": "sql", "url": self._shown_url()}
        if self.query is None:
            described["table"] = self.table
        else:
            # Not the text, whose literals may be nobody's business.
            described["query_sha256"] = hashlib.sha256(self.query.encode()).hexdigest()
        if self.url.get_backend_name() == "sqlite" and Path(self.url.database or "").is_file():
            with Path(self.url.database or "").open("rb") as file:
                described["sha256"] = hashlib.file_digest(file, "sha256").hexdigest()
        return described

    def _place(self) -> str:
        what = f"table {self.table}" if self.table else "a query"
        return f"{self._shown_url()}, {what}"

    def _shown_url(self) -> str:
        # Drivers take passwords as parameters too, under many names.
        hidden = self.url.set(query=dict.fromkeys(self.url.query, "hidden"))
        return re.sub(r"=hidden\b", "=***", hidden.render_as_string(hide_password=True))

    def _without_secrets(self, told: str) -> str:
        secrets = [self.url.password]
        for name, values in self.url.normalized_query.items():
            if re.search("pass|pwd|secret|token|key", name, re.IGNORECASE):
                secrets += values
        for secret in filter(None, secrets):
            told = told.replace(secret, "***")
        return " ".join(told.split())


def _can_be_sent(comparison: str, value: object) -> bool:
    values = value if isinstance(value, list) else [value]
    numbers = all(isinstance(one, int | float) and not isinstance(one, bool) for one in values)
    strings = all(isinstance(one, str) for one in values) and comparison in ("==", "in")
    return (numbers or strings) and len(values) <= MAX_SENT_VALUES
