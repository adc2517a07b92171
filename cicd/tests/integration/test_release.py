"""Releases of a copy of this repo, for real: git, Pants, towncrier, twine and an index.

One story: everything is released for the first time, then features alone, then models with a
break. Each part of it is a fixture, so that each test can run alone.
"""

import ast
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cicd.build.bootstrap_pants import index_settings
from cicd.build.utils import check_wheels
from cicd.build.utils.built_wheels import build, clone
from cicd.build.utils.environments import environment
from cicd.build.utils.rooms import ReleaseError
from cicd.build.utils.versions import Affected, reached
from cicd.release.release_wheels import publish
from cicd.release.wheel_papers import metadata, sha256

# What wheels are made of and by. Other BUILD files may name files that are not there.
COPIED = (
    *("BUILD", "macros.py", "pants", "pants.toml", "pyproject.toml", ".gitignore"),
    *("3rdparty", "apps", "libs", "notebooks/dummy_data"),
    *("cicd/build/BUILD", "cicd/build/bootstrap_pants.py", "cicd/build/pants_plugin"),
    *("cicd/build/utils", "cicd/release"),
)
SECRET = "correct-horse"
ALL = ("data-loaders", "features", "models", "predictor", "trainer")


@dataclass
class Release:
    """A clone whose releases go to an index of its own."""

    folder: Path
    address: str
    packages: Path

    def git(self, *arguments: str) -> str:
        """Run git and return what it printed."""
        return subprocess.run(
            ["git", "-C", self.folder, *arguments], check=True, capture_output=True, text=True
        ).stdout.strip()

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start the release in a process group of its own."""
        (self.folder.parent / "tmp").mkdir(exist_ok=True)
        settings = {
            "TMPDIR": str(self.folder.parent / "tmp"),  # what is killed leaves things there
            "TWINE_REPOSITORY_URL": self.address,
            "TWINE_USERNAME": "release",
            "TWINE_PASSWORD": SECRET,
        }
        return subprocess.Popen(
            ["cicd/release/release.sh", *arguments],
            cwd=self.folder,
            env={**os.environ, **settings},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str) -> str:
        """Run the release to its end and return what it printed."""
        process = self.start(*arguments)
        output, _ = process.communicate(timeout=900)
        assert process.returncode == 0, output
        assert SECRET not in output
        return output

    def kill_at(self, pattern: str, *arguments: str) -> None:
        """Kill the release and all that it started, as soon as it says something."""
        process = self.start(*arguments)
        assert process.stdout is not None
        said = next((line for line in process.stdout if re.search(pattern, line)), None)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        assert said is not None

    def change(self, path: str, text: str, message: str) -> None:
        """Append to a file and commit it, with what else is there."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("a") as file:
            file.write(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "-m", message)

    def state(self) -> dict[str, str]:
        """Return all that a release makes: the branch, the tags, and each file by its digest."""
        state = dict(line.split()[::-1] for line in self.git("show-ref").splitlines())
        state["status"] = self.git("status", "--porcelain")
        made = self.folder / "dist" / "release"
        return state | {
            str(path.relative_to(made)): sha256(path) for path in made.rglob("*") if path.is_file()
        }

    def wheel(self, name: str, version: str) -> Path:
        """Return a wheel in dist/release."""
        folder = self.folder / "dist" / "release" / f"ropewalk-{name}-{version}"
        return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A package index on this machine, and the folder where it keeps what it gets."""
    packages = tmp_path_factory.mktemp("packages")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [
            *(environment("pypiserver") / "pypi-server", "run", "--interface=127.0.0.1"),
            *(f"--port={port}", "--authenticate=.", "--passwords=.", "--disable-fallback"),
            packages,
        ]
    )
    address = f"http://127.0.0.1:{port}/"
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(address, timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield address, packages
    finally:
        server.terminate()
        server.wait()


@pytest.fixture(scope="module")
def copy(index: tuple[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Release:
    """A clone of a copy of this repo, and its origin."""
    work = tmp_path_factory.mktemp("release")
    source, folder = work / "source", work / "clone"
    ignored = shutil.ignore_patterns("__pycache__", "dist", ".*")
    for name in COPIED:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        if Path(name).is_dir():
            shutil.copytree(name, source / name, symlinks=True, ignore=ignored)
        else:
            shutil.copy(name, source / name)
    for room in (*source.glob("libs/*"), *source.glob("apps/*")):  # its BUILD file names this one
        test = room / "tests" / "unit" / "test_docstrings.py"
        test.parent.mkdir(parents=True, exist_ok=True)
        test.touch()
    release = Release(source, *index)
    release.git("init", "--quiet", "--initial-branch=main")
    release.folder = folder
    identity = ("-c", "user.name=Anna", "-c", "user.email=anna@example.com")
    for command in (["add", "--all"], ["commit", "--quiet", "-m", "Begin"]):
        subprocess.run(["git", "-C", source, *identity, *command], check=True)
    subprocess.run(["git", "clone", "--quiet", "--bare", source, work / "origin.git"], check=True)
    subprocess.run(["git", "clone", "--quiet", work / "origin.git", folder], check=True)
    release.git("config", "user.name", "Anna")
    release.git("config", "user.email", "anna@example.com")
    return release


@pytest.fixture(scope="module")
def first(copy: Release) -> Release:
    """Everything is released for the first time."""
    copy.run("apply", "--push", "origin")
    return copy


@pytest.fixture(scope="module")
def second(first: Release) -> Release:
    """features has something new and is released alone."""
    first.change(
        "libs/features/src/ropewalk/features/twist.py", '"""New."""\n\nTWIST = 3\n', "Twist"
    )
    first.change("libs/features/changes/+twist.added.md", "`TWIST`.\n", "Tell of the twist")
    first.run("apply", "--push", "origin")
    return first


def test_the_first_release_publishes_and_tags_each_wheel(first: Release) -> None:
    tags = [f"ropewalk-{name}/v1.0.0" for name in ALL]

    assert first.git("tag").split() == tags
    listed = first.git("ls-remote", "origin", "refs/heads/main", *tags).splitlines()
    assert len(listed) == 1 + len(tags)
    assert listed[0].split()[0] == first.git("rev-parse", "HEAD")
    published = {path.name: sha256(path) for path in first.packages.iterdir()}
    made = {first.wheel(name, "1.0.0").name: sha256(first.wheel(name, "1.0.0")) for name in ALL}
    assert published == made
    date = first.git("log", "-1", "--format=%cd", "--date=format:%Y-%m-%d")
    assert f"## 1.0.0 ({date})" in (first.folder / "libs/features/CHANGELOG.md").read_text()
    assert [path.name for path in (first.folder / "libs/features/changes").iterdir()] == [
        "README.md"
    ]


def test_each_wheel_has_a_list_of_its_parts_and_its_provenance(first: Release) -> None:
    for name in ALL:
        wheel = first.wheel(name, "1.0.0")
        parts = json.loads(Path(f"{wheel}.cdx.json").read_text())
        statement = json.loads(Path(f"{wheel}.intoto.json").read_text())

        assert (parts["bomFormat"], parts["specVersion"]) == ("CycloneDX", "1.6")
        assert parts["metadata"]["component"]["name"] == f"ropewalk-{name}"
        assert parts["metadata"]["component"]["hashes"][0]["content"] == sha256(wheel)
        direct = next(
            each["dependsOn"] for each in parts["dependencies"] if each["ref"] == "root-component"
        )
        assert {part.split("==")[0].lower() for part in direct} == {
            re.match(r"[\w-]+", line)[0].lower()  # type: ignore[index]
            for line in metadata(wheel).get_all("Requires-Dist")  # type: ignore[union-attr]
            if "extra ==" not in line  # what a user may choose is no part
        }
        assert "timestamp" not in parts["metadata"]
        assert statement["subject"] == [{"name": wheel.name, "digest": {"sha256": sha256(wheel)}}]
        built = statement["predicate"]["buildDefinition"]
        assert built["externalParameters"] == {"tag": f"ropewalk-{name}/v1.0.0"}
        materials = {each["name"]: each["digest"] for each in built["resolvedDependencies"]}
        assert materials["source"]["gitCommit"] == first.git(
            "rev-parse", f"ropewalk-{name}/v1.0.0^{{commit}}"
        )
        lock = Path("3rdparty/python/default.lock").read_bytes()
        assert (
            materials["3rdparty/python/default.lock"]["sha256"] == hashlib.sha256(lock).hexdigest()
        )
        assert str(first.folder.parent) not in json.dumps([parts, statement])


def test_a_wheel_is_the_same_bytes_made_again_elsewhere(
    first: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PANTS_LOCAL_CACHE", "false")
    commit = first.git("rev-parse", "ropewalk-trainer/v1.0.0^{commit}")
    before = os.umask(0o077)
    try:
        clone(first.folder, commit, tmp_path / "another" / "place")
        made = next(build(tmp_path / "another" / "place", ["apps/trainer"]).glob("*.whl"))
    finally:
        os.umask(before)

    assert sha256(made) == sha256(first.wheel("trainer", "1.0.0"))


def test_released_again_nothing_changes(first: Release) -> None:
    before = first.state()

    output = first.run("apply", "--push", "origin")

    assert first.state() == before
    assert output.startswith("unchanged: ")


def test_what_reaches_everything_needs_a_fragment_only_where_a_wheel_changes(
    first: Release,
) -> None:
    build_file = first.folder / "libs/features/BUILD"
    with (first.folder / "macros.py").open("a") as macros:
        macros.write("# A comment.\n")
    build_file.write_text(build_file.read_text().replace("Feature flows", "Flows"))
    changed = ["libs/features/BUILD", "macros.py"]
    wheels = ["apps/trainer:wheel", "libs/features:wheel", "libs/models:wheel"]
    try:
        found = list(
            reached(
                Affected(since="HEAD", changed=changed, wheels=wheels, everything=True),
                first.folder,
            )
        )
    finally:
        first.git("checkout", "--quiet", "--", ".")

    assert found == ["libs/features"]


def test_what_can_not_be_published_is_one_line_without_secrets(
    first: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWINE_REPOSITORY_URL", f"http://release:{SECRET}@127.0.0.1:1/")
    monkeypatch.setenv("TWINE_PASSWORD", SECRET)

    with pytest.raises(ReleaseError, match="can't be published: ") as told:
        publish(first.wheel("features", "1.0.0"))

    assert SECRET not in str(told.value)
    assert "\n" not in str(told.value)


def use(address: str, where: Path) -> tuple[Path, dict[str, str]]:
    """Install both apps from an index, train and predict; return the Python and our versions."""
    programs = environment("packaging", "uv")
    python = where / "environment" / "bin" / "python"
    command = (programs / "uv", "venv", "--quiet", "--no-config", "--python", sys.executable)
    check_wheels.run(*command, python.parents[1], where=where)
    check_wheels.run(
        *(programs / "uv", "pip", "install", "--quiet", "--python", python),
        *("--index", f"{address}simple/"),
        *("--constraints", Path("3rdparty/python/default.lock").absolute()),
        *("ropewalk-trainer", "ropewalk-predictor"),
        where=where,
        **index_settings(programs / "python"),
    )
    code = "import importlib.metadata as m; print({d.name: d.version for d in m.distributions()})"
    listed = ast.literal_eval(check_wheels.run(python, "-c", code, where=where))
    assert "trained, predicted" in check_wheels.train_and_predict(python.parent, where)
    return python, {name: each for name, each in listed.items() if name.startswith("ropewalk-")}


def test_features_alone_goes_beside_what_was_released_before(
    second: Release, tmp_path: Path
) -> None:
    python, versions = use(second.address, tmp_path)

    assert versions == {
        f"ropewalk-{name}": "1.1.0" if name == "features" else "1.0.0" for name in ALL
    }
    code = "from ropewalk.features.twist import TWIST; print(TWIST)"
    assert check_wheels.run(python, "-c", code, where=tmp_path) == "3\n"


def test_a_break_of_models_takes_both_apps_along_and_a_kill_changes_nothing(
    second: Release, tmp_path: Path
) -> None:
    second.change("libs/models/src/ropewalk/models/errors.py", "OTHER = 1\n", "Say something else")
    second.change("libs/models/changes/+other.breaking.md", "Other.\n", "Tell of the break")
    undisturbed = Release(tmp_path / "undisturbed", second.address, second.packages)
    shutil.copytree(second.folder, undisturbed.folder, symlinks=True)

    plan = json.loads(second.run("plan", "--json"))
    assert {each["tag"]: each["from"] for each in plan["releases"]} == {
        "ropewalk-models/v2.0.0": "1.0.0",
        "ropewalk-predictor/v1.0.1": "1.0.0",
        "ropewalk-trainer/v1.0.1": "1.0.0",
    }

    second.kill_at(r"^ropewalk-models 1\.0\.0 -> 2\.0\.0", "apply")
    second.kill_at(r"^ropewalk-models 2\.0\.0: built", "apply")
    assert second.git("tag", "--list", "*/v2.0.0", "*/v1.0.1") == "ropewalk-models/v2.0.0"
    output = second.run("apply")
    undisturbed.run("apply")

    assert "ropewalk-models 2.0.0: " not in output
    assert second.state() == undisturbed.state()
    assert second.state()["status"] == ""
    for app in ("trainer", "predictor"):
        wheel = second.wheel(app, "1.0.1")
        required = metadata(wheel).get_all("Requires-Dist") or []
        assert "ropewalk-models<3,>=2.0.0" in required
        assert "ropewalk-features<2,>=1.1.0" in required
        assert sha256(second.packages / wheel.name) == sha256(wheel)
        changelog = (second.folder / f"apps/{app}/CHANGELOG.md").read_text()
        assert "- Works with ropewalk-models 2.0.0." in changelog
    assert use(second.address, tmp_path)[1] == {
        "ropewalk-data-loaders": "1.0.0",
        "ropewalk-features": "1.1.0",
        "ropewalk-models": "2.0.0",
        "ropewalk-predictor": "1.0.1",
        "ropewalk-trainer": "1.0.1",
    }
