"""Executes notebooks as they stand in git: `execute.py FOLDER [NOTEBOOK…]` leaves them with their outputs in FOLDER.

The first cell that fails ends it with exit code 1. A notebook that has outputs is refused: they do not belong into git.
"""

import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

HERE = Path(__file__).resolve().parent


def execute(path, folder):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code" and (cell.outputs or cell.execution_count is not None):
            sys.exit(f"{path}: has outputs; clear them before it is committed")
    began = time.monotonic()
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(HERE)}})
    try:
        client.execute()
    except CellExecutionError as error:
        sys.exit(f"{path}: {error}")
    finally:
        nbformat.write(notebook, folder / path.name)
    print(f"{path.name}: {time.monotonic() - began:.1f} s", flush=True)


def main():
    folder, *names = sys.argv[1:]
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    paths = [Path(name) for name in names] or sorted(HERE.glob("*.ipynb"))
    if not paths:
        sys.exit("there are no notebooks")
    for path in paths:
        execute(path, folder)


main()
