"""A disk that is full: the door closes in time, what was accepted goes on, and new events are taken again by themselves."""

import contextlib
import os
import signal
import subprocess
import time

import oracle
from comparing import check, digest
from harness import wait_for

SKIPPED = "skipped: only root can mount a small disk"
SETTINGS = "queue: { min_free_disk: 0B }\ndoor: { wait: 200ms }\ndefaults: { drain_rate: unlimited }\n"
SIZE = "16m"
MARK = b"not-for-the-log"


@contextlib.contextmanager
def small_disk(folder, size, kind="tmpfs"):
    """A file system of its own, for as long as the case runs: in memory, or ext4 in a file."""
    folder.mkdir()
    source, options = "outbox-prove", ["-t", "tmpfs", "-o", f"size={size}"]
    if kind == "ext4":
        source, options = folder.with_suffix(".image"), ["-o", "loop"]
        subprocess.run(["truncate", "-s", size, source], check=True)
        subprocess.run(["mkfs.ext4", "-q", "-F", "-m", "0", source], check=True)
    subprocess.run(["mount", *options, str(source), str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


class Sender:
    """Sends numbered events of about 8 KB, and notes what each was told."""

    def __init__(self, daemon):
        self._daemon = daemon
        self.told = oracle.Told()
        self._number = 0

    def send(self):
        """One event: the status."""
        body = b'{"n":%d,"x":"%s%s"}' % (self._number, MARK, b"x" * 8000)
        self._number += 1
        status, headers, _ = self._daemon.post("orders", body)
        if status == 202:
            self.told.accepted[digest(body)] = headers["x-amzn-requestid"]
        else:
            check(status == 429 and int(headers["retry-after"]) > 0, f"event {self._number}: {status} {headers}")
            self.told.refused.add(digest(body))
        return status

    def fill(self):
        """Until none is taken any more."""
        for _ in range(20_000):
            if self.send() == 429:
                return
        check(False, "the disk never became full")


def daemon_on(bench, disk, receiver):
    daemon = bench.daemon(receiver.url, name=f"{disk.name}/state", extra=SETTINGS)
    daemon.log = bench.directory / "daemon.log"
    return daemon.start()


def closed(daemon):
    """Says that the door is closed, and why."""
    status = daemon.status()
    check(not status["accepting"] and status["refusing_because"], "status doesn't say that the door is closed, or why")
    return status["refusing_because"]


def all_right(daemon, receiver, told, interruptions=0):
    """I1 to I3 and I7 with an empty queue, then I4."""
    counts = oracle.arrived(receiver, told, interruptions)
    oracle.kept(daemon, told, counts)
    check(daemon.stop() == 0, "the daemon did not end with 0")
    oracle.sound(daemon)
    oracle.silent(daemon, MARK)


def full_disk(bench):
    """Our own events fill 16 MiB while Lambda is down, and the daemon is killed; nothing stands still or is lost."""
    if os.geteuid() != 0:
        return SKIPPED
    found = []
    for kind in ("tmpfs", "ext4"):
        receiver = bench.receiver(name=f"receiver-{kind}")
        with small_disk(bench.directory / kind, SIZE, kind) as disk:
            daemon = daemon_on(bench, disk, receiver)
            sender = Sender(daemon)
            sender.fill()
            closed(daemon)
            check(not receiver.arrivals(), "something arrived while Lambda was down")
            daemon.kill()
            daemon.start()
            receiver.start()
            daemon.wait_empty(60)
            wait_for("room again", lambda: sender.send() == 202, 30)
            daemon.wait_empty(30)
            all_right(daemon, receiver, sender.told, interruptions=1)
            found.append(f"{len(sender.told.accepted)} on {kind}")
    return f"16 MiB filled by {' and '.join(found)}; all arrived while it was full, after a kill -9; accepting again by itself"


class Filler:
    """Another program that takes all the space there is."""

    def __init__(self, disk):
        self.path = disk / "other-program"
        self._file = open(self.path, "ab", buffering=0)

    def fill(self):
        for size in (1 << 20, 1 << 16, 1 << 12):
            with contextlib.suppress(OSError):
                while True:
                    self._file.write(bytes(size))
                    os.fsync(self._file.fileno())

    def leave(self):
        self._file.close()
        self.path.unlink()


def full_by_other(bench):
    """Another program fills the disk while Lambda is down: 429, delivery goes on meanwhile, accepting comes back."""
    if os.geteuid() != 0:
        return SKIPPED
    found = []
    for kind in ("tmpfs", "ext4"):
        receiver = bench.receiver(name=f"receiver-{kind}")
        with small_disk(bench.directory / kind, SIZE, kind) as disk:
            daemon = daemon_on(bench, disk, receiver)
            sender = Sender(daemon)
            for _ in range(400):
                check(sender.send() == 202, "refused while there was room")
            filler = Filler(disk)
            filler.fill()
            wait_for("the door to close", lambda: sender.send() == 429, 10)
            reason = closed(daemon)
            receiver.start()
            daemon.wait_empty(60)
            # What they left free of the file may be room for new ones already.
            filler.leave()
            began = time.monotonic()
            wait_for("room again", lambda: sender.send() == 202, 30)
            took = time.monotonic() - began
            daemon.wait_empty(30)
            all_right(daemon, receiver, sender.told)
            found.append(f"{kind}: {took:.1f} s")
    return f"429 ({reason}); 400 events delivered while it was full; accepting again after {', '.join(found)}"


def no_space_at_all(bench):
    """Another program also takes what the reserve gives back: what can't be recorded isn't sent, and comes once."""
    if os.geteuid() != 0:
        return SKIPPED
    receiver = bench.receiver()
    with small_disk(bench.directory / "disk", SIZE) as disk:
        daemon = daemon_on(bench, disk, receiver)
        sender = Sender(daemon)
        for _ in range(900):
            check(sender.send() == 202, "refused while there was room")
        # The log begins anew, so that each outcome needs space.
        daemon.stop()
        daemon.start()
        Filler(disk).fill()
        greedy = bench.children.start(["sh", "-c", f"while :; do cat /dev/zero; done >> {disk}/greedy 2>/dev/null"],
                                      bench.directory / "greedy.log")
        time.sleep(0.5)
        receiver.start()

        def stands_still():
            before = len(receiver.arrivals())
            time.sleep(2)
            return before > 0 and len(receiver.arrivals()) == before
        wait_for("deliveries that stand still", stands_still, 60)
        sent = len(receiver.arrivals())
        status = daemon.status()
        left = status["queued"]
        check(left > 0, "every outcome found space: nothing was shown")
        check(sent <= 900 - left + 256, f"{sent} sent, {left} of 900 not recorded: more than were in flight")
        reason = closed(daemon)
        bench.children.stop(greedy, signal.SIGKILL)
        (disk / "greedy").unlink()
        (disk / "other-program").unlink()
        daemon.wait_empty(60)
        wait_for("room again", lambda: sender.send() == 202, 30)
        daemon.wait_empty(30)
        all_right(daemon, receiver, sender.told)
    return f"{sent} sent until nothing could be recorded, {left} held back ({reason}); each arrived once when there was room"
