"""Who does the work: each takes a workload and returns a Sample."""
import os
import statistics
import subprocess
import time
from dataclasses import dataclass

HERE = os.path.dirname(os.path.abspath(__file__))
KEYS = {"QIANFAN_ACCESS_KEY": "bench-access-key",
        "QIANFAN_SECRET_KEY": "bench-secret-key"}

LIST_COLUMNS = ("id", "name", "state", "source_model_id", "model_id",
                "create_time", "finish_time", "description")
DETAIL_COLUMNS = LIST_COLUMNS + ("strategy", "failed_reason")


@dataclass
class Sample:
    """Seconds, seconds, kilobytes."""
    wall: float
    cpu: float
    memory: int = 0


def median_sample(samples):
    """The middle one of each figure, but the peak of memory."""
    return Sample(statistics.median(s.wall for s in samples),
                  statistics.median(s.cpu for s in samples),
                  max(s.memory for s in samples))


class Child:
    """A program that answers each line with a line."""

    def __init__(self, *command):
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, env=dict(os.environ, **KEYS))

    def send(self, line):
        """Have it start."""
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def receive(self):
        """Words of the answer."""
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self.process.args[0]} ended")
        return answer.split()

    def ask(self, line):
        """Both."""
        self.send(line)
        return self.receive()

    def close(self):
        """Let it end."""
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def path(workload):
    """The part of the URL that tells the target what to be."""
    tasks = workload.rows if workload.kind in ("list", "details") else 100000
    return f"/delay/{workload.delay}/tasks/{tasks}"


class Contestant:
    """Processes that do a workload side by side, kept running for it."""
    name = None

    def __init__(self, workload):
        self.workload = workload
        self.children = []
        if workload.kind != "first":
            self.children = [self.open() for _ in range(workload.sessions)]

    def open(self):
        """A new process, not yet used."""
        raise NotImplementedError

    def command(self):
        """The line that makes it do the work."""
        raise NotImplementedError

    def measure(self, wall, answers):
        """The sample, given seconds from the first line to the last answer."""
        raise NotImplementedError

    def _once(self):
        command = self.command()
        start = time.monotonic()
        for child in self.children:
            child.send(command)
        answers = [child.receive() for child in self.children]
        wall = time.monotonic() - start
        if len(answers) == 1:
            wall = int(answers[0][0]) / 1e9
        return self.measure(wall, answers)

    def sample(self):
        """Do the work."""
        if self.workload.kind == "first":
            self.children = [self.open()]
        result = median_sample([self._once()
                                for _ in range(self.workload.repeat)])
        if self.workload.kind == "first":
            self.close()
        return result

    def close(self):
        """Done with this workload."""
        for child in self.children:
            child.close()
        self.children = []


class Limit(Contestant):
    """limit.c."""
    name = "limit"

    def __init__(self, target, workload):
        self.target = target
        super().__init__(workload)

    def open(self):
        tls = self.workload.tls
        return Child(os.path.join(HERE, "limit"), self.target.urls[tls],
                     *([self.target.ca_file] if tls else []))

    def command(self):
        work = self.workload
        if work.kind == "first":
            return f"first {path(work)}"
        if work.kind == "list":
            return f"list {path(work)}"
        if work.kind == "details":
            return f"details {path(work)} {work.concurrency}"
        return f"lookup {path(work)} 0 {work.rows} {work.concurrency}"

    def measure(self, wall, answers):
        return Sample(wall, sum(int(answer[1]) for answer in answers) / 1e9,
                      max(peak_memory(child.process.pid)
                          for child in self.children))


class Parse(Limit):
    """limit.c, with each page parsed."""
    name = "limit + cJSON"

    def command(self):
        return f"parse {path(self.workload)}"


