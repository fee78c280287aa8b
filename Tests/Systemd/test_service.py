"""The service under a real systemd. Runs inside of it, as root; Tests/Systemd/run starts it there."""

import base64
import contextlib
import os
import pathlib
import signal
import sqlite3
import subprocess
import tempfile
import threading
import time
import unittest

import host
from host import DOOR, SERVICE, SOCKET, harness
from producing import Producers, SteadyLoad

# In payloads and in the secret key; must be found nowhere else.
MARK = "7f3dMARK9a51"


class ServiceTests(unittest.TestCase):
    """In the order of their names: the host is the same for all."""

    @classmethod
    def setUpClass(cls):
        cls.children = harness.Children()
        cls.folder = pathlib.Path(tempfile.mkdtemp())
        cls.receiver = harness.Receiver(cls.children, cls.folder, verify=True).start()
        host.write_config(cls.receiver.url, "defaults: { base_delay: 100ms, max_delay: 1s }\n")
        host.write_keys()
        host.run("systemctl", "enable", SERVICE)
        host.run("systemctl", "start", SOCKET)

    @classmethod
    def tearDownClass(cls):
        cls.children.end()

    def setUp(self):
        self.addCleanup(self.mended)

    def mended(self):
        """Whatever a test has changed of the host."""
        host.drop_in()

    def all_arrived(self, producers):
        """Everything that was accepted has arrived; twice at most what was in flight at a kill, or sent twice."""
        host.wait_delivered()
        seen = {}
        for arrival in self.receiver.arrivals():
            if arrival["handed_over"]:
                body = base64.b64decode(arrival["body"]).decode()
                seen[body] = seen.get(body, 0) + 1
        lost = [body for body in producers.accepted if body not in seen]
        self.assertEqual(lost[:5], [], f"{len(lost)} of {len(producers.accepted)} accepted events never arrived")
        return [body for body in producers.accepted if seen[body] > 1]

    def nobody_refused(self, producers):
        self.assertEqual(producers.refused[:5], [], "connections were refused, or there was no door")
        self.assertEqual(producers.answers, {}, "producers got other answers than 202")
        self.door_is_open()

    def door_is_open(self):
        self.assertEqual(host.state(SOCKET), "active")
        self.assertTrue(pathlib.Path(DOOR).is_socket(), "the door is gone")

    def test_a_first_connection_starts_it(self):
        self.assertEqual(host.state(), "inactive", "nothing has connected yet")
        self.assertEqual(host.run("stat", "-c", "%U:%G %a", DOOR).strip(), "root:lambda-outbox 660")
        status, _, _ = host.post("orders", f'{{"mark":"{MARK}"}}')
        self.assertEqual(status, 202)
        self.assertEqual(host.state(), "active", "READY was not said")
        self.assertRegex(host.property_of(SERVICE, "StatusText"), "^accepting events")
        self.assertEqual(host.run("stat", "-c", "%U %a", "/var/lib/lambda-outbox").strip(), "lambda-outbox 700")
        self.assertEqual(host.run("stat", "-c", "%U %a", host.ADMIN).strip(), "lambda-outbox 600")
        host.wait_delivered()
        self.assertEqual(len(self.receiver.arrivals()), 1)

    def test_b_members_of_the_group_may_send_and_strangers_may_not(self):
        def send_as(group):
            return host.run("setpriv", "--reuid=12345", f"--regid={group}", "--clear-groups", harness.binary(), "send",
                            "orders", "--payload", '{"from":"' + MARK + '"}', check=False)
        member = send_as("lambda-outbox")
        self.assertEqual(member.returncode, 0, member.stdout)
        # The kernel's word on who it was, through the unit's sandbox.
        self.assertEqual(host.api("/events/" + member.stdout.split()[-1])["producer"], "uid:12345")
        stranger = send_as("12345")
        self.assertEqual(stranger.returncode, 3, stranger.stdout)
        self.assertIn("not permitted", stranger.stdout)

    def test_c_kill_9_under_load_loses_nothing(self):
        host.wait_active()
        before = host.main_pid()
        with Producers(DOOR, "kill") as producers:
            producers.more(300)
            os.kill(before, signal.SIGKILL)
            began = time.monotonic()
            producers.more(300)
            pause = time.monotonic() - began
        self.nobody_refused(producers)
        self.assertNotEqual(host.main_pid(), before)
        self.assertLess(pause, host.seconds_of("RestartUSec") + 3, "it came back late")
        repeats = self.all_arrived(producers)
        self.assertLessEqual(len(repeats), 256, "more were sent twice than can have been in flight")

    def test_d_a_restart_under_load_refuses_nobody(self):
        before = host.main_pid()
        with SteadyLoad(DOOR, "restarted", self.folder) as producers:
            time.sleep(2)
            since = time.time()
            host.run("systemctl", "restart", SERVICE)
            time.sleep(5)
            until = time.time()
        self.assertNotEqual(host.main_pid(), before)
        self.door_is_open()
        host.wait_delivered()
        self.assertEqual(producers.mistakes(self.receiver, since, until), [])
        self.assertLess(producers.slowest(), 10, "somebody waited long")

    def test_e_a_stop_under_load_ends_in_time_and_what_comes_meanwhile_waits(self):
        before = host.main_pid()
        with SteadyLoad(DOOR, "stopped", self.folder) as producers:
            time.sleep(2)
            since = time.time()
            host.run("systemctl", "stop", SERVICE)
            self.assertLess(time.time() - since, host.seconds_of("TimeoutStopUSec"))
            # They wait at the door, which systemd holds, and so start it again.
            time.sleep(5)
            until = time.time()
        self.door_is_open()
        messages = [entry["MESSAGE"] for entry in host.journal(f"_PID={before}")]
        self.assertTrue(any("stopping" in message for message in messages), messages[-3:])
        host.wait_delivered()
        self.assertEqual(producers.mistakes(self.receiver, since, until), [])

    def test_f_the_watchdog_ends_a_hung_loop(self):
        flag = pathlib.Path("/etc/lambda-outbox/hang")
        host.drop_in("[Service]\nWatchdogSec=3\nRestartSec=100ms\n"
                     f"Environment=LD_PRELOAD=/usr/lib/outbox-hang.so OUTBOX_HANG={flag}\n")
        for loop in ("commit", "delivery", "read"):
            with self.subTest(loop=loop):
                host.run("systemctl", "restart", SERVICE)
                time.sleep(4)
                self.assertEqual(host.restarts(), 0, "it was ended although every loop works")
                self.addCleanup(flag.unlink, missing_ok=True)
                flag.write_text(loop)
                harness.wait_for(f"the watchdog to see that {loop} hangs", lambda: host.restarts() > 0, 10)
                flag.unlink()
                host.wait_active()
                self.assertEqual(host.post("orders", "{}")[0], 202)
        said = host.run("journalctl", "--no-pager", "-u", SERVICE, "--grep", "Watchdog timeout")
        self.assertGreaterEqual(said.count("Watchdog timeout"), 3, said)

    def test_g_twenty_crashes_in_a_row_leave_the_door_usable(self):
        host.drop_in("[Service]\nRestartSec=100ms\n")
        host.run("systemctl", "restart", SERVICE)
        with Producers(DOOR, "crash", count=2) as producers:
            for crash in range(20):
                harness.wait_for("the service to run", lambda: host.state() == "active" and host.main_pid() > 0, 20)
                os.kill(host.main_pid(), signal.SIGKILL)
                harness.wait_for("systemd to see it", lambda: host.restarts() > crash, 20)
            producers.more(20)
        self.nobody_refused(producers)
        self.assertNotIn("hit", host.property_of(SERVICE, "Result"))
        self.all_arrived(producers)

    def test_h1_keys_are_handed_in_as_a_credential(self):
        host.KEYS.unlink()
        self.addCleanup(host.write_keys)
        host.run("systemctl", "restart", SERVICE)
        status, answer, _ = host.post("orders", '{"keys":"none yet"}')
        self.assertEqual(status, 202, "without keys it accepts all the same")
        harness.wait_for("the route to be suspended", lambda: host.status()["routes"][0]["state"] == "suspended", 10)
        host.write_keys()
        host.run("systemctl", "restart", SERVICE)
        host.run("systemctl", "reload", SERVICE)
        host.wait_delivered()
        event = host.api("/events/" + answer["x-amzn-requestid"])
        self.assertEqual((event["state"], event["charged_attempts"]), ("handed-over", 0))
        stranger = host.run("setpriv", "--reuid=12345", "--regid=lambda-outbox", "--clear-groups", "cat",
                            f"/run/credentials/{SERVICE}/lambda-outbox.aws-credentials", check=False)
        self.assertNotEqual(stranger.returncode, 0, "a producer can read the keys")

    def test_h2_a_reload_takes_what_changed_and_keeps_it_running(self):
        good, before = host.CONFIG.read_text(), host.main_pid()
        self.addCleanup(host.CONFIG.write_text, good)
        host.CONFIG.write_text(good.replace("max_delay: 1s", "max_delay: 2s") + "delivery: { max_in_flight: 99 }\n")
        host.run("systemctl", "reload", SERVICE)
        harness.wait_for("what changed to be named", lambda: host.journal("OUTBOX_KEY=defaults.max_delay"), 10)
        # What has to wait for a restart says so.
        waits = harness.wait_for("the rest", lambda: host.journal("OUTBOX_KEY=delivery.max_in_flight"), 10)
        self.assertEqual(waits[0]["PRIORITY"], "4")
        self.assertEqual(host.main_pid(), before)
        self.assertEqual(host.post("orders", "{}")[0], 202)

    def test_h3_a_mistake_at_a_reload_changes_nothing(self):
        good, before = host.CONFIG.read_text(), host.main_pid()
        self.addCleanup(host.CONFIG.write_text, good)
        host.CONFIG.write_text(good + "quue: { max_events: 5 }\n")
        refused = host.run("systemctl", "reload", SERVICE, check=False)
        self.assertNotEqual(refused.returncode, 0, "the reload of a wrong file went through")
        self.assertEqual(host.main_pid(), before)
        self.assertEqual(host.post("orders", "{}")[0], 202)
        # The check is a process of its own.
        said = host.run("journalctl", "--no-pager", "-o", "cat", "-u", SERVICE, "--grep", "quue")
        self.assertRegex(said, r"config\.yaml:5:1: .*quue.*queue")

    def test_h4_a_mistake_at_the_start_is_named_and_producers_wait(self):
        good = host.CONFIG.read_text()
        self.addCleanup(host.CONFIG.write_text, good)
        host.CONFIG.write_text(good + "quue: { max_events: 5 }\n")
        host.run("systemctl", "restart", SERVICE, check=False)
        answers = []
        waiting = threading.Thread(target=lambda: answers.append(host.post("orders", "{}")[0]))
        waiting.start()
        harness.wait_for("the start to be tried again", lambda: host.restarts() >= 1, 20)
        ends = host.run("journalctl", "--no-pager", "-o", "cat", "-u", SERVICE, "--grep", "Main process exited")
        self.assertIn("status=78/CONFIG", ends)
        self.assertEqual(host.state(SOCKET), "active", "the door was given up")
        errors = [entry["MESSAGE"] for entry in host.journal("PRIORITY=3", "SYSLOG_IDENTIFIER=lambda-outbox")]
        self.assertRegex("\n".join(errors), r"config\.yaml:5:1: .*quue.*queue")
        host.CONFIG.write_text(good)
        waiting.join(30)
        self.assertEqual(answers, [202], "who waited was not served once the mistake was mended")

    def test_i_entries_of_the_journal_have_fields_and_no_payload(self):
        self.receiver.answer("missing=404")
        self.addCleanup(self.receiver.answer, "missing=202")
        self.assertEqual(host.post("missing", f'{{"mark":"{MARK}"}}')[0], 202)
        found = harness.wait_for("the entry", lambda: host.journal("OUTBOX_FUNCTION=missing"), 20)[0]
        self.assertRegex(found["MESSAGE"], "^function suspended: ")
        self.assertEqual((found["PRIORITY"], found["SYSLOG_IDENTIFIER"]), ("4", "lambda-outbox"))
        self.assertTrue(found["OUTBOX_REASON"])
        self.receiver.answer("missing=202")
        host.wait_delivered()
        entries = host.run("journalctl", "--no-pager", "-o", "json", "--all")
        self.assertGreater(len(entries), 10000)
        for what, text in (("a payload", MARK), ("the secret key", harness.SECRET_KEY)):
            self.assertEqual(entries.count(text), 0, f"{what} is in the journal")
        self.assertEqual(entries.count("Failed to set thread priority"), 0, "the runtime complains in the journal")
        arguments = subprocess.run("cat /proc/[0-9]*/cmdline", shell=True, capture_output=True).stdout
        self.assertNotIn(harness.SECRET_KEY.encode(), arguments)

    def test_j_systemd_has_nothing_to_say_against_the_units(self):
        units = [host.property_of(unit, "FragmentPath") for unit in (SERVICE, SOCKET)]
        self.assertEqual(host.run("systemd-analyze", "verify", *units), "")
        judged = host.run("systemd-analyze", "security", "--offline=true", "--threshold=15", units[0], check=False)
        self.assertEqual(judged.returncode, 0, judged.stdout.splitlines()[-1])
        limits = pathlib.Path(f"/proc/{host.main_pid()}/limits").read_text()
        self.assertRegex(limits, r"Max core file size +0 +0 ")

    def test_k_after_an_unclean_end_of_the_machine_the_database_is_checked(self):
        host.drop_in("[Service]\nRestart=no\n")
        os.kill(host.main_pid(), signal.SIGKILL)
        harness.wait_for("the service to be dead", lambda: host.state() == "failed", 10)
        with contextlib.closing(sqlite3.connect("/var/lib/lambda-outbox/outbox.db")) as database, database:
            database.execute("UPDATE meta SET boot_id = 'of another boot'")
        self.assertEqual(host.post("orders", "{}")[0], 202)
        said = host.run("journalctl", "--no-pager", "-o", "cat", f"_PID={host.main_pid()}")
        self.assertLess(said.index("checking the database"), said.index("door open"), said)


if __name__ == "__main__":
    unittest.main(verbosity=2)
