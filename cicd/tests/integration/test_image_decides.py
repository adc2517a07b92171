"""What the test image says is what counts, whatever this machine could have said in its place.

The image is a plain one without any tool, so that nobody in it can look at anything. Only Pants is
played, by a script that knows of one file: this is about who is asked, and not about the answers.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

NEEDED = (
    *("pyproject.toml", ".coveragerc", "3rdparty/python", "cicd/build/checks", "cicd/build/utils"),
    *("cicd/build/bootstrap_pants.py", "cicd/build/build.sh", "cicd/build/gate.py"),
    *("cicd/build/licences.toml", "cicd/build/run_tests.py"),
)
CODE = "libs/features/src/ropewalk/features/core.py"
PANTS = f"""\
#!/usr/bin/env bash
case $1 in
    peek) echo '[{{"address": "{CODE}:../../..", "target_type": "python_source"}}]' ;;
    filedeps) echo {CODE} ;;
esac
"""
TEST_IMAGE = """\
#!/usr/bin/env bash
docker build --quiet --label ropewalk=image-decides --file - . <<'DOCKERFILE'
FROM {base}
RUN command -v python || ln -s "$(command -v python3.11)" /usr/bin/python
WORKDIR /repo
COPY . .
ENV XDG_CACHE_HOME=/nowhere
DOCKERFILE
"""


def program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    """The image that images are built on, on this machine; those of the tests go at the end."""
    docker = "cicd/build/docker"
    if subprocess.run([f"{docker}/engine.sh", "start"], capture_output=True).returncode:
        pytest.skip("no container engine can be had here; .ci/run leaves all images out, too")
    command = [f"{docker}/base_image.sh", "--any"]
    yield subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    ours = ("--force", "--filter", "label=ropewalk=image-decides")
    subprocess.run(["docker", "image", "prune", *ours], check=True, capture_output=True)


@pytest.fixture
def repo(tmp_path: Path, base: str) -> Path:
    for name in NEEDED:
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if Path(name).is_dir():
            shutil.copytree(name, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(name, target)
    # No lock to resolve: that takes long, and is not what this is about.
    for requirements in (tmp_path / "3rdparty/python").rglob("*.txt"):
        requirements.write_text("") if requirements.name.startswith("d") else requirements.unlink()
    program(tmp_path / "pants", PANTS)
    program(tmp_path / "cicd/build/docker/test_image.sh", TEST_IMAGE.format(base=base))
    (tmp_path / CODE).parent.mkdir(parents=True)
    (tmp_path / CODE).write_text('"""A module."""\n')
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    return tmp_path


def verdict(repo: Path, *arguments: str) -> dict[str, tuple[str, str]]:
    """Return where each check was done and how it ended."""
    command = [str(repo / "cicd/build/build.sh"), "--all", *arguments]
    result = subprocess.run(command, env=os.environ, capture_output=True, text=True)
    assert result.returncode == 1, result.stderr
    assert ("the test image was left out" in result.stdout) is ("--no-image" in arguments)
    told = json.loads((repo / "dist/gate/summary.json").read_text())
    return {name: (each["place"], each["state"]) for name, each in told["checks"].items()}


def test_the_image_decides(repo: Path) -> None:
    checks = verdict(repo)

    assert checks["lint"] == checks["format"] == ("image", "could not look")
    assert checks["sonar"] == ("machine", "not configured")


def test_without_the_image_this_machine_decides_and_says_so(repo: Path) -> None:
    checks = verdict(repo, "--no-image")

    assert checks["lint"] == checks["format"] == ("machine", "ok")


def test_an_image_that_can_not_be_built_closes(repo: Path) -> None:
    assert verdict(repo, "--no-image")["lint"] == ("machine", "ok")
    program(repo / "cicd/build/docker/test_image.sh", "#!/usr/bin/env bash\nexit 3\n")

    checks = verdict(repo)

    assert checks["lint"] == ("", "could not look")
