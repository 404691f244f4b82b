"""Tests of the kit: its arguments, its encodings, and a process of it that a host talks to."""

import hashlib
import json
import os
import random
import signal
import stat
import subprocess
import sys
import tempfile
import time
import typing
import unittest

import host
import packer_plugin as kit

START = ["start", "provisioner", "--protobuf", "-packer-default-plugin-name-"]


class Disk(kit.Block):
    size: float


class Everything(kit.Provisioner):
    """Has an argument of every shape."""

    name: str
    """What it is called, | for short."""
    count: int = 3
    ratio: float = 0.5
    on: bool = False
    names: typing.List[str] = []
    tags: typing.Dict[str, str] = {"a": "b"}
    matrix: typing.List[typing.List[str]] = []
    maybe: typing.Optional[int] = None
    opts: typing.Optional[Disk] = None
    disk: typing.List[Disk] = []


def configured(*configs, component=None):
    component = component or Everything()
    kit._configure(component, list(configs))
    return component


def template(**values):
    return json.dumps({"value": values, "type": "dynamic"}).encode()


class Arguments(unittest.TestCase):
    def test_values_of_a_template_become_fields(self):
        made = configured(
            {"packer_build_name": "x", "packer_builder_type": "docker", "packer_debug": "true"},
            template(name="n", count=7, ratio=2, on=True, names=["a"], tags=None, opts={"size": 1}, disk=[{"size": 2}]),
        )
        self.assertEqual(("n", 7, 2.0, True, ["a"]), (made.name, made.count, made.ratio, made.on, made.names))
        self.assertEqual({"a": "b"}, made.tags)
        self.assertEqual((1.0, [2.0]), (made.opts.size, [each.size for each in made.disk]))
        self.assertEqual(("x", "docker", True, False), (made.build.name, made.build.type, made.build.debug, made.build.force))

    def test_a_later_value_counts_more(self):
        made = configured({}, template(name="n", count=1), {"count": 2}, None)
        self.assertEqual(2, made.count)

    def test_a_second_preparation_starts_anew(self):
        made = configured(template(name="n", count=1, names=["a"]))
        made.names.append("b")
        configured(template(name="m"), component=made)
        self.assertEqual(("m", 3, []), (made.name, made.count, made.names))

    def test_defaults_are_not_shared(self):
        configured(template(name="n")).tags["c"] = "d"
        self.assertEqual({"a": "b"}, configured(template(name="n")).tags)

    def test_templates_in_json_write_texts(self):
        context = {
            "packer_build_name": "b",
            "packer_builder_type": "t",
            "packer_force": True,
            "packer_template_path": "/a/t.json",
            "packer_user_variables": {"who": "me"},
        }
        placeholders = {"ID": "x", "PackerRunUUID": "Build_PackerRunUUID. To set this…"}
        values = {
            "name": "{{user `who`}} {{ build_name }} {{build_type}} {{template_dir}}",
            "count": "5",
            "on": "true",
            "names": "one",
            "ratio": "1.5",
            "disk": [{"size": "1"}],
            "opts": [{"size": 3}],
        }
        made = configured(values, context, placeholders)
        self.assertEqual("me b t /a", made.name)
        self.assertEqual((5, True, ["one"], 1.5, 3.0), (made.count, made.on, made.names, made.ratio, made.opts.size))
        self.assertTrue(made.build.force)

    def test_what_only_the_build_knows_is_not_checked_before(self):
        class Checked(kit.Provisioner):
            name: str
            tags: typing.Dict[str, str] = {}

            def prepare(self):
                raise kit.Failure("called")

        for values in [{"name": "a <unknown> b"}, {"name": "n", "tags": {"a": "<unknown>"}}]:
            self.assertIn("<unknown>", str(vars(configured(template(**values), component=Checked()))))
        with self.assertRaisesRegex(kit.Failure, "called"):
            configured(template(name="n"), component=Checked())
        with self.assertRaisesRegex(kit.Failure, "no argument called `nmae`"):
            configured(template(name="<unknown>", nmae="n"), component=Checked())

    def test_mistakes_are_told(self):
        for values, message in [
            ({}, "`name` is missing"),
            ({"name": "n", "nmae": "n"}, "there is no argument called `nmae`"),
            ({"name": "n", "count": 1.5}, "`count` must be a whole number, and is 1.5"),
            ({"name": "n", "count": "many"}, '`count` must be a whole number, and is "many"'),
            ({"name": "n", "ratio": "1e999999"}, None),
            ({"name": "n", "count": 10**400}, None),
            ({"name": "n", "on": "maybe"}, '`on` must be true or false, and is "maybe"'),
            ({"name": "n", "tags": ["a"]}, '`tags` must be a map, and is ["a"]'),
            ({"name": ["n"]}, '`name` must be a text, and is ["n"]'),
            ({"name": "n", "matrix": [["a"], [None]]}, "`matrix[1][0]` must not be null"),
            ({"name": "n", "disk": [{}]}, "`disk[0].size` is missing"),
            ({"name": "n", "disk": [{"size": 1, "sise": 1}]}, "there is no argument called `disk[0].sise`"),
            ({"name": "n", "disk": ["x"]}, "`disk[0]` must be a block"),
        ]:
            with self.subTest(values=str(values)[:60]):
                if message is None:
                    configured(template(**values))
                    continue
                with self.assertRaises(kit.Failure) as caught:
                    configured(template(**values))
                self.assertEqual(message, str(caught.exception))
        with self.assertRaisesRegex(kit.Failure, r"does not know `\{\{isotime\}\}`"):
            configured({"name": "{{isotime}}"}, {"packer_user_variables": None})

    def test_fields_that_cannot_be_arguments_are_refused(self):
        for name, hint, message in [
            ("build", str, "an argument cannot have this name"),
            ("fine", set, "an argument cannot be a `set`"),
            ("fine", typing.Dict[int, str], "an argument cannot be"),
        ]:
            wrong = type("Wrong", (kit.Provisioner,), {"__annotations__": {name: hint}})
            with self.assertRaisesRegex(TypeError, message):
                kit._fields(wrong)

    def test_the_reference_has_types_defaults_and_texts(self):
        text = kit._reference([Everything])
        self.assertIn("Has an argument of every shape.", text)
        self.assertIn("| `name` | string | **required** | What it is called, \\| for short. |", text)
        self.assertIn('| `tags` | map of string | `{"a": "b"}` |  |', text)
        self.assertIn("| `matrix` | list of list of string | `[]` |  |", text)
        self.assertIn("A block `disk`:\n\n| Argument | Type | Default | |\n| --- | --- | --- | --- |\n| `size` | number |", text)


