"""Load Parquet."""

from collections.abc import Iterator, Sequence
from functools import reduce
from operator import and_

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from fsspec.core import url_to_fs
from pyarrow.fs import FSSpecHandler, PyFileSystem

from ropewalk.data_loaders.data_loader import DataLoader
from ropewalk.data_loaders.errors import SourceError
from ropewalk.data_loaders.file_source import FileSource
from ropewalk.data_loaders.filters import COMPARISONS, Filter
from ropewalk.data_loaders.schema import Schema


class ParquetDataLoader(DataLoader):
    """Rows of a Parquet file; columns not asked for, and row groups filtered out, are not read.

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
            return pq.ParquetFile(filesystem.open(place, "rb"), page_checksum_verification=True)
        except pa.ArrowInvalid as error:
            raise SourceError(
                f"{self._place()}: is not a Parquet file; check its kind and its content"
            ) from error

    def _stored_columns(self) -> list[str]:
        with self._open() as file:
            return list(file.schema_arrow.names)

    def _read(
        self, columns: list[str], filters: Sequence[Filter], chunk_size: int | None
    ) -> Iterator[pd.DataFrame]:
        # Stored whole numbers stay whole beside missing ones where the check types them: a
        # number declared a string is not to become 1.0.
        options = {"ignore_metadata": True, "integer_object_nulls": self.declared is not None}
        with self._open() as file:
            if file.metadata.num_rows == 0:
                raise SourceError(f"{self._place()}: has no rows; give a file with rows")
            groups = self._row_groups(file, filters)
            try:
                if chunk_size is None or not groups:
                    # Split blocks and self-destruct: the fastest way, and no second copy.
                    table = file.read_row_groups(groups, columns=columns).select(columns)
                    yield table.to_pandas(split_blocks=True, self_destruct=True, **options)
                    return
                for batch in file.iter_batches(chunk_size, row_groups=groups, columns=columns):
                    yield batch.select(columns).to_pandas(**options)
            except (ConnectionError, TimeoutError):
                raise
            except (pa.ArrowException, OSError) as error:
                told = str(error).splitlines()[0]
                raise SourceError(f"{self._place()}: is damaged: {told}") from error

    def _row_groups(self, file: pq.ParquetFile, filters: Sequence[Filter]) -> list[int]:
        """Give the row groups that may hold rows which fulfil the filters."""
        conditions = []
        for name, comparison, value in filters:
            # A shorter float compares otherwise in pandas than in Arrow.
            if file.schema_arrow.field(name).type not in (pa.float16(), pa.float32()):
                conditions.append(COMPARISONS[comparison](pc.field(name), value))
        if conditions:
            filesystem, place = url_to_fs(self.source.path)
            fragment = ds.ParquetFileFormat().make_fragment(
                place, PyFileSystem(FSSpecHandler(filesystem))
            )
            try:
                subset = fragment.subset(reduce(and_, conditions), schema=file.schema_arrow)
                return [group.id for group in subset.row_groups]
            except pa.ArrowException:
                # Stored as another type than declared: the check turns it, then rows are filtered.
                pass
        return list(range(file.num_row_groups))

    def _described(self) -> dict[str, object]:
        return {"kind": "parquet", **self.source.described()}

    def _place(self) -> str:
        return self.source.shown
