"""JSON as a bundle holds it: objects, without the NaN and Infinity that JSON does not have."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NoReturn

from ropewalk.models.errors import BundleError


def write_json(name: str, value: Mapping[str, object]) -> bytes:
    r"""Write a mapping as a JSON file, its keys in the order given.

    Parameters
    ----------
    name : str
        The file, for the error's message.
    value : mapping of str to object
        Text, numbers, booleans, None, and lists and mappings of them.

    Returns
    -------
    bytes
        UTF-8, for people and machines to read.

    Raises
    ------
    BundleError
        If a value has no place in JSON.

    Examples
    --------
    >>> write_json("metrics.json", {"rmse": 31.9})
    b'{\n  "rmse": 31.9\n}\n'
    >>> write_json("metrics.json", {"rmse": float("nan")})
    Traceback (most recent call last):
      ...
    ropewalk.models.errors.BundleError: metrics.json: ...
    """
    try:
        text = json.dumps(dict(value), indent=2, ensure_ascii=False, allow_nan=False)
        return f"{text}\n".encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise BundleError(
            f"{name}: {error}: give text, finite numbers, booleans, None, lists and mappings"
        ) from error


def read_json(name: str, content: bytes) -> dict[str, object]:
    """Read a JSON file that holds an object.

    Parameters
    ----------
    name : str
        The file, for the error's message.
    content : bytes
        Its bytes.

    Returns
    -------
    dict
        The object.

    Raises
    ------
    BundleError
        If it is no JSON, holds NaN or Infinity, or is no object.

    Examples
    --------
    >>> read_json("metrics.json", b'{"rmse": 31.9}')
    {'rmse': 31.9}
    """
    try:
        value = json.loads(content, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{name}: no JSON ({error}): save the bundle again") from error
    if not isinstance(value, dict):
        raise BundleError(f"{name}: no JSON object in it: save the bundle again")
    return value


def _refuse(token: str) -> NoReturn:
    raise ValueError(f"{token} is no JSON value")
