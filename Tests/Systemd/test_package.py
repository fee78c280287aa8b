"""The Debian package's life on a bare host. Runs under a real systemd, as root; scripts/try-package starts it there."""

import base64
import hashlib
import os
import pathlib
import shutil
import signal
import tempfile
import time
import unittest

import host
from host import DOOR, SERVICE, SOCKET, harness
from producing import SteadyLoad

FIRST, SECOND = "/packages/first.deb", "/packages/second.deb"
STATE = pathlib.Path("/var/lib/lambda-outbox")


PROGRAM = "/tests/lambda-outbox"
"""A copy that outlives the package's removal."""


def dpkg(*arguments, check=True):
    return host.run("dpkg", "--force-confold", *arguments, check=check,
                    env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})


def as_daemon(*arguments):
    return ["setpriv", "--reuid=lambda-outbox", "--regid=lambda-outbox", "--clear-groups", *arguments]


def waiting():
    """What is left in the queue of a stopped daemon: 0 nothing, 1 something, 2 it can't be told."""
    return host.run(*as_daemon(PROGRAM, "waiting"), check=False).returncode


def trace():
    """What would show that somebody has touched the queue."""
    found = {}
    for path in STATE.iterdir():
        facts = path.lstat()
        digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
        found[path.name] = (digest, facts.st_ino, facts.st_mtime_ns, facts.st_ctime_ns)
    return found


