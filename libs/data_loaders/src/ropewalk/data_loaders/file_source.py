"""A file somewhere fsspec reaches: is it there, how large is it, what is in it."""

import hashlib
import re

from fsspec.core import url_to_fs

from ropewalk.data_loaders.errors import SourceError


class FileSource:
    """One file.

    Parameters
    ----------
    path : str
        A local path, or a URL that fsspec knows (``memory://``, ``s3://``, ...).

    Attributes
    ----------
    shown : str
        The path as it may be shown: who logs in, and what follows a question mark (where signed
        URLs carry their key), are left out.

    Examples
    --------
    >>> FileSource("https://me:secret@host/some.csv?sig=secret").shown
    'https://***@host/some.csv?***'
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.shown = path
        if "://" in path:
            self.shown = re.sub(r"\?.*", "?***", re.sub(r"://[^/]*@", "://***@", path))

    def require(self) -> None:
        """Raise a SourceError that says what to do if there is no such file, or no bytes in it."""
        try:
            filesystem, place = url_to_fs(self.path)
            if filesystem.isdir(place):
                raise SourceError(f"{self.shown}: is a folder; give the path of a file")
            if not filesystem.exists(place):
                raise SourceError(f"{self.shown}: no such file; check the path")
            if filesystem.size(place) == 0:
                raise SourceError(f"{self.shown}: is empty; give a file with rows")
        except (ValueError, ImportError) as error:
            # An unknown protocol, or one whose package is not installed.
            told = str(error).replace(self.path, self.shown)
            raise SourceError(f"{self.shown}: can't be reached: {told}") from error

    def described(self) -> dict[str, object]:
        """Tell path, size in bytes and sha256 of the content."""
        self.require()
        filesystem, place = url_to_fs(self.path)
        with filesystem.open(place, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return {"path": self.shown, "bytes": filesystem.size(place), "sha256": digest}
