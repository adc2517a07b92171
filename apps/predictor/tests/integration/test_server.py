"""A real server in a process of its own, asked over real connections."""

import json
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import pandas as pd
import pytest

# Pants brings a module that a test imports, and these tests start it.
import ropewalk.predictor.run  # noqa: F401 (for Pants, see above)
from ropewalk.models import Bundle, frame_to_rows
from ropewalk.predictor.model import identify
from ropewalk.predictor.pipelines.predict import predict

SECONDS = 30
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Server:
    """A server that runs."""

    process: "subprocess.Popen[bytes]"
    url: str
    log: Path

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.url + path, timeout=SECONDS)

    def predict(self, rows: pd.DataFrame) -> httpx.Response:
        return self.post(json.dumps({"rows": frame_to_rows(rows)}).encode())

    def post(self, body: bytes) -> httpx.Response:
        return httpx.post(f"{self.url}/predict", content=body, headers=JSON, timeout=SECONDS)

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(SECONDS)


Start = Callable[[Path], Server]


def until(holds: Callable[[], bool]) -> None:
    give_up = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < give_up, "it took too long"
        time.sleep(0.02)


@contextmanager
def serving(
    predictor: tuple[list[str], dict[str, str]], bundle: Path, log: Path
) -> Iterator[Server]:
    command, environment = predictor
    arguments = [*command, "serve", "--bundle", str(bundle), "--port", "0"]
    with (
        log.open("wb") as file,
        subprocess.Popen(arguments, env=environment, stdout=file, stderr=file) as process,
    ):
        try:
            until(lambda: process.poll() is not None or b" curl -s " in log.read_bytes())
            found = re.search(r"listening on (http://127\.0\.0\.1:\d+);", log.read_text())
            assert found, log.read_text()
            yield Server(process, found[1], log)
        finally:
            process.kill()


@pytest.fixture
def start(predictor: tuple[list[str], dict[str, str]], tmp_path: Path) -> Iterator[Start]:
    """Give what starts a server of a test's own."""
    running = []

    def run(bundle: Path) -> Server:
        one = serving(predictor, bundle, tmp_path / "log")
        running.append(one)
        return one.__enter__()

    yield run
    for one in running:
        one.__exit__(None, None, None)


@pytest.fixture(scope="module")
def server(
    predictor: tuple[list[str], dict[str, str]],
    workplace: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Server]:
    """Give a server that all tests ask and none ends."""
    log = tmp_path_factory.mktemp("server") / "log"
    with serving(predictor, workplace / "bundle", log) as one:
        yield one


def test_a_file_and_the_server_give_the_same_bits(
    server: Server, workplace: Path, bundle: Bundle, ready: pd.DataFrame, tmp_path: Path
) -> None:
    predict(workplace / "ready.csv", workplace / "bundle", tmp_path / "out.csv")
    batch = pd.read_csv(tmp_path / "out.csv")["prediction"].to_numpy()

    rows = ready[bundle.columns]
    together = server.predict(rows).json()
    one_by_one = [
        server.predict(rows.iloc[[row]]).json()["predictions"][0] for row in range(0, 300, 10)
    ]

    assert together["model"] == identify(bundle)
    np.testing.assert_array_equal(together["predictions"], batch)
    np.testing.assert_array_equal(one_by_one, batch[::10])


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_the_command_that_it_prints_works_as_it_is(server: Server, bundle: Bundle) -> None:
    line = next(line for line in server.log.read_text().splitlines() if "curl" in line)
    printed = line.removeprefix("predictor: try: ")

    ran = subprocess.run(printed, shell=True, capture_output=True, check=True)

    assert json.loads(ran.stdout)["predictions"] == bundle.predict(bundle.example[:1]).tolist()


def test_many_at_once_each_get_their_own(
    server: Server, bundle: Bundle, ready: pd.DataFrame
) -> None:
    rows = ready[bundle.columns]
    parts = [rows.iloc[first : first + 1 + first % 7] for first in range(0, 280, 7)]

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(server.predict, parts))

    for part, answer in zip(parts, answers, strict=True):
        np.testing.assert_array_equal(answer.json()["predictions"], bundle.predict(part))


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b'{"rows": [{"wind": NaN}]}', 400),
        (b"null", 422),
        (b'{"rows": []}', 422),
        (b'{"rows": [{}]}', 422),
        (b'{"rows": [{"no_such_field": 1}]}', 422),
        (b'{"rows": [' + b"{}," * 2000 + b"{}]}", 422),
        (b'{"rows": ' + b"[" * 1_000_000, 422),
        (b"[" * 10_000_000, 413),
        (b" " * 1024 * 1024 + b"{}", 413),
    ],
    ids=range(12),
)
def test_bad_input_is_the_callers_fault(server: Server, body: bytes, status: int) -> None:
    got = server.post(body)

    assert got.status_code == status
    assert got.headers["content-type"] == "application/problem+json"
    assert len(got.content) < 10_000


