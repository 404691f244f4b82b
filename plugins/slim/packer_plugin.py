# SPDX-License-Identifier: MIT OR Apache-2.0
"""Packer plugins in Python: this one file, and nothing to install.

    from packer_plugin import Provisioner, serve

    class Greet(Provisioner):
        \"\"\"Greets from inside the machine.\"\"\"

        who: str = "world"
        \"\"\"Who is greeted.\"\"\"

        def provision(self, machine, ui):
            ui.say(f"hello {self.who} from {machine.read('uname -n').strip()}")

    if __name__ == "__main__":
        serve("0.1.0", Greet)

`python3 packer_plugin.py bundle greet.py` makes `packer-plugin-greet` of it, one executable file that
is installed as a program is.

A component is a class: a `Provisioner`, a `PostProcessor` or a `DataSource`. Its fields are its arguments in a
template: `str`, `int`, `float`, `bool`, `list[T]`, `dict[str, T]` or `Optional[T]` of those, a class that
derives from `Block` for a block, a `list` of such a class for blocks that may be repeated. A field without a
default must be given. `class Tag(PostProcessor, component="tag")` is `greet-tag` in a template; without a
name it is `greet`.

`print` goes to the log, as everything on standard error does; what users should see goes to `ui`.

It needs Python 3.9 or newer on a Unix. The file reads from the top: what authors use, then what turns fields
into arguments, then the protocol, layer by layer.
"""

import collections
import copy
import io
import json
import os
import queue
import re
import signal
import socket
import stat
import struct
import sys
import threading
import time
import traceback
import types
import typing

KIT_VERSION = "0.1.0"


# ---- What authors use ------------------------------------------------------------------------------------


class Failure(Exception):
    """Something went wrong, in words for the user: raise it to end the build with this message."""


class CommandFailed(Failure):
    """A command ended with a status other than 0, which is in `status`."""

    def __init__(self, command, status, errors=""):
        shown = command if len(command) <= 200 else command[:200] + "…"
        super().__init__(f"`{shown}` ended with status {status}" + (f": {errors}" if errors else ""))
        self.status = status


class Cancelled(Failure):
    """The user gave up, or a timeout passed. Let it pass through, after cleaning up."""

    def __init__(self):
        super().__init__("context canceled")


class Block:
    """Arguments that stand in a block of their own, or the output of a data source."""

    def __init__(self, **values):
        for name, field in _fields(type(self)).items():
            setattr(self, name, values.pop(name) if name in values else field.fallback())
        if values:
            raise TypeError(f"{type(self).__name__} has no field `{next(iter(values))}`")


class Build:
    """What is known about the build that a component works for.

    `name` and `type` are those of the source; `debug` and `force` the flags of the command; `on_error` its
    policy; `data` what the builder tells about the machine, such as `ID`, by name.
    """

    def __init__(self):
        self.name = self.type = self.core_version = self.on_error = self.template_path = ""
        self.debug = self.force = False
        self.variables = {}
        self.data = {}


class _Component:
    kind = ""
    component = ""

    def __init_subclass__(cls, component="", **rest):
        super().__init_subclass__(**rest)
        cls.component = component

    def __init__(self):
        self.build = Build()
        self.cancelled = threading.Event()
        for name, field in _fields(type(self)).items():
            setattr(self, name, field.fallback())

    def prepare(self):
        """Checks the arguments, and raises `Failure` if they cannot be right.

        It is called when a template is validated and again, more than once, when it is built. While a text
        is not known before the build, it is not called; a number that is not known is 0.
        """


class Provisioner(_Component):
    """Changes the machine that a builder has started."""

    kind = "provisioner"

    def provision(self, machine: "Machine", ui: "Ui") -> None:
        """Does the work with a `Machine` and a `Ui`. `self.cancelled` is set when it should stop."""
        raise NotImplementedError


class PostProcessor(_Component):
    """Does something with what a build has made."""

    kind = "post-processor"

    def post_process(self, artifact: "Artifact", ui: "Ui"):
        """Gets what the builder, or the post-processor before, has made.

        What it returns goes to the next post-processor: a `Made`, or the same artifact, which is then kept.
        Returning nothing is returning the same artifact.
        """
        raise NotImplementedError


class DataSource(_Component):
    """Finds out something that a template needs to know."""

    kind = "datasource"

    class Output(Block):
        """The fields are what a template sees."""

    def read(self):
        """Returns an `Output`."""
        raise NotImplementedError


class Made:
    """An artifact that a post-processor of this plugin has made.

    `id` names it, `files` are its files, `text` is what users see of it. With `keep_input` the artifact it was
    made from is not deleted. `state` is what others may ask for by name. `destroy` is called, without
    arguments, when it is no longer wanted; without one, its files are deleted then.
    """

    def __init__(self, id, files=(), text="", builder_id="", keep_input=False, state=None, destroy=None):
        self.id, self.files, self.text = id, [os.fspath(file) for file in files], text or id
        self.builder_id, self.keep_input = builder_id, keep_input
        self.state, self.destroy = dict(state or {}), destroy


class Artifact:
    """What a build has made so far."""

    def __init__(self, client):
        self._client = client

    @property
    def builder_id(self):
        """Which builder or post-processor made it."""
        return self._client.call("Artifact.BuilderId")

    @property
    def id(self):
        """Its name, such as the id of an image."""
        return self._client.call("Artifact.Id")

    @property
    def files(self):
        """The paths of its files; none if it is not made of files."""
        return self._client.call("Artifact.Files") or []

    def __str__(self):
        return self._client.call("Artifact.String")

    def state(self, name: str):
        """Something more that its maker tells, by name; `None` if there is nothing."""
        return self._client.call("Artifact.State", name)

    def destroy(self):
        """Deletes it."""
        self._client.call("Artifact.Destroy")


class Ui:
    """What users see, and the answers they give."""

    def __init__(self, client):
        self._client = client

    def say(self, text: object) -> None:
        """Shows a line, or several."""
        self._client.call("Ui.Say", str(text))

    def error(self, text: object) -> None:
        """Shows a line, or several, as a mistake; the build goes on."""
        self._client.call("Ui.Error", str(text))

    def ask(self, question: str) -> str:
        """Asks the user, and returns the answer; fails where nobody can be asked."""
        return self._client.call("Ui.Ask", str(question))


class Result:
    """What a command left behind: its `status`, and its output as bytes."""

    def __init__(self, status, stdout=b"", stderr=b""):
        self.status, self.stdout, self.stderr = status, stdout, stderr


