"""The shared build cache: a real server, real Pants, and machines that share nothing else.

A machine is a folder for Pants' caches; the repo is a small copy with the real settings. Machine
``one`` has filled the cache, and ``two`` knows the tools and ``test_a`` from there, so that a copy
of it asks the cache for nothing but the other tests.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

NEEDED = (
    *("pants", "pants.toml", "pants.ci.toml", "pyproject.toml"),
    *("3rdparty/python/tools", "cicd/build/bootstrap_pants.py", "cicd/build/pants_plugin"),
    *("cicd/build/cache", "cicd/build/utils"),
)
KEPT = ("HOME", "PATH", "PYENV_ROOT", "XDG_CACHE_HOME")
GREEN, RED, CACHED = "succeeded", "failed", "succeeded (cached remotely)"
# A server that knows the results of the real one and has none of their files.
NOTHING = "  - !disk-storage &nothing\n    path: !expand-vars $CACHE_FOLDER/nothing\n"
GONE = """  - name: gone
    services:
      - !action-cache
        cache: *results
      - !cas
        storage: *nothing
      - !bytestream
        storage: *nothing
"""


def environment() -> dict[str, str]:
    """Return what programs need of this process's environment, and no setting of Pants."""
    return {
        name: value for name, value in os.environ.items() if name in KEPT or name.startswith("PIP_")
    }


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@dataclass(frozen=True)
class Run:
    """What a run of Pants said."""

    code: int
    output: str

    def count(self, name: str) -> int:
        """Return one of Pants' own counters."""
        match = re.search(rf"^  {name}: (\d+)$", self.output, re.MULTILINE)
        assert match is not None, self.output
        return int(match[1])

    @property
    def tests(self) -> dict[str, str]:
        """How each test ended, and from where Pants knows."""
        pattern = r"^\S tests/(\w+)\.py (succeeded|failed).* in [\d.]+s( \(.+\))?\.$"
        found = re.findall(pattern, self.output, re.MULTILINE)
        assert found, self.output
        return {name: f"{ended}{source}" for name, ended, source in found}


@dataclass(frozen=True)
class Repo:
    """A small copy of the repo, and the machines that run Pants in it."""

    folder: Path
    machines: Path

    def pants(self, machine: str, *tests: str, **options: str) -> Run:
        """Run tests as CI does; an option is one of Pants' ``[GLOBAL]`` ones."""
        variables = {
            "config_files": "pants.ci.toml",
            "local_store_dir": str(self.machines / machine / "store"),
            "named_caches_dir": str(self.machines / machine / "named"),
            **options,
        }
        result = subprocess.run(
            ["./pants", "--stats-log", "--no-test-use-coverage", "test"]
            + [f"tests/{test}.py" for test in tests],
            cwd=self.folder,
            env=environment() | {f"PANTS_{key.upper()}": variables[key] for key in variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=240,
        )
        return Run(result.returncode, result.stdout)

    def add_test(self, name: str, condition: str) -> None:
        (self.folder / "tests" / f"{name}.py").write_text(
            f"from pathlib import Path\n\n\ndef test_it() -> None:\n    assert {condition}\n"
        )

    def copy_machine(self, name: str) -> str:
        shutil.copytree(self.machines / "two", self.machines / name, symlinks=True)
        return name

    def end_daemon(self) -> None:
        for pid in self.folder.glob(".pids/*/pantsd/pid"):
            os.kill(int(pid.read_text()), signal.SIGTERM)


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repo]:
    repo = Repo(tmp_path_factory.mktemp("repo"), tmp_path_factory.mktemp("machines"))
    for name in NEEDED:
        target = repo.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if Path(name).is_dir():
            shutil.copytree(name, target, ignore=shutil.ignore_patterns("__pycache__", "BUILD"))
        else:
            shutil.copy(name, target)
    (repo.folder / "macros.py").touch()
    (repo.folder / "3rdparty/python/default.lock").touch()
    config = repo.folder / "cicd/build/cache/buildgrid.yaml"
    text = config.read_text()
    for before, after in (
        ("\ncaches:\n", f"{NOTHING}\ncaches:\n"),
        ("  - name: write\n", f"{GONE}  - name: write\n"),
        ('instances: [""]', 'instances: ["", gone]'),
    ):
        assert before in text
        text = text.replace(before, after)
    config.write_text(text)
    rights = config.with_name("rights.yaml")
    rights.write_text(f"{rights.read_text()}gone:\n  allow: all\n")
    (repo.folder / "tests").mkdir()
    (repo.folder / "tests" / "BUILD").write_text("python_tests()\n")
    for name in ("test_a", "test_b", "test_c"):
        repo.add_test(name, f"Path('{name}')")
    yield repo
    repo.end_daemon()


