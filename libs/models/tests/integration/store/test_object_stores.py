from __future__ import annotations

import pytest

from ropewalk.models import ModelStore, StoreContract


class TestS3(StoreContract):
    @pytest.fixture(autouse=True)
    def _place(self, s3: str, place: str) -> None:
        self._url = f"{s3}/{place}"

    def open_store(self) -> ModelStore:
        return ModelStore(self._url)
