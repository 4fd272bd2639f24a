#!/usr/bin/env python3
"""Tasks are created, cancelled and deleted, and faults strike around that."""
import http.client
import unittest

import tasks
from harness import SimulatorCase

CREATE, CANCEL = "CreateModelCompTask", "CancelModelCompTask"
DELETE, DETAIL = "DeleteModelCompTask", "DescribeModelCompTask"
LIST = "DescribeModelCompTasks"
NEW = {"name": "one", "sourceModelId": "amv-1", "modelSetId": "am-1",
       "config": {"strategy": "Quantization", "weight": "int8-ptq"}}


def key(identifier):
    return {"modelCompTaskId": identifier}


class Writes(SimulatorCase):
    def create(self, **changes):
        return self.result(CREATE, {**NEW, **changes})

    def state(self, identifier):
        return self.result(DETAIL, key(identifier))["status"]

    def lost(self, action, document):
        """A call without an answer."""
        with self.assertRaises((http.client.HTTPException, OSError)):
            self.call(action, document)
        self.connection.close()

    def test_create(self):
        identifier = self.create(description="d")
        self.assertEqual(self.ctl("changes"),
                         f"created {identifier} creating one")
        task = self.result(DETAIL, key(identifier))
        self.assertEqual((task["name"], task["description"], task["config"]),
                         ("one", "d", NEW["config"]))
        found = self.result(LIST, {"sourceModelId": "amv-1"})
        self.assertEqual([item["id"] for item in found["modelCompTaskList"]],
                         [identifier])
        self.assertNotEqual(self.create(), identifier)

    def test_create_refused(self):
        for wrong in ({"name": None}, {"sourceModelId": 1}, {"config": {}},
                      {"config": {"strategy": "Quantization"}},
                      {"config": {"strategy": "Magic"}}, {"unknown": "x"}):
            with self.subTest(wrong):
                self.assertEqual(self.code(CREATE, {**NEW, **wrong}),
                                 (400, "InappropriateJSON"))
        self.assertEqual(self.ctl("changes"), "none")

    def test_life(self):
        self.ctl("set", "lifecycle", 2)
        identifier = self.create()
        self.assertEqual([self.state(identifier) for _ in range(6)],
                         ["creating"] * 2 + ["running"] * 2
                         + ["succeeded"] * 2)
        self.assertEqual(self.code(CANCEL, key(identifier))[0], 400)
        self.ctl("move", identifier, "running")
        self.assertEqual(self.state(identifier), "running")
        with self.assertRaises(ValueError):
            self.ctl("move", tasks.task_id(10 ** 6), "running")

    def test_cancel(self):
        identifier = self.create()
        self.assertEqual(self.call(CANCEL, key(identifier))[1].keys(),
                         {"requestId"})
        self.assertEqual([self.state(identifier) for _ in range(3)],
                         ["stopping", "stopped", "stopped"])
        self.assertEqual(self.code(CANCEL, key(identifier))[0], 400)
        self.ctl("set", "cancel_ended", "false")
        self.assertIs(self.result(CANCEL, key(identifier)), False)
        self.ctl("set", "cancel_ended", "accept")
        self.assertEqual(self.call(CANCEL, key(identifier))[0], 200)
        self.assertIn(f"cancelled {identifier} stopped", self.ctl("changes"))

    def test_delete(self):
        identifier = self.create()
        self.assertEqual(self.call(DELETE, key(identifier))[1].keys(),
                         {"requestId"})
        for action in DELETE, CANCEL, DETAIL:
            self.assertEqual(self.code(action, key(identifier)),
                             (404, "ModelCompTaskNotFound"))
        self.assertEqual(self.ctl("changes"), f"deleted {identifier}")
        self.call(DELETE, key(tasks.task_id(3)))
        self.ctl("reset")
        self.assertEqual(self.ctl("changes"), "none")

    def test_faults_before_and_after(self):
        identifiers = []
        for effect, exists in ("before", 0), ("after", 1):
            for fault, lost in (("http-503", False),
                                ("close-before-headers", True)):
                self.ctl("reset")
                identifiers = [self.create() for _ in range(2)]
                for action, document in ((CREATE, dict(NEW, name="two")),
                                         (CANCEL, key(identifiers[0])),
                                         (DELETE, key(identifiers[1]))):
                    self.ctl("fail", fault, "--effect", effect,
                             "--action", action)
                    if lost:
                        self.lost(action, document)
                    else:
                        self.assertEqual(self.call(action, document)[0], 503)
                changes = self.ctl("changes").splitlines()
                self.assertEqual([sum(line.startswith(word) for line in changes)
                                  for word in ("cancelled", "deleted")],
                                 [exists, exists])
                self.assertEqual(sum(line.endswith("two") for line in changes),
                                 exists)

    def test_fault_after_a_refusal(self):
        self.ctl("fail", "http-500", "--effect", "after")
        self.assertEqual(self.call(CREATE, {**NEW, "name": 1})[0], 500)
        self.assertEqual(self.ctl("changes"), "none")
        with self.assertRaises(ValueError):
            self.ctl("fail", "http-500", "--effect", "sometimes")

    def test_result_by_order(self):
        self.ctl("fail", "result:false", "--effect", "before")
        self.assertIs(self.result(DELETE, key(tasks.task_id(1))), False)
        self.assertEqual(self.ctl("changes"), "none")
        self.ctl("fail", "missing-result", "--effect", "after")
        self.assertIsNone(self.create())
        self.assertRegex(self.ctl("changes"), "^created ")

    def test_connections(self):
        self.create()
        self.assertEqual(self.ctl("get", "reused_for_write"), "0")
        self.create()
        self.assertEqual(self.ctl("get", "reused_for_write"), "1")


if __name__ == "__main__":
    unittest.main()