class Machine:
    """The machine that is being built. Its methods may be called from several threads at once."""

    #: How much of a command's output `read` and `result` take, in bytes.
    output_limit = 16 * 1024 * 1024

    def __init__(self, client, broker, ui):
        self._client, self._broker, self._ui = client, broker, ui

    def run(self, command: str, input=b"") -> None:
        """Runs a command of the machine's shell, and shows its output as it comes.

        Raises `CommandFailed` if its status is not 0. `input`, text or bytes, is its standard input.
        """
        status = self.start(
            command, input, _Lines(self._ui.say), _Lines(self._ui.error)
        )
        if status != 0:
            raise CommandFailed(command, status)

    def read(self, command: str, input=b"") -> str:
        """Runs a command and returns its standard output as text; raises `CommandFailed` with its errors."""
        result = self.result(command, input)
        if result.status != 0:
            raise CommandFailed(command, result.status, _text(result.stderr).strip())
        return _text(result.stdout)

    def result(self, command: str, input=b"") -> Result:
        """Runs a command and returns its `Result`, whatever its status."""
        stdout, stderr = _Kept(command, self.output_limit), _Kept(command, self.output_limit)
        status = self.start(command, input, stdout, stderr)
        return Result(status, stdout.bytes(), stderr.bytes())

    def start(self, command: str, input=b"", stdout=None, stderr=None) -> int:
        """Runs a command and returns its status.

        `input` is text, bytes or a binary file. `stdout` and `stderr` get bytes by their method `write`, from
        threads of their own; with `None` what comes is not asked for.
        """
        offers = {
            "StdinStreamId": self._broker.offer() if input else None,
            "StdoutStreamId": self._broker.offer() if stdout is not None else None,
            "StderrStreamId": self._broker.offer() if stderr is not None else None,
            "ResponseStreamId": self._broker.offer(),
        }
        with self._client.owned(offers.values()) as pumps:
            self._client.call(
                "Communicator.Start",
                {"Command": command, **{name: offer.id if offer else 0 for name, offer in offers.items()}},
            )
            if input:
                pumps.send(_reader(input), offers["StdinStreamId"])
            finished = pumps.receive(io.BytesIO(), offers["ResponseStreamId"])
            outputs = [
                pumps.receive(sink, offers[name])
                for name, sink in (("StdoutStreamId", stdout), ("StderrStreamId", stderr))
                if sink is not None
            ]
            for output in outputs:
                output.wait()
            status = _gob_exit_status(finished.wait().getvalue())
        if status == _CONNECTION_LOST:
            raise Failure("the connection to the machine is lost")
        return status

    def upload(self, source, path: str, mode: typing.Optional[int] = None) -> None:
        """Writes a file of the machine. `source` is bytes, a binary file, or the path of a file here.

        A path brings its mode along; `mode` sets another.
        """
        if isinstance(source, (str, os.PathLike)):
            with open(source, "rb") as file:
                self._upload(file, path, mode, os.fstat(file.fileno()))
        else:
            self._upload(_reader(source), path, mode, None)

    def _upload(self, file, path, mode, found):
        info = None
        if found is not None or mode is not None:
            size = found.st_size if found is not None else _size(file)
            info = {
                "N": os.path.basename(path),
                "S": size,
                "M": mode if mode is not None else stat.S_IMODE(found.st_mode),
                "T": _Time(found.st_mtime if found is not None else time.time()),
            }
        offer = self._broker.offer()
        with self._client.owned([offer]) as pumps:
            body = {"Path": path, "ReaderStreamId": offer.id, "FileInfo": info}
            uploaded = self._client.start("Communicator.Upload", body)
            pumps.send(file, offer)
            uploaded.wait()

    def download(self, path: str, target) -> None:
        """Reads a file of the machine into `target`: a binary file, or a path here, which is replaced."""
        if isinstance(target, (str, os.PathLike)):
            with open(target, "wb") as file:
                self._download(path, file)
        else:
            self._download(path, target)

    def _download(self, path, file):
        offer = self._broker.offer()
        with self._client.owned([offer]) as pumps:
            body = {"Path": path, "WriterStreamId": offer.id}
            downloaded = self._client.start("Communicator.Download", body)
            written = pumps.receive(file, offer)
            downloaded.wait()
            written.wait()

    def upload_dir(self, source, path: str, exclude=()) -> None:
        """Copies a folder of this computer into the machine; with a final `/` what is in it."""
        self._client.call("Communicator.UploadDir", _folders(path, os.path.abspath, source, exclude))

    def download_dir(self, path: str, target, exclude=()) -> None:
        """Copies a folder of the machine to this computer."""
        self._client.call("Communicator.DownloadDir", _folders(os.path.abspath(target), str, path, exclude))


def serve(version: str, *components: type) -> typing.NoReturn:
    """Is the plugin: does what its host asks for on the command line, and returns when there is no more to do.

    `version` is the plugin's, such as `1.2.3` or `1.2.3-dev`. Ends the program.
    """
    sys.exit(_main(version, components, sys.argv))


def _folders(destination, clean, source, exclude):
    source = os.fspath(source)
    # `abspath` loses the slash that tells a folder from what is in it.
    ending = "/" if source.endswith("/") and not clean(source).endswith("/") else ""
    return {"Dst": destination, "Src": clean(source) + ending, "Exclude": list(exclude) or None}


def _reader(source):
    """Text, bytes or a file as a file."""
    if isinstance(source, str):
        source = source.encode()
    return io.BytesIO(source) if isinstance(source, (bytes, bytearray, memoryview)) else source


def _size(file):
    if not file.seekable():
        return 0
    here = file.tell()
    size = file.seek(0, os.SEEK_END) - here
    file.seek(here)
    return size


def _text(data):
    return data.decode("utf-8", "replace")


class _Lines:
    """Hands on whole lines as text; one that never ends is cut."""

    LIMIT = 64 * 1024

    def __init__(self, show):
        self._show, self._rest = show, b""

    def write(self, data):
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._line(line)
        if len(self._rest) > self.LIMIT:
            self.close()

    def close(self):
        if self._rest:
            self._line(self._rest)
        self._rest = b""

    def _line(self, line):
        # A progress bar writes over its own line again and again: its last state is what counts.
        self._show(_text(line.rstrip(b"\r").rsplit(b"\r", 1)[-1]))


class _Kept:
    """Keeps all that is written, up to a limit."""

    def __init__(self, command, limit):
        self._command, self._limit, self._kept = command, limit, bytearray()

    def write(self, data):
        if len(self._kept) + len(data) > self._limit:
            raise Failure(f"`{self._command[:200]}` printed more than {self._limit} bytes")
        self._kept += data

    def bytes(self):
        return bytes(self._kept)


# ---- Fields become arguments -----------------------------------------------------------------------------

_REQUIRED = object()
_TAKEN = {"build", "cancelled", "component", "kind", "prepare", "provision", "post_process", "read"}
_SIMPLE = {str: "string", bool: "bool", int: "number", float: "number"}


class _Field:
    """One argument, or one block: how it is written, and which values it takes."""

    def __init__(self, name, hint, default, owner):
        self.name, self.default = name, default
        self.hint, self.optional = _without_none(hint)
        self.block, self.repeated = None, False
        inner = typing.get_args(self.hint)
        if _is_block(self.hint):
            self.block = self.hint
        elif typing.get_origin(self.hint) is list and inner and _is_block(inner[0]):
            self.block, self.repeated = inner[0], True
        try:
            self.type = _type(self.hint)
        except TypeError as error:
            raise TypeError(f"{owner.__name__}.{name}: {error}") from None

    @property
    def required(self):
        return self.default is _REQUIRED and not self.optional and not self.repeated

    def fallback(self):
        """The value when none is given."""
        if self.default is _REQUIRED:
            return [] if self.repeated else None
        return copy.deepcopy(self.default)

    def convert(self, value, place):
        return _convert(self.hint, value, f"{place}{self.name}")


def _fields(owner):
    """The fields of a component or a block, in their order."""
    known = owner.__dict__.get("_known_fields")
    if known is None:
        taken = _TAKEN if issubclass(owner, _Component) else ()
        known = {}
        for name, hint in typing.get_type_hints(owner).items():
            if name.startswith("_") or typing.get_origin(hint) is typing.ClassVar:
                continue
            if name in taken:
                raise TypeError(f"{owner.__name__}.{name}: an argument cannot have this name, which the kit uses")
            known[name] = _Field(name, hint, getattr(owner, name, _REQUIRED), owner)
        owner._known_fields = known
    return known


def _is_block(hint):
    return isinstance(hint, type) and issubclass(hint, Block)


def _without_none(hint):
    """`Optional[T]` is a `T` that may be absent."""
    unions = (typing.Union, getattr(types, "UnionType", typing.Union))
    inner = [part for part in typing.get_args(hint) if part is not type(None)]
    if typing.get_origin(hint) in unions and len(inner) == 1:
        return inner[0], True
    return hint, False


def _type(hint):
    """The type of values as the protocol writes it."""
    hint, _ = _without_none(hint)
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    if origin is list and len(inner) == 1:
        return ["list", _type(inner[0])]
    if origin is dict and len(inner) == 2 and inner[0] is str:
        return ["map", _type(inner[1])]
    if _is_block(hint):
        return ["object", {name: field.type for name, field in _fields(hint).items()}]
    raise TypeError(f"an argument cannot be a `{getattr(hint, '__name__', hint)}`")


def _convert(hint, value, place):
    """A value of a template as one of Python; leniently, as templates in JSON write most things as texts."""
    hint, optional = _without_none(hint)
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if value is None:
        if optional:
            return None
        raise Failure(f"`{place}` must not be null")
    if hint is str and isinstance(value, (str, int, float)):
        return str(value).lower() if isinstance(value, bool) else str(value)
    if hint is bool and isinstance(value, bool):
        return value
    if hint is bool and value in ("true", "1", 1, "false", "0", 0, ""):
        return value in ("true", "1", 1)
    if hint in (int, float) and not isinstance(value, bool) and isinstance(value, (int, float, str)):
        return _number(hint, value, place)
    if origin is list:
        values = value if isinstance(value, list) else [value]
        return [_convert(inner[0], each, f"{place}[{index}]") for index, each in enumerate(values)]
    if origin is dict and isinstance(value, dict):
        return {_plain(key): _convert(inner[1], each, f"{place}.{_plain(key)}") for key, each in value.items()}
    if _is_block(hint):
        return _block(hint, value, place)
    raise Failure(f"`{place}` must be {_wanted(hint)}, and is {json.dumps(value, default=str)[:100]}")


