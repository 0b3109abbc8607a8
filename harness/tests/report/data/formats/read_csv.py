"""Reads a CSV file with Python's csv module, strictly, and prints its cells separated by tabs. Exit
code 1 where a row has another number of cells than the first."""
import csv
import sys

with open(sys.argv[1], encoding="utf-8", newline="") as file:
    rows = list(csv.reader(file, strict=True))
for row in rows:
    print("\t".join(row))
sys.exit(0 if all(len(row) == len(rows[0]) for row in rows) else 1)
