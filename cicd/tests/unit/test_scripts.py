import os
import subprocess
from pathlib import Path

import pytest

ENGINELESS = {**os.environ, "DOCKER_HOST": "tcp://127.0.0.1:1"}
SCRIPTS = [
    "cicd/build/build.sh",
    "cicd/build/cache/server.sh",
    "cicd/build/docker/base_image.sh",
    "cicd/build/docker/engine.sh",
    "cicd/build/docker/test_image.sh",
    "cicd/release/release.sh",
]


def run(*command: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", *command], cwd=cwd, env=ENGINELESS, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("script", SCRIPTS)
def test_help_has_an_example(script: str) -> None:
    result = run(script, "--help")

    assert result.returncode == 0
    assert "Example:" in result.stdout
    assert Path(script).name in result.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("cicd/build/build.sh", "--bogus"),
        ("cicd/build/build.sh", "--since"),
        ("cicd/build/cache/server.sh",),
        ("cicd/build/cache/server.sh", "bogus"),
        ("cicd/build/cache/server.sh", "start", "--bogus"),
        ("cicd/build/cache/server.sh", "start", "--port"),
        ("cicd/build/cache/server.sh", "start", "--port", "0"),
        ("cicd/build/cache/server.sh", "start", "--size", "10"),
        ("cicd/build/cache/server.sh", "start", "--folder", os.devnull),
        ("cicd/build/cache/server.sh", "token", "--days", "0"),
        ("cicd/build/cache/server.sh", "token", "--folder", "nowhere"),
        ("cicd/build/docker/base_image.sh",),
        ("cicd/build/docker/base_image.sh", "one", "two"),
        ("cicd/build/docker/engine.sh", "bogus"),
        ("cicd/build/docker/test_image.sh", "--bogus"),
        ("cicd/release/release.sh",),
        ("cicd/release/release.sh", "bogus"),
        ("cicd/release/release.sh", "develop", "--bundle"),
        ("cicd/release/release.sh", "develop", "--bundle", "nowhere"),
        ("cicd/release/release.sh", "master", "bogus"),
        ("cicd/release/release.sh", "render", "bogus"),
    ],
)
def test_wrong_usage_is_one_line(arguments: tuple[str, ...]) -> None:
    result = run(*arguments)

    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.startswith(Path(arguments[0]).name)


def test_an_engine_elsewhere_that_does_not_answer_is_told() -> None:
    result = run("cicd/build/docker/engine.sh", "start")

    assert result.returncode == 3
    assert "DOCKER_HOST=tcp://127.0.0.1:1 does not answer" in result.stderr
