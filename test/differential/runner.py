"""Makes the relations, runs statements on several sides, compares, reports."""
import json
import os
import subprocess
import time
import urllib.request

from compare import compare, compare_pool
from side import Side
from vocabulary import DETAIL_COLUMNS, inv_rows, tasks

HERE = os.path.dirname(os.path.abspath(__file__))
RESTART_LIMIT_S = 60
COPIES = (("l", "table"), ("e", "example"))


# -- the relations ------------------------------------------------------------

def read(name):
    with open(os.path.join(HERE, "schema", name), encoding="utf-8") as file:
        return file.read()


def with_rows(text, rows):
    """The script with rows where it says that they come."""
    data = "".join(tasks.copy_line(row) + "\n" for row in rows)
    return text.replace("-- (the rows come here)\n", data + "\\.\n")


def listed_rows(count):
    """What the simulator lists with stale_list on."""
    for index in range(count):
        row = tasks.row(tasks.as_it_was(tasks.detail(index), index))
        for name in DETAIL_COLUMNS:
            row[name] = None
        yield dict(row, gone="t" if tasks.is_gone(index) else "f")


def set_up(count):
    """Make the same relations in f (foreign), l and e (local)."""
    common = with_rows(read("common.sql"), inv_rows(count))
    script = [read("shared.sql"), read("foreign.sql"), common]
    for schema, variant in COPIES:
        script += [f"\\set schema {schema}\n",
                   with_rows(read("local.sql"), tasks.rows(count, variant)),
                   common]
    script += ["COPY l.listed FROM STDIN;\n",
               "".join(tasks.copy_line(row) + "\n"
                       for row in listed_rows(count)), "\\.\n"]
    variables = []
    for name in ("endpoint", "access_key", "secret_key"):
        value = os.environ["QIANFAN_SIMULATOR_" + name.upper()]
        variables += ["-v", f"{name}={value}"]
    subprocess.run(
        ["psql", "-Xq", "-v", "ON_ERROR_STOP=1", *variables],
        input="".join(script).encode(), stdout=subprocess.DEVNULL, check=True,
        env=dict(os.environ, PGCLIENTENCODING="UTF8"))


def ctl(*words):
    request = urllib.request.Request(
        os.environ["QIANFAN_SIMULATOR_CONTROL"].rstrip("/") + "/ctl",
        json.dumps(words).encode())
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=60) as answer:
        return answer.read().decode()


# -- running -------------------------------------------------------------------

class Runner:
    """Keeps two sessions, collects statements, compares their results."""

    def __init__(self, options):
        self.options = options
        self.sides = None
        self.settings = []          # directives of this batch, for reports
        self.case = None
        self.pending = []           # (case, tag, mode, whole, SQL)
        self.counts = {"cases": 0, "statements": 0, "errors": 0,
                       "empty": 0}
        self.failed = []            # names of cases

    def line(self, verb, rest):
        """Take one line of what generate writes."""
        if verb == "":
            self._add(rest)
        elif verb == "case":
            self.case = rest
            self.counts["cases"] += 1
        elif verb in ("rows", "ordered", "pool", "state", "subset", "either"):
            self.mode, self.whole = verb, rest
        else:
            self.flush()
            self.settings.append(f"--# {verb} {rest}")
            getattr(self, "_do_" + verb)(rest)

    def _add(self, sql):
        tag = f"{self.case}/{len(self.pending)}"
        self.pending.append((self.case, tag, self.mode, self.whole, sql))

    def _do_batch(self, rest):
        variant = rest.split()[1]
        self.settings = [f"--# batch {rest}"]
        schema = {variant: schema for schema, variant in COPIES}[variant]
        ctl("reset")
        for _ in range(RESTART_LIMIT_S):
            try:
                for side, path in zip(self.sides or self._connect(),
                                      ("f", schema)):
                    side.execute("ROLLBACK", "DISCARD ALL",
                                 f"SET search_path = {path}, s")
                return
            except RuntimeError:
                # The server is coming back from a crash.
                self.disconnect()
                time.sleep(1)
        raise RuntimeError("no connection to the server")

    def _do_ctl(self, rest):
        ctl(*rest.split())

    def _do_foreign(self, rest):
        self.sides[0].execute(rest)

    def _do_both(self, rest):
        # A parameter may be missing: other versions of the server, or the
        # extension's library is not loaded on the local side.
        for side in self.sides:
            side.start([("both", rest)])
        for side in self.sides:
            side.collect([("both", rest)])

    def _connect(self):
        self.sides = [Side("foreign"), Side("local")]
        return self.sides

    def disconnect(self):
        for side in self.sides or ():
            side.stop()
        self.sides = None

    def flush(self):
        """Run what was collected and compare."""
        if not self.pending:
            return
        foreign = [(tag, sql) for _, tag, _, _, sql in self.pending]
        local = []
        for _, tag, mode, whole, sql in self.pending:
            local.append((tag, sql))
            if mode == "subset" and sql != whole:
                local.append((tag + "/whole", whole))
        for side, statements in zip(self.sides, (foreign, local)):
            side.start(statements)
        results = [side.collect(statements) for side, statements
                   in zip(self.sides, (foreign, local))]
        for name in dict.fromkeys(entry[0] for entry in self.pending):
            self._judge(name, *results)
        self.pending = []

    def _judge(self, name, foreign, local):
        """Compare all statements of a case; report the first difference."""
        entries = [entry for entry in self.pending if entry[0] == name]
        pools = [], []
        for _, tag, mode, _, sql in entries:
            self.counts["statements"] += 1
            self.counts["errors"] += local[tag].rows is None
            self.counts["empty"] += mode != "state" and local[tag].rows == []
            problem = compare(mode, foreign[tag], local[tag],
                              local.get(tag + "/whole", local[tag]))
            if mode == "pool":
                pools[0].append(foreign[tag])
                pools[1].append(local[tag])
            if problem:
                return self._report(name, entries, sql, problem)
            whole_result = local.get(tag + "/whole")
            if whole_result is not None and whole_result.rows is None:
                # only the local side ran this, and its transaction is aborted
                return None
        problem = compare_pool(*pools)
        if problem:
            return self._report(name, entries, entries[-1][4], problem)

    def _report(self, name, entries, sql, problem):
        self.failed.append(name)
        print(f"---- difference: seed {self.options.seed}, case {name}, "
              f"{self.options.tasks} tasks")
        print("\n".join(self.settings))
        print(f"--# case {name}")
        for _, _, mode, whole, statement in entries:
            print(f"--# {mode} {whole}".rstrip())
            print(statement + ";")
        print(f"failing statement:\n{sql}\nproblem:\n{problem}\nagain with: "
              f"run --seed {self.options.seed} --count {self.options.count} "
              f"--tasks {self.options.tasks} --case {name}\n----", flush=True)
        if len(self.failed) >= self.options.most_failures:
            raise TooMany


def read_lines(name):
    """The lines of a file that generate wrote, or by hand."""
    with open(name, encoding="utf-8") as file:
        for line in file:
            line = line.rstrip("\n")
            if line.startswith("--# "):
                verb, _, rest = line[4:].partition(" ")
                yield verb, rest
            elif line and not line.startswith("--"):
                yield "", line.removesuffix(";")


class TooMany(Exception):
    """Enough differences were seen."""
