"""Reads KTAP from a file with the kernel's own parser (tools/testing/kunit/kunit_parser.py, in the
folder that is the first argument), and prints a line per test: path and status. Exit code 1 where the
parser finds a mistake."""
import contextlib
import io
import sys

sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True

with contextlib.redirect_stdout(io.StringIO()):
    import kunit_parser  # takes the standard output that there is

    with open(sys.argv[2], encoding="utf-8") as lines:
        parsed = kunit_parser.parse_run_tests(lines)


def tell(path, test):
    for subtest in test.subtests:
        print(f"{path}/{subtest.name}\t{subtest.status.name}")
        tell(f"{path}/{subtest.name}", subtest)


tell("", parsed)
sys.exit(1 if parsed.counts.errors or parsed.counts.crashed else 0)
