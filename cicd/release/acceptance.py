#!/usr/bin/env python3
"""Ask a running predictor what its users will ask, and fail if an answer is wrong.

Runs against a container on this machine and against each environment alike; needs nothing but
Python. The last line is ``N passed, N failed``; exit code 1 when an answer was wrong, 2 on wrong
usage.

Examples
--------
::

    cicd/release/acceptance.py http://127.0.0.1:8080 --bundle artifacts/flights/bundle
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen


def ask(url: str, body: bytes | None = None) -> tuple[int, bytes]:
    """Return the status and the body of an answer, whatever the status is."""
    headers = {"Content-Type": "application/json"}
    request = Request(url, data=body, headers=headers)  # noqa: S310 (main lets only http pass)
    try:
        # main lets only http pass.
        with urlopen(request, timeout=10) as response:  # noqa: S310  # nosec B310
            return response.status, response.read()
    except HTTPError as error:
        return error.code, error.read()


def becomes_ready(url: str, seconds: float) -> str:
    """Return what is wrong with ``/readyz`` after a while, or nothing."""
    give_up = time.monotonic() + seconds
    while True:
        try:
            status, body = ask(f"{url}/readyz")
            problem = "" if status == 200 else f"answers {status}: {body[:200]!r}"
        except OSError as error:
            problem = f"does not answer: {error}"
        if not problem or time.monotonic() > give_up:
            return problem
        time.sleep(0.5)


def predicts(url: str, example: Path) -> str:
    """Return what is wrong with the predictions for the bundle's own example, or nothing."""
    content = json.loads(example.read_text())
    rows = content["rows"] if isinstance(content, dict) else content
    status, body = ask(f"{url}/predict", json.dumps({"rows": rows}).encode())
    if status != 200:
        return f"answers {status}: {body[:500]!r}"
    predictions = json.loads(body)["predictions"]
    if len(predictions) != len(rows):
        return f"{len(predictions)} predictions for {len(rows)} rows"
    if not all(isinstance(value, int | float) and math.isfinite(value) for value in predictions):
        return f"a prediction is no number: {predictions}"
    return ""


def refuses(url: str, body: bytes) -> str:
    """Return what is wrong with the answer to a request that can't be served, or nothing."""
    status, answer = ask(f"{url}/predict", body)
    return "" if 400 <= status < 500 else f"answers {status} instead of 4xx: {answer[:200]!r}"


def main(arguments: list[str] | None = None) -> int:
    """Run the checks and return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("url", help="where the predictor answers, without a path")
    parser.add_argument("--bundle", type=Path, required=True, help="the bundle that it serves")
    parser.add_argument("--wait", type=float, default=60, help="seconds to become ready in")
    options = parser.parse_args(arguments)
    url, example = options.url.rstrip("/"), options.bundle / "example.json"
    if not url.startswith(("http://", "https://")):
        parser.error(f"'{options.url}' is no http or https address")
    if not example.is_file():
        parser.error(f"{options.bundle} is no bundle: it has no example.json")

    checks: dict[str, Callable[[], str]] = {
        "becomes ready": lambda: becomes_ready(url, options.wait),
        "is alive": lambda: "" if ask(f"{url}/livez")[0] == 200 else "answers no 200",
        "predicts the bundle's example": lambda: predicts(url, example),
        "refuses what is no JSON": lambda: refuses(url, b"{"),
        "refuses an unknown field": lambda: refuses(url, b'{"rows": [{"no_such_field": 1}]}'),
    }
    failed = 0
    for name, check in checks.items():
        try:
            problem = check()
        except (OSError, KeyError, TypeError, ValueError) as error:
            problem = f"{type(error).__name__}: {error}"
        print(f"{'FAILED' if problem else 'ok'}: {name}{problem and f': {problem}'}", flush=True)
        failed += bool(problem)
    print(f"{len(checks) - failed} passed, {failed} failed")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
