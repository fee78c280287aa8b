"""Starting with something wrong: refused clearly and without harm, or started and mended later."""

import datetime
import hashlib
import os
import re
import signal
import sqlite3
import subprocess
import time

from comparing import check, digest
from harness import ACCESS_KEY, SECRET_KEY, Failure, binary, clean_environment, wait_for

# The mistake, the line and column where it stands, and what the text has to say.
MISTAKES = [
    ("queue:\n  max_evnts: 5\n", 2, 3, 'did you mean "max_events"'),
    ("lisen: {}\n", 1, 1, 'did you mean "listen"'),
    ("queue:\n  max_events: many\n", 2, 15, "queue.max_events"),
    ("queue: []\n", 1, 8, "queue"),
    ("defaults:\n  max_age: 30\n", 2, 12, "unit"),
    ("queue:\n  max_payload: 1024\n", 2, 16, "unit"),
    ("listen:\n  tcp: { address: 127.0.0.1:9100 }\n", None, None, "authentication"),
    ("listen:\n  tcp: { address: 127.0.0.1:9100, authentication: sigv4 }\n", 2, 51, "not in this version"),
    ("listen:\n  tcp: { address: 0.0.0.0:9100, authentication: none }\n", 2, 19, "loopback"),
    ("aws:\n  endpoint_url: http://lambda.example\n", 2, 17, "https"),
    ("aws:\n  region: eu-central-1\n  region: eu-west-1\n", None, None, "duplicate"),
    ("aws:\n\tregion: eu-central-1\n", 2, 1, "a tab"),
    ("queue: [\n", 1, 8, "not closed"),
]


def run(*arguments):
    return subprocess.run([binary(), *map(str, arguments)], env=clean_environment(), capture_output=True, text=True,
                          timeout=60)


def wrong_configuration(bench):
    """Each mistake ends `serve` and `config check` with 78 and FILE:LINE:COLUMN, before anything is made."""
    path, state = bench.directory / "config.yaml", bench.directory / "state"
    for text, line, column, words in MISTAKES:
        path.write_text(text)
        place = rf"{re.escape(str(path))}:{line or '[0-9]+'}:{column or '[0-9]+'}: "
        for ended in (run("config", "check", path), run("serve", "--directory", state, "--config", path)):
            name = f"{ended.args[1]} of {text!r}"
            check(ended.returncode == 78, f"{name}: exit {ended.returncode} instead of 78: {ended.stderr[-300:]}")
            check(re.search(place, ended.stderr), f"{name}: no {line}:{column} in {ended.stderr!r}")
            check(words in ended.stderr, f"{name}: no '{words}' in {ended.stderr!r}")
            check(ended.stdout == "", f"{name}: on stdout: {ended.stdout!r}")
        check(not state.exists(), f"serve of {text!r} left a state folder")
    path.write_text("queue: { max_evnts: 5, max_bytes: 7 }\n")
    found = run("config", "check", path).stderr.count(str(path))
    check(found == 2, f"{found} of two mistakes were reported")
    return f"{len(MISTAKES)} mistakes: exit 78 with line and column from both commands; all of a file at once"


