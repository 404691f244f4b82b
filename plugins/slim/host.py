"""A host for tests: starts a plugin, calls it, and is the machine and the user for it."""

import json
import os
import socket
import subprocess
import sys

import packer_plugin as kit

HERE = os.path.dirname(os.path.abspath(__file__))


def environment(**more):
    return {**os.environ, "PACKER_PLUGIN_MAGIC_COOKIE": kit._COOKIE, "PYTHONPATH": HERE, **more}


class Host:
    """One plugin process, connected. Commands of the machine run here, in `folder`."""

    def __init__(self, command, folder, **more):
        self.folder, self.said, self.errors = folder, [], []
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            env=environment(TMPDIR=folder, **more),
            cwd=folder,
        )
        self.greeting = self.process.stdout.readline().decode().strip()
        self.address = self.greeting.rpartition("|")[2]
        self.log = []
        kit._thread(lambda: self.log.extend(iter(self.process.stderr.readline, b"")))

    def connect(self):
        self.connection = socket.socket(socket.AF_UNIX)
        self.connection.connect(self.address)
        self.session = kit._Session(self.connection, first_stream=1)
        self.broker = kit._Broker(self.session)
        self.session.start()
        return self

    def dial(self):
        self.main = kit._Client(self.broker.dial(0))
        return self

    def call(self, name, body=None):
        return self.main.call(name, body)

    def prepare(self, method, *configs):
        """Sends maps as the values of a template in HCL, as hosts do."""
        wire = [json.dumps({"value": each, "type": "dynamic"}).encode() for each in configs]
        return self.call(method, {"Configs": wire})

    def provision(self, data=None):
        return self.start_provision(data).wait()

    def start_provision(self, data=None):
        offer = self.broker.offer()
        offer.then(lambda stream: kit._serve_calls(stream, self.methods()))
        return self.main.start("Provisioner.Provision", {"GeneratedData": data, "StreamID": offer.id})

    def methods(self):
        return {
            "Ui.Say": self.said.append,
            "Ui.Error": self.errors.append,
            "Ui.Ask": lambda question: f"answer to {question}",
            "Communicator.Start": self._start,
            "Communicator.Upload": self._upload,
            "Communicator.Download": self._download,
        }

    def _start(self, request):
        streams = {
            name: self.broker.dial(request[f"{name}StreamId"]) if request[f"{name}StreamId"] else None
            for name in ("Stdin", "Stdout", "Stderr", "Response")
        }
        command = subprocess.Popen(
            ["sh", "-c", request["Command"]],
            cwd=self.folder,
            stdin=subprocess.PIPE if streams["Stdin"] else subprocess.DEVNULL,
            stdout=subprocess.PIPE if streams["Stdout"] else subprocess.DEVNULL,
            stderr=subprocess.PIPE if streams["Stderr"] else subprocess.DEVNULL,
        )

        def feed():
            try:
                while chunk := streams["Stdin"].read():
                    command.stdin.write(chunk)
                command.stdin.close()
            except (OSError, ConnectionError):
                pass

        def drain(pipe, stream):
            with pipe:
                try:
                    while chunk := pipe.read1(1 << 16):
                        stream.write(chunk)
                except ConnectionError:
                    command.kill()

        def finish():
            if streams["Stdin"]:
                kit._thread(feed)
            pumps = []
            for pipe, name in ((command.stdout, "Stdout"), (command.stderr, "Stderr")):
                if streams[name]:
                    pumps.append(kit._thread(drain, pipe, streams[name]))
            for pump in pumps:
                pump.join()
            definition = kit._gob_struct_type(64, "CommandFinished", ("ExitStatus", 2))
            status = command.wait()
            field = b"\1" + kit._gob_int(status) if status else b""
            try:
                streams["Response"].write(definition + kit._gob_message(kit._gob_int(64) + field + b"\0"))
            except ConnectionError:
                # The plugin has given up on this command.
                pass
            for stream in streams.values():
                if stream:
                    stream.close()

        kit._thread(finish)

    def _upload(self, request):
        self.file_info = request["FileInfo"]
        stream = self.broker.dial(request["ReaderStreamId"])
        with open(os.path.join(self.folder, request["Path"]), "wb") as file:
            while chunk := stream.read():
                file.write(chunk)
        stream.close()

    def _download(self, request):
        stream = self.broker.dial(request["WriterStreamId"])
        with open(os.path.join(self.folder, request["Path"]), "rb") as file:
            while chunk := file.read(1 << 18):
                stream.write(chunk)
        stream.close()

    def close(self):
        """Ends the connection, and returns the status that the plugin ends with."""
        self.connection.shutdown(socket.SHUT_RDWR)
        status = self.process.wait(10)
        self.process.stdout.close()
        return status


def write_plugin(folder, text, name="sample.py"):
    """Writes a plugin, and returns the command that runs it."""
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return [sys.executable, path]