def _number(hint, value, place):
    try:
        number = value if not isinstance(value, str) else float(value) if hint is float else int(value)
        if hint is float:
            return float(number)
        if number == int(number):
            return int(number)
    except (ValueError, OverflowError):
        pass
    raise Failure(f"`{place}` must be {_wanted(hint)}, and is {json.dumps(value)[:100]}")


def _block(hint, value, place):
    # What can only stand once arrives as a list of one from templates in JSON.
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, dict):
        raise Failure(f"`{place}` must be a block")
    block = hint()
    _fill(block, {_plain(name): each for name, each in value.items()}, place + ".")
    return block


def _fill(target, values, place):
    """Sets the fields of a component or block, and refuses what it does not have."""
    fields = _fields(type(target))
    for name in values:
        if name not in fields:
            raise Failure(f"there is no argument called `{place}{name}`")
    for name, field in fields.items():
        value = values.get(name)
        if value is None and field.required:
            raise Failure(f"`{place}{name}` is missing")
        setattr(target, name, field.fallback() if value is None else field.convert(value, place))


def _wanted(hint):
    words = {str: "a text", bool: "true or false", int: "a whole number", float: "a number"}
    return words.get(hint) or ("a map" if typing.get_origin(hint) is dict else "something else")


def _plain(text):
    return _text(text) if isinstance(text, bytes) else str(text)


def _configure(component, configs):
    """Reads the arguments as a host sends them: one value after the other, a later one counting more."""
    build, values = Build(), {}
    # The last map of a template in JSON has no arguments, only names that will have a value later.
    for config in configs[:-1] if configs and _is_placeholders(configs[-1]) else configs:
        if config is None:
            continue
        if isinstance(config, bytes):
            config = json.loads(config)["value"]
            values.update({name: each for name, each in config.items() if each is not None})
            continue
        config = {_plain(name): each for name, each in config.items()}
        _about_build(build, config)
        values.update({name: each for name, each in config.items() if not name.startswith("packer_")})
        if "packer_user_variables" in config:
            values = _interpolated(values, build)
    build.data = component.build.data
    component.build = build
    _fill(component, values, "")
    if not _has_unknown(values):
        component.prepare()


def _has_unknown(value):
    """Whether a host has put a word for what only the build will know."""
    if isinstance(value, dict):
        return any(map(_has_unknown, value.values()))
    if isinstance(value, list):
        return any(map(_has_unknown, value))
    return isinstance(value, str) and "<unknown>" in value


def _is_placeholders(config):
    return isinstance(config, dict) and "Build_PackerRunUUID." in _plain(config.get("PackerRunUUID", ""))


def _about_build(build, config):
    names = {
        "packer_build_name": "name",
        "packer_builder_type": "type",
        "packer_core_version": "core_version",
        "packer_on_error": "on_error",
        "packer_template_path": "template_path",
    }
    for name, field in names.items():
        if name in config:
            setattr(build, field, _plain(config[name]))
    for name, field in {"packer_debug": "debug", "packer_force": "force"}.items():
        if name in config:
            setattr(build, field, config[name] in (True, "true"))
    variables = config.get("packer_user_variables") or {}
    build.variables.update({_plain(name): _plain(value) for name, value in variables.items()})


def _interpolated(value, build):
    """Templates in JSON leave `{{user `name`}}` and its like to the component."""
    if isinstance(value, dict):
        return {_plain(name): _interpolated(each, build) for name, each in value.items()}
    if isinstance(value, list):
        return [_interpolated(each, build) for each in value]
    if not isinstance(value, str):
        return value

    def replacement(match):
        function, argument = match.group(1), match.group(2)
        if function == "user" and argument is not None:
            return build.variables.get(argument[1:-1], "")
        if function == "build_name" and argument is None:
            return build.name
        if function == "build_type" and argument is None:
            return build.type
        if function == "template_dir" and argument is None:
            return os.path.dirname(build.template_path)
        if function == "timestamp" and argument is None:
            return str(int(time.time()))
        raise Failure(f"a plugin in Python does not know `{match.group(0)}`")

    return re.sub(r"\{\{-?\s*(\w+)(?:\s+(`[^`]*`|\"[^\"]*\"))?\s*-?\}\}", replacement, value)


def _outcome(component):
    """What a data source has read, with its fields as plain values."""
    output = component.read()
    wanted = type(component).Output
    if not isinstance(output, wanted):
        raise Failure(f"the data source read a `{type(output).__name__}`, not its `Output`")
    return _plain_value(output, "")


def _plain_value(value, place):
    if isinstance(value, Block):
        plain = {}
        for name, field in _fields(type(value)).items():
            each = _plain_value(getattr(value, name), f"{place}{name}.")
            plain[name] = None if each is None else _checked(field.hint, each, f"{place}{name}")
        return plain
    if isinstance(value, (list, tuple)):
        return [_plain_value(each, place) for each in value]
    if isinstance(value, dict):
        return {str(name): _plain_value(each, place) for name, each in value.items()}
    return value


def _checked(hint, value, place):
    # The fields of a block inside were checked as it was made plain.
    inner = typing.get_args(hint)
    if _is_block(hint) or (typing.get_origin(hint) is list and inner and _is_block(inner[0])):
        return value
    return _convert(hint, value, place)


# ---- Reference pages -------------------------------------------------------------------------------------


def _reference(components):
    """The arguments of all components as Markdown: names, types, defaults, and the texts below the fields."""
    titles = {"provisioner": "Provisioner", "post-processor": "Post-processor", "datasource": "Data source"}
    lines = []
    for component in components:
        name = f" `{component.component}`" if component.component else ""
        lines += [f"## {titles[component.kind]}{name}", "", _paragraphs(component.__doc__), ""]
        lines += _table(component, "Argument")
        if component.kind == "datasource":
            lines += _table(component.Output, "Output")
    return "\n".join(lines).rstrip() + "\n"


def _table(owner, title):
    texts, rows, nested = _field_texts(owner), [], []
    for name, field in _fields(owner).items():
        if field.block is not None:
            nested.append((name, field.block))
        kind = _type_words(field)
        default = "" if field.required or field.default in (_REQUIRED, None) else f"`{json.dumps(field.default)}`"
        if title == "Argument":
            default = "**required**" if field.required else default
        rows.append(f"| `{name}` | {kind} | {default} | {texts.get(name, '')} |")
    if not rows:
        return []
    lines = [f"| {title} | Type | Default | |", "| --- | --- | --- | --- |", *rows, ""]
    for name, block in nested:
        lines += [f"A block `{name}`:", "", *_table(block, title)]
    return lines


def _type_words(field):
    if field.block is not None:
        return "blocks" if field.repeated else "block"
    words = {"list": "list of", "map": "map of"}
    kind, parts = field.type, []
    while isinstance(kind, list):
        parts.append(words[kind[0]])
        kind = kind[1]
    return " ".join([*parts, kind])


def _paragraphs(text):
    import inspect

    return inspect.cleandoc(text or "")


def _field_texts(owner):
    """The string literals that stand below fields."""
    import ast
    import inspect
    import textwrap

    body = ast.parse(textwrap.dedent(inspect.getsource(owner))).body[0].body
    texts = {}
    for field, text in zip(body, body[1:]):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
            and isinstance(text.value.value, str)
        ):
            texts[field.target.id] = " ".join(text.value.value.split()).replace("|", "\\|")
    return texts


# ---- One file to install ---------------------------------------------------------------------------------


