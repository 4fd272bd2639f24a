"""What the simulator's own tests share: a process, signed calls, raw bytes."""
import http.client
import json
import os
import socket
import subprocess
import tempfile
import time
import unittest
from urllib.parse import urlsplit

import client
import launcher

# Far above what any step takes; only reached when something is broken.
LIMIT_S = 30


class SimulatorCase(unittest.TestCase):
    """A simulator for all tests of a class, reset before each of them."""

    options = ["--tasks", "250"]

    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory(prefix="simulator-test-")
        cls.addClassCleanup(cls.directory.cleanup)
        cls.process, cls.facts = launcher.start(cls.options,
                                                cls.directory.name)
        cls.addClassCleanup(launcher.stop, cls.process)
        address = urlsplit(cls.facts["endpoint"])
        cls.host, cls.port = address.hostname, address.port
        cls.path = address.path + "/v2/model"

    def setUp(self):
        self.ctl("reset")
        self.connection = http.client.HTTPConnection(self.host, self.port,
                                                     timeout=LIMIT_S)
        self.addCleanup(self.connection.close)

    def ctl(self, *words):
        """What "ctl" prints, without starting a process."""
        control = urlsplit(self.facts["control"])
        connection = http.client.HTTPConnection(control.hostname,
                                                control.port, timeout=60)
        try:
            connection.request("POST", "/ctl",
                               json.dumps([str(word) for word in words]))
            answer = connection.getresponse()
            text = answer.read().decode("utf-8")
        finally:
            connection.close()
        if answer.status != 200:
            raise ValueError(text)
        return text

    def ctl_command(self, *words):
        """The same through the command."""
        return subprocess.run(
            [os.path.join(launcher.HERE, "ctl"), *words],
            env={**os.environ,
                 "QIANFAN_SIMULATOR_CONTROL": self.facts["control"]},
            capture_output=True, text=True, timeout=60, check=False)

    def headers(self, action, **changes):
        return client.signed_headers(
            f"{self.host}:{self.port}", self.path, action,
            **{"keys": (self.facts["access_key"], self.facts["secret_key"]),
               **changes})

    def raw_call(self, action, body=b"{}", method="POST", target=None,
                 drop=(), **changes):
        """(status, headers, body bytes) of a call."""
        headers = {name: value for name, value
                   in self.headers(action, **changes).items()
                   if name not in drop}
        self.connection.request(
            method, target or f"{self.path}?Action={action}", body, headers)
        answer = self.connection.getresponse()
        return answer.status, answer.headers, answer.read()

    def call(self, action, document=None, **changes):
        """(status, parsed body) of a call."""
        status, _, body = self.raw_call(
            action, json.dumps(document or {}).encode(), **changes)
        return status, json.loads(body)

    def result(self, action, document=None):
        status, answer = self.call(action, document)
        self.assertEqual(status, 200, answer)
        return answer.get("result")

    def code(self, action, document=None, **changes):
        """(status, error word) of a call that is refused."""
        status, answer = self.call(action, document, **changes)
        return status, answer["code"]

    def request_bytes(self, action, document):
        """A signed request as it goes over the wire."""
        body = json.dumps(document).encode()
        headers = self.headers(action)
        headers["content-length"] = len(body)
        head = f"POST {self.path}?Action={action} HTTP/1.1\r\n" + "".join(
            f"{name}: {value}\r\n" for name, value in headers.items())
        return head.encode() + b"\r\n" + body

    def open_socket(self):
        plain = socket.create_connection((self.host, self.port), LIMIT_S)
        self.addCleanup(plain.close)
        return plain

    def bytes_of(self, action, document, limit=2 ** 31, timeout=LIMIT_S):
        """What comes back, and how it ended: end, reset, limit, timeout."""
        plain = self.open_socket()
        plain.sendall(self.request_bytes(action, document))
        plain.settimeout(timeout)
        received, total = [], 0
        try:
            while total < limit:
                data = plain.recv(2 ** 20)
                if not data:
                    return b"".join(received), "end"
                received.append(data)
                total += len(data)
            return b"".join(received), "limit"
        except ConnectionResetError:
            return b"".join(received), "reset"
        except socket.timeout:
            return b"".join(received), "timeout"
        finally:
            plain.close()

    def list_all(self, **document):
        """The ids of a list, page by page, and how many pages it took."""
        found, pages = [], 0
        while True:
            result = self.result("DescribeModelCompTasks", document)
            pages += 1
            found += [item["id"] for item in result["modelCompTaskList"]]
            if not result["pageInfo"]["isTruncated"]:
                return found, pages
            document["marker"] = result["pageInfo"]["nextMarker"]


def stopwatch(function):
    started = time.monotonic()
    function()
    return time.monotonic() - started
