"""A file somewhere fsspec reaches: is it there, how large is it, what is in it."""

import hashlib

from fsspec.core import url_to_fs

from ropewalk.data_loaders.errors import SourceError


class FileSource:
    """One file.

    Parameters
    ----------
    path : str
        A local path, or a URL that fsspec knows (``memory://``, ``s3://``, ...).
    """

    def __init__(self, path: str) -> None:
        self.path = path

    def require(self) -> None:
        """Raise a SourceError that says what to do if there is no such file, or no bytes in it."""
        try:
            filesystem, place = url_to_fs(self.path)
            if filesystem.isdir(place):
                raise SourceError(f"{self.path}: is a folder; give the path of a file")
            if not filesystem.exists(place):
                raise SourceError(f"{self.path}: no such file; check the path")
            if filesystem.size(place) == 0:
                raise SourceError(f"{self.path}: is empty; give a file with rows")
        except (ValueError, ImportError) as error:
            # An unknown protocol, or one whose package is not installed.
            raise SourceError(f"{self.path}: can't be reached: {error}") from error

    def described(self) -> dict[str, object]:
        """Tell path, size in bytes and sha256 of the content."""
        self.require()
        filesystem, place = url_to_fs(self.path)
        with filesystem.open(place, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return {"path": self.path, "bytes": filesystem.size(place), "sha256": digest}
