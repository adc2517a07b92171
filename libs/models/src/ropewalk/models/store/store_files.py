"""Files under an address, each whole or not there, some of them made by exactly one writer."""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
import stat
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import fsspec
from fsspec.core import url_to_fs

from ropewalk.models.errors import StoreError, reason

# A file is copied in pieces of this size: what is held in memory does not grow with a model.
CHUNK = 4 * 1024**2
# Elsewhere two writers may both believe that they made a file, as fsspec then only looks first.
_EXCLUSIVE: Mapping[str, Mapping[str, int]] = {
    "memory": {},
    "s3": {"chunksize": 2 * CHUNK, "max_concurrency": 2},
    "s3a": {"chunksize": 2 * CHUNK, "max_concurrency": 2},
    "abfs": {"max_concurrency": 2},
    "abfss": {"max_concurrency": 2},
    "az": {"max_concurrency": 2},
}
_EXTRAS = {"s3": "s3", "s3a": "s3", "abfs": "azure", "abfss": "azure", "az": "azure"}
UNFINISHED = ".unfinished"
_memory = threading.Lock()
# What an address or a backend's error may tell of how one logs in.
_SECRETS = re.compile(
    r"(?i)(?<=://)[^/@\s]*:[^/@\s]*(?=@)|(?<=(?:sig|key)=)[^&;\s]+|(?<=password=)[^&;\s]+"
)


class StoreFiles(ABC):
    """Files under an address, by their path below it.

    Parameters
    ----------
    url : str
        The address, for the errors' messages.
    """

    def __init__(self, url: str) -> None:
        self.url = without_secrets(url)

    @abstractmethod
    def create(self, path: str, content: bytes) -> bool:
        """Make a small file unless it is there; whoever makes it is told so, and nobody else."""

    @abstractmethod
    def read(self, path: str, max_bytes: int) -> bytes:
        """Read a small file; FileNotFoundError if there is none."""

    @abstractmethod
    def put(self, source: Path, path: str) -> None:
        """Copy a local file, in place of what may be there."""

    @abstractmethod
    def get(self, path: str, target: Path) -> None:
        """Copy to a local file, which must not be there; FileNotFoundError if there is none."""

    @abstractmethod
    def names(self, folder: str) -> list[str]:
        """Name what is in a folder; nothing if there is none."""

    @abstractmethod
    def size(self, path: str) -> int | None:
        """Tell the bytes of a file; None if there is none."""

    @abstractmethod
    def modified(self, path: str) -> float:
        """Tell when a file was written, in seconds since 1970; FileNotFoundError if none."""

    @abstractmethod
    def remove(self, path: str) -> None:
        """Remove a file, if it is there."""

    @abstractmethod
    def walk(self, folder: str) -> list[str]:
        """Give the paths of all files in a folder and below, and what a killed writer left."""

    @abstractmethod
    def remove_folder(self, folder: str) -> None:
        """Remove a folder and all in it, if it is there."""

    @contextmanager
    def telling(self, path: str) -> Iterator[None]:
        """Make one line of whatever goes wrong there."""
        try:
            yield
        except (FileNotFoundError, StoreError):
            raise
        except OSError as error:
            told = error.strerror or reason(error)
            raise StoreError(f"{self.url}/{path}: {without_secrets(told)}") from error
        except Exception as error:  # Whatever a backend raises.
            raise StoreError(f"{self.url}/{path}: {without_secrets(reason(error))}") from error


def open_files(url: str) -> StoreFiles:
    """Open the files under an address.

    Parameters
    ----------
    url : str
        A folder, or an address as fsspec takes it: `s3://`, `abfs://`, `memory://`.

    Returns
    -------
    StoreFiles
        The files.

    Raises
    ------
    StoreError
        If the address is not understood, its package is missing, or files there can't be made by
        exactly one writer.

    Examples
    --------
    >>> files = open_files("memory://example")
    >>> files.create("a/b.json", b"1"), files.create("a/b.json", b"2"), files.read("a/b.json", 9)
    (True, False, b'1')
    >>> files.remove_folder("a")
    """
    protocol, _, rest = url.rpartition("://")
    if not rest:
        raise StoreError(f"store {url!r}: give a folder, or an address such as s3://bucket/models")
    if protocol in ("", "file", "local"):
        return LocalFiles(url, Path(rest).absolute())
    if protocol not in _EXCLUSIVE:
        raise StoreError(
            f"store {without_secrets(url)}: {protocol}:// can't make a file by exactly one writer;"
            " give a folder, s3://, abfs:// or memory://"
        )
    try:
        filesystem, root = url_to_fs(url, skip_instance_cache=protocol != "memory")
    except ImportError as error:
        raise StoreError(
            f"store {without_secrets(url)}: {protocol}:// needs one more package:"
            f" pip install ropewalk-models[{_EXTRAS[protocol]}]"
        ) from error
    except Exception as error:  # Whatever a backend raises.
        raise StoreError(
            f"store {without_secrets(url)}: can't be opened ({without_secrets(reason(error))}):"
            " check the address, and how you log in"
        ) from error
    return RemoteFiles(url, filesystem, root.rstrip("/"), _EXCLUSIVE[protocol])


