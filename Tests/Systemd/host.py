"""The installed service, as an operator has it in front of him: units, journal, configuration, keys."""

import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Harness"))

import harness  # noqa: E402

SERVICE, SOCKET = "lambda-outbox.service", "lambda-outbox.socket"
DOOR, ADMIN = "/run/lambda-outbox/door.sock", "/run/lambda-outbox/admin.sock"
CONFIG = pathlib.Path("/etc/lambda-outbox/config.yaml")
KEYS = pathlib.Path("/etc/credstore/lambda-outbox.aws-credentials")
DROP_IN = pathlib.Path("/etc/systemd/system/lambda-outbox.service.d/test.conf")


def run(*arguments, check=True, **options):
    """What a command printed; a failure of its own is one of the test, unless `check` is off."""
    done = subprocess.run([str(argument) for argument in arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=90, **options)
    if check and done.returncode:
        raise harness.Failure(f"{' '.join(map(str, arguments))}: exit {done.returncode}: {done.stdout[-1500:]}")
    return done.stdout if check else done


def property_of(unit, name):
    return run("systemctl", "show", "--value", "-p", name, unit).strip()


def state(unit=SERVICE):
    return property_of(unit, "ActiveState")


def main_pid():
    return int(property_of(SERVICE, "MainPID"))


def restarts():
    return int(property_of(SERVICE, "NRestarts"))


def seconds_of(name):
    """A time of the service's unit as systemd has it, in seconds."""
    scale = {"us": 1e-6, "ms": 1e-3, "s": 1, "min": 60, "h": 3600}
    total = 0.0
    for word in property_of(SERVICE, name).split():
        digits = word.rstrip("abcdefghijklmnopqrstuvwxyz")
        total += float(digits) * scale[word[len(digits):]]
    return total


def wait_active(seconds=20):
    harness.wait_for("the service to be active", lambda: state() == "active", seconds, pause=0.05)


def drop_in(text=None):
    """Sets, or takes away, what a test changes of the unit."""
    if text is None:
        DROP_IN.unlink(missing_ok=True)
    else:
        DROP_IN.parent.mkdir(parents=True, exist_ok=True)
        DROP_IN.write_text(text)
    run("systemctl", "daemon-reload")


def journal(*matches):
    """Entries of the service's journal since the boot, oldest first."""
    run("journalctl", "--sync")
    lines = run("journalctl", "--no-pager", "-o", "json", "-u", SERVICE, *matches).splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


def write_config(receiver_url, extra=""):
    CONFIG.write_text(f"aws:\n  region: {harness.REGION}\n  endpoint_url: {receiver_url}\n{extra}")


def write_keys(text=f"[default]\naws_access_key_id = {harness.ACCESS_KEY}\n"
                    f"aws_secret_access_key = {harness.SECRET_KEY}\n"):
    KEYS.parent.mkdir(mode=0o700, exist_ok=True)
    with open(os.open(KEYS, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)


def api(path):
    """The decoded answer of the admin API; an OSError while nobody serves it."""
    connection = harness.UnixConnection(ADMIN)
    try:
        status, _, content = harness.exchange(connection, "GET", "/outbox/v1" + path)
    finally:
        connection.close()
    if status != 200:
        raise harness.Failure(f"{path}: {status} {content[:300]!r}")
    return json.loads(content)


def status():
    """What `status` is made of, or None while nobody serves the admin socket."""
    try:
        return api("/status")
    except OSError:
        return None


def post(function, body, headers=None):
    """One event at the door: status, headers, body."""
    connection = harness.UnixConnection(DOOR, timeout=60)
    try:
        return harness.exchange(connection, "POST", f"/2015-03-31/functions/{function}/invocations", body,
                                {"X-Amz-Invocation-Type": "Event", **(headers or {})})
    finally:
        connection.close()


def wait_delivered(seconds=60):
    """Until nothing is queued or in flight."""
    def empty():
        now = status()
        return now and now["queued"] == 0 and now["in_flight"] == 0
    harness.wait_for("everything to be handed over", empty, seconds, pause=0.1)
