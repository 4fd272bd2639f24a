#!/usr/bin/env python3
"""The simulator does what the other tests rely on: actions, modes, counters."""
import email.utils
import gzip
import json
import os
import subprocess
import sys
import time
import unittest
import urllib.error
import urllib.request

import launcher
import tasks
from harness import SimulatorCase, stopwatch

LIST, DETAIL = "DescribeModelCompTasks", "DescribeModelCompTask"
UNKNOWN = {"modelCompTaskId": tasks.task_id(10 ** 6)}


def key(index):
    return {"modelCompTaskId": tasks.task_id(index)}


class Data(unittest.TestCase):
    def test_ids_are_unique_and_reversible(self):
        indexes = list(range(5000)) + [10 ** 9, tasks.CREATED_BASE, -1]
        ids = [tasks.task_id(index) for index in indexes]
        self.assertEqual(len(set(ids)), len(ids))
        self.assertEqual([tasks.task_index(i) for i in ids], indexes)
        for bad in ("", "amva-", "amva-ABCDEFGHIJKL", "amva-zzzzzzzzzzzz",
                    "amv-000000000000", "amva-00000000000", "amva-1_000000000"):
            self.assertIsNone(tasks.task_index(bad), bad)

    def test_variety(self):
        found = [tasks.detail(index) for index in range(1000)]
        self.assertEqual({task["status"] for task in found},
                         set(tasks.STATUSES))
        self.assertEqual(len({task["sourceModelId"] for task in found}), 17)
        self.assertEqual({task["config"].get("weight") for task in found},
                         {None, *tasks.WEIGHTS})
        unfinished = {task.get("finishTime", "missing") for task in found
                      if task["status"] not in tasks.TERMINAL}
        self.assertEqual(unfinished, {"missing", None, "", tasks.ZERO_DATE})

    def test_rows(self):
        for values in tasks.rows(500):
            self.assertEqual(tuple(values), tasks.COLUMNS)
            self.assertNotIn("", [values[name] for name in (
                "model_id", "finish_time", "failed_reason", "weight")])
        self.assertEqual(next(tasks.rows(0, "example"))["state"], "Done")

    def test_command(self):
        run = [sys.executable, os.path.join(launcher.HERE, "tasks.py")]
        lines = subprocess.check_output([*run, "--count", "300"]).decode()
        self.assertEqual([line.count("\t") for line in
                          lines.splitlines()], [12] * 300)
        lines = subprocess.check_output(
            [*run, "--count", "2", "--format", "jsonl"]).decode()
        self.assertEqual([json.loads(line) for line in lines.splitlines()],
                         list(tasks.rows(2)))
        self.assertEqual(subprocess.check_output([*run, "--ids", "1"]).decode(),
                         tasks.task_id(0) + "\n")


