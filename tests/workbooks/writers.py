"""Workbooks of RVTools as two libraries write them, with text in cells and in the shared table, read to what CSV says.

    python writers.py PLIMSOLL

A number that looks like a date, and a formula without a value, are told by sheet, row and column.
"""

import csv
import datetime
import subprocess
import sys
import tempfile
from pathlib import Path

import openpyxl
import xlsxwriter

PLIMSOLL = str(Path(sys.argv[1]).resolve())

VINFO = [
    ["VM", "Powerstate", "Template", "CPUs", "Memory", "Creation date", "Cluster", "Host"],
    *[
        [f"vm {number} ü", "poweredOff" if number % 7 == 0 else "poweredOn", number == 3, 1 + number % 4, 1024 * (1 + number % 8),
         datetime.datetime(2026, 3, 1, 12, number), "c1", f"esx{number % 5}"]
        for number in range(60)
    ],
]
VHOST = [
    ["Host", "Cluster", "# Cores", "# Memory", "Model", "in Maintenance Mode"],
    *[[f"esx{number}", "c1", 48, 262_144, "R650", number == 4] for number in range(5)],
]
SHEETS = {"vInfo": VINFO, "vCPU": [["VM", "CPUs"], ["vm 0 ü", 1]], "vHost": VHOST}


def by_openpyxl(path: Path, sheets: dict) -> None:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)


def by_xlsxwriter(path: Path, sheets: dict, constant_memory: bool = False) -> None:
    options = {"constant_memory": constant_memory, "default_date_format": "yyyy-mm-dd hh:mm"}
    with xlsxwriter.Workbook(path, options) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for line, row in enumerate(rows):
                sheet.write_row(line, 0, row)
            sheet.autofilter(0, 0, len(rows) - 1, len(rows[0]) - 1)
            sheet.freeze_panes(1, 0)


def with_cell(column: int, value: object) -> dict:
    """Returns the sheets with a cell of the second machine changed."""
    rows = [list(row) for row in VINFO]
    rows[2][column] = value
    return SHEETS | {"vInfo": rows}


def imported(*files: Path) -> dict[str, str]:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        subprocess.run([PLIMSOLL, "import", "inventory", "--from", "rvtools", *files, "-o", out], check=True, capture_output=True)
        return {path.name: path.read_text() for path in sorted(out.iterdir())}


def refused(path: Path) -> str:
    out = path.parent / "out"
    done = subprocess.run([PLIMSOLL, "import", "inventory", "--from", "rvtools", path, "-o", out], capture_output=True, text=True)
    assert done.returncode == 2 and not out.exists(), done
    return done.stderr


with tempfile.TemporaryDirectory() as folder:
    place = Path(folder)
    for name in ("vInfo", "vHost"):
        with open(place / f"{name}.csv", "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(SHEETS[name])
    expected = imported(place / "vInfo.csv", place / "vHost.csv")
    assert "vm 1 ü" in expected["trace.csv"], expected
    writers = {
        "openpyxl": by_openpyxl,
        "xlsxwriter": by_xlsxwriter,
        "xlsxwriter, text in cells": lambda path, sheets: by_xlsxwriter(path, sheets, constant_memory=True),
    }
    for name, write in writers.items():
        write(place / "book.xlsx", SHEETS)
        assert imported(place / "book.xlsx") == expected, name
        write(place / "book.xlsx", with_cell(4, datetime.datetime(2026, 3, 1)))
        said = refused(place / "book.xlsx")
        assert "book.xlsx[vInfo]:3: `Memory`: found `date 46082`" in said, (name, said)
        print(f"{name}: as CSV")
    # openpyxl writes formulas without their values.
    by_openpyxl(place / "book.xlsx", with_cell(3, "=1+1"))
    said = refused(place / "book.xlsx")
    assert "book.xlsx[vInfo]:3: `CPUs`: found nothing" in said, said
