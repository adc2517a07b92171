from pathlib import Path

import pytest

from ropewalk.trainer.files import replace_file


def test_a_file_is_replaced_and_others_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("old")

    replace_file(path, "new, ö\n")

    assert path.read_bytes() == "new, ö\n".encode()
    assert path.stat().st_mode & 0o444 == 0o444
    assert list(tmp_path.iterdir()) == [path]


def test_what_fails_half_way_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("old")

    with pytest.raises(UnicodeEncodeError):
        replace_file(path, "x" * 100_000 + "\ud800")

    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
