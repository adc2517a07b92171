"""Categories: levels by count, and one bucket for the rest."""

from ropewalk.features.build_categorical_features.processor import BuildCategoricalFeatures

__all__ = ["BuildCategoricalFeatures"]
