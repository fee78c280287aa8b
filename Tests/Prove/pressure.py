"""Limits that the system sets under load: descriptors, memory, time on the processor. Nothing is lost, and it goes on."""

import os
import pathlib
import resource
import shutil
import signal
import socket
import threading
import time

from comparing import check
from harness import wait_for
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


class Refusals:
    """What the kernel refuses a process of address space meanwhile, as strace sees it."""

    def __init__(self, bench, pid, number):
        self._trace = bench.directory / f"refused-{number}"
        self._tracing = bench.children.start(
            ["strace", "-f", "-qq", "-e", "trace=mmap,mremap", "-e", "status=failed", "-o", str(self._trace), "-p",
             str(pid)], bench.directory / "strace.log")
        wait_for("strace to have it", lambda: self._is_traced(pid) or self._tracing.poll() is not None, 10)

    @staticmethod
    def _is_traced(pid):
        try:
            return "TracerPid:\t0\n" not in pathlib.Path(f"/proc/{pid}/status").read_text()
        except OSError:
            return True

    def end(self):
        """How many allocations failed."""
        self._tracing.terminate()
        self._tracing.wait(20)
        return self._trace.read_text().count("ENOMEM")


class Crowd:
    """Clients that send most of a large body and hold the rest back: the door has to keep it, in memory that it must ask for."""

    HEAD = (b"POST /2015-03-31/functions/orders/invocations HTTP/1.1\r\nHost: x\r\n"
            b"X-Amz-Invocation-Type: Event\r\nContent-Length: 1000000\r\n\r\n")

    def __init__(self, daemon, count=100):
        self._clients = []
        self._senders = [threading.Thread(target=self._send, args=(daemon.door,)) for _ in range(count)]
        for sender in self._senders:
            sender.start()

    def _send(self, door):
        try:
            client = socket.socket(socket.AF_UNIX)
            client.settimeout(2)
            self._clients.append(client)
            client.connect(str(door))
            client.sendall(self.HEAD + b'"' + b"x" * 990_000)
        except OSError:
            pass  # it ended, or doesn't read: both are what is wanted here

    def leave(self):
        for sender in self._senders:
            sender.join()
        for client in self._clients:
            client.close()


def answers(daemon):
    try:
        return daemon.status()
    except OSError:
        return None


def no_memory(bench):
    """ENOMEM: the address space ends where it is, under load; the process may end for it, and goes on after a start."""
    check(shutil.which("strace"), "strace is missing: apt-get install strace")
    receiver = bench.receiver(latency="5ms").start()
    daemon = bench.daemon(receiver.url, extra=EXTRA + "door: { body_memory: 256MiB }\n").start()
    refused = []

    def act():
        for spare in (0, 1 << 20, 4 << 20):
            time.sleep(1)
            process = daemon.process
            refusals = Refusals(bench, process.pid, len(refused))
            fields = pathlib.Path(f"/proc/{process.pid}/statm").read_text().split()
            size = int(fields[0]) * os.sysconf("SC_PAGE_SIZE")
            _, hard = resource.prlimit(process.pid, resource.RLIMIT_AS)
            resource.prlimit(process.pid, resource.RLIMIT_AS, (size + spare, hard))
            crowd = Crowd(daemon)
            time.sleep(1)
            if process.poll() is None:
                resource.prlimit(process.pid, resource.RLIMIT_AS, (resource.RLIM_INFINITY, hard))
            crowd.leave()
            refused.append(refusals.end())
        # A process that ends for it may take a moment to do so.
        time.sleep(3)
        wait_for("the daemon to answer", lambda: answers(daemon), 60)
    restarts, twice = under_load(bench, daemon, receiver, act, count=2000, rate=300, sizes=(10_000, 50_000))
    check(sum(refused) > 0, "the limit was never met: this shows nothing")
    return (f"2,000 events, no memory in 3 s of it, {sum(refused)} allocations failed: {restarts} ends, 0 lost, "
            f"{twice} repeats, each marked")


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
