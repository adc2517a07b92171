import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from cicd.build.utils import check_wheels
from cicd.build.utils.check_wheels import APPS, LIBS, main, problems_of_requirements

RANGES = [f"ropewalk-{lib}<2,>=1.0.0" for lib in ("data-loaders", "features", "models")]
Edit = Callable[[dict[str, str]], object]


def write_wheel(folder: Path, room: str, edit: Edit = lambda files: None) -> None:
    requires = [f"Requires-Dist: {line}\n" for line in (RANGES if room in APPS else [])]
    metadata = (
        "Metadata-Version: 2.4\n"
        f"Name: {check_wheels.distribution(room)}\n"
        "Version: 1.0.0\n"
        "Description-Content-Type: text/markdown\n"
        f"Requires-Dist: numpy<3,>=2.2\n{''.join(requires)}"
        "\n# A room\n"
    )
    files = {
        f"ropewalk/{room}/__init__.py": "",
        f"ropewalk/{room}/py.typed": "",
        f"ropewalk_{room}-1.0.0.dist-info/METADATA": metadata,
    }
    edit(files)
    with zipfile.ZipFile(folder / f"ropewalk_{room}-1.0.0-py3-none-any.whl", "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    (tmp_path / "dist").mkdir()
    for room, place in (LIBS | APPS).items():
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "VERSION").write_text("1.0.0\n")
        write_wheel(tmp_path / "dist", room)
    return tmp_path


@pytest.fixture
def check(
    repo: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[], tuple[int, str]]:
    """Run the check without the tools from outside."""
    monkeypatch.setattr(check_wheels, "environment", lambda *names: Path())
    monkeypatch.setattr(check_wheels, "run", lambda *command, where: "")

    def call() -> tuple[int, str]:
        code = main([str(repo / "dist"), "--no-run", "--root", str(repo)])
        return code, capsys.readouterr().err

    return call


def test_good_wheels_are_green(check: Callable[[], tuple[int, str]]) -> None:
    assert check() == (0, "")


def metadata(old: str, new: str) -> Edit:
    """Change the text of METADATA."""

    def edit(files: dict[str, str]) -> None:
        name = next(name for name in files if name.endswith("METADATA"))
        assert old in files[name]
        files[name] = files[name].replace(old, new)

    return edit


@pytest.mark.parametrize(
    ("room", "edit", "problem"),
    [
        ("models", lambda files: files.pop("ropewalk/models/py.typed"), "lacks ropewalk/models/py"),
        ("models", lambda files: files.update({"ropewalk/__init__.py": ""}), "owns the namespace"),
        ("models", lambda files: files.update({"a-nspkg.pth": ""}), "has a-nspkg.pth"),
        ("models", lambda files: files.update({"tests/test_a.py": ""}), "has tests/test_a.py"),
        ("models", metadata("# A room\n", ""), "no long description"),
        ("models", metadata("text/markdown", "text/plain"), "Markdown"),
        ("models", metadata("numpy<3,>=2.2", "numpy"), "'numpy' takes any version"),
        ("models", metadata("numpy<3,>=2.2", "numpy==2.4.6"), "is a pin"),
        (
            "trainer",
            metadata("ropewalk-models<2,>=1.0.0", "rich>=14"),
            "does not require ropewalk-m",
        ),
        ("trainer", metadata("ropewalk-models<2,>=1", "ropewalk-models>=1"), "next major version"),
        ("predictor", metadata("ropewalk-models<2,>=", "ropewalk-models=="), "is a pin"),
    ],
)
def test_red(
    repo: Path, check: Callable[[], tuple[int, str]], room: str, edit: Edit, problem: str
) -> None:
    write_wheel(repo / "dist", room, edit)

    code, told = check()

    assert code == 1
    assert f"ropewalk_{room}-1.0.0-py3-none-any.whl: " in told
    assert problem in told


def test_red_for_a_missing_an_old_and_a_foreign_wheel(
    repo: Path, check: Callable[[], tuple[int, str]]
) -> None:
    (repo / "libs/models/VERSION").write_text("1.1.0\n")
    (repo / "dist" / "other-1.0-py3-none-any.whl").write_text("")

    code, told = check()

    assert code == 1
    assert "ropewalk_models-1.1.0 is missing; run ./pants package ::" in told
    assert "ropewalk_models-1.0.0-py3-none-any.whl is not one of the five" in told
    assert "other-1.0-py3-none-any.whl is not one of the five" in told


@pytest.mark.parametrize(
    "line",
    [
        "pandera[pandas]<1,>=0.26",
        "pyarrow>=20",
        "tomli>=2; python_version < '3.11'",
        "numpy (<3,>=2.2)",
        "numpy==2.*",
    ],
)
def test_ranges_of_every_form_pass(line: str) -> None:
    assert problems_of_requirements("models", [line]) == []


def test_failing_program_is_told_with_its_output(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="ended with 1:\nno such row"):
        check_wheels.run("sh", "-c", "echo no such row; exit 1", where=tmp_path)
