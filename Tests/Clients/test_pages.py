"""Man pages and completions, made from the binary's own definitions."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from chain import harness


class ManPages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        subprocess.run([harness.ROOT / "scripts/manuals", harness.binary(), cls.folder.name], check=True,
                       capture_output=True, env={**os.environ, "SOURCE_DATE_EPOCH": "86400"})
        cls.pages = {page.stem: page.read_text() for page in pathlib.Path(cls.folder.name).iterdir()}

    def test_there_is_one_of_each_command_and_one_of_all(self):
        commands = ["serve", "send", "status", "events", "functions", "dead", "config", "receiver", "verify", "backup",
                    "restore", "salvage", "import", "compact"]
        self.assertEqual(set(self.pages), {"lambda-outbox", *(f"lambda-outbox-{name}" for name in commands)})

    def test_they_tell_exit_statuses_examples_and_options(self):
        self.assertIn("\n.Sh EXIT STATUS\n", self.pages["lambda-outbox"])
        self.assertIn("\n.It Fl \\&\\-wait Ns Op Ns = Ns Ar \\&duration\n", self.pages["lambda-outbox-send"])
        self.assertIn('\n.Ss "dead redrive"\n', self.pages["lambda-outbox-dead"])
        for page in self.pages.values():
            self.assertTrue(".Sh EXAMPLES" in page or "\nExamples:\n" in page)
            self.assertTrue(page.startswith(".Dd January 2, 1970\n"))
            self.assertNotIn("log-type", page)

    @unittest.skipUnless(shutil.which("groff"), "groff isn't installed")
    def test_groff_has_nothing_to_say(self):
        for name in self.pages:
            run = subprocess.run(["groff", "-mdoc", "-Tutf8", "-ww", f"{self.folder.name}/{name}.1"],
                                 capture_output=True, text=True, timeout=60)
            self.assertEqual((run.returncode, run.stderr), (0, ""), name)

    @unittest.skipUnless(shutil.which("mandoc"), "mandoc isn't installed")
    def test_mandoc_has_nothing_to_say(self):
        for name in self.pages:
            run = subprocess.run(["mandoc", "-T", "lint", f"{self.folder.name}/{name}.1"],
                                 capture_output=True, text=True, timeout=60)
            # The other pages aren't installed here.
            said = [line for line in run.stdout.splitlines() if "referenced manual not found" not in line]
            self.assertEqual(said, [], name)


class Completions(unittest.TestCase):
    def script(self, shell):
        return subprocess.run([harness.binary(), "--generate-completion-script", shell], check=True,
                              capture_output=True, text=True).stdout

    def is_read_by(self, shell):
        run = subprocess.run([shell, "-n"], input=self.script(shell), capture_output=True, text=True, timeout=60)
        self.assertEqual((run.returncode, run.stderr), (0, ""))

    def test_bash_can_read_them(self):
        self.is_read_by("bash")

    @unittest.skipUnless(shutil.which("zsh"), "zsh isn't installed")
    def test_zsh_can_read_them(self):
        self.is_read_by("zsh")

    @unittest.skipUnless(shutil.which("fish"), "fish isn't installed")
    def test_fish_can_read_them(self):
        self.is_read_by("fish")

    def test_bash_completes_conditions(self):
        program = self.script("bash") + """
COMP_WORDS=(lambda-outbox dead list --condition '') COMP_CWORD=4 COMP_TYPE=9
COMP_LINE='lambda-outbox dead list --condition ' COMP_POINT=36
_lambda-outbox lambda-outbox '' --condition
printf '%s\\n' "${COMPREPLY[@]}"
"""
        run = subprocess.run(["bash"], input=program, capture_output=True, text=True, timeout=60)
        self.assertEqual(run.stdout.split(),
                         ["rejected", "exhausted", "expired", "suspected-poison", "moved", "corrupt"], run.stderr)


if __name__ == "__main__":
    unittest.main()
