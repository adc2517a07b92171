"""Load Parquet."""

from collections.abc import Iterator, Sequence

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from fsspec.core import url_to_fs

from ropewalk.data_loaders.data_loader import DataLoader, Filter
from ropewalk.data_loaders.errors import SourceError
from ropewalk.data_loaders.file_source import FileSource
from ropewalk.data_loaders.schema import Schema


class ParquetDataLoader(DataLoader):
    """Rows of a Parquet file; columns not asked for are not read.

    Parameters
    ----------
    path : str
        A path or fsspec URL.
    schema : Schema, optional
        What is declared of it.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name, "some.parquet")
    >>> pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}).to_parquet(path)
    >>> ParquetDataLoader(str(path)).load(columns=["b"], limit=1)
       b
    0  x
    >>> folder.cleanup()
    """

    def __init__(self, path: str, schema: Schema | None = None) -> None:
        super().__init__(schema)
        self.source = FileSource(path)

    def _open(self) -> pq.ParquetFile:
        self.source.require()
        filesystem, place = url_to_fs(self.source.path)
        try:
            return pq.ParquetFile(filesystem.open(place, "rb"))
        except pa.ArrowInvalid as error:
            raise SourceError(
                f"{self.source.path}: is not a Parquet file; check its kind and its content"
            ) from error

    def _stored_columns(self) -> list[str]:
        with self._open() as file:
            return list(file.schema_arrow.names)

    def _read(
        self, columns: list[str], filters: Sequence[Filter], chunk_size: int | None
    ) -> Iterator[pd.DataFrame]:
        with self._open() as file:
            if file.metadata.num_rows == 0:
                raise SourceError(f"{self.source.path}: has no rows; give a file with rows")
            try:
                if chunk_size is None:
                    # Split blocks and self-destruct: the fastest way, and no second copy.
                    table = file.read(columns=columns)
                    yield table.select(columns).to_pandas(split_blocks=True, self_destruct=True)
                    return
                for batch in file.iter_batches(batch_size=chunk_size, columns=columns):
                    yield batch.select(columns).to_pandas()
            except (pa.ArrowException, OSError) as error:
                told = str(error).splitlines()[0]
                raise SourceError(f"{self.source.path}: is damaged: {told}") from error

    def _described(self) -> dict[str, object]:
        return {"kind": "parquet", **self.source.described()}

    def _place(self) -> str:
        return self.source.path
