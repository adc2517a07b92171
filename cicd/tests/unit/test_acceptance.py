import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from cicd.release import acceptance


class Predictor(BaseHTTPRequestHandler):
    """A predictor of one field, `a`, that can be told to go wrong."""

    fault = ""

    def do_GET(self) -> None:
        self.answer(503 if self.fault == "not ready" and self.path == "/readyz" else 200, {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            rows = json.loads(body)["rows"]
        except ValueError:
            return self.answer(500 if self.fault == "crashes on no JSON" else 400, {})
        if self.fault != "takes any field" and set(rows[0]) != {"a"}:
            return self.answer(422, {})
        predictions = [float(row.get("a", 0)) for row in rows]
        if self.fault == "loses a row":
            predictions.pop()
        if self.fault == "predicts NaN":
            predictions[0] = float("nan")
        return self.answer(200, {"predictions": predictions})

    def answer(self, status: int, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


@contextmanager
def serving(fault: str) -> Iterator[str]:
    handler = type("Faulty", (Predictor,), {"fault": fault})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def bundle(tmp_path: Path) -> str:
    (tmp_path / "example.json").write_text('[{"a": 1}, {"a": 2}]')
    return str(tmp_path)


def test_a_sound_predictor_passes(bundle: str, capsys: pytest.CaptureFixture[str]) -> None:
    with serving("") as url:
        code = acceptance.main([url, "--bundle", bundle, "--wait", "5"])

    output = capsys.readouterr().out
    assert (code, output.splitlines()[-1]) == (0, "5 passed, 0 failed"), output


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("not ready", "FAILED: becomes ready: answers 503"),
        ("loses a row", "1 predictions for 2 rows"),
        ("predicts NaN", "a prediction is no number"),
        ("crashes on no JSON", "FAILED: refuses what is no JSON: answers 500 instead of 4xx"),
        ("takes any field", "FAILED: refuses an unknown field: answers 200 instead of 4xx"),
    ],
)
def test_a_fault_is_found(
    fault: str, told: str, bundle: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(fault) as url:
        code = acceptance.main([url, "--bundle", bundle, "--wait", "0"])

    output = capsys.readouterr().out
    assert (code, output.splitlines()[-1]) == (1, "4 passed, 1 failed")
    assert told in output


def test_nobody_there(bundle: str, capsys: pytest.CaptureFixture[str]) -> None:
    with serving("") as url:
        pass

    code = acceptance.main([url, "--bundle", bundle, "--wait", "0"])

    assert (code, capsys.readouterr().out.splitlines()[-1]) == (1, "0 passed, 5 failed")


@pytest.mark.parametrize(
    ("url", "folder", "told"),
    [
        ("http://127.0.0.1:1", "nowhere", "nowhere is no bundle"),
        ("file:///etc", ".", "no http or https address"),
    ],
)
def test_wrong_usage(url: str, folder: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        acceptance.main([url, "--bundle", folder])

    assert told in capsys.readouterr().err
