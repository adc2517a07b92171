from pathlib import Path

import pytest

from cicd.build.bootstrap_pants import find_python, index_settings


def write_python(folder: Path, version: str, answer: str) -> Path:
    """A program that answers as a Python does when it is asked for its version."""
    python = folder / f"python{version}"
    folder.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\n{answer}\n")
    python.chmod(0o755)
    return python


@pytest.fixture
def pyenv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pyenv with Python 3.4, which no machine has that can run this."""
    python = tmp_path / "pyenv" / "versions" / "3.4.1" / "bin" / "python3.4"
    write_python(python.parent, "3.4", f"echo '(3, 4) {python}'")
    # A shim of a version that is installed but not chosen: it exists and does not run.
    write_python(tmp_path / "pyenv" / "shims", "3.4", "exit 127")
    write_python(tmp_path / "pyenv" / "bin", "none", "").rename(tmp_path / "pyenv/bin/pyenv")
    monkeypatch.setenv("HOME", str(tmp_path / "empty"))
    monkeypatch.setenv("PATH", f"{tmp_path}/pyenv/shims:/usr/bin:/bin")
    monkeypatch.delenv("PYENV_ROOT", raising=False)
    return tmp_path / "pyenv"


def test_finds_no_python_by_a_shim_alone(pyenv: Path) -> None:
    assert find_python((3, 4)) is None


def test_finds_a_python_of_pyenvs_own_folder(pyenv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYENV_ROOT", str(pyenv))

    assert find_python((3, 4)) == pyenv / "versions/3.4.1/bin/python3.4"


def test_finds_a_python_of_the_pyenv_on_path(pyenv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{pyenv}/shims:{pyenv}/bin:/usr/bin:/bin")

    assert find_python((3, 4)) == pyenv / "versions/3.4.1/bin/python3.4"


def test_finds_a_python_that_uv_installed(pyenv: Path, tmp_path: Path) -> None:
    folder = tmp_path / "empty/.local/share/uv/python/cpython-3.4.2-linux/bin"
    write_python(folder, "3.4", f"echo '(3, 4) {folder}/python3.4'")

    assert find_python((3, 4)) == folder / "python3.4"


def test_packages_come_from_where_pip_gets_them(tmp_path: Path) -> None:
    listed = "\n".join(
        (
            ":env:.index-url='https://mirror.example.com/simple'",
            "global.cert='/etc/ssl/ours.pem'",
            "global.index-url='https://other.example.com/a=b'",
        )
    )
    python = write_python(tmp_path / "bin", "3.4", f'cat <<"END"\n{listed}\nEND')

    assert index_settings(python) == {
        "UV_DEFAULT_INDEX": "https://mirror.example.com/simple",
        "PANTS_PYTHON_REPOS_INDEXES": "['https://mirror.example.com/simple']",
        "SSL_CERT_FILE": "/etc/ssl/ours.pem",
    }


def test_where_pip_has_no_settings_nothing_is_set(tmp_path: Path) -> None:
    assert index_settings(write_python(tmp_path / "bin", "3.4", "")) == {}
