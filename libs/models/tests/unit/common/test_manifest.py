from __future__ import annotations

import hashlib
import json
import platform
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from ropewalk.models.common import manifest as module
from ropewalk.models.common.json_text import write_json
from ropewalk.models.common.manifest import FORMAT, OPTIONAL, REQUIRED, Manifest
from ropewalk.models.errors import BundleError

CONTENTS = {name: name.encode() for name in REQUIRED}
NOT_INSTALLED = "no-such-distribution"


def _describe(contents: Mapping[str, bytes]) -> Manifest:
    with TemporaryDirectory() as place:
        for name, content in contents.items():
            (Path(place) / name).write_bytes(content)
        return Manifest.describe(Path(place), "sched_dep_time")


def _written() -> dict[str, object]:
    content = _describe(CONTENTS).write()
    written: dict[str, object] = json.loads(content)
    return written


def _read(changes: dict[str, object]) -> Manifest:
    return Manifest.read(write_json("x", {**_written(), **changes}))


def test_comes_back_as_it_was() -> None:
    manifest = _describe({**CONTENTS, OPTIONAL[0]: b"more"})

    assert Manifest.read(manifest.write()) == manifest


def test_tells_what_made_the_bundle() -> None:
    versions = _describe(CONTENTS).versions

    assert versions["python"] == sys.version.split()[0]
    for package in ("numpy", "pandas", "scikit-learn", "skops"):
        assert versions[package] == version(package)


def test_needs_no_version_of_a_package_run_from_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PACKAGES", ("numpy", NOT_INSTALLED))

    versions = _describe(CONTENTS).versions

    assert list(versions) == ["python", "numpy"]


@pytest.mark.parametrize("added", [b" ", b'{"format": 1, ', b'{"more": 1, '])
def test_refuses_a_manifest_that_others_may_read_differently(added: bytes) -> None:
    content = _describe(CONTENTS).write()
    changed = added + (content if added == b" " else content[1:])
    json.loads(changed)

    with pytest.raises(BundleError, match=r"manifest\.json: was changed or written by hand"):
        Manifest.read(changed)


def test_its_digest_is_that_of_its_bytes() -> None:
    manifest = _describe(CONTENTS)

    assert manifest.digest == hashlib.sha256(manifest.write()).hexdigest()


@pytest.mark.parametrize("given", [None, "1", 1.0, True, 0, -1])
def test_refuses_a_format_that_is_no_version(given: object) -> None:
    with pytest.raises(BundleError, match=r"manifest\.json: format is .*, no version"):
        _read({"format": given})


def test_refuses_a_format_from_the_future_before_anything_else() -> None:
    with pytest.raises(BundleError, match=rf"format {FORMAT + 1} is later than {FORMAT}.*newer"):
        _read({"format": FORMAT + 1, "files": "kept elsewhere"})


@pytest.mark.parametrize("name", ["prediction_time", "versions", "requires", "files"])
def test_refuses_a_manifest_that_lacks_something(name: str) -> None:
    with pytest.raises(BundleError, match=rf"manifest\.json: no {name} in it"):
        _read({name: None})


@pytest.mark.parametrize("name", ["../card.md", "/etc/passwd", "a/b", "", ".", "x.py", "CARD.md"])
def test_refuses_a_name_that_is_no_file_of_a_bundle(name: str) -> None:
    files = {name: {"size": 0, "sha256": "0" * 64}}

    with pytest.raises(BundleError, match=r"manifest\.json: lists .*no file of a bundle") as caught:
        _read({"files": files})

    assert repr(name) in str(caught.value)


@pytest.mark.parametrize("name", REQUIRED)
def test_refuses_a_bundle_that_lacks_a_file(name: str) -> None:
    files = {other: content for other, content in CONTENTS.items() if other != name}

    with pytest.raises(BundleError, match=f"does not list {name}"):
        Manifest.read(_describe(files).write())


@pytest.mark.parametrize("given", [None, {}, {"size": "1", "sha256": "0"}, {"size": 1}, [1]])
def test_refuses_a_file_without_size_and_hash(given: object) -> None:
    files = {name: {"size": 1, "sha256": "0" * 64} for name in REQUIRED}

    with pytest.raises(BundleError, match=r"no size and sha256 of card\.md"):
        _read({"files": {**files, "card.md": given}})


def test_tells_what_can_load_it() -> None:
    requires = _describe(CONTENTS).requires

    assert requires["python"] == ">=3.11"
    for package, same in [("numpy", 1), ("pandas", 1), ("scikit-learn", 2), ("skops", 1)]:
        first = version(package).split(".")[:same]
        after = [*first[:-1], str(int(first[-1]) + 1)]
        assert requires[package] == f">={'.'.join(first)},<{'.'.join(after)}"


@pytest.mark.parametrize(
    ("package", "needed"),
    [
        ("scikit-learn", ">=1.8,<1.9"),
        ("scikit-learn", ">=1.10,<1.11"),
        ("scikit-learn", ">=1.9,<1.9.1"),
        ("numpy", ">=1,<2"),
        ("pandas", ">=4,<5"),
        ("skops", ">=99"),
        ("python", ">=3.99"),
        ("python", ">=2.7,<3"),
    ],
)
def test_refuses_versions_outside_of_what_it_needs(package: str, needed: str) -> None:
    here = {**{name: version(name) for name in ("numpy", "pandas", "scikit-learn", "skops")}}
    here["python"] = platform.python_version()
    requires = {**_describe(CONTENTS).requires, package: needed}

    with pytest.raises(BundleError) as caught:
        _read({"requires": requires})

    assert str(caught.value) == (
        f"manifest.json: needs {package} {needed}, and here is {here[package]}: install"
        f" '{package}{needed}', or train again with what is here"
    )


def test_takes_versions_within_what_it_needs() -> None:
    requires = {**_describe(CONTENTS).requires, "numpy": ">=2.1,<2.99.1", "python": ">=3"}

    assert _read({"requires": requires}).requires == requires


@pytest.mark.parametrize("needed", [None, "", "==1.9", ">=1.9,<", ">=x", f">={'9' * 5000}", 1.9])
def test_refuses_a_range_that_is_none(needed: object) -> None:
    requires = {**_describe(CONTENTS).requires, "scikit-learn": needed}

    with pytest.raises(BundleError, match=r"needs scikit-learn .*, which is no range of versions"):
        _read({"requires": requires})


@pytest.mark.parametrize("given", [1, "yes", [True]])
def test_refuses_what_is_no_yes_or_no(given: object) -> None:
    with pytest.raises(BundleError, match="single_row_exact is"):
        _read({"single_row_exact": given})


def test_refuses_bytes_that_are_not_those_saved(tmp_path: Path) -> None:
    manifest, path = _describe(CONTENTS), tmp_path / "card.md"
    path.write_bytes(b"card.md")

    manifest.check(path)

    for content, told in [
        (b"card.md\n", "8 bytes, 7 in manifest"),
        (b"card.mD", "its sha256 is not"),
    ]:
        path.write_bytes(content)
        with pytest.raises(BundleError, match=rf"^card\.md: {told}"):
            manifest.check(path)
