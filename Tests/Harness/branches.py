"""Which error branches no test has run: reads what `llvm-cov export` says of the sources. Run by scripts/coverage.

    branches.py EXPORT.json FAULTS.json FOLDER_OR_FILE…

FAULTS.json is of the tests alone that inject faults, EXPORT.json of all.
An error branch begins where a `catch`, the `else` of a `guard`, or a `throw` stands. Prints those that ran never, by file,
and how many of how many did. Exit 0 only if each that did not is in the list of branches that are argued.

With OUTBOX_RECORD=1 the table of all files goes into docs/TESTING.md.
"""

import json
import os
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
ARGUED = pathlib.Path(__file__).with_name("branches-argued.txt")
REPORT = ROOT / "docs" / "TESTING.md"
MARKS = ("<!-- branches: begin -->\n", "<!-- branches: end -->\n")
BRANCH = re.compile(r"\bcatch\b|\bguard\b.*\belse \{|^\s*else \{|\bthrow\b")


def counts(segments, lines):
    """For each line the count of the innermost region that its last error branch lies in; None: no code."""
    result, index, count = {}, 0, None
    for number in range(1, lines + 1):
        inside = []
        while index < len(segments) and segments[index][0] == number:
            count = segments[index][2] if segments[index][3] else None
            inside.append(count)
            index += 1
        # A branch on one line opens and closes within it: its own count is the least of those that begin there.
        known = [each for each in inside if each is not None]
        result[number] = min(known) if known else count
    return result


def branches(path, segments):
    """(line, text, count) of each error branch of a file."""
    lines = path.read_text().splitlines()
    found = counts(segments, len(lines))
    for number, line in enumerate(lines, 1):
        code = line.split("//")[0]
        if BRANCH.search(code) and not re.search(r"throws\b(?!.*\b(?:throw|catch|guard)\b)", code):
            yield number, line.strip(), found.get(number)


def table(counted):
    """A line a file: (branches, run, run by a fault, argued) of each by name; for docs/TESTING.md."""
    sums = [sum(column) for column in zip(*counted.values())]
    rows = [(f"`{name}`", *numbers) for name, numbers in sorted(counted.items())] + [("all", *sums)]
    lines = ["| file | error branches | run | by a fault | argued |", "|---|---|---|---|---|"]
    return "".join(line + "\n" for line in lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows])


def record(text):
    before, rest = REPORT.read_text().split(MARKS[0])
    _, after = rest.split(MARKS[1])
    REPORT.write_text(before + MARKS[0] + text + MARKS[1] + after)


def sources(export):
    """What an export says of each file of the project: (name, path, segments)."""
    files = json.loads(pathlib.Path(export).read_text())["data"][0]["files"]
    for file in sorted(files, key=lambda each: each["filename"]):
        path = pathlib.Path(file["filename"]).resolve()
        if path.is_relative_to(ROOT):
            yield str(path.relative_to(ROOT)), path, file["segments"]


def main(export, faults, places):
    struck = {name: {number for number, _, count in branches(path, segments) if count}
              for name, path, segments in sources(faults)}
    argued = {line.split(" # ")[0].strip() for line in ARGUED.read_text().splitlines() if " # " in line}
    open_ones, used, counted, unstruck = [], set(), {}, []
    for name, path, segments in sources(export):
        if not any(name == place or name.startswith(place.rstrip("/") + "/") for place in places):
            continue
        for number, text, count in branches(path, segments):
            if count is None:
                continue
            is_argued = count == 0 and f"{name}: {text}" in argued
            is_struck = number in struck.get(name, ())
            own = counted.setdefault(name, [0, 0, 0, 0])
            for place, value in enumerate((1, count > 0, is_struck, is_argued)):
                own[place] += value
            if is_argued:
                used.add(f"{name}: {text}")
            elif count == 0:
                open_ones.append(f"{name}:{number}: {text}")
            elif not is_struck:
                unstruck.append(f"{name}:{number}: {text}")
    total, run, by_fault, excused = (sum(column) for column in zip(*counted.values())) if counted else (0, 0, 0, 0)
    print("run, but by no fault:", *unstruck, "run by no test:", *open_ones, sep="\n")
    print(f"{run} of {total} error branches ran, {by_fault} of them by an injected fault; "
          f"{excused} that did not run are argued, {len(open_ones)} are open")
    for line in sorted(argued - used):
        print(f"argued, but run or gone: {line}")
    if counted and os.environ.get("OUTBOX_RECORD") == "1":
        record(table(counted))
    if not total:
        print("no error branch was found: is it the right export?")
    return 0 if total and not open_ones else 1


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
