"""What the machine is, and what a sync costs there."""

import os
import platform
import statistics
import tempfile
import time


def sync_cost(directory):
    """Microseconds that fdatasync of 4 KiB takes where the databases lie: median of 200, nothing else going on."""
    took = []
    with tempfile.NamedTemporaryFile(dir=directory) as file:
        for _ in range(200):
            os.write(file.fileno(), bytes(4096))
            started = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append((time.perf_counter() - started) * 1e6)
    return statistics.median(took)


def machine(directory):
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "")
    return {"fdatasync_us": round(sync_cost(directory)), "load_average": os.getloadavg()[0],
            "cores": os.cpu_count(), "processor": model, "kernel": platform.release(), "system": platform.version()}
