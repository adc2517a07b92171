"""Install Pants and the ``pex`` it drives, from the package index, for the launcher ``./pants``.

Usage: ``bootstrap_pants.py HOME LOCKS``: HOME is the folder to make, LOCKS the folder with
``pants.lock``, ``pex.lock`` and ``uv.lock``. Runs on any Python from 3.9, standard library alone,
because it runs before anything is installed.

HOME appears whole or not at all: everything is built in a folder of its own beside it, and HOME is
a link to that folder, made last. A second launcher waits for the first at a file lock.
"""

from __future__ import annotations

import ast
import fcntl
import hashlib
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

PANTS_PYTHON = (3, 9)  # the only one that Pants 2.17 runs on
CODE_PYTHONS = ((3, 11), (3, 12), (3, 13))


def fail(message: str) -> NoReturn:
    """End with one line that says what is missing and how to get it."""
    print(f"pants: {message}", file=sys.stderr)
    sys.exit(2)


def run(*command: str | Path, what: str, **environment: str) -> str:
    """Run a command and return what it printed; its failure ends the bootstrap in one line."""
    result = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )
    if result.returncode:
        lines = [line.strip() for line in (result.stderr + result.stdout).splitlines()]
        errors = [line for line in lines if re.match(r"(?i)error", line)] or lines or ["no output"]
        fail(f"could not {what}: {errors[-1]}")
    return result.stdout


def find_python(*versions: tuple[int, int]) -> Path | None:
    """Return the first interpreter of one of the versions that really runs."""
    home = Path.home()
    pyenvs = [Path(os.environ.get("PYENV_ROOT") or home / ".pyenv")]
    if pyenv := shutil.which("pyenv"):  # somebody else's, of which only the shims are on PATH
        pyenvs.append(Path(pyenv).parents[1])
    for major, minor in versions:
        name = f"python{major}.{minor}"
        candidates = [sys.executable, shutil.which(name), shutil.which("python3")]
        for folder, installed in (
            *((pyenv_root, f"versions/{major}.{minor}.*") for pyenv_root in pyenvs),
            (home, f".local/share/uv/python/cpython-{major}.{minor}.*"),
        ):
            candidates += sorted(map(str, folder.glob(f"{installed}/bin/{name}")))
        for candidate in filter(None, candidates):
            # A version manager's shim exists even where the version does not: only running tells.
            probe = subprocess.run(
                [candidate, "-c", "import sys; print(sys.version_info[:2], sys.executable)"],
                capture_output=True,
                text=True,
            )
            if probe.stdout.startswith(f"({major}, {minor}) "):
                return Path(probe.stdout.split(") ", 1)[1].strip())
    return None


def index_settings(python: str | Path) -> dict[str, str]:
    """Return the variables by which Pants and uv get packages from where pip does.

    Neither reads pip's settings. A variable that is set already counts above these.

    Parameters
    ----------
    python
        An interpreter that has pip.
    """
    told = run(python, "-m", "pip", "config", "list", what="ask pip for its settings")
    settings: dict[str, str] = {}
    for line in told.splitlines():  # those of the environment, which count most, come first
        name, _, value = line.partition("=")
        settings.setdefault(name.rpartition(".")[2], ast.literal_eval(value))
    found = {}
    if index := settings.get("index-url"):
        found = {"UV_DEFAULT_INDEX": index, "PANTS_PYTHON_REPOS_INDEXES": str([index])}
    if certificate := settings.get("cert"):
        found["SSL_CERT_FILE"] = certificate
    return found


def python_from_uv(work: Path, locks: Path) -> Path | None:
    """Try uv's own Python 3.9, where uv can be installed and may download."""
    programs = work / "uv" / "bin"
    for command in (
        [sys.executable, "-m", "venv", str(work / "uv")],
        [f"{programs}/pip", "install", "--require-hashes", "-r", str(locks / "uv.lock")],
    ):
        if subprocess.run(command, capture_output=True).returncode:
            return None
    environment = {**index_settings(programs / "python"), **os.environ}
    subprocess.run(
        [programs / "uv", "python", "install", "3.9"], capture_output=True, env=environment
    )
    return find_python(PANTS_PYTHON)