def peak_memory(pid):
    """VmHWM in kB."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        for line in file:
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    return 0


class Sql(Contestant):
    """Something that is asked through SQL, by session.c."""

    def __init__(self, database, workload):
        self.database = database
        super().__init__(workload)

    def open(self):
        session = Child(os.path.join(HERE, "session"))
        session.ask("connect")
        for line in self.prepare():
            session.ask(line)
        return session

    def prepare(self):
        """Commands for session.c before the measurement."""
        return []

    def measure(self, wall, answers):
        for answer in answers:
            if int(answer[5]) != self.workload.rows:
                raise RuntimeError(f"{self.name}: {answer[5]} rows instead "
                                   f"of {self.workload.rows}")
        return Sample(wall, sum(int(a[1]) for a in answers) / 1e9,
                      max(int(a[3]) for a in answers))


def counts(columns):
    """An expression per column, so that all of them are converted."""
    return ", ".join(f"count({column})" for column in columns)


def ids(rows):
    """The ids of the first tasks, quoted."""
    return ", ".join(f"'amva-{i:012d}'" for i in range(rows))


class Ours(Sql):
    """The foreign table."""
    name = "ours"

    def __init__(self, database, workload):
        self.table = database.table(workload)
        super().__init__(database, workload)

    def prepare(self):
        if self.workload.kind == "lookup":
            return [f"prepare one SELECT {counts(DETAIL_COLUMNS)} "
                    f"FROM {self.table} WHERE id = $1"]
        return []

    def command(self):
        work = self.workload
        detail = counts(DETAIL_COLUMNS)
        if work.kind == "lookup":
            return "execute one amva-000000000042"
        if work.kind == "list":
            return f"query SELECT {counts(LIST_COLUMNS)} FROM {self.table}"
        if work.kind == "details":
            return f"query SELECT {detail} FROM {self.table}"
        if work.kind == "join":
            return (f"query SELECT {detail.replace('(', '(t.')} "
                    f"FROM inventory_{work.rows} i "
                    f"JOIN {self.table} t ON t.id = i.task_id")
        return (f"query SELECT {detail} FROM {self.table} "
                f"WHERE id IN ({ids(work.rows)})")


class OursText(Ours):
    """The same with a statement that is parsed and planned each time."""
    name = "ours, not prepared"

    def prepare(self):
        return []

    def command(self):
        return (f"query SELECT {counts(DETAIL_COLUMNS)} FROM {self.table} "
                "WHERE id = 'amva-000000000042'")


class Python(Sql):
    """PL/Python, one call per row."""
    name = "PL/Python"
    concurrent = False

    def __init__(self, database, workload):
        url = database.target.urls[workload.tls] + path(workload)
        ca_file = database.target.ca_file if workload.tls else ""
        self.where = f"'{url}', '{ca_file}'"
        super().__init__(database, workload)

    def prepare(self):
        if self.workload.kind == "lookup":
            return [f"prepare one SELECT {counts(DETAIL_COLUMNS)} "
                    f"FROM python_task({self.where}, $1)"]
        return []

    def command(self):
        work = self.workload
        detail = counts(DETAIL_COLUMNS)
        if work.kind == "lookup":
            return "execute one amva-000000000042"
        if work.kind == "list":
            return (f"query SELECT {counts(LIST_COLUMNS)} "
                    f"FROM python_list({self.where})")
        if work.kind == "details":
            rows = f"SELECT id FROM python_list({self.where})"
        elif work.kind == "join":
            rows = f"SELECT task_id AS id FROM inventory_{work.rows}"
        else:
            rows = f"SELECT unnest(ARRAY[{ids(work.rows)}]) AS id"
        detail = detail.replace("(", "(t.")
        if self.concurrent:
            return (f"query SELECT {detail} FROM python_tasks({self.where}, "
                    f"ARRAY({rows}), {work.concurrency}) t")
        return (f"query SELECT {detail} FROM ({rows}) i, "
                f"python_task({self.where}, i.id) t")


class PythonThreads(Python):
    """PL/Python with a pool of threads."""
    name = "PL/Python, threads"
    concurrent = True


class Curl:
    """curl_loop, one process per call."""
    name = "curl loop"

    def __init__(self, target, workload):
        self.workload = workload
        self.command = [os.path.join(HERE, "curl_loop"),
                        "list" if workload.kind == "list" else
                        "details" if workload.kind == "details" else "lookup",
                        target.urls[workload.tls] + path(workload),
                        target.ca_file if workload.tls else "",
                        str(workload.rows)]

    def _once(self):
        start = time.monotonic()
        before = os.times()
        subprocess.run(self.command, check=True, stdout=subprocess.DEVNULL,
                       env=dict(os.environ, **KEYS))
        after = os.times()
        return Sample(time.monotonic() - start,
                      after.children_user - before.children_user +
                      after.children_system - before.children_system)

    def sample(self):
        """Do the work."""
        return self._once()

    def close(self):
        """Nothing is left running."""
