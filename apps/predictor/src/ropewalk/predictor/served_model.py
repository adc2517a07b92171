"""The model that a server answers with: none at first, perhaps, and then one."""

import logging
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
from jsonschema import Draft202012Validator, FormatChecker

from ropewalk.models import Bundle
from ropewalk.predictor.errors import NoBundleError
from ropewalk.predictor.model import identify, load_model

LOG = logging.getLogger("ropewalk.predictor")
RETRY_SECONDS = 1.0

# The largest that each dtype can hold: JSON's own numbers have no end.
_LARGEST: Mapping[str, tuple[float, float]] = {
    "int64": (-(2**63), 2**63 - 1),
    "float64": (-sys.float_info.max, sys.float_info.max),
}
_FORMATS = FormatChecker(formats=())


@_FORMATS.checks("date-time", raises=(msgspec.ValidationError, OverflowError))
def _is_moment(value: object) -> bool:
    if isinstance(value, str):
        # In UTC, because that is how it will be kept: in the year 1 or 9999 it may have no place.
        msgspec.convert(value, Annotated[datetime, msgspec.Meta(tz=True)]).astimezone(UTC)
    return True


@dataclass(frozen=True, eq=False)
class Served:
    """A model and what it takes to answer with it.

    Attributes
    ----------
    bundle : Bundle
        The model.
    rows : Draft202012Validator
        Says what is wrong with one row.
    identity : dict
        Which model it is, for every answer.
    """

    bundle: Bundle
    rows: Draft202012Validator
    identity: dict[str, object]

    @classmethod
    def of(cls, bundle: Bundle) -> "Served":
        """Make all of it from the bundle."""
        validator = Draft202012Validator(_bounded(bundle.input_schema), format_checker=_FORMATS)
        return cls(bundle, validator, identify(bundle))


class ServedModel:
    """Looks for a bundle until it has one.

    Parameters
    ----------
    folder : Path
        Where the bundle is, or will be.
    clock : callable, optional
        Gives seconds that never go back.
    verifying_key : Path, optional
        Public key, PEM: a bundle that it does not verify is not served.
    """

    def __init__(
        self,
        folder: Path,
        clock: Callable[[], float] = time.monotonic,
        verifying_key: Path | None = None,
    ) -> None:
        self.folder = folder
        self.verifying_key = verifying_key
        self.reason = "there is no model yet"
        self._clock = clock
        self._served: Served | None = None
        self._looked_at = float("-inf")
        self._loading = threading.Lock()
        self._told = ""

    def take(self) -> Served | None:
        """Give the model; where there is none yet, look for it, but not more than once a second.

        Returns
        -------
        Served or None
            None while there is no model; `reason` then says why, in words that may leave the
            house. The log has the details.
        """
        if self._served is not None:
            return self._served
        # Who comes while another one loads need not wait for it.
        if self._loading.acquire(blocking=False):
            try:
                now = self._clock()
                if self._served is None and now - self._looked_at >= RETRY_SECONDS:
                    self._look()
                    self._looked_at = self._clock()
            finally:
                self._loading.release()
        return self._served

    def _look(self) -> None:
        try:
            self._served = Served.of(load_model(self.folder, self.verifying_key))
        except NoBundleError as error:
            self.reason = "there is no model yet"
            self._tell(str(error))
        except Exception as error:  # Whatever is in that folder, the server stays up.
            self.reason = "the model can't be loaded; the server's log says why"
            self._tell(str(error) or type(error).__name__)
        else:
            self._tell(f"{self.folder}: loaded, model {self._served.identity['digest']}")

    def _tell(self, told: str) -> None:
        """Log what is new, and not the same each second."""
        line = " ".join(told.split())
        if line != self._told:
            LOG.log(logging.INFO if self._served else logging.WARNING, line)
            self._told = line


def _bounded(schema: Mapping[str, object]) -> dict[str, object]:
    """Keep numbers within what their dtype can hold."""
    properties = schema["properties"]
    assert isinstance(properties, Mapping)
    bounded = {}
    for name, field in properties.items():
        low, high = _LARGEST.get(field.get("x-dtype"), (None, None))
        if low is not None and high is not None:
            low, high = max(low, field.get("minimum", low)), min(high, field.get("maximum", high))
            field = {**field, "minimum": low, "maximum": high}
        bounded[name] = field
    return {**schema, "properties": bounded}