def _bundle(arguments):
    """Makes an executable file of a plugin: `bundle PLUGIN.py [MORE.py…]`."""
    import importlib.util
    import marshal
    import zipfile

    if not arguments:
        sys.exit("usage: packer_plugin.py bundle PLUGIN.py [FILE.py …]")
    plugin = arguments[0]
    name = os.path.splitext(os.path.basename(plugin))[0].replace("_", "-")
    files = {"__main__.py": plugin, "packer_plugin.py": os.path.abspath(__file__)}
    files.update({os.path.basename(file): file for file in arguments[1:]})
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:

        def add(inside, data):
            archive.writestr(zipfile.ZipInfo(inside), data, zipfile.ZIP_DEFLATED)

        for inside, file in files.items():
            with open(file, "rb") as source:
                text = source.read()
            add(inside, text)
            # Compiled, it starts in half the time; another version of Python compiles the text itself.
            code = compile(text, inside, "exec", dont_inherit=True)
            stamp = importlib.util.MAGIC_NUMBER + struct.pack("<IQ", 1, 0)
            add(f"{inside}c", stamp + marshal.dumps(code))
    target = f"packer-plugin-{name}"
    with open(target, "wb") as file:
        file.write(b"#!/usr/bin/env python3\n" + content.getvalue())
        os.fchmod(file.fileno(), 0o755)
    print(f"made {target}")


# ---- The command line of a plugin ------------------------------------------------------------------------

_COOKIE = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"
_DEFAULT = "-packer-default-plugin-name-"
_KINDS = ("builder", "provisioner", "post-processor", "datasource")


def _main(version, components, argv):
    arguments = argv[1:]
    for component in components:
        # A field that cannot be an argument is a mistake of the author, told at once.
        _fields(component)
    if arguments == ["describe"]:
        print(json.dumps(_description(version, components), separators=(",", ":")))
        return 0
    if arguments == ["docs"]:
        print(_reference(components), end="")
        return 0
    if os.environ.get("PACKER_PLUGIN_MAGIC_COOKIE") != _COOKIE:
        print(
            "Please do not execute plugins directly. Packer will execute these for you.\n"
            "`describe` tells what is in this one, and `docs` writes its reference.",
            file=sys.stderr,
        )
        return 1
    try:
        component, encoding, greeting = _asked_for(components, argv)
    except Failure as error:
        print(error, file=sys.stderr)
        return 1
    return _serve_component(component(), encoding, greeting)


def _description(version, components):
    def names(kind):
        return sorted(each.component or _DEFAULT for each in components if each.kind == kind)

    return {
        "version": version,
        "sdk_version": KIT_VERSION,
        "api_version": "x5.0",
        "builders": [],
        "post_processors": names("post-processor"),
        "provisioners": names("provisioner"),
        "datasources": names("datasource"),
        "protocol_version": "v2",
    }


def _asked_for(components, argv):
    """Which component the host wants, how values are encoded, and how it is greeted."""
    arguments = [argument for argument in argv[1:] if argument != "--protobuf"]
    encoding = _Protobuf if "--protobuf" in argv[1:] else _Gob
    if not arguments:
        # Before plugins had arguments, the name of the file told kind and type: `packer-provisioner-slim`.
        program = re.fullmatch(r"packer-(provisioner|post-processor)-(.+)", os.path.basename(argv[0]))
        if program:
            kind, name = program.groups()
            fitting = [each for each in components if each.kind == kind]
            exact = [each for each in fitting if each.component and f"-{name}".endswith(f"-{each.component}")]
            for component in exact + [each for each in fitting if not each.component]:
                return component, _Gob, "5|unix|"
    if len(arguments) != 3 or arguments[0] != "start" or arguments[1] not in _KINDS:
        raise Failure("start takes two arguments: the kind and the name of a component")
    _, kind, name = arguments
    for component in components:
        if component.kind == kind and (component.component or _DEFAULT) == name:
            return component, encoding, "5|0|unix|"
    raise Failure(f"this plugin has no {kind} called `{name}`")


def _serve_component(component, encoding, greeting):
    # An interrupt reaches every process of the terminal; whether to stop is for the host to say.
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: None)
    # The host reads one line there; whatever else is printed, also by other programs, belongs to the log.
    sys.stdout.flush()
    greeter = os.dup(1)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    connection = _accept_host(greeter, greeting)
    if connection is None:
        return 0
    session = _Session(connection, first_stream=2)
    broker = _Broker(session)
    main = broker.expect(0)
    session.start()
    try:
        stream = main.wait(5)
    except (TimeoutError, ConnectionError):
        print("timeout waiting for accept", file=sys.stderr)
        return 0
    service = _SERVICES[component.kind](component, encoding, broker)
    working = _serve_calls(stream, service.methods())
    session.ended.wait()
    service.cancel(None)
    # What is at work gets a moment to clean up behind itself.
    working.wait(1)
    sys.stderr.flush()
    os._exit(0)


def _accept_host(greeter, greeting):
    """Listens, greets, and returns the connection of the host; `None` if the host is gone before."""
    parent = os.getppid()
    name = "packer-plugin" + os.urandom(8).hex()
    path = os.path.join(os.environ.get("TMPDIR") or "/tmp", name)
    if len(os.fsencode(path)) > 100:
        # The name of a socket has little room.
        path = os.path.join("/tmp", name)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # Nobody else may connect. `bind` fails if there is such a file already.
    mask = os.umask(0o177)
    listener.bind(path)
    os.umask(mask)
    try:
        listener.listen(1)
        listener.settimeout(1)
        os.write(greeter, f"{greeting}{path}\n".encode())
        while os.getppid() == parent:
            try:
                connection, _ = listener.accept()
                connection.settimeout(None)
                return connection
            except socket.timeout:
                pass
        return None
    finally:
        os.unlink(path)
        listener.close()


# ---- Services: what the host calls -----------------------------------------------------------------------


class _Service:
    """What all kinds of component answer to."""

    name, configure = "", ""

    def __init__(self, component, encoding, broker):
        self._component, self._encoding, self._broker = component, encoding, broker
        self._visits = set()

    def methods(self):
        return {
            f"{self.name}.ConfigSpec": lambda _: {"ConfigSpec": self._encoding.spec(type(self._component))},
            f"{self.name}.{self.configure}": self._configured,
            f"{self.name}.Cancel": self.cancel,
        }

    def _configured(self, request):
        _configure(self._component, (request or {}).get("Configs") or [])

    def cancel(self, _):
        self._component.cancelled.set()
        for client in list(self._visits):
            client.give_up(Cancelled())

    def _visit(self, stream_id):
        """A client on what the host serves for the time of one call."""
        return _Visit(self._visits, _Client(self._broker.dial(stream_id)), self._component)


class _Visit:
    def __init__(self, visits, client, component):
        self._visits, self._client, self._component = visits, client, component

    def __enter__(self):
        self._visits.add(self._client)
        if self._component.cancelled.is_set():
            self._client.give_up(Cancelled())
        return self._client

    def __exit__(self, *_):
        self._visits.discard(self._client)
        self._client.close()


class _ProvisionerService(_Service):
    name, configure = "Provisioner", "Prepare"

    def methods(self):
        return {**super().methods(), "Provisioner.Provision": self._provision}

    def _provision(self, request):
        data = request.get("GeneratedData") or {}
        self._component.build.data = {_plain(name): value for name, value in data.items()}
        with self._visit(request["StreamID"]) as client:
            ui = Ui(client)
            self._component.provision(Machine(client, self._broker, ui), ui)


class _PostProcessorService(_Service):
    name, configure = "PostProcessor", "Configure"

    def methods(self):
        return {**super().methods(), "PostProcessor.PostProcess": self._post_process}

    def _post_process(self, stream_id):
        # The channel stays open: an artifact that is handed on is asked through it.
        client = _Client(self._broker.dial(stream_id))
        self._visits.add(client)
        given = Artifact(client)
        try:
            made = self._component.post_process(given, Ui(client))
            made = given if made is None else made
            if not isinstance(made, (Artifact, Made)):
                raise Failure(f"the post-processor made a `{type(made).__name__}`, not an artifact")
        except BaseException as error:
            return {"Err": {"Message": _message(error)}, "Keep": False, "ForceOverride": False, "StreamId": 0}
        finally:
            self._visits.discard(client)
        handed_on = made is given
        offer = self._broker.offer()
        offer.then(lambda stream: _serve_calls(stream, _artifact_methods(made)))
        return {
            "Err": None,
            "Keep": handed_on or made.keep_input,
            "ForceOverride": handed_on,
            "StreamId": offer.id,
        }


