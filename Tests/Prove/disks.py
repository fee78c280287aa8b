"""A disk that is full: the door closes in time, what was accepted goes on, and new events are taken again by themselves."""

import contextlib
import os
import subprocess

from comparing import check, digest
from harness import wait_for


@contextlib.contextmanager
def small_disk(folder, size):
    """A file system of its own, for as long as the case runs."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "outbox-prove", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(daemon):
    """Sends events until none is taken any more; what was accepted, by hash."""
    accepted = {}
    for number in range(20_000):
        body = b'{"n":%d,"x":"%s"}' % (number, b"x" * 8000)
        status, headers, _ = daemon.post("orders", body)
        if status == 429:
            return accepted
        check(status == 202, f"event {number}: {status}")
        accepted[digest(body)] = headers["x-amzn-requestid"]
    check(False, "the disk never became full")


def full_disk(bench):
    """Our own events fill a disk while Lambda is down, and the daemon is killed; nothing stands still, nothing is lost."""
    if os.geteuid() != 0:
        return "skipped: only root can mount a small disk"
    receiver = bench.receiver()
    with small_disk(bench.directory / "disk", "24m"):
        daemon = bench.daemon(receiver.url, name="disk/state",
                              extra="queue: { min_free_disk: 0B }\ndoor: { wait: 200ms }\n")
        daemon.log = bench.directory / "daemon.log"
        daemon.start()
        accepted = fill(daemon)
        status = daemon.status()
        check(not status["accepting"] and status["refusing_because"], "status doesn't say that the door is closed, or why")
        daemon.kill()
        daemon.start()
        receiver.start()
        daemon.wait_empty(60)
        arrived = [arrival["sha256"] for arrival in receiver.arrivals()]
        check(set(arrived) == set(accepted), f"{len(set(accepted) - set(arrived))} of {len(accepted)} were lost")
        twice = {sha for sha in arrived if arrived.count(sha) > 1} if len(arrived) != len(accepted) else set()
        unmarked = [accepted[sha] for sha in twice if not daemon.event(accepted[sha])["uncertain"]]
        check(not unmarked, f"sent twice without a mark: {unmarked[:3]}")
        wait_for("room again", lambda: daemon.post("orders", b"{}")[0] == 202, 30)
        daemon.stop()
    return f"{len(accepted)} events filled 24 MiB; all arrived while it was full, after a kill -9; accepting again by itself"
