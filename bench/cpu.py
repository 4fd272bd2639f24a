#!/usr/bin/env python3
"""Backend CPU of the same work by several builds, in turns.

usage: test/simulator/with-simulator -- bench/cpu.py [--rounds N] HOST HOST...

Each HOST is the socket directory of a running server that has one build of the
library installed (PGPORT and so on hold for all).  Makes a database of its own
in each and drops it.  Prints, for each workload, the least CPU time of N rounds
(24) of each build, and its ratio to that of the first.  A busy machine makes
rounds slower, hence the least; it cannot make them faster.
"""
import argparse
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import keys  # noqa: E402

DATABASE = "qianfan_cpu"
SIMULATOR = os.environ.get("QIANFAN_SIMULATOR_ENDPOINT")


def control(*words):
    subprocess.run([os.environ["QIANFAN_SIMULATOR_CTL"], *words], check=True,
                   stdout=subprocess.DEVNULL)


class Build:
    """One server, and the session that is measured."""

    def __init__(self, host):
        self.host = host
        self.administer(f"DROP DATABASE IF EXISTS {DATABASE}")
        self.administer(f"CREATE DATABASE {DATABASE}")
        os.environ["PGHOST"] = host
        self.session = keys.Session(DATABASE)
        self.session.run("SET client_min_messages = error; SET jit = off;"
                         "SET qianfan_fdw.enable_cache = off")
        self.session.run(f"""
CREATE EXTENSION qianfan_fdw;
CREATE SERVER qianfan FOREIGN DATA WRAPPER qianfan_fdw
  OPTIONS (endpoint '{SIMULATOR}');
CREATE USER MAPPING FOR CURRENT_USER SERVER qianfan
  OPTIONS (access_key '{os.environ["QIANFAN_SIMULATOR_ACCESS_KEY"]}',
           secret_key '{os.environ["QIANFAN_SIMULATOR_SECRET_KEY"]}');
IMPORT FOREIGN SCHEMA qianfan FROM SERVER qianfan INTO public""")
        self.session.run("CREATE TABLE ids AS SELECT id FROM model_comp_tasks"
                         " LIMIT 1000; ANALYZE ids")
        self.session.run("""
CREATE FUNCTION look_up(n integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE hits integer := 0; one text;
BEGIN
  FOR one IN SELECT id FROM ids LIMIT n LOOP
    PERFORM FROM model_comp_tasks t WHERE t.id = one;
    IF FOUND THEN hits := hits + 1; END IF;
  END LOOP;
  RETURN hits;
END $$""")
        ids = self.session.run("SELECT id FROM ids")
        listed = ", ".join(f"'{one}'" for one in ids)
        self.workloads = {
            "1,000 ids": ("1000", "1000", "SELECT count(t::text) FROM "
                          f"model_comp_tasks t WHERE id IN ({listed})"),
            "join of 1,000": ("1000", "1000",
                              "SELECT count(t::text) FROM ids JOIN "
                              "model_comp_tasks t USING (id)"),
            "list of 20,000": ("20000", "20000", "SELECT count(name) FROM "
                               "model_comp_tasks"),
            "1,000 details": ("1000", "1000", "SELECT count(strategy) FROM "
                              "model_comp_tasks"),
            "200 lookups": ("1000", "200", "SELECT look_up(200)"),
        }

    def administer(self, sql):
        subprocess.run(["psql", "-X", "-q", "-h", self.host, "-d", "postgres",
                        "-c", sql], check=True, stderr=subprocess.DEVNULL)

    def measure(self, name):
        tasks, expected, sql = self.workloads[name]
        control("set", "tasks", tasks)
        before = self.session.ticks()
        result = self.session.run(sql)
        spent = self.session.ticks() - before
        if result != [expected]:
            sys.exit(f"{self.host}: {name}: {result}")
        return spent

    def close(self):
        self.session.psql.stdin.close()
        self.session.psql.wait()
        self.administer(f"DROP DATABASE {DATABASE}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=24)
    parser.add_argument("host", nargs="+")
    arguments = parser.parse_args()
    if SIMULATOR is None:
        sys.exit(__doc__)
    builds = [Build(host) for host in arguments.host]
    least = {}
    for number in range(arguments.rounds + 1):
        for name in builds[0].workloads:
            for build in builds if number % 2 == 0 else reversed(builds):
                spent = build.measure(name)
                if number > 0:      # the first one warms up
                    key = name, build
                    least[key] = min(least.get(key, spent), spent)
    for name in builds[0].workloads:
        first = least[name, builds[0]]
        print(f"{name:16}" + "".join(
            f"  {least[name, build] * 1000:8.1f} ms"
            f" ({least[name, build] / first:.3f})" for build in builds))
    for build in builds:
        build.close()


if __name__ == "__main__":
    main()
