"""What is asked of a database, what comes back, and what is never shown."""

import sqlite3
from pathlib import Path
from typing import NoReturn

import pandas as pd
import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from ropewalk.data_loaders import Schema, SourceError, SqlDataLoader

FOREVER = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c"


@pytest.fixture
def url(tmp_path: Path) -> str:
    path = tmp_path / "some.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE t (a, b)")
    connection.executemany("INSERT INTO t VALUES (?, ?)", [(1, "x"), (None, "y"), (3, None)])
    connection.execute("CREATE TABLE no_rows (a, b, c)")
    connection.commit()
    connection.close()
    return f"sqlite:///{path}"


def sent_by(loader: SqlDataLoader, **arguments: object) -> list[str]:
    """Give the statements that a load sends to the database."""
    sent: list[str] = []

    def note(*given: object) -> None:
        sent.append(str(given[2]))

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        loader.load(**arguments)  # type: ignore[arg-type]
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    return sent


def test_only_columns_and_rows_asked_for_are_asked_of_the_database(url: str) -> None:
    *_, sent = sent_by(
        SqlDataLoader(url, table="t"), columns=["a"], filters=[("b", "==", "x"), ("a", "<", 5)]
    )

    assert " ".join(sent.split()) == "SELECT a, b FROM t WHERE b = ? AND a < ?"


@pytest.mark.parametrize(
    "condition",
    [
        ("b", "<", "x"),
        ("b", "!=", "x"),
        ("a", "==", True),
        ("a", "in", [*range(1000)]),
    ],
)
def test_what_databases_do_differently_is_filtered_after_loading(
    url: str, condition: tuple[str, str, object]
) -> None:
    *_, sent = sent_by(SqlDataLoader(url, table="t"), filters=[condition])

    assert "WHERE" not in sent


def test_a_boolean_that_is_text_is_found_by_a_filter(tmp_path: Path) -> None:
    path = tmp_path / "some.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE t AS SELECT 'true' AS late, '2013-01-01 10:00:00' AS at")
    connection.commit()
    connection.close()
    schema = {"columns": {"late": {"dtype": "bool"}, "at": {"dtype": "datetime"}}}
    loader = SqlDataLoader(f"sqlite:///{path}", "t", schema=Schema.model_validate(schema))

    assert len(loader.load(filters=[("late", "==", True)])) == 1
    assert len(loader.load(filters=[("at", "==", "2013-01-01T10:00:00Z")])) == 1


def test_a_limit_streams(url: str) -> None:
    loader = SqlDataLoader(url, query=FOREVER)

    assert loader.load(limit=5)["x"].to_list() == [1, 2, 3, 4, 5]
    assert len(next(loader.iter_chunks(chunk_size=3))) == 3


def test_an_empty_result_keeps_its_schema(url: str) -> None:
    declared = {"a": {"dtype": "int64"}, "b": {"dtype": "bool"}, "c": {"dtype": "datetime"}}
    schema = Schema.model_validate({"columns": declared})
    loader = SqlDataLoader(url, "no_rows", schema=schema)

    for frame in (loader.load(), loader.load(limit=1), *loader.iter_chunks()):
        assert len(frame) == 0
        assert [str(dtype) for dtype in frame.dtypes] == ["int64", "bool", "datetime64[us, UTC]"]
    assert list(SqlDataLoader(url, "no_rows").load().columns) == ["a", "b", "c"]


def test_whole_numbers_beside_missing_ones_stay_whole(url: str) -> None:
    text = {"columns": {"a": {"dtype": "string", "nullable": True}}}

    declared = SqlDataLoader(url, "t", schema=Schema.model_validate(text)).load()
    guessed = SqlDataLoader(url, "t").load()

    assert declared["a"].to_list()[::2] == ["1", "3"]
    assert guessed["a"].dtype == "float64"


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("SELECT 'x' AS v;", "x"),
        ("SELECT 'x' AS v -- all of it", "x"),
        ("SELECT ':x 12:30 y::z' AS v", ":x 12:30 y::z"),
        ("SELECT 'a%b?' AS v", "a%b?"),
    ],
)
def test_a_query_is_taken_as_it_is_written(url: str, query: str, value: str) -> None:
    assert SqlDataLoader(url, query=query).load().to_dict("list") == {"v": [value]}


