"""A private copy of a bundle: what is verified there is what is loaded from there."""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, BinaryIO

from ropewalk.models.common.bundle_file import open_archive
from ropewalk.models.errors import BundleError, reason

_CHUNK_BYTES = 1024**2
# Neither a path, nor hidden, nor with signs that a terminal or another system takes for more.
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True)
class BundleLimits:
    """The most that a bundle may be, so that one from outside can't fill a disk or memory.

    Parameters
    ----------
    file_bytes : int, default=2 GiB
        Of one file.
    total_bytes : int, default=3 GiB
        Of all files.
    files : int, default=32
        How many.

    Examples
    --------
    >>> BundleLimits(file_bytes=100).check_file("card.md", 101)
    Traceback (most recent call last):
      ...
    ropewalk.models.errors.BundleError: card.md: 101 bytes, more than the 100 allowed: ...
    """

    file_bytes: int = 2 * 1024**3
    total_bytes: int = 3 * 1024**3
    files: int = 32

    def check_file(self, name: str, size: int) -> None:
        """Refuse a file of too many bytes."""
        if size > self.file_bytes:
            raise BundleError(
                f"{name}: {size} bytes, more than the {self.file_bytes} allowed:"
                " give limits with more file_bytes if you expect that"
            )

    def check_total(self, size: int) -> None:
        """Refuse files that together have too many bytes."""
        if size > self.total_bytes:
            raise BundleError(
                f"all files: {size} bytes or more, and {self.total_bytes} are allowed:"
                " give limits with more total_bytes if you expect that"
            )

    def check_files(self, count: int) -> None:
        """Refuse too many files."""
        if count > self.files:
            raise BundleError(
                f"{count} files or more, and {self.files} are allowed: don't use this bundle"
            )


LIMITS = BundleLimits()


@contextmanager
def private_copy(place: Path, limits: BundleLimits = LIMITS) -> Iterator[Path]:
    """Copy a bundle to where nobody else can change it.

    Memory stays bounded, however large the bundle is; the folder for temporary files, which the
    environment names by `TMPDIR`, needs room for all of it.

    Parameters
    ----------
    place : Path
        The bundle: a folder, or a single file as `pack_bundle` makes it.
    limits : BundleLimits, optional
        The most that it may be.

    Yields
    ------
    Path
        A folder that this user alone can open, with a copy of each file. It goes when the context
        ends.

    Raises
    ------
    BundleError
        If nothing is there; if something there is no plain file of a plain name, such as a link;
        if it is above a limit, or packed in another way; or if there is no room for it.

    Examples
    --------
    >>> with TemporaryDirectory() as place:
    ...     _ = (Path(place) / "card.md").write_text("A model.")
    ...     with private_copy(Path(place)) as copy:
    ...         _ = (Path(place) / "card.md").write_text("Changed.")
    ...         (copy / "card.md").read_text()
    'A model.'
    """
    try:
        # Made by mkdtemp: readable, writable and searchable by this user alone.
        private = TemporaryDirectory(prefix="ropewalk-")
    except OSError as error:
        raise BundleError(
            f"no folder for temporary files ({error.strerror}): name one by TMPDIR"
        ) from error
    with private:
        copy = Path(private.name) / "bundle"
        while not _copied(place, copy, limits):
            shutil.rmtree(copy)
        yield copy


def check_name(name: str) -> None:
    """Refuse a file's name that is more than a name.

    Parameters
    ----------
    name : str
        As it was given.

    Raises
    ------
    BundleError
        If it is a path, or has signs that no file of a bundle has.

    Examples
    --------
    >>> check_name("../card.md")
    Traceback (most recent call last):
      ...
    ropewalk.models.errors.BundleError: '../card.md': is no plain name of a file: ...
    """
    if not _PLAIN_NAME.fullmatch(name):
        raise BundleError(f"{name!r}: is no plain name of a file: don't use this bundle")


def copy_file(name: str, source: IO[bytes], folder: Path, limits: BundleLimits) -> int:
    """Copy one file by small pieces.

    Parameters
    ----------
    name : str
        Its name in the copy.
    source : binary file
        What is read, to its end.
    folder : Path
        Where the copy goes.
    limits : BundleLimits
        The most that it may have.

    Returns
    -------
    int
        Its bytes.

    Raises
    ------
    BundleError
        If it has too many.
    """
    size = 0
    try:
        with open(folder / name, "xb") as target:
            while chunk := source.read(_CHUNK_BYTES):
                size += len(chunk)
                limits.check_file(name, size)
                target.write(chunk)
    except OSError as error:
        raise BundleError(
            f"{name}: can't be copied to {folder.parent} ({error.strerror}): make room there, or"
            " name another folder for temporary files by TMPDIR"
        ) from error
    return size


def _copied(place: Path, copy: Path, limits: BundleLimits) -> bool:
    """Copy all files, or tell that another bundle took the name meanwhile."""
    try:
        # Every file is opened in this folder, even if another takes its name.
        opened = os.open(place, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        raise BundleError(f"no bundle there ({error.strerror}): train a model first") from error
    try:
        copy.mkdir(mode=0o700)
        kind = stat.S_IFMT(os.fstat(opened).st_mode)
        if kind == stat.S_IFDIR:
            _copy_folder(opened, copy, limits)
        elif kind == stat.S_IFREG:
            with open(opened, "rb", closefd=False) as file:
                _copy_file(file, copy, limits)
        else:
            raise BundleError("neither a folder nor a file: name a bundle")
        return True
    except BundleError:
        if _replaced(opened, place):
            return False
        raise
    finally:
        os.close(opened)


def _copy_file(file: BinaryIO, copy: Path, limits: BundleLimits) -> None:
    total = 0
    try:
        with open_archive(file) as archive:
            limits.check_files(len(archive.infolist()))
            for member in archive.infolist():
                name = member.orig_filename  # Which zipfile cuts off at a zero byte.
                check_name(name)
                limits.check_file(name, member.file_size)
                limits.check_total(total + member.file_size)
                with archive.open(member) as source:
                    total += copy_file(name, source, copy, limits)
    except BundleError:
        raise
    except Exception as error:  # Whatever the file makes zipfile raise.
        raise BundleError(f"it is damaged ({reason(error)}): copy it again") from error


def _copy_folder(opened: int, copy: Path, limits: BundleLimits) -> None:
    with os.scandir(opened) as entries:
        names = sorted(entry.name for entry in islice(entries, limits.files + 1))
    limits.check_files(len(names))
    total = 0
    for name in names:
        check_name(name)
        with _open_file(opened, name) as source:
            size = os.fstat(source.fileno()).st_size
            limits.check_file(name, size)
            limits.check_total(total + size)
            total += copy_file(name, source, copy, limits)


def _open_file(opened: int, name: str) -> BinaryIO:
    try:
        # A link may lead anywhere, and a pipe would block for ever.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
        descriptor = os.open(name, flags, dir_fd=opened)
    except OSError as error:
        told = "is a link" if error.errno == errno.ELOOP else f"can't be read ({error.strerror})"
        raise BundleError(f"{name}: {told}: copy the bundle again") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise BundleError(f"{name}: is no file: copy the bundle again")
    return open(descriptor, "rb")


def _replaced(opened: int, place: Path) -> bool:
    try:
        return not os.path.samestat(os.fstat(opened), os.stat(place))
    except OSError:
        return True  # Gone, for the moment or for good: opening it again will tell.
