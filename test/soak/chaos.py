#!/usr/bin/env python3
#
# chaos.py
#	  20 sessions share answers and a line, while they are cancelled, terminated
#	  and killed, and the service fails in all its ways, next to the neighbours
#	  of neighbours.py: what they read is right, nobody waits long, and the memory
#	  stays in order.
#
# test/soak/chaos.py [--seconds N] [--seed N] [--kill N]
#
# Finds server and simulator by the environment that QianfanTest's point_to()
# makes.  --kill: so many times the server loses a backend by SIGKILL, and makes
# its memory anew.  TAP in short form: test/t/104_shared_chaos.pl.

import argparse
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request

from neighbours import Neighbours

NSESSIONS = 20
LONGEST = 120                    # seconds that a statement may take: refusals make
                                 # the line slow, and 20 sessions share it
STUCK = 15                       # seconds of waiting in which nothing happens; no
                                 # call takes more than request_timeout
EXPECTED = re.compile("(ERROR|FATAL|WARNING):  (57014|57P01|57P02|57P03|"
                      "HV00N|HV000|53400|HV00M)")
GONE = re.compile("server closed|terminating|could not connect|connection to "
                  "server|is not established|no connection|SSL SYSCALL|reset")
FAULTS = (("http-500", 3), ("http-503", 5), ("reset-before-headers", 2),
          ("reset-mid-body", 2), ("close-before-headers", 2), ("http-429", 4),
          ("numeric:18", 2), ("html-200", 1), ("slow-body:300", 2))
SETUP = """
SET client_min_messages = warning;
CREATE OR REPLACE FUNCTION ring_check() RETURNS text
    AS 'qianfan_fdw', 'qianfan_fdw_ring_check' LANGUAGE C;
ALTER SERVER qianfan OPTIONS (ADD cache_max_age '500ms', ADD request_timeout '2s',
    ADD retry_delay '10ms');
"""
WAITS = "SELECT waiting_for, round(extract(epoch FROM clock_timestamp() - since), 1) " \
    "FROM qianfan_fdw_activity WHERE waiting_for IS NOT NULL"
CLEAN_UP = "ALTER SERVER qianfan OPTIONS (DROP cache_max_age, DROP request_timeout, " \
    "DROP retry_delay)"


def ctl(*words):
    request = urllib.request.Request(
        os.environ["QIANFAN_SIMULATOR_CONTROL"] + "/ctl",
        data=json.dumps([str(word) for word in words]).encode())
    return urllib.request.urlopen(request).read().decode()


