"""The real griffe: small packages in two versions, and what a user of the first would notice."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

API = Path("cicd/build/utils/api.py")
EXPORTS = '"""A room."""\n\nfrom ropewalk.sea.waves import {0}\n\n__all__ = ["{0}"]\n'


def room(folder: Path, **modules: str) -> Path:
    """Write a room's modules and return its ``src``."""
    package = folder / "src" / "ropewalk" / "sea"
    for name, text in modules.items():
        path = package / f"{name.replace('__in__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder / "src"


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, API, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def changes(old: Path, new: Path) -> list[tuple[str, str, str]]:
    result = run(old, new, "--json")
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    assert all(list(change) == ["kind", "object", "what"] for change in found)
    return [tuple(change.values()) for change in found]


def module_changes(folder: Path, old: str, new: str) -> list[str]:
    """Compare one module that is all public, by the text for a person."""
    empty = '"""A room."""\n'
    before = room(folder / "old", __init__=empty, waves=old)
    after = room(folder / "new", __init__=empty, waves=new)
    result = run(before, after)
    assert result.returncode == 0, result.stderr
    return [line.replace("ropewalk.sea.waves.", "") for line in result.stdout.splitlines()]


CLASS = "class Wave:\n    def __init__(self, height=1):\n        self.height = height\n"
FLOW = "from abc import ABC, abstractmethod\nclass Flow(ABC):\n    @abstractmethod\n"
MODEL = "from pydantic import BaseModel, Field\nclass Wave(BaseModel):\n"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("def f(): pass\ndef g(): pass", "def f(): pass", ["break  g: function is gone"]),
        ("def f(): pass", "def f(): pass\nX = 1", ["new    X: attribute is new"]),
        ("def f(): pass", "class f: pass", ["break  f: function turned into class"]),
        ("def f(a, b): pass", "def f(a): pass", ["break  f: parameter `b` is gone"]),
        ("def f(a): pass", "def f(a, b): pass", ["break  f: parameter `b` is new and required"]),
        ("def f(a=1): pass", "def f(a): pass", ["break  f: parameter `a` is now required"]),
        ("def f(a): pass", "def f(*, a): pass", ["break  f: parameter `a` is now keyword-only"]),
        ("def f(a): pass", "def f(a, b=1): pass", ["new    f: parameter `b` is new"]),
        (
            "def f(a=1): pass",
            "def f(a=2): pass",
            ["break  f: parameter `a` is now 2 by default, not 1"],
        ),
        (
            "def f(a, b): pass",
            "def f(b, a): pass",
            ["break  f: parameter `a` has moved", "break  f: parameter `b` has moved"],
        ),
        ("def f() -> int: pass", "def f() -> int | None: pass", ["break  f: may now return None"]),
        (
            "from typing import Optional\ndef f() -> int: pass",
            "from typing import Optional\ndef f() -> Optional[int]: pass",
            ["break  f: may now return None"],
        ),
        ("def f(): pass", "async def f(): pass", ["break  f: is now asynchronous"]),
        (CLASS, "X = 1", ["break  Wave: class is gone", "new    X: attribute is new"]),
        (CLASS, CLASS + "    def crash(self): pass", ["new    Wave.crash: method is new"]),
        (CLASS + "    def crash(self): pass", CLASS, ["break  Wave.crash: method is gone"]),
        (CLASS, CLASS.replace("=1", ""), ["break  Wave: parameter `height` is now required"]),
        (
            CLASS,
            CLASS.replace("=1", "=1, width=2"),
            ["new    Wave: parameter `width` is new"],
        ),
        (
            CLASS,
            CLASS.replace("=1", "=1, *, width").replace(".height =", ".width ="),
            [
                "break  Wave: parameter `width` is new and required",
                "break  Wave.height: attribute is gone",
                "new    Wave.width: attribute is new",
            ],
        ),
        (
            "class E(ValueError): pass",
            "class E(Exception): pass",
            ["break  E: class no longer inherits ValueError"],
        ),
        (
            "class A: pass\nclass B(A): pass",
            "class A: pass\nclass B: pass",
            ["break  B: class no longer inherits A"],
        ),
        (
            "class A:\n    def f(self): pass\nclass B(A): pass",
            "class A:\n    pass\nclass B(A): pass",
            ["break  A.f: method is gone", "break  B.f: method is gone"],
        ),
        (
            FLOW + "    def _fit(self, x): pass",
            FLOW + "    def _fit(self): pass",
            ["break  Flow._fit: parameter `x` is gone"],
        ),
        (
            FLOW + "    def _fit(self): pass",
            FLOW + "    def _fit(self): pass\n    @abstractmethod\n    def _end(self): pass",
            ["break  Flow._end: abstract method is new"],
        ),
        (
            MODEL + "    a: int = 1",
            MODEL + "    a: int = 1\n    b: int",
            [
                "break  Wave: parameter `b` is new and required",
                "new    Wave.b: attribute is new",
            ],
        ),
        (
            MODEL + "    a: int = Field(default=1, ge=0)",
            MODEL + "    a: int = Field(ge=0)",
            ["break  Wave: parameter `a` is now required"],
        ),
        (
            "from typing import TypedDict\nclass W(TypedDict):\n    a: int",
            "from typing import TypedDict, NotRequired\nclass W(TypedDict):\n"
            "    a: int\n    b: NotRequired[int]",
            ["new    W.b: attribute is new"],
        ),
        (
            "from typing import TypedDict\nclass W(TypedDict, total=False):\n    a: int",
            "from typing import TypedDict\nclass W(TypedDict, total=False):\n    a: int; b: int",
            ["new    W.b: attribute is new"],
        ),
        (
            "from typing import NamedTuple\nclass W(NamedTuple):\n    a: int\n    b: int",
            "from typing import NamedTuple\nclass W(NamedTuple):\n    b: int\n    a: int",
            ["break  W: parameter `a` has moved", "break  W: parameter `b` has moved"],
        ),
        (
            "from dataclasses import dataclass\n@dataclass\nclass W:\n    a: int",
            "from dataclasses import dataclass\n@dataclass\nclass W:\n    b: int\n    a: int",
            ["break  W: parameter `b` is new and required", "new    W.b: attribute is new"],
        ),
    ],
)
def test_what_a_user_would_notice_is_told(
    tmp_path: Path, old: str, new: str, told: list[str]
) -> None:
    assert module_changes(tmp_path, old, new) == told


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("def f(): pass", "def f():\n    return 1"),
        ("def f() -> None: pass", "def f() -> int: pass"),
        ("def f(a: int): pass", "def f(a: int | str): pass"),
        ("def f(): pass\ndef _g(): pass", "def f(): pass"),
        ("import os\ndef f(): pass", "def f(): pass"),
        ("class A:\n    def _f(self): pass", "class A: pass"),
        ("class E(ValueError): pass", "class E(ValueError):\n    def __init__(self, a): pass"),
        ("class A: pass\nclass A(A): pass", "class A: pass\nclass A(A): pass"),
        ("class A:\n    def __repr__(self): pass", "class A: pass"),
        ("class A:\n    def f(self): pass", "class _B:\n    def f(self): pass\nclass A(_B): pass"),
        (
            MODEL + "    a: int = 1",
            MODEL + "    a: int = Field(default=1, description='High.')",
        ),
        (
            "class W:\n    def __init__(self, a: int): self.a = a",
            "from dataclasses import dataclass\n@dataclass\nclass W:\n    a: int",
        ),
    ],
)
def test_what_no_user_would_notice_is_not_told(tmp_path: Path, old: str, new: str) -> None:
    assert module_changes(tmp_path, old, new) == []


