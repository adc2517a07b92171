"""History: what other rows had made known by each row's moment."""

from ropewalk.features.build_history_features.processor import BuildHistoryFeatures
from ropewalk.features.build_history_features.window import Window

__all__ = ["BuildHistoryFeatures", "Window"]