def test_what_is_no_http_and_who_hangs_up_does_no_harm(server: Server) -> None:
    head = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    for sent in (b"\x16\x03\x01 no http\r\n\r\n", head + b'Content-Length: 99\r\n\r\n{"rows":'):
        with socket.create_connection(("127.0.0.1", server.port), SECONDS) as connection:
            connection.sendall(sent)

    assert server.get("/readyz").status_code == 200
    assert "Traceback" not in server.log.read_text()


def test_it_starts_without_a_bundle_and_takes_one_that_appears(
    start: Start, workplace: Path, bundle: Bundle, tmp_path: Path
) -> None:
    server = start(tmp_path / "bundle")
    before = [server.get("/livez"), server.get("/readyz"), server.predict(bundle.example)]

    shutil.copytree(workplace / "bundle", tmp_path / "unfinished")
    (tmp_path / "unfinished").rename(tmp_path / "bundle")
    until(lambda: server.get("/readyz").status_code == 200)
    after = server.predict(bundle.example)

    assert [answer.status_code for answer in before] == [200, 503, 503]
    assert before[2].json()["detail"] == "there is no model yet"
    assert after.json()["predictions"] == bundle.predict(bundle.example).tolist()
    log = server.log.read_text()
    assert log.count("no bundle there; make one: ./pants run apps/trainer") == 1


def test_a_damaged_bundle_keeps_it_from_being_ready_until_it_is_mended(
    start: Start, workplace: Path, tmp_path: Path
) -> None:
    shutil.copytree(workplace / "bundle", tmp_path / "bundle")
    damaged = tmp_path / "bundle" / "pipeline.skops"
    sound = damaged.read_bytes()
    damaged.write_bytes(sound[:-1] + bytes([sound[-1] ^ 1]))

    server = start(tmp_path / "bundle")
    lives, ready = server.get("/livez"), server.get("/readyz")
    told = [line for line in server.log.read_text().splitlines() if "pipeline.skops" in line]
    damaged.write_bytes(sound)
    until(lambda: server.get("/readyz").status_code == 200)

    assert (lives.status_code, ready.status_code) == (200, 503)
    assert str(tmp_path) not in ready.text
    assert len(told) == 1
    assert "its sha256 is not the one in manifest.json" in told[0]
    assert "Traceback" not in server.log.read_text()


def test_sigterm_lets_it_finish_what_it_has_begun(
    start: Start, workplace: Path, bundle: Bundle
) -> None:
    server = start(workplace / "bundle")
    body = json.dumps({"rows": frame_to_rows(bundle.example)}).encode()
    head = (
        b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n" % len(body)
    )

    def refuses_others() -> bool:
        try:
            socket.create_connection(("127.0.0.1", server.port), SECONDS).close()
        except ConnectionRefusedError:
            return True
        return False

    with socket.create_connection(("127.0.0.1", server.port), SECONDS) as connection:
        connection.sendall(head + body[:10])
        # The next answer proves that the server has read what was sent before it was asked.
        assert server.get("/livez").status_code == 200
        server.process.send_signal(signal.SIGTERM)
        until(refuses_others)
        # Longer than uvicorn pauses anyway.
        with pytest.raises(subprocess.TimeoutExpired):
            server.process.wait(0.5)
        connection.sendall(body[10:])
        answer = b""
        while received := connection.recv(65536):
            answer += received
    code = server.process.wait(SECONDS)

    assert answer.startswith(b"HTTP/1.1 200 ")
    predictions = json.loads(answer.partition(b"\r\n\r\n")[2])["predictions"]
    assert predictions == bundle.predict(bundle.example).tolist()
    assert code == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_it_ends_at_once_when_there_is_nothing_to_finish(
    start: Start, workplace: Path, number: signal.Signals, code: int
) -> None:
    server = start(workplace / "bundle")
    with httpx.Client() as client:
        client.get(f"{server.url}/livez")  # And keeps the connection.

        assert server.end(number) == code

    log = server.log.read_text()
    assert "Traceback" not in log
    assert log.endswith("predictor: interrupted\n") == (code == 130)


def test_a_port_in_use_is_one_line(
    predictor: tuple[list[str], dict[str, str]], server: Server, workplace: Path
) -> None:
    command, environment = predictor
    options = ["--bundle", str(workplace / "bundle"), "--port", str(server.port)]

    ended = subprocess.run(
        [*command, "serve", *options], env=environment, capture_output=True, text=True, check=False
    )

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == (
        f"predictor: can't listen on 127.0.0.1, port {server.port}: address already in use; "
        "choose another --port or --host\n"
    )
