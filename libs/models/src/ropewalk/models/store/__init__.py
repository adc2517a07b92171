"""The store: versions of models, and aliases that say which of them is used where."""

from ropewalk.models.store.model_store import Garbage, ModelStore
from ropewalk.models.store.records import Move, Version
from ropewalk.models.store.store import Store

__all__ = ["Garbage", "ModelStore", "Move", "Store", "Version"]
