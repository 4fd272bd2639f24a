#!/usr/bin/env python3
#
# histories.py
#	  Tasks with random histories, read by 8 sessions that remember answers:
#	  nobody reads what was not true while he read.
#
# test/soak/histories.py [--lives N] [--statements N] [--seed N] [--age SECONDS]
#
# Goes on until there were so many histories, and so many statements.
#
# Finds the server by PGHOST and PGPORT, with the extension in database
# postgres.  Tasks appear, end, vanish, and come back under the same id; an
# ending is written down in two steps at most 60 s apart; list and detail of
# some say different things; spellings change.  The service's clock runs 200
# times as fast as ours.  Each row must have been what the service would have
# said at some moment between the statement's start, less the age, and its end.

import argparse
import json
import os
import random
import subprocess
import sys
import threading
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SPEED = 200
NIDS = 12
NSESSIONS = 8
EPOCH = 1700000000
SETUP = """
SET client_min_messages = warning;
DROP SERVER IF EXISTS histories CASCADE;
CREATE SERVER histories FOREIGN DATA WRAPPER qianfan_fdw
    OPTIONS (endpoint 'http://127.0.0.1:{port}', cache_max_age '{age}ms');
CREATE USER MAPPING FOR CURRENT_USER SERVER histories
    OPTIONS (access_key 'a', secret_key 's');
CREATE FOREIGN TABLE histories (id text, state text, name text,
    failed_reason text, description text, weight text,
    create_time timestamptz) SERVER histories;
"""
COLUMNS = "id, state, name, failed_reason, weight"
LIST = f"SELECT {COLUMNS} FROM histories"
LOOKUP = f"SELECT {COLUMNS} FROM histories WHERE id = 'task-{{}}'"
LATEST = f"SELECT {COLUMNS} FROM histories ORDER BY create_time DESC LIMIT 4"


class World:
    """What is true, and what was."""

    def __init__(self, seed):
        self.lock = threading.Lock()
        self.random = random.Random(seed)
        self.began = time.time()
        self.tasks = {}
        self.pending = {}            # id -> when its ending gets complete
        self.log = {f"task-{i}": [(0.0, None)] for i in range(NIDS)}
        self.lives = 0
        self.token = 0
        self.lists = self.details = 0

    def now(self):
        return EPOCH + (time.time() - self.began) * SPEED

    def stamp(self):
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.now()))

    def note(self, identifier):
        task = self.tasks.get(identifier)
        self.log[identifier].append((time.time(), task and self.row(task)))

    @staticmethod
    def row(task):
        return (task["id"], task.get("status", task.get("state")),
                task["name"], task["failedReason"],
                task["config"].get("weight", ""))

    def create(self, identifier):
        self.token += 1
        self.lives += 1
        self.tasks[identifier] = {
            "id": identifier, "name": f"n{self.token}", "status": "running",
            "failedReason": "", "createTime": self.stamp(),
            "description": "", "config": {"weight": f"w{self.token}"}}

    def end(self, identifier):
        task = self.tasks[identifier]
        task["status"] = self.random.choice(("succeeded", "failed"))
        task["finishTime"] = self.stamp()
        self.pending[identifier] = self.now() + self.random.uniform(0, 55)

    def complete(self, identifier):
        """The second step of an ending."""
        del self.pending[identifier]
        task = self.tasks[identifier]
        self.token += 1
        task["failedReason"] = f"r{self.token}"
        task["config"] = {"weight": f"W{self.token}"}
        if self.random.random() < .2:
            task["state"] = task.pop("status")

    def complete_due(self):
        """No ending stays incomplete for longer, however slow we are."""
        for identifier, due in list(self.pending.items()):
            if due <= self.now():
                self.tasks[identifier] = dict(self.tasks[identifier])
                self.complete(identifier)
                self.note(identifier)

    def happen(self):
        """Something happens to a task."""
        with self.lock:
            self.complete_due()
            identifier = f"task-{self.random.randrange(NIDS)}"
            task = self.tasks.get(identifier)
            if task is None:
                self.create(identifier)
            elif identifier in self.pending:
                return
            elif "finishTime" in task:
                if self.random.random() < .6:
                    return
                del self.tasks[identifier]
            else:
                self.tasks[identifier] = dict(task)
                self.end(identifier)
            self.note(identifier)

    def answer(self, action, body):
        with self.lock:
            self.complete_due()
            if action == "DescribeModelCompTask":
                self.details += 1
                task = self.tasks.get(body["modelCompTaskId"])
                return dict(task) if task else None
            self.lists += 1
            items = []
            for task in self.tasks.values():
                item = {k: v for k, v in task.items()
                        if k not in ("failedReason", "config")}
                if task["id"] == "task-0":
                    item["name"] = "another"     # list and detail disagree
                items.append(item)
            return {"modelCompTaskList": items,
                    "pageInfo": {"isTruncated": False}}

    def was_true(self, row, start, end):
        """Was a row the task's, sometime between?"""
        log = self.log[row[0]]
        for i, (since, version) in enumerate(log):
            until = log[i + 1][0] if i + 1 < len(log) else float("inf")
            if version == row and since <= end and until >= start:
                return True
        return False

    def was_absent(self, identifier, start, end):
        log = self.log[identifier]
        return any(version is None and since <= end
                   and (i + 1 == len(log) or log[i + 1][0] >= start)
                   for i, (since, version) in enumerate(log))


