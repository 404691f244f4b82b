"""Tests of the example: what it accepts, and what its script does to a folder."""

import os
import re
import subprocess
import tempfile
import unittest

import packer_plugin as kit
import slim


def prepared(**values):
    made = slim.Slim()
    kit._configure(made, [{}, values])
    return made


class Arguments(unittest.TestCase):
    def test_what_cannot_be_meant_is_refused(self):
        for values in [
            {"remove": ["everything"]},
            {"also": ["relative"]},
            {"also": ["/"]},
            {"also": ["/*"]},
            {"also": ["/tmp/"]},
            {"also": ["/opt/../etc"]},
            {"also": ["/opt/a\nb"]},
            {"keep_locales": ["en'; reboot"]},
        ]:
            with self.subTest(values=values), self.assertRaises(kit.Failure):
                prepared(**values)
        prepared(also=["/build", "/opt/*/tests", "/srv/a b/$x"], keep_locales=["en", "pt_BR", "sr@latin"])

    def test_only_patterns_are_special_in_paths(self):
        for path in ["/a b/$HOME/`id`", "/it's", "/{a,b}~;&|<>\"\\"]:
            output = subprocess.run(["sh", "-c", f"printf %s {slim.quoted(path)}"], capture_output=True, check=True)
            self.assertEqual(path, output.stdout.decode())
        self.assertEqual("/opt/*/[a-c]?", slim.quoted("/opt/*/[a-c]?"))


class Script(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        for name in ("a/tests/one", "b c/tests/two", "b c/kept", "outside/file"):
            os.makedirs(os.path.dirname(os.path.join(self.folder, name)), exist_ok=True)
            with open(os.path.join(self.folder, name), "wb") as file:
                file.write(bytes(8192))
        os.mkdir(f"{self.folder}/d")
        os.symlink(f"{self.folder}/outside", f"{self.folder}/d/tests")

    def run_script(self, made):
        return subprocess.run(["sh"], input=made.script().encode(), capture_output=True, check=True).stdout.decode()

    def test_it_removes_and_counts_what_is_named(self):
        output = self.run_script(prepared(remove=[], also=[f"{self.folder}/*/tests", f"{self.folder}/none"]))
        self.assertEqual(2, len(re.findall(r"^also [1-9][0-9]*$", output, re.MULTILINE)), output)
        left = sorted(os.path.relpath(os.path.join(top, name), self.folder) for top, _, names in os.walk(self.folder) for name in names)
        self.assertEqual(["b c/kept", "outside/file"], left)
        self.assertTrue(os.path.islink(f"{self.folder}/d/tests"))

    def test_a_report_removes_nothing(self):
        output = self.run_script(prepared(remove=[], also=[f"{self.folder}/a"], only_report=True))
        self.assertRegex(output, r"^also \d+\n$")
        self.assertTrue(os.path.exists(f"{self.folder}/a/tests/one"))

    def test_what_is_mounted_is_left_alone(self):
        if not os.path.ismount("/proc"):
            self.skipTest("there is no mounted folder")
        output = self.run_script(prepared(remove=[], also=["/proc", "/proc/self", "/proc/self/fd"], only_report=True))
        self.assertEqual("mounted /proc\nmounted /proc/self/fd\n", output)

    def test_the_whole_script_is_plain_shell(self):
        subprocess.run(["sh", "-n"], input=prepared(also=["/opt/*"]).script().encode(), check=True)


class Page(unittest.TestCase):
    def test_the_reference_in_the_readme_is_made_from_the_code(self):
        with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "README.md"), encoding="utf-8") as file:
            self.assertIn(kit._reference([slim.Slim]), file.read())


if __name__ == "__main__":
    unittest.main()
