"""A bundle's files on disk: written whole or not at all, and read once."""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ropewalk.models.common.manifest import MANIFEST, OPTIONAL, REQUIRED, Manifest
from ropewalk.models.errors import BundleError

MAX_FILE_BYTES = 2 * 1024**3
_MAX_MANIFEST_BYTES = 1024**2


def write_folder(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write a bundle's files, in the place of the bundle that was there.

    They are written into a folder beside it, named `.<name>.unfinished-...`, which is then
    renamed: the name of the bundle never stands for half of one. What a killed process left is
    put right the next time.

    Parameters
    ----------
    folder : Path
        Where the bundle goes; folders above it are made.
    contents : mapping of str to bytes
        Its files by name, the manifest among them.

    Raises
    ------
    BundleError
        If something else is there, or it can't be written.
    """
    place = folder.absolute()
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with _locked(place.parent):
            _tidy_up(place)
            _check_place(folder)
            unfinished = _beside(place, "unfinished")
            try:
                _write_files(unfinished, contents)
                _put_in_place(unfinished, place)
            finally:
                shutil.rmtree(unfinished, ignore_errors=True)
    except OSError as error:
        told = ": ".join(str(part) for part in (error.strerror, error.filename) if part)
        raise BundleError(f"{folder}: can't be written ({told})") from error


def read_folder(folder: Path, max_file_bytes: int) -> tuple[Manifest, dict[str, bytes]]:
    """Read a bundle's files, each once, and verify what was read.

    Parameters
    ----------
    folder : Path
        The bundle.
    max_file_bytes : int
        The most that one file may have.

    Returns
    -------
    manifest : Manifest
        What the bundle is made of.
    contents : dict of str to bytes
        The other files by name: these bytes were verified, whatever happens to the files.

    Raises
    ------
    BundleError
        If a file is missing, is not in the manifest, was changed, is a link or too large.
    """
    while True:
        try:
            # Every file is opened in this folder, even if another takes its name meanwhile.
            opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise BundleError(f"no bundle there ({error.strerror}): train a model first") from error
        try:
            return _read_files(opened, max_file_bytes)
        except BundleError:
            if not _replaced(opened, folder):
                raise
        finally:
            os.close(opened)


def _read_files(opened: int, max_file_bytes: int) -> tuple[Manifest, dict[str, bytes]]:
    manifest = Manifest.read(_read_file(opened, MANIFEST, _MAX_MANIFEST_BYTES))
    for name in sorted(os.listdir(opened)):
        if name != MANIFEST and name not in manifest.files:
            raise BundleError(f"{name}: not in {MANIFEST}: remove it, or don't use this bundle")
    contents = {}
    for name in manifest.files:
        contents[name] = _read_file(opened, name, max_file_bytes)
        manifest.check(name, contents[name])
    return manifest, contents


def _read_file(opened: int, name: str, max_bytes: int) -> bytes:
    try:
        with open(name, "rb", opener=lambda path, flags: _opener(path, flags, opened)) as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise BundleError(f"{name}: is no file: copy the bundle again")
            if found.st_size > max_bytes:
                raise BundleError(
                    f"{name}: {found.st_size} bytes, more than the {max_bytes} allowed:"
                    " raise max_file_bytes if you expect that"
                )
            # One more, so that a file that grows meanwhile has another size than expected.
            return file.read(found.st_size + 1)
    except FileNotFoundError:
        raise BundleError(f"{name}: missing: copy the bundle again") from None
    except OSError as error:
        told = "is a link" if error.errno == errno.ELOOP else f"can't be read ({error.strerror})"
        raise BundleError(f"{name}: {told}: copy the bundle again") from error


def _opener(path: str, flags: int, opened: int) -> int:
    # A link may lead anywhere, and a pipe would block for ever.
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=opened)


def _replaced(opened: int, folder: Path) -> bool:
    try:
        return not os.path.samestat(os.fstat(opened), os.stat(folder))
    except OSError:
        return True  # Gone, for the moment or for good: opening it again will tell.


@contextmanager
def _locked(parent: Path) -> Iterator[None]:
    """Let one process at a time save bundles in this folder."""
    opened = os.open(parent, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield
    finally:
        os.close(opened)  # Also unlocks, as does the end of the process.


def _beside(folder: Path, state: str) -> Path:
    return folder.with_name(f".{folder.name}.{state}-{secrets.token_hex(4)}")


def _tidy_up(folder: Path) -> None:
    """Put right what a killed process left: it held the lock, so it is no longer at work."""
    if not folder.exists():
        for replaced in _left(folder, "replaced")[:1]:
            replaced.rename(folder)
    for left in _left(folder, "replaced") + _left(folder, "unfinished"):
        shutil.rmtree(left)


def _left(folder: Path, state: str) -> list[Path]:
    prefix = f".{folder.name}.{state}-"
    return sorted(path for path in folder.parent.iterdir() if path.name.startswith(prefix))


def _check_place(folder: Path) -> None:
    if folder.is_symlink():
        raise BundleError(f"{folder}: is a link: give the folder that it leads to")
    if not folder.exists():
        return
    if not folder.is_dir():
        raise BundleError(f"{folder}: is a file: choose another place for the bundle")
    names = {path.name for path in folder.iterdir()}
    others = sorted(names - {MANIFEST, *REQUIRED, *OPTIONAL})
    if names and (others or MANIFEST not in names):
        found = f"holds {others[0]!r}" if others else f"has no {MANIFEST}"
        raise BundleError(f"{folder}: {found}, so it is no bundle to replace: choose another place")


def _write_files(folder: Path, contents: Mapping[str, bytes]) -> None:
    folder.mkdir()
    for name, content in contents.items():
        with open(folder / name, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    _sync(folder)


def _put_in_place(unfinished: Path, folder: Path) -> None:
    if not folder.exists():
        unfinished.rename(folder)
        _sync(folder.parent)
        return
    # POSIX renames onto an empty folder only: between these two, nothing has the name.
    replaced = _beside(folder, "replaced")
    try:
        folder.rename(replaced)
        unfinished.rename(folder)
    except BaseException:  # Ctrl-C too.
        if not folder.exists():
            replaced.rename(folder)
        raise
    _sync(folder.parent)
    shutil.rmtree(replaced)


def _sync(folder: Path) -> None:
    """Make names in a folder survive a power cut."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
