"""What a bundle's files are, and what made them."""

from __future__ import annotations

import hashlib
import platform
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Self

from ropewalk.models.common.json_text import read_json, write_json
from ropewalk.models.errors import BundleError, printable

MANIFEST = "manifest.json"
FORMAT = 1
REQUIRED = (
    "MLmodel",
    "card.md",
    "example.json",
    "input_schema.json",
    "lineage.json",
    "metrics.json",
    "output_schema.json",
    "pipeline.skops",
)
OPTIONAL = ("calibration.skops", "preparation.skops", "profile.json")

_PACKAGES = ("numpy", "pandas", "scikit-learn", "skops", "ropewalk-models")
# Within how many numbers of its version a package reads what another version of it wrote.
_SAME = {"numpy": 1, "pandas": 1, "scikit-learn": 2, "skops": 1}
_OLDEST_PYTHON = "3.11"
_RANGE = re.compile(r">=(\d{1,9}(?:\.\d{1,9})*)(?:,<(\d{1,9}(?:\.\d{1,9})*))?")


@dataclass(frozen=True)
class StoredFile:
    """Size and hash of one file.

    Parameters
    ----------
    size : int
        In bytes.
    sha256 : str
        SHA-256 of its bytes, as 64 hexadecimal digits.

    Examples
    --------
    >>> import os
    >>> empty = StoredFile.of(Path(os.devnull))
    >>> empty.size, empty.sha256[:8]
    (0, 'e3b0c442')
    """

    size: int
    sha256: str

    @classmethod
    def of(cls, path: Path) -> Self:
        """Measure a file, by small pieces."""
        with open(path, "rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            return cls(size=file.tell(), sha256=sha256)


@dataclass(frozen=True)
class Manifest:
    """What stands in `manifest.json`.

    Parameters
    ----------
    format : int
        Version of the bundle's layout.
    prediction_time : str
        Name of the time column at which a prediction is made.
    single_row_exact : bool or None
        Whether the model's form for single rows gives the same predictions; None if it has no
        such form, or nobody compared them.
    versions : mapping of str to str
        Of Python and the packages that made the bundle. This library is not among them when it
        runs from source, not installed.
    requires : mapping of str to str
        The versions of Python and the packages that can load it, such as ``>=1.9,<1.10``.
    files : mapping of str to StoredFile
        Every other file of the bundle.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as place:
    ...     _ = (Path(place) / "card.md").write_text("A model.")
    ...     manifest = Manifest.describe(Path(place), prediction_time="booked_at")
    >>> manifest.files["card.md"].size
    8
    """

    format: int
    prediction_time: str
    single_row_exact: bool | None
    versions: Mapping[str, str]
    requires: Mapping[str, str]
    files: Mapping[str, StoredFile]

    @classmethod
    def describe(
        cls, folder: Path, prediction_time: str, single_row_exact: bool | None = None
    ) -> Self:
        """Describe files that were made in this process.

        Parameters
        ----------
        folder : Path
            Where they are, and nothing else is.
        prediction_time : str
            Name of the time column at which a prediction is made.
        single_row_exact : bool, optional
            What `is_exact` found.
        """
        versions = {"python": platform.python_version()}
        for package in _PACKAGES:
            try:
                versions[package] = version(package)
            except PackageNotFoundError:
                continue  # Run from source.
        files = {path.name: StoredFile.of(path) for path in sorted(folder.iterdir())}
        requires = {"python": f">={_OLDEST_PYTHON}"}
        requires |= {package: _range(version(package), same) for package, same in _SAME.items()}
        return cls(FORMAT, prediction_time, single_row_exact, versions, requires, files)

    @classmethod
    def read(cls, content: bytes) -> Self:
        """Read a manifest, and refuse one that this process can't honour.

        Parameters
        ----------
        content : bytes
            The bytes of `manifest.json`.

        Raises
        ------
        BundleError
            If it is no manifest, is of a later format, lists a file that belongs to no bundle or
            lacks one that does, needs versions that are not here, or is written in another way
            than `write` does.
        """
        given = read_json(MANIFEST, content)
        _check_format(given.get("format"))
        time, exact = given.get("prediction_time"), given.get("single_row_exact")
        if not isinstance(time, str):
            raise BundleError(f"{MANIFEST}: no prediction_time in it: save the bundle again")
        if not (exact is None or isinstance(exact, bool)):
            raise BundleError(
                f"{MANIFEST}: single_row_exact is {printable(repr(exact))}: save the bundle again"
            )
        versions, requires, files = (
            _mapping(given, name) for name in ("versions", "requires", "files")
        )
        _check_names(list(files))
        _check_versions(requires)
        stored = {name: _stored(name, entry) for name, entry in files.items()}
        manifest = cls(FORMAT, time, exact, _texts(versions), _texts(requires), stored)
        if manifest.write() != content:
            # Whoever reads it must read the same: no name twice, and nothing beside.
            raise BundleError(f"{MANIFEST}: was changed or written by hand: save the bundle again")
        return manifest

    def write(self) -> bytes:
        """Give the bytes of `manifest.json`."""
        return write_json(MANIFEST, asdict(self))

    @property
    def digest(self) -> str:
        """The SHA-256 of `manifest.json`, which stands for all of the bundle."""
        return hashlib.sha256(self.write()).hexdigest()

    def check(self, path: Path) -> None:
        """Refuse a file whose bytes are others than when it was saved.

        Raises
        ------
        BundleError
            If size or hash differ.
        """
        name, found = path.name, StoredFile.of(path)
        expected = self.files[name]
        if found.size != expected.size:
            raise BundleError(
                f"{name}: {found.size} bytes, {expected.size} in {MANIFEST}:"
                " it was changed or cut off; copy the bundle again"
            )
        if found.sha256 != expected.sha256:
            raise BundleError(
                f"{name}: its sha256 is not the one in {MANIFEST}: it was changed;"
                " copy the bundle again"
            )


def _check_format(given: object) -> None:
    if not isinstance(given, int) or isinstance(given, bool) or given < 1:
        raise BundleError(
            f"{MANIFEST}: format is {printable(repr(given))}, no version: save the bundle again"
        )
    if given > FORMAT:
        raise BundleError(
            f"{MANIFEST}: format {given} is later than {FORMAT}, the latest that this version of"
            " ropewalk-models reads: install a newer one"
        )


def _check_names(given: list[str]) -> None:
    # Also keeps out "../x" and "/x": nothing but these names is ever opened.
    for name in given:
        if name not in REQUIRED + OPTIONAL:
            raise BundleError(
                f"{MANIFEST}: lists {printable(repr(name))}, which is no file of a bundle:"
                " don't use this bundle"
            )
    for name in REQUIRED:
        if name not in given:
            raise BundleError(f"{MANIFEST}: does not list {name}: save the bundle again")


def _range(made: str, same: int) -> str:
    """Give the versions whose first numbers are those of one version."""
    first = _numbers(made)[:same]
    return f">={_dotted(first)},<{_dotted((*first[:-1], first[-1] + 1))}"


def _check_versions(requires: Mapping[str, object]) -> None:
    for package in ("python", *_SAME):
        needed = str(requires.get(package))[:60]
        here = platform.python_version() if package == "python" else version(package)
        bounds = _RANGE.fullmatch(needed)
        if not bounds:
            raise BundleError(
                f"{MANIFEST}: needs {package} {printable(needed)}, which is no range of versions:"
                " save the bundle again"
            )
        low, high = (_numbers(bound) if bound else None for bound in bounds.groups())
        if (low and _numbers(here) < low) or (high and _numbers(here) >= high):
            raise BundleError(
                f"{MANIFEST}: needs {package} {needed}, and here is {here}: install"
                f" '{package}{needed}', or train again with what is here"
            )


def _numbers(given: str) -> tuple[int, ...]:
    """Give a version's numbers, up to what is no number: (1, 10) of 1.10rc1."""
    numbers = re.match(r"\d+(\.\d+)*", given)
    return tuple(int(number) for number in numbers[0].split(".")) if numbers else ()


def _dotted(numbers: tuple[int, ...]) -> str:
    return ".".join(map(str, numbers))


def _mapping(given: Mapping[str, object], name: str) -> dict[str, object]:
    value = given.get(name)
    if not isinstance(value, dict):
        raise BundleError(f"{MANIFEST}: no {name} in it: save the bundle again")
    return value


def _texts(given: Mapping[str, object]) -> dict[str, str]:
    return {str(name): str(value) for name, value in given.items()}


def _stored(name: str, entry: object) -> StoredFile:
    size, sha256 = (entry.get(k) if isinstance(entry, dict) else None for k in ("size", "sha256"))
    if not isinstance(size, int) or not isinstance(sha256, str):
        raise BundleError(f"{MANIFEST}: no size and sha256 of {name}: save the bundle again")
    return StoredFile(size, sha256)
