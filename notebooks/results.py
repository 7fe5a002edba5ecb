"""Reads result folders of plimsoll for the notebooks. Nothing here simulates: `notebooks/run` makes the folders."""

import json
from pathlib import Path

import polars as pl

FOLDER = Path(__file__).resolve().parent.parent / "results" / "runs" / "notebooks"


class Result:
    """The folder of a run, a comparison or a sweep: its JSON files as they are, its CSV files as tables."""

    def __init__(self, name):
        self.folder = FOLDER / name
        if not self.folder.is_dir():
            raise FileNotFoundError(f"{self.folder} is not there; notebooks/run makes it")

    def json(self, name):
        return json.loads((self.folder / name).read_text())

    def table(self, name):
        # Columns are looked at to the end: one may be whole numbers for long before it is not.
        return pl.read_csv(self.folder / name, infer_schema_length=None)

    @property
    def summary(self):
        return self.json("summary.json")

    @property
    def manifest(self):
        return self.json("manifest.json")

    def days(self, name="timeseries.csv"):
        """A table over time, with a column `day` in days beside `time_s`."""
        return self.table(name).with_columns(day=pl.col("time_s") / 86_400)
