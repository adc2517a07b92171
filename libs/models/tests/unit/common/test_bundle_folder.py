from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from ropewalk.models.common.bundle_folder import verify_copy, write_folder
from ropewalk.models.common.manifest import MANIFEST, REQUIRED, Manifest
from ropewalk.models.common.private_copy import private_copy
from ropewalk.models.errors import BundleError


def _contents(word: str) -> dict[str, bytes]:
    with TemporaryDirectory() as place:
        _write(Path(place), {name: f"{word} {name}".encode() for name in REQUIRED})
        (Path(place) / MANIFEST).write_bytes(Manifest.describe(Path(place), "t").write())
        return _written(Path(place))


def _write(folder: Path, contents: Mapping[str, bytes]) -> None:
    for name, content in contents.items():
        (folder / name).write_bytes(content)


def _save(folder: Path, word: str) -> None:
    with TemporaryDirectory() as copy:
        _write(Path(copy), _contents(word))
        write_folder(folder, Path(copy))


def _written(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _read(folder: Path) -> dict[str, bytes]:
    with private_copy(folder) as copy:
        verify_copy(copy)
        return _written(copy)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "bundle"
    _save(folder, "old")
    return folder


def test_comes_back_as_it_was_written(folder: Path) -> None:
    assert _read(folder) == _contents("old")


def test_makes_the_folders_above_and_leaves_nothing_beside(tmp_path: Path) -> None:
    folder = tmp_path / "artifacts" / "flights" / "bundle"

    _save(folder, "new")

    assert _written(folder) == _contents("new")
    assert list(folder.parent.iterdir()) == [folder]


def test_takes_a_relative_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    _save(Path("bundle"), "new")

    assert list(tmp_path.iterdir()) == [tmp_path / "bundle"]


def test_others_may_read_it_as_the_umask_says(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        _save(tmp_path / "bundle", "new")
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "bundle").stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "bundle" / "card.md").stat().st_mode) == 0o644


def test_replaces_a_bundle(folder: Path) -> None:
    _save(folder, "new")

    assert _written(folder) == _contents("new")
    assert list(folder.parent.iterdir()) == [folder]


def test_replaces_a_damaged_bundle_and_an_empty_folder(folder: Path) -> None:
    (folder / "card.md").unlink()
    empty = folder.parent / "empty"
    empty.mkdir()

    _save(folder, "new")
    _save(empty, "new")

    assert _written(folder) == _written(empty) == _contents("new")


def test_does_not_replace_what_is_no_bundle(folder: Path, tmp_path: Path) -> None:
    (folder / "notes.txt").touch()
    papers = tmp_path / "papers"
    papers.mkdir()
    (papers / "card.md").touch()
    link = tmp_path / "link"
    link.symlink_to(folder)
    kept = sorted(tmp_path.rglob("*"))

    for place, told in [
        (folder, "holds 'notes.txt', so it is no bundle to replace"),
        (papers, "has no manifest.json, so it is no bundle"),
        (link, "is a link"),
        (papers / "card.md", "is a file"),
        (papers / "card.md" / "bundle", f"can't be written (File exists: {papers / 'card.md'})"),
    ]:
        with pytest.raises(BundleError) as caught:
            _save(place, "new")
        assert str(caught.value).startswith(f"{place}: {told}")

    assert sorted(tmp_path.rglob("*")) == kept


def test_what_a_killed_process_left_is_put_right(folder: Path) -> None:
    # Killed while writing, and killed between the two renames of a replacement.
    (folder.parent / ".bundle.unfinished-0a").mkdir()
    (folder.parent / ".bundle.unfinished-0a" / "card.md").touch()
    (folder.parent / ".other.unfinished-0a").mkdir()
    folder.rename(folder.parent / ".bundle.replaced-0a")
    (folder.parent / "bundle").mkdir()
    (folder.parent / "bundle" / "notes.txt").touch()

    with pytest.raises(BundleError, match=r"notes\.txt"):
        _save(folder, "new")
    (folder / "notes.txt").unlink()
    _save(folder, "new")

    assert _written(folder) == _contents("new")
    left = sorted(path.name for path in folder.parent.iterdir())
    assert left == [".other.unfinished-0a", "bundle"]