class Encodings(unittest.TestCase):
    """The bytes are those that programs in Go were seen to write."""

    def test_a_specification_in_protobuf(self):
        class Two(kit.Provisioner):
            n: float = 0
            out: str = ""

        self.assertEqual(
            "0a3c0a1a0a016e121512130a016e120e0a0c0a0a6374792e4e756d626572"
            "0a1e0a036f7574121712150a036f7574120e0a0c0a0a6374792e537472696e67",
            kit._Protobuf.spec(Two).hex(),
        )
        self.assertEqual("0a00", kit._Protobuf.spec(type("None_", (kit.Provisioner,), {})).hex())

    def test_blocks_in_protobuf(self):
        class Size(kit.Block):
            size: float = 0

        class Blocks(kit.Provisioner):
            disk: typing.List[Size] = []

        self.assertIn(
            "222c0a046469736b12240a220a200a0473697a65121812160a0473697a65120e0a0c0a0a6374792e4e756d626572",
            kit._Protobuf.spec(Blocks).hex(),
        )

    def test_a_finished_command_in_gob(self):
        definition = kit._gob_struct_type(64, "CommandFinished", ("ExitStatus", 2))
        self.assertEqual(
            "2b7f0301010f436f6d6d616e6446696e697368656401ff80000101010a457869745374617475730104000000",
            definition.hex(),
        )
        for status, value in {
            0: "03ff8000", 1: "05ff80010200", 3: "05ff80010600", 64: "06ff8001ff8000", 123: "06ff8001fff600",
            128: "07ff8001fe010000", 255: "07ff8001fe01fe00", -1: "05ff80010100", 2300218: "08ff8001fd46327400",
        }.items():  # fmt: skip
            self.assertEqual(status, kit._gob_exit_status(definition + bytes.fromhex(value)))
        for broken in (b"", definition, definition[:-1], definition + b"\x05\xff"):
            self.assertEqual(123, kit._gob_exit_status(broken))

    def test_numbers_in_gob(self):
        self.assertEqual("010a00000040000000099600000000000000", kit._big_float(300).hex())
        self.assertEqual("010800000040", kit._big_float(0).hex())
        self.assertEqual("010b0000004000000001c000000000000000", kit._big_float(-1.5).hex())

    def test_calls_in_msgpack(self):
        self.assertEqual(
            bytes.fromhex("82ad536572766963654d6574686f64b24275696c6465722e436f6e66696753706563a353657100c0"),
            kit._pack({"ServiceMethod": "Builder.ConfigSpec", "Seq": 0}) + kit._pack(None),
        )
        self.assertEqual("d108ae", kit._pack(2222).hex())

    def test_what_is_packed_is_unpacked(self):
        source = random.Random(5)

        def value(depth=0):
            kind = source.randrange(9 if depth < 4 else 7)
            return (
                None, True, source.randrange(-(2**63), 2**63), source.randrange(-200, 300), source.random(),
                "ü" * source.choice([0, 3, 31, 32, 300, 70000 if depth == 0 else 5]),
                bytes(source.choice([0, 9, 255, 256])),
                [value(depth + 1) for _ in range(source.choice([0, 2, 17]) if kind == 7 else 0)],
                {str(key): value(depth + 1) for key in range(source.choice([0, 2, 17]) if kind == 8 else 0)},
            )[kind]  # fmt: skip

        for _ in range(300):
            one = value()
            packed = kit._pack(one)
            self.assertEqual(one, kit._Unpacker(Pieces(packed, source)).value())

    def test_broken_bytes_end_with_an_error(self):
        source = random.Random(6)
        for data in [b"\xc1", b"\x91" * 100 + b"\xc0", b"\x81\x90\xc0", b"\xdb\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff"]:
            with self.assertRaises((EOFError, ConnectionError)):
                kit._Unpacker(Pieces(data, source)).value()
        for _ in range(2000):
            data = bytes(source.randrange(256) for _ in range(source.randrange(30)))
            try:
                kit._Unpacker(Pieces(data, source)).value()
            except (EOFError, ConnectionError):
                pass

    def test_large_numbers_travel_as_texts(self):
        self.assertEqual([1, 2, "9223372036854775808", 0.5, True], kit._number_forms([1, 2.0, 2**63, 0.5, True]))


