"""The load target: nginx with Lua, on free ports of the loopback interface."""
import os
import random
import re
import socket
import subprocess
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
NGINX = "/usr/sbin/nginx"

WRK_SCRIPT = """
wrk.method = "POST"
wrk.body = '%s'
wrk.headers["Content-Type"] = "application/json"
"""
BODIES = {
    "DescribeModelCompTask": '{"modelCompTaskId":"amva-000000000042"}',
    "DescribeModelCompTasks": '{"marker":"amva-000000000400","maxKeys":100}',
}


class Target:
    """A running nginx; stop() ends it, and so does the end of our group."""

    def __init__(self, work):
        self.work = os.path.join(work, "target")
        os.mkdir(self.work)
        self._ceilings = {}
        self._make_certificate()
        for _ in range(10):
            if self._start():
                return
        raise RuntimeError("nginx does not start: "
                           + self._path("error.log", read=True))

    def _path(self, name, read=False):
        path = os.path.join(self.work, name)
        if not read:
            return path
        with open(path, encoding="utf-8") as file:
            return file.read()

    def _make_certificate(self):
        self.ca_file = self._path("server.pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
             "-subj", "/CN=127.0.0.1", "-addext",
             "subjectAltName=IP:127.0.0.1", "-keyout",
             self._path("server.key"), "-out", self.ca_file],
            check=True, capture_output=True)

    def _start(self):
        ports = random.sample(range(20000, 32000), 2)
        self.urls = {False: f"http://127.0.0.1:{ports[0]}",
                     True: f"https://127.0.0.1:{ports[1]}"}
        with open(os.path.join(HERE, "target", "nginx.conf.in"),
                  encoding="utf-8") as file:
            conf = file.read()
        words = {"workers": "1", "work": self.work, "http_port": ports[0],
                 "https_port": ports[1],
                 "source": os.path.join(HERE, "target")}
        with open(self._path("nginx.conf"), "w", encoding="utf-8") as file:
            file.write(re.sub("@([a-z_]+)@",
                              lambda m: str(words[m.group(1)]), conf))
        self._nginx = subprocess.Popen(
            [NGINX, "-p", self.work, "-e", self._path("error.log"),
             "-c", self._path("nginx.conf")], stdin=subprocess.DEVNULL)
        for _ in range(500):
            if self._nginx.poll() is not None:
                return False            # a port was in use
            try:
                socket.create_connection(("127.0.0.1", ports[1])).close()
                return True
            except OSError:
                time.sleep(0.01)
        return False

    def stop(self):
        """End nginx."""
        self._nginx.terminate()
        self._nginx.wait()

    def count(self):
        """Calls, body bytes and most in flight since the last time."""
        with urllib.request.urlopen(self.urls[False] + "/count") as answer:
            return [int(word) for word in answer.read().split()]

    def ceiling(self, action, delay, tls, concurrency):
        """Calls per second that wrk gets out of the target alone."""
        key = (action, delay, tls, concurrency)
        if key not in self._ceilings:
            script = self._path("wrk.lua")
            with open(script, "w", encoding="utf-8") as file:
                file.write(WRK_SCRIPT % BODIES[action])
            command = ["wrk", "-t", "1", "-c", str(concurrency), "-d", "1s",
                       "--timeout", "10s", "-s", script,
                       f"{self.urls[tls]}/delay/{delay}/tasks/1000000"
                       f"/v2/model?Action={action}"]
            self._ceilings[key] = max(self._rate(command) for _ in range(2))
        return self._ceilings[key]

    @staticmethod
    def _rate(command):
        output = subprocess.run(command, check=True, capture_output=True,
                                text=True).stdout
        if "Non-2xx" in output or "Socket errors" in output:
            raise RuntimeError("wrk: " + output)
        return float(re.search(r"Requests/sec:\s*([0-9.]+)", output).group(1))
