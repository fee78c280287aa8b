"""What is marked in payloads, headers, keys and secrets is told to nobody, whatever happens to the installed service.

Runs under a real systemd, as root, and after the other tests of the service: it searches what they have left, too.
"""

import base64
import contextlib
import json
import os
import pathlib
import resource
import signal
import socket
import stat
import subprocess
import tempfile
import unittest

import host
import marking
import peers
from host import DOOR, SERVICE, SOCKET, harness
from marking import mark

STATE = pathlib.Path("/var/lib/lambda-outbox")
HANG = pathlib.Path("/etc/lambda-outbox/hang")
# As debug as it gets, and every means to leave a core that systemd has.
DROP_IN = f"""[Service]
ExecStart=
ExecStart=/usr/bin/lambda-outbox serve --log-level debug
LimitCORE=infinity
WorkingDirectory={STATE}
RestartSec=100ms
WatchdogSec=3
Environment=LD_PRELOAD=/usr/lib/outbox-hang.so OUTBOX_HANG={HANG}
"""
PAYLOAD = f'{{"card": "{mark("payload")}"}}'
CONTEXT = base64.b64encode(f'{{"custom": {{"user": "{mark("context")}"}}}}'.encode()).decode()
HEADERS = {
    "X-Amz-Client-Context": CONTEXT, "X-Amz-Tenant-Id": mark("tenant"), "X-Amzn-Trace-Id": f"Root={mark('trace')}",
    "Authorization": f"AWS4-HMAC-SHA256 Credential={mark('id')}/20260101/eu-central-1/lambda/aws4_request, "
                     f"SignedHeaders=host, Signature={mark('signature')}",
    "X-Amz-Security-Token": mark("producers-token"), "Cookie": mark("cookie"), "X-Other": mark("header"),
}
PROXY = f"http://outbox:{mark('proxy')}@127.0.0.1"
# Each has a mistake in a line that holds a password.
MISTAKES = [
    f"proxy: ftp://outbox:{mark('scheme')}@127.0.0.1:99", f"proxy: http://outbox:{mark('host')}@",
    f'proxy: "http://outbox:{mark("quote")}@127.0.0.1:99', f"proxy: [ http://outbox:{mark('list')}@127.0.0.1:99 ]",
    f"proxy: http://outbox:{mark('port')}@127.0.0.1:port", f"proxi: http://outbox:{mark('key')}@127.0.0.1:99",
    f"proxy: http://outbox:{mark('path')}@127.0.0.1:99/path", f"proxy: http://outbox:${{X}}{mark('name')}@127.0.0.1:99",
    f"proxy: {{ http: //outbox:{mark('map')}@127.0.0.1 }}",
    f"endpoint_url: http://outbox:{mark('endpoint')}@127.0.0.1:99", f"http://outbox:{mark('bare')}@127.0.0.1:99",
    f"proxy: outbox:{mark('word')}@127.0.0.1:99: 7", f"\tproxy: http://outbox:{mark('tab')}@127.0.0.1:99",
]
CREDENTIALS = [
    f"[default]\naws_access_key_id = {harness.ACCESS_KEY}\naws_secret_access_key {mark('line')}\n",
    f"[default]\naws_access_key_id {mark('no-id')}\naws_secret_access_key = {mark('alone')}\n",
    f"[default\naws_secret_access_key = {mark('section')}\n", f"aws_secret_access_key = {mark('nowhere')}\n",
]


def lambda_stand_in(path, _, body):
    """Takes what is for `orders`, and quotes all else in every place that an answer has."""
    words = f"{mark('network')}: {body.decode(errors='replace')}"
    told = {"x-amzn-RequestId": mark("request-id"), "Content-Type": "application/json"}
    function = path.split("/functions/")[1].split("/")[0]
    status, code = {
        "orders": (202, None), "invalid": (400, "InvalidRequestContentException"),
        "missing": (404, "ResourceNotFoundException"), "broken": (500, "ServiceException"),
        "odd": (400, f"{mark('code')} {body.decode()}"), "denied": (403, "AccessDeniedException"),
    }[function]
    if code:
        told["x-amzn-ErrorType"] = code
    return status, told, json.dumps({"Type": "User", "message": words, "Message": words, "Reason": words}).encode()


