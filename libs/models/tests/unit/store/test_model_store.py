from __future__ import annotations

from pathlib import Path

import pytest

from ropewalk.models.store import ModelStore, Store
from ropewalk.models.store.store_contract import StoreContract


class TestLocalFolder(StoreContract):
    @pytest.fixture(autouse=True)
    def _place(self, tmp_path: Path) -> None:
        self._url = str(tmp_path / "store")

    def open_store(self) -> Store:
        return ModelStore(self._url)


class TestMemory(StoreContract):
    @pytest.fixture(autouse=True)
    def _place(self, tmp_path: Path) -> None:
        self._url = f"memory://{tmp_path.name}"

    def open_store(self) -> Store:
        return ModelStore(self._url)
