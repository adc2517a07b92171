import os
from pathlib import Path

from cicd.build.cache.serve import trim


def write(folder: Path, name: str, length: int, age: int) -> None:
    file = folder / name[:2] / name[2:]
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(b"x" * length)
    os.utime(file, (10_000 - age, 10_000 - age))


def names(folder: Path) -> set[str]:
    return {file.parent.name + file.name for file in folder.glob("*/*")}


def test_what_was_not_asked_for_longest_goes_first(tmp_path: Path) -> None:
    for age, name in enumerate(("aa0", "ab1", "aa2", "ac3")):
        write(tmp_path, name, 300, age)

    trim(tmp_path, 1000)

    assert names(tmp_path) == {"aa0", "ab1", "aa2"}


def test_what_fits_stays(tmp_path: Path) -> None:
    write(tmp_path, "aa0", 1000, 0)

    trim(tmp_path, 1000)

    assert names(tmp_path) == {"aa0"}


def test_what_was_read_lately_stays_though_it_was_written_first(tmp_path: Path) -> None:
    write(tmp_path, "aa0", 600, 100)
    write(tmp_path, "ab1", 600, 50)
    os.utime(tmp_path / "aa" / "0", (10_000, 9_900))

    trim(tmp_path, 1000)

    assert names(tmp_path) == {"aa0"}


def test_a_folder_without_files_is_no_fault(tmp_path: Path) -> None:
    trim(tmp_path / "nowhere", 1)
