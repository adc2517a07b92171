from __future__ import annotations

import io
import os
import stat
import struct
import tracemalloc
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pytest

from ropewalk.models.common.bundle_file import write_file
from ropewalk.models.common.private_copy import LIMITS, BundleLimits, private_copy
from ropewalk.models.errors import BundleError

CONTENTS = {"card.md": b"A model.", "pipeline.skops": bytes(range(256)) * 10_000}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "bundle"
    folder.mkdir()
    for name, content in CONTENTS.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def file(folder: Path) -> Path:
    file = folder.with_name("bundle.zip")
    write_file(file, folder)
    return file


def _unpacked(file: Path, limits: BundleLimits = LIMITS) -> dict[str, bytes]:
    with private_copy(file, limits) as copy:
        assert stat.S_IMODE(copy.stat().st_mode) == 0o700
        return {path.name: path.read_bytes() for path in copy.iterdir()}


def _zip(file: Path, members: Mapping[str, bytes], compression: int = 0) -> None:
    with ZipFile(file, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(ZipInfo(name), content, compression)


def test_comes_back_as_it_was_packed(file: Path) -> None:
    assert _unpacked(file) == CONTENTS


def test_the_same_files_give_the_same_bytes(file: Path, folder: Path) -> None:
    before = file.read_bytes()
    for path in folder.iterdir():
        os.utime(path, (0, 0))
        path.chmod(0o600)

    write_file(file, folder)

    assert file.read_bytes() == before
    assert sorted(path.name for path in folder.parent.iterdir()) == ["bundle", "bundle.zip"]


def test_others_can_unpack_it(file: Path) -> None:
    with ZipFile(file) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == sorted(CONTENTS)


def test_what_can_not_be_written_leaves_the_old_file(
    file: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = file.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(BundleError, match=r"bundle\.zip can't be written \(No space left"):
        write_file(file, folder)

    assert file.read_bytes() == before
    assert sorted(path.name for path in folder.parent.iterdir()) == ["bundle", "bundle.zip"]


@pytest.mark.parametrize(
    "name", ["../x", "/etc/x", "a/x", "..", "C:\\x", "card.md\0.exe", ".x", ""]
)
def test_refuses_a_name_that_leads_out_of_the_folder(file: Path, tmp_path: Path, name: str) -> None:
    _zip(file, {"card.md" if "\0" in name else name: b"slip"})
    if "\0" in name:  # Which zipfile does not write, and would cut off when it reads.
        content = file.read_bytes()
        raw = struct.pack("<H", len(name))
        content = content.replace(b"card.md", name.encode()).replace(
            b"\x07\x00\x00\x00", raw + b"\0\0"
        )
        file.write_bytes(_end(content, len(name) - len("card.md")))

    with pytest.raises(BundleError, match=r"is no plain name of a file: don't use") as caught:
        _unpacked(file)

    assert "\0" not in str(caught.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bundle", "bundle.zip"]


def _end(content: bytes, more: int) -> bytes:
    """Correct where the list of members is, and how long, after a name has grown."""
    size, offset = struct.unpack("<LL", content[-10:-2])
    return content[:-10] + struct.pack("<LL", size + more, offset + more) + content[-2:]


def test_refuses_a_bomb_however_it_is_packed(file: Path) -> None:
    _zip(file, {"card.md": bytes(50_000_000)}, ZIP_DEFLATED)
    assert file.stat().st_size < 100_000

    with pytest.raises(
        BundleError, match=r"'card\.md': is compressed, which a bundle's file never"
    ):
        _unpacked(file)


def test_refuses_a_bomb_whose_members_share_their_bytes(file: Path) -> None:
    # As in D. Fifield, "A better zip bomb", USENIX WOOT 2019: many members, one content.
    _zip(file, {"card.md": bytes(1_000_000)})
    content = file.read_bytes()
    start = content.index(b"PK\1\2")
    entry = content[start : content.index(b"PK\5\6")]
    more = [entry.replace(b"card.md", b"card.m%d" % number) for number in range(8)]
    listed = b"".join([entry, *more])
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 9, 9, len(listed), start, 0)
    file.write_bytes(content[:start] + listed + end)

    with pytest.raises(BundleError, match="unpacks to more than it is"):
        _unpacked(file)


def test_refuses_a_list_of_members_without_end_and_reads_little_of_it(file: Path) -> None:
    listed = 200_000_000  # A hole, as are the members that it would list.
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 65_535, 65_535, listed, 0, 0)
    with open(file, "wb") as opened:
        opened.truncate(listed)
        opened.seek(listed)
        opened.write(end)

    tracemalloc.start()
    with pytest.raises(BundleError, match="lists more members than a bundle has"):
        _unpacked(file)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 10_000_000


def test_refuses_a_member_that_comes_twice(file: Path) -> None:
    with ZipFile(file, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # That is what zipfile says of it.
        for content in (b"one", b"two"):
            archive.writestr("card.md", content)

    with pytest.raises(BundleError, match=r"'card\.md': comes twice"):
        _unpacked(file)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFDIR])
