"""Limits that the system sets under load: descriptors, memory, time on the processor. Nothing is lost, and it goes on."""

import os
import pathlib
import resource
import signal
import time

from comparing import check
from supervising import under_load

EXTRA = "defaults: { drain_rate: unlimited }\n"


def pid_of(daemon):
    return daemon.process.pid


def no_descriptors(bench):
    """EMFILE: for 4 s of a load no file and no connection can be opened; then all goes on by itself."""
    receiver = bench.receiver(latency="5ms").start()
    daemon = bench.daemon(receiver.url, extra=EXTRA).start()

    def act():
        time.sleep(0.3)
        soft, hard = resource.prlimit(pid_of(daemon), resource.RLIMIT_NOFILE)
        for _ in range(2):
            resource.prlimit(pid_of(daemon), resource.RLIMIT_NOFILE, (3, hard))
            time.sleep(2)
            resource.prlimit(pid_of(daemon), resource.RLIMIT_NOFILE, (soft, hard))
            time.sleep(0.5)
    restarts, twice = under_load(bench, daemon, receiver, act)
    return f"8,000 events with 4 s of EMFILE: {restarts} restarts, 0 lost, {twice} repeats, each marked"


def no_memory(bench):
    """ENOMEM: the address space ends where it is, under load; the process may end for it, and goes on after a start."""
    receiver = bench.receiver(latency="5ms").start()
    daemon = bench.daemon(receiver.url, extra=EXTRA).start()

    def act():
        for spare in (0, 1 << 20, 4 << 20):
            time.sleep(1)
            process = daemon.process
            fields = pathlib.Path(f"/proc/{process.pid}/statm").read_text().split()
            size = int(fields[0]) * os.sysconf("SC_PAGE_SIZE")
            _, hard = resource.prlimit(process.pid, resource.RLIMIT_AS)
            resource.prlimit(process.pid, resource.RLIMIT_AS, (size + spare, hard))
            time.sleep(1)
            if process.poll() is None:
                resource.prlimit(process.pid, resource.RLIMIT_AS, (resource.RLIM_INFINITY, hard))
    restarts, twice = under_load(bench, daemon, receiver, act, count=2000, rate=300, sizes=(10_000, 50_000))
    return f"2,000 events, no memory in 3 s of it: {restarts} ends, 0 lost, {twice} repeats, each marked"


def stopped(bench):
    """SIGSTOP for longer than every timeout, twice under load: attempts that were in flight are marked, all goes on."""
    receiver = bench.receiver(latency="300ms").start()
    daemon = bench.daemon(receiver.url, extra=EXTRA + "delivery: { connect_timeout: 1s, stall_timeout: 2s }\n").start()

    def act():
        for _ in range(2):
            time.sleep(1)
            os.kill(pid_of(daemon), signal.SIGSTOP)
            time.sleep(bench.scaled(10))
            os.kill(pid_of(daemon), signal.SIGCONT)
    restarts, twice = under_load(bench, daemon, receiver, act)
    check(restarts == 0, f"it ended {restarts} times")
    return f"8,000 events, stopped twice for longer than its timeouts: 0 ends, 0 lost, {twice} repeats, each marked"


class MemoryGroup:
    """A control group whose processes get no more memory than it is given; version 1 or 2 of the kernel's interface."""

    def __init__(self):
        first, second = pathlib.Path("/sys/fs/cgroup/memory"), pathlib.Path("/sys/fs/cgroup")
        self.is_first = (first / "memory.limit_in_bytes").exists()
        parent = first if self.is_first else second
        has_second = "memory" in (second / "cgroup.subtree_control").read_text() if not self.is_first \
            and (second / "cgroup.subtree_control").exists() else False
        self.path = parent / f"outbox-prove-{os.getpid()}" if self.is_first or has_second else None

    def __enter__(self):
        self.path.mkdir()
        return self

    def limit(self, size):
        (self.path / ("memory.limit_in_bytes" if self.is_first else "memory.max")).write_text(str(size))

    def take(self, pid):
        (self.path / "cgroup.procs").write_text(str(pid))

    def __exit__(self, *_):
        parent = self.path.parent
        for pid in (self.path / "cgroup.procs").read_text().split():
            (parent / "cgroup.procs").write_text(pid)
        self.path.rmdir()


def out_of_memory(bench):
    """The kernel's OOM killer ends it under load: nothing is lost, repeats are marked."""
    if os.geteuid() != 0:
        return "skipped: only root can make a memory control group"
    group = MemoryGroup()
    if group.path is None:
        return "skipped: the kernel has no memory control groups here"
    receiver = bench.receiver(latency="5ms").start()
    daemon = bench.daemon(receiver.url, extra=EXTRA).start()
    ends = []
    with group:
        def act():
            for _ in range(3):
                time.sleep(1)
                process = daemon.process
                group.limit(1 << 30)
                group.take(process.pid)
                # What it has is not charged to the group; what it takes from now on is.
                try:
                    group.limit(256 << 10)
                except OSError:
                    os.kill(process.pid, signal.SIGKILL)
                deadline = time.monotonic() + 10
                while process.poll() is None and time.monotonic() < deadline:
                    time.sleep(0.02)
                ends.append(process.poll())
                group.limit(1 << 30)
        restarts, twice = under_load(bench, daemon, receiver, act)
    check(-signal.SIGKILL in ends, f"the OOM killer ended none of them: {ends}")
    return f"8,000 events, {ends.count(-9)} OOM kills: {restarts} restarts, 0 lost, {twice} repeats, each marked"