def raw(text, path=DOOR, port=None):
    """Sends bytes as they are, and hears what comes back."""
    with contextlib.closing(socket.socket(socket.AF_INET if port else socket.AF_UNIX)) as connection:
        connection.settimeout(3)
        connection.connect(("127.0.0.1", port) if port else path)
        connection.sendall(text.encode())
        with contextlib.suppress(OSError):
            while connection.recv(65536):
                pass


class LeakTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="leak-tests-"))
        cls.addClassCleanup(host.drop_in)
        cls.answers = peers.Server(lambda_stand_in)
        cls.addClassCleanup(cls.answers.stop)
        cls.door_port, cls.admin_port = harness.free_port(), harness.free_port()
        cls.good = (f"listen: {{ tcp: {{ address: '127.0.0.1:{cls.door_port}', authentication: none }} }}\n"
                    f"admin: {{ tcp: {{ address: '127.0.0.1:{cls.admin_port}' }} }}\n"
                    "defaults: { max_attempts: 2, base_delay: 100ms, max_delay: 1s }\n"
                    f"aws:\n  region: {harness.REGION}\n  endpoint_url: {cls.answers.url}\n")
        cls.keys = (f"[default]\naws_access_key_id = {harness.ACCESS_KEY}\naws_secret_access_key = {mark('secret')}\n"
                    f"aws_session_token = {mark('token')}\n")
        cls.configure(cls.proxy())
        host.write_keys(cls.keys)
        host.drop_in(DROP_IN)
        host.run("systemctl", "start", SOCKET)
        host.run("systemctl", "restart", SERVICE)
        cls.life()

    @classmethod
    def proxy(cls):
        return f"proxy: {PROXY}:{cls.answers.port}"

    @classmethod
    def configure(cls, line):
        host.CONFIG.write_text(f"{cls.good}  {line}\n")
        host.CONFIG.chmod(0o640)
        os.chown(host.CONFIG, 0, int(host.run("id", "-g", "lambda-outbox")))

    @classmethod
    def life(cls):
        """All that a service meets, with marks in it."""
        cls.accept()
        cls.ask_wrongly()
        cls.operate()
        cls.mistake()
        cls.crash()
        host.wait_active()
        cls.accept()

    @classmethod
    def accept(cls):
        for function in ("orders", "invalid", "missing", "broken", "odd", "denied"):
            status, _, body = host.post(function, PAYLOAD, {
                **HEADERS, "Idempotency-Key": f"{mark('key')}{function}{len(cls.answers.requests)}"})
            if status != 202:
                raise harness.Failure(f"{function}: {status} {body!r}")
        raw("POST /2015-03-31/functions/orders/invocations HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            + "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())
            + f"X-Amz-Invocation-Type: Event\r\nContent-Length: {len(PAYLOAD)}\r\n\r\n{PAYLOAD}", port=cls.door_port)
        host.run("lambda-outbox", "send", "orders", "--idempotency-key", mark("key") + "command", input=PAYLOAD)
        host.run("lambda-outbox", "send", "orders", "--lines", input=f"{PAYLOAD}\n" * 20)
        host.run("lambda-outbox", "send", "orders", "--lines", input=f"{PAYLOAD}\n{PAYLOAD[:-1]}\n", check=False)

    @classmethod
    def ask_wrongly(cls):
        """Requests with a mark where the mistake is."""
        wrong = mark("wrong")
        start = "POST /2015-03-31/functions/orders/invocations HTTP/1.1\r\nHost: localhost\r\n"
        event = start + "X-Amz-Invocation-Type: Event\r\n"
        requests = [
            f"GET /{wrong} HTTP/1.1\r\nHost: localhost\r\n\r\n", f"{wrong} / HTTP/1.1\r\nHost: localhost\r\n\r\n",
            f"{wrong}\r\n\r\n", f"GET / HTTP/{wrong}\r\n\r\n", f"{event}{wrong}\r\n\r\n",
            f"POST /2015-03-31/functions/{wrong}!/invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n",
            event.replace("invocations", f"invocations?Qualifier={wrong}!") + "Content-Length: 2\r\n\r\n{}",
            start + f"X-Amz-Invocation-Type: {wrong}\r\nContent-Length: 2\r\n\r\n{{}}",
            start + f"Content-Length: {len(PAYLOAD)}\r\n\r\n{PAYLOAD}",
            event + f"Content-Length: {wrong}\r\n\r\n", event + f"Transfer-Encoding: chunked\r\n\r\n{wrong}\r\n",
            event + f"Transfer-Encoding: {wrong}\r\n\r\n", event + f"Expect: {wrong}\r\nContent-Length: 2\r\n\r\n{{}}",
        ]
        for body in (wrong, f'{{"a": {wrong}}}', f'{{"a": "{wrong}\\x"}}', f'{{"{wrong}": 1', f"{{}}{wrong}"):
            requests.append(event + f"Content-Length: {len(body)}\r\n\r\n{body}")
        for name in ("X-Amz-Client-Context", "X-Amz-Tenant-Id", "X-Amzn-Trace-Id", "X-Amz-Durable-Execution-Name",
                     "Idempotency-Key", "Outbox-Delay", "Outbox-Expires-In", "Outbox-Deliver-At", "Origin", "Host",
                     "Sec-Fetch-Site"):
            for value in (wrong + "\x01", wrong + "!;" * 3000, wrong + "?"):
                requests.append(event + f"{name}: {value}\r\nContent-Length: 2\r\n\r\n{{}}")
        for text in requests:
            raw(text.replace("\r\nHost:", "\r\nConnection: close\r\nHost:", 1))
        raw(requests[0], port=cls.door_port)
        for path in ("", "outbox/v1/", "outbox/v1/events/", "outbox/v1/dead-letters/", "outbox/v1/events?function="):
            text = f"GET /{path}{wrong}!&{wrong}=1 HTTP/1.1\r\nHost: {{}}\r\nConnection: close\r\n\r\n"
            raw(text.format("localhost"), host.ADMIN)
            raw(text.format(wrong), port=cls.admin_port)
        body = f'{{"a": "{wrong}'
        for path in ("dead-letters/redrive", "dead-letters/purge", "events/cancel", "functions/pause"):
            raw(f"POST /outbox/v1/{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}", host.ADMIN)

    @classmethod
    def operate(cls):
        """Dead letters are seen, exported, put back and deleted."""
        letters = harness.wait_for("dead letters", lambda: cls.dead(("invalid", "broken", "odd")), 30)
        for command in (["events", "list"], ["dead", "list"], ["dead", "show", letters[0]["id"]], ["status"],
                        ["functions", "list"], ["config", "show"]):
            host.run("lambda-outbox", *command)
        host.run("lambda-outbox", "dead", "export", "--function", "invalid", "--export-file",
                 cls.folder / "export.ndjson")
        host.run("lambda-outbox", "dead", "redrive", "--function", "invalid", "--yes")
        harness.wait_for("them to die again", lambda: cls.dead(("invalid",)), 30)
        host.run("lambda-outbox", "dead", "purge", "--function", "odd", "--yes",
                 "--export-file", cls.folder / "purged.ndjson")
        host.run("lambda-outbox", "functions", "pause", "missing")
        host.run("lambda-outbox", "functions", "resume", "missing")
        # Its event may have died by itself meanwhile.
        host.run("lambda-outbox", "functions", "move-to-dead", "missing", "--yes", check=False)

    @classmethod
    def dead(cls, functions):
        letters = host.api("/dead-letters?limit=100")["events"]
        return letters if {letter["function"] for letter in letters} >= set(functions) else None

    @classmethod
    def mistake(cls):
        """Wrong files, at a reload and behind systemd's back, and wrong keys at a start."""
        for line in MISTAKES:
            cls.configure(line)
            if host.run("systemctl", "reload", SERVICE, check=False).returncode == 0:
                raise harness.Failure(f"the reload took {line}")
            os.kill(host.main_pid(), signal.SIGHUP)
        cls.configure(cls.proxy().replace(mark("proxy"), mark("another")))
        host.run("systemctl", "reload", SERVICE)
        cls.configure(cls.proxy())
        for text in CREDENTIALS:
            host.write_keys(text)
            host.run("systemctl", "restart", SERVICE)
            host.post("orders", PAYLOAD)
        host.write_keys(cls.keys)
        host.run("systemctl", "restart", SERVICE)

    @classmethod
    def crash(cls):
        """Ends that would leave a core, with marks in memory."""
        for number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGQUIT, signal.SIGBUS):
            before = host.main_pid()
            host.post("denied", PAYLOAD, HEADERS)
            os.kill(before, number)
            harness.wait_for("the next daemon", lambda: host.main_pid() not in (0, before) and host.status(), 20)
        before = host.main_pid()
        HANG.write_text("delivery")
        harness.wait_for("the watchdog", lambda: host.main_pid() != before, 20)
        HANG.unlink()

    def expect_unmarked(self, where, data):
        found = marking.marks_in(data)
        self.assertEqual(found[:5], [], f"{len(found)} marks in {where}")

    def test_a_the_marks_have_been_where_they_may_be(self):
        seen = repr(self.answers.requests)
        for kind in ("payload", "tenant", "trace", "token"):
            self.assertIn(mark(kind), seen)
        self.assertIn(CONTEXT, seen)
        self.assertIn(base64.b64encode(f"outbox:{mark('proxy')}".encode()).decode(), seen)
        self.assertTrue(marking.marks_in((STATE / "outbox.db").read_bytes() + (STATE / "outbox.db-wal").read_bytes()))

    def test_b_the_journal_holds_none(self):
        journal = marking.journal()
        for words in (b"attempt failed", b"handed over", b"function suspended", b"setting needs a restart",
                      b"Watchdog timeout", b"OUTBOX_REASON=", b"_CMDLINE="):
            self.assertIn(words, journal, "the life was not what it should have been")
        self.expect_unmarked("the journal", journal)

    def test_c_metrics_health_and_status_hold_none(self):
        for path in ("/metrics", "/health/live", "/health/ready"):
            for connection in (harness.UnixConnection(host.ADMIN),
                               harness.http.client.HTTPConnection("127.0.0.1", self.admin_port)):
                with contextlib.closing(connection):
                    status, _, content = harness.exchange(connection, "GET", path)
                self.assertEqual(status, 200)
                self.expect_unmarked(path, content)
        for command in (["status"], ["status", "--json"], ["status", "--check"], ["functions", "list", "--json"],
                        ["functions", "show", "missing"], ["events", "list"], ["dead", "list"], ["config", "show"]):
            printed = host.run("lambda-outbox", *command, check=False).stdout
            self.assertGreater(len(printed), 20)
            self.expect_unmarked(" ".join(command), printed.encode())
        self.expect_unmarked("the unit's state", host.run("systemctl", "show", SERVICE, SOCKET).encode())

    def test_d_arguments_and_environments_hold_none(self):
        looked = dict(marking.processes())
        self.assertIn(f"/proc/{host.main_pid()}/environ", looked)
        for where, data in looked.items():
            self.expect_unmarked(where, data)

    def test_e_no_core_was_written(self):
        child = os.fork()
        if child == 0:
            os.chdir(self.folder)
            resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            os.kill(os.getpid(), signal.SIGSEGV)
        self.assertTrue(os.WCOREDUMP(os.waitpid(child, 0)[1]), "no cores are written here: nothing can be shown")
        said = host.run("journalctl", "--no-pager", "-o", "cat", "-u", SERVICE, "--grep", "Main process exited")
        for name in ("SEGV", "ABRT", "QUIT", "BUS"):
            self.assertIn(f"code=killed, status={int(signal.Signals['SIG' + name])}/{name}", said)
        self.assertNotIn("code=dumped", said)
        self.assertEqual([path for folder in ("/", STATE) for path in pathlib.Path(folder).glob("core*")], [])

    def test_f_no_file_holds_any_but_the_queue_and_what_the_operator_wrote(self):
        looked = marking.files(STATE, self.folder, host.CONFIG, host.KEYS.parent, "/run/credentials")
        self.assertGreater(len(looked), 3)
        for path in looked:
            if path.is_file():
                self.expect_unmarked(path, path.read_bytes())

    def test_g_what_holds_them_is_for_its_owner_alone(self):
        self.assertEqual(stat.S_IMODE(STATE.stat().st_mode), 0o700)
        for path in STATE.iterdir():
            self.assertEqual((path.name, stat.S_IMODE(path.stat().st_mode)), (path.name, 0o600))
        for name in ("export.ndjson", "purged.ndjson"):
            self.assertEqual(stat.S_IMODE((self.folder / name).stat().st_mode), 0o600)
        told = subprocess.run(["setpriv", "--reuid=lambda-outbox", "--regid=lambda-outbox", "--clear-groups", "cat",
                               f"/proc/{host.main_pid()}/environ"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.assertEqual(told.stdout, b"", "another process of the same user can look into the daemon")


if __name__ == "__main__":
    unittest.main(verbosity=2)