def test_refuses_a_link(file: Path, kind: int) -> None:
    member = ZipInfo("card.md")
    member.create_system, member.external_attr = 3, (kind | 0o777) << 16
    with ZipFile(file, "w") as archive:
        archive.writestr(member, b"/etc/passwd")

    with pytest.raises(BundleError, match=r"'card\.md': is a link or no file"):
        _unpacked(file)


def test_refuses_an_encrypted_member(file: Path) -> None:
    content = bytearray(file.read_bytes())
    for start in (b"PK\3\4", b"PK\1\2"):
        flags = content.index(start) + (6 if start == b"PK\3\4" else 8)
        content[flags] |= 1
    file.write_bytes(content)

    with pytest.raises(BundleError, match="is encrypted"):
        _unpacked(file)


def test_refuses_what_is_above_a_limit(file: Path) -> None:
    assert _unpacked(file, BundleLimits(2_560_000, 2_560_008, 2)) == CONTENTS

    for limits, told in [
        (BundleLimits(file_bytes=2_559_999), "2560000 bytes, more than the 2559999 allowed"),
        (BundleLimits(total_bytes=2_560_007), "2560008 bytes or more, and 2560007 are allowed"),
        (BundleLimits(files=1), "2 files or more, and 1 are allowed"),
    ]:
        with pytest.raises(BundleError, match=told):
            _unpacked(file, limits)


def _cut_off(content: bytes) -> bytes:
    return content[:-30]


def _flip(content: bytes) -> bytes:
    return content.replace(b"A model.", b"A modem.")


def _other_name(content: bytes) -> bytes:
    return content.replace(b"card.md", b"cart.md", 1)


@pytest.mark.parametrize(
    "damage", [_cut_off, _flip, _other_name, lambda content: b"", lambda content: b"PK\5\6"]
)
def test_refuses_what_is_damaged(file: Path, damage: Callable[[bytes], bytes]) -> None:
    file.write_bytes(damage(file.read_bytes()))

    with pytest.raises(BundleError, match=r"(no bundle in it|it is damaged) \(.*\): copy it again"):
        _unpacked(file)


def test_refuses_what_is_neither_a_file_nor_a_folder(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(BundleError, match="neither a folder nor a file: name a bundle"):
        _unpacked(tmp_path / "pipe")


def test_any_changed_byte_is_refused_or_changes_nothing(file: Path) -> None:
    with ZipFile(io.BytesIO(file.read_bytes())) as archive:
        skip = range(archive.getinfo("pipeline.skops").header_offset + 50, 2_560_000)
    content = file.read_bytes()
    for place in range(len(content)):
        if place in skip:
            continue
        changed = bytearray(content)
        changed[place] ^= 0xFF
        file.write_bytes(changed)

        with suppress(BundleError):  # And nothing else, such as a struct.error.
            found = _unpacked(file)
            assert found.keys() != CONTENTS.keys() or found == CONTENTS
