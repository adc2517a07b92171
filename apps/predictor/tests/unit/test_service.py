import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from threading import Event

import httpx
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from starlette.requests import ClientDisconnect

from ropewalk.models import Bundle, frame_to_rows
from ropewalk.predictor import service as module
from ropewalk.predictor.errors import PredictorError
from ropewalk.predictor.model import identify
from ropewalk.predictor.served_model import ServedModel
from ropewalk.predictor.service import MAX_BYTES, Service

JSON = {"Content-Type": "application/json"}
Talk = Callable[[httpx.AsyncClient], Awaitable[httpx.Response]]


def answer(folder: Path, talk: Talk) -> httpx.Response:
    """Give the answer of a service over a folder, which may hold a bundle."""

    async def run() -> httpx.Response:
        application = Service(ServedModel(folder)).application()
        transport = httpx.ASGITransport(application, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await talk(client)

    return asyncio.run(run())


def get(folder: Path, path: str) -> httpx.Response:
    return answer(folder, lambda client: client.get(path))


def post(
    folder: Path, body: bytes | AsyncIterator[bytes], headers: dict[str, str] | None = None
) -> httpx.Response:
    given = JSON if headers is None else headers
    return answer(folder, lambda client: client.post("/predict", content=body, headers=given))


def of_rows(rows: pd.DataFrame) -> bytes:
    return json.dumps({"rows": frame_to_rows(rows)}).encode()


def test_rows_are_answered_as_the_model_answers_them(
    workplace: Path, bundle: Bundle, ready: pd.DataFrame
) -> None:
    got = post(workplace / "bundle", of_rows(ready[bundle.columns]))

    assert got.status_code == 200
    assert got.headers["content-type"] == "application/json"
    assert got.json()["model"] == identify(bundle)
    np.testing.assert_array_equal(got.json()["predictions"], bundle.predict(ready))


def test_the_example_can_be_sent_as_it_is(workplace: Path, bundle: Bundle) -> None:
    example = get(workplace / "bundle", "/example")
    got = post(workplace / "bundle", example.content)

    assert got.json()["predictions"] == bundle.predict(bundle.example.head(1)).tolist()


def test_the_schema_is_the_bundles_own(workplace: Path, bundle: Bundle) -> None:
    got = get(workplace / "bundle", "/schema")

    assert got.json() == bundle.input_schema
    assert got.headers["content-type"] == "application/schema+json"


def test_the_first_page_lists_every_path(workplace: Path) -> None:
    listed = get(workplace / "bundle", "/").json()["endpoints"]

    routes = Service(ServedModel(workplace)).application().routes
    paths = {getattr(route, "path", "") for route in routes} - {"/"}
    assert {line.split()[1] for line in listed} == paths


@pytest.mark.parametrize("path", ["/readyz", "/schema", "/example"])
def test_without_a_model_it_lives_but_is_not_ready(tmp_path: Path, path: str) -> None:
    lives = get(tmp_path / "bundle", "/livez")
    got = get(tmp_path / "bundle", path)

    assert lives.status_code == 200
    assert got.status_code == 503
    assert got.headers["retry-after"] == "1"
    assert got.json()["detail"] == "there is no model yet"


def test_a_damaged_bundle_tells_the_log_alone_what_is_wrong(
    workplace: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copytree(workplace / "bundle", tmp_path / "bundle")
    (tmp_path / "bundle" / "metrics.json").unlink()

    got = get(tmp_path / "bundle", "/readyz")

    assert got.status_code == 503
    assert got.json()["detail"] == "the model can't be loaded; the server's log says why"
    assert "metrics.json" in caplog.text


def test_predicting_without_a_model_is_to_be_tried_again(
    workplace: Path, tmp_path: Path, ready: pd.DataFrame, bundle: Bundle
) -> None:
    got = post(tmp_path / "bundle", of_rows(ready[bundle.columns].head(1)))

    assert got.status_code == 503
    assert got.headers["retry-after"] == "1"


@pytest.mark.parametrize(
    "content_type", [{}, {"Content-Type": "text/plain"}, {"Content-Type": "application/xml"}]
)
def test_another_content_type_is_refused(workplace: Path, content_type: dict[str, str]) -> None:
    got = post(workplace / "bundle", b'{"rows": []}', content_type)

    assert got.status_code == 415
    assert got.headers["accept"] == "application/json"


def test_a_charset_in_the_content_type_does_no_harm(workplace: Path) -> None:
    example = get(workplace / "bundle", "/example").content

    got = post(workplace / "bundle", example, {"Content-Type": "Application/JSON; charset=utf-8"})

    assert got.status_code == 200


@pytest.mark.parametrize(("surplus", "status"), [(0, 200), (1, 413)])
def test_a_body_is_bounded_to_the_byte(workplace: Path, surplus: int, status: int) -> None:
    example = get(workplace / "bundle", "/example").content

    got = post(workplace / "bundle", example.ljust(MAX_BYTES + surplus))

    assert got.status_code == status


def test_a_body_without_end_is_not_heard_out(workplace: Path) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1
            yield b" " * MAX_BYTES

    got = post(workplace / "bundle", endless())

    assert got.status_code == 413
    assert sent < 20


def test_each_problem_is_told_in_the_same_form(workplace: Path) -> None:
    folder = workplace / "bundle"
    answers = [
        get(folder, "/nothing"),
        get(folder, "/predict"),
        post(folder, b"{"),
        post(folder, b'{"rows": [{"no_such_field": 1}]}'),
        post(folder, b"", {}),
    ]

    assert [got.status_code for got in answers] == [404, 405, 400, 422, 415]
    assert answers[1].headers["allow"] == "POST"
    for got in answers:
        assert got.headers["content-type"] == "application/problem+json"
        assert got.json()["status"] == got.status_code
        assert str(workplace) not in got.text


def test_it_says_that_it_lives_while_it_predicts(
    workplace: Path, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    predicting, go_on = Event(), Event()

    def slow(bundle: Bundle, rows: pd.DataFrame) -> npt.NDArray[np.float64]:
        predicting.set()
        assert go_on.wait(30)
        return np.asarray(bundle.predict(rows), dtype=np.float64)

    monkeypatch.setattr(module, "ask", slow)

    async def talk(client: httpx.AsyncClient) -> httpx.Response:
        body = of_rows(bundle.example)
        asked = asyncio.create_task(client.post("/predict", content=body, headers=JSON))
        assert await asyncio.to_thread(predicting.wait, 30)
        lives = await client.get("/livez")
        go_on.set()
        assert (await asked).status_code == 200
        return lives

    assert answer(workplace / "bundle", talk).status_code == 200


def test_an_answer_that_is_no_number_is_the_callers_problem(
    workplace: Path, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(bundle: Bundle, rows: pd.DataFrame) -> None:
        raise PredictorError("row 0: the model has no finite answer")

    monkeypatch.setattr(module, "ask", endless)

    got = post(workplace / "bundle", of_rows(bundle.example))

    assert got.status_code == 422
    assert got.json()["detail"] == "row 0: the model has no finite answer"


def test_a_fault_of_the_server_tells_nothing_of_its_inside(
    workplace: Path, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(bundle: Bundle, rows: pd.DataFrame) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(module, "ask", broken)

    got = post(workplace / "bundle", of_rows(bundle.example))

    assert got.status_code == 500
    assert got.headers["content-type"] == "application/problem+json"
    assert "secret" not in got.text


def test_a_client_that_goes_away_is_no_fault(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(request: object) -> bytes:
        raise ClientDisconnect

    monkeypatch.setattr(module, "_body", gone)

    assert post(workplace / "bundle", b"{}").status_code == 400