@dataclass(frozen=True)
class Cache:
    """The server, started by its own script."""

    script: Path
    folder: Path
    port: int

    def run(self, command: str, *options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.script, command, "--folder", self.folder, *options],
            env=environment(),
            capture_output=True,
            text=True,
            timeout=180,
        )

    def start(self) -> subprocess.CompletedProcess[str]:
        return self.run("start", "--port", str(self.port))

    def token(self) -> str:
        """Write a token into a file and return where it is."""
        made = self.run("token")
        assert made.returncode == 0, made.stderr
        file = self.folder / "token"
        file.write_text(made.stdout)
        return str(file)

    def writing(self) -> dict[str, str]:
        """Return the options of a build that may write."""
        return {
            **reading(self.port),
            "remote_cache_write": "true",
            "remote_instance_name": "write",
            "remote_oauth_bearer_token_path": self.token(),
        }


def reading(port: int) -> dict[str, str]:
    return {"remote_store_address": f"grpc://127.0.0.1:{port}", "remote_cache_read": "true"}


@pytest.fixture(scope="module")
def server(repo: Repo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cache]:
    script = repo.folder / "cicd/build/cache/server.sh"
    server = Cache(script, tmp_path_factory.mktemp("cache"), free_port())
    started = server.start()
    assert started.returncode == 0, started.stderr
    yield server
    server.run("stop")


@pytest.fixture(scope="module")
def cache(repo: Repo, server: Cache) -> Cache:
    """The server, with the results of a run of every test on machine ``one``."""
    run = repo.pants("one", "test_a", "test_b", "test_c", **server.writing())
    assert run.code == 0, run.output
    assert run.count("remote_cache_write_successes") > 3, run.output
    return server


@pytest.fixture(scope="module")
def second_machine(repo: Repo, cache: Cache) -> str:
    """A machine that has the tools and ``test_a`` from the cache."""
    run = repo.pants("two", "test_a", **reading(cache.port))
    assert run.tests == {"test_a": CACHED}, run.output
    return "two"


