"""The Debian package's life on a bare host. Runs under a real systemd, as root; scripts/try-package starts it there."""

import base64
import os
import pathlib
import shutil
import signal
import tempfile
import unittest

import host
from host import DOOR, SERVICE, SOCKET, harness
from producing import Producers

FIRST, SECOND = "/packages/first.deb", "/packages/second.deb"
STATE = pathlib.Path("/var/lib/lambda-outbox")


def dpkg(*arguments):
    return host.run("dpkg", "--force-confold", *arguments,
                    env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})


class PackageTests(unittest.TestCase):
    """In the order of their names: each goes on where the one before has ended."""

    @classmethod
    def setUpClass(cls):
        cls.children = harness.Children()
        cls.folder = pathlib.Path(tempfile.mkdtemp())
        cls.said = dpkg("--install", FIRST)
        # The receiver must outlive the package's removal.
        shutil.copy("/usr/bin/lambda-outbox", "/tests/lambda-outbox")
        os.environ["OUTBOX_BINARY"] = "/tests/lambda-outbox"
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
        with Producers(DOOR, "upgrade", count=8, pause=0.001) as producers:
            producers.more(1000)
            dpkg("--install", SECOND)
            producers.more(1000)
        self.assertEqual(producers.refused[:5], [])
        # 503 is for a request of which only a part had come when the door closed: it was sent again under its key.
        self.assertLessEqual(set(producers.answers), {503})
        self.assertNotEqual(host.main_pid(), before, "the old program still runs")
        self.assertTrue(os.readlink(f"/proc/{host.main_pid()}/exe").endswith("/lambda-outbox"))
        host.wait_delivered()
        counts = {}
        for arrival in self.receiver.arrivals():
            if arrival["handed_over"]:
                body = base64.b64decode(arrival["body"]).decode()
                counts[body] = counts.get(body, 0) + 1
        self.assertEqual([body for body in producers.accepted if body not in counts], [], "lost")
        self.assertEqual([body for body in producers.accepted if counts[body] > 1], [], "sent twice")

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

    def test_f_a_purge_keeps_what_was_accepted(self):
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

    def test_g_a_purge_removes_a_queue_where_nothing_waits(self):
        host.wait_delivered()
        host.run("lambda-outbox", "dead", "purge", "--function", "broken", "--yes",
                 "--export-file", "/tmp/broken.ndjson")
        said = dpkg("--purge", "lambda-outbox")
        self.assertNotIn("kept", said)
        self.assertFalse(STATE.exists())
        left = host.run("find", "/etc", "/lib/systemd", "/usr", "-name", "*lambda-outbox*", "!", "-path",
                        "/etc/credstore/*")
        self.assertEqual(left, "")


if __name__ == "__main__":
    unittest.main(verbosity=2)
