"""A mark for each thing that must be told to nobody, and where to look for all of them."""

import base64
import pathlib
import subprocess

# What every mark begins with; letters only, so that it may stand wherever a value is checked.
STEM = "qzMarkqz"


def mark(kind):
    return STEM + kind


def marks_in(data, begins=40):
    """What stands around each mark in the bytes: as it is, in base64 at any of its three offsets, or in hexadecimal."""
    found = []
    for form in _FORMS:
        at = data.find(form)
        while at >= 0:
            found.append(data[max(0, at - begins):at + begins].decode(errors="replace"))
            at = data.find(form, at + 1)
    return found


def _forms():
    raw = STEM.encode()
    forms = [raw, raw.hex().encode(), raw.hex().upper().encode()]
    for offset in range(3):
        # Without the letters that depend on what stands before and behind it.
        coded = base64.b64encode(bytes(offset) + raw)
        forms.append(coded[4 if offset else 0:(offset + len(raw)) // 3 * 4])
    return forms


_FORMS = _forms()


def journal():
    """All entries since the boot, of every unit, with every field."""
    subprocess.run(["journalctl", "--sync"], check=True, timeout=60)
    return subprocess.run(["journalctl", "--no-pager", "--all", "-o", "export"], capture_output=True, timeout=120,
                          check=True).stdout


def processes():
    """Arguments and environment of every process, by where they stand."""
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "environ"):
            try:
                yield f"{folder}/{name}", (folder / name).read_bytes()
            except OSError:
                continue  # it has ended


def files(*known):
    """Files since the boot where one could have been left, but for the known ones; the journal's are read above."""
    arguments = ["find", "/etc", "/run", "/tmp", "/var", "/root", "/home", "/dev/shm", "/opt", "/srv"]
    for path in ("/run/log/journal", "/var/log/journal", *known):
        arguments += ["-path", str(path), "-prune", "-o"]
    arguments += ["-type", "f", "-newer", "/etc/machine-id", "-size", "-64M", "-print0"]
    found = subprocess.run(arguments, capture_output=True, timeout=120).stdout.split(b"\0")
    return [pathlib.Path(path.decode()) for path in found if path]
