"""Processes that are killed, that write at once, and that read while another writes."""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import sys
from pathlib import Path

import pytest

from ropewalk.models.common.bundle_folder import MAX_FILE_BYTES, read_folder, write_folder
from ropewalk.models.common.manifest import MANIFEST, REQUIRED, Manifest
from ropewalk.models.errors import BundleError

# Forked, so that a hundred processes take a second; they only write and read files.
PROCESSES = multiprocessing.get_context("fork")
pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
STEPS = ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir")


def _contents(word: str) -> dict[str, bytes]:
    contents = {name: f"{word} {name}".encode() for name in REQUIRED}
    return {**contents, MANIFEST: Manifest.describe(contents, "sched_dep_time").write()}


def _read(folder: Path) -> dict[str, bytes]:
    manifest, contents = read_folder(folder, MAX_FILE_BYTES)
    return {**contents, MANIFEST: manifest.write()}


def _write_and_die(folder: Path, steps: int, sent: signal.Signals) -> None:
    """Write, and send a signal to itself before the step of this number."""
    left = [steps]

    def count(event: str, _: tuple[object, ...]) -> None:
        if event in STEPS:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), sent)

    sys.addaudithook(count)
    write_folder(folder, _contents("new"))


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
            write_folder(folder, _contents("old"))

        if not _run_and_die(folder, steps, signal.SIGKILL):
            break

        if folder.exists():
            found = _read(folder)
            outcomes.append("new" if found == _contents("new") else "old")
            assert found == _contents(outcomes[-1])
        else:
            outcomes.append("none")
        write_folder(folder, _contents("next"))
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
        write_folder(folder, _contents("old"))

        if not _run_and_die(folder, steps, signal.SIGINT):
            break

        found = _read(folder)
        outcomes.add("new" if found == _contents("new") else "old")
        assert found in (_contents("old"), _contents("new"))

    assert outcomes == {"old", "new"}


def _write_often(folder: Path, word: str) -> None:
    for _ in range(30):
        write_folder(folder, _contents(word))


def test_several_writers_take_turns_and_readers_see_whole_bundles(tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    words = ("one", "two", "three")
    write_folder(folder, _contents("one"))
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
    resource.setrlimit(resource.RLIMIT_FSIZE, (20, 20))
    with pytest.raises(BundleError, match=r"bundle: can't be written \(File too large\)$"):
        write_folder(folder, _contents("new"))
    sys.exit(7)


def test_without_room_the_old_bundle_stays(tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    write_folder(folder, _contents("old"))
    process = PROCESSES.Process(target=_write_with_little_room, args=(folder,))

    process.start()
    process.join()

    assert process.exitcode == 7
    assert _read(folder) == _contents("old")
    assert list(tmp_path.iterdir()) == [folder]