def test_what_moves_behind_an_export_has_not_changed(tmp_path: Path) -> None:
    wave = "LOUD = 1\nclass Base: pass\nclass Wave(Base):\n    def crash(self, how=LOUD): pass\n"
    old = room(tmp_path / "old", __init__=EXPORTS.format("Wave"), waves=wave)
    new = room(
        tmp_path / "new",
        __init__=EXPORTS.format("Wave"),
        waves__in____init__="from ropewalk.sea.waves.high import Wave\n__all__ = ['Wave']\n",
        waves__in__high=wave.replace("Base", "Root"),
    )

    assert changes(old, new) == []


def test_only_what_the_package_exports_counts(tmp_path: Path) -> None:
    old = room(
        tmp_path / "old",
        __init__=EXPORTS.format("f"),
        waves="def f(a): pass\ndef g(): pass",
        winds="X = 1",
    )
    new = room(tmp_path / "new", __init__=EXPORTS.format("f"), waves="def f(b=1, *, a): pass")

    assert changes(old, new) == [
        ("break", "ropewalk.sea.f", "parameter `a` is now keyword-only"),
        ("new", "ropewalk.sea.f", "parameter `b` is new"),
    ]


def test_an_export_that_ends_is_a_break_and_one_that_begins_is_new(tmp_path: Path) -> None:
    waves = "def f(): pass\ndef g(): pass"
    old = room(tmp_path / "old", __init__=EXPORTS.format("f"), waves=waves)
    new = room(tmp_path / "new", __init__=EXPORTS.format("g"), waves=waves)

    assert changes(old, new) == [
        ("break", "ropewalk.sea.f", "function is gone"),
        ("new", "ropewalk.sea.g", "function is new"),
    ]


