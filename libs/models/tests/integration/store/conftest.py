"""An object store on this machine: the real client, and a server that speaks its protocol."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import flask  # noqa: F401 (the server needs it)
import flask_cors  # noqa: F401 (the server needs it)
import moto  # noqa: F401 (the server is run by another process)
import pytest
import s3fs

# One request at a time: moto itself looks first and writes then, so two at once would both win.
_MOTO = """
import threading
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server
moto, one = DomainDispatcherApplication(create_backend_app), threading.Lock()
def answer(environ, start):
    with one:
        return list(moto(environ, start))
server = make_server("127.0.0.1", 0, answer, threaded=True)
print(f"listens on http://127.0.0.1:{server.port}", flush=True)
server.serve_forever()
"""


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """Start an S3 that lives as long as the tests, and give the address of a bucket."""
    with _server([sys.executable, "-c", _MOTO]) as address, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", address)
        patch.setenv("AWS_ACCESS_KEY_ID", "somebody")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "anything")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        s3fs.S3FileSystem(skip_instance_cache=True).mkdir("models")
        yield "s3://models"


@pytest.fixture
def place(request: pytest.FixtureRequest) -> str:
    """Give a name that no other test has."""
    return f"{request.node.name.strip('[]')[:20]}-{secrets.token_hex(4)}"


@contextmanager
def _server(command: Sequence[str]) -> Iterator[str]:
    """Run a server until it is no longer needed; give the address that it tells."""
    # Not a pipe, which nobody would read while the server tells of each request.
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT)
        try:
            yield _address(process, said.fileno())
        finally:
            process.kill()
            process.wait()


def _address(process: subprocess.Popen[bytes], said: int) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if found := re.search(rb"listens on (http://\S+:\d+)\s", os.pread(said, 4096, 0)):
            return found[1].decode()
        time.sleep(0.05)
    raise RuntimeError(f"the server did not start: {os.pread(said, 4096, 0).decode()}")
