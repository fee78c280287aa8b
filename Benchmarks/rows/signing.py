"""One signature of an Invoke request whose body's hash is known."""

from report import figure_row
from session import BYTES, storebench

PACKAGES = ()
BUILDS = ("storebench",)


def measure(session):
    session.report("signatures")
    took = [run["us"] for run in storebench("sign", rows=session.scaled(1_000_000, 200_000), bytes=BYTES,
                                            runs=session.pairs)]
    yield figure_row(f"SigV4, {BYTES} B", "µs", took, "signing", "time of the processor", digits=2)
