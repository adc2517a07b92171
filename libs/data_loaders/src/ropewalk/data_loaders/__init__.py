"""Loaders that read files and databases into checked pandas frames."""

from ropewalk.data_loaders.check import conform
from ropewalk.data_loaders.configuration import parse, read_yaml
from ropewalk.data_loaders.csv_data_loader import CsvDataLoader
from ropewalk.data_loaders.data_loader import DataLoader
from ropewalk.data_loaders.errors import (
    ColumnError,
    ConfigurationError,
    DataLoaderError,
    SchemaError,
    SourceError,
    did_you_mean,
)
from ropewalk.data_loaders.filters import Filter
from ropewalk.data_loaders.join_data_loader import Join, JoinDataLoader
from ropewalk.data_loaders.loader_contract import LoaderContract
from ropewalk.data_loaders.parquet_data_loader import ParquetDataLoader
from ropewalk.data_loaders.schema import ALWAYS, Column, DerivedTime, Schema
from ropewalk.data_loaders.source import read_source
from ropewalk.data_loaders.sql_data_loader import SqlDataLoader

__all__ = [
    "ALWAYS",
    "Column",
    "ColumnError",
    "ConfigurationError",
    "CsvDataLoader",
    "DataLoader",
    "DataLoaderError",
    "DerivedTime",
    "Filter",
    "Join",
    "JoinDataLoader",
    "LoaderContract",
    "ParquetDataLoader",
    "Schema",
    "SchemaError",
    "SourceError",
    "SqlDataLoader",
    "conform",
    "did_you_mean",
    "parse",
    "read_source",
    "read_yaml",
]