def _artifact_methods(artifact):
    def state(name):
        return artifact.state.get(name) if isinstance(artifact, Made) else artifact.state(name)

    def destroy(_):
        if artifact.destroy is not None:
            artifact.destroy()
            return
        for file in artifact.files:
            os.remove(file)

    return {
        "Artifact.BuilderId": lambda _: artifact.builder_id,
        "Artifact.Id": lambda _: artifact.id,
        "Artifact.Files": lambda _: artifact.files or None,
        "Artifact.String": lambda _: artifact.text if isinstance(artifact, Made) else str(artifact),
        "Artifact.State": state,
        "Artifact.Destroy": destroy,
    }


class _DataSourceService(_Service):
    name, configure = "Datasource", "Configure"

    def methods(self):
        return {
            **super().methods(),
            "Datasource.OutputSpec": lambda _: {"OutputSpec": self._encoding.spec(self._output())},
            "Datasource.Execute": self._execute,
        }

    def _output(self):
        return type(self._component).Output

    def _configured(self, request):
        super()._configured(request)
        return {"Error": None}

    def _execute(self, _):
        value = _outcome(self._component)
        return {"Value": self._encoding.value(value, _type(self._output())), "Error": None}


_SERVICES = {
    "provisioner": _ProvisionerService,
    "post-processor": _PostProcessorService,
    "datasource": _DataSourceService,
}


_HERE = os.path.basename(__file__)


def _message(error):
    """What the user reads: never empty, as an empty message would mean success."""
    if isinstance(error, Failure):
        return str(error) or type(error).__name__
    traceback.print_exception(type(error), error, error.__traceback__, file=sys.stderr)
    # The author looks for the line of the plugin, not for the one of the kit that it called.
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.endswith(_HERE)]
    place = f" ({os.path.basename(frames[-1].filename)}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{place}"


# ---- Remote calls: a header and a body, in both directions -----------------------------------------------


def _serve_calls(stream, methods):
    """Answers calls on a stream, each in a thread of its own. Returns what tells that none is at work."""
    writing, working = threading.Lock(), _Working()

    def answer(header, body):
        name, error = header["ServiceMethod"], ""
        try:
            if name not in methods:
                service = name.rpartition(".")[0]
                known = any(each.rpartition(".")[0] == service for each in methods)
                raise Failure(f"rpc: can't find {'method' if known else 'service'} {name}")
            reply = _pack(methods[name](body))
        except BaseException as problem:
            error, reply = _message(problem), _pack({})
        header = {"ServiceMethod": name, "Seq": header["Seq"], "Error": error}
        try:
            with writing:
                stream.write(_pack(header) + reply)
        except ConnectionError:
            pass
        finally:
            working.done()

    def listen():
        reader = _Unpacker(stream)
        try:
            while True:
                header, body = reader.value(), reader.value()
                working.begun()
                _thread(answer, header, body)
        except (EOFError, ConnectionError):
            stream.close()

    _thread(listen)
    return working


class _Working:
    """How many calls are being answered."""

    def __init__(self):
        self._count, self._changed = 0, threading.Condition()

    def begun(self):
        with self._changed:
            self._count += 1

    def done(self):
        with self._changed:
            self._count -= 1
            self._changed.notify_all()

    def wait(self, seconds):
        with self._changed:
            self._changed.wait_for(lambda: self._count == 0, seconds)


class _Client:
    """Calls the host on a stream. Everything that waits here fails when the client gives up."""

    def __init__(self, stream):
        self._stream, self._lock, self._writing = stream, threading.Lock(), threading.Lock()
        self._calls, self._next, self._given_up = {}, 0, None
        self._owned = set()
        _thread(self._listen)

    def call(self, name, body=None):
        return self.start(name, body).wait()

    def start(self, name, body=None):
        promise = _Promise()
        with self._lock:
            if self._given_up is not None:
                raise self._given_up
            sequence, self._next = self._next, self._next + 1
            self._calls[sequence] = promise
        with self._writing:
            self._stream.write(_pack({"ServiceMethod": name, "Seq": sequence}) + _pack(body))
        return promise

    def owned(self, offers):
        """For a `with`: the streams of these offers end with it, or when this client gives up."""
        return _Pumps(self, [offer for offer in offers if offer is not None])

    def give_up(self, error):
        with self._lock:
            self._given_up = self._given_up or error
            calls, self._calls = self._calls, {}
            owned = list(self._owned)
        for promise in calls.values():
            promise.fail(error)
        for pumps in owned:
            pumps.give_up(error)

    def close(self):
        self._stream.close()

    def _listen(self):
        reader = _Unpacker(self._stream)
        try:
            while True:
                header, body = reader.value(), reader.value()
                with self._lock:
                    promise = self._calls.pop(header["Seq"], None)
                if promise is not None and header["Error"]:
                    promise.fail(Failure(header["Error"]))
                elif promise is not None:
                    promise.keep(body)
        except (EOFError, ConnectionError):
            self.give_up(ConnectionError("the host has closed the connection"))


class _Pumps:
    """Moves bytes between the streams that the host opens for one call and files or sinks here."""

    def __init__(self, client, offers):
        self._client, self._offers, self._promises = client, offers, []

    def __enter__(self):
        with self._client._lock:
            if self._client._given_up is not None:
                raise self._client._given_up
            self._client._owned.add(self)
        return self

    def __exit__(self, *_):
        with self._client._lock:
            self._client._owned.discard(self)
        for offer in self._offers:
            offer.withdraw()

    def give_up(self, error):
        for promise in list(self._promises) + self._offers:
            promise.fail(error)

    def receive(self, sink, offer):
        """Writes what comes to a sink; the promise is kept, with the sink, when all has come."""

        def work(stream):
            while chunk := stream.read():
                sink.write(chunk)
            if isinstance(sink, _Lines):
                sink.close()
            return sink

        return self._pump(work, offer)

    def send(self, file, offer):
        """Sends all that can be read."""

        def work(stream):
            try:
                while chunk := file.read(_WINDOW):
                    stream.write(chunk)
            except (BrokenPipeError, ConnectionResetError):
                # Whoever reads has read enough: a command need not read all of its input.
                pass

        return self._pump(work, offer)

    def _pump(self, work, offer):
        promise = _Promise()
        self._promises.append(promise)

        def pump(stream):
            try:
                result = work(stream)
                stream.close()
                promise.keep(result)
            except BaseException as error:
                stream.abort()
                promise.fail(error)

        offer.then(lambda stream: _thread(pump, stream))
        offer.otherwise(promise.fail)
        return promise


class _Promise:
    """A value that another thread will bring."""

    def __init__(self):
        self._lock, self._done = threading.Lock(), threading.Event()
        self._value = self._error = None
        self._then, self._otherwise = [], []

    def keep(self, value):
        self._settle(value, None)

    def fail(self, error):
        self._settle(None, error)

    def _settle(self, value, error):
        with self._lock:
            if self._done.is_set():
                return False
            self._value, self._error = value, error
            self._done.set()
            react = self._otherwise if error is not None else self._then
        for each in react:
            each(error if error is not None else value)
        return True

    def then(self, react):
        """Calls with the value, at once if it is there."""
        self._react(self._then, react, lambda: self._error is None, lambda: self._value)

    def otherwise(self, react):
        self._react(self._otherwise, react, lambda: self._error is not None, lambda: self._error)

    def _react(self, waiting, react, fits, get):
        with self._lock:
            if not self._done.is_set():
                waiting.append(react)
                return
        if fits():
            react(get())

    def wait(self, timeout=None):
        if not self._done.wait(timeout):
            raise TimeoutError
        if self._error is not None:
            raise self._error
        return self._value


def _thread(work, *arguments):
    thread = threading.Thread(target=work, args=arguments, daemon=True)
    thread.start()
    return thread


# ---- The broker: streams have numbers that are told in calls ---------------------------------------------


class _Offer(_Promise):
    """A number under which the other side may open one stream."""

    def __init__(self, id, broker):
        super().__init__()
        self.id, self._broker = id, broker

    def withdraw(self):
        """Ends the stream if there is one, and refuses it if there is none yet."""
        self._broker.forget(self.id)
        self.fail(ConnectionError("the stream is no longer wanted"))
        self.then(lambda stream: stream.abort())


