"""A source file makes its loader, and a mistake in it is told."""

from pathlib import Path

import pytest

from ropewalk.data_loaders import ConfigurationError, CsvDataLoader, read_source


def test_paths_count_from_the_source_file(tmp_path: Path) -> None:
    (tmp_path / "some.csv").write_text("a;b\n1;2\n")
    (tmp_path / "schema.yaml").write_text("columns: {b: {dtype: string}}")
    (tmp_path / "source.yaml").write_text(
        "{kind: csv, path: some.csv, delimiter: ;, schema: schema.yaml}"
    )

    loaded = read_source(tmp_path / "source.yaml").load()

    assert loaded.to_dict("list") == {"b": ["2"]}


def test_a_bare_file_is_a_source(tmp_path: Path) -> None:
    (tmp_path / "some.csv").write_text("a\n1\n")

    assert isinstance(read_source(tmp_path / "some.csv"), CsvDataLoader)
    with pytest.raises(ConfigurationError, match=r"given '.cvs'; did you mean '.csv'"):
        read_source(tmp_path / "some.cvs")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{kind: csv, pth: x}", "unknown key 'source.csv.pth': did you mean 'path'"),
        ("{kind: cvs, path: x}", "'csv', 'parquet', 'sql', 'join'"),
        ("{path: x}", "kind"),
        ("{kind: csv}", "key 'source.csv.path' is missing"),
        ("{kind: csv, path: x, delimiter: '||'}", "at most 1 character"),
        ("{kind: sql, table: t}", "source.yaml: .*either url or url_env: give exactly one"),
        ("{kind: sql, url: 'sqlite:///x'}", "source.yaml: .*either table or query"),
        ("{kind: sql, url: nonsense, table: t}", "write it like sqlite:///"),
        ("{kind: csv, path: x, schema: missing.yaml}", "missing.yaml: no such file"),
        ("{kind: sql, url_env: NO_SUCH_VARIABLE, table: t}", "'NO_SUCH_VARIABLE' is not set"),
        (
            "{kind: join, left: {kind: csv, path: x}, joins: [{kys: [a]}]}",
            "did you mean 'keys'",
        ),
    ],
)
def test_a_mistake_is_told(content: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "source.yaml"
    path.write_text(content)

    with pytest.raises(ConfigurationError, match=told):
        read_source(path)


def test_a_database_url_comes_from_the_environment_and_stays_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_URL", "postgresql://me:secret@host/db")
    path = tmp_path / "source.yaml"
    path.write_text("{kind: sql, url_env: SOME_URL, table: t}")

    loader = read_source(path)

    assert "secret" not in f"{loader!r} {loader.lineage()}"
    assert "***" in repr(loader)


@pytest.mark.parametrize(
    ("rest", "told"),
    [("tabel: t", "did you mean 'table'"), ("table: t, query: q", "either table or query")],
)
def test_a_secret_in_a_source_file_is_in_no_error(rest: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "source.yaml"
    path.write_text(f"{{kind: sql, {rest}, url: 'a://b:hunter2@c/d'}}")

    with pytest.raises(ConfigurationError, match=told) as error:
        read_source(path)

    assert "hunter2" not in f"{error.value} {error.value.__cause__}"


def test_keys_of_a_join_are_pairs_or_names(tmp_path: Path) -> None:
    (tmp_path / "left.csv").write_text("k,x\n1,2\n")
    (tmp_path / "right.csv").write_text("k,v\n1,a\n")
    source = "{kind: join, left: {kind: csv, path: left.csv}, joins: [{keys: KEYS, RIGHT}]}"
    right = "right: {kind: csv, path: right.csv}"

    loaded = []
    for keys in ("[k]", "{k: k}"):
        (tmp_path / "s.yaml").write_text(source.replace("KEYS", keys).replace("RIGHT", right))
        loaded.append(read_source(tmp_path / "s.yaml").load().to_dict("list"))

    assert loaded == [{"k": [1], "x": [2], "v": ["a"]}] * 2
