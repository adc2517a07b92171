"""A fitted estimator as a file: the same bytes for the same estimator, and no pickle."""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from tempfile import TemporaryFile
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import skops.io
from sklearn.base import BaseEstimator
from sklearn.exceptions import InconsistentVersionWarning
from skops.io.exceptions import UntrustedTypesFoundException

from ropewalk.models.common.trees import check_trees
from ropewalk.models.errors import BundleError, printable, reason

_SCHEMA = "schema.json"
# Where scikit-learn's vectorizers keep the address of a list that they have checked, the one
# address in a fitted estimator; without it they check that list again.
_STOP_WORDS = "_stop_words_id"
_MAX_SCHEMA_BYTES = 256 * 1024**2
_SLACK_BYTES = 1024**2
_EPOCH = (1980, 1, 1, 0, 0, 0)  # The first that a zip file can hold.


def dump_estimator(path: Path, estimator: BaseEstimator) -> None:
    """Write a fitted estimator in the format of skops.

    skops numbers objects by their addresses, names files by them, dates each file and keeps a
    set's order: all of it is replaced by what depends on the estimator alone.

    Parameters
    ----------
    path : Path
        The file to write: a zip file, not compressed.
    estimator : BaseEstimator
        Fitted.

    Raises
    ------
    BundleError
        If skops can't write it.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as place:
    ...     path = Path(place) / "pipeline.skops"
    ...     dump_estimator(path, LinearRegression().fit([[0.0], [1.0]], [0.0, 2.0]))
    ...     load_estimator(path, trusted=()).predict([[3.0]]).round(6)
    array([6.])
    """
    numbers: dict[object, int] = {}
    files: dict[str, str] = {}
    with TemporaryFile(dir=path.parent) as written:
        try:
            skops.io.dump(estimator, written)
        except Exception as error:  # Whatever a part of the estimator makes skops raise.
            raise BundleError(
                f"{path.name}: skops can't write {type(estimator).__name__} ({reason(error)}):"
                " keep functions and open files out of a model"
            ) from error
        with ZipFile(written) as source, ZipFile(path, "x", ZIP_STORED) as target:
            schema = _renumbered(json.loads(source.read(_SCHEMA)), numbers, files)
            for old, new in files.items():
                target.writestr(ZipInfo(new, _EPOCH), source.read(old))
            text = json.dumps(schema, separators=(",", ":"))
            target.writestr(ZipInfo(_SCHEMA, _EPOCH), text)


def load_estimator(path: Path, trusted: Sequence[str]) -> BaseEstimator:
    """Read a fitted estimator that is made of trusted types only.

    Parameters
    ----------
    path : Path
        What `dump_estimator` wrote, where nobody else can change it.
    trusted : sequence of str
        Types, by their full name, beyond those that skops trusts by itself.

    Returns
    -------
    BaseEstimator
        The fitted estimator.

    Raises
    ------
    BundleError
        If it holds a type that is not trusted or a tree that leads out of its bounds, or is not
        such a file.
    """
    try:
        with ZipFile(path) as archive:
            members = archive.infolist()
        if any(m.filename == _SCHEMA and m.file_size > _MAX_SCHEMA_BYTES for m in members):
            raise BundleError(f"{path.name}: too many parts: don't use this bundle")
        if sum(member.file_size for member in members) > path.stat().st_size:
            raise BundleError(f"{path.name}: unpacks to more than it is: don't use this bundle")
        with warnings.catch_warnings():
            # The manifest was asked already whether this version of scikit-learn will do.
            warnings.simplefilter("ignore", InconsistentVersionWarning)
            with _Frugal(path) as file:
                model = skops.io.load(file, trusted=list(trusted))
    except UntrustedTypesFoundException as error:
        with _Frugal(path) as file:
            unknown = sorted(set(skops.io.get_untrusted_types(file=file)) - set(trusted))
        raise BundleError(
            f"{path.name}: holds types that are not trusted: {printable(', '.join(unknown))};"
            " add to trusted those that you have reviewed"
        ) from error
    except BundleError:
        raise
    except Exception as error:  # Whatever the file makes skops raise.
        raise BundleError(
            f"{path.name}: skops can't read it ({reason(error)}): save the bundle again"
        ) from error
    try:
        check_trees(model)
    except Exception as error:  # Whatever a tree of other parts raises.
        raise BundleError(
            f"{path.name}: holds {error}, which no model has that was fitted: don't use this bundle"
        ) from error
    return model


class _Frugal(io.BufferedReader):
    """A file to be read about twice: a crafted one could name the same array without end."""

    def __init__(self, path: Path) -> None:
        super().__init__(io.FileIO(path))
        self._left = 2 * path.stat().st_size + _SLACK_BYTES

    def read(self, size: int | None = -1) -> bytes:
        """Give up to so many bytes."""
        content = super().read(size)
        self._left -= len(content)
        if self._left < 0:
            raise ValueError("it is read more than twice over")
        return content


def _renumbered(node: object, numbers: dict[object, int], files: dict[str, str]) -> object:
    """Give objects numbers, and files names, in the order in which they come."""
    if isinstance(node, list):
        return [_renumbered(item, numbers, files) for item in node]
    if not isinstance(node, dict):
        return node
    if not isinstance(node.get("__loader__"), str):  # A mapping of names to nodes.
        if _STOP_WORDS in node:
            node = {**node, _STOP_WORDS: {**node[_STOP_WORDS], "content": "null"}}
        return {key: _renumbered(value, numbers, files) for key, value in node.items()}
    node = dict(node)
    number = node.pop("__id__", None)
    if node["__loader__"] == "SetNode":
        node["content"] = sorted(
            node["content"], key=lambda item: json.dumps(_renumbered(item, {}, {}))
        )
    if number is not None and node["__loader__"] != "JsonNode":
        # Numbers tell that two are the same object. Whether two equal texts are depends on how
        # they came to be, and nothing depends on it.
        node["__id__"] = numbers.setdefault(number, len(numbers) + 1)
    if isinstance(file := node.get("file"), str):
        node["file"] = files.setdefault(file, f"{len(files)}{PurePosixPath(file).suffix}")
    return {key: _renumbered(value, numbers, files) for key, value in node.items()}
