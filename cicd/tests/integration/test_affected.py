"""What a change affects, asked of real Pants and git in a small copy of the repo.

Each case is one that ``--changed-since`` of Pants 2.17 answers wrongly or not at all.
"""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import jsonschema
import pytest

from cicd.build.utils.affected import affected, explain, main
from cicd.build.utils.changes import UsageError, changed_paths
from cicd.build.utils.graph import GraphError, graph_at, parse, peek
from cicd.build.utils.reach import EVERYTHING, updated

NEEDED = (
    *("pants", "pants.toml", "pants.ci.toml", "pyproject.toml", "macros.py", "BUILD"),
    *("3rdparty/python", "cicd/build/BUILD", "cicd/build/bootstrap_pants.py"),
    *("cicd/build/pants_plugin", "cicd/build/utils/BUILD", "cicd/release/docker"),
)
FEATURES = "libs/features/src/ropewalk/features"
FILES = {
    ".gitignore": "/.pants.d/\n/.pids/\n__pycache__/\n/dist/\n",
    ".github/workflows/branch.yml": "name: branch\n",
    "cicd/tests/unit/BUILD": 'python_tests(dependencies=["//:services"], tags=["team:platform"])\n',
    "cicd/tests/unit/test_services.py": "",
    "docs/BUILD": 'files(sources=["*.md"], tags=["team:platform"])\n',
    "docs/a.md": "# A\n",
    "notebooks/BUILD": 'files(name="notebooks", sources=["*.ipynb"], tags=["team:data-science"])\n',
    "notebooks/poc.ipynb": "{}\n",
    "notebooks/tests/BUILD": 'python_tests(dependencies=["//notebooks:notebooks"])\n',
    "notebooks/tests/test_poc.py": "",
    "notebooks/dummy_data/BUILD": 'files(sources=["*.csv"], tags=["team:data-engineering"])\n',
    "notebooks/dummy_data/flights.csv": "a\n1\n",
    "libs/data_loaders/src/ropewalk/data_loaders/__init__.py": "import yaml\n",
    "libs/data_loaders/tests/unit/test_loaders.py": "import ropewalk.data_loaders\n",
    "libs/data_loaders/tests/integration/test_files.py": "import ropewalk.data_loaders\n",
    f"{FEATURES}/__init__.py": "import ropewalk.features.numbers\n",
    f"{FEATURES}/numbers.py": "import numpy\n",
    f"{FEATURES}/words.py": "",
    f"{FEATURES}/linked.py": "",
    # Nothing is there yet under these names.
    f"{FEATURES}/early.py": "from . import late\n",
    "libs/models/tests/unit/test_early.py": "import top\n",
    "libs/features/tests/unit/test_numbers.py": "import ropewalk.features.numbers\n",
    "libs/features/tests/unit/test_words.py": "import ropewalk.features.words\n",
    "libs/models/src/ropewalk/models/__init__.py": "import pandas\n",
    "libs/models/tests/unit/test_models.py": "import ropewalk.models\n",
    "apps/trainer/src/ropewalk/trainer/__init__.py": "",
    "apps/trainer/src/ropewalk/trainer/run.py": (
        "import ropewalk.features\nimport ropewalk.models\n"
    ),
    "apps/trainer/tests/unit/test_run.py": "import ropewalk.trainer.run\n",
    "apps/predictor/src/ropewalk/predictor/__init__.py": "",
    "apps/predictor/src/ropewalk/predictor/run.py": "import ropewalk.models\n",
    "apps/predictor/tests/unit/test_serve.py": "import ropewalk.predictor.run\n",
}
# Short names for the tests above.
TESTS = {
    "poc": "notebooks/tests/test_poc.py",
    "loaders": "libs/data_loaders/tests/unit/test_loaders.py:../../unit",
    "files": "libs/data_loaders/tests/integration/test_files.py:../../integration",
    "numbers": "libs/features/tests/unit/test_numbers.py:../../unit",
    "words": "libs/features/tests/unit/test_words.py:../../unit",
    "models": "libs/models/tests/unit/test_models.py:../../unit",
    "trainer": "apps/trainer/tests/unit/test_run.py:../../unit",
    "predictor": "apps/predictor/tests/unit/test_serve.py:../../unit",
}
WHEELS = {f"{room}:wheel" for room in ("apps/predictor", "apps/trainer")} | {
    f"libs/{lib}:wheel" for lib in ("data_loaders", "features", "models")
}
IMAGES = {"apps/predictor:docker", "apps/trainer:docker"}


