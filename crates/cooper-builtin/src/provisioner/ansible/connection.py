"""How Ansible gets into the machine of a build: through the Cooper that started it.

Cooper listens on the socket that `COOPER_ANSIBLE_SOCKET` names. Each operation is a connection of
its own: a request (its length in four bytes, then JSON, then what the command can read), and
pieces of an answer (a letter, a length in four bytes, a text) until the letter is `x` or `f`.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = """
name: cooper
short_description: Runs tasks in the machine of a Cooper build
description:
  - Commands and files go through the Cooper that runs the playbook, and need no SSH.
author: Cooper
options:
  socket:
    description: Where Cooper listens.
    required: true
    env:
      - name: COOPER_ANSIBLE_SOCKET
    vars:
      - name: cooper_ansible_socket
  remote_addr:
    description: The name of the machine, which only people look at.
    default: inventory_hostname
    vars:
      - name: inventory_hostname
      - name: ansible_host
  remote_user:
    description: Who commands run as, which the build decides.
    vars:
      - name: ansible_user
    keyword:
      - name: remote_user
"""

import json
import socket
import struct

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.module_utils.common.text.converters import to_bytes, to_text
from ansible.plugins.connection import ConnectionBase

LONGEST = 1 << 20


class Connection(ConnectionBase):
    """A way into the machine of a build."""

    transport = "cooper"
    has_pipelining = True

    def _connect(self):
        self._connected = True
        return self

    def exec_command(self, cmd, in_data=None, sudoable=True):
        super(Connection, self).exec_command(cmd, in_data=in_data, sudoable=sudoable)
        if sudoable and self.become is not None and self.become.expect_prompt():
            raise AnsibleError(
                "a password for `become` cannot be typed into this machine: let its user become "
                "`%s` without one" % (self.become.get_option("become_user") or "root")
            )
        stdin = to_bytes(in_data or b"", errors="surrogate_or_strict")
        line = to_text(cmd, errors="surrogate_or_strict")
        return self._ask({"do": "run", "line": line, "stdin": len(stdin)}, stdin)

    def put_file(self, in_path, out_path):
        super(Connection, self).put_file(in_path, out_path)
        self._move("upload", in_path, out_path)

    def fetch_file(self, in_path, out_path):
        super(Connection, self).fetch_file(in_path, out_path)
        self._move("download", in_path, out_path)

    def close(self):
        self._connected = False

    def reset(self):
        """Every operation has a connection of its own, so there is nothing to begin again."""

    def _move(self, what, source, destination):
        source = to_text(source, errors="surrogate_or_strict")
        destination = to_text(destination, errors="surrogate_or_strict")
        self._ask({"do": what, "source": source, "destination": destination})

    def _ask(self, request, stdin=b""):
        out, err = [], []
        try:
            with socket.socket(socket.AF_UNIX) as stream:
                stream.connect(self.get_option("socket"))
                head = to_bytes(json.dumps(request))
                stream.sendall(struct.pack(">I", len(head)) + head + stdin)
                while True:
                    letter, length = struct.unpack(">cI", self._read(stream, 5))
                    if length > LONGEST:
                        raise AnsibleConnectionFailure("Cooper's answer is not an answer")
                    text = self._read(stream, length)
                    if letter == b"o":
                        out.append(text)
                    elif letter == b"e":
                        err.append(text)
                    elif letter == b"x":
                        return int(text), b"".join(out), b"".join(err)
                    else:
                        raise AnsibleError(to_text(text))
        except (OSError, struct.error, ValueError) as error:
            raise AnsibleConnectionFailure("Cooper does not answer: %s" % error)

    @staticmethod
    def _read(stream, length):
        pieces = []
        while length:
            piece = stream.recv(min(length, LONGEST))
            if not piece:
                raise AnsibleConnectionFailure("Cooper has ended the connection")
            pieces.append(piece)
            length -= len(piece)
        return b"".join(pieces)
