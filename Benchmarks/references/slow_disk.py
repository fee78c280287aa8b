"""A disk whose every sync takes longer, for any program that is linked to libc."""

import pathlib
import struct

import load
from harness import Failure


class SlowDisk:
    """Of one process: its environment, and how often it has synced."""

    def __init__(self, directory, milliseconds):
        self.milliseconds = milliseconds
        self._count = pathlib.Path(directory) / "syncs"
        self._count.write_bytes(bytes(8))
        self.environment = {
            "LD_PRELOAD": str(load.build_tool("slowsync", "-shared", "-fPIC")),
            "OUTBOX_SYNC_DELAY_US": str(round(milliseconds * 1000)),
            "OUTBOX_SYNC_COUNT": str(self._count),
        }

    def syncs(self):
        return struct.unpack("=Q", self._count.read_bytes())[0]

    def check(self, who, least):
        """That the delay was met at all: else a figure would be of a disk that isn't slow."""
        if self.syncs() < least:
            raise Failure(f"{who} synced {self.syncs()} times where at least {least} had to be")
