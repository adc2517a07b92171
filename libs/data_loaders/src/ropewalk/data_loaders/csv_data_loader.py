"""Load delimited text."""

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from ropewalk.data_loaders.data_loader import DataLoader, Filter
from ropewalk.data_loaders.errors import SourceError
from ropewalk.data_loaders.file_source import FileSource
from ropewalk.data_loaders.schema import PANDAS_DTYPES, Schema


class CsvDataLoader(DataLoader):
    r"""Rows of a CSV file.

    Parameters
    ----------
    path : str
        A path or fsspec URL; compressed files (``.gz``, ``.zst``, ...) are read as they are.
    schema : Schema, optional
        What is declared of it. Declared types hold for all chunks; undeclared ones are guessed
        by pandas, in chunks anew for each.
    delimiter : str
        What separates the fields.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name, "some.csv")
    >>> _ = path.write_text("a,b\n1,x\n2,y\n")
    >>> CsvDataLoader(str(path)).load(columns=["b"], filters=[("a", ">", 1)])
       b
    0  y
    >>> folder.cleanup()
    """

    def __init__(self, path: str, schema: Schema | None = None, delimiter: str = ",") -> None:
        super().__init__(schema)
        self.source = FileSource(path)
        self.delimiter = delimiter

    def _stored_columns(self) -> list[str]:
        return list(next(self._parse(None, None, nrows=0)).columns)

    def _read(
        self, columns: list[str], filters: Sequence[Filter], chunk_size: int | None
    ) -> Iterator[pd.DataFrame]:
        types = {}
        for name in columns:
            # Times and booleans are turned by the check, which can say which row is wrong.
            if self.declared and self.declared.dtype(name) in ("int64", "float64", "string"):
                types[name] = PANDAS_DTYPES[self.declared.dtype(name)]
        rows = 0
        # Asked for some columns only, pandas lets a line with too many fields pass.
        some = None if columns == self._stored_columns() else columns
        for chunk in self._parse(some, types, chunksize=chunk_size):
            rows += len(chunk)
            yield chunk
        if not rows:
            raise SourceError(
                f"{self.source.path}: has a header and no rows; give a file with rows"
            )

    def _parse(
        self,
        columns: list[str] | None,
        types: Mapping[str, str] | None,
        nrows: int | None = None,
        chunksize: int | None = None,
    ) -> Iterator[pd.DataFrame]:
        self.source.require()

        def parse(dtype: Mapping[str, str] | type[str] | None) -> Iterator[pd.DataFrame]:
            read = pd.read_csv(
                self.source.path,
                sep=self.delimiter,
                usecols=columns,
                dtype=dtype,
                nrows=nrows,
                chunksize=chunksize,
                encoding="utf-8",
                low_memory=False,
            )
            if isinstance(read, pd.DataFrame):
                yield read if columns is None else read.loc[:, columns]
            else:
                with read:
                    for chunk in read:
                        yield chunk if columns is None else chunk.loc[:, columns]

        given = 0
        try:
            try:
                for chunk in parse(types):
                    given += 1
                    yield chunk
            except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError):
                raise
            except (ValueError, OverflowError):
                # A value is not of its declared type, and pandas does not say where: read text,
                # from where it stopped, and let the check find and show the rows.
                for number, chunk in enumerate(parse(str)):
                    if number >= given:
                        yield chunk
        except pd.errors.EmptyDataError:
            raise SourceError(
                f"{self.source.path}: is empty; give a CSV file with a header line"
            ) from None
        except UnicodeDecodeError as error:
            raise SourceError(
                f"{self.source.path}: is not UTF-8 text (byte {error.start}); save it as UTF-8"
            ) from error
        except pd.errors.ParserError as error:
            told = " ".join(str(error).split()).removeprefix("Error tokenizing data. C error: ")
            raise SourceError(f"{self.source.path}: is not well-formed CSV: {told}") from error

    def _described(self) -> dict[str, object]:
        return {"kind": "csv", **self.source.described()}

    def _place(self) -> str:
        return self.source.path
