"""What a bundle's files are, and what made them."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Self

from ropewalk.models.common.json_text import read_json, write_json
from ropewalk.models.errors import BundleError

MANIFEST = "manifest.json"
FORMAT = 1
REQUIRED = (
    "card.md",
    "example.json",
    "input_schema.json",
    "lineage.json",
    "metrics.json",
    "output_schema.json",
    "pipeline.skops",
)
OPTIONAL = ("preparation.skops",)

_PACKAGES = ("numpy", "pandas", "scikit-learn", "skops", "ropewalk-models")


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
    >>> StoredFile.of(Path(os.devnull))
    StoredFile(size=0, sha256='e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
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
    versions : mapping of str to str
        Of Python and the packages that made the bundle. This library is not among them when it
        runs from source, not installed.
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
    versions: Mapping[str, str]
    files: Mapping[str, StoredFile]

    @classmethod
    def describe(cls, folder: Path, prediction_time: str) -> Self:
        """Describe files that were made in this process.

        Parameters
        ----------
        folder : Path
            Where they are, and nothing else is.
        prediction_time : str
            Name of the time column at which a prediction is made.
        """
        versions = {"python": platform.python_version()}
        for package in _PACKAGES:
            try:
                versions[package] = version(package)
            except PackageNotFoundError:
                continue  # Run from source.
        files = {path.name: StoredFile.of(path) for path in sorted(folder.iterdir())}
        return cls(FORMAT, prediction_time, versions, files)

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
            lacks one that does, was made with another version of scikit-learn, or is written in
            another way than `write` does.
        """
        given = read_json(MANIFEST, content)
        _check_format(given.get("format"))
        time, versions, files = (given.get(k) for k in ("prediction_time", "versions", "files"))
        if not (isinstance(time, str) and isinstance(versions, dict) and isinstance(files, dict)):
            raise BundleError(
                f"{MANIFEST}: no prediction_time, versions or files in it: save the bundle again"
            )
        _check_names(list(files))
        _check_versions(versions)
        stored = {name: _stored(name, entry) for name, entry in files.items()}
        manifest = cls(FORMAT, time, {str(k): str(v) for k, v in versions.items()}, stored)
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
        raise BundleError(f"{MANIFEST}: format is {given!r}, no version: save the bundle again")
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
                f"{MANIFEST}: lists {name!r}, which is no file of a bundle: don't use this bundle"
            )
    for name in REQUIRED:
        if name not in given:
            raise BundleError(f"{MANIFEST}: does not list {name}: save the bundle again")


def _check_versions(given: Mapping[str, object]) -> None:
    made, here = str(given.get("scikit-learn")), version("scikit-learn")
    if made.split(".")[:2] != here.split(".")[:2]:
        raise BundleError(
            f"{MANIFEST}: made with scikit-learn {made}, and here is {here}:"
            f" install scikit-learn {'.'.join(made.split('.')[:2])}, or train again"
        )


def _stored(name: str, entry: object) -> StoredFile:
    size, sha256 = (entry.get(k) if isinstance(entry, dict) else None for k in ("size", "sha256"))
    if not isinstance(size, int) or not isinstance(sha256, str):
        raise BundleError(f"{MANIFEST}: no size and sha256 of {name}: save the bundle again")
    return StoredFile(size, sha256)
