#!/usr/bin/env python3
"""The simulator's process: certificates, options, and how it ends."""
import concurrent.futures
import os
import ssl
import subprocess
import sys
import tempfile
import unittest
import urllib.error
import urllib.request

import launcher

LIST = "DescribeModelCompTasks"


class Starting(unittest.TestCase):
    def start(self, *options):
        directory = tempfile.TemporaryDirectory(prefix="simulator-test-")
        self.addCleanup(directory.cleanup)
        process, facts = launcher.start(list(options), directory.name)
        self.addCleanup(launcher.stop, process)
        return process, facts

    def handshake(self, kind):
        _, facts = self.start("--tls", "--certificate", kind)
        context = ssl.create_default_context(cafile=facts["ca_file"])
        try:
            urllib.request.urlopen(facts["endpoint"], context=context,
                                   timeout=30)
        except urllib.error.HTTPError as error:
            error.close()
            return "trusted"
        except urllib.error.URLError as error:
            return str(error.reason)

    def test_certificates(self):
        for kind, expected in (("good", "trusted"), ("expired", "expired"),
                               ("wrong-host", "mismatch"),
                               ("self-signed", "self-signed")):
            with self.subTest(kind):
                self.assertIn(expected, self.handshake(kind))

    def test_path_prefix(self):
        _, facts = self.start("--path-prefix", "/proxy/a")
        self.assertTrue(facts["endpoint"].endswith("/proxy/a"))
        done = subprocess.run(
            [sys.executable, os.path.join(launcher.HERE, "client.py"),
             facts["endpoint"], LIST], capture_output=True, timeout=30,
            check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_ends_with_its_input(self):
        process, _ = self.start()
        process.stdin.close()
        self.assertEqual(process.wait(10), 0)

    def test_ends_while_busy(self):
        process, facts = self.start("--latency-ms", "60000")
        host, _, port = facts["endpoint"][7:].partition(":")
        with concurrent.futures.ThreadPoolExecutor() as pool:
            waiting = pool.submit(urllib.request.urlopen, facts["endpoint"],
                                  b"{}", 30)
            urllib.request.urlopen(urllib.request.Request(
                facts["control"] + "/ctl", b'["wait","in_flight","1"]')).close()
            process.terminate()
            self.assertEqual(process.wait(10), 0)
            self.assertIsInstance(waiting.exception(30), Exception)

    def test_wrapper(self):
        wrapper = os.path.join(launcher.HERE, "with-simulator")
        done = subprocess.run(
            [sys.executable, wrapper, "--tasks", "7", "--", "sh", "-c",
             '"$QIANFAN_SIMULATOR_CTL" calls; exit 5'],
            capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual((done.returncode, done.stdout), (5, "none\n"))


if __name__ == "__main__":
    unittest.main()