class _Broker:
    def __init__(self, session):
        self._session, self._lock, self._offers, self._last = session, threading.Lock(), {}, 0
        session.on_stream = self._arrived
        session.on_end = self._ended

    def offer(self):
        with self._lock:
            self._last += 1
            id = self._last
        return self.expect(id)

    def expect(self, id):
        offer = _Offer(id, self)
        with self._lock:
            self._offers[id] = offer
        if self._session.ended.is_set():
            self._ended()
        return offer

    def forget(self, id):
        with self._lock:
            return self._offers.pop(id, None)

    def dial(self, id):
        """Opens the stream that the other side has offered under a number."""
        stream, number = self._session.open(), struct.pack("<I", id)
        stream.write(number)
        if stream.read_exactly(4) != number:
            raise ConnectionError(f"the host does not know the stream {id}")
        return stream

    def _arrived(self, stream):
        try:
            number = stream.read_exactly(4)
            offer = self.forget(struct.unpack("<I", number)[0])
            if offer is None:
                return stream.abort()
            stream.write(number)
            # Whoever made the offer may have withdrawn it at this very moment.
            if not offer._settle(stream, None):
                stream.abort()
        except (EOFError, ConnectionError):
            stream.abort()

    def _ended(self):
        with self._lock:
            offers, self._offers = list(self._offers.values()), {}
        for offer in offers:
            offer.fail(ConnectionError("the host has closed the connection"))


# ---- yamux: many streams on one connection ---------------------------------------------------------------

_WINDOW = 256 * 1024
_FRAME = 64 * 1024
_DATA, _UPDATE, _PING, _AWAY = range(4)
_SYN, _ACK, _FIN, _RST = 1, 2, 4, 8
_HEADER = struct.Struct(">BBHII")


class _Session:
    """Reads all frames in one thread, which never waits for whoever reads a stream."""

    def __init__(self, connection, first_stream):
        self._connection, self._sending, self._lock = connection, threading.Lock(), threading.Lock()
        self._streams, self._next = {}, first_stream
        self._answers = queue.SimpleQueue()
        self.ended = threading.Event()
        self.on_stream = self.on_end = None

    def start(self):
        _thread(self._read)
        _thread(self._answer)

    def open(self):
        with self._lock:
            stream = _Stream(self, self._next)
            self._next += 2
            self._streams[stream.id] = stream
        self.send(_UPDATE, _SYN, stream.id, 0)
        return stream

    def send(self, kind, flags, id, length, payload=b""):
        try:
            with self._sending:
                self._connection.sendall(_HEADER.pack(0, kind, flags, id, length) + payload)
        except OSError as error:
            raise ConnectionError("the connection to the host is lost") from error

    def forget(self, id):
        with self._lock:
            self._streams.pop(id, None)

    def _read(self):
        reader = self._connection.makefile("rb", buffering=_WINDOW)
        try:
            while len(header := reader.read(_HEADER.size)) == _HEADER.size:
                self._frame(reader, *_HEADER.unpack(header))
        except (OSError, EOFError) as error:
            print(f"connection to the host: {error}", file=sys.stderr)
        self.ended.set()
        self._answers.put(None)
        self._connection.close()
        with self._lock:
            streams, self._streams = list(self._streams.values()), {}
        for stream in streams:
            stream.lost()
        self.on_end()

    def _frame(self, reader, version, kind, flags, id, length):
        if version != 0:
            raise ConnectionError(f"a frame of version {version}")
        if kind == _PING:
            if flags & _SYN:
                self._answers.put((_PING, _ACK, 0, length))
            return
        if kind == _AWAY:
            return
        if kind not in (_DATA, _UPDATE):
            raise ConnectionError(f"a frame of type {kind}")
        if flags & _SYN:
            self._opened(id)
        with self._lock:
            stream = self._streams.get(id)
        if kind == _DATA:
            if length > _WINDOW or (stream is not None and length > stream.credit):
                raise ConnectionError("more data than there is room for")
            data = reader.read(length)
            if len(data) < length:
                raise EOFError("the connection ended within a frame")
            if stream is not None and data:
                stream.arrived(data)
        elif stream is not None:
            stream.granted(length)
        if stream is not None and flags & (_FIN | _RST):
            stream.finished(reset=bool(flags & _RST))

    def _opened(self, id):
        stream = _Stream(self, id)
        with self._lock:
            if id in self._streams:
                raise ConnectionError(f"stream {id} is opened twice")
            self._streams[id] = stream
        self._answers.put((_UPDATE, _ACK, id, 0))
        _thread(self.on_stream, stream)

    def _answer(self):
        # Not in the thread that reads: two sides that both wait to write must not stop reading.
        try:
            while (frame := self._answers.get()) is not None:
                self.send(*frame)
        except ConnectionError:
            pass


