#!/usr/bin/python3
"""Have the contestants do each workload in turn, and write down the figures.

Called by script/bench, which has built everything and started a server.
"""
import argparse
import os
import platform
import re
import signal
import subprocess
import sys
import time

import contestants as who
import report
from target import Target
from workloads import FULL, QUICK

WORK = os.environ.get("QIANFAN_BENCH_WORK")
RESULTS = os.environ.get("QIANFAN_BENCH_RESULTS")
HERE = os.path.dirname(os.path.abspath(__file__))

# A contestant that would need longer than this for a sample sits out.
PATIENCE = 11.0
QUICK_PATIENCE = 3.0


class Database:
    """The private server, with a foreign table for each kind of target."""

    def __init__(self, target, workloads):
        self.target = target
        self._sql("CREATE EXTENSION qianfan_fdw")
        with open(os.path.join(HERE, "plpython.sql"), encoding="utf-8") as f:
            self._sql(f.read())
        for rows in {w.rows for w in workloads if w.kind == "join"}:
            self._sql(f"""
CREATE TABLE inventory_{rows} AS
    SELECT 'amva-' || lpad(i::text, 12, '0') AS task_id
      FROM generate_series(0, {rows} - 1) i;
ANALYZE inventory_{rows};""")
        self._tables = {}
        for workload in workloads:
            self._create(workload)

    @staticmethod
    def _sql(text):
        subprocess.run(["psql", "-Xq", "-v", "ON_ERROR_STOP=1"], input=text,
                       text=True, check=True, stdout=subprocess.DEVNULL)

    @staticmethod
    def _key(workload):
        return (who.path(workload), workload.tls, workload.concurrency,
                workload.kind == "join")

    def table(self, workload):
        """The name of the table for a workload."""
        return self._tables[self._key(workload)] + ".model_comp_tasks"

    def _create(self, workload):
        key = self._key(workload)
        if key in self._tables:
            return
        name = self._tables[key] = f"s{len(self._tables)}"
        url = self.target.urls[workload.tls]
        ca_file = f", ca_file '{self.target.ca_file}'" if workload.tls else ""
        keys = who.KEYS
        fast = re.sub(r"/delay/\d+", "/delay/0", key[0])
        # The join is planned as for a table that has been analyzed.
        analyze = "ANALYZE %s.model_comp_tasks;" % name \
            if workload.kind == "join" else ""
        self._sql(f"""
CREATE SCHEMA {name};
CREATE SERVER {name} FOREIGN DATA WRAPPER qianfan_fdw
    OPTIONS (endpoint '{url}{fast}',
             max_concurrency '{workload.concurrency}'{ca_file});
CREATE USER MAPPING FOR CURRENT_USER SERVER {name}
    OPTIONS (access_key '{keys["QIANFAN_ACCESS_KEY"]}',
             secret_key '{keys["QIANFAN_SECRET_KEY"]}');
IMPORT FOREIGN SCHEMA qianfan FROM SERVER {name} INTO {name};
{analyze}
ALTER SERVER {name} OPTIONS (SET endpoint '{url}{key[0]}');""")


def choose(target, database, workload):
    """The contestants of a workload, the limit first."""
    result = [who.Limit(target, workload)]
    if workload.kind == "list":
        result.append(who.Parse(target, workload))
    result.append(who.Ours(database, workload))
    if workload.kind == "lookup":
        result.append(who.OursText(database, workload))
    result.append(who.Python(database, workload))
    if not workload.sequential:
        result.append(who.PythonThreads(database, workload))
    if workload.kind != "sessions":
        result.append(who.Curl(target, workload))
    return result


def measure(target, database, workload, rounds, patience):
    """All rounds of a workload: a report.Result."""
    players = choose(target, database, workload)
    action = "DescribeModelCompTasks" if workload.kind == "list" \
        else "DescribeModelCompTask"
    in_flight = 1 if workload.sequential \
        else workload.concurrency * workload.sessions
    rate = target.ceiling(action, workload.delay, workload.tls,
                          min(in_flight, max(workload.calls, 1)))
    result = report.Result(workload, workload.calls / rate)

    # A round that is not counted opens connections and fills caches; a long
    # one has no need of it.
    for player in list(players):
        elapsed = estimate(player, workload)
        if elapsed > patience and player.name not in (report.LIMIT,
                                                      report.OURS):
            player.close()
            players.remove(player)
            result.left_out.append((player.name, elapsed))
        elif workload.kind != "first" and elapsed < 2:
            player.sample()
    target.count()
    for _ in range(rounds):
        for player in players:
            sample = player.sample()
            calls, size, most = target.count()
            result.add(player.name, sample, calls, size, most)
    for player in players:
        player.close()
    return result


