"""boto3 at the TCP door: what it sends arrives, and every refusal is a ClientError with its code."""

import base64
import json
import subprocess
import unittest

import boto3
import botocore.config
import botocore.exceptions

import chain
from chain import harness


def client(url, retries=0):
    return boto3.client(
        "lambda", endpoint_url=url, region_name=harness.REGION, aws_access_key_id="anyone",
        aws_secret_access_key="anything", config=botocore.config.Config(retries={"max_attempts": retries}),
    )


def context(**options):
    return base64.b64encode(json.dumps({"outbox": options}).encode()).decode()


class Refusals(unittest.TestCase):
    """What the tests of refusals share."""

    def refused(self, code, status, call):
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            call()
        answer = caught.exception.response
        self.assertEqual(answer["Error"]["Code"], code)
        self.assertEqual(answer["ResponseMetadata"]["HTTPStatusCode"], status)
        self.assertTrue(answer["Error"]["Message"], "a refusal says what is wrong")
        return caught.exception


class Boto3(Refusals):
    @classmethod
    def setUpClass(cls):
        cls.chain = chain.Chain()
        cls.client = client(cls.chain.url)

    @classmethod
    def tearDownClass(cls):
        cls.chain.close()

    def invoke(self, **arguments):
        return self.client.invoke(**{"FunctionName": "orders", "InvocationType": "Event", **arguments})

    def test_every_way_to_name_a_function_and_every_size_arrives_byte_for_byte(self):
        for names, seen in chain.targets():
            for size in chain.SIZES:
                with self.subTest(**names, size=size):
                    body = chain.payload(size, "-".join(names.values()))
                    answer = self.invoke(**names, Payload=body)
                    self.assertEqual(answer["StatusCode"], 202)
                    self.assertEqual(answer["Payload"].read(), b"")
                    self.chain.arrival(body, **seen)
                    event = self.chain.daemon.event(answer["ResponseMetadata"]["RequestId"])
                    self.assertEqual(event["payload_bytes"], size)

    def test_dry_run_is_204_and_stores_nothing(self):
        before = self.chain.daemon.status()["counters"]["accepted"]
        self.assertEqual(self.invoke(InvocationType="DryRun", Payload=b"{}")["StatusCode"], 204)
        self.assertEqual(self.chain.daemon.status()["counters"]["accepted"], before)

    def test_a_repeat_gets_the_first_id(self):
        first = self.invoke(ClientContext=context(idempotencyKey="once"), Payload=b'{"once":1}')
        second = self.invoke(ClientContext=context(idempotencyKey="once"), Payload=b'{"once":1}')
        self.assertEqual(second["ResponseMetadata"]["RequestId"], first["ResponseMetadata"]["RequestId"])
        self.assertEqual(second["ResponseMetadata"]["HTTPHeaders"]["outbox-repeat"], "true")

    def test_the_older_invoke_async_means_the_same(self):
        body = chain.payload(300, "async")
        self.assertEqual(self.client.invoke_async(FunctionName="orders", InvokeArgs=body)["Status"], 202)
        self.chain.arrival(body, function="orders", invocation_type="Event")

    def test_a_body_that_is_not_json(self):
        for body in [b"{", b"nul", b'{"a":1} x', b'"\xff"']:
            with self.subTest(body=body):
                error = self.refused("InvalidRequestContentException", 400, lambda: self.invoke(Payload=body))
                self.assertIsInstance(error, self.client.exceptions.InvalidRequestContentException)

    def test_a_client_context_that_is_none(self):
        self.refused("InvalidRequestContentException", 400, lambda: self.invoke(ClientContext="%%%", Payload=b"{}"))

    def test_an_unknown_option(self):
        self.refused("InvalidRequestContentException", 400,
                     lambda: self.invoke(ClientContext=context(dely="1s"), Payload=b"{}"))

    def test_two_qualifiers_that_disagree(self):
        self.refused("InvalidParameterValueException", 400,
                     lambda: self.invoke(FunctionName="orders:live", Qualifier="old", Payload=b"{}"))

    def test_a_region_that_is_not_served(self):
        self.refused("InvalidParameterValueException", 400,
                     lambda: self.invoke(FunctionName=chain.ARN.replace(harness.REGION, "us-east-1"), Payload=b"{}"))

    def test_a_name_that_is_none(self):
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            self.invoke(FunctionName="or ders", Payload=b"{}")
        self.assertIn(caught.exception.response["Error"]["Code"],
                      ["ValidationException", "InvalidParameterValueException"])

    def test_a_synchronous_call(self):
        self.refused("InvalidParameterValueException", 400,
                     lambda: self.invoke(InvocationType="RequestResponse", Payload=b"{}"))

    def test_another_operation(self):
        self.refused("UnknownOperationException", 404, self.client.list_functions)

    def test_a_key_used_for_another_body(self):
        self.invoke(ClientContext=context(idempotencyKey="two"), Payload=b'{"two":1}')
        self.refused("IdempotentParameterMismatchException", 409,
                     lambda: self.invoke(ClientContext=context(idempotencyKey="two"), Payload=b'{"two":2}'))

    def test_a_body_over_the_limit(self):
        self.refused("RequestEntityTooLargeException", 413,
                     lambda: self.invoke(Payload=chain.payload(chain.MIB + 1, "big")))
        self.assertEqual(self.invoke(Payload=b"{}")["StatusCode"], 202)


class FullQueue(Refusals):
    def test_a_full_queue(self):
        full = chain.Chain(extra="queue: { max_events: 2 }\ndoor: { wait: 100ms }\n"
                                 "defaults: { share: 100%, base_delay: 1h, max_delay: 1h }\n", answers="orders=500")
        self.addCleanup(full.close)
        boto = client(full.url)
        for number in range(2):
            boto.invoke(FunctionName="orders", InvocationType="Event", Payload=b"%d" % number)
        error = self.refused("TooManyRequestsException", 429,
                             lambda: boto.invoke(FunctionName="orders", InvocationType="Event", Payload=b"3"))
        self.assertIsInstance(error, boto.exceptions.TooManyRequestsException)
        self.assertIn("retry-after", error.response["ResponseMetadata"]["HTTPHeaders"])


class FailingDisk(Refusals):
    def test_a_commit_that_the_disk_fails(self):
        folder = chain.tempfile.TemporaryDirectory(prefix="outbox-fault-")
        self.addCleanup(folder.cleanup)
        library, marker = f"{folder.name}/fault.so", chain.pathlib.Path(folder.name, "marker")
        source = chain.pathlib.Path(__file__).with_name("fsyncfault.c")
        subprocess.run(["clang", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
        failing = chain.Chain(environment={"LD_PRELOAD": library, "OUTBOX_FSYNC_FAULT": str(marker)})
        self.addCleanup(failing.close)
        boto = client(failing.url)
        boto.invoke(FunctionName="orders", InvocationType="Event", Payload=b"1")
        failing.daemon.wait_empty(30)
        marker.touch()
        self.refused("ServiceUnavailableException", 503,
                     lambda: boto.invoke(FunctionName="orders", InvocationType="Event", Payload=b"2"))
        failing.daemon.process.wait(30)
        marker.unlink()
        failing.daemon.start()
        self.assertEqual(boto.invoke(FunctionName="orders", InvocationType="Event", Payload=b"3")["StatusCode"], 202)


if __name__ == "__main__":
    unittest.main()
