"""A bundle as a single file: a zip file that holds its members as they are."""

from __future__ import annotations

import io
import os
import secrets
import stat
from pathlib import Path
from typing import BinaryIO
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from ropewalk.models.errors import BundleError, reason

_CHUNK_BYTES = 1024**2
_EPOCH = (1980, 1, 1, 0, 0, 0)  # The first that a zip file can hold.


def write_file(file: Path, folder: Path) -> None:
    """Write the files of a folder into one: the same bytes for the same files.

    Parameters
    ----------
    file : Path
        Where it goes. It appears whole or not at all, in the place of one that was there.
    folder : Path
        The files.

    Raises
    ------
    BundleError
        If it can't be written.
    """
    unfinished = file.with_name(f".{file.name}.unfinished-{secrets.token_hex(4)}")
    try:
        file.absolute().parent.mkdir(parents=True, exist_ok=True)
        with open(unfinished, "xb") as opened, ZipFile(opened, "w", ZIP_STORED) as archive:
            for path in sorted(folder.iterdir()):
                member = ZipInfo(path.name, _EPOCH)
                member.create_system, member.external_attr = 3, (stat.S_IFREG | 0o644) << 16
                member.file_size = path.stat().st_size
                with open(path, "rb") as source, archive.open(member, "w") as target:
                    while chunk := source.read(_CHUNK_BYTES):
                        target.write(chunk)
            archive.close()
            opened.flush()
            os.fsync(opened.fileno())
        unfinished.replace(file)
    except OSError as error:
        raise BundleError(f"{file} can't be written ({error.strerror})") from error
    finally:
        unfinished.unlink(missing_ok=True)


def open_archive(file: BinaryIO) -> ZipFile:
    """Open a single file, and refuse what `write_file` does not write.

    Parameters
    ----------
    file : binary file
        What may be such a file; it stays open.

    Returns
    -------
    ZipFile
        Its members: their names are not yet looked at, nor are their bytes.

    Raises
    ------
    BundleError
        If it is no zip file; or a member comes twice, is a link, encrypted or compressed, or is
        kept in bytes that belong to another one as well.
    """
    try:
        archive = ZipFile(_Bounded(file.fileno(), closefd=False))
    except BundleError:
        raise
    except Exception as error:  # Whatever the file makes zipfile raise.
        raise BundleError(f"no bundle in it ({reason(error)}): copy it again") from error
    seen: set[str] = set()
    for member in archive.infolist():
        _check_member(member, seen)
    if sum(member.file_size for member in archive.infolist()) > os.fstat(file.fileno()).st_size:
        raise BundleError("it unpacks to more than it is: don't use this bundle")
    return archive


def _check_member(member: ZipInfo, seen: set[str]) -> None:
    kind = stat.S_IFMT(member.external_attr >> 16)
    told = None
    if member.filename in seen:
        told = "comes twice"
    elif kind not in (0, stat.S_IFREG):
        told = "is a link or no file"
    elif member.flag_bits & 1:
        told = "is encrypted"
    elif member.compress_type != ZIP_STORED or member.compress_size != member.file_size:
        told = "is compressed, which a bundle's file never is"
    if told:
        raise BundleError(f"{member.filename!r}: {told}: don't use this bundle")
    seen.add(member.filename)


class _Bounded(io.FileIO):
    """A file that gives little at once: zipfile reads a list of members whole, of any length."""

    def read(self, size: int | None = -1) -> bytes:
        """Give up to so many bytes."""
        bounded = size is not None and 0 <= size <= _CHUNK_BYTES
        content = super().read(size if bounded else _CHUNK_BYTES + 1) or b""
        if len(content) > _CHUNK_BYTES:
            raise BundleError("it lists more members than a bundle has: don't use this bundle")
        return content