class Actions(SimulatorCase):
    def test_detail(self):
        for index in (0, 1, 249):
            self.assertEqual(self.result(DETAIL, key(index)),
                             tasks.detail(index))

    def test_example_as_on_the_page(self):
        _, answer = self.call(DETAIL, {"modelCompTaskId": tasks.EXAMPLE_ID})
        self.assertEqual(answer, {"requestId": tasks.EXAMPLE_REQUEST_ID,
                                  "result": tasks.EXAMPLE})

    def test_not_found(self):
        self.assertEqual(self.code(DETAIL, UNKNOWN),
                         (404, "ModelCompTaskNotFound"))
        self.assertEqual(self.code(DETAIL, key(250))[0], 404)
        self.ctl("set", "not_found", "code400")
        self.assertEqual(self.code(DETAIL, UNKNOWN),
                         (400, "NoSuchModelCompTask"))
        self.ctl("set", "not_found", "null")
        self.assertIsNone(self.result(DETAIL, UNKNOWN))
        self.ctl("set", "not_found", "empty")
        self.assertEqual(self.result(DETAIL, UNKNOWN), {})

    def test_life_of_a_task(self):
        new = {"name": "新 task", "description": "d", "modelSetId": "am-1",
               "sourceModelId": tasks.SOURCE_MODELS[0],
               "config": {"strategy": "Quantization", "weight": "int8-ptq"}}
        identifier = self.result("CreateModelCompTask", new)
        self.assertRegex(identifier, "^amva-[0-9a-z]{12}$")
        its_key = {"modelCompTaskId": identifier}
        self.assertEqual(self.result(DETAIL, its_key)["status"], "creating")
        self.assertEqual(self.list_all(maxKeys=100)[0][-1], identifier)
        self.assertEqual(self.list_all(pageReverse=True)[0][0], identifier)
        self.assertIsNone(self.result("CancelModelCompTask", its_key))
        states = [self.result(DETAIL, its_key)["status"] for _ in range(3)]
        self.assertEqual(states, ["stopping", "stopped", "stopped"])
        self.assertEqual(self.code("CancelModelCompTask", its_key)[0], 400)
        self.assertIsNone(self.result("DeleteModelCompTask", its_key))
        self.assertEqual(self.code(DETAIL, its_key)[0], 404)
        self.assertEqual(self.code("DeleteModelCompTask", its_key)[0], 404)
        self.result("DeleteModelCompTask", key(3))
        self.assertEqual(len(self.list_all(maxKeys=100)[0]), 249)
        self.ctl("reset")
        self.assertEqual(len(self.list_all(maxKeys=100)[0]), 250)

    def test_bad_bodies(self):
        for action, document in (
                (DETAIL, {}), (DETAIL, {"modelCompTaskId": 1}),
                (DETAIL, {**key(0), "extra": 1}), (LIST, {"maxKeys": 0}),
                (LIST, {"maxKeys": "10"}), (LIST, {"maxKeys": True}),
                (LIST, {"pageReverse": 1}), (LIST, {"marker": None}),
                ("CreateModelCompTask", {"name": "only"})):
            with self.subTest(document):
                self.assertEqual(self.code(action, document),
                                 (400, "InappropriateJSON"))
        for body, code in ((b"[1]", "InappropriateJSON"),
                           (b"{", "MalformedJSON"), (b"[" * 99999,
                                                     "MalformedJSON"),
                           (b'{"a":"\xff"}', "InvalidHTTPRequest")):
            with self.subTest(body[:9]):
                status, _, answer = self.raw_call(DETAIL, body)
                self.assertEqual((status, json.loads(answer)["code"]),
                                 (400, code))

    def test_bad_requests(self):
        self.assertEqual(self.code(LIST, target="/v1/model"),
                         (404, "ResourceNotFound"))
        self.assertEqual(self.code(LIST, target="/v2/other"),
                         (404, "ResourceNotFound"))
        # there is no such place, whoever asks
        self.assertEqual(self.code(LIST, target="/v2/other",
                                   drop=["authorization"]),
                         (404, "ResourceNotFound"))
        self.assertEqual(self.code("Nonsense"), (400, "InvalidURI"))
        self.assertEqual(self.code(LIST, method="PUT"),
                         (400, "InvalidHTTPRequest"))
        self.assertEqual(self.code(LIST, drop=["content-type"]),
                         (400, "InvalidHTTPRequest"))
        self.assertEqual(self.ctl("calls"),
                         f"{LIST}=2 other=4")

    def test_signatures_are_checked(self):
        self.assertEqual(self.code(LIST, drop=["authorization"]),
                         (400, "SignatureEmpty"))
        self.assertEqual(self.code(LIST, keys=("who", "x")),
                         (403, "InvalidAccessKeyId"))
        wrong = (self.facts["access_key"], "guess")
        self.assertEqual(self.code(LIST, keys=wrong),
                         (400, "SignatureDoesNotMatch"))
        self.assertEqual(self.ctl("get", "rejected"), "3")
        self.ctl("set", "iam_errors", "headers")
        status, headers, body = self.raw_call(LIST, keys=wrong)
        self.assertEqual((status, headers["X-Bce-Error-Code"], body),
                         (400, "SignatureDoesNotMatch", b""))

    def test_clock(self):
        self.ctl("set", "clock_offset_s", "7200")
        status, headers, body = self.raw_call(LIST)
        self.assertEqual(json.loads(body)["code"], "RequestExpired")
        date = email.utils.parsedate_to_datetime(headers["Date"]).timestamp()
        self.assertAlmostEqual(date, time.time() + 7200, delta=5)
        self.assertEqual(self.call(LIST, when=date)[0], 200)

    def test_session_token(self):
        self.ctl("set", "session_token", "to/ken=")
        self.assertEqual(self.code(LIST)[0], 400)
        token = {"x-bce-security-token": "to/ken="}
        self.assertEqual(self.call(LIST, extra=token)[0], 200)