def psql(query, check=True):
    done = subprocess.run(["psql", "-XqAt", "-d", "postgres", "-v",
                           "ON_ERROR_STOP=1", "-c", query],
                          capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout.strip()


class Session(threading.Thread):
    """One client; a new connection whenever the old one is lost."""

    def __init__(self, queries, until, seed):
        super().__init__(daemon=True)
        self.queries, self.until = queries, until
        self.random = random.Random(seed)
        self.wrong, self.right, self.failed, self.longest = [], 0, 0, 0.0
        self.pid = None

    def connect(self):
        self.psql = subprocess.Popen(
            ["psql", "-XqAt", "-d", "postgres", "-v", "VERBOSITY=sqlstate"],
            text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        answer = self.ask("SELECT 'pid', pg_backend_pid()")
        match = re.search(r"^pid\|(\d+)$", answer or "", re.M)
        self.pid = int(match[1]) if match else None
        return self.pid is not None

    def ask(self, query):
        """What psql prints, or None if it has gone."""
        try:
            self.psql.stdin.write(query + ";\n\\echo END\n")
            self.psql.stdin.flush()
        except (OSError, ValueError):
            return None
        lines = []
        while (line := self.psql.stdout.readline()) != "END\n":
            if not line:
                return None
            lines.append(line)
        return "".join(lines).strip()

    def close(self):
        try:
            self.psql.stdin.close()
            self.psql.wait(10)
        except (OSError, subprocess.TimeoutExpired):
            self.psql.kill()

    def run(self):
        while time.time() < self.until:
            if not self.connect():
                self.close()
                time.sleep(.2)
                continue
            while time.time() < self.until and self.step():
                pass
            self.close()

    def step(self):
        """One statement; False if the connection is of no use any more."""
        cache = self.random.choice(("on", "on", "on", "off"))
        query, expected = self.random.choice(self.queries)
        start = time.time()
        answer = self.ask(f"SET qianfan_fdw.enable_cache = {cache}; {query}")
        self.longest = max(self.longest, time.time() - start)
        if answer is None or GONE.search(answer):
            self.failed += 1
            return False
        if answer == expected:
            self.right += 1
        elif EXPECTED.search(answer):
            self.failed += 1
        else:
            self.wrong.append((query, expected, answer[:200]))
        return self.random.random() > .02


def disturb(rng, sessions):
    """Something bad happens."""
    session = rng.choice(sessions)
    what = rng.random()
    if what < .4 and session.pid:
        psql(f"SELECT pg_cancel_backend({session.pid})", check=False)
    elif what < .5 and session.pid:
        psql(f"SELECT pg_terminate_backend({session.pid})", check=False)
    elif what < .95:
        fault, most = rng.choice(FAULTS)
        ctl("fail", fault, "--times", rng.randint(1, most),
            "--after", rng.randint(0, 20))
    else:
        psql("SELECT qianfan_fdw_forget()", check=False)


def wait_for_server():
    for _ in range(300):
        if psql("SELECT 1", check=False) == "1":
            return
        time.sleep(.1)


def look(waits):
    """Note the longest wait of each kind, in seconds."""
    for line in psql(WAITS, check=False).splitlines():
        kind, seconds = line.split("|")
        waits[kind] = max(waits.get(kind, 0), float(seconds))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kill", type=int, default=0)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    psql(SETUP)
    all_of_it = "SELECT md5(string_agg(t::text, ',' ORDER BY id)) FROM " \
        "model_comp_tasks t"
    texts = [all_of_it, "SELECT count(name) FROM model_comp_tasks",
             "SELECT string_agg(name, ',') FROM (SELECT name, weight FROM "
             "model_comp_tasks ORDER BY create_time DESC LIMIT 5) t"]
    for row in psql("SELECT id FROM model_comp_tasks LIMIT 12").split():
        texts.append(f"SELECT * FROM model_comp_tasks WHERE id = '{row}'")
    queries = [(text, psql("SET qianfan_fdw.enable_cache = off; " + text))
               for text in texts]
    neighbours = Neighbours(*queries[0], row, lambda answer: GONE.search(answer) or
                            EXPECTED.search(answer))
    until = neighbours.until = time.time() + options.seconds
    sessions = [Session(queries, until, options.seed * 1000 + i)
                for i in range(NSESSIONS)]
    for thread in (*sessions, neighbours):
        thread.start()
    checks, stuck, waits, kills, rounds = [], [], {}, 0, 0
    while any(thread.is_alive() for thread in (*sessions, neighbours)):
        if time.time() > until + LONGEST:
            stuck.append("a session that never ends")
            break
        disturb(rng, sessions)
        rounds += 1
        if rounds % 20 == 0:
            ctl("heal")
            checks.append(psql("SELECT 'check', ring_check()", check=False))
            look(waits)
        victim = rng.choice(sessions).pid
        if kills < options.kill and victim and time.time() > until - \
                options.seconds * (1 - (kills + 1) / (options.kill + 2)):
            kills += 1
            try:
                os.kill(victim, signal.SIGKILL)
            except ProcessLookupError:
                pass
            wait_for_server()
        time.sleep(.05)
    ctl("heal")
    wait_for_server()
    checks.append(psql("SELECT 'check', ring_check()"))
    psql(CLEAN_UP)
    wrong = [w for thread in (*sessions, neighbours) for w in thread.wrong]
    stuck += [wait for wait in waits.items() if wait[1] > STUCK]
    bad = [c for c in checks if c not in ("check|", "")]
    longest = max(session.longest for session in sessions)
    shared = psql("SELECT coalesce(sum(reused_by_age + reused_validated + "
                  "shared), 0) FROM qianfan_fdw_stat")
    print(f"right={sum(s.right for s in sessions)} "
          f"failed={sum(s.failed for s in sessions)} wrong={len(wrong)} "
          f"longest={longest:.1f} kills={kills} bad_checks={len(bad)} "
          f"checks={len(checks)} stuck={len(stuck)} spared={shared} "
          f"neighbours_right={neighbours.right} "
          f"neighbours_failed={neighbours.failed} refused={neighbours.refused} "
          f"longest_waits={waits}")
    for example in wrong[:5] + bad[:5] + stuck[:5]:
        print("#", example, file=sys.stderr)
    return 1 if wrong or bad or stuck or longest > LONGEST else 0


if __name__ == "__main__":
    sys.exit(main())