@contextmanager
def proxy(port: int, delay: float) -> Iterator[tuple[int, list[int]]]:
    """Pass a port on, each piece of data late; yield the new port and the sizes of the pieces."""
    pieces: list[int] = []
    ended = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    sockets = [listener]

    def pass_on(source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                pieces.append(len(data))
                if ended.wait(delay):
                    return
                target.sendall(data)
        except OSError:
            return  # one of the two ends hung up

    def accept() -> None:
        while not ended.is_set():
            try:
                client, _ = listener.accept()
                server = socket.create_connection(("127.0.0.1", port))
            except OSError:
                return  # the listener was closed
            sockets.extend((client, server))
            for ends in ((client, server), (server, client)):
                threading.Thread(target=pass_on, args=ends, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1], pieces
    finally:
        ended.set()
        for end in sockets:
            end.close()


def test_an_empty_machine_with_a_full_cache_runs_no_test_again(repo: Repo, cache: Cache) -> None:
    repo.end_daemon()  # what it remembers would be no machine's
    shutil.rmtree(repo.folder / "dist")

    run = repo.pants("empty", "test_a", "test_b", "test_c", **reading(cache.port))

    assert run.code == 0, run.output
    assert run.tests == dict.fromkeys(("test_a", "test_b", "test_c"), CACHED)
    assert run.count("remote_cache_requests_uncached") == 0
    assert len(list(repo.folder.glob("dist/test/reports/*.xml"))) == 3


def test_without_a_cache_nothing_is_said_of_one(repo: Repo, second_machine: str) -> None:
    unset = dict.fromkeys(("remote_store_address", "remote_oauth_bearer_token_path"), "")

    run = repo.pants(repo.copy_machine("alone"), "test_b", **unset, remote_cache_read="false")

    assert run.code == 0, run.output
    assert run.tests == {"test_b": GREEN}
    assert run.count("remote_cache_requests") == 0
    assert "WARN" not in run.output.replace("[WARN] Please run with `--plugins=hdrhistogram`", "")


def test_an_unreachable_cache_changes_nothing(
    repo: Repo, cache: Cache, second_machine: str
) -> None:
    options = {**cache.writing(), **reading(free_port())}

    run = repo.pants(repo.copy_machine("unreachable"), "test_b", **options)

    assert run.code == 0, run.output
    assert run.tests == {"test_b": GREEN}
    assert run.count("remote_cache_read_errors") == 1
    assert run.count("remote_cache_write_errors") == 1


def test_a_slow_cache_changes_nothing(repo: Repo, cache: Cache, second_machine: str) -> None:
    with proxy(cache.port, delay=0.2) as (port, pieces):
        run = repo.pants(repo.copy_machine("slow"), "test_b", "test_c", **reading(port))

    assert run.code == 0, run.output
    assert {"test_b", "test_c"} == run.tests.keys()
    assert set(run.tests.values()) <= {GREEN, CACHED}
    assert len(pieces) > 4


def test_a_cache_that_never_answers_ends_no_build(
    repo: Repo, cache: Cache, second_machine: str
) -> None:
    with proxy(cache.port, delay=1000) as (port, pieces):
        options = {**cache.writing(), **reading(port)}
        run = repo.pants(repo.copy_machine("stalled"), "test_b", **options)

    assert run.code == 0, run.output
    # It was asked; whether its time was up before the test had run here is the machine's business.
    assert pieces
    assert run.tests == {"test_b": GREEN}


def test_content_that_is_not_what_its_digest_says_is_refused(
    repo: Repo, cache: Cache, second_machine: str
) -> None:
    shutil.rmtree(repo.folder / "dist")
    reports = {
        blob: content
        for blob in (cache.folder / "blobs/cas/objects").glob("*/*")
        if (content := blob.read_bytes()).startswith(b"<?xml")
    }
    for blob, content in reports.items():
        blob.write_bytes(content.replace(b' tests="1"', b' tests="7"'))
    try:
        run = repo.pants(repo.copy_machine("lied-to"), "test_b", **reading(cache.port))
    finally:
        for blob, content in reports.items():
            blob.write_bytes(content)

    assert reports
    assert run.code == 0, run.output
    assert run.tests == {"test_b": GREEN}
    assert "wrong digest" in run.output
    (report,) = repo.folder.glob("dist/test/reports/*.xml")
    assert ' tests="1"' in report.read_text()


def test_a_result_whose_files_are_gone_counts_as_none(
    repo: Repo, cache: Cache, second_machine: str
) -> None:
    options = {**reading(cache.port), "remote_instance_name": "gone"}

    run = repo.pants(repo.copy_machine("misled"), "test_b", **options)

    assert run.code == 0, run.output
    assert run.tests == {"test_b": GREEN}
    assert "was not in remote" in run.output


def test_only_who_has_a_token_can_plant_a_result(
    repo: Repo, cache: Cache, second_machine: str, tmp_path: Path
) -> None:
    """What passes on the attacker's machine alone must not pass elsewhere.

    The last of the four has a token and is believed. Without him nobody would know whether the
    others failed because of theirs.
    """
    secret = tmp_path / "elsewhere" / "secret"
    secret.parent.mkdir()
    secret.write_text("another server's secret, which is just as long as ours is")
    foreign = Cache(cache.script, secret.parent, 0).token()
    there = tmp_path / "there"
    there.touch()
    machine = repo.copy_machine("attacker")

    for name, instance, token in (
        ("test_reading_instance", "", ""),
        ("test_no_token", "write", ""),
        ("test_foreign_token", "write", foreign),
        ("test_own_token", "write", cache.token()),
    ):
        repo.add_test(name, f"Path({str(there)!r}).exists()")
        options = {
            **reading(cache.port),
            "remote_cache_write": "true",
            "remote_instance_name": instance,
            "remote_oauth_bearer_token_path": token,
        }
        attack = repo.pants(machine, name, **options)
        assert attack.code == 0, attack.output
        assert attack.tests == {name: GREEN}
        assert attack.count("remote_cache_write_errors") == (name != "test_own_token")
    there.unlink()
    planted = ("test_reading_instance", "test_no_token", "test_foreign_token", "test_own_token")
    run = repo.pants(repo.copy_machine("victim"), *planted, **reading(cache.port))

    assert run.code != 0
    assert run.tests == {**dict.fromkeys(planted, RED), "test_own_token": CACHED}


def test_starting_again_changes_nothing(server: Cache, tmp_path: Path) -> None:
    pid = (server.folder / "pid").read_text()

    again = server.start()
    elsewhere = Cache(server.script, tmp_path, server.port).start()
    other_port = server.run("start", "--port", str(free_port()))

    assert again.returncode == 0
    assert again.stdout == f"cache: grpc://127.0.0.1:{server.port}, in {server.folder}\n"
    assert (server.folder / "pid").read_text() == pid
    assert elsewhere.returncode == 2
    assert elsewhere.stderr.splitlines() == [
        f"server.sh: something else listens on 127.0.0.1:{server.port}; choose another --port"
    ]
    assert other_port.returncode == 2
    assert "already; stop it first" in other_port.stderr
    assert server.run("status").returncode == 0


def test_stop_ends_what_start_started_and_nothing_else(server: Cache, tmp_path: Path) -> None:
    here = Cache(server.script, tmp_path, free_port())
    with subprocess.Popen(["sleep", "60"]) as other:
        (tmp_path / "pid").write_text(str(other.pid))
        nothing = here.run("stop")
        assert other.poll() is None
        other.terminate()
    assert nothing.returncode == 0
    assert "nothing to stop" in nothing.stderr

    assert here.start().returncode == 0
    assert here.run("status").returncode == 0
    assert here.run("stop").returncode == 0

    assert here.run("status").returncode == 3
    assert server.run("status").returncode == 0


def test_without_python_start_is_one_line(server: Cache, tmp_path: Path) -> None:
    for name in ("bash", "mkdir"):
        program = shutil.which(name)
        assert program is not None
        (tmp_path / name).symlink_to(program)

    result = subprocess.run(
        [server.script, "start", "--folder", tmp_path / "cache"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )

    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith("server.sh: python3 is not Python 3.11 or newer")