@dataclass(frozen=True)
class Repo:
    """A small copy of the repo under git, where one daemon of Pants answers all tests."""

    folder: Path

    def git(self, *arguments: str) -> str:
        command = ["git", "-c", "user.name=A", "-c", "user.email=a@b.c", *arguments]
        result = subprocess.run(
            command, cwd=self.folder, check=True, capture_output=True, text=True
        )
        return result.stdout.strip()

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "change")

    def write(self, path: str, text: str) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def replace(self, path: str, old: str, new: str) -> None:
        text = (self.folder / path).read_text()
        assert old in text
        self.write(path, text.replace(old, new))

    def append(self, path: str, text: str = "\n") -> None:
        self.write(path, (self.folder / path).read_text() + text)

    def delete(self, path: str) -> None:
        (self.folder / path).unlink()

    def rename(self, path: str, new: str) -> None:
        (self.folder / new).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).rename(self.folder / new)

    def tests(self, since: str = "HEAD") -> set[str]:
        """Return the short names of the tests that the change affects."""
        found = affected(self.folder, since).tests
        return {name for name, address in TESTS.items() if address in found}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repo]:
    repo = Repo(tmp_path_factory.mktemp("affected"))
    for variable in [name for name in os.environ if name.startswith("PANTS_")]:
        del os.environ[variable]  # this Pants is its own
    rooms = sorted({"/".join(file.split("/")[:2]) for file in FILES if "/src/" in file})
    builds = [build for room in rooms for build in (f"{room}/BUILD", f"{room}/src/BUILD")]
    for name in (*NEEDED, *builds):
        target = repo.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if Path(name).is_dir():
            shutil.copytree(name, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(name, target)
    for path, text in FILES.items():
        repo.write(path, text)
    for room in rooms:
        repo.write(f"{room}/VERSION", "1.0.0\n")
        repo.write(f"{room}/README.md", f"# {room}\n")
        repo.write(f"{room}/tests/unit/test_docstrings.py", "")
        if room.startswith("apps/") or "command=" in (repo.folder / room / "BUILD").read_text():
            repo.write(f"{room}/{Path(room).name}.py", "")
        if room.startswith("apps/"):
            (repo.folder / room / "Dockerfile").symlink_to("../../cicd/release/docker/Dockerfile")
    (repo.folder / "docs/linked.md").symlink_to(f"../{FEATURES}/linked.py")
    repo.git("init", "--quiet", "--initial-branch=main")
    repo.commit()
    yield repo
    for pid in repo.folder.glob(".pids/*/pantsd/pid"):
        os.kill(int(pid.read_text()), signal.SIGTERM)


@pytest.fixture
def repo(copy: Repo) -> Iterator[Repo]:
    start = copy.git("rev-parse", "HEAD")
    yield copy
    copy.git("checkout", "--quiet", "--force", "-B", "main", start)
    copy.git("clean", "--quiet", "-fd")


def test_nothing_changed(repo: Repo) -> None:
    found = affected(repo.folder, "HEAD").to_json()

    assert found == {
        "since": "HEAD",
        **{key: [] for key in ("changed", "targets", "tests", "wheels", "images", "owners")},
        "checks": {"lint": [], "types": []},
        "everything": False,
        "reasons": [],
    }


def test_edit_reaches_its_importers_and_no_other(repo: Repo) -> None:
    repo.append(f"{FEATURES}/numbers.py")

    found = affected(repo.folder, "HEAD")

    assert repo.tests() == {"numbers", "trainer", "words"}  # words: by its package's __init__
    assert found.lint == {f"{FEATURES}/numbers.py:../../src"}
    assert found.images == {"apps/trainer:docker"}
    assert found.wheels == {"libs/features:wheel"}
    assert found.owners == {"data-science"}
    assert not found.everything


def test_deleted_module_reaches_those_that_imported_it(repo: Repo) -> None:
    repo.delete(f"{FEATURES}/words.py")

    assert repo.tests() == {"words"}
    assert affected(repo.folder, "HEAD").owners == {"data-science"}


def test_deleted_module_is_found_in_a_commit_too(repo: Repo) -> None:
    repo.git("checkout", "--quiet", "-B", "branch")
    repo.delete(f"{FEATURES}/numbers.py")
    repo.commit()

    assert repo.tests("main") == {"numbers", "trainer", "words"}


@pytest.mark.parametrize("new", [f"{FEATURES}/letters.py", f"{FEATURES}/text/words.py"])
def test_renamed_or_moved_module_reaches_those_that_imported_it(repo: Repo, new: str) -> None:
    repo.rename(f"{FEATURES}/words.py", new)

    assert repo.tests() == {"words"}


Edit = Callable[[Repo], None]
EDITS: dict[str, Edit] = {
    "edited": lambda repo: repo.append(f"{FEATURES}/numbers.py", "import pandas\n"),
    "deleted": lambda repo: repo.delete(f"{FEATURES}/numbers.py"),
    "renamed": lambda repo: repo.rename(f"{FEATURES}/words.py", f"{FEATURES}/terms.py"),
    "moved to another lib": lambda repo: repo.rename(
        f"{FEATURES}/words.py", "libs/models/src/ropewalk/models/words.py"
    ),
    "imported before it came": lambda repo: repo.write(f"{FEATURES}/late.py", ""),
    "there twice": lambda repo: repo.write(f"{FEATURES}/numbers/__main__.py", ""),
    "from two roots": lambda repo: repo.write(
        "libs/models/src/ropewalk/features/words.py", "import numpy\n"
    ),
    "right below a root": lambda repo: repo.write("libs/models/src/top.py", ""),
    "behind a link": lambda repo: repo.append(f"{FEATURES}/linked.py"),
    "a test": lambda repo: repo.delete("libs/features/tests/unit/test_words.py"),
    "a text": lambda repo: repo.write("docs/b.md", "# B\n"),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_records_that_a_change_alters_make_the_graph_that_pants_has(repo: Repo, edit: Edit) -> None:
    edit(repo)
    before = graph_at(repo.folder, "HEAD")

    found = updated(repo.folder, before, changed_paths(repo.folder, "HEAD"))

    assert found == parse(peek(repo.folder))


@pytest.mark.parametrize(
    "path", ["libs/models/BUILD", f"{FEATURES}/conftest.py", "apps/trainer/src/x.pyi", "docs/a.bin"]
)
def test_whole_graph_is_asked_for_where_more_than_imports_count(repo: Repo, path: str) -> None:
    assert updated(repo.folder, graph_at(repo.folder, "HEAD"), {path: "A"}) == {}


def test_macros_reach_everything(repo: Repo) -> None:
    repo.append("macros.py", "\n# changed\n")

    found = affected(repo.folder, "HEAD")

    assert found.everything
    assert repo.tests() == set(TESTS)
    assert (found.wheels, found.images) == (WHEELS, IMAGES)
    assert found.reasons["macros.py"].startswith("everything: ")


# Not .coveragerc, for which a test can't ask: Pants puts its own there.
@pytest.mark.parametrize("pattern", sorted({*EVERYTHING} - {".coveragerc"}))
def test_rule_for_everything_names_a_file_that_is_there(pattern: str) -> None:
    # A file that was renamed would be a hole without a sound.
    assert any(fnmatch(path.as_posix(), pattern) for path in Path().rglob("*"))


def test_defaults_of_the_root_reach_everything(repo: Repo) -> None:
    repo.append("BUILD", "\n__defaults__({python_tests: dict(timeout=5)})\n")

    found = affected(repo.folder, "HEAD")

    assert found.everything
    assert "__defaults__" in found.reasons["BUILD"]


def test_defaults_of_a_folder_reach_all_below_it(repo: Repo) -> None:
    repo.append("libs/features/BUILD", "\n__defaults__({python_tests: dict(timeout=5)})\n")

    assert repo.tests() == {"numbers", "words", "trainer"}


@pytest.mark.parametrize(
    ("tool", "what"),
    [
        *(("mypy", "types"), ("mypy-stubs", "types"), ("ruff", "lint"), ("black", "lint")),
        *(("pytest", "tests"), ("coverage-py", "tests"), ("setuptools", "wheels")),
        ("dockerfile-parser", "images"),
    ],
)
def test_lock_of_a_tool_reaches_what_that_tool_checks(repo: Repo, tool: str, what: str) -> None:
    repo.append(f"3rdparty/python/tools/{tool}.lock", "# changed\n")

    found = affected(repo.folder, "HEAD")

    sizes = {
        name: len(getattr(found, name)) for name in ("tests", "lint", "types", "wheels", "images")
    }
    full = {"tests": 13, "lint": 25, "types": 25, "wheels": 5, "images": 2}
    assert sizes.pop(what) >= full[what]
    assert set(sizes.values()) == {0}
    assert not found.everything


def test_new_pin_reaches_what_needs_the_package(repo: Repo) -> None:
    lock = "3rdparty/python/default.lock"
    pin = next(
        line for line in (repo.folder / lock).read_text().splitlines() if line[:7] == "numpy=="
    )
    repo.replace(lock, pin, "numpy==2.999.0 \\")

    found = affected(repo.folder, "HEAD")

    # The models import pandas, which needs numpy; the loaders here import neither. The notebook's
    # test imports nothing, and Pants gives it the whole lock.
    assert repo.tests() == {"numbers", "words", "models", "trainer", "predictor", "poc"}
    assert found.images == IMAGES
    assert found.wheels == set()  # a wheel names ranges, not pins


def test_comment_in_the_lock_reaches_nothing(repo: Repo) -> None:
    repo.append("3rdparty/python/default.lock", "# changed\n")

    assert repo.tests() == set()


def test_new_range_of_a_package_reaches_the_wheels_that_require_it(repo: Repo) -> None:
    repo.replace("3rdparty/python/default-requirements.txt", "numpy>=2.2,<3", "numpy>=2.3,<3")

    found = affected(repo.folder, "HEAD")

    assert found.wheels == {"libs/features:wheel"}
    assert repo.tests() == {"numbers", "words", "trainer"}


def test_version_reaches_the_wheels_and_images_that_contain_the_lib(repo: Repo) -> None:
    repo.write("libs/features/VERSION", "1.1.0\n")

    found = affected(repo.folder, "HEAD")

    assert found.wheels == {"libs/features:wheel", "apps/trainer:wheel"}
    assert found.images == {"apps/trainer:docker"}


def test_readme_of_a_lib_reaches_its_wheel(repo: Repo) -> None:
    repo.append("libs/models/README.md", "More.\n")

    assert affected(repo.folder, "HEAD").wheels == {"libs/models:wheel"}


def test_test_of_a_lib_does_not_reach_its_wheel(repo: Repo) -> None:
    repo.append("libs/models/tests/unit/test_models.py", "# more\n")

    found = affected(repo.folder, "HEAD")

    assert (found.wheels, found.images) == (set(), set())
    assert repo.tests() == {"models"}


def test_dockerfile_reaches_the_images_that_are_links_to_it(repo: Repo) -> None:
    repo.append("cicd/release/docker/Dockerfile", "# changed\n")

    found = affected(repo.folder, "HEAD")

    assert found.images == IMAGES
    assert repo.tests() == set()


def test_data_and_notebooks_reach_the_tests_that_read_them(repo: Repo) -> None:
    repo.append("notebooks/dummy_data/flights.csv", "2\n")
    of_data = repo.tests()
    repo.append("notebooks/poc.ipynb")

    assert of_data == {"files"}
    assert repo.tests() == {"files", "poc"}


def test_workflow_file_reaches_the_tests_of_the_services(repo: Repo) -> None:
    repo.append(".github/workflows/branch.yml")

    found = affected(repo.folder, "HEAD")

    assert "cicd/tests/unit/test_services.py" in found.tests
    assert found.owners == {"platform"}


@pytest.mark.parametrize("path", [".hidden/new.yml", "loose.bin"])
def test_file_that_nobody_owns_reaches_everything(repo: Repo, path: str) -> None:
    repo.write(path, "changed\n")

    found = affected(repo.folder, "HEAD")

    assert found.everything
    assert "no target owns it" in found.reasons[path]


def test_file_that_nobody_owns_in_a_room_reaches_the_room(repo: Repo) -> None:
    repo.write("libs/models/loose.bin", "new\n")

    found = affected(repo.folder, "HEAD")

    assert not found.everything
    assert repo.tests() == {"models"}
    assert "no target owns it" in found.reasons["libs/models/loose.bin"]


def test_changed_build_file_reaches_the_targets_that_it_changes(repo: Repo) -> None:
    repo.replace(
        "notebooks/tests/BUILD", '"//notebooks:notebooks"', '"//notebooks:notebooks", "//docs"'
    )

    assert repo.tests() == {"poc"}


def test_comment_in_a_build_file_reaches_nothing(repo: Repo) -> None:
    repo.append("libs/models/BUILD", "\n# changed\n")

    assert repo.tests() == set()


def test_branch_behind_its_target_answers_for_its_own_commits(repo: Repo) -> None:
    repo.git("checkout", "--quiet", "-B", "develop")
    repo.append("libs/models/src/ropewalk/models/__init__.py")
    repo.commit()
    repo.git("checkout", "--quiet", "-B", "branch", "main")
    repo.append(f"{FEATURES}/words.py")
    repo.commit()

    assert repo.tests("develop") == {"words"}


def test_merge_commit_answers_for_the_branch_alone(repo: Repo) -> None:
    repo.git("checkout", "--quiet", "-B", "develop")
    repo.append("libs/models/src/ropewalk/models/__init__.py")
    repo.commit()
    on_develop = repo.tests("main")
    repo.git("checkout", "--quiet", "-B", "branch", "main")
    repo.append(f"{FEATURES}/words.py")
    repo.commit()
    repo.git("merge", "--quiet", "--no-edit", "develop")

    assert on_develop == {"models", "trainer", "predictor"}
    assert repo.tests("develop") == {"words"}


def test_committed_and_uncommitted_and_new_files_all_count(repo: Repo) -> None:
    repo.git("checkout", "--quiet", "-B", "branch")
    repo.append(f"{FEATURES}/words.py")
    repo.commit()
    repo.append("libs/models/tests/unit/test_models.py", "# more\n")
    repo.write("apps/predictor/tests/unit/test_new.py", "")

    found = affected(repo.folder, "main")

    assert repo.tests("main") == {"words", "models"}
    assert "apps/predictor/tests/unit/test_new.py:../../unit" in found.tests


def test_shallow_clone_without_a_common_commit_says_everything(repo: Repo, tmp_path: Path) -> None:
    repo.git("checkout", "--quiet", "-B", "branch")
    repo.append(f"{FEATURES}/words.py")
    repo.commit()
    repo.git("checkout", "--quiet", "-B", "develop", "main")
    repo.append("libs/models/src/ropewalk/models/__init__.py")
    repo.commit()
    shallow = tmp_path / "shallow"
    origin = f"file://{repo.folder}"
    subprocess.run(
        ["git", "clone", "--quiet", "--depth=1", "-b", "branch", origin, shallow], check=True
    )
    subprocess.run(
        ["git", "-C", shallow, "fetch", "--quiet", "--depth=1", origin, "develop:develop"],
        check=True,
    )
    try:
        found = affected(shallow, "develop")
    finally:
        for pid in shallow.glob(".pids/*/pantsd/pid"):
            os.kill(int(pid.read_text()), signal.SIGTERM)

    assert found.everything
    assert "git fetch --unshallow" in found.reasons[""]
    assert set(TESTS.values()) <= found.tests


def test_chain_from_the_changed_file(repo: Repo) -> None:
    repo.append(f"{FEATURES}/numbers.py")
    found = affected(repo.folder, "HEAD")

    assert explain(found, TESTS["trainer"]) == [
        f"{FEATURES}/numbers.py",
        f"{FEATURES}/numbers.py:../../src",
        f"{FEATURES}/__init__.py:../../src",
        "apps/trainer/src/ropewalk/trainer/run.py:../../src",
        TESTS["trainer"],
    ]
    assert explain(found, TESTS["models"]) == []
    with pytest.raises(UsageError, match=r"did you mean apps/trainer:docker\?"):
        explain(found, "apps/trainer:dokcer")


def test_json_keeps_to_its_schema(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    repo.append(f"{FEATURES}/numbers.py")
    repo.append("cicd/build/bootstrap_pants.py")

    code = main(["--since", "HEAD", "--json"], repo.folder)

    schema = json.loads(Path("cicd/build/affected.schema.json").read_text())
    jsonschema.validate(json.loads(capsys.readouterr().out), schema)
    assert code == 0


@pytest.mark.parametrize(
    ("change", "arguments", "message"),
    [
        (
            lambda repo: None,
            ["--since", "mian"],
            "no branch, tag or commit 'mian'; did you mean 'main'?",
        ),
        (lambda repo: None, ["--since", "--all"], None),
        (
            lambda repo: repo.append("libs/models/BUILD", "lib(\n"),
            ["--since", "HEAD"],
            "SyntaxError",
        ),
        (
            lambda repo: repo.append(f"{FEATURES}/words.py", "import ropewalk.trainer.run\n"),
            ["--since", "HEAD"],
            "DENY",
        ),
    ],
)
def test_wrong_use_ends_in_one_line(
    repo: Repo,
    capsys: pytest.CaptureFixture[str],
    change: Callable[[Repo], None],
    arguments: list[str],
    message: str | None,
) -> None:
    change(repo)

    if message is None:
        with pytest.raises(SystemExit, match="2"):
            main(arguments, repo.folder)
        return
    code = main(arguments, repo.folder)

    assert code == 2
    assert message in capsys.readouterr().err


def test_no_repository_and_no_git_end_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = main(["--since", "HEAD"], tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    without = main(["--since", "HEAD"], tmp_path)

    lines = capsys.readouterr().err.splitlines()
    assert (outside, without) == (2, 2)
    assert "not a git repository" in lines[0]
    assert lines[1].endswith("git is not installed; it tells what changed")


def test_graph_error_names_what_pants_says(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    Path(tmp_path, "pants").write_text("#!/bin/sh\necho broken >&2\nexit 1\n")
    Path(tmp_path, "pants").chmod(0o755)
    repo = Repo(tmp_path)
    repo.commit()
    repo.write("new", "")

    with pytest.raises(GraphError, match="broken"):
        affected(tmp_path, "HEAD")
