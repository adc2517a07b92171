"""Names that are safe as part of any path, and references made of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from ropewalk.models.errors import StoreError

MAX_LENGTH = 64
_PLAIN = re.compile(r"[a-z0-9][a-z0-9._-]*")
_VERSION = re.compile(r"[1-9][0-9]{0,8}")


def check_name(kind: str, name: str) -> str:
    """Refuse a name that is not plain.

    Parameters
    ----------
    kind : str
        What it names, for the error's message.
    name : str
        The name.

    Returns
    -------
    str
        The name.

    Raises
    ------
    StoreError
        If it is not plain.

    Examples
    --------
    >>> check_name("alias", "production")
    'production'
    >>> check_name("alias", "../../x")
    Traceback (most recent call last):
      ...
    ropewalk.models.errors.StoreError: alias '../../x': ...
    """
    if is_plain(name):
        return name
    shown = name if len(name) <= MAX_LENGTH else f"{name[:MAX_LENGTH]}..."
    raise StoreError(
        f"{kind} {shown!r}: give 1 to {MAX_LENGTH} of a-z, 0-9, '.', '_' and '-', the first of"
        " them a letter or digit"
    )


def is_plain(name: str) -> bool:
    """Tell whether a name is plain.

    Examples
    --------
    >>> is_plain("delays-2"), is_plain(".hidden")
    (True, False)
    """
    return len(name) <= MAX_LENGTH and _PLAIN.fullmatch(name) is not None


@dataclass(frozen=True)
class Reference:
    """A version of a model, by its number or by an alias.

    Parameters
    ----------
    model : str
        Name of the model.
    alias : str or None
        Name of the alias, such as production.
    version : int or None
        Number of the version: one of the two is None.

    Examples
    --------
    >>> Reference.parse("delays@production").alias
    'production'
    >>> Reference.parse("delays/3").version
    3
    """

    model: str
    alias: str | None = None
    version: int | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `model@alias` or `model/version`.

        Parameters
        ----------
        text : str
            The reference.

        Raises
        ------
        StoreError
            If it is neither, or a name is not plain.
        """
        model, sign, alias = text.partition("@")
        if sign:
            return cls(check_name("model", model), alias=check_name("alias", alias))
        model, sign, number = text.rpartition("/")
        if sign and _VERSION.fullmatch(number):
            return cls(check_name("model", model), version=int(number))
        raise StoreError(
            f"{text[:MAX_LENGTH]!r}: write a model with an alias or a version, such as"
            " delays@production or delays/3"
        )

    def __str__(self) -> str:
        return f"{self.model}@{self.alias}" if self.alias else f"{self.model}/{self.version}"
