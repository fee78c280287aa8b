"""Measures the release binary against references, paired and interleaved; docs/BENCHMARKS.md tells how.

    bench.py [--quick] [--output FILE] [--directory DIRECTORY] [ROW…]

Prints a table and writes JSON. --quick: 3 pairs instead of 7, shorter, and no millions.
"""

import argparse
import importlib
import json
import os
import pathlib
import shutil
import sys
import tempfile
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "Tests/Harness"), str(HERE.parent / "Tests/Prove")]

import harness  # noqa: E402
from machine import machine  # noqa: E402
from report import missing_row, table  # noqa: E402
from session import NotMeasured, Session  # noqa: E402

# In this order: short ones first, those that leave big files last.
ROWS = ("signing", "accept", "redis", "slow-disk", "arrival", "processor", "through", "outage", "ndjson", "store",
        "memory", "delivery", "neighbour", "queued", "start", "backlog", "keys")


def row_module(name):
    return importlib.import_module("rows." + name.replace("-", "_"))


def measured(name, module, session):
    """The rows of one module; what can't be measured, or fails, is a row too. And whether all went well."""
    rows = []
    try:
        for row in module.measure(session):
            rows.append(row)
    except NotMeasured as why:
        return rows + [missing_row(name, str(why))], True
    except Exception as error:
        if not isinstance(error, harness.Failure):
            traceback.print_exc()
        session.report(f"{name} failed: {error}")
        session.children.end()
        return rows + [missing_row(name, f"it failed: {error}")], False
    return rows, True


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="3 shorter pairs instead of 7, and no millions")
    parser.add_argument("--output", default=harness.ROOT / ".build/bench.json", help="where the JSON goes")
    parser.add_argument("--directory", help="for the databases meanwhile (default: the system's temporary folder)")
    parser.add_argument("--needs", action="store_true", help="only say which packages and programs the rows need")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=", ".join(ROWS) + "; none: all")
    arguments = parser.parse_args()
    if unknown := set(arguments.rows) - set(ROWS):
        parser.error(f"no such row: {', '.join(sorted(unknown))}; there are {', '.join(ROWS)}")
    modules = {name: row_module(name) for name in arguments.rows or ROWS}
    if arguments.needs:
        needs = {f"{kind} {name}" for row in modules.values()
                 for kind, names in (("package", row.PACKAGES), ("program", row.BUILDS)) for name in names}
        print("\n".join(sorted(needs)))
        return 0
    directory = os.path.abspath(tempfile.mkdtemp(prefix="outbox-bench-", dir=arguments.directory))
    session = Session(directory, arguments.quick, lambda text: print(text, flush=True))
    rows, all_well = [], True
    try:
        here = machine(directory) | {"quick": arguments.quick}
        print("  ".join(f"{name}: {value}" for name, value in here.items()), flush=True)
        for name, module in modules.items():
            started, load_average = time.monotonic(), os.getloadavg()[0]
            new, went_well = measured(name, module, session)
            all_well = all_well and went_well
            for row in new:
                rows.append(row | {"row": name, "load_average_before": load_average})
            session.report(f"{name} took {time.monotonic() - started:.0f} s\n\n{table(new)}\n")
            # After each: a run takes long, and may be ended.
            pathlib.Path(arguments.output).write_text(json.dumps({"machine": here, "rows": rows}, indent=2) + "\n")
    finally:
        session.children.end()
        shutil.rmtree(directory, ignore_errors=True)
    print(f"\n{table(rows)}\n\nwritten to {arguments.output}")
    return 0 if all_well else 1


if __name__ == "__main__":
    sys.exit(main())