class PackageTests(unittest.TestCase):
    """In the order of their names: each goes on where the one before has ended."""

    @classmethod
    def setUpClass(cls):
        cls.children = harness.Children()
        cls.folder = pathlib.Path(tempfile.mkdtemp())
        cls.said = dpkg("--install", FIRST)
        shutil.copy("/usr/bin/lambda-outbox", PROGRAM)
        os.environ["OUTBOX_BINARY"] = PROGRAM
        cls.receiver = harness.Receiver(cls.children, cls.folder, verify=True).start()

    @classmethod
    def tearDownClass(cls):
        cls.children.end()

    def arrived(self, body):
        return [arrival for arrival in self.receiver.arrivals()
                if arrival["handed_over"] and base64.b64decode(arrival["body"]).decode() == body]

    def test_a_installed_it_waits_for_its_region(self):
        self.assertIn("set aws.region", self.said)
        self.assertEqual(host.state(SOCKET), "active")
        self.assertEqual(host.state(), "inactive")
        for unit in (SERVICE, SOCKET):
            self.assertEqual(host.run("systemctl", "is-enabled", unit).strip(), "enabled")
        self.assertEqual(host.run("systemd-analyze", "verify", "/lib/systemd/system/" + SERVICE), "")

    def test_b_one_line_edited_it_delivers(self):
        host.write_config(self.receiver.url)
        host.write_keys()
        host.run("systemctl", "start", "lambda-outbox")
        sent = host.run("lambda-outbox", "send", "orders", "--payload", '{"first":1}', "--wait=20s")
        self.assertTrue(sent.strip())
        self.assertEqual(len(self.arrived('{"first":1}')), 1)

    def test_c_an_upgrade_under_load_loses_nothing_and_refuses_nobody(self):
        before = host.main_pid()
        with SteadyLoad(DOOR, "upgraded", self.folder) as producers:
            time.sleep(2)
            since = time.time()
            dpkg("--install", SECOND)
            time.sleep(5)
            until = time.time()
        self.assertNotEqual(host.main_pid(), before, "the old program still runs")
        self.assertTrue(os.readlink(f"/proc/{host.main_pid()}/exe").endswith("/lambda-outbox"))
        host.wait_delivered()
        self.assertEqual(producers.mistakes(self.receiver, since, until), [])

    def test_d_an_upgrade_leaves_the_old_program_running_if_the_configuration_is_wrong(self):
        good, before = host.CONFIG.read_text(), host.main_pid()
        host.CONFIG.write_text(good + "quue: {}\n")
        said = dpkg("--install", SECOND)
        host.CONFIG.write_text(good)
        self.assertRegex(said, r"config\.yaml:4:1: .*quue")
        self.assertEqual(host.main_pid(), before)
        self.assertEqual(host.post("orders", "{}")[0], 202)

    def test_e_removed_it_leaves_queue_and_configuration(self):
        dpkg("--remove", "lambda-outbox")
        self.assertFalse(pathlib.Path("/usr/bin/lambda-outbox").exists())
        self.assertFalse(pathlib.Path(DOOR).exists())
        self.assertTrue(host.CONFIG.exists())
        self.assertTrue((STATE / "outbox.db").exists())
        self.assertFalse((STATE / "admin.sock").exists())
        dpkg("--install", FIRST)
        host.wait_active()
        self.assertEqual(host.post("orders", "{}")[0], 202)
        host.wait_delivered()

    def install_again(self):
        dpkg("--install", SECOND)
        host.write_config(self.receiver.url)
        host.run("systemctl", "start", SOCKET, SERVICE)
        host.wait_active()

    def purge_and_expect_all_kept(self):
        before = trace()
        said = dpkg("--purge", "lambda-outbox")
        self.assertIn(f"kept {STATE}", said)
        self.assertIn(f"rm -r {STATE}", said)
        self.assertEqual(trace(), before)

    def test_f_a_removal_does_not_touch_the_queue_to_see_whether_it_is_empty(self):
        host.wait_delivered()
        host.run("systemctl", "stop", SOCKET, SERVICE)
        before = trace()
        dpkg("--remove", "lambda-outbox")
        self.assertEqual(trace(), before)
        self.assertEqual(waiting(), 0)
        self.assertEqual(trace(), before)
        self.install_again()

    def test_g_a_link_of_the_daemons_user_leads_root_nowhere(self):
        target = self.folder / "of-root"
        target.write_text("kept")
        link = STATE / ".nothing-waits"
        link.symlink_to(target)
        dpkg("--remove", "lambda-outbox")
        self.assertEqual(target.read_text(), "kept")
        self.purge_and_expect_all_kept()
        self.assertEqual(target.read_text(), "kept")
        link.unlink()
        self.install_again()

    def test_h_a_removal_that_is_given_up_leaves_delivery_running(self):
        script = pathlib.Path("/var/lib/dpkg/info/lambda-outbox.prerm")
        good = script.read_text()
        script.write_text(good + "exit 1\n")
        done = dpkg("--remove", "lambda-outbox", check=False)
        script.write_text(good)
        self.assertNotEqual(done.returncode, 0)
        self.assertNotIn("set aws.region", done.stdout)
        host.wait_active()
        self.assertEqual(host.state(SOCKET), "active")
        self.assertEqual(host.post("orders", '{"given up":1}')[0], 202)
        host.wait_delivered()

    def used_by_hand(self, body):
        """Removes the package with an empty queue, then accepts an event without it: the daemon that did."""
        dpkg("--remove", "lambda-outbox")
        self.assertEqual(waiting(), 0)
        config = pathlib.Path("/tests/by-hand.yaml")
        config.write_text(f"aws: {{ region: {harness.REGION}, endpoint_url: 'http://127.0.0.1:9' }}\n")
        host.run("systemd-tmpfiles", "--create", "-", input="d /run/lambda-outbox 0755 lambda-outbox lambda-outbox -\n")
        daemon = self.children.start(as_daemon(PROGRAM, "serve", "--config", config), self.folder / "by-hand.log",
                                     env=harness.clean_environment())
        harness.wait_for("the daemon started by hand", host.status)
        self.assertEqual(host.post("orders", body)[0], 202)
        return daemon

    def test_i_a_purge_keeps_a_queue_that_runs_again_without_the_package(self):
        daemon = self.used_by_hand('{"by hand":1}')
        self.assertEqual(waiting(), 2)
        said = dpkg("--purge", "lambda-outbox")
        self.assertIn(f"kept {STATE}", said)
        self.assertEqual(host.status()["queued"], 1)
        self.children.stop(daemon)
        self.install_again()
        harness.wait_for("the event that was kept", lambda: self.arrived('{"by hand":1}'), 30)
        host.wait_delivered()

    def test_i_a_purge_keeps_a_queue_that_was_used_again_without_the_package(self):
        self.children.stop(self.used_by_hand('{"by hand":2}'))
        self.assertEqual(waiting(), 1)
        self.purge_and_expect_all_kept()
        self.install_again()
        harness.wait_for("the event that was kept", lambda: self.arrived('{"by hand":2}'), 30)
        host.wait_delivered()

    def test_j_a_purge_keeps_a_restored_copy(self):
        dpkg("--remove", "lambda-outbox")
        old = STATE.with_suffix(".old")
        STATE.rename(old)
        host.run("cp", "--archive", old, STATE)
        shutil.rmtree(old)
        self.purge_and_expect_all_kept()
        self.install_again()

    def test_k_a_purge_keeps_a_queue_that_somebody_has_open(self):
        dpkg("--remove", "lambda-outbox")
        # Holds the lock and changes nothing.
        holder = self.children.start(as_daemon("flock", STATE / "outbox.db.lock", "sleep", "infinity"),
                                     self.folder / "holder.log")
        harness.wait_for("the lock", lambda: waiting() == 2)
        self.purge_and_expect_all_kept()
        os.killpg(holder.pid, signal.SIGTERM)
        holder.wait(10)
        self.install_again()

    def test_l_a_purge_keeps_what_was_accepted(self):
        host.write_config(self.receiver.url, "defaults: { max_attempts: 1 }\n")
        host.run("systemctl", "restart", "lambda-outbox")
        self.receiver.answer("broken=500")
        host.post("broken", "{}")
        harness.wait_for("the dead letter", lambda: host.status()["dead"] == 1, 20)
        self.receiver.process.send_signal(signal.SIGSTOP)
        try:
            self.assertEqual(host.post("orders", '{"kept":1}')[0], 202)
            dpkg("--remove", "lambda-outbox")
            said = dpkg("--purge", "lambda-outbox")
        finally:
            self.receiver.process.send_signal(signal.SIGCONT)
        self.assertIn(f"kept {STATE}", said)
        self.assertFalse(host.CONFIG.exists())
        dpkg("--install", FIRST)
        host.write_config(self.receiver.url)
        host.run("systemctl", "start", "lambda-outbox")
        harness.wait_for("the event that was kept", lambda: self.arrived('{"kept":1}'), 30)
        self.assertEqual(host.status()["dead"], 1)

    def test_m_a_purge_removes_a_queue_where_nothing_waits(self):
        host.wait_delivered()
        host.run("lambda-outbox", "dead", "purge", "--function", "broken", "--yes",
                 "--export-file", "/tmp/broken.ndjson")
        said = dpkg("--purge", "lambda-outbox")
        self.assertNotIn("kept", said)
        self.assertFalse(STATE.exists())
        left = host.run("find", "/etc", "/lib/systemd", "/usr", "/var/lib/misc", "-name", "*lambda-outbox*", "!", "-path",
                        "/etc/credstore/*")
        self.assertEqual(left, "")

    def test_n_a_purge_long_after_the_removal_does_too(self):
        self.install_again()
        self.assertEqual(host.post("orders", "{}")[0], 202)
        host.wait_delivered()
        dpkg("--remove", "lambda-outbox")
        self.assertTrue((STATE / "outbox.db").exists())
        self.assertNotIn("kept", dpkg("--purge", "lambda-outbox"))
        self.assertFalse(STATE.exists())


if __name__ == "__main__":
    unittest.main(verbosity=2)