def build(work: Path, home: Path, locks: Path) -> None:
    """Fill the folder ``work``, which ``home`` will point to."""
    code_python = find_python(*CODE_PYTHONS)
    if code_python is None:
        fail(
            "no Python 3.11, 3.12 or 3.13 found, which the code needs; "
            "get one by: apt-get install python3 (Debian 12), or pyenv install 3.11"
        )
    pants_python = find_python(PANTS_PYTHON) or python_from_uv(work, locks)
    if pants_python is None:
        fail(
            "no Python 3.9 found, which Pants itself runs on, and uv could not install one; "
            "get it by: pyenv install 3.9, or uv python install 3.9"
        )

    venv, pex = work / "venv", work / "pex"
    run(pants_python, "-m", "venv", venv, what=f"make a venv with {pants_python}")
    pip = (venv / "bin/python", "-m", "pip", "install", "--quiet", "--require-hashes")
    index = "from the package index (is it reachable? see: pip config list)"
    run(*pip, "--no-deps", "-r", locks / "pants.lock", what=f"install Pants {index}")
    run(*pip, "--target", pex, "-r", locks / "pex.lock", what=f"install pex {index}")

    # Pants wants to download this file from a code host; a file:// address serves as well.
    version = re.search(r"^pex==([\d.]+)", (locks / "pex.lock").read_text(), re.MULTILINE)[1]  # type: ignore[index]
    executable = work / f"pex-v{version}"
    run(
        *(code_python, "-m", "pex", "--use-pip-config"),
        *("-r", locks / "pex.lock", "-c", "pex", "-o", executable),
        what=f"build the pex executable {index}",
        PYTHONPATH=str(pex),
    )
    data = executable.read_bytes()
    system = "macos" if sys.platform == "darwin" else "linux"
    machine = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
    known = f"v{version}|{system}_{machine}|{hashlib.sha256(data).hexdigest()}|{len(data)}"

    client = next(venv.glob("lib/python3.9/site-packages/pants/bin/native_client"))
    client.chmod(0o755)
    (work / "native_client").symlink_to(client.relative_to(work))
    (work / "environment").write_text(
        f"export PANTS_PEX_CLI_VERSION=v{version}\n"
        f"export PANTS_PEX_CLI_URL_TEMPLATE='file://{home}/pex-{{version}}'\n"
        f"export PANTS_PEX_CLI_KNOWN_VERSIONS=\"['{known}']\"\n"
        "export PANTS_PYTHON_PIP_VERSION=latest\n"
        "export PANTS_IGNORE_WARNINGS=\"+['DEPRECATED: Running Pants in an external Python']\"\n"
        + "".join(
            f"[[ -n ${{{name}:-}} ]] || export {name}={shlex.quote(value)}\n"
            for name, value in index_settings(venv / "bin/python").items()
        )
    )


def make_once(home: Path, what: str, build: Callable[[Path], object]) -> None:
    """Make the folder ``home`` by ``build``, once, however many ask at the same time."""
    home.parent.mkdir(parents=True, exist_ok=True)
    with open(f"{home}.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("pants: waiting for another bootstrap to finish", file=sys.stderr)
            fcntl.flock(lock, fcntl.LOCK_EX)
        if home.exists():
            return
        print(f"pants: installing {what}", file=sys.stderr)
        for left_over in home.parent.glob(f"{home.name}.build-*"):  # of an interrupted bootstrap
            shutil.rmtree(left_over)
        work = Path(tempfile.mkdtemp(dir=home.parent, prefix=f"{home.name}.build-"))
        try:
            build(work)
            link = work / "link"
            link.symlink_to(work.name)
            link.rename(home)
        except BaseException:
            shutil.rmtree(work)
            raise


def main(home: Path, locks: Path) -> None:
    """Install Pants, once."""
    make_once(home, "Pants, once (about a minute)", lambda work: build(work, home, locks))


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), Path(sys.argv[2]).absolute())
    except KeyboardInterrupt:
        fail("interrupted; nothing was left behind, run it again")
    except OSError as error:
        fail(f"could not write to the cache folder: {error}")