class LocalFiles(StoreFiles):
    """Files in a folder of this machine, or of a disk that several mount.

    A file is written under another name and flushed, and then gets its own by one call that
    either does all of it or nothing: a link where it must be new, else a rename.

    Parameters
    ----------
    url : str
        The address, for the errors' messages.
    root : Path
        The folder; made with the first file.

    Examples
    --------
    >>> LocalFiles("nowhere", Path("nowhere")).names("")
    []
    """

    def __init__(self, url: str, root: Path) -> None:
        super().__init__(url)
        self._root = root

    def create(self, path: str, content: bytes) -> bool:
        """Make a small file unless it is there; whoever makes it is told so, and nobody else."""
        target = self._root / path
        with self.telling(path), self._unfinished(target) as unfinished:
            with open(unfinished, "xb") as file:
                file.write(content)
                os.fsync(file.fileno())
            try:
                os.link(unfinished, target)
            except FileExistsError:
                return False
            _flush_folder(target.parent)
            return True

    def read(self, path: str, max_bytes: int) -> bytes:
        """Read a small file; FileNotFoundError if there is none."""
        with self.telling(path), open(self._root / path, "rb", opener=_open_file) as file:
            return _bounded(f"{self.url}/{path}", file.read(max_bytes + 1), max_bytes)

    def put(self, source: Path, path: str) -> None:
        """Copy a local file, in place of what may be there."""
        target = self._root / path
        with self.telling(path), self._unfinished(target) as unfinished:
            with open(source, "rb") as read, open(unfinished, "xb") as file:
                shutil.copyfileobj(read, file, CHUNK)
                os.fsync(file.fileno())
            unfinished.replace(target)
            _flush_folder(target.parent)

    def get(self, path: str, target: Path) -> None:
        """Copy to a local file, which must not be there; FileNotFoundError if there is none."""
        with (
            self.telling(path),
            open(self._root / path, "rb", opener=_open_file) as read,
            open(target, "xb") as file,
        ):
            shutil.copyfileobj(read, file, CHUNK)

    def names(self, folder: str) -> list[str]:
        """Name what is in a folder; nothing if there is none."""
        with self.telling(folder):
            try:
                return sorted(os.listdir(self._root / folder))
            except FileNotFoundError:
                return []

    def size(self, path: str) -> int | None:
        """Tell the bytes of a file; None if there is none."""
        with self.telling(path):
            try:
                return os.lstat(self._root / path).st_size
            except FileNotFoundError:
                return None

    def modified(self, path: str) -> float:
        """Tell when a file was written, in seconds since 1970; FileNotFoundError if none."""
        with self.telling(path):
            return os.lstat(self._root / path).st_mtime

    def remove(self, path: str) -> None:
        """Remove a file, if it is there."""
        with self.telling(path):
            (self._root / path).unlink(missing_ok=True)

    def walk(self, folder: str) -> list[str]:
        """Give the paths of all files in a folder and below, and what a killed writer left."""
        with self.telling(folder):
            return sorted(
                (Path(place) / name).relative_to(self._root).as_posix()
                for place, _, names in os.walk(self._root / folder)
                for name in names
            )

    def remove_folder(self, folder: str) -> None:
        """Remove a folder and all in it, if it is there."""
        with self.telling(folder):
            try:
                shutil.rmtree(self._root / folder)
            except FileNotFoundError:
                return

    @contextmanager
    def _unfinished(self, target: Path) -> Iterator[Path]:
        """Name a file beside another, to be there no longer than it is written."""
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_name(f".{target.name}.{secrets.token_hex(4)}{UNFINISHED}")
        try:
            yield unfinished
        finally:
            unfinished.unlink(missing_ok=True)