class Pieces:
    """A stream that comes in pieces of any size."""

    def __init__(self, data, source):
        self.data, self.source = data, source

    def read(self):
        size = self.source.randrange(1, 40)
        piece, self.data = self.data[:size], self.data[size:]
        return piece


SAMPLE = """
from packer_plugin import CommandFailed, DataSource, Block, Failure, Made, PostProcessor, Provisioner, serve
import sys, time, io

class Sample(Provisioner):
    how: str = "run"

    def prepare(self):
        if self.how == "refused":
            raise Failure("`how` cannot be that")

    def provision(self, machine, ui):
        getattr(self, self.how)(machine, ui)

    def run(self, machine, ui):
        machine.run("echo out; printf 'half'; echo err >&2; cat", input="in\\n")
        ui.say(f"{machine.result('exit 7').status} {self.build.data['ID']} {ui.ask('this')}")
        try:
            machine.read("echo wrong >&2; exit 3")
        except CommandFailed as error:
            ui.say(error)
        print("for the log")

    def files(self, machine, ui):
        machine.upload(b"content", "file", mode=0o600)
        into = io.BytesIO()
        machine.download("file", into)
        ui.say(into.getvalue().decode())

    def bulk(self, machine, ui):
        machine.download("big", "copy-here")
        machine.upload("copy-here", "copy-there")
        class Count:
            total = 0
            def write(self, data):
                self.total += len(data)
        count = Count()
        with open("big", "rb") as big:
            machine.start("cat", input=big, stdout=count)
        ui.say(count.total)
        with open("/proc/self/status") as status:
            ui.say(next(line.split()[1] for line in status if line.startswith("VmHWM")))

    def many(self, machine, ui):
        for index in range(300):
            machine.read(f"echo {index}")
        ui.say("done")

    def endless(self, machine, ui):
        machine.output_limit = 1000
        machine.read("yes")

    def unread(self, machine, ui):
        ui.say(machine.start("exec 0<&-; sleep 0.2; exit 5", input=b"x" * 3_000_000))

    def wait(self, machine, ui):
        ui.say("waiting")
        try:
            machine.run("sleep 60")
        finally:
            with open("cleaned", "w"):
                pass

    def broken(self, machine, ui):
        return {}["key"]

    def absent(self, machine, ui):
        machine.upload("not-here", "there")

    def leaves(self, machine, ui):
        sys.exit("goes away")

    def silent(self, machine, ui):
        raise Failure()

class Note(PostProcessor, component="note"):
    def post_process(self, artifact, ui):
        ui.say(f"{artifact}")

class Facts(DataSource, component="facts"):
    class Output(Block):
        number: int
        inner: list[int]
    def read(self):
        return self.Output(number=300, inner=[1, "x"])

if __name__ == "__main__":
    serve("1.2.3", Sample, Note, Facts)
"""


