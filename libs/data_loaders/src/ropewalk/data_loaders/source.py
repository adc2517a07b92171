"""Sources by configuration: a YAML file that says which loader reads what."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from ropewalk.data_loaders.configuration import parse, read_yaml
from ropewalk.data_loaders.csv_data_loader import CsvDataLoader
from ropewalk.data_loaders.data_loader import DataLoader
from ropewalk.data_loaders.errors import ConfigurationError, did_you_mean
from ropewalk.data_loaders.join_data_loader import Join, JoinDataLoader
from ropewalk.data_loaders.parquet_data_loader import ParquetDataLoader
from ropewalk.data_loaders.schema import Schema
from ropewalk.data_loaders.sql_data_loader import SqlDataLoader


class _Source(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    # Inline, or the path of a YAML file that several sources share.
    declared: Schema | str | None = Field(default=None, alias="schema")

    def schema_in(self, folder: Path) -> Schema | None:
        """Give the declared schema; a path counts from the folder of the source file."""
        if isinstance(self.declared, str):
            return Schema.read(folder / self.declared)
        return self.declared


class CsvSource(_Source):
    """A CSV file."""

    kind: Literal["csv"]
    path: str
    delimiter: str = Field(default=",", min_length=1, max_length=1)

    def loader(self, folder: Path) -> DataLoader:
        """Make the loader."""
        return CsvDataLoader(_in(folder, self.path), self.schema_in(folder), self.delimiter)


class ParquetSource(_Source):
    """A Parquet file."""

    kind: Literal["parquet"]
    path: str

    def loader(self, folder: Path) -> DataLoader:
        """Make the loader."""
        return ParquetDataLoader(_in(folder, self.path), self.schema_in(folder))


class SqlSource(_Source):
    """A table or query of a database, by URL or by the environment variable that holds one."""

    kind: Literal["sql"]
    url: str | None = Field(default=None, repr=False)
    url_env: str | None = None
    table: str | None = None
    query: str | None = None

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        for one, other in (("url", "url_env"), ("table", "query")):
            if (getattr(self, one) is None) == (getattr(self, other) is None):
                raise ValueError(f"an SQL source needs either {one} or {other}: give exactly one")
        return self

    def loader(self, folder: Path) -> DataLoader:
        """Make the loader."""
        given = self.url or os.environ.get(self.url_env or "")
        if not given:
            raise ConfigurationError(
                f"the environment variable '{self.url_env}' is not set: set it to a database URL"
            )
        try:
            url = make_url(given)
        except (ArgumentError, ValueError):
            raise ConfigurationError(
                "the database URL can't be read; write it like sqlite:///file.sqlite"
            ) from None
        if url.get_backend_name() == "sqlite" and url.database:
            url = url.set(database=_in(folder, url.database))
        return SqlDataLoader(
            url.render_as_string(hide_password=False),
            self.table,
            self.query,
            self.schema_in(folder),
        )


class JoinedSource(BaseModel):
    """One source to look rows up in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    right: "AnySource"
    keys: dict[str, str] | list[str] = Field(min_length=1)
    prefix: str = ""


class JoinSource(BaseModel):
    """Sources joined."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["join"]
    left: "AnySource"
    joins: list[JoinedSource] = Field(min_length=1)

    def loader(self, folder: Path) -> DataLoader:
        """Make the loader."""
        joins = [
            Join(
                join.right.loader(folder),
                (join.keys if isinstance(join.keys, dict) else {key: key for key in join.keys}),
                join.prefix,
            )
            for join in self.joins
        ]
        return JoinDataLoader(self.left.loader(folder), joins)


AnySource = Annotated[
    CsvSource | ParquetSource | SqlSource | JoinSource, Field(discriminator="kind")
]


class _SourceFile(BaseModel):
    # A URL may hold a password, and pydantic's errors show what was given.
    model_config = ConfigDict(hide_input_in_errors=True)

    source: AnySource

    def loader(self, folder: Path) -> DataLoader:
        return self.source.loader(folder)


_BARE: Mapping[str, type[CsvDataLoader | ParquetDataLoader]] = {
    ".csv": CsvDataLoader,
    ".parquet": ParquetDataLoader,
}


def read_source(path: str | Path, schema: Schema | None = None) -> DataLoader:
    r"""Make the loader that a source file describes.

    Parameters
    ----------
    path : str or Path
        A YAML file with a `kind` (csv, parquet, sql or join) and what that kind needs; paths in
        it count from its folder. Or a ``.csv`` or ``.parquet`` file itself.
    schema : Schema, optional
        What is declared of a ``.csv`` or ``.parquet`` file; a YAML file declares its own.

    Returns
    -------
    DataLoader
        A loader. Nothing is read yet, except what a join needs to know its columns.

    Raises
    ------
    ConfigurationError
        If the file is missing, not of a known kind, or has unknown or missing keys.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> folder = tempfile.TemporaryDirectory()
    >>> _ = pathlib.Path(folder.name, "some.csv").write_text("a;b\n1;x\n")
    >>> path = pathlib.Path(folder.name, "source.yaml")
    >>> _ = path.write_text("{kind: csv, path: some.csv, delimiter: ;}")
    >>> read_source(path).load()
       a  b
    0  1  x
    >>> folder.cleanup()
    """
    # As it is: a Path would make one slash of the two of a URL.
    place = str(path)
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix in _BARE:
        return _BARE[suffix](place, schema)
    if suffix not in (".yaml", ".yml"):
        allowed = [".csv", ".parquet", ".yaml"]
        raise ConfigurationError(
            f"{path}: a source ends in .csv, .parquet or .yaml (a source file), "
            f"given '{suffix}'; {did_you_mean(suffix, allowed)}"
        )
    given = read_yaml(path)
    return parse(_SourceFile, {"source": given}, str(path)).loader(path.parent)


def _in(folder: Path, path: str) -> str:
    return path if "://" in path else str(folder / path)
