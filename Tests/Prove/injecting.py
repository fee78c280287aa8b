"""The release binary on a disk that fails: 20 events, with a fault at every call of the kernel for its database.

strace makes the N-th call of a kind on those files fail, write nothing, or be the process's last.
"""

import concurrent.futures
import functools
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import time

from comparing import check, digest
from harness import Failure, wait_for
from oracle import Size, Told, arrived, bounded, kept, silent, sound
from prove import Bench

EVENTS = 20
MARK = b"not-for-the-log"
# No run may take longer; one takes about a second.
SECONDS = 40

# What can happen to each call. A write that returns 0 is a short one: SQLite takes it for a full disk.
KINDS = {
    "pwrite64": ("error=EIO", "error=ENOSPC", "retval=0", "signal=KILL"),
    "pread64": ("error=EIO",),
    "fdatasync": ("error=EIO", "error=ENOSPC", "signal=KILL"),
    "fsync": ("error=EIO", "signal=KILL"),
    "ftruncate": ("error=EIO", "error=ENOSPC", "signal=KILL"),
    "openat": ("error=EIO", "error=EACCES", "error=EMFILE", "error=EROFS", "signal=KILL"),
    "rename": ("error=EIO", "error=ENOSPC", "signal=KILL"),
}


class Run:
    """One run: a daemon under strace that is started again, plainly, whenever it ends."""

    def __init__(self, bench, call, fault, at):
        self.bench = bench
        self.told = Told()
        self.trace = bench.directory / "trace"
        self.receiver = bench.receiver().start()
        self.daemon = bench.daemon(self.receiver.url, extra="door: { wait: 200ms }\n")
        self.starts = 0
        # Where the log of a start begins that an error of the disk was left word for.
        self.marked = []
        self.problems = []
        self._ending = threading.Event()
        self._deadline = time.monotonic() + SECONDS
        folder = self.daemon.directory
        paths = [folder, *(folder / f"outbox.db{suffix}" for suffix in ("", "-wal", "-shm", "-journal", ".new",
                                                                         ".new-wal", ".new-shm", ".new-journal"))]
        # -D: the daemon is our child, and strace its grandchild.
        self._tracing = ["strace", "-D", "-f", "-qq", "-y", "-o", self.trace, "-e", f"trace={call}",
                         *(word for path in paths for word in ("-P", path)),
                         *(("-e", f"inject={call}:{fault}:when={at}") if fault else ())]

    def left(self):
        return max(1, self._deadline - time.monotonic())

    def go(self):
        self._start(self._tracing)
        supervisor = threading.Thread(target=self._supervise, daemon=True)
        supervisor.start()
        try:
            producers = [threading.Thread(target=self._produce, args=(part,), daemon=True) for part in range(4)]
            for producer in producers:
                producer.start()
            for producer in producers:
                producer.join(self.left())
            check(not self.problems, "; ".join(self.problems))
            check(len(self.told.accepted) + len(self.told.cancelled) == EVENTS,
                  f"only {len(self.told.accepted)} events were accepted in time")
            wait_for("an empty queue (I6)", self._is_empty, self.left())
        finally:
            self._ending.set()
            supervisor.join(self.left())
        self._settle()

    def _start(self, prefix=()):
        daemon = self.daemon
        self.starts += 1
        lock = daemon.directory / "outbox.db.lock"
        if lock.exists() and b"disk error" in lock.read_bytes():
            self.marked.append(daemon.log.stat().st_size)
        daemon.process = self.bench.children.start([*prefix, *daemon.arguments()], daemon.log, env=daemon.environment)

    def _supervise(self):
        """What systemd does."""
        while not self._ending.wait(0.02):
            if self.daemon.process.poll() is not None:
                self._start()

    def _produce(self, part):
        for number in range(part, EVENTS, 4):
            body = b'{"n":%d,"x":"%s%s"}' % (number, MARK, b"x" * (number * 37))
            headers = {"Idempotency-Key": f"key-{number}"}
            if number % 10 == 9:
                headers["Outbox-Delay"] = "1h"
            identifier = self._accept(body, headers)
            if identifier and number % 10 == 9:
                if self._cancel(identifier):
                    self.told.cancelled[digest(body)] = identifier
            elif identifier:
                self.told.accepted[digest(body)] = identifier

    def _accept(self, body, headers):
        """As clients do: again, under the same key, until it is taken."""
        self.told.unknown.add(digest(body))
        while time.monotonic() < self._deadline:
            try:
                status, answer, content = self.daemon.post("orders", body, headers)
            except OSError:
                status = None
            if status == 202:
                self.told.unknown.discard(digest(body))
                return answer["x-amzn-requestid"]
            if status not in (None, 429, 503):
                self.problems.append(f"the door answered {status} {content[:200]!r}")
                return None
            time.sleep(0.02)
        return None

    def _cancel(self, identifier):
        while time.monotonic() < self._deadline:
            try:
                self.daemon.api("POST", "/events/cancel", {"ids": [identifier]})
                if self.daemon.event(identifier)["state"] == "cancelled":
                    return True
            except (OSError, Failure):
                pass
            time.sleep(0.02)
        return False

    def _is_empty(self):
        try:
            status = self.daemon.status()
        except (OSError, Failure):
            return False
        return status["queued"] == 0 and status["in_flight"] == 0

    def _settle(self):
        """Ends it, under its fault still, and looks at everything with one that has none."""
        if self.daemon.process.poll() is None:
            self.daemon.stop()
        self._start()
        wait_for("the daemon to be ready", self.daemon.ready, self.left())
        for place in self.marked:
            said = self.daemon.log.read_bytes()[place:]
            check(b"checking the database after an error of the disk" in said, "a start did not say that it checks")
        size = Size(self.daemon)
        counts = arrived(self.receiver, self.told, self.starts)
        kept(self.daemon, self.told, counts)
        bounded(self.daemon, size)
        check(self.daemon.stop() == 0, "the daemon did not end with 0")
        sound(self.daemon)
        silent(self.daemon, MARK)

    def calls(self):
        """How many calls strace saw, and whether it struck one."""
        lines = self.trace.read_text(errors="replace").splitlines()
        # A process that was killed in time has a successor, beside the last one.
        struck = self.starts > 2 or any("(INJECTED)" in line for line in lines)
        return sum(bool(re.match(r"\d+ +\w+\(", line)) for line in lines), struck