class _Stream:
    """Bytes in both directions, each of which ends by itself."""

    def __init__(self, session, id):
        self._session, self.id, self._changed = session, id, threading.Condition()
        self._chunks, self._taken, self.credit = collections.deque(), 0, _WINDOW
        self._window, self._ended, self._closed, self._broken = _WINDOW, False, False, None

    def read(self):
        """Whatever has come, and nothing at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._chunks or self._ended or self._broken)
            if not self._chunks:
                if self._broken:
                    raise self._broken
                return b""
            chunk = self._chunks.popleft()
            self._taken += len(chunk)
            credit = self._taken if self._taken >= _WINDOW // 2 and not self._ended else 0
            self._taken -= credit
            self.credit += credit
        if credit:
            self._session.send(_UPDATE, 0, self.id, credit)
        return chunk

    def read_exactly(self, count):
        data = b""
        while len(data) < count:
            chunk = self.read()
            if not chunk:
                raise EOFError
            data += chunk
        if len(data) > count:
            with self._changed:
                self._chunks.appendleft(data[count:])
                self._taken -= len(data) - count
        return data[:count]

    def write(self, data):
        data = memoryview(data)
        while data:
            with self._changed:
                self._changed.wait_for(lambda: self._window or self._broken or self._closed)
                if self._broken:
                    raise self._broken
                if self._closed:
                    raise BrokenPipeError("the stream is closed")
                count = min(len(data), self._window, _FRAME)
                self._window -= count
            self._session.send(_DATA, 0, self.id, count, bytes(data[:count]))
            data = data[count:]

    def close(self):
        """Says that nothing more will be written. What comes can still be read."""
        with self._changed:
            if self._closed or self._broken:
                return
            self._closed = True
            done = self._ended
            self._changed.notify_all()
        self._tell(_FIN, done)

    def abort(self):
        """Ends both directions; whoever waits here fails."""
        with self._changed:
            done = self._broken or (self._closed and self._ended)
            self._broken = self._broken or BrokenPipeError("the stream is closed")
            self._changed.notify_all()
        if not done:
            self._tell(_RST, True)

    def _tell(self, flag, done):
        if done:
            self._session.forget(self.id)
        try:
            self._session.send(_UPDATE, flag, self.id, 0)
        except ConnectionError:
            pass

    def arrived(self, data):
        with self._changed:
            self.credit -= len(data)
            if not self._broken:
                self._chunks.append(data)
            self._changed.notify_all()

    def granted(self, count):
        with self._changed:
            self._window += count
            self._changed.notify_all()

    def finished(self, reset):
        with self._changed:
            self._ended = True
            if reset:
                self._broken = self._broken or ConnectionResetError("the host has closed the stream")
            done = reset or self._closed
            self._changed.notify_all()
        if done:
            self._session.forget(self.id)

    def lost(self):
        with self._changed:
            self._broken = self._broken or ConnectionError("the host has closed the connection")
            self._changed.notify_all()


# ---- msgpack ---------------------------------------------------------------------------------------------


class _Time(float):
    """Seconds since 1970, which travel as a point in time."""


def _pack(value):
    """A value as Go writes it: whole numbers are signed, texts are texts and bytes are bytes."""
    out = bytearray()
    _pack_into(out, value)
    return bytes(out)


def _pack_into(out, value):
    if value is None:
        out.append(0xC0)
    elif value is True or value is False:
        out.append(0xC3 if value else 0xC2)
    elif isinstance(value, _Time):
        seconds = int(value // 1)
        nanoseconds = int((value - seconds) * 1_000_000_000)
        out += b"\xc7\x0c\xff" + struct.pack(">Iq", nanoseconds, seconds)
    elif isinstance(value, int):
        _pack_int(out, value)
    elif isinstance(value, float):
        out += b"\xcb" + struct.pack(">d", value)
    elif isinstance(value, str):
        data = value.encode("utf-8", "surrogateescape")
        _pack_length(out, len(data), (0xA0, 31), 0xD9)
        out += data
    elif isinstance(value, (bytes, bytearray)):
        _pack_length(out, len(value), None, 0xC4)
        out += value
    elif isinstance(value, (list, tuple)):
        _pack_length(out, len(value), (0x90, 15), 0xDB)
        for each in value:
            _pack_into(out, each)
    elif isinstance(value, dict):
        _pack_length(out, len(value), (0x80, 15), 0xDD)
        for name, each in value.items():
            _pack_into(out, name)
            _pack_into(out, each)
    else:
        raise TypeError(f"a `{type(value).__name__}` cannot be sent")


def _pack_int(out, value):
    if -32 <= value <= 127:
        out += struct.pack("b", value)
        return
    for code, form, bits in ((0xD0, ">b", 7), (0xD1, ">h", 15), (0xD2, ">i", 31), (0xD3, ">q", 63)):
        if -(1 << bits) <= value < 1 << bits:
            out.append(code)
            out += struct.pack(form, value)
            return
    raise OverflowError(f"{value} is too large to be sent")


def _pack_length(out, length, short, code):
    """A length after the code for its size. Lists and maps have none for one byte: theirs would be `code`."""
    if short is not None and length <= short[1]:
        out.append(short[0] | length)
    elif length < 1 << 8 and code not in (0xDB, 0xDD):
        out += bytes((code, length))
    elif length < 1 << 16:
        out += bytes((code + 1,)) + struct.pack(">H", length)
    else:
        out += bytes((code + 2,)) + struct.pack(">I", length)


class _Unpacker:
    """Reads values one after the other from a stream."""

    DEPTH = 64

    def __init__(self, stream):
        self._stream, self._buffer, self._at = stream, b"", 0

    def value(self, depth=0):
        if depth > self.DEPTH:
            raise ConnectionError("a value that is nested too deeply")
        code = self._bytes(1)[0]
        if code < 0x80:
            return code
        if code >= 0xE0:
            return code - 256
        if code < 0x90:
            return self._map(code & 15, depth)
        if code < 0xA0:
            return self._list(code & 15, depth)
        if code < 0xC0:
            return _text(self._bytes(code & 31))
        if code in _CONSTANTS:
            return _CONSTANTS[code]
        if code in _NUMBERS:
            form = _NUMBERS[code]
            return struct.unpack(form, self._bytes(struct.calcsize(form)))[0]
        if code in (0xD9, 0xDA, 0xDB):
            return _text(self._bytes(self._length(code - 0xD9)))
        if code in (0xC4, 0xC5, 0xC6):
            return self._bytes(self._length(code - 0xC4))
        if code in (0xDC, 0xDD):
            return self._list(self._length(code - 0xDB), depth)
        if code in (0xDE, 0xDF):
            return self._map(self._length(code - 0xDD), depth)
        if 0xD4 <= code <= 0xD8:
            return self._extension(1 << (code - 0xD4))
        if 0xC7 <= code <= 0xC9:
            return self._extension(self._length(code - 0xC7))
        raise ConnectionError(f"byte {code:#x} begins no value")

    def _length(self, size):
        return int.from_bytes(self._bytes(1 << size), "big")

    def _list(self, count, depth):
        return [self.value(depth + 1) for _ in range(count)]

    def _map(self, count, depth):
        result = {}
        for _ in range(count):
            name = self.value(depth + 1)
            if isinstance(name, (list, dict)):
                raise ConnectionError("a map with a name that is none")
            result[name] = self.value(depth + 1)
        return result

    def _extension(self, length):
        kind, data = self._bytes(1)[0], self._bytes(length)
        if kind != 0xFF:
            return data
        if length == 4:
            return _Time(struct.unpack(">I", data)[0])
        if length == 8:
            both = struct.unpack(">Q", data)[0]
            return _Time((both & ((1 << 34) - 1)) + (both >> 34) / 1e9)
        if length == 12:
            nanoseconds, seconds = struct.unpack(">Iq", data)
            return _Time(seconds + nanoseconds / 1e9)
        raise ConnectionError("a time of an unknown length")

    def _bytes(self, count):
        while len(self._buffer) - self._at < count:
            if count > len(self._buffer) - self._at + _WINDOW:
                return self._many(count)
            chunk = self._stream.read()
            if not chunk:
                raise EOFError
            self._buffer, self._at = self._buffer[self._at :] + chunk, 0
        self._at += count
        return self._buffer[self._at - count : self._at]

    def _many(self, count):
        # Piece by piece: a length that is a lie must not cost memory before anything has come.
        data = bytearray(self._buffer[self._at :])
        self._buffer, self._at = b"", 0
        while len(data) < count:
            chunk = self._stream.read()
            if not chunk:
                raise EOFError
            data += chunk
        self._buffer = bytes(data[count:])
        return bytes(data[:count])


_CONSTANTS = {0xC0: None, 0xC2: False, 0xC3: True}
_NUMBERS = {
    0xCA: ">f", 0xCB: ">d",
    0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q",
    0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q",
}  # fmt: skip


# ---- Specifications and values, in the newer encoding: protobuf and msgpack ------------------------------


class _Protobuf:
    @staticmethod
    def spec(owner):
        return _proto_object(owner)

    @staticmethod
    def value(value, type):
        return _pack([json.dumps(type, separators=(",", ":")).encode(), _number_forms(value)])


def _proto_object(owner):
    entries = b"".join(
        _proto(1, _proto(1, name.encode()) + _proto(2, _proto_field(field)))
        for name, field in _fields(owner).items()
    )
    return _proto(1, entries)


def _proto_field(field):
    name, required = _proto(1, field.name.encode()), field.required
    if field.block is None:
        return _proto(2, name + _proto(2, _proto_type(field.type)) + (b"\x18\x01" if required else b""))
    if field.repeated:
        return _proto(4, name + _proto(2, _proto_object(field.block)))
    return _proto(3, name + (b"\x10\x01" if required else b"") + _proto(3, _proto_object(field.block)))


def _proto_type(type):
    if isinstance(type, str):
        return _proto(1, _proto(1, f"cty.{type.capitalize()}".encode()))
    return _proto(2 if type[0] == "list" else 3, _proto(1, _proto_type(type[1])))


def _proto(number, data):
    return bytes((number << 3 | 2,)) + _varint(len(data)) + data


def _varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out) + bytes((value,))


def _number_forms(value):
    """A number that no smaller form holds exactly travels as a text."""
    if isinstance(value, dict):
        return {name: _number_forms(value[name]) for name in sorted(value)}
    if isinstance(value, list):
        return [_number_forms(each) for each in value]
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and not -(1 << 63) <= value < 1 << 63:
        return str(value)
    return value


# ---- Specifications and values, in the older encoding: gob -----------------------------------------------
#
# A stream of messages: first what each type looks like, under a number, then one value.


class _Gob:
    @staticmethod
    def spec(owner):
        names = ("Name", _GOB_STRING), ("Type", _SPEC_TYPE), ("Required", _GOB_BOOL)
        block = ("TypeName", _GOB_STRING), ("Nested", _GOB_INTERFACE), ("Required", _GOB_BOOL)
        blocks = (*block[:2], ("MinItems", _GOB_INT), ("MaxItems", _GOB_INT))
        return (
            _gob_map_type(_SPEC_OBJECT, "ObjectSpec")
            + _gob_struct_type(_SPEC_ATTR, "AttrSpec", *names)
            + _gob_opaque_type(_SPEC_TYPE, "Type")
            + _gob_struct_type(_SPEC_BLOCK, "BlockSpec", *block)
            + _gob_struct_type(_SPEC_BLOCKS, "BlockListSpec", *blocks)
            + _gob_message(_gob_int(_SPEC_OBJECT) + b"\0" + _gob_object(owner))
        )

    @staticmethod
    def value(value, type):
        inner = (
            _gob_struct_type(
                _VALUE, "gobValue", ("Version", _GOB_INT), ("Ty", _VALUE_TYPE), ("V", _GOB_INTERFACE)
            )
            + _gob_opaque_type(_VALUE_TYPE, "Type")
            + _gob_map_type(_VALUE_MAP, "map[string]interface {}")
            + _gob_list_type(_VALUE_LIST, "[]interface {}")
            + _gob_opaque_type(_VALUE_NUMBER, "Float")
            + _gob_message(
                _gob_int(_VALUE)
                + _gob_uint(2) + _gob_bytes(_gob_type(type))
                + _gob_uint(1) + _gob_any(value)
                + b"\0"
            )
        )  # fmt: skip
        return _gob_opaque_type(64, "Value") + _gob_message(_gob_int(64) + b"\0" + _gob_bytes(inner))


_GOB_BOOL, _GOB_INT, _GOB_UINT, _GOB_STRING, _GOB_INTERFACE = 1, 2, 3, 6, 8
_SPEC_OBJECT, _SPEC_ATTR, _SPEC_TYPE, _SPEC_BLOCK, _SPEC_BLOCKS = range(64, 69)
_VALUE, _VALUE_TYPE, _VALUE_MAP, _VALUE_LIST, _VALUE_NUMBER = range(64, 69)
_CTY = "github.com/zclconf/go-cty/cty."
_CONNECTION_LOST = 2300218


def _gob_object(owner):
    entries = b"".join(_gob_bytes(name.encode()) + _gob_spec(field) for name, field in _fields(owner).items())
    return _gob_uint(len(_fields(owner))) + entries


def _gob_spec(field):
    name, required = _gob_uint(1) + _gob_bytes(field.name.encode()), b"\1\1" if field.required else b""
    if field.block is None:
        return _gob_concrete(
            "*hcldec.AttrSpec", _SPEC_ATTR, name + _gob_uint(1) + _gob_bytes(_gob_type(field.type)) + required + b"\0"
        )
    nested = _gob_concrete(
        "github.com/hashicorp/hcl/v2/hcldec.ObjectSpec", _SPEC_OBJECT, b"\0" + _gob_object(field.block)
    )
    if field.repeated:
        return _gob_concrete("*hcldec.BlockListSpec", _SPEC_BLOCKS, name + b"\1" + nested + b"\0")
    return _gob_concrete("*hcldec.BlockSpec", _SPEC_BLOCK, name + b"\1" + nested + required + b"\0")


def _gob_type(type):
    """A type of values: a stream of its own within the stream."""
    definitions = _gob_struct_type(64, "gobType", ("Version", _GOB_INT), ("Impl", _GOB_INTERFACE))
    if isinstance(type, str):
        name, kind = "primitiveType", {"string": "S", "number": "N", "bool": "B"}[type]
        definitions += _gob_struct_type(65, name, ("Kind", _GOB_UINT))
        value = b"\1" + _gob_uint(ord(kind))
    elif type[0] == "object":
        name, attributes = "typeObject", type[1].items()
        definitions += (
            _gob_struct_type(65, name, ("AttrTypes", 67), ("AttrOptional", 68))
            + _gob_opaque_type(66, "Type")
            + _gob_map_type(67, "map[string]cty.Type", 66)
            + _gob_map_type(68, "map[string]struct {}", 69)
            + _gob_struct_type(69, "")
        )
        entries = b"".join(_gob_bytes(each.encode()) + _gob_bytes(_gob_type(inner)) for each, inner in attributes)
        value = b"\1" + _gob_uint(len(attributes)) + entries if attributes else b""
    else:
        name = "typeList" if type[0] == "list" else "typeMap"
        definitions += _gob_struct_type(65, name, ("ElementTypeT", 66)) + _gob_opaque_type(66, "Type")
        value = b"\1" + _gob_bytes(_gob_type(type[1]))
    return definitions + _gob_message(
        _gob_int(64) + b"\2" + _gob_concrete(_CTY + name, 65, value + b"\0") + b"\0"
    )


def _gob_any(value):
    if value is None:
        return b"\0"
    if isinstance(value, bool):
        return _gob_concrete("bool", _GOB_BOOL, b"\0" + _gob_uint(int(value)))
    if isinstance(value, str):
        return _gob_concrete("string", _GOB_STRING, b"\0" + _gob_bytes(value.encode()))
    if isinstance(value, (int, float)):
        return _gob_concrete("math/big.Float", _VALUE_NUMBER, b"\0" + _gob_bytes(_big_float(value)))
    if isinstance(value, dict):
        entries = b"".join(_gob_bytes(name.encode()) + _gob_any(each) for name, each in value.items())
        return _gob_concrete("map[string]interface {}", _VALUE_MAP, b"\0" + _gob_uint(len(value)) + entries)
    entries = b"".join(_gob_any(each) for each in value)
    return _gob_concrete("[]interface {}", _VALUE_LIST, b"\0" + _gob_uint(len(value)) + entries)


def _big_float(value):
    over, under = abs(value).as_integer_ratio()
    negative = 1 if value < 0 else 0
    if over == 0:
        return struct.pack(">BBI", 1, 0x08 | negative, 64)
    # The value is 0.mantissa × 2^exponent; whole words, the highest bit set.
    bits = over.bit_length()
    words = (bits + 63) // 64
    exponent = bits - (under.bit_length() - 1)
    mantissa = over << (words * 64 - bits)
    return struct.pack(">BBIi", 1, 0x0A | negative, words * 64, exponent) + mantissa.to_bytes(words * 8, "big")


def _gob_concrete(name, id, body):
    return _gob_bytes(name.encode()) + _gob_int(id) + _gob_uint(len(body)) + body


def _gob_struct_type(id, name, *fields):
    listed = b"".join(b"\1" + _gob_bytes(each.encode()) + b"\1" + _gob_int(type) + b"\0" for each, type in fields)
    body = b"\1" + _gob_uint(len(fields)) + listed if fields else b""
    return _gob_definition(id, 3, _gob_common(id, name) + body)


def _gob_map_type(id, name, element=_GOB_INTERFACE):
    return _gob_definition(id, 4, _gob_common(id, name) + b"\1" + _gob_int(_GOB_STRING) + b"\1" + _gob_int(element))


def _gob_list_type(id, name):
    return _gob_definition(id, 2, _gob_common(id, name) + b"\1" + _gob_int(_GOB_INTERFACE))


def _gob_opaque_type(id, name):
    return _gob_definition(id, 5, _gob_common(id, name))


def _gob_common(id, name):
    named = b"\1" + _gob_bytes(name.encode()) + b"\1" if name else b"\2"
    return b"\1" + named + _gob_int(id) + b"\0"


def _gob_definition(id, field, body):
    return _gob_message(_gob_int(-id) + _gob_uint(field) + body + b"\0\0")


def _gob_message(body):
    return _gob_uint(len(body)) + body


def _gob_bytes(data):
    return _gob_uint(len(data)) + data


def _gob_int(value):
    return _gob_uint(~value << 1 | 1 if value < 0 else value << 1)


def _gob_uint(value):
    if value < 128:
        return bytes((value,))
    data = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return bytes((256 - len(data),)) + data


def _gob_exit_status(data):
    """The status in a `CommandFinished`; 123, as Packer says, if there is none to be read."""
    file = io.BytesIO(data)
    try:
        while True:
            message = io.BytesIO(_read(file, _read_uint(file)))
            # Negative numbers announce definitions: whatever the type is called, it has one field.
            if _read_int(message) >= 0:
                return _read_int(message) if _read_uint(message) == 1 else 0
    except EOFError:
        return 123


def _read_int(file):
    value = _read_uint(file)
    return ~(value >> 1) if value & 1 else value >> 1


def _read_uint(file):
    first = _read(file, 1)[0]
    return first if first < 128 else int.from_bytes(_read(file, 256 - first), "big")


def _read(file, count):
    data = file.read(count)
    if len(data) < count:
        raise EOFError
    return data


if __name__ == "__main__":
    if sys.argv[1:2] != ["bundle"]:
        sys.exit("usage: packer_plugin.py bundle PLUGIN.py [FILE.py …]")
    _bundle(sys.argv[2:])