def estimate(player, workload):
    """About how many seconds a contestant needs."""
    in_flight = 1 if workload.sequential else workload.concurrency
    each = 0.0002
    if isinstance(player, who.PythonThreads):
        each = 0.001
    elif isinstance(player, who.Python):
        in_flight = 1
        each = 0.001
    elif isinstance(player, who.Curl):
        in_flight = 1
        each = 0.012
    return workload.calls * (workload.delay / 1000 / in_flight + each)


def measure_memory(database, rounds, wide):
    """Peak of a new session that lists so many tasks: {rows: [kB]}."""
    peaks = {1000: [], wide: []}
    for _ in range(rounds):
        for rows, values in peaks.items():
            session = who.Child(os.path.join(HERE, "session"))
            session.ask("connect")
            answer = session.ask(
                f"query SELECT {who.counts(who.LIST_COLUMNS)} "
                f"FROM {database.table(memory_workload(rows))}")
            if int(answer[5]) != rows:
                raise RuntimeError(f"{answer[5]} rows instead of {rows}")
            values.append(int(answer[3]))
            session.close()
    return peaks


def memory_workload(rows):
    """The list that measure_memory reads."""
    return who_workload("list", rows, 0, concurrency=1)


def who_workload(*args, **kwargs):
    """A workload that is not in the lists."""
    return type(FULL[0])(*args, **kwargs)


def machine():
    """What the figures depend on."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = re.search(r"model name\s*: (.*)", file.read())
    with open("/proc/meminfo", encoding="utf-8") as file:
        memory = int(re.search(r"MemTotal:\s*(\d+)", file.read()).group(1))
    version = subprocess.run(["psql", "-XAtc", "SHOW server_version"],
                             check=True, capture_output=True,
                             text=True).stdout.strip()
    curl = subprocess.run(["curl", "--version"], check=True,
                          capture_output=True, text=True).stdout
    nginx = subprocess.run(["/usr/sbin/nginx", "-v"], check=True,
                           capture_output=True, text=True).stderr
    return {
        "processor": f"{os.cpu_count()} cores, "
                     + (model.group(1) if model else platform.machine()),
        "memory": f"{memory / 1024 / 1024:.0f} GB",
        "system": "Linux " + platform.release().split("-")[0],
        "PostgreSQL": version,
        "libcurl": re.search(r"libcurl/(\S+)", curl).group(1),
        "load target": nginx.split(": ", 1)[-1].strip() + ", one worker",
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "load average": " ".join(f"{x:.1f}" for x in os.getloadavg()),
    }


def main():
    """See the top of the file."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))

    workloads = QUICK if options.quick else FULL
    names = [w.name for w in workloads] + ["memory"]
    if options.list:
        print("\n".join(names))
        return
    if options.only:
        names = [n for n in names
                 if any(n.startswith(only) for only in options.only)]
        workloads = [w for w in workloads if w.name in names]
        if not names:
            sys.exit("no such workload")
    wide = 100000 if options.quick else 1000000
    target = Target(WORK)
    try:
        extra = [memory_workload(rows) for rows in (1000, wide)] \
            if "memory" in names else []
        database = Database(target, workloads + extra)
        whole = report.Report(machine(), options.rounds, options.quick)
        for workload in workloads:
            started = time.monotonic()
            result = measure(target, database, workload, options.rounds,
                             QUICK_PATIENCE if options.quick else PATIENCE)
            whole.results.append(result)
            print(f"{result.line()}  ({time.monotonic() - started:.0f} s)",
                  flush=True)
        if "memory" in names:
            whole.memory = measure_memory(database, min(options.rounds, 3),
                                          wide)
        whole.machine["load average after"] = \
            " ".join(f"{x:.1f}" for x in os.getloadavg())
    finally:
        target.stop()
    whole.write(RESULTS)
    print(whole.bars(), flush=True)


if __name__ == "__main__":
    main()
