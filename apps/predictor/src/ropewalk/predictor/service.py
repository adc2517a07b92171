"""The HTTP service: which paths there are, and what each answers."""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from ropewalk.models import frame_to_rows
from ropewalk.predictor.errors import PredictorError
from ropewalk.predictor.model import ask
from ropewalk.predictor.problem import Problem
from ropewalk.predictor.rows import parse_rows, to_frame
from ropewalk.predictor.served_model import Served, ServedModel

MAX_BYTES = 1024 * 1024
# A client that has not sent all of its request seldom reads the answer: so much is heard out.
_HEARD_OUT = 16 * MAX_BYTES

_ENDPOINTS = {
    "POST /predict": 'predict {"rows": [{...}, ...]}; fields as in /schema',
    "GET /example": "a request to start from",
    "GET /schema": "JSON Schema of a row",
    "GET /livez": "200 while the server runs",
    "GET /readyz": "200 once there is a model to predict with",
}


class Service:
    """Answers requests with a model.

    Parameters
    ----------
    model : ServedModel
        The model, once there is one.
    """

    def __init__(self, model: ServedModel) -> None:
        self.model = model
        # Predicting is work for processors: more threads than these would only take turns. The
        # event loop stays free to say that the server lives.
        self._threads = ThreadPoolExecutor(min(4, os.cpu_count() or 1), "predict")

    def application(self) -> Starlette:
        """Make the ASGI application."""
        return Starlette(
            routes=[
                Route("/", self.index),
                Route("/livez", self.livez),
                Route("/readyz", self.readyz),
                Route("/schema", self.schema),
                Route("/example", self.example),
                Route("/predict", self.predict, methods=["POST"]),
            ],
            exception_handlers={
                Problem: _problem,
                HTTPException: _http_exception,
                ClientDisconnect: _disconnected,
                Exception: _unexpected,
            },
        )

    async def index(self, request: Request) -> Response:
        """List the endpoints."""
        return _json({"service": "ropewalk-predictor", "endpoints": _ENDPOINTS})

    async def livez(self, request: Request) -> Response:
        """Say that the server runs."""
        return _json({"status": "alive"})

    async def readyz(self, request: Request) -> Response:
        """Say whether there is a model, and which."""
        model = await asyncio.to_thread(self._take)
        return _json({"status": "ready", "model": model.identity})

    async def schema(self, request: Request) -> Response:
        """Show what a row must be."""
        model = await asyncio.to_thread(self._take)
        return _json(model.bundle.input_schema, "application/schema+json")

    async def example(self, request: Request) -> Response:
        """Show a request that can be sent."""
        model = await asyncio.to_thread(self._take)
        return _json({"rows": frame_to_rows(model.bundle.example.head(1))})

    async def predict(self, request: Request) -> Response:
        """Predict rows."""
        content_type = request.headers.get("content-type", "")
        if content_type.partition(";")[0].strip().lower() != "application/json":
            raise Problem(
                415,
                f"the content type is '{content_type}'; send application/json",
                headers={"Accept": "application/json"},
            )
        body = await _body(request)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._answer, body)

    def _answer(self, body: bytes) -> Response:
        rows = parse_rows(body)
        model = self._take()
        frame = to_frame(rows, model)
        try:
            predictions = ask(model.bundle, frame)
        except PredictorError as error:
            raise Problem(422, str(error)) from error
        return _json({"predictions": predictions.tolist(), "model": model.identity})

    def _take(self) -> Served:
        model = self.model.take()
        if model is None:
            raise Problem(503, self.model.reason, headers={"Retry-After": "1"})
        return model


async def _body(request: Request) -> bytes:
    body = bytearray()
    heard = 0
    async for chunk in request.stream():
        heard += len(chunk)
        if heard <= MAX_BYTES:
            body += chunk
        elif heard > _HEARD_OUT:
            break
    if heard > MAX_BYTES:
        raise Problem(413, f"the body is too large; send at most {MAX_BYTES} bytes at once")
    return bytes(body)


def _json(value: object, media_type: str = "application/json") -> Response:
    return Response(msgspec.json.encode(value), media_type=media_type)


async def _problem(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, Problem)
    return problem.response()


async def _http_exception(request: Request, error: Exception) -> Response:
    """Answer as starlette would, for a wrong path or method."""
    assert isinstance(error, HTTPException)
    told = f"{error.detail.lower()}: {request.method} {request.url.path}; GET / lists what there is"
    return Problem(error.status_code, told, headers=error.headers).response()


async def _disconnected(request: Request, error: Exception) -> Response:
    """Answer nobody: the client is gone."""
    return Problem(400, "the client went away").response()


async def _unexpected(request: Request, error: Exception) -> Response:
    """Tell the log alone what went wrong; uvicorn does, once this has answered."""
    return Problem(500, "the server failed; its log says why").response()
