#!/usr/bin/env python3
"""Backend CPU of random queries without a LIMIT by several builds, in turns.

usage: test/simulator/with-simulator -- bench/differential.py [--count N]
           [--seed S] [--rounds N] HOST[=SETTINGS] HOST[=SETTINGS]...

The queries are those of test/differential, in its schemas, which are dropped and
made anew in a database of their own.  Each HOST is the socket directory of a running
server that has one build of the library installed; SETTINGS are statements for the
session, as "SET qianfan_fdw.enable_late_details = off".  Prints, for each, the sum
over all queries of the least CPU time of N rounds (8), and its ratio to that of the
first.
"""
import argparse
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "test", "differential")]
import batches  # noqa: E402
import keys     # noqa: E402
import runner   # noqa: E402

DATABASE = "qianfan_differential"
TASKS = 120
SETTINGS = ("SET client_min_messages = error; SET jit = off; "
            "SET TimeZone = 'Asia/Shanghai'; SET statement_timeout = '30s'; "
            "SET qianfan_fdw.enable_cache = off; LOAD 'qianfan_fdw'; "
            "SET search_path = f, s")
LIMITED = re.compile(r"\b(limit|fetch|offset)\b", re.I)


def queries(seed, count):
    """SELECTs without a LIMIT that need nothing set."""
    chosen = []
    mode = None
    for verb, rest in batches.cases(seed, count, TASKS, None):
        if verb == "":
            if mode in ("rows", "ordered") and not LIMITED.search(rest) and \
                    rest.lower().startswith(("select", "with")):
                chosen.append(rest)
        else:
            mode = verb
    return chosen


def set_up(host):
    os.environ.update(PGHOST=host, PGDATABASE="postgres")
    for sql in (f"DROP DATABASE IF EXISTS {DATABASE}",
                f"CREATE DATABASE {DATABASE}"):
        subprocess.run(["psql", "-Xqc", sql], check=True,
                       stderr=subprocess.DEVNULL)
    os.environ["PGDATABASE"] = DATABASE
    runner.set_up(TASKS)


class Build:
    """One server, and the session that is measured."""

    def __init__(self, word):
        self.word = word
        host, _, settings = word.partition("=")
        os.environ["PGHOST"] = host
        self.session = keys.Session(DATABASE)
        self.session.run(SETTINGS)
        self.session.run("\\set ON_ERROR_STOP 0\nSELECT")
        if settings:
            self.session.run(settings)

    def measure(self, sql):
        before = self.session.ticks()
        self.session.run(sql)
        return self.session.ticks() - before


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", default="7")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("host", nargs="+")
    arguments = parser.parse_args()
    runner.ctl("set", "tasks", str(TASKS))
    for host in {word.partition("=")[0] for word in arguments.host}:
        set_up(host)
    builds = [Build(word) for word in arguments.host]
    texts = queries(arguments.seed, arguments.count)
    least = [[float("inf")] * len(texts) for _ in builds]
    for number in range(arguments.rounds):
        for which, sql in enumerate(texts):
            order = list(range(len(builds)))
            for i in order if number % 2 == 0 else reversed(order):
                least[i][which] = min(least[i][which],
                                      builds[i].measure(sql))
    total = [sum(one) for one in least]
    print(f"{len(texts)} queries")
    for build, seconds in zip(builds, total):
        print(f"{seconds * 1000:10.1f} ms ({seconds / total[0]:.3f})  "
              f"{build.word}")
    for build in builds:
        build.session.psql.stdin.close()
        build.session.psql.wait()


if __name__ == "__main__":
    main()
