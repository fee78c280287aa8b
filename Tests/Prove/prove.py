"""Proves the promises on the release binary, as a user would try them, and prints a table.

    prove.py [--list] [--quick | --long] [CASE…]

--quick makes the long cases a tenth as long; figures that are promised are then not proven. --long gives cases that
measure a pace five minutes each. Exit 0: all passed.
"""

import argparse
import pathlib
import sys
import tempfile
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Harness"))

import harness  # noqa: E402
import backups  # noqa: E402
import clocks  # noqa: E402
import disks  # noqa: E402
import entrance  # noqa: E402
import faults  # noqa: E402
import functions  # noqa: E402
import imports  # noqa: E402
import keys  # noqa: E402
import lifetimes  # noqa: E402
import limits  # noqa: E402
import monitoring  # noqa: E402
import neighbours  # noqa: E402
import orders  # noqa: E402
import outages  # noqa: E402
import poison  # noqa: E402
import pressure  # noqa: E402
import routes  # noqa: E402
import starts  # noqa: E402
import throttles  # noqa: E402
import throughput  # noqa: E402
import upkeep  # noqa: E402
import ways  # noqa: E402
import wire  # noqa: E402

CASES = {
    "exactly-once": throughput.exactly_once,
    "kill-9": throughput.kill_nine,
    "restart-under-load": throughput.restart_under_load,
    "same-key": throughput.same_key,
    "keys-kill-9": keys.keys_kill_nine,
    "cut-connection": faults.cut_connection,
    "own-door": faults.own_door,
    "forwarder": faults.forwarder,
    "no-request-id": faults.no_request_id,
    "outage": outages.outage,
    "short-outage": outages.short_outage,
    "backlog-after-outage": outages.backlog_after_outage,
    "delay-over-max-age": outages.delay_over_max_age,
    "outage-over-max-age": outages.outage_over_max_age,
    "delay": lifetimes.delay,
    "expiry-and-purge": lifetimes.expiry_and_purge,
    "dead-letters": functions.dead_letters,
    "bystander": functions.bystander,
    "slow-neighbours": neighbours.slow_neighbours,
    "ten-thousand-functions": neighbours.ten_thousand_functions,
    "full-disk": disks.full_disk,
    "full-by-other": disks.full_by_other,
    "no-space-at-all": disks.no_space_at_all,
    "sizes": entrance.sizes,
    "names": entrance.names,
    "browser": entrance.browser,
    "send-lines": entrance.send_lines,
    "wrong-configuration": starts.wrong_configuration,
    "foreign-database": starts.foreign_database,
    "second-daemon": starts.second_daemon,
    "stale-socket": starts.stale_socket,
    "missing-credentials": starts.missing_credentials,
    "credentials-sighup": starts.credentials_sighup,
    "reload": limits.reload,
    "few-descriptors": limits.few_descriptors,
    "slow-announcers": limits.slow_announcers,
    "endless-length": limits.endless_length,
    "repeat-without-room": limits.repeat_without_room,
    "stop-while-waiting": limits.stop_while_waiting,
    "no-descriptors": pressure.no_descriptors,
    "no-memory": pressure.no_memory,
    "stopped": pressure.stopped,
    "out-of-memory": pressure.out_of_memory,
    "many-functions": limits.many_functions,
    "own-event": limits.own_event,
    "status-says": monitoring.says,
    "metrics-labels": monitoring.metrics,
    "oldest-behind-backlog": monitoring.oldest_behind_backlog,
    "wrong-secret": ways.wrong_secret,
    "expired-token": ways.expired_token,
    "certificates": ways.certificates,
    "dns-gone": ways.dns_gone,
    "proxy-page": ways.proxy_page,
    "proxy-tunnel": ways.proxy_tunnel,
    "clock-off": clocks.clock_off,
    "clock-steps": clocks.clock_steps,
    "clock-jumps": clocks.clock_jumps,
    "poison": poison.poison,
    "proxy-of-environment": routes.proxy_of_environment,
    "routes-by-account": routes.by_account,
    "debug-log": routes.debug_log,
    "envelope": wire.envelope,
    "headers": wire.headers,
    "backup-restore": backups.restore,
    "import": imports.salvaged,
    "import-killed": imports.killed,
    "paused": orders.paused,
    "moved-to-dead": orders.moved,
    "explained": orders.explained,
    "cancelled": orders.cancelled,
    "sent-now": orders.sent_now,
    "redriven": orders.redriven,
    "wrong-orders": orders.wrong_orders,
    "throttles": throttles.throttles,
    "shrinks-after-backlog": upkeep.shrinks_after_backlog,
}


class Bench:
    """What a case is given: a folder, processes that are ended after it, and how long it should be."""

    def __init__(self, directory, quick, long):
        self.directory = pathlib.Path(directory)
        self.children = harness.Children()
        self.quick = quick
        self.long = long

    def scaled(self, number):
        return max(1, number // 10) if self.quick else number

    def receiver(self, **options):
        return harness.Receiver(self.children, self.directory, **options)

    def daemon(self, endpoint, name="daemon", **options):
        return harness.Daemon(self.children, self.directory / name, endpoint, **options)


def run(name, quick, long):
    """Runs one case: whether it passed, and what it found."""
    with tempfile.TemporaryDirectory(prefix="outbox-prove-") as directory:
        bench = Bench(directory, quick, long)
        try:
            return True, CASES[name](bench)
        except (harness.Failure, AssertionError) as failure:
            return False, str(failure)
        except Exception:  # a broken case is a failed one, and the others still run
            return False, traceback.format_exc(limit=3)
        finally:
            bench.children.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--list", action="store_true", help="names of the cases")
    parser.add_argument("--quick", action="store_true", help="the long ones a tenth as long")
    parser.add_argument("--long", action="store_true", help="five minutes for each pace that is measured")
    parser.add_argument("cases", nargs="*", metavar="CASE", help="only these")
    arguments = parser.parse_args()
    if arguments.list:
        print("\n".join(CASES))
        return 0
    unknown = [name for name in arguments.cases if name not in CASES]
    if unknown:
        parser.error(f"no such case: {', '.join(unknown)} (see --list)")
    results = []
    for name in arguments.cases or CASES:
        print(f"-- {name} …", flush=True)
        started = time.monotonic()
        passed, found = run(name, arguments.quick, arguments.long)
        results.append((name, passed, time.monotonic() - started, found))
        print(f"   {'pass' if passed else 'FAIL'}  {found}", flush=True)
    print(f"\n{'case':22} {'result':6} {'time':>7}  found")
    for name, passed, took, found in results:
        print(f"{name:22} {'pass' if passed else 'FAIL':6} {took:6.0f}s  {found.splitlines()[-1] if found else ''}")
    failed = sum(not passed for _, passed, _, _ in results)
    print(f"{len(results) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
