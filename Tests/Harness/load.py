"""Builds the C programs of Benchmarks/tools and runs the load generator."""

import json
import os
import pathlib
import string
import subprocess

from harness import ROOT, Failure

TOOLS = ROOT / "Benchmarks/tools"
BUILT = ROOT / ".build/tools"


def build_tool(name, *libraries):
    """Compiles Benchmarks/tools/NAME.c if it is newer than what was built; gives the program's path.

    OUTBOX_TOOLS names a folder where it is already, for a machine without compiler and sources.
    """
    if os.environ.get("OUTBOX_TOOLS"):
        return pathlib.Path(os.environ["OUTBOX_TOOLS"]) / name
    source, program = TOOLS / f"{name}.c", BUILT / name
    newest = max(file.stat().st_mtime for file in TOOLS.iterdir())
    if not program.exists() or program.stat().st_mtime < newest:
        BUILT.mkdir(parents=True, exist_ok=True)
        subprocess.run(["clang", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-o", program, source,
                        *libraries], check=True)
    return program


def body(number, least=300, most=None):
    """What the tools send as body `number`; the same bytes as body_write in body.h."""
    size = least + number * 7919 % ((most or least) - least + 1)
    head = f'{{ "n":{number},  "pad":"'
    pad = max(0, size - 4 - len(head))
    shift = number % 26
    letters = string.ascii_lowercase * (pad // 26 + 2)
    return (head + letters[shift:shift + pad] + '" }\n').encode()


def load_arguments(socket_path=None, port=None, **options):
    """The command line of the load generator; `key_prefix="a"` becomes `--key-prefix a`."""
    arguments = [build_tool("loadgen")]
    arguments += ["--unix", socket_path] if socket_path else ["--port", port]
    for name, value in options.items():
        if value is True:
            arguments.append("--" + name.replace("_", "-"))
        elif value is not None:
            arguments += ["--" + name.replace("_", "-"), value]
    return [str(argument) for argument in arguments]


def load(socket_path=None, port=None, timeout=600, **options):
    """Runs the load generator to its end and gives its figures."""
    run = subprocess.run(load_arguments(socket_path, port, **options), capture_output=True, text=True, timeout=timeout)
    if run.returncode:
        raise Failure(f"the load generator failed: {run.stderr[-500:]}")
    return json.loads(run.stdout)


class Sent:
    """One line of the load generator's record."""

    def __init__(self, line):
        number, status, identifier, repeat, tries, sent, answered = line.split()
        self.number, self.status, self.id = int(number), int(status), identifier
        self.repeat, self.tries = repeat == "1", int(tries)
        self.sent, self.answered = int(sent) / 1e9, int(answered) / 1e9


def read_record(path):
    return [Sent(line) for line in pathlib.Path(path).read_text().splitlines()]
