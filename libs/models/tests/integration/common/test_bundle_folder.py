"""Processes that are killed, that write at once, and that read while another writes."""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from ropewalk.models.common.bundle_folder import verify_copy, write_folder
from ropewalk.models.common.manifest import MANIFEST, REQUIRED, Manifest
from ropewalk.models.common.private_copy import private_copy
from ropewalk.models.errors import BundleError

# Forked, so that a hundred processes take a second; they only write and read files.
PROCESSES = multiprocessing.get_context("fork")
pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
STEPS = ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir")


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


def _read(folder: Path) -> dict[str, bytes]:
    with private_copy(folder) as copy:
        verify_copy(copy)
        return _written(copy)


def _written(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _write_and_die(folder: Path, steps: int, sent: signal.Signals) -> None:
    """Write, and send a signal to itself before the step of this number."""
    left = [steps]

    def count(event: str, _: tuple[object, ...]) -> None:
        if event in STEPS:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), sent)

    with TemporaryDirectory() as copy:
        _write(Path(copy), _contents("new"))
        sys.addaudithook(count)
        write_folder(folder, Path(copy))
        left[0] = 0  # What comes now is no longer counted.


def _run_and_die(folder: Path, steps: int, sent: signal.Signals) -> bool:
    process = PROCESSES.Process(target=_write_and_die, args=(folder, steps, sent))
    process.start()
    process.join(30)
    assert process.exitcode is not None
    return process.exitcode != 0


@pytest.mark.parametrize("replacing", [False, True])
def test_killed_at_any_step_there_is_a_whole_bundle_or_none(
    tmp_path: Path, replacing: bool
) -> None:
    outcomes = []
    for steps in range(1, 200):
        folder = tmp_path / str(steps) / "bundle"
        folder.parent.mkdir()
        if replacing:
            _save(folder, "old")

        if not _run_and_die(folder, steps, signal.SIGKILL):
            break

        if folder.exists():
            found = _read(folder)
            outcomes.append("new" if found == _contents("new") else "old")
            assert found == _contents(outcomes[-1])
        else:
            outcomes.append("none")
        _save(folder, "next")
        assert _read(folder) == _contents("next")
        assert list(folder.parent.iterdir()) == [folder]

    assert len(outcomes) > 12
    if replacing:
        # Between two renames the old bundle has another name: what comes next gives it back.
        assert outcomes.count("none") == 1
        assert {"old", "new"} < set(outcomes)
    else:
        assert "none" in outcomes[:10]
        assert "old" not in outcomes


def test_interrupted_at_any_step_there_is_a_whole_bundle_and_nothing_else(tmp_path: Path) -> None:
    outcomes = set()
    for steps in range(1, 200):
        folder = tmp_path / str(steps) / "bundle"
        folder.parent.mkdir()
        _save(folder, "old")

        if not _run_and_die(folder, steps, signal.SIGINT):
            break

        found = _read(folder)
        outcomes.add("new" if found == _contents("new") else "old")
        assert found in (_contents("old"), _contents("new"))

    assert outcomes == {"old", "new"}


def _write_often(folder: Path, word: str) -> None:
    for _ in range(30):
        _save(folder, word)


def test_several_writers_take_turns_and_readers_see_whole_bundles(tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    words = ("one", "two", "three")
    _save(folder, "one")
    writers = [PROCESSES.Process(target=_write_often, args=(folder, word)) for word in words]
    read = 0

    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        try:
            found = _read(folder)
        except BundleError as error:
            if "no bundle there" not in str(error):
                raise
            continue  # Just between two renames; how often is the machine's business.
        assert found in [_contents(word) for word in words]
        read += 1
    for writer in writers:
        writer.join()

    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    assert read > 10
    assert list(tmp_path.iterdir()) == [folder]


def _write_with_little_room(folder: Path) -> None:
    with TemporaryDirectory() as copy:
        _write(Path(copy), _contents("new"))
        resource.setrlimit(resource.RLIMIT_FSIZE, (20, 20))
        with pytest.raises(BundleError, match=r"bundle: can't be written \(File too large\)$"):
            write_folder(folder, Path(copy))
    sys.exit(7)


def _read_with_little_room(folder: Path) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (20, 20))
    with pytest.raises(BundleError, match=r"can't be copied to .* \(File too large\): make room"):
        _read(folder)
    sys.exit(7)


def test_without_room_for_a_copy_that_is_told(tmp_path: Path) -> None:
    _save(tmp_path / "bundle", "old")
    process = PROCESSES.Process(target=_read_with_little_room, args=(tmp_path / "bundle",))

    process.start()
    process.join()

    assert process.exitcode == 7


def test_without_room_the_old_bundle_stays(tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    _save(folder, "old")
    process = PROCESSES.Process(target=_write_with_little_room, args=(folder,))

    process.start()
    process.join()

    assert process.exitcode == 7
    assert _read(folder) == _contents("old")
    assert list(tmp_path.iterdir()) == [folder]