def test_a_bundle_that_lost_its_name_gets_it_back_if_saving_fails(
    folder: Path, tmp_path: Path
) -> None:
    folder.rename(folder.parent / ".bundle.replaced-0a")

    with pytest.raises(BundleError, match="can't be written"):
        write_folder(folder, tmp_path / "no copy")

    assert _written(folder) == _contents("old")
    assert list(folder.parent.iterdir()) == [folder]


def test_an_old_bundle_stays_when_the_new_one_can_not_be_put_in_place(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def interrupted(self: Path, target: Path) -> Path:
        if "unfinished" in self.name:
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", interrupted)

    with pytest.raises(KeyboardInterrupt):
        _save(folder, "new")

    assert _written(folder) == _contents("old")
    assert list(folder.parent.iterdir()) == [folder]


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("name", REQUIRED)
def test_refuses_one_changed_byte(folder: Path, name: str) -> None:
    _flip(folder / name)

    with pytest.raises(BundleError, match=f"^{name}: its sha256 is not the one in manifest.json"):
        _read(folder)


def test_refuses_one_changed_byte_of_any_hash_in_the_manifest(folder: Path) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    for name in REQUIRED:
        sha256 = manifest["files"][name]["sha256"]
        other = f"{'0' if sha256[0] != '0' else '1'}{sha256[1:]}"
        changed = _contents("old")[MANIFEST].replace(sha256.encode(), other.encode())
        (folder / MANIFEST).write_bytes(changed)

        with pytest.raises(BundleError, match=f"^{name}: its sha256"):
            _read(folder)


def _longer(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"]")


def _cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-4])


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _link(path: Path) -> None:
    path.rename(path.parent.parent / "elsewhere")
    path.symlink_to("../elsewhere")


def _dead_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize("name", [*REQUIRED, MANIFEST])
@pytest.mark.parametrize(
    ("attack", "told"),
    [
        (Path.unlink, "missing: copy the bundle again"),
        (_longer, "(.* bytes, .* in manifest.json|no JSON)"),
        (_cut_off, "(.* bytes, .* in manifest.json|no JSON)"),
        (_empty, "(0 bytes, .* in manifest.json|no JSON)"),
        (_link, "is a link"),
        (_dead_link, "is a link"),
        (_folder, "is no file"),
        (_pipe, "is no file"),
    ],
)
def test_refuses_a_file_that_is_not_what_was_saved(
    folder: Path, name: str, attack: Callable[[Path], object], told: str
) -> None:
    attack(folder / name)

    with pytest.raises(BundleError, match=f"^{name}: {told}") as caught:
        _read(folder)

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["notes.txt", "preparation.skops"])
def test_refuses_what_is_not_in_the_manifest(folder: Path, name: str) -> None:
    (folder / name).touch()

    with pytest.raises(BundleError, match=f"^{name}: not in manifest.json: remove it"):
        _read(folder)


def test_refuses_text_without_end(folder: Path) -> None:
    for name in (MANIFEST, "card.md"):
        with open(folder / name, "r+b") as file:
            size = file.seek(0, 2)
            file.truncate(2**30)

        with pytest.raises(BundleError, match=rf"^{name}: 1073741824 bytes, more than"):
            _read(folder)

        os.truncate(folder / name, size)
    _read(folder)


def test_refuses_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"^manifest\.json: missing"):
        _read(tmp_path)


def test_reads_through_a_link_to_the_folder(folder: Path) -> None:
    (folder.parent / "current").symlink_to(folder)

    assert _read(folder.parent / "current") == _contents("old")
