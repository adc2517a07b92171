"""What is wrong with a request, as RFC 9457 has it told."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

import msgspec
from starlette.responses import Response

# Enough to see what is wrong, and no way to make an answer larger than its request.
LONGEST = 300


class Problem(Exception):  # noqa: N818 (the RFC's own word)
    """Ends a request with an ``application/problem+json`` answer.

    Parameters
    ----------
    status : int
        The HTTP status.
    detail : str
        What is wrong and what to do; cut to 300 characters.
    errors : sequence of mapping, optional
        Each with a ``detail`` and a ``pointer`` to the place in the request.
    headers : mapping of str to str, optional
        Headers of the answer.

    References
    ----------
    .. [1] RFC 9457, "Problem Details for HTTP APIs".

    Examples
    --------
    >>> Problem(415, "send JSON").response().body
    b'{"type":"about:blank","title":"Unsupported Media Type","status":415,"detail":"send JSON"}'
    """

    def __init__(
        self,
        status: int,
        detail: str,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = cut(detail)
        self.errors = errors
        self.headers = headers

    def response(self) -> Response:
        """Make the answer."""
        body: dict[str, object] = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
        }
        if self.errors:
            body["errors"] = self.errors
        return Response(
            msgspec.json.encode(body),
            self.status,
            self.headers,
            media_type="application/problem+json",
        )


def cut(text: str) -> str:
    """Keep a text short, and what stands at its ends: a value comes first, its rule last.

    Examples
    --------
    >>> short = cut("x" * 1000 + " is too long")
    >>> len(short), short[-20:]
    (300, 'xxxxxxxx is too long')
    """
    half = LONGEST // 2
    return text if len(text) <= LONGEST else f"{text[:half - 3]} ... {text[2 - half:]}"
