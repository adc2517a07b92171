"""A file is found wherever fsspec finds it, and what is secret of its place is not shown."""

from pathlib import Path

import fsspec
import pytest

from ropewalk.data_loaders import (
    CsvDataLoader,
    DataLoaderError,
    ParquetDataLoader,
    SourceError,
    read_source,
)


@pytest.mark.parametrize("load", [CsvDataLoader, ParquetDataLoader])
def test_missing_empty_and_folder_sources_are_told(
    load: type[CsvDataLoader | ParquetDataLoader], tmp_path: Path
) -> None:
    (tmp_path / "empty").touch()

    for path, told in {
        str(tmp_path / "missing"): "no such file",
        str(tmp_path / "empty"): "is empty",
        str(tmp_path): "is a folder",
        "nosuchprotocol://x": "can't be reached",
    }.items():
        with pytest.raises(SourceError, match=told):
            load(path).load()
        with pytest.raises(SourceError, match=told):
            load(path).lineage()


def test_a_file_is_read_from_any_fsspec_file_system() -> None:
    with fsspec.open("memory://folder/some.csv", "w") as file:
        file.write("a\n1\n")

    loader = read_source("memory://folder/some.csv")

    assert loader.load()["a"].to_list() == [1]
    assert loader.lineage()["bytes"] == 4


@pytest.mark.parametrize(
    "url",
    [
        "nosuchprotocol://me:hunter2@host/some.csv",
        "nosuchprotocol://hunter2@host/some.csv?a=b",
        "nosuchprotocol://host/some.csv?sv=1&sig=hunter2",
    ],
)
def test_a_secret_in_a_url_is_shown_nowhere(url: str) -> None:
    loader = CsvDataLoader(url)
    told = [repr(loader)]

    for step in (loader.load, loader.lineage, loader.schema):
        with pytest.raises(DataLoaderError) as error:
            step()
        told.append(str(error.value))

    assert "hunter2" not in " ".join(told)
    assert all("host/some.csv" in one for one in told)


def test_a_local_name_may_hold_anything(tmp_path: Path) -> None:
    path = tmp_path / "what? me@home.csv"
    path.write_text("a\n1\n")

    assert CsvDataLoader(str(path)).lineage()["path"] == str(path)
