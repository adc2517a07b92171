"""What a store writes down: a version once published, and each move of an alias."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

from ropewalk.models.common.private_copy import check_name
from ropewalk.models.errors import BundleError, StoreError

MAX_BYTES = 256 * 1024
MAX_TEXT = 1000


@dataclass(frozen=True)
class Version:
    """A published bundle.

    Parameters
    ----------
    model : str
        Name of the model.
    number : int
        1, 2, ... in the order of publishing; no number is given twice.
    digest : str
        SHA-256 of the bundle's manifest, which holds the hash of every other file.
    files : mapping of str to int
        Size of each file in bytes.
    who : str
        Who published it.
    when : str
        By the clock of who published it, ISO 8601 in UTC.
    token : str
        Drawn at random: tells this record from an equal one of another process.

    Examples
    --------
    >>> version = Version("delays", 1, "0" * 64, {"card.md": 8}, "ann", "2026-01-02T03:04:05+00:00")
    >>> str(version), Version.read("x", version.write()) == version
    ('delays/1', True)
    """

    model: str
    number: int
    digest: str
    files: Mapping[str, int]
    who: str
    when: str
    token: str = field(default_factory=lambda: secrets.token_hex(8), compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.model}/{self.number}"

    def write(self) -> bytes:
        """Give the bytes of its record."""
        return _write(asdict(self))

    @classmethod
    def read(cls, place: str, content: bytes) -> Self:
        """Read a record.

        Parameters
        ----------
        place : str
            The file, for the error's message.
        content : bytes
            What `write` gave.

        Raises
        ------
        StoreError
            If it is no such record.
        """
        given = _read(place, content)
        try:
            files = {
                _checked(name): _number(size, least=0) for name, size in given["files"].items()
            }
            digest = _text(given["digest"])
            if len(digest) != 64 or set(digest) - set("0123456789abcdef"):
                raise ValueError("digest")
            return cls(
                model=_text(given["model"]),
                number=_number(given["number"]),
                digest=digest,
                files=files,
                who=_text(given["who"]),
                when=_text(given["when"]),
                token=_text(given["token"]),
            )
        except (AttributeError, BundleError, KeyError, TypeError, ValueError) as error:
            raise StoreError(
                f"{place}: no record of a version ({error}): was it changed by hand?"
            ) from error


@dataclass(frozen=True)
class Move:
    """One step of an alias.

    Parameters
    ----------
    number : int
        1, 2, ...: the order of the steps, whatever the clocks said.
    from_version : int or None
        Version before; None at the first step.
    to_version : int
        Version from then on.
    who : str
        Who moved it.
    when : str
        By the clock of who moved it, ISO 8601 in UTC.
    why : str
        The reason given.
    rollback : bool
        Whether it went back to what was before.
    token : str
        Drawn at random: tells this record from an equal one of another process.

    Examples
    --------
    >>> move = Move(1, None, 3, "ann", "2026-01-02T03:04:05+00:00", "better by 2 %")
    >>> Move.read("x", move.write()) == move
    True
    """

    number: int
    from_version: int | None
    to_version: int
    who: str
    when: str
    why: str
    rollback: bool = False
    token: str = field(default_factory=lambda: secrets.token_hex(8), compare=False, repr=False)

    def write(self) -> bytes:
        """Give the bytes of its record."""
        return _write({**self.told(), "token": self.token})

    def told(self) -> dict[str, object]:
        """Give it for JSON, with the keys from and to."""
        return {
            "number": self.number,
            "from": self.from_version,
            "to": self.to_version,
            "who": self.who,
            "when": self.when,
            "why": self.why,
            "rollback": self.rollback,
        }

    @classmethod
    def read(cls, place: str, content: bytes) -> Self:
        """Read a record.

        Parameters
        ----------
        place : str
            The file, for the error's message.
        content : bytes
            What `write` gave.

        Raises
        ------
        StoreError
            If it is no such record.
        """
        given = _read(place, content)
        try:
            before = given["from"]
            return cls(
                number=_number(given["number"]),
                from_version=None if before is None else _number(before),
                to_version=_number(given["to"]),
                who=_text(given["who"]),
                when=_text(given["when"]),
                why=_text(given["why"]),
                rollback=given["rollback"] is True,
                token=_text(given["token"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise StoreError(
                f"{place}: no record of a move ({error}): was it changed by hand?"
            ) from error


def now() -> str:
    """Give the time for a record: shown to people, never used for an order.

    Examples
    --------
    >>> now()
    '...T...+00:00'
    """
    return datetime.now(UTC).isoformat(timespec="seconds")


def check_text(kind: str, text: str) -> str:
    """Refuse a text that has no place in a record.

    Parameters
    ----------
    kind : str
        What it tells, for the error's message.
    text : str
        One line.

    Returns
    -------
    str
        The text, without spaces around it.

    Raises
    ------
    StoreError
        If it is empty, longer than a line should be, or not printable.

    Examples
    --------
    >>> check_text("why", " better by 2 % ")
    'better by 2 %'
    """
    text = text.strip()
    if not text or len(text) > MAX_TEXT or not text.isprintable():
        raise StoreError(f"{kind} is {text[:40]!r}: give one line of 1 to {MAX_TEXT} characters")
    return text


def _write(value: Mapping[str, object]) -> bytes:
    return f"{json.dumps(value, indent=2, ensure_ascii=False)}\n".encode()


def _read(place: str, content: bytes) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise StoreError(f"{place}: no JSON ({error}): was it changed by hand?") from error
    if not isinstance(value, dict):
        raise StoreError(f"{place}: no JSON object in it: was it changed by hand?")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _number(value: object, least: int = 1) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ValueError(f"{value!r} is no number from {least} on")
    return value


def _checked(name: str) -> str:
    # It becomes a part of a path.
    check_name(name)
    return name