class Process(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.command = host.write_plugin(self.folder, SAMPLE)

    def host(self, arguments=START, command=None):
        plugin = host.Host((command or self.command) + arguments, self.folder)
        self.addCleanup(plugin.process.stderr.close)
        self.addCleanup(plugin.process.stdout.close)
        self.addCleanup(plugin.process.wait)
        self.addCleanup(plugin.process.kill)
        return plugin

    def provisioned(self, how):
        plugin = self.host().connect().dial()
        plugin.prepare("Provisioner.Prepare", {"how": how})
        plugin.provision({"ID": "the-id"})
        self.assertEqual(0, plugin.close())
        return plugin

    def test_it_describes_itself(self):
        output = subprocess.run(self.command + ["describe"], env=host.environment(), capture_output=True, check=True)
        self.assertEqual(
            {
                "version": "1.2.3", "sdk_version": kit.KIT_VERSION, "api_version": "x5.0", "builders": [],
                "post_processors": ["note"], "provisioners": ["-packer-default-plugin-name-"],
                "datasources": ["facts"], "protocol_version": "v2",
            },
            json.loads(output.stdout),
        )  # fmt: skip

    def test_it_is_not_started_by_hand(self):
        for arguments, cookie in [(START, ""), ([], kit._COOKIE), (["start", "builder", "x"], kit._COOKIE)]:
            output = subprocess.run(
                self.command + arguments,
                env=host.environment(PACKER_PLUGIN_MAGIC_COOKIE=cookie),
                capture_output=True,
            )
            self.assertEqual((1, b""), (output.returncode, output.stdout))
            self.assertTrue(output.stderr)

    def test_commands_run_and_their_output_is_shown(self):
        plugin = self.provisioned("run")
        self.assertEqual(
            ["7 the-id answer to this", "`echo wrong >&2; exit 3` ended with status 3: wrong", "halfin", "out"],
            sorted(plugin.said),
        )
        self.assertEqual(["err"], plugin.errors)
        self.assertIn(b"for the log\n", plugin.log)

    def test_files_go_both_ways(self):
        plugin = self.provisioned("files")
        self.assertEqual(["content"], plugin.said)
        self.assertEqual(("file", 7, 0o600), tuple(plugin.file_info[name] for name in "NSM"))

    def test_much_data_costs_little_memory(self):
        size, block = 48 << 20, os.urandom(1 << 20)
        with open(os.path.join(self.folder, "big"), "wb") as file:
            for _ in range(size >> 20):
                file.write(block)
        plugin = self.provisioned("bulk")
        self.assertEqual(size, int(plugin.said[0]))
        self.assertLess(int(plugin.said[1]), 40 << 10, "KiB")
        digests = set()
        for name in ("big", "copy-here", "copy-there"):
            with open(os.path.join(self.folder, name), "rb") as file:
                digests.add(hashlib.sha256(file.read()).hexdigest())
        self.assertEqual(1, len(digests))

    def test_streams_are_given_back(self):
        plugin = self.host().connect().dial()
        plugin.prepare("Provisioner.Prepare", {"how": "many"})
        plugin.provision()
        self.assertEqual(["done"], plugin.said)
        # The main channel, and what the last moments have not closed yet.
        self.assertLess(len(plugin.session._streams), 8)

    def test_output_without_end_is_an_error(self):
        with self.assertRaisesRegex(kit.Failure, "`yes` printed more than 1000 bytes"):
            self.provisioned("endless")

    def test_a_command_need_not_read_its_input(self):
        self.assertEqual(["5"], self.provisioned("unread").said)

    def test_mistakes_become_messages(self):
        for how, message in [
            ("refused", "`how` cannot be that"),
            ("broken", r"KeyError: 'key' \(sample.py, line \d+\)"),
            ("absent", r"FileNotFoundError: .*'not-here' \(sample.py, line \d+\)"),
            ("leaves", "SystemExit: goes away"),
            ("silent", "Failure"),
        ]:
            with self.subTest(how=how), self.assertRaisesRegex(kit.Failure, message):
                self.provisioned(how)

    def test_it_stops_when_it_is_told_to(self):
        plugin = self.host().connect().dial()
        plugin.prepare("Provisioner.Prepare", {"how": "wait"})
        provision = plugin.start_provision()
        while not plugin.said:
            time.sleep(0.01)
        plugin.call("Provisioner.Cancel")
        with self.assertRaisesRegex(kit.Failure, "^context canceled$"):
            provision.wait(5)
        self.assertTrue(os.path.exists(os.path.join(self.folder, "cleaned")))

    def test_it_cleans_up_and_ends_with_the_connection(self):
        plugin = self.host().connect().dial()
        plugin.prepare("Provisioner.Prepare", {"how": "wait"})
        plugin.start_provision()
        while not plugin.said:
            time.sleep(0.01)
        self.assertEqual(0, plugin.close())
        self.assertTrue(os.path.exists(os.path.join(self.folder, "cleaned")))

    def test_signals_are_for_the_host(self):
        plugin = self.host().connect().dial()
        for each in (signal.SIGINT, signal.SIGTERM):
            plugin.process.send_signal(each)
        plugin.prepare("Provisioner.Prepare", {"how": "silent"})
        self.assertEqual(0, plugin.close())

    def test_the_socket_is_private_and_goes_away(self):
        plugin = self.host()
        self.assertRegex(plugin.greeting, r"^5\|0\|unix\|/")
        self.assertEqual(0o600, stat.S_IMODE(os.stat(plugin.address).st_mode))
        plugin.connect().dial()
        self.assertFalse(os.path.exists(plugin.address))

    def test_it_ends_if_nobody_calls(self):
        plugin = self.host().connect()
        self.assertEqual(0, plugin.process.wait(10))
        plugin.connection.close()

    def test_it_ends_with_a_host_that_never_connects(self):
        starter = "import subprocess, sys; subprocess.Popen(sys.argv[1:], stdout=1); sys.stdin.read()"
        outer = subprocess.Popen(
            [sys.executable, "-c", starter, *self.command, *START],
            env=host.environment(TMPDIR=self.folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        address = outer.stdout.readline().decode().strip().rpartition("|")[2]
        self.assertTrue(os.path.exists(address))
        outer.kill()
        # The end of its output is the end of the plugin, which holds the other copy of it.
        outer.communicate(timeout=10)
        self.assertFalse(os.path.exists(address))

    def test_a_ping_is_answered_while_it_works(self):
        plugin = self.host().connect().dial()
        plugin.prepare("Provisioner.Prepare", {"how": "wait"})
        plugin.start_provision()
        answered = []
        frame = plugin.session._frame

        def watched(reader, version, kind, flags, id, length):
            if kind == kit._PING:
                answered.append((flags, id, length))
            frame(reader, version, kind, flags, id, length)

        plugin.session._frame = watched
        plugin.session.send(kit._PING, kit._SYN, 0, 4711)
        end = time.monotonic() + 5
        while not answered and time.monotonic() < end:
            time.sleep(0.01)
        self.assertEqual([(kit._ACK, 0, 4711)], answered)

    def test_too_much_data_ends_the_connection(self):
        for frame in [
            kit._HEADER.pack(0, kit._DATA, 0, 1, 0xFFFFFFFF),
            kit._HEADER.pack(0, 9, 0, 1, 0),
            kit._HEADER.pack(1, kit._DATA, 0, 1, 0),
            kit._HEADER.pack(0, kit._UPDATE, kit._SYN, 1, 0),
        ]:
            plugin = self.host().connect().dial()
            plugin.connection.sendall(frame)
            self.assertEqual(0, plugin.process.wait(10))

    def test_unknown_calls_are_answered(self):
        plugin = self.host().connect().dial()
        for name, message in [("Builder.Run", "can't find service Builder.Run"),
                              ("Provisioner.Run", "can't find method Provisioner.Run")]:  # fmt: skip
            with self.assertRaisesRegex(kit.Failure, f"^rpc: {message}$"):
                plugin.call(name)

    def test_a_post_processor_hands_on_what_it_gets(self):
        plugin = self.host(["start", "post-processor", "note"]).connect().dial()
        plugin.prepare("PostProcessor.Configure", {})
        offer = plugin.broker.offer()
        artifact = {"Artifact.String": lambda _: "it", "Artifact.Id": lambda _: "id", "Artifact.Files": lambda _: None}
        offer.then(lambda stream: kit._serve_calls(stream, {**plugin.methods(), **artifact}))
        reply = plugin.call("PostProcessor.PostProcess", offer.id)
        self.assertEqual((None, True, ["it"]), (reply["Err"], reply["Keep"], plugin.said))
        handed_on = kit.Artifact(kit._Client(plugin.broker.dial(reply["StreamId"])))
        self.assertEqual(("id", []), (handed_on.id, handed_on.files))

    def test_a_data_source_checks_what_it_has_read(self):
        plugin = self.host(["start", "datasource", "facts"]).connect().dial()
        plugin.prepare("Datasource.Configure", {})
        with self.assertRaisesRegex(kit.Failure, r"`inner\[1\]` must be a whole number"):
            plugin.call("Datasource.Execute")

    def test_a_bundle_is_one_file(self):
        script = os.path.join(host.HERE, "packer_plugin.py")
        subprocess.run(
            [sys.executable, script, "bundle", self.command[1]],
            cwd=self.folder, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        bundle = os.path.join(self.folder, "packer-plugin-sample")
        plain = {**host.environment(), "PYTHONPATH": ""}
        output = subprocess.run([bundle, "describe"], env=plain, capture_output=True, check=True)
        self.assertIn(b'"1.2.3"', output.stdout)
        plugin = self.host(command=[bundle]).connect().dial()
        plugin.prepare("Provisioner.Prepare", {"how": "files"})
        plugin.provision()
        self.assertEqual(["content"], plugin.said)

    def test_a_packer_before_plugins_had_arguments_is_greeted_its_way(self):
        old = os.path.join(self.folder, "packer-provisioner-sample")
        os.symlink(self.command[1], old)
        plugin = self.host([], command=[sys.executable, old])
        self.assertRegex(plugin.greeting, r"^5\|unix\|/")
        plugin.connect().dial()
        self.assertIn(b"ObjectSpec", plugin.call("Provisioner.ConfigSpec")["ConfigSpec"])


if __name__ == "__main__":
    unittest.main()
