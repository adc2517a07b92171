"""A bundle's files on disk: written whole or not at all, and verified."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ropewalk.models.common.manifest import MANIFEST, OPTIONAL, REQUIRED, Manifest, StoredFile
from ropewalk.models.common.signing import SIGNATURE, verify_signature
from ropewalk.models.errors import BundleError

# Of each file but the models: such a file is read whole.
MAX_TEXT_BYTES = 16 * 1024**2
_CHUNK_BYTES = 1024**2


def write_folder(folder: Path, copy: Path) -> None:
    """Write a bundle's files, in the place of the bundle that was there.

    They are written into a folder beside it, named `.<name>.unfinished-...`, which is then
    renamed: the name of the bundle never stands for half of one. What a killed process left is
    put right the next time.

    Parameters
    ----------
    folder : Path
        Where the bundle goes; folders above it are made.
    copy : Path
        A folder with its files, the manifest among them.

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
                _write_files(unfinished, copy)
                _put_in_place(unfinished, place)
            finally:
                shutil.rmtree(unfinished, ignore_errors=True)
    except OSError as error:
        told = ": ".join(str(part) for part in (error.strerror, error.filename) if part)
        raise BundleError(f"{folder}: can't be written ({told})") from error


def verify_copy(folder: Path, verifying_key: Path | None = None) -> Manifest:
    """Verify every byte of a bundle, in a folder that nobody else can change.

    Parameters
    ----------
    folder : Path
        A private copy of the bundle, as `private_copy` makes it.
    verifying_key : Path, optional
        The public key of whoever must have signed it.

    Returns
    -------
    Manifest
        What the bundle is made of.

    Raises
    ------
    BundleError
        If it is not signed with that key, a file is missing, is not in the manifest or was
        changed, or it was made by versions that don't fit those here.
    """
    names = sorted(os.listdir(folder))
    for name in names:
        _check_size(folder / name)
    if verifying_key is not None:
        verify_signature(folder, verifying_key)
    if MANIFEST not in names:
        raise BundleError(f"{MANIFEST}: missing: copy the bundle again")
    manifest = Manifest.read((folder / MANIFEST).read_bytes())
    for name in names:
        if name not in {MANIFEST, SIGNATURE, *manifest.files}:
            raise BundleError(f"{name}: not in {MANIFEST}: remove it, or don't use this bundle")
    for name in manifest.files:
        if name not in names:
            raise BundleError(f"{name}: missing: copy the bundle again")
        manifest.check(folder / name)
    return manifest


def bundle_digest(folder: Path) -> str:
    """Give the digest of a bundle, which tells it from any other.

    Parameters
    ----------
    folder : Path
        The bundle.

    Returns
    -------
    str
        The SHA-256 of `manifest.json`, which holds the hash of every other file, as 64
        hexadecimal digits. Nothing is verified.
    """
    return StoredFile.of(folder / MANIFEST).sha256


def _check_size(path: Path) -> None:
    size = path.stat().st_size
    if path.suffix != ".skops" and size > MAX_TEXT_BYTES:
        raise BundleError(
            f"{path.name}: {size} bytes, more than the {MAX_TEXT_BYTES} that a bundle's text may"
            " have: make it smaller"
        )


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
    others = sorted(names - {MANIFEST, SIGNATURE, *REQUIRED, *OPTIONAL})
    if names and (others or MANIFEST not in names):
        found = f"holds {others[0]!r}" if others else f"has no {MANIFEST}"
        raise BundleError(f"{folder}: {found}, so it is no bundle to replace: choose another place")


def _write_files(folder: Path, copy: Path) -> None:
    folder.mkdir()
    for source in sorted(copy.iterdir()):
        with open(source, "rb") as read, open(folder / source.name, "xb") as file:
            shutil.copyfileobj(read, file, _CHUNK_BYTES)
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
