"""Asks every query of docs/tables.md of a result folder: `queries.py [--full] RESULT`.

A query in polars that follows one in SQL must have the same answer. With --full every query must find something: for a
folder with rows in all tables.
"""

import math
import os
import re
import sys
from pathlib import Path

import duckdb

PAGE = Path(__file__).parents[2] / "docs" / "tables.md"
FENCED = re.compile(r"^```(sql|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def same(left, right):
    """Equal, or equal to the last digits of a double."""
    if isinstance(left, float) and isinstance(right, float):
        return math.isclose(left, right, rel_tol=1e-9)
    return left == right


def agree(left, right):
    return len(left) == len(right) and all(
        len(a) == len(b) and all(map(same, a, b)) for a, b in zip(left, right)
    )


def main(arguments):
    must_find = "--full" in arguments
    (result,) = [argument for argument in arguments if argument != "--full"]
    blocks = FENCED.findall(PAGE.read_text(encoding="utf-8"))
    os.chdir(result)
    names, answer, asked = {}, None, {"sql": 0, "python": 0}
    for language, code in blocks:
        asked[language] += 1
        if language == "sql":
            answer = duckdb.sql(code).fetchall()
            if must_find and not answer:
                sys.exit(f"{result}: nothing found by\n{code}")
        else:
            exec(compile(code, str(PAGE), "exec"), names)
            found = names["result"].rows()
            if not agree(answer, found):
                sys.exit(f"{result}: SQL found {answer[:5]}, polars {found[:5]} by\n{code}")
    if asked["sql"] < 10 or asked["python"] < 5:
        sys.exit(f"{PAGE}: {asked} queries were found, expected at least 10 and 5")
    print(f"{result}: {asked['sql']} queries in SQL, {asked['python']} in polars")


main(sys.argv[1:])
