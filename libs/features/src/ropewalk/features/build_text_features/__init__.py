"""Text: tokens, hashed into a fixed number of columns."""

from ropewalk.features.build_text_features.processor import BuildTextFeatures

__all__ = ["BuildTextFeatures"]
