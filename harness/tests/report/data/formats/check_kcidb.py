"""Holds a KCIDB document against a JSON Schema with jsonschema, and, where kcidb-io is installed,
against kcidb-io itself. Prints a line for each mistake, then who looked. Exit code 1 for mistakes."""
import json
import sys

import jsonschema

with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
with open(sys.argv[2], encoding="utf-8") as file:
    document = json.load(file)

jsonschema.Draft7Validator.check_schema(schema)
mistakes = [
    f"/{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}"
    for error in jsonschema.Draft7Validator(schema).iter_errors(document)
]
checkers = ["jsonschema"]
try:
    import kcidb_io
except ImportError:
    pass
else:
    checkers.append("kcidb-io")
    if not kcidb_io.schema.V5_0.is_valid_exactly(document):
        mistakes.append("kcidb-io refuses it")
for mistake in mistakes:
    print(mistake)
print("checked by " + ", ".join(checkers))
sys.exit(1 if mistakes else 0)
