"""The rows of a request: read, checked, and made a frame."""

from collections.abc import Iterator
from itertools import islice

import msgspec
import pandas as pd
from jsonschema import ValidationError

from ropewalk.models import ModelInputError, rows_to_frame
from ropewalk.predictor.problem import Problem, cut
from ropewalk.predictor.served_model import Served

MAX_ROWS = 1_000
MAX_ERRORS = 20

Row = dict[str, str | int | float | bool | None]


class _Request(msgspec.Struct, forbid_unknown_fields=True):
    rows: list[Row]


_DECODER = msgspec.json.Decoder(_Request)


def parse_rows(body: bytes) -> list[Row]:
    """Read the rows of a request.

    Parameters
    ----------
    body : bytes
        JSON: ``{"rows": [{...}, ...]}``.

    Returns
    -------
    list of dict
        At least one row, at most `MAX_ROWS`.

    Raises
    ------
    Problem
        400 if it is no JSON, which knows no NaN and no Infinity; 422 if it is of another form.

    Examples
    --------
    >>> parse_rows(b'{"rows": [{"distance": 529}]}')
    [{'distance': 529}]
    """
    try:
        rows = _DECODER.decode(body)
    except msgspec.ValidationError as error:
        raise Problem(422, f'{error}; send {{"rows": [{{...}}]}}') from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Problem(400, f"the body is no JSON in UTF-8: {error}") from error
    if not rows.rows:
        raise Problem(422, "there are no rows; send at least one")
    if len(rows.rows) > MAX_ROWS:
        raise Problem(422, f"{len(rows.rows)} rows are too many; send at most {MAX_ROWS} at once")
    return rows.rows


def to_frame(rows: list[Row], model: Served) -> pd.DataFrame:
    """Hold rows against the model's schema, and make them a frame.

    Parameters
    ----------
    rows : list of dict
        As `parse_rows` gives them.
    model : Served
        The model.

    Returns
    -------
    DataFrame of shape (n_rows, n_columns)
        The model's input columns, with the types that it was trained on.

    Raises
    ------
    Problem
        422 with what is wrong, row by row, up to `MAX_ERRORS`.
    """
    errors = list(islice(_errors(rows, model), MAX_ERRORS + 1))
    if errors:
        more = f"; the first {MAX_ERRORS} errors are listed" if len(errors) > MAX_ERRORS else ""
        told = f"the rows are not what the model's schema says, see GET /schema{more}"
        raise Problem(422, told, errors[:MAX_ERRORS])
    try:
        return rows_to_frame(rows, model.bundle.input_schema)
    except ModelInputError as error:
        raise Problem(422, str(error)) from error


def _errors(rows: list[Row], model: Served) -> Iterator[dict[str, str]]:
    for number, row in enumerate(rows):
        for error in model.rows.iter_errors(row):
            yield {"detail": cut(_told(error)), "pointer": _pointer(number, error)}


def _told(error: ValidationError) -> str:
    match error.validator:
        case "required":
            return error.message.replace("is a required property", "is missing")
        case "format":
            return f"{error.instance!r} is no time with an offset, such as 2013-10-01T05:00:00Z"
    return error.message


def _pointer(number: int, error: ValidationError) -> str:
    """Give the place as a JSON pointer (RFC 6901) in a URI fragment."""
    names = [str(part).replace("~", "~0").replace("/", "~1") for part in error.absolute_path]
    return "/".join(["#/rows", str(number), *names])
