"""The examples of docs/CLIENTS.md, taken from the page and run as they stand, against a daemon and a receiver.

Only the socket's path, the listener's address and the function's name are put in place. An example whose runtime or SDK
is not on this machine is skipped by name.
"""

import base64
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest
from concurrent import futures

import chain
from chain import harness

PAGE = harness.ROOT / "docs" / "CLIENTS.md"
# Where Debian's golang-*-dev packages are.
GOCODE = pathlib.Path("/usr/share/gocode")
PATH = "/usr/local/bin:/usr/bin:/bin"
# Debian has neither of these two SDKs: who has them points at them.
NODE_MODULES = pathlib.Path(os.environ.get("OUTBOX_NODE_MODULES", "/usr/share/nodejs"))
JAVA_CLASSPATH = os.environ.get("OUTBOX_JAVA_CLASSPATH", "")


def examples():
    """The code blocks that carry a name, by name."""
    text = PAGE.read_text()
    found = re.findall(r"^<!-- example: ([a-z0-9-]+) -->\n```[a-z]+\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return dict(found)


def node_has_sdk():
    return (NODE_MODULES / "@aws-sdk" / "client-lambda").is_dir()


def go_has_sdk():
    return (GOCODE / "src/github.com/aws/aws-sdk-go-v2/service/lambda").is_dir()


def java_has_sdk():
    return JAVA_CLASSPATH != ""


class Runner:
    """How one example is run: the file that it goes to, the command, and what must be on the machine.

    `sdk` is a function that tells whether the SDK is there, and what to call it.
    """

    def __init__(self, file, command, needs=(), sdk=None, prints_id=True):
        self.file = file
        self.command = command
        self._needs = needs
        self._sdk = sdk
        self.prints_id = prints_id

    def missing(self):
        """What this machine lacks, or nothing."""
        for name in self._needs:
            if not shutil.which(name, path=PATH):
                return name
        return self._sdk[1] if self._sdk and not self._sdk[0]() else None


RUNNERS = {
    "curl-unix": Runner("send.sh", ["bash", "send.sh"], ["bash", "curl"]),
    "curl-tcp": Runner("send.sh", ["bash", "send.sh"], ["bash", "curl"]),
    "python-unix": Runner("send.py", [sys.executable, "send.py"]),
    "node-unix": Runner("send.js", ["node", "send.js"], ["node"]),
    "perl-unix": Runner("send.pl", ["perl", "send.pl"], ["perl"]),
    "awscli": Runner("send.sh", ["bash", "send.sh"], ["bash", "aws"], prints_id=False),
    "boto3": Runner("send.py", [sys.executable, "send.py"]),
    "javascript-sdk": Runner("send.mjs", ["node", "send.mjs"], ["node"],
                             (node_has_sdk, "the AWS SDK for JavaScript (OUTBOX_NODE_MODULES)")),
    "java-sdk": Runner("Send.java", ["java", "Send.java"], ["java", "javac"],
                       (java_has_sdk, "the AWS SDK for Java (OUTBOX_JAVA_CLASSPATH)")),
    "go-sdk": Runner("send.go", ["go", "run", "send.go"], ["go"], (go_has_sdk, "the AWS SDK for Go v2")),
}


def fit_old_go_sdk(text):
    """Debian 12's SDK for Go is older than BaseEndpoint, and names the endpoint in another way."""
    client = GOCODE / "src/github.com/aws/aws-sdk-go-v2/service/lambda/api_client.go"
    if "BaseEndpoint" in client.read_text():
        return text
    fitted, count = re.subn(r'BaseEndpoint: aws\.String\("([^"]+)"\)',
                            r'EndpointResolver: lambda.EndpointResolverFromURL("\1")', text)
    assert count == 1, "the Go example names its endpoint in a way that this test doesn't know"
    return fitted


class Example:
    """One example, made to send to this chain."""

    def __init__(self, name, chain_in_use):
        self.runner = RUNNERS[name]
        self.function = name
        self._chain = chain_in_use
        self._folder = chain_in_use.directory / f"example-{name}"
        self._folder.mkdir()
        # Modules that are imported are looked for beside the program only.
        (self._folder / "node_modules").symlink_to(NODE_MODULES)
        text = examples()[name].replace("/run/lambda-outbox/door.sock", str(chain_in_use.daemon.door))
        text = re.sub(r"\borders\b", name, text.replace("http://127.0.0.1:9100", chain_in_use.url))
        self._text = fit_old_go_sdk(text) if name == "go-sdk" else text

    def start(self, order=17):
        """Starts it; with another order number under the same key it sends other content."""
        changed, count = re.subn(r"(\border\b\\?\"?: )17", rf"\g<1>{order}", self._text)
        assert count == 1, "the example doesn't hold its event once"
        (self._folder / self.runner.file).write_text(changed)
        environment = harness.clean_environment(
            PATH=PATH, HOME=str(self._folder), AWS_MAX_ATTEMPTS="1", LC_ALL="C.UTF-8",
            GO111MODULE="off", GOPATH=str(GOCODE), GOCACHE=str(self._chain.directory / "gocache"), GOFLAGS="",
            CLASSPATH=JAVA_CLASSPATH,
        )
        return subprocess.Popen(self.runner.command, cwd=self._folder, env=environment, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self, order=17):
        """Its exit status, output, and errors."""
        process = self.start(order)
        output, errors = process.communicate(timeout=240)
        return process.returncode, output.strip(), errors


class Page(unittest.TestCase):
    def test_every_example_has_a_runner_and_the_other_way_round(self):
        self.assertEqual(sorted(examples()), sorted(RUNNERS))

    def test_every_program_on_the_page_is_an_example(self):
        blocks = re.findall(r"^```[a-z]+\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
        programs = [block for block in blocks if block.count("\n") > 3]
        self.assertEqual(sorted(programs), sorted(examples().values()))


class Accepted(unittest.TestCase):
    """With room in the queue: the first time, the same again, and other content under the same key."""

    @classmethod
    def setUpClass(cls):
        cls.chain = chain.Chain()

    @classmethod
    def tearDownClass(cls):
        cls.chain.close()

    def check(self, name):
        example = Example(name, self.chain)
        status, first, errors = example.run()
        self.assertEqual(status, 0, errors)
        arrival = harness.wait_for("the event to arrive", lambda: self.arrivals(name))[0]
        self.assertEqual(json.loads(base64.b64decode(arrival["body"])), {"order": 17})
        self.assertEqual(arrival["invocation_type"], "Event")
        if example.runner.prints_id:
            self.assertEqual(self.chain.daemon.event(first)["function"], name)
        else:
            self.assertEqual(json.loads(first), {"StatusCode": 202})

        repeats = self.chain.daemon.status()["counters"]["repeats"]
        status, second, errors = example.run()
        self.assertEqual((status, second), (0, first), errors)
        self.assertEqual(self.chain.daemon.status()["counters"]["repeats"], repeats + 1)

        status, output, errors = example.run(order=18)
        self.assertNotEqual(status, 0, "other content under the same key must not pass for sent")
        self.assertRegex(output + errors, "409|IdempotentParameterMismatchException")
        self.assertEqual(len(self.arrivals(name)), 1)

    def arrivals(self, function):
        return [arrival for arrival in self.chain.receiver.arrivals() if arrival["function"] == function]


def add_tests():
    """A test for each example, so that each is passed, failed or skipped under its own name."""
    for name, runner in RUNNERS.items():
        def test(self, name=name, runner=runner):
            if runner.missing():
                self.skipTest(f"{runner.missing()} is not on this machine")
            self.check(name)
        setattr(Accepted, f"test_{name.replace('-', '_')}_sends_one_event_and_tells_a_wrong_repeat", test)


add_tests()


class NotNow(unittest.TestCase):
    """With a full queue an example is told to come back, waits as told, and sends once there is room."""

    def test_every_example_waits_for_room(self):
        runnable = [name for name, runner in RUNNERS.items() if not runner.missing()]
        chains = {name: self.full() for name in runnable}
        with futures.ThreadPoolExecutor(max_workers=len(runnable)) as pool:
            results = {name: pool.submit(self.sent_once_there_is_room, name, chains[name]) for name in runnable}
        for name, result in results.items():
            with self.subTest(example=name):
                status, errors = result.result()
                self.assertEqual(status, 0, errors)

    def full(self):
        """A queue with room for one event, which a dead letter takes."""
        full = chain.Chain(extra="queue: { max_events: 1 }\ndoor: { wait: 50ms }\n"
                                 "defaults: { share: 100%, max_attempts: 1 }\n", answers="broken=500")
        self.addCleanup(full.close)
        full.daemon.accept("broken", b"{}")
        harness.wait_for("the dead letter", full.daemon.dead_letters)
        return full

    @staticmethod
    def sent_once_there_is_room(name, full):
        process = Example(name, full).start()
        harness.wait_for(f"{name} to be refused", lambda: full.daemon.status()["counters"]["refused"], seconds=240)
        full.daemon.api("POST", "/dead-letters/purge", {"all": True})
        _, errors = process.communicate(timeout=240)
        harness.wait_for(f"the event of {name}", lambda: [
            arrival for arrival in full.receiver.arrivals() if arrival["function"] == name])
        return process.returncode, errors


if __name__ == "__main__":
    unittest.main()
