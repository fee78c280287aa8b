"""README.md, CHANGELOG.md and docs/: links lead somewhere, commands and settings are the program's, and the words that
operators look up are words that it says."""

import pathlib
import re
import shlex
import subprocess
import tempfile
import unittest

import chain
from chain import harness

PAGES = [harness.ROOT / "README.md", harness.ROOT / "CHANGELOG.md", *sorted((harness.ROOT / "docs").glob("*.md"))]
MANUAL = harness.ROOT / "docs" / "OPERATIONS.md"


def program(*arguments):
    """Exit status and everything printed."""
    run = subprocess.run([harness.binary(), *arguments], env=harness.clean_environment(), capture_output=True,
                         text=True, timeout=60)
    return run.returncode, run.stdout + run.stderr


def without_code(text):
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(page):
    """What GitHub makes of a page's headings."""
    headings = re.findall(r"^#+ (.*)$", without_code(page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands(page):
    """Every use of the program in blocks and in code spans, as lists of words."""
    text = page.read_text().replace("\\\n", " ")
    spans = re.findall(r"`(lambda-outbox [^`\n]+)`", text)
    lines = re.findall(r"^[ $#\w]*?(?:\$|#|&&|\|)? *(lambda-outbox .*)$", text, re.MULTILINE)
    for command in spans + lines:
        # A message of the program begins with its name and a colon; a shell's own words end a command.
        command = re.split(r" (?:[|<>&;]|#|2>|&&)|; |\)", command)[0].split("…")[0]
        try:
            words = shlex.split(command)[1:]
        except ValueError:
            continue
        if words and re.fullmatch(r"[a-z-]+", words[0]):
            yield words


class Links(unittest.TestCase):
    def test_every_link_leads_somewhere(self):
        for page in PAGES:
            for target in re.findall(r"\]\(([^)\s]+)\)", without_code(page.read_text())):
                if target.startswith(("http://", "https://")):
                    continue
                path, _, anchor = target.partition("#")
                other = (page.parent / path).resolve() if path else page
                with self.subTest(page=page.name, link=target):
                    self.assertTrue(other.exists(), "there is no such file")
                    if anchor:
                        self.assertIn(anchor, anchors(other))


# Commands that have commands.
GROUPS = ("events", "functions", "dead", "config")


class Commands(unittest.TestCase):
    def test_every_command_and_option_on_the_pages_exists(self):
        helps = {}
        seen = 0
        for page in PAGES:
            for words in commands(page):
                path = [words[0]]
                if words[0] in GROUPS and len(words) > 1 and re.fullmatch("[a-z][a-z-]*", words[1]):
                    path.append(words[1])
                if words[0] == "help":
                    path = [word for word in words[1:] if word.islower()]
                key = tuple(path)
                if key not in helps:
                    helps[key] = program(*path, "--help")
                status, text = helps[key]
                seen += 1
                with self.subTest(page=page.name, command=" ".join(words)):
                    self.assertEqual(status, 0, text)
                    for option in re.findall(r"^--[a-z-]+", "\n".join(words), re.MULTILINE):
                        self.assertRegex(text, rf"{option}\b")
        self.assertGreater(seen, 20, "the pages show the program's use")

    def test_every_configuration_on_the_pages_is_right(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "config.yaml"
            for page in PAGES:
                for block in re.findall(r"^```yaml\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL):
                    file.write_text(block)
                    with self.subTest(page=page.name, block=block):
                        status, text = program("config", "check", str(file))
                        self.assertEqual(status, 0, text)


class Reasons(unittest.TestCase):
    """The first columns of the manual's tables under "What is wrong": what an operator has before him and looks up."""

    def setUp(self):
        text = MANUAL.read_text()
        start = text.index("\n## What is wrong, and what to do")
        self.section = text[start:text.index("\n## Outages", start)]
        sources = [path.read_text() for path in sorted((harness.ROOT / "Sources").rglob("*.swift"))]
        # Texts are broken over lines as "…" + "…".
        self.sources = re.sub(r'"\s*\+\s*"', "", "\n".join(sources))

    def test_every_text_that_is_explained_is_one_that_the_program_says(self):
        rows = re.findall(r"^\| (`.*?) \|", self.section, re.MULTILINE)
        phrases = [phrase for row in rows for phrase in re.findall(r"`([^`]+)`", row)]
        self.assertGreater(len(phrases), 40)
        for phrase in phrases:
            with self.subTest(phrase=phrase):
                missing = [part for part in self.parts(phrase) if part not in self.sources]
                self.assertEqual(missing, [])

    @staticmethod
    def parts(phrase):
        """A phrase's fixed parts: `…` and numbers stand for anything, and codes are known without their ending."""
        pieces = re.split(r"…|: |\d+(?:\.\d+)?|HTTP-\d+|\(|\)|config\.yaml|outbox\.db(?:-wal)?", phrase)
        pieces = [re.sub(r"Exception$", "", piece.strip(" :,.-")) for piece in pieces]
        return [piece for piece in pieces if len(piece) > 2]


if __name__ == "__main__":
    unittest.main()
