"""The same rows put into a database of ours by a C program over SQLite."""

import load
from session import BYTES, DATABASE, storebench, tool

BATCH = 512


def new_database(session):
    """The path of an empty database of the program's own schema."""
    path = session.folder() / DATABASE
    storebench("create", file=path)
    return path


def bulk(database, mode, rows):
    """Rows a second, and µs of the processor each."""
    figures = tool([load.build_tool("bulkinsert", "-lsqlite3"), database, mode, rows, BATCH, BYTES])[0]
    return figures["rate"], figures["processor_us"]