def serve(world):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = json.loads(self.rfile.read(
                int(self.headers["Content-Length"])))
            date = formatdate(world.now(), usegmt=True)
            result = world.answer(self.path.split("Action=")[1], body)
            time.sleep(random.uniform(0, .004))
            text = json.dumps({"requestId": "r", "result": result}).encode()
            self.send_response_only(200)
            self.send_header("Date", date)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_):
            pass

    ThreadingHTTPServer.request_queue_size = 128
    ThreadingHTTPServer.daemon_threads = True
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


class Session(threading.Thread):
    def __init__(self, world, ended, age, seed):
        super().__init__(daemon=True)
        self.world, self.ended, self.age = world, ended, age
        self.random = random.Random(seed)
        self.wrong, self.statements = [], 0
        self.psql = subprocess.Popen(
            ["psql", "-XqAt", "-F", "|", "-d", "postgres"], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)

    def ask(self, query):
        self.psql.stdin.write(query + ";\n\\echo END\n")
        self.psql.stdin.flush()
        rows = []
        while (line := self.psql.stdout.readline()) != "END\n":
            if not line:
                raise EOFError("psql has gone")
            rows.append(tuple(line.rstrip("\n").split("|")))
        return rows

    def run(self):
        while not self.ended.is_set():
            kind = self.random.choice((LIST, LIST, LOOKUP, LATEST))
            number = self.random.randrange(NIDS)
            start = time.time()
            rows = self.ask(kind.format(number))
            end = time.time()
            self.statements += 1
            self.check(kind, f"task-{number}", rows, start - self.age, end)
        self.psql.stdin.close()
        self.psql.wait()

    def check(self, kind, identifier, rows, start, end):
        with self.world.lock:
            for row in rows:
                if len(row) != 5 or not self.world.was_true(row, start, end):
                    self.wrong.append((kind, row, start, end))
            if kind == LOOKUP and not rows and \
                    not self.world.was_absent(identifier, start, end):
                self.wrong.append((kind, "missing", identifier))
            if kind == LIST:
                for other in self.world.log:
                    if other not in [row[0] for row in rows] and \
                            not self.world.was_absent(other, start, end):
                        self.wrong.append((kind, "missing", other))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lives", type=int, default=1000)
    parser.add_argument("--statements", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--age", type=float, default=0)
    options = parser.parse_args()
    world = World(options.seed)
    port = serve(world)
    subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", "postgres",
                    "-c", SETUP.format(port=port, age=int(options.age * 1000))],
                   check=True)
    ended = threading.Event()
    sessions = [Session(world, ended, options.age, options.seed * 100 + i)
                for i in range(NSESSIONS)]
    for session in sessions:
        session.start()
    while any(session.is_alive() for session in sessions):
        world.happen()
        if world.lives >= options.lives and options.statements <= \
                sum(session.statements for session in sessions):
            ended.set()
        time.sleep(.002)
    wrong = [w for session in sessions for w in session.wrong]
    statements = sum(session.statements for session in sessions)
    reused = subprocess.run(
        ["psql", "-XqAt", "-d", "postgres", "-c",
         "SELECT coalesce(sum(reused_validated + reused_by_age + shared), 0) "
         "FROM qianfan_fdw_stat WHERE srvname = 'histories'"],
        capture_output=True, text=True, check=True).stdout.strip()
    print(f"lives={world.lives} statements={statements} wrong={len(wrong)} "
          f"reused={reused} details={world.details} lists={world.lists}")
    for example in wrong[:5]:
        print("#", example, [v for v in world.log.get(example[1][0], [])][-6:],
              file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    os.environ.setdefault("PGUSER", os.environ.get("USER", "postgres"))
    sys.exit(main())
