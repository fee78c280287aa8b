"""Which error branches no test has run: reads what `llvm-cov export` says of the sources. Run by scripts/coverage.

    branches.py EXPORT.json FOLDER_OR_FILE…

An error branch begins where a `catch`, the `else` of a `guard`, or a `throw` stands. Prints those that ran never, by file,
and how many of how many did. Exit 0 only if each that did not is in the list of branches that are argued.
"""

import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
ARGUED = pathlib.Path(__file__).with_name("branches-argued.txt")
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


def main(export, places):
    files = json.loads(pathlib.Path(export).read_text())["data"][0]["files"]
    argued = {line.split(" # ")[0].strip() for line in ARGUED.read_text().splitlines() if " # " in line}
    total = run = 0
    open_ones, used = [], set()
    for file in sorted(files, key=lambda each: each["filename"]):
        path = pathlib.Path(file["filename"]).resolve()
        if not path.is_relative_to(ROOT):
            continue
        name = str(path.relative_to(ROOT))
        if not any(name == place or name.startswith(place.rstrip("/") + "/") for place in places):
            continue
        for number, text, count in branches(path, file["segments"]):
            if count is None:
                continue
            total += 1
            run += count > 0
            if count == 0:
                key = f"{name}: {text}"
                used.add(key)
                if key not in argued:
                    open_ones.append(f"{name}:{number}: {text}")
    print("\n".join(open_ones))
    print(f"{run} of {total} error branches ran; {len(used & argued)} that did not are argued, {len(open_ones)} are open")
    if not total:
        print("no error branch was found: is it the right export?")
    return 0 if total and not open_ones else 1


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2:]))
