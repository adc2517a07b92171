"""The launcher ./pants on fresh machines: each test has a home folder of its own."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

NEEDED = ("pants", "cicd/build/bootstrap_pants.py", "3rdparty/python/tools")


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """What the launcher needs of the repo, and no more."""
    folder = tmp_path / "repo"
    for name in NEEDED:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if Path(name).is_dir():
            shutil.copytree(name, target)
        else:
            shutil.copy(name, target)
    (folder / "pants.toml").write_text('[GLOBAL]\npants_version = "2.17.1"\npantsd = false\n')
    return folder


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An empty home, with the machine's interpreters still in reach."""
    home = tmp_path / "home"
    home.mkdir()
    pyenv = os.environ.get("PYENV_ROOT") or str(Path.home() / ".pyenv")
    kept = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    return {"HOME": str(home), "PATH": os.environ["PATH"], "PYENV_ROOT": pyenv, **kept}


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """All programs there are, on a machine without Python."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in ("bash", "cat", "cksum", "env"):
        found = shutil.which(name)
        assert found is not None
        (folder / name).symlink_to(found)
    return folder


@pytest.fixture
def launch(repo: Path, environment: dict[str, str]) -> Iterator[list[subprocess.Popen[str]]]:
    """Two launchers, started at the same moment; none outlives its test."""
    processes = [
        subprocess.Popen(
            ["./pants", "--version"],
            cwd=repo,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        for _ in range(2)
    ]
    yield processes
    for process in processes:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


def cache(environment: dict[str, str]) -> Path:
    return Path(environment["HOME"], ".cache", "pants-launcher")


def test_two_at_once_install_once(
    launch: list[subprocess.Popen[str]], environment: dict[str, str]
) -> None:
    results = [process.communicate(timeout=300) for process in launch]

    assert [process.returncode for process in launch] == [0, 0], results
    assert [out.strip() for out, _ in results] == ["2.17.1", "2.17.1"]
    told = "".join(error for _, error in results)
    assert told.count("installing Pants") == 1
    assert len(list(cache(environment).glob("*.build-*"))) == 1


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_interrupted_bootstrap_leaves_no_half_made_pants(
    launch: list[subprocess.Popen[str]], environment: dict[str, str], how: signal.Signals
) -> None:
    deadline = time.monotonic() + 60
    while not list(cache(environment).glob("*.build-*/venv")) and time.monotonic() < deadline:
        time.sleep(0.05)
    for process in launch:
        os.killpg(process.pid, how)
    for process in launch:
        process.communicate(timeout=60)

    assert all(process.returncode != 0 for process in launch)
    assert not [path for path in cache(environment).iterdir() if path.is_symlink()]


def test_no_python_is_one_line(repo: Path, tmp_path: Path, programs: Path) -> None:
    result = subprocess.run(
        ["./pants", "--version"],
        cwd=repo,
        env={"HOME": str(tmp_path), "PATH": str(programs)},
        capture_output=True,
        text=True,
    )

    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1
    assert "no Python" in result.stderr
    assert "apt-get install" in result.stderr


def test_no_python_for_pants_is_one_line(
    repo: Path, environment: dict[str, str], programs: Path
) -> None:
    python = Path(sys.executable).resolve()
    (programs / f"python3.{sys.version_info.minor}").symlink_to(python)
    # uv is asked, and may download nothing.
    nowhere = {"UV_PYTHON_INSTALL_MIRROR": f"file://{programs}", "PYENV_ROOT": str(programs)}

    result = subprocess.run(
        ["./pants", "--version"],
        cwd=repo,
        env={**environment, **nowhere, "PATH": str(programs)},
        capture_output=True,
        text=True,
    )

    assert result.returncode == 2
    installing, problem = result.stderr.splitlines()
    assert installing.startswith("pants: installing Pants")
    assert "no Python 3.9 found, which Pants itself runs on, and uv could not" in problem
    assert "pyenv install 3.9" in problem
    assert not [path for path in cache(environment).iterdir() if path.is_dir()]


def test_no_index_is_one_line(repo: Path, environment: dict[str, str]) -> None:
    nobody = {"PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_RETRIES": "0", "PIP_TIMEOUT": "1"}
    unset = {"PIP_FIND_LINKS": "", "PIP_EXTRA_INDEX_URL": "", "PIP_CONFIG_FILE": os.devnull}

    result = subprocess.run(
        ["./pants", "--version"],
        cwd=repo,
        env={**environment, **nobody, **unset},
        capture_output=True,
        text=True,
    )

    assert result.returncode == 2
    problem = result.stderr.splitlines()[-1]
    assert "could not install Pants from the package index" in problem
    assert "Traceback" not in result.stderr
    assert not [path for path in cache(environment).iterdir() if path.is_dir()]