def picture(folder):
    """Every file of the folder with its content's hash; sockets and such by their kind."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else path.stat().st_mode
            for path in folder.iterdir()}


def other_program(path):
    database = sqlite3.connect(path)
    database.executescript("CREATE TABLE notes (text); INSERT INTO notes VALUES ('keep me');")
    database.close()


def other_program_in_wal_mode(path):
    database = sqlite3.connect(path)
    database.executescript("PRAGMA journal_mode = WAL; CREATE TABLE notes (text);")
    database.close()


def raise_schema(path, by):
    database = sqlite3.connect(path)
    (version,) = database.execute("PRAGMA user_version").fetchone()
    database.executescript(f"PRAGMA user_version = {version + by}; PRAGMA wal_checkpoint(TRUNCATE);")
    database.close()


def foreign_database(bench):
    """Another program's database, no database, a newer schema: refused with a reason, not a byte of it changed."""
    daemon = bench.daemon("http://127.0.0.1:9")
    path = daemon.directory / "outbox.db"
    cases = {
        "another program's": (other_program, "another program"),
        "another program's in WAL mode": (other_program_in_wal_mode, "another program"),
        "no database": (lambda path: path.write_bytes(b"Dear diary,\n" * 1000), "not an SQLite database"),
        "a short text": (lambda path: path.write_bytes(b"hello\n"), "not an SQLite database"),
    }
    for name, (make, words) in cases.items():
        make(path)
        refused(daemon, path, name, words)
        path.unlink()
    daemon.start()
    identifier = daemon.accept("orders", b'{"keep": "me"}')
    check(daemon.stop() == 0, "the daemon did not end with 0")
    raise_schema(path, 1)
    refused(daemon, path, "a newer schema", "newer than this program")
    raise_schema(path, -1)
    daemon.start()
    check(daemon.event(identifier)["state"] != "dead-letter", "the event is not queued")
    return f"{len(cases) + 1} files refused with a reason, untouched, nothing left beside them"


def refused(daemon, path, name, words):
    before = picture(path.parent)
    status, text = start_and_end(daemon)
    check(status not in (0, -9), f"{name}: serve ended with {status}")
    check(str(path) in text and words in text, f"{name}: says {text[-300:]!r}")
    after = picture(path.parent)
    lock = path.name + ".lock"
    changed = [file for file in before | after if file != lock and before.get(file) != after.get(file)]
    check(not changed, f"{name}: changed or left behind: {changed}")


def start_and_end(daemon, arguments=None):
    """Exit status and stderr of a daemon that has to end by itself."""
    words = [str(word) for word in arguments or daemon.arguments()]
    try:
        ended = subprocess.run(words, env=daemon.environment, capture_output=True, text=True, timeout=20)
    except subprocess.TimeoutExpired:
        raise Failure("it started, and was expected to be refused")
    return ended.returncode, ended.stderr


def second_daemon(bench):
    """A second daemon on the same folder, or only on a same socket, is refused, names the first, harms nothing."""
    receiver = bench.receiver().start()
    first = bench.daemon(receiver.url).start()
    holder = str(first.process.pid)
    status, text = start_and_end(first)
    check(status not in (0, -9) and re.search(rf"\b{holder}\b", text), f"same folder: exit {status}: {text[-300:]!r}")
    for name in ("door", "admin"):
        other = bench.daemon(receiver.url, f"other-{name}")
        sockets = {"door": other.door, "admin": other.admin, name: getattr(first, name)}
        with open(other.config, "a") as config:
            config.write(f"store: {{ path: {other.directory}/outbox.db }}\n"
                         f"listen: {{ unix: {{ path: {sockets['door']} }} }}\n"
                         f"admin: {{ unix: {{ path: {sockets['admin']} }} }}\n")
        arguments = [binary(), "serve", "--config", str(other.config)]
        status, text = start_and_end(other, arguments)
        path = str(getattr(first, name))
        check(status not in (0, -9), f"same {name} socket: exit {status}")
        check(path in text and re.search(rf"\b{holder}\b", text), f"same {name} socket: says {text[-300:]!r}")
    first.accept("orders", b'{"still": "here"}')
    first.wait_empty(10)
    check(len(receiver.arrivals()) == 1, "the first daemon does not deliver any more")
    return f"refused on the same folder, door and admin socket, each naming process {holder}; the first serves on"