def one(call, fault, at):
    """One run: calls, whether it was struck, starts, and what was wrong."""
    directory = tempfile.mkdtemp(prefix="outbox-strace-")
    bench = Bench(directory, False, False)
    problem = None
    run = None
    try:
        run = Run(bench, call, fault, at)
        run.go()
    except (Failure, AssertionError, OSError) as failure:
        problem = f"{failure}"
    finally:
        bench.children.end()
    count, struck = run.calls() if run and run.trace.exists() else (0, False)
    if problem is None:
        shutil.rmtree(directory)
    else:
        problem += f" (kept: {directory})"
    return count, struck, run.starts if run else 0, problem


def strace(amount):
    """Each kind of call, each fault, every N-th."""
    check(shutil.which("strace"), "strace is missing: apt-get install strace")
    can = subprocess.run(["strace", "-D", "-o", "/dev/null", "true"], capture_output=True)
    check(can.returncode == 0, f"strace may not trace here: {can.stderr[-200:]!r}")
    runs, struck_runs, problems = 0, 0, []
    print(f"{'call':10} {'fault':12} {'calls':>6} {'runs':>6} {'struck':>7} {'starts':>7} {'violations':>11} {'seconds':>8}")
    # A run waits more than it computes: for a start, for a retry.
    with concurrent.futures.ProcessPoolExecutor(2 * (os.cpu_count() or 1)) as workers:
        for call, faults in KINDS.items():
            count, _, _, problem = one(call, None, 0)
            check(problem is None, f"the run without a fault: {problem}")
            places = range(1, count + 1, amount["strace"] if count > 30 else 1)
            for fault in faults:
                began = time.monotonic()
                row = [0, 0, 0, 0]
                outcomes = workers.map(functools.partial(one, call, fault), places)
                for at, (_, struck, starts, problem) in zip(places, outcomes):
                    row = [row[0] + 1, row[1] + struck, row[2] + starts, row[3] + (problem is not None)]
                    if problem:
                        problems.append(f"{call} {fault} at {at}: {problem}")
                print(f"{call:10} {fault:12} {count:6} {row[0]:6} {row[1]:7} {row[2]:7} {row[3]:11} "
                      f"{time.monotonic() - began:8.0f}", flush=True)
                runs, struck_runs = runs + row[0], struck_runs + row[1]
    for problem in problems[:20]:
        print(f"VIOLATION at {problem}")
    check(not problems, f"{len(problems)} violations in {runs} runs")
    check(struck_runs > runs // 2, f"only {struck_runs} of {runs} runs were struck")
    return f"{runs} runs of {EVENTS} events, {struck_runs} struck, 0 violations"
