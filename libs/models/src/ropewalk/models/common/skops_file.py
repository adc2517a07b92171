"""A fitted estimator as bytes: the same bytes for the same estimator, and no pickle."""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Sequence
from pathlib import PurePosixPath
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import skops.io
from sklearn.base import BaseEstimator
from sklearn.exceptions import InconsistentVersionWarning
from skops.io.exceptions import UntrustedTypesFoundException

from ropewalk.models.errors import BundleError, reason

_SCHEMA = "schema.json"
# Where scikit-learn's vectorizers keep the address of a list that they have checked, the one
# address in a fitted estimator; without it they check that list again.
_STOP_WORDS = "_stop_words_id"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # The first that a zip file can hold.


def dump_estimator(name: str, estimator: BaseEstimator) -> bytes:
    """Write a fitted estimator in the format of skops.

    skops numbers objects by their addresses, names files by them, dates each file and keeps a
    set's order: all of it is replaced by what depends on the estimator alone.

    Parameters
    ----------
    name : str
        The file, for the error's message.
    estimator : BaseEstimator
        Fitted.

    Returns
    -------
    bytes
        A zip file, not compressed.

    Raises
    ------
    BundleError
        If skops can't write it.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression
    >>> content = dump_estimator("a.skops", LinearRegression().fit([[0.0], [1.0]], [0.0, 2.0]))
    >>> load_estimator("a.skops", content, trusted=()).predict([[3.0]]).round(6)
    array([6.])
    """
    try:
        written = skops.io.dumps(estimator)
    except Exception as error:  # Whatever a part of the estimator makes skops raise.
        raise BundleError(
            f"{name}: skops can't write {type(estimator).__name__} ({reason(error)}):"
            " keep functions and open files out of a model"
        ) from error
    numbers: dict[object, int] = {}
    files: dict[str, str] = {}
    content = io.BytesIO()
    with ZipFile(io.BytesIO(written)) as source, ZipFile(content, "w", ZIP_STORED) as target:
        schema = _renumbered(json.loads(source.read(_SCHEMA)), numbers, files)
        for old, new in files.items():
            target.writestr(ZipInfo(new, _EPOCH), source.read(old))
        text = json.dumps(schema, separators=(",", ":"))
        target.writestr(ZipInfo(_SCHEMA, _EPOCH), text)
    return content.getvalue()


def load_estimator(name: str, content: bytes, trusted: Sequence[str]) -> BaseEstimator:
    """Read a fitted estimator that is made of trusted types only.

    Parameters
    ----------
    name : str
        The file, for the error's message.
    content : bytes
        What `dump_estimator` gave.
    trusted : sequence of str
        Types, by their full name, beyond those that skops trusts by itself.

    Returns
    -------
    BaseEstimator
        The fitted estimator.

    Raises
    ------
    BundleError
        If it holds a type that is not trusted, or is not such a file.
    """
    try:
        with ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
        if sum(member.file_size for member in members) > len(content):
            raise BundleError(f"{name}: unpacks to more than it is: don't use this bundle")
        with warnings.catch_warnings():
            # The manifest was asked already whether this version of scikit-learn will do.
            warnings.simplefilter("ignore", InconsistentVersionWarning)
            return skops.io.loads(content, trusted=list(trusted))
    except UntrustedTypesFoundException as error:
        unknown = sorted(set(skops.io.get_untrusted_types(data=content)) - set(trusted))
        raise BundleError(
            f"{name}: holds types that are not trusted: {', '.join(unknown)};"
            " add to trusted those that you have reviewed"
        ) from error
    except BundleError:
        raise
    except Exception as error:  # Whatever the file makes skops raise.
        raise BundleError(
            f"{name}: skops can't read it ({reason(error)}): save the bundle again"
        ) from error


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
