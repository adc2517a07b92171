"""Answer requests over HTTP until told to stop."""

import logging
import socket
from pathlib import Path

import uvicorn

from ropewalk.predictor.errors import PredictorError
from ropewalk.predictor.served_model import LOG, ServedModel
from ropewalk.predictor.service import Service

BACKLOG = 2048
# Kubernetes kills what has not stopped after 30 seconds.
DRAIN_SECONDS = 20


def serve(folder: Path, host: str, port: int, verifying_key: Path | None = None) -> None:
    """Serve the model of a bundle, now or as soon as there is one.

    Parameters
    ----------
    folder : Path
        Where the bundle is, or will be.
    host : str
        The address to listen on.
    port : int
        The port; 0 takes a free one.

    Raises
    ------
    PredictorError
        If nothing can listen there.
    KeyboardInterrupt
        On Ctrl-C, and on SIGTERM what its handler raises: requests that have begun are answered
        first.
    """
    logging.basicConfig(format="predictor: %(message)s", level=logging.WARNING)
    LOG.setLevel(logging.INFO)
    with _listen(host, port) as listening:
        model = ServedModel(folder, verifying_key=verifying_key)
        model.take()  # Now, so that the first request need not wait for it.
        _greet(model, host, listening.getsockname()[1])
        config = uvicorn.Config(
            Service(model).application(),
            backlog=BACKLOG,
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=DRAIN_SECONDS,
        )
        uvicorn.Server(config).run(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        # Without the address, which Python adds in brackets.
        told = (error.strerror or str(error)).partition(" (")[0].lower()
        raise PredictorError(
            f"can't listen on {host}, port {port}: {told}; choose another --port or --host"
        ) from error


def _greet(model: ServedModel, host: str, port: int) -> None:
    """Say where it listens, and give a command that works as it is."""
    place = f"[{host}]" if ":" in host else host
    LOG.info(f"listening on http://{place}:{port}; Ctrl-C stops it")
    # Whoever listens everywhere is reached here too: the address is compared, not listened on.
    here = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}.get(place, place)  # noqa: S104  # nosec B104
    url = f"http://{here}:{port}"
    LOG.info(
        f"{'try' if model.take() else 'once there is a model'}: curl -s {url}/example | "
        f"curl -s {url}/predict -H 'Content-Type: application/json' -d @-"
    )
