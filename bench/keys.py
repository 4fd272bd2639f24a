#!/usr/bin/env python3
"""What a backend spends on many keys, by the form they come in.

usage: test/simulator/with-simulator -- bench/keys.py [--keys N,M] [--form F]

Needs a running server with the library installed (PGHOST and so on).  Makes a
database of its own and drops it.  Prints CPU time of the backend and the peak
of its memory for each form and number of keys.  "own" is what remains after
what the same text costs on an empty local table (parsing, planning) and, for
ANY (ARRAY (SELECT ...)), what the subquery costs by itself.
"""
import argparse
import os
import subprocess
import sys

DATABASE = "qianfan_keys"
TICK = os.sysconf("SC_CLK_TCK")
FORMS = ("array", "parameter", "subquery", "or")


class Session:
    """A psql that lives as long as its backend."""

    def __init__(self, database=DATABASE):
        self.psql = subprocess.Popen(
            ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1",
             "-d", database],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.pid = int(self.run("SELECT pg_backend_pid()")[0])

    def run(self, sql):
        """What a statement prints, as lines."""
        self.psql.stdin.write(sql + ";\n\\echo .\n")
        self.psql.stdin.flush()
        lines = []
        while True:
            line = self.psql.stdout.readline()
            if line == "":
                sys.exit("psql ended")
            if line == ".\n":
                return lines
            lines.append(line.rstrip("\n"))

    def cpu(self, sql):
        """CPU seconds the backend spends on a statement."""
        before = self.ticks()
        self.run(sql)
        return self.ticks() - before

    def ticks(self):
        path = f"/proc/{self.pid}/schedstat"
        with open(path, encoding="ascii") as file:
            return int(file.read().split()[0]) / 1e9

    def peak_mb(self):
        with open(f"/proc/{self.pid}/status", encoding="ascii") as file:
            for line in file:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) / 1024
        return 0

    def close(self):
        self.psql.stdin.close()
        self.psql.wait()


def quoted(keys):
    return ["'" + key + "'" for key in keys]


def statements(form, keys):
    """(preparation, statement with a %s for the table, subquery or None)"""
    if form == "array":
        return [], f"SELECT count(*) FROM %s WHERE id IN ({','.join(quoted(keys))})", None
    if form == "or":
        arms = " OR ".join("id = " + key for key in quoted(keys))
        return [], f"SELECT count(*) FROM %s WHERE {arms}", None
    if form == "subquery":
        query = f"SELECT id FROM keys WHERE n <= {len(keys)}"
        return [], f"SELECT count(*) FROM %s WHERE id = ANY (ARRAY({query}))", \
            f"SELECT cardinality(ARRAY({query}))"
    values = "'{" + ",".join(keys) + "}'"
    return ["SET plan_cache_mode = force_generic_plan",
            "PREPARE p_%s (text[]) AS SELECT count(*) FROM %s WHERE id = ANY ($1)"], \
        f"EXECUTE p_%s ({values})", None


def measure(form, keys):
    """(CPU, of it our own, peak in MB) of a fresh session."""
    prepare, statement, subquery = statements(form, keys)
    session = Session()
    session.run("SET jit = off")
    session.run("SELECT count(*) FROM model_comp_tasks WHERE id = 'amva-x'")
    cpu = {}
    for table in ("nothing", "model_comp_tasks"):
        for sql in prepare:
            session.run(sql.replace("%s", table))
        cpu[table] = session.cpu(statement.replace("%s", table))
    total = cpu["model_comp_tasks"]
    own = total - cpu["nothing"]
    # the empty table never runs the subquery
    if subquery is not None:
        own -= session.cpu(subquery)
    peak = session.peak_mb()
    session.close()
    return total, own, peak


def all_keys(count):
    ids = subprocess.run([os.environ["QIANFAN_SIMULATOR_DATA"], "--ids",
                          str(count)], check=True, capture_output=True,
                         text=True).stdout.split()
    assert len(set(ids)) == count
    return ids


def set_up(keys):
    admin = Session("postgres")
    admin.run(f"DROP DATABASE IF EXISTS {DATABASE}")
    admin.run(f"CREATE DATABASE {DATABASE}")
    admin.close()
    session = Session()
    value = {name: os.environ["QIANFAN_SIMULATOR_" + name]
             for name in ("ENDPOINT", "ACCESS_KEY", "SECRET_KEY", "CTL")}
    subprocess.run([value["CTL"], "set", "tasks", str(len(keys))], check=True,
                   stdout=subprocess.DEVNULL)
    session.run(f"""
CREATE EXTENSION qianfan_fdw;
CREATE SERVER qianfan FOREIGN DATA WRAPPER qianfan_fdw
  OPTIONS (endpoint '{value["ENDPOINT"]}');
CREATE USER MAPPING FOR CURRENT_USER SERVER qianfan
  OPTIONS (access_key '{value["ACCESS_KEY"]}', secret_key '{value["SECRET_KEY"]}');
IMPORT FOREIGN SCHEMA qianfan FROM SERVER qianfan INTO public;
CREATE TABLE nothing (id text);
CREATE TABLE keys (id text, n int);
INSERT INTO keys SELECT id, row_number() OVER ()
  FROM unnest('{{{",".join(keys)}}}'::text[]) id;
ANALYZE keys""")
    session.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--keys", default="20000,40000")
    parser.add_argument("--form", action="append", choices=FORMS)
    arguments = parser.parse_args()
    counts = [int(word) for word in arguments.keys.split(",")]

    keys = all_keys(max(counts))
    set_up(keys)
    print(f"{'form':10} {'keys':>7} {'CPU s':>8} {'own s':>8} {'x array':>8} "
          f"{'x fewer':>8} {'peak MB':>8}")
    owns = {}
    for form in arguments.form or FORMS:
        for place, count in enumerate(counts):
            total, own, peak = measure(form, keys[:count])
            owns[form, count] = own
            array = owns.get(("array", count))
            fewer = owns.get((form, counts[place - 1])) if place else None
            print(f"{form:10} {count:7} {total:8.2f} {own:8.2f} "
                  f"{own / array if array else float('nan'):8.2f} "
                  f"{own / fewer if fewer else float('nan'):8.2f} "
                  f"{peak:8.0f}", flush=True)
    admin = Session("postgres")
    admin.run(f"DROP DATABASE {DATABASE}")
    admin.close()


if __name__ == "__main__":
    main()