class RemoteFiles(StoreFiles):
    """Files of a filesystem of fsspec that can make a file by exactly one writer.

    Parameters
    ----------
    url : str
        The address, for the errors' messages.
    filesystem : fsspec.AbstractFileSystem
        Where they are.
    root : str
        The folder in it.
    copying : mapping of str to int
        How much is copied at once, in the filesystem's own words.

    Examples
    --------
    `open_files` shows one.
    """

    def __init__(
        self,
        url: str,
        filesystem: fsspec.AbstractFileSystem,
        root: str,
        copying: Mapping[str, int],
    ) -> None:
        super().__init__(url)
        self._filesystem = filesystem
        self._root = root
        self._copying = copying

    def create(self, path: str, content: bytes) -> bool:
        """Make a small file unless it is there; whoever makes it is told so, and nobody else."""
        with self.telling(path):
            try:
                # In memory fsspec looks first and writes then, and threads may come between.
                with _memory:
                    self._filesystem.pipe_file(self._at(path), content, mode="create")
                return True
            except FileExistsError:
                pass
            except OSError:
                # Two at once is told in several ways; and so is no room, or no right to write.
                if self.size(path) is None:
                    raise
            # The answer to the first try may have been lost: then it is ours all the same.
            return self.read(path, len(content)) == content

    def read(self, path: str, max_bytes: int) -> bytes:
        """Read a small file; FileNotFoundError if there is none."""
        with self.telling(path):
            content = self._filesystem.cat_file(self._at(path), start=0, end=max_bytes + 1)
            return _bounded(f"{self.url}/{path}", content, max_bytes)

    def put(self, source: Path, path: str) -> None:
        """Copy a local file, in place of what may be there."""
        with self.telling(path):
            self._filesystem.put_file(str(source), self._at(path), **self._copying)

    def get(self, path: str, target: Path) -> None:
        """Copy to a local file, which must not be there; FileNotFoundError if there is none."""
        with self.telling(path):
            self._filesystem.get_file(self._at(path), str(target), **self._copying)

    def names(self, folder: str) -> list[str]:
        """Name what is in a folder; nothing if there is none."""
        place = self._at(folder)
        with self.telling(folder):
            self._filesystem.invalidate_cache()
            try:
                found = self._filesystem.ls(place, detail=False)
            except FileNotFoundError:
                return []
            return sorted({name.rstrip("/").rpartition("/")[2] for name in found} - {""})

    def size(self, path: str) -> int | None:
        """Tell the bytes of a file; None if there is none."""
        with self.telling(path):
            self._filesystem.invalidate_cache()
            try:
                return int(self._filesystem.info(self._at(path))["size"])
            except FileNotFoundError:
                return None

    def modified(self, path: str) -> float:
        """Tell when a file was written, in seconds since 1970; FileNotFoundError if none."""
        with self.telling(path):
            return float(self._filesystem.modified(self._at(path)).timestamp())

    def remove(self, path: str) -> None:
        """Remove a file, if it is there."""
        with self.telling(path):
            try:
                self._filesystem.rm_file(self._at(path))
            except FileNotFoundError:
                return

    def walk(self, folder: str) -> list[str]:
        """Give the paths of all files in a folder and below, and what a killed writer left."""
        with self.telling(folder):
            self._filesystem.invalidate_cache()
            start = len(self._at(""))
            return sorted(name[start:] for name in self._filesystem.find(self._at(folder)))

    def remove_folder(self, folder: str) -> None:
        """Remove a folder and all in it, if it is there."""
        with self.telling(folder):
            for path in self.walk(folder):
                self.remove(path)

    def _at(self, path: str) -> str:
        return f"{self._root}/{path}"


def without_secrets(text: str) -> str:
    """Leave out what an address or an error may tell of how one logs in.

    Examples
    --------
    >>> without_secrets("s3://me:secret@bucket?sig=abc&x=1")
    's3://***@bucket?sig=***&x=1'
    """
    return _SECRETS.sub("***", text)


def _bounded(place: str, content: bytes, max_bytes: int) -> bytes:
    if len(content) > max_bytes:
        raise StoreError(
            f"{place}: more than the {max_bytes} bytes allowed: was it changed by hand?"
        )
    return content


def _open_file(path: str, flags: int) -> int:
    # A link may lead anywhere, and a pipe would block for ever.
    opened = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)
    if stat.S_ISREG(os.fstat(opened).st_mode):
        return opened
    os.close(opened)
    raise OSError(errno.EINVAL, "is no file", path)


def _flush_folder(folder: Path) -> None:
    """Make names in a folder survive a power cut."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