@pytest.mark.parametrize("query", ["DELETE FROM t", "INSERT INTO t VALUES (1, 2)"])
def test_a_query_changes_nothing(url: str, query: str) -> None:
    with pytest.raises(SourceError, match="syntax error"):
        SqlDataLoader(url, query=query).load()
    assert len(SqlDataLoader(url, table="t").load()) == 3


def test_a_name_with_a_schema_is_found(url: str) -> None:
    assert len(SqlDataLoader(url, table="main.t").load()) == 3


def test_faults_are_told(url: str, tmp_path: Path) -> None:
    (tmp_path / "text.sqlite").write_text("no database at all, but long enough to be read as one")

    for source, told in {
        f"sqlite:///{tmp_path}/missing.sqlite": "missing.sqlite: no such SQLite file",
        "sqlite://": "the URL names no file: no such SQLite file",
        f"sqlite:///{tmp_path}/text.sqlite": "file is not a database",
        f"{url}?timeout=soon": "a parameter of the URL is wrong",
        "nosuch://host/db": "no driver for this database",
    }.items():
        with pytest.raises(SourceError, match=told) as error:
            SqlDataLoader(source, table="t").load()
        assert "\n" not in str(error.value)
    assert not (tmp_path / "missing.sqlite").exists()

    with pytest.raises(SourceError, match="no such table: tt"):
        SqlDataLoader(url, table="tt").load()
    with pytest.raises(SourceError, match="can't be read; write it like"):
        SqlDataLoader("me:hunter2@host", table="t")
    with pytest.raises(SourceError, match="exactly one"):
        SqlDataLoader(url, table="t", query="SELECT 1")


def test_a_fault_while_rows_come_is_told(url: str) -> None:
    late = "SELECT abs(CASE WHEN x = 60000 THEN -9223372036854775808 ELSE x END) AS y"

    with pytest.raises(SourceError, match="a query: integer overflow"):
        SqlDataLoader(url, query=f"{late} FROM ({FOREVER} LIMIT 70000)").load()


class Telltale(SQLiteDialect_pysqlite):
    """A database whose driver repeats in its error what it was given."""

    name = "telltale"
    supports_statement_cache = True

    def connect(self, *arguments: object, **given: object) -> NoReturn:
        raise sqlite3.OperationalError(f"no answer for {given}")

    def create_connect_args(self, url: sa.URL) -> tuple[list[str], dict[str, object]]:
        return [], {"password": url.password, **url.query}


def test_a_secret_in_a_url_is_shown_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.impls, "telltale", lambda: Telltale)
    secret = "telltale://me:hunter2@host/db?sslpassword=hunter3&mode=plain"
    loader = SqlDataLoader(secret, query="SELECT 'hunter4'")

    with pytest.raises(SourceError, match=r"no answer for .*\*\*\*.*plain") as error:
        loader.load()

    shown = f"{loader!r} {loader.lineage()} {error.value} {error.value.__cause__}"
    assert "hunter" not in shown
    assert "telltale://me:***@host/db?mode=***&sslpassword=***" in repr(loader)


def test_lineage_changes_with_content_and_query(url: str) -> None:
    before = SqlDataLoader(url, table="t").lineage()
    connection = sqlite3.connect(url.removeprefix("sqlite:///"))
    connection.execute("INSERT INTO t VALUES (4, 'z')")
    connection.commit()
    connection.close()

    assert SqlDataLoader(url, table="t").lineage() != before
    assert (
        SqlDataLoader(url, query="SELECT 1").lineage()["query_sha256"]
        != SqlDataLoader(url, query="SELECT 2").lineage()["query_sha256"]
    )


def test_many_rows_come_in_parts(url: str) -> None:
    loaded = SqlDataLoader(url, query=f"{FOREVER} LIMIT 120000").load()

    pd.testing.assert_series_equal(loaded["x"], pd.Series(range(1, 120_001), name="x"))
