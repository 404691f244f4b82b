"""A plugin with something of everything, made with the kit for Python."""

import io
import typing

from packer_plugin import Block, CommandFailed, DataSource, Failure, Made, PostProcessor, Provisioner, serve


class Disk(Block):
    size: float
    label: str = "none"


class Probe(Provisioner, component="probe"):
    text: str
    count: int = 3
    on: bool = False
    names: typing.List[str] = ["a"]
    table: typing.Dict[str, str] = {}
    grid: typing.List[typing.List[str]] = []
    single: typing.Optional[Disk] = None
    disk: typing.List[Disk] = []

    def prepare(self):
        if self.count > 100:
            raise Failure("`count` is too large")

    def provision(self, machine, ui):
        ui.say(f"{self.text} {self.count} {self.on} {self.names} {self.table} {self.grid}")
        ui.say(f"{self.single.size} {[(disk.size, disk.label) for disk in self.disk]} {self.build.data['Port']}")
        machine.run("echo out; echo err >&2; cat", input="input\n")
        try:
            machine.read("echo wrong >&2; exit 3")
        except CommandFailed as error:
            ui.say(error)
        machine.upload(b"content", "some/file", mode=0o600)
        ui.say(machine.read("stat -c %a some/file; cat some/file"))
        large, back = bytes(range(256)) * 32768, io.BytesIO()
        machine.upload(large, "large")
        machine.download("large", back)
        through = machine.start("cat", input=large, stdout=(counted := Count()))
        ui.say(f"{back.getvalue() == large} {through} {counted.total}")


class Count:
    total = 0

    def write(self, data):
        self.total += len(data)


class Wait(Provisioner, component="wait"):
    def provision(self, machine, ui):
        ui.say("waiting")
        machine.run("sleep 60")


class Facts(DataSource, component="facts"):
    path: str = "."

    class Output(Block):
        number: float
        text: str
        disks: typing.List[Disk]
        table: typing.Dict[str, str]
        flags: typing.List[bool]
        nothing: typing.Optional[str] = None

    def read(self):
        return self.Output(
            number=-1.5, text=self.path, disks=[Disk(size=2, label="ü")], table={"a": "b"}, flags=[True, False]
        )


class Note(PostProcessor, component="note"):
    def post_process(self, artifact, ui):
        ui.say(f"{artifact} {artifact.id} {artifact.builder_id} {artifact.files} {artifact.state('generated_data')}")


class Wrap(PostProcessor, component="wrap"):
    output: str

    def post_process(self, artifact, ui):
        with open(self.output, "w", encoding="utf-8") as file:
            file.write(artifact.id)
        return Made(f"made of {artifact.id}", files=[self.output], builder_id="wrap", state={"list": ["a", 1]})


if __name__ == "__main__":
    serve("0.1.0", Probe, Wait, Facts, Note, Wrap)