def stale_socket(bench):
    """The socket files of a killed daemon are replaced; what is no socket is left alone."""
    receiver = bench.receiver().start()
    daemon = bench.daemon(receiver.url).start()
    daemon.accept("orders", b'{"n": 1}')
    daemon.kill()
    check(daemon.door.is_socket() and daemon.admin.is_socket(), "the killed daemon left no socket files")
    old = daemon.door.stat().st_ino, daemon.door.stat().st_ctime_ns
    daemon.start()
    check((daemon.door.stat().st_ino, daemon.door.stat().st_ctime_ns) != old, "the socket file is the old one")
    daemon.accept("orders", b'{"n": 2}')
    daemon.wait_empty(30)
    check({arrival["sha256"] for arrival in receiver.arrivals()} == {digest(b'{"n": 1}'), digest(b'{"n": 2}')},
          "not both events arrived")
    check(daemon.stop() == 0 and not daemon.door.exists(), "an orderly stop leaves the socket file")
    daemon.door.write_text("mine")
    status, text = start_and_end(daemon)
    check(status != 0 and str(daemon.door) in text, f"a file at the path: exit {status}: {text[-300:]!r}")
    check(daemon.door.read_text() == "mine", "the file at the socket's path was touched")
    return "sockets of a killed daemon replaced; a plain file at the path refused and kept"


def without_credentials(bench, secret=None):
    """A daemon that started without credentials, or with a wrong secret, and says so; with one event that waits."""
    receiver = bench.receiver().start()
    path = bench.directory / "credentials"
    if secret:
        write_credentials(path, secret)
    daemon = bench.daemon(receiver.url, credentials_file=path).start()
    identifier = daemon.accept("orders", b'{"n": 1}')

    def suspended():
        route = daemon.status()["routes"][0]
        return route if route["state"] == "suspended" else None
    route = wait_for("the route's suspension", suspended, 15)
    words = "signature" if secret else "credentials"
    check(words in route["reason"].lower(), f"the reason does not say '{words}': {route['reason']}")
    shown = daemon.command("status")
    check(shown.returncode == 0 and "suspended" in shown.stdout and route["reason"][:40] in shown.stdout,
          f"`status` does not say so: {shown.stdout!r}")
    return receiver, daemon, path, identifier


def write_credentials(path, secret=SECRET_KEY, key=ACCESS_KEY, token=None):
    """As a careful tool would: whole, or not at all."""
    partial = path.with_suffix(".new")
    partial.write_text(f"[default]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n"
                       + (f"aws_session_token = {token}\n" if token else ""))
    partial.chmod(0o600)
    partial.rename(path)
    return time.monotonic()


def delivered(receiver, daemon, identifier, since, seconds):
    wait_for("the delivery", lambda: daemon.event(identifier)["state"] == "handed-over", seconds)
    took = time.monotonic() - since
    taken = [arrival["sha256"] for arrival in receiver.arrivals() if arrival["handed_over"]]
    check(taken == [digest(b'{"n": 1}')], f"{len(taken)} deliveries, or other bytes")
    event = daemon.event(identifier)
    check(event["charged_attempts"] == 0 and not event["uncertain"], f"charged or uncertain: {event}")
    check(daemon.status()["routes"][0]["state"] == "active", "the route is not active")
    return took


def missing_credentials(bench):
    """Without credentials it starts, accepts, holds and says why; when the file appears it delivers by itself."""
    receiver, daemon, path, identifier = without_credentials(bench)
    time.sleep(bench.scaled(10))
    check(daemon.event(identifier)["charged_attempts"] == 0, "attempts were charged for missing credentials")
    check(not receiver.arrivals(), "an unsigned request went out")
    took = delivered(receiver, daemon, identifier, write_credentials(path), 35)
    return f"held with its reason, 0 charged; delivered {took:.1f} s after the credentials appeared"


def credentials_sighup(bench):
    """A wrong secret is nobody's attempt; SIGHUP takes the right one at once, however far off the next probe is."""
    receiver, daemon, path, identifier = without_credentials(bench, secret="wrong" * 8)

    def far_off():
        probe = daemon.status()["routes"][0]["next_probe_at"]
        seconds = datetime.datetime.fromisoformat(probe).timestamp() - time.time()
        return seconds if seconds > 12 else None
    probe = wait_for("a probe that is more than 12 s away", far_off, 90)
    since = write_credentials(path)
    os.kill(daemon.process.pid, signal.SIGHUP)
    took = delivered(receiver, daemon, identifier, since, 11)
    return f"delivered {took:.1f} s after SIGHUP, {probe:.0f} s before the next probe"