def test_a_function_in_a_module_of_its_name_is_seen(tmp_path: Path) -> None:
    old = room(tmp_path / "old", __init__=EXPORTS.format("waves"), waves="def waves(a): pass")
    new = room(tmp_path / "new", __init__=EXPORTS.format("waves"), waves="def waves(): pass")

    assert changes(old, new) == [("break", "ropewalk.sea.waves", "parameter `a` is gone")]


def test_a_package_may_export_itself(tmp_path: Path) -> None:
    itself = "from ropewalk import sea\n__all__ = ['sea']\n"

    assert (
        changes(room(tmp_path / "a", __init__=itself), room(tmp_path / "b", __init__=itself)) == []
    )


def test_exports_from_outside_and_in_circles_are_only_named(tmp_path: Path) -> None:
    exports = "from numpy import pi\nfrom ropewalk.sea.waves import f\n__all__ = ['pi', 'f']\n"
    circle = "from ropewalk.sea import f\n"
    old = room(tmp_path / "old", __init__=exports, waves=circle)
    new = room(tmp_path / "new", __init__=exports.replace("'pi', ", ""), waves=circle)

    assert changes(old, new) == [("break", "ropewalk.sea.pi", "name is gone")]


@pytest.mark.parametrize(
    ("modules", "told"),
    [
        ({}, "/src/ropewalk holds nothing; name the src folder of one room"),
        ({"__init__": "def f(:\n"}, "/src/ropewalk/sea/__init__.py:1 is no Python: invalid syntax"),
        ({"__init__": "", "waves": "a = 1\n\0"}, "/waves.py is no Python: "),
        ({"__init__": "", "../land/__init__": ""}, "/src/ropewalk holds 2 packages; "),
    ],
    ids=["no folder", "a syntax error", "a null byte", "two rooms"],
)
def test_bad_input_is_told_in_one_line(tmp_path: Path, modules: dict[str, str], told: str) -> None:
    good = room(tmp_path / "good", __init__="")

    for folders in (
        (good, room(tmp_path / "bad", **modules)),
        (room(tmp_path / "bad", **modules), good),
    ):
        result = run(*folders)
        assert result.returncode == 2
        assert told in result.stderr
        assert result.stderr.startswith("api: ")
        assert result.stderr.count("\n") == 1
        assert result.stdout == ""


def test_two_rooms_are_not_compared(tmp_path: Path) -> None:
    land = tmp_path / "land" / "src" / "ropewalk" / "land" / "__init__.py"
    land.parent.mkdir(parents=True)
    land.write_text("")

    result = run(room(tmp_path / "sea", __init__=""), tmp_path / "land" / "src")

    assert result.returncode == 2
    assert "ropewalk.sea and ropewalk.land are two rooms" in result.stderr