class Pages(SimulatorCase):
    ids = [tasks.task_id(index) for index in range(250)]

    def page(self, **document):
        return self.result(LIST, document)

    def test_sizes(self):
        for asked, given in ((None, 10), (1, 1), (100, 100), (5000, 100)):
            result = self.page(**({} if asked is None else {"maxKeys": asked}))
            self.assertEqual(len(result["modelCompTaskList"]), given)
            self.assertEqual(result["pageInfo"]["maxKeys"], given)
        self.assertEqual(result["pageInfo"]["marker"], "")

    def test_whole_list(self):
        self.assertEqual(self.list_all(maxKeys=100), (self.ids, 3))
        self.assertEqual(self.list_all(maxKeys=250, pageReverse=True),
                         (self.ids[::-1], 3))
        self.assertEqual(self.list_all(maxKeys=50)[1], 5)

    def test_marker_modes(self):
        self.ctl("set", "marker", "inclusive")
        found, pages = self.list_all(maxKeys=100)
        self.assertEqual((len(found), pages), (252, 3))
        self.assertEqual(sorted(set(found)), sorted(self.ids))
        self.ctl("set", "marker", "start")
        self.assertEqual(self.list_all(maxKeys=100), (self.ids, 3))
        self.assertEqual(self.list_all(maxKeys=100, pageReverse=True),
                         (self.ids[::-1], 3))

    def test_order(self):
        """Newest first, in every marker mode, and turned round."""
        self.ctl("set", "list_order", "newest")
        for marker in ("exclusive", "start"):
            self.ctl("set", "marker", marker)
            self.assertEqual(self.list_all(maxKeys=100), (self.ids[::-1], 3))
            self.assertEqual(self.list_all(pageReverse=True)[0], self.ids)
        self.ctl("set", "marker", "inclusive")
        self.assertEqual(list(dict.fromkeys(self.list_all()[0])),
                         self.ids[::-1])

    def test_what_is_turned_round(self):
        self.ctl("set", "page_reverse", "ignored")
        self.assertEqual(self.list_all(pageReverse=True)[0], self.ids)
        self.ctl("set", "page_reverse", "page")
        for marker in ("exclusive", "start"):
            self.ctl("set", "marker", marker)
            self.assertEqual(
                self.list_all(pageReverse=True, maxKeys=100)[0],
                self.ids[99::-1] + self.ids[199:99:-1] + self.ids[:199:-1])

    def test_tied_times(self):
        self.ctl("set", "tied_times", "7")
        times = [item["createTime"] for item
                 in self.page(maxKeys=100)["modelCompTaskList"]]
        self.assertEqual(times, [tasks.detail(index - index % 7)["createTime"]
                                 for index in range(100)])
        self.assertEqual(self.result(DETAIL, key(13))["createTime"], times[7])

    def times(self, **document):
        return [item.get("createTime") for item
                in self.page(**document)["modelCompTaskList"]]

    def test_times(self):
        self.ctl("set", "time_step_s", "10")
        self.ctl("set", "time_shift_s", "3600")
        self.assertEqual(self.times(maxKeys=2), ["2024-01-01T09:00:00+08:00",
                                                 "2024-01-01T09:00:10+08:00"])
        self.ctl("set", "swapped", "1")
        self.assertEqual([time[17:19] for time in self.times(maxKeys=4)],
                         ["00", "20", "10", "30"])
        self.ctl("set", "detail_shift_s", "60")
        self.assertEqual([self.result(DETAIL, key(i))["createTime"][11:19]
                          for i in (3, 4)], ["09:01:30", "08:59:40"])

    def test_task_without_a_time(self):
        self.ctl("set", "timeless", "2")
        for form, shown in (("missing", None), ("null", None), ("empty", ""),
                            ("zero", tasks.ZERO_DATE)):
            self.ctl("set", "timeless_as", form)
            items = self.page(maxKeys=4)["modelCompTaskList"]
            self.assertEqual("createTime" in items[2], form != "missing")
            self.assertEqual(items[2].get("createTime"), shown)
            self.assertTrue(items[1]["createTime"] and items[3]["createTime"])
        self.assertIn("createTime", self.result(DETAIL, key(2)))

    def test_offsets(self):
        self.ctl("set", "marker", "offset")
        self.assertEqual(self.list_all(maxKeys=100), (self.ids, 3))
        self.assertEqual(self.page(maxKeys=100)["pageInfo"]["nextMarker"],
                         "100")
        self.assertEqual(self.code(LIST, {"marker": self.ids[0]}),
                         (400, "InvalidMarker"))

    def test_growth(self):
        """Old tasks once each where a marker is an id, newest first."""
        self.ctl("set", "growth", "3")
        self.assertEqual(self.list_all(maxKeys=100, pageReverse=True),
                         (self.ids[::-1], 3))
        self.ctl("reset")
        self.ctl("set", "growth", "3")
        found, pages = self.list_all(maxKeys=100)
        self.assertEqual((found[:250], len(found), pages), (self.ids, 256, 3))
        self.ctl("reset")
        self.ctl("set", "growth", "3")
        self.ctl("set", "marker", "offset")
        found, pages = self.list_all(maxKeys=100, pageReverse=True)
        self.assertEqual((found[100:103], pages), (found[97:100], 3))

    def test_changes(self):
        """What a test does to the account, it sees in list and detail."""
        self.ctl("change", self.ids[3], "status", "odd")
        self.ctl("change", self.ids[3], "config", '{"strategy": 7}')
        task = self.result("DescribeModelCompTask",
                           {"modelCompTaskId": self.ids[3]})
        self.assertEqual((task["status"], task["config"]),
                         ("odd", {"strategy": 7}))
        self.ctl("remove", *self.ids[4:9])
        self.ctl("restore", self.ids[6])
        found, _ = self.list_all(maxKeys=100)
        self.assertEqual(found[:6],
                         self.ids[:4] + [self.ids[6], self.ids[9]])
        self.ctl("add", "2")
        self.assertEqual(len(self.list_all(maxKeys=100)[0]), 248)
        with self.assertRaises(Exception):
            self.ctl("restore", self.ids[0])

    def test_filter(self):
        source = tasks.SOURCE_MODELS[3]
        self.assertEqual(self.list_all(sourceModelId=source)[0],
                         self.ids[3::17])
        self.assertEqual(self.list_all(sourceModelId="amv-none")[0], [])
        self.ctl("set", "ignore_filter", "on")
        self.assertEqual(self.list_all(sourceModelId=source)[0], self.ids)

    def test_bad_marker(self):
        for marker in ("nonsense", UNKNOWN["modelCompTaskId"]):
            self.assertEqual(self.code(LIST, {"marker": marker}),
                             (400, "InvalidMarker"))

    def test_list_members(self):
        self.ctl("set", "tasks", "100")
        plain = self.page(maxKeys=100)["modelCompTaskList"]
        for item in plain:
            self.assertLessEqual(set(item), set(tasks.LIST_FIELDS))
            if item["status"] == "failed":
                self.assertEqual(item["modelId"], "")
        self.ctl("set", "list_detail", "on")
        for item in self.page(maxKeys=100)["modelCompTaskList"]:
            self.assertIn("config", item)
            self.assertIn("failedReason", item)
        self.ctl("set", "list_detail", "some")
        have = ["config" in item for item
                in self.page(maxKeys=100)["modelCompTaskList"]]
        self.assertIn(True, have)
        self.assertIn(False, have)

    def test_stale_list(self):
        self.ctl("set", "stale_list", "on")
        self.assertEqual(self.list_all()[0], self.ids)
        items = self.page(maxKeys=10)["modelCompTaskList"]
        self.assertEqual(items[1]["status"], "running")
        self.assertEqual(items[1]["name"],
                         "early-" + self.result(DETAIL, key(1))["name"])
        self.assertNotIn("finishTime", items[1])
        self.assertEqual(self.code(DETAIL, key(3))[0], 404)
        self.assertEqual(items[5]["name"],
                         self.result(DETAIL, key(5))["name"])

    def test_misbehaving_page_info(self):
        self.ctl("set", "paging", "repeating-marker")
        first = self.page()["pageInfo"]["nextMarker"]
        self.assertEqual(self.page(marker=first)["pageInfo"]["nextMarker"],
                         first)
        self.ctl("set", "paging", "empty-truncated")
        result = self.page(marker=first)
        self.assertEqual(result["modelCompTaskList"], [])
        self.assertTrue(result["pageInfo"]["isTruncated"])
        self.ctl("set", "paging", "no-page-info")
        self.assertNotIn("pageInfo", self.page())
        self.ctl("set", "paging", "no-next-marker")
        self.assertNotIn("nextMarker", self.page()["pageInfo"])
        self.assertTrue(self.page()["pageInfo"]["isTruncated"])
        self.ctl("set", "paging", "cycle")
        self.assertEqual(self.page(marker=self.ids[-5])["pageInfo"]
                         ["nextMarker"], self.ids[0])

    def test_example_variant(self):
        self.ctl("set", "variant", "example")
        items = self.page(maxKeys=100)["modelCompTaskList"]
        self.assertEqual(items[0]["id"], tasks.EXAMPLE_ID)
        self.assertNotIn("status", items[1])
        self.assertEqual(len(self.list_all()[0]), 251)
        self.assertEqual(self.result(DETAIL, key(0))["state"], "Done")

    def test_millions(self):
        self.ctl("set", "tasks", "500000000")
        self.assertEqual(self.result(DETAIL, key(499999999))["id"],
                         tasks.task_id(499999999))
        took = stopwatch(lambda: self.page(
            marker=tasks.task_id(250000000),
            sourceModelId=tasks.SOURCE_MODELS[16], maxKeys=100))
        self.assertLess(took, 10)    # by arithmetic, not by counting


