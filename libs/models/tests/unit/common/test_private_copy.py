from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ropewalk.models.common.private_copy import LIMITS, BundleLimits, check_name, private_copy
from ropewalk.models.errors import BundleError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / "card.md").write_bytes(b"A model.")
    (folder / "pipeline.skops").write_bytes(bytes(range(256)) * 10_000)
    return folder


def _copied(place: Path, limits: BundleLimits = LIMITS) -> dict[str, bytes]:
    with private_copy(place, limits) as copy:
        return {path.name: path.read_bytes() for path in copy.iterdir()}


def test_copies_every_byte_to_where_this_user_alone_can_look(folder: Path) -> None:
    with private_copy(folder) as copy:
        found = {path.name: path.read_bytes() for path in copy.iterdir()}
        modes = {stat.S_IMODE(path.stat().st_mode) for path in (copy, copy.parent)}

    assert found == {path.name: path.read_bytes() for path in folder.iterdir()}
    assert modes == {0o700}
    assert not copy.parent.exists()


def test_goes_when_its_user_fails(folder: Path) -> None:
    with pytest.raises(KeyError), private_copy(folder) as copy:
        raise KeyError

    assert not copy.parent.exists()


def _link(folder: Path) -> None:
    (folder / "lineage.json").symlink_to("/etc/hostname")


def _link_to_a_folder(folder: Path) -> None:
    (folder / "lineage.json").symlink_to("/etc")


def _folder(folder: Path) -> None:
    (folder / "lineage.json").mkdir()


def _pipe(folder: Path) -> None:
    os.mkfifo(folder / "lineage.json")


@pytest.mark.parametrize(
    ("attack", "told"),
    [
        (_link, "is a link"),
        (_link_to_a_folder, "is a link"),
        (_folder, "is no file"),
        (_pipe, "is no file"),
    ],
)
def test_refuses_what_is_no_plain_file(
    folder: Path, attack: Callable[[Path], None], told: str
) -> None:
    attack(folder)

    with pytest.raises(BundleError, match=f"^lineage.json: {told}: copy the bundle again"):
        _copied(folder)


@pytest.mark.parametrize(
    "name",
    ["../x", "/etc/x", "a/x", "", ".", "..", ".x", "a\\b", "a\nb", "-x", "\u202ex", "a" * 101],
)
def test_refuses_a_name_that_is_more_than_a_name(name: str) -> None:
    with pytest.raises(BundleError, match="is no plain name of a file") as caught:
        check_name(name)

    assert "\n" not in str(caught.value)


def test_refuses_an_odd_name_in_a_folder(folder: Path) -> None:
    (folder / ".hidden").touch()

    with pytest.raises(BundleError, match=r"^'\.hidden': is no plain name"):
        _copied(folder)


def test_refuses_what_is_above_a_limit(folder: Path) -> None:
    _copied(folder, BundleLimits(file_bytes=2_560_000, total_bytes=2_560_008, files=2))

    for limits, told in [
        (
            BundleLimits(file_bytes=2_559_999),
            "pipeline.skops: 2560000 bytes, more than the 2559999",
        ),
        (BundleLimits(total_bytes=2_560_007), "all files: 2560008 bytes or more, and 2560007"),
        (BundleLimits(files=1), "2 files or more, and 1 are allowed"),
    ]:
        with pytest.raises(BundleError) as caught:
            _copied(folder, limits)
        assert str(caught.value).startswith(told)


def test_refuses_a_terabyte_of_nothing_before_it_is_read(folder: Path) -> None:
    os.truncate(folder / "card.md", 2**40)  # A hole, that takes no room.

    with pytest.raises(
        BundleError, match=rf"^card\.md: {2**40} bytes, more than the {2**31} allowed"
    ):
        _copied(folder)


def test_refuses_a_file_that_grows_while_it_is_copied(folder: Path) -> None:
    growing = True

    def grow(event: str, arguments: tuple[object, ...]) -> None:
        """Make the file longer as soon as its copy is opened, when its size was looked at."""
        if growing and event == "open" and str(arguments[0]).endswith("/bundle/pipeline.skops"):
            os.truncate(folder / "pipeline.skops", 2**40)

    sys.addaudithook(grow)
    with pytest.raises(BundleError, match=r"^pipeline\.skops: \d{7} bytes, more than the 3000000"):
        _copied(folder, BundleLimits(file_bytes=3_000_000))
    growing = False  # A hook can't be taken back.


def test_copies_another_bundle_that_takes_the_name_meanwhile(folder: Path) -> None:
    other = shutil.copytree(folder, folder.with_name("other"))
    (other / "card.md").write_bytes(b"Another.")
    armed = True

    def replace(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal armed
        if armed and event == "open" and str(arguments[0]).endswith("/bundle/card.md"):
            armed = False
            (folder / "pipeline.skops").unlink()
            folder.rename(folder.with_name("old"))
            other.rename(folder)

    sys.addaudithook(replace)

    assert _copied(folder)["card.md"] == b"Another."
    assert not armed


def test_tells_that_the_bundle_went_away_meanwhile(folder: Path) -> None:
    armed = True

    def remove(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal armed
        if armed and event == "open" and str(arguments[0]).endswith("/bundle/card.md"):
            armed = False
            shutil.rmtree(folder)

    sys.addaudithook(remove)

    with pytest.raises(BundleError, match=r"no bundle there \(No such file or directory\)"):
        _copied(folder)


def test_tells_that_there_is_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"no bundle there \(No such file or directory\): train"):
        _copied(tmp_path / "nowhere")


def test_tells_that_there_is_no_room(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))

    with pytest.raises(
        BundleError, match=r"no folder for temporary files \(.*\): name one by TMPDIR"
    ):
        _copied(folder)
