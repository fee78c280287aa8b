"""The AWS CLI at the TCP door."""

import json
import pathlib
import subprocess
import unittest

import chain
from chain import harness


class AWSCommandLine(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.chain = chain.Chain()

    @classmethod
    def tearDownClass(cls):
        cls.chain.close()

    def aws(self, *arguments, body=None):
        """`aws lambda invoke` with the body from a file: exit status, output, what it wrote to the outfile."""
        folder = self.chain.directory
        (folder / "body").write_bytes(b"" if body is None else body)
        outfile = pathlib.Path(folder / "out")
        outfile.unlink(missing_ok=True)
        run = subprocess.run(
            ["/usr/bin/aws", "--endpoint-url", self.chain.url, "lambda", "invoke", "--invocation-type", "Event",
             "--payload", f"fileb://{folder}/body", *arguments, str(outfile)],
            capture_output=True, text=True, timeout=60,
            env=harness.clean_environment(AWS_ACCESS_KEY_ID="anyone", AWS_SECRET_ACCESS_KEY="anything",
                                          AWS_DEFAULT_REGION=harness.REGION, AWS_MAX_ATTEMPTS="1"),
        )
        return run.returncode, run.stdout + run.stderr, outfile.read_bytes() if outfile.exists() else None

    def accepted(self, seen, size, *arguments):
        body = chain.payload(size, "cli" + "".join(arguments))
        status, output, outfile = self.aws(*arguments, body=body)
        self.assertEqual(status, 0, output)
        self.assertEqual(json.loads(output), {"StatusCode": 202})
        self.assertEqual(outfile, b"")
        self.chain.arrival(body, **seen)

    def test_every_way_to_name_a_function_arrives_byte_for_byte(self):
        for names, seen in chain.targets():
            with self.subTest(**names):
                arguments = ["--function-name", names["FunctionName"]]
                if "Qualifier" in names:
                    arguments += ["--qualifier", names["Qualifier"]]
                self.accepted(seen, 1000, *arguments)

    def test_every_size_arrives_byte_for_byte(self):
        for size in chain.SIZES:
            with self.subTest(size=size):
                self.accepted({"function": "sizes"}, size, "--function-name", "sizes")

    def test_refusals_are_shown_with_their_code(self):
        cases = [
            (["--function-name", "orders"], b"{", "InvalidRequestContentException"),
            (["--function-name", "orders:live", "--qualifier", "old"], b"{}", "InvalidParameterValueException"),
            (["--function-name", "orders"], b" " * chain.MIB + b"1", "RequestEntityTooLargeException"),
        ]
        for arguments, body, code in cases:
            with self.subTest(code=code):
                status, output, _ = self.aws(*arguments, body=body)
                self.assertEqual(status, 254, output)
                self.assertIn(f"An error occurred ({code}) when calling the Invoke operation", output)


if __name__ == "__main__":
    unittest.main()
