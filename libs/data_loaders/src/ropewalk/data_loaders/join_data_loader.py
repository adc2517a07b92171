"""Join sources into one frame."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from ropewalk.data_loaders.data_loader import DataLoader
from ropewalk.data_loaders.errors import ColumnError, SourceError, did_you_mean
from ropewalk.data_loaders.filters import Filter
from ropewalk.data_loaders.schema import ALWAYS, Column, DerivedTime, Schema


@dataclass(frozen=True)
class Join:
    """One left join.

    Parameters
    ----------
    right : DataLoader
        The source to look rows up in; its keys must be unique. Rows without a key are never found.
    keys : mapping of str to str
        Left column to right column.
    prefix : str
        Put before the names of the right columns. The right keys are not kept: they equal the
        left ones.
    """

    right: DataLoader
    keys: Mapping[str, str]
    prefix: str = ""


class JoinDataLoader(DataLoader):
    r"""Rows of one source with what other sources know of them; itself a loader.

    The schemas are merged: a right column may be missing (its row may be), and a right
    ``known_at`` follows its time column's new name. The left source may be larger than memory,
    the right ones are read whole.

    Parameters
    ----------
    left : DataLoader
        Gives the rows and their order.
    joins : sequence of Join
        What is looked up, in this order.

    Raises
    ------
    ColumnError
        If a key is no column, or a right column has the name of another one.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from ropewalk.data_loaders import CsvDataLoader
    >>> folder = tempfile.TemporaryDirectory()
    >>> flights, airlines = (pathlib.Path(folder.name, f"{n}.csv") for n in ("flights", "airlines"))
    >>> _ = flights.write_text("flight,carrier\n1,UA\n2,XX\n")
    >>> _ = airlines.write_text("code,name\nUA,United\n")
    >>> join = Join(CsvDataLoader(str(airlines)), {"carrier": "code"}, prefix="airline_")
    >>> JoinDataLoader(CsvDataLoader(str(flights)), [join]).load()
       flight carrier airline_name
    0       1      UA       United
    1       2      XX          NaN
    >>> folder.cleanup()
    """

    def __init__(self, left: DataLoader, joins: Sequence[Join]) -> None:
        self.left = left
        self.joins = tuple(joins)
        taken = list(left.schema().column_names)
        for join in self.joins:
            names = join.right.schema().column_names
            if len({*join.keys.values()}) < max(1, len(join.keys)):
                raise ColumnError(
                    f"the join with {join.right._place()} needs one or more keys, each with a "
                    f"right column of its own; given {dict(join.keys)}"
                )
            for name, key in join.keys.items():
                if name not in taken:
                    raise ColumnError(
                        f"join key '{name}' is no column of {left._place()}; "
                        f"{did_you_mean(name, taken)}"
                    )
                if key not in names:
                    raise ColumnError(
                        f"join key '{key}' is no column of {join.right._place()}; "
                        f"{did_you_mean(key, names)}"
                    )
            for name in self._renamed(join).values():
                if name in taken:
                    raise ColumnError(
                        f"column '{name}' of {join.right._place()} is there already: "
                        "give the join a prefix"
                    )
            taken += self._renamed(join).values()
        super().__init__(self._merged())

    @staticmethod
    def _renamed(join: Join) -> dict[str, str]:
        """Map each right column that is kept to its name in the joined frame."""
        keys = join.keys.values()
        names = join.right.schema().column_names
        return {name: join.prefix + name for name in names if name not in keys}

    def _merged(self) -> Schema:
        schema = self.left.schema()
        columns: dict[str, Column] = dict(schema.columns)
        times: dict[str, DerivedTime] = dict(schema.times)
        for join in self.joins:
            names = self._renamed(join)
            right = join.right.schema()
            # Where the right time is a key, the left key is the same time.
            left_names = {key: name for name, key in join.keys.items()} | names
            for name, new in names.items():
                known = right.known_at(name)
                update: dict[str, object] = {
                    "known_at": known if known in (ALWAYS, None) else left_names[known]
                }
                column = right.select([name]).columns[name]
                if column.dtype in ("int64", "bool"):
                    # No whole number or boolean says "no such row".
                    update["dtype"] = "float64"
                columns[new] = column.model_copy(update={**update, "nullable": True})
        return Schema(columns=columns, times=times)

    def _stored_columns(self) -> list[str]:
        return list(self.schema().columns)

    def _read(
        self, columns: list[str], filters: Sequence[Filter], chunk_size: int | None
    ) -> Iterator[pd.DataFrame]:
        left_columns = self.left.schema().column_names
        lookups: list[tuple[Join, dict[str, str]]] = []
        # The last join first: a join may look up by what an earlier one brought.
        wanted = set(columns)
        for join in reversed(self.joins):
            names = {name: new for name, new in self._renamed(join).items() if new in wanted}
            if names:
                wanted |= set(join.keys)
                lookups.insert(0, (join, names))
        needed = [name for name in left_columns if name in wanted]
        rights = [(join, self._lookup(join, names)) for join, names in lookups]
        pushed = [one for one in filters if one[0] in left_columns]
        for chunk in self.left._chunks(chunk_size, needed, pushed, None):
            for join, right in rights:
                try:
                    chunk = chunk.merge(right, how="left", on=list(join.keys))
                except ValueError as error:
                    raise ColumnError(
                        f"{join.right._place()}: its keys can't be joined with the left ones: "
                        f"{' by '.join(_told(frame, join.keys) for frame in (chunk, right))}; "
                        "declare the same dtypes"
                    ) from error
            yield chunk[columns]

    @staticmethod
    def _lookup(join: Join, names: Mapping[str, str]) -> pd.DataFrame:
        keys = [*join.keys.values()]
        # pandas would find a row without a key for every other row without one.
        right = join.right.load(columns=[*keys, *names]).dropna(subset=keys)
        twice = right.duplicated(keys)
        if twice.any():
            row = right.loc[twice, keys].iloc[0]
            raise SourceError(
                f"{join.right._place()}: {int(twice.sum()):,} rows repeat a key of the join "
                "(first: "
                f"{', '.join(f'{key}={value}' for key, value in row.items())}): "
                "a row would count twice; make the keys unique"
            )
        left_names = {key: name for name, key in join.keys.items()}
        return right.rename(columns={**left_names, **names})

    def _checked(self, chunk: pd.DataFrame) -> pd.DataFrame:
        # Each source has checked its own rows; a missed lookup alone can change a type.
        assert self.declared is not None
        numbers = {
            name: "float64"
            for name in chunk.columns
            if self.declared.columns[name].dtype == "float64" and chunk[name].dtype != "float64"
        }
        return chunk.astype(numbers) if numbers else chunk

    def _described(self) -> dict[str, object]:
        return {
            "kind": "join",
            "left": self.left.lineage(),
            "joins": [
                {"keys": dict(join.keys), "prefix": join.prefix, "right": join.right.lineage()}
                for join in self.joins
            ],
        }

    def _place(self) -> str:
        rights = ", ".join(join.right._place() for join in self.joins)
        return f"{self.left._place()} joined with {rights}"


def _told(frame: pd.DataFrame, names: Iterable[str]) -> str:
    return ", ".join(f"{name} ({frame.dtypes[name]})" for name in names)
