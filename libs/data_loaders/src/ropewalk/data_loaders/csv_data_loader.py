"""Load delimited text."""

import lzma
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pandas as pd

from ropewalk.data_loaders.data_loader import DataLoader
from ropewalk.data_loaders.errors import SourceError
from ropewalk.data_loaders.file_source import FileSource
from ropewalk.data_loaders.filters import Filter
from ropewalk.data_loaders.schema import Schema


class CsvDataLoader(DataLoader):
    r"""Rows of a CSV file.

    Parameters
    ----------
    path : str
        A path or fsspec URL; compressed files (``.gz``, ``.zst``, ...) are read as they are.
    schema : Schema, optional
        What is declared of it. Types of undeclared columns are guessed by pandas.
    delimiter : str
        The one character that separates the fields.

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
        if len(delimiter) != 1:
            raise SourceError(f"the delimiter is {delimiter!r}; give one character")
        self.source = FileSource(path)
        self.delimiter = delimiter

    def _stored_columns(self) -> list[str]:
        self.source.require()
        with self._unreadable_told():
            # The first row too: pandas would take one that is too long for an unnamed index,
            # and so give each value to its neighbour's column.
            lines = pd.read_csv(
                self.source.path,
                sep=self.delimiter,
                header=None,
                nrows=2,
                dtype=str,
                keep_default_na=False,
                encoding="utf-8",
            )
        # A column without a name has the one that pandas gives it.
        return [name or f"Unnamed: {i}" for i, name in enumerate(lines.iloc[0])]

    def _read(
        self, columns: list[str], filters: Sequence[Filter], chunk_size: int | None
    ) -> Iterator[pd.DataFrame]:
        # Numbers and booleans are turned by the check, which can say which row is wrong; of
        # other text every character counts, as in 007.
        text = {
            name: "str"
            for name in columns
            if self.declared and self.declared.dtype(name) in ("string", "datetime")
        }
        rows = 0
        with self._unreadable_told():
            # All columns, whichever are asked for: of some columns only, pandas lets a line
            # with too many fields pass.
            read = pd.read_csv(
                self.source.path,
                sep=self.delimiter,
                index_col=False,
                dtype=text,
                chunksize=chunk_size,
                encoding="utf-8",
                low_memory=False,
            )
            if isinstance(read, pd.DataFrame):
                rows = len(read)
                yield read[columns]
            else:
                with read:
                    for chunk in read:
                        rows += len(chunk)
                        yield chunk[columns]
        if not rows:
            raise SourceError(f"{self._place()}: has a header and no rows; give a file with rows")

    @contextmanager
    def _unreadable_told(self) -> Iterator[None]:
        try:
            yield
        except pd.errors.EmptyDataError:
            raise SourceError(
                f"{self._place()}: is empty; give a CSV file with a header line"
            ) from None
        except UnicodeDecodeError as error:
            raise SourceError(f"{self._place()}: is not UTF-8 text; save it as UTF-8") from error
        except pd.errors.ParserError as error:
            told = " ".join(str(error).split()).removeprefix("Error tokenizing data. C error: ")
            raise SourceError(f"{self._place()}: is not well-formed CSV: {told}") from error
        except (EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile) as error:
            raise SourceError(f"{self._place()}: its compression is damaged: {error}") from error

    def _described(self) -> dict[str, object]:
        return {"kind": "csv", **self.source.described()}

    def _place(self) -> str:
        return self.source.shown
