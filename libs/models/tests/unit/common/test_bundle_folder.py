from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from ropewalk.models.common.bundle_folder import MAX_FILE_BYTES, read_folder, write_folder
from ropewalk.models.common.manifest import MANIFEST, REQUIRED, Manifest
from ropewalk.models.errors import BundleError


def _contents(word: str) -> dict[str, bytes]:
    contents = {name: f"{word} {name}".encode() for name in REQUIRED}
    return {**contents, MANIFEST: Manifest.describe(contents, "sched_dep_time").write()}


def _written(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "bundle"
    write_folder(folder, _contents("old"))
    return folder


def test_comes_back_as_it_was_written(folder: Path) -> None:
    manifest, contents = read_folder(folder, MAX_FILE_BYTES)

    assert {**contents, MANIFEST: manifest.write()} == _contents("old")


def test_makes_the_folders_above_and_leaves_nothing_beside(tmp_path: Path) -> None:
    folder = tmp_path / "artifacts" / "flights" / "bundle"

    write_folder(folder, _contents("new"))

    assert _written(folder) == _contents("new")
    assert list(folder.parent.iterdir()) == [folder]


def test_takes_a_relative_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    write_folder(Path("bundle"), _contents("new"))

    assert list(tmp_path.iterdir()) == [tmp_path / "bundle"]


def test_others_may_read_it_as_the_umask_says(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        write_folder(tmp_path / "bundle", _contents("new"))
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "bundle").stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "bundle" / "card.md").stat().st_mode) == 0o644


def test_replaces_a_bundle(folder: Path) -> None:
    write_folder(folder, _contents("new"))

    assert _written(folder) == _contents("new")
    assert list(folder.parent.iterdir()) == [folder]


def test_replaces_a_damaged_bundle_and_an_empty_folder(folder: Path) -> None:
    (folder / "card.md").unlink()
    empty = folder.parent / "empty"
    empty.mkdir()

    write_folder(folder, _contents("new"))
    write_folder(empty, _contents("new"))

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
            write_folder(place, _contents("new"))
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
        write_folder(folder, _contents("new"))
    (folder / "notes.txt").unlink()
    write_folder(folder, _contents("new"))

    assert _written(folder) == _contents("new")
    left = sorted(path.name for path in folder.parent.iterdir())
    assert left == [".other.unfinished-0a", "bundle"]


def test_a_bundle_that_lost_its_name_gets_it_back_if_saving_fails(folder: Path) -> None:
    folder.rename(folder.parent / ".bundle.replaced-0a")

    with pytest.raises(TypeError):
        write_folder(folder, {"card.md": "no bytes"})  # type: ignore[dict-item]

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
        write_folder(folder, _contents("new"))

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
        read_folder(folder, MAX_FILE_BYTES)


def test_refuses_one_changed_byte_of_any_hash_in_the_manifest(folder: Path) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    for name in REQUIRED:
        sha256 = manifest["files"][name]["sha256"]
        other = f"{'0' if sha256[0] != '0' else '1'}{sha256[1:]}"
        changed = _contents("old")[MANIFEST].replace(sha256.encode(), other.encode())
        (folder / MANIFEST).write_bytes(changed)

        with pytest.raises(BundleError, match=f"^{name}: its sha256"):
            read_folder(folder, MAX_FILE_BYTES)


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
        (_folder, r"can't be read \(Is a directory\)"),
        (_pipe, "is no file"),
    ],
)
def test_refuses_a_file_that_is_not_what_was_saved(
    folder: Path, name: str, attack: Callable[[Path], object], told: str
) -> None:
    attack(folder / name)

    with pytest.raises(BundleError, match=f"^{name}: {told}") as caught:
        read_folder(folder, MAX_FILE_BYTES)

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["notes.txt", ".hidden", "preparation.skops", "folder"])
def test_refuses_what_is_not_in_the_manifest(folder: Path, name: str) -> None:
    (folder / name).mkdir() if name == "folder" else (folder / name).touch()

    with pytest.raises(BundleError, match=f"^{name}: not in manifest.json: remove it"):
        read_folder(folder, MAX_FILE_BYTES)


def test_refuses_a_file_above_the_limit_before_it_is_read(folder: Path) -> None:
    size = max(len(content) for name, content in _contents("old").items() if name != MANIFEST)
    read_folder(folder, size)

    with pytest.raises(BundleError, match=rf"{size} bytes, more than the {size - 1} allowed"):
        read_folder(folder, size - 1)

    with open(folder / "card.md", "r+b") as file:  # A hole: a terabyte that takes no room.
        file.truncate(2**40)
    with pytest.raises(BundleError, match=rf"^card\.md: {2**40} bytes, more than"):
        read_folder(folder, MAX_FILE_BYTES)


def test_refuses_a_manifest_without_end(folder: Path) -> None:
    with open(folder / MANIFEST, "r+b") as file:
        file.truncate(2**30)

    with pytest.raises(BundleError, match=r"^manifest\.json: 1073741824 bytes, more than"):
        read_folder(folder, MAX_FILE_BYTES)


def test_tells_that_there_is_no_bundle(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(BundleError, match=r"no bundle there \(No such file or directory\): train"):
        read_folder(tmp_path / "nowhere", MAX_FILE_BYTES)
    with pytest.raises(BundleError, match=r"no bundle there \(Not a directory\)"):
        read_folder(tmp_path / "file", MAX_FILE_BYTES)
    with pytest.raises(BundleError, match=r"^manifest\.json: missing"):
        read_folder(tmp_path, MAX_FILE_BYTES)


def test_reads_through_a_link_to_the_folder(folder: Path) -> None:
    (folder.parent / "current").symlink_to(folder)

    manifest, _ = read_folder(folder.parent / "current", MAX_FILE_BYTES)

    assert manifest.write() == _contents("old")[MANIFEST]
