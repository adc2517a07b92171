"""What was measured, as it is kept in figures.json; the plot and README's table are made of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from statistics import median
from typing import Literal

from pydantic import BaseModel, ConfigDict

Kind = Literal["leaf", "middle", "hub"]
THIS = "this repository"


class _Figures(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Answers(_Figures):
    """Seconds from a change to the answer, again and again.

    The first answer is given by a fresh daemon, and so are no others.
    """

    first: float
    affected: tuple[float, ...]
    pants: tuple[float, ...]


class Verdict(_Figures):
    """Seconds from a one-line change to the verdict of its tests, and those of bare pytest."""

    path: str
    test_files: int
    affected: tuple[float, ...]
    pants_test: tuple[float, ...]
    pytest: tuple[float, ...]

    @property
    def seconds(self) -> float:
        """The median from the change to the verdict."""
        return median(map(sum, zip(self.affected, self.pants_test, strict=True)))

    @property
    def allowed(self) -> float:
        """What bare pytest lets it take."""
        return 1.3 * median(self.pytest) + 0.5


class Change(_Figures):
    """A change of one module's number: counts of test files, and the time of the answer."""

    kind: Kind
    module: str
    libs: int
    seconds: float
    selected: int
    needed: int
    missed: int
    folder: int
    folder_missed: int
    red: int
    red_missed: int
    folder_red_missed: int


class Measured(_Figures):
    """What was measured in one repository."""

    name: str
    libs: int
    modules: int
    test_files: int
    seconds_per_test: float = 0.0
    answers: Answers
    verdicts: tuple[Verdict, ...] = ()
    changes: tuple[Change, ...] = ()

    def mean(self, kind: Kind, of: Callable[[Change], float]) -> float:
        """Return the mean of a figure of the changes of one kind."""
        return _mean(of(change) for change in self.changes if change.kind == kind)


class Figures(_Figures):
    """All that was measured, and where."""

    machine: str
    versions: str
    seed: int
    repos: tuple[Measured, ...]


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return sum(listed) / len(listed)