class Observation(SimulatorCase):
    def test_counters(self):
        self.assertEqual(self.ctl("calls"), "none")
        for _ in range(3):
            size = len(self.raw_call(DETAIL, json.dumps(key(0)).encode())[2])
        self.result(LIST)
        self.assertEqual(self.ctl("calls"), f"{DETAIL}=3 {LIST}=1")
        self.assertEqual(self.ctl("get", f"calls:{DETAIL}"), "3")
        self.assertEqual(self.ctl("get", "total"), "4")
        self.assertEqual(self.ctl("get", "connections"), "1")
        self.assertEqual(self.ctl("get", "connections_open"), "1")
        self.assertEqual(self.ctl("get", "max_in_flight"), "1")
        self.assertGreater(int(self.ctl("get", "bytes")), 3 * size)
        self.assertEqual(self.ctl("last", 2), f"{DETAIL} {json.dumps(key(0))}"
                         f"\n{LIST} {{}}")
        self.assertIn("authorization: (not shown)",
                      self.ctl("last", 1, "--headers"))
        self.ctl("reset")
        self.assertEqual(self.ctl("calls"), "none")
        self.connection.close()
        self.ctl("wait", "connections_open", 0, "--at-most")

    def test_gate_and_wait(self):
        self.ctl("hold", "--action", DETAIL)
        self.result(LIST)
        sockets = [self.open_socket() for _ in range(3)]
        for plain in sockets:
            plain.sendall(self.request_bytes(DETAIL, key(0)))
        self.ctl("wait", "held", 3)
        self.assertEqual(self.ctl("get", f"in_flight:{DETAIL}"), "3")
        self.ctl("release", 1)
        self.ctl("wait", "in_flight", 2, "--at-most")
        sockets[1].close()
        self.ctl("wait", "aborted", 1)
        self.assertEqual(self.ctl("get", "held"), "1")
        self.ctl("release")
        self.assertIn(b"200 OK", sockets[2].recv(9999))
        self.assertEqual(self.ctl("get", f"max_in_flight:{DETAIL}"), "3")

    def test_gate_for_one_task(self):
        self.ctl("hold")
        sockets = [self.open_socket() for _ in range(3)]
        for index, plain in enumerate(sockets):
            plain.sendall(self.request_bytes(DETAIL, key(index)))
        self.ctl("wait", "held", 3)
        self.ctl("release", "--id", tasks.task_id(1))
        self.assertIn(tasks.task_id(1).encode(), sockets[1].recv(9999))
        self.assertEqual(self.ctl("get", "held"), "2")
        self.ctl("release")

    def test_pipelining(self):
        plain = self.open_socket()
        plain.sendall(self.request_bytes(DETAIL, key(0)) * 50)
        self.ctl("wait", "total", 50)

    def test_256_slow_requests_at_once(self):
        self.ctl("set", "latency_ms", "300")
        self.ctl("hold")
        sockets = [self.open_socket() for _ in range(256)]
        data = self.request_bytes(DETAIL, key(0))
        started = time.monotonic()
        for plain in sockets:
            plain.sendall(data)
        self.ctl("wait", "held", "256")
        self.ctl("release")
        for plain in sockets:
            self.assertIn(b"200 OK", plain.recv(9999))
        # one after another they would take 77 s; a busy machine takes some
        self.assertLess(time.monotonic() - started, 30)
        self.assertEqual(self.ctl("get", "max_in_flight"), "256")
        self.assertGreater(float(self.ctl("get", "average_in_flight")), 10)
        self.assertGreater(int(self.ctl("get", "max_per_second")), 10)

    def test_transport_modes(self):
        self.ctl("set", "gzip", "on")
        _, headers, body = self.raw_call(LIST, extra={
            "accept-encoding": "deflate, gzip"})
        self.assertEqual(headers["Content-Encoding"], "gzip")
        self.assertIn(b"modelCompTaskList", gzip.decompress(body))
        self.assertIsNone(self.raw_call(LIST)[1]["Content-Encoding"])
        self.ctl("set", "chunked", "on")
        self.assertEqual(len(self.result(LIST)["modelCompTaskList"]), 10)
        self.ctl("set", "keep_alive", "off")
        self.assertEqual(self.raw_call(LIST)[1]["Connection"], "close")

    def test_garbage_does_no_harm(self):
        for data in (b"\x00\xff\r\n\r\n", b"GET\r\n\r\n", b"x" * 99999,
                     b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
                     b"POST / HTTP/1.1\r\nContent-Length: \xff\r\n\r\n",
                     b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
                     b"POST /\xff%zz?%&&==%ff HTTP/1.1\r\n\r\n",
                     b"POST / HTTP/1.1\r\nno colon\r\n\r\n"):
            with self.subTest(data[:40]):
                plain = self.open_socket()
                plain.sendall(data)
                self.assertTrue(plain.recv(9999).startswith(b"HTTP/1.1 4"))
        for data in ("null", "[1]", '["bogus"]', '["get","in_flight:"]',
                     '["get","nosuch:x"]', '["wait","total","x"]',
                     '["wait","total","nan","--bogus"]', '["set","tasks","1e9"]',
                     '["fail","code"]', "[" * 99999,
                     '["fail","http-500","--times","-1"]'):
            with self.subTest(data[:40]):
                request = urllib.request.Request(
                    self.facts["control"] + "/ctl", data.encode())
                try:
                    urllib.request.urlopen(request, timeout=9).close()
                except urllib.error.HTTPError as error:
                    self.assertEqual(error.code, 400)
                    error.close()
        self.ctl("reset")
        self.result(LIST)

    def test_command(self):
        self.result(LIST)
        done = self.ctl_command("calls")
        self.assertEqual((done.returncode, done.stdout), (0, f"{LIST}=1\n"))
        done = self.ctl_command("reset")
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        self.assertEqual(self.ctl_command("get", "nosuch").returncode, 1)


if __name__ == "__main__":
    unittest.main()
