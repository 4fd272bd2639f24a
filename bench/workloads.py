"""What is measured: each workload is one line."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Workload:
    """Work that every contestant does; rows is tasks read or looked up."""
    kind: str           # lookup, first, in, join, list, details, sessions
    rows: int
    delay: int          # of each answer, milliseconds
    tls: bool = False
    concurrency: int = 32
    repeat: int = 1     # a sample is the median of so many
    sessions: int = 1

    @property
    def name(self):
        """What --only takes."""
        words = [self.kind, str(self.rows), f"{self.delay}ms",
                 f"c{self.concurrency}"]
        if self.tls:
            words.append("https")
        return "-".join(words)

    @property
    def title(self):
        """For a reader of the table."""
        rows = f"{self.rows:,}"
        words = {
            "lookup": "one lookup, warm session",
            "first": "first lookup of a session",
            "in": f"{rows} lookups by IN list",
            "join": f"join with {rows} local rows",
            "list": f"list of {rows} tasks",
            "details": f"list with details of {rows}",
            "sessions": f"{self.sessions} sessions at once, "
                        f"{rows} lookups each",
        }[self.kind]
        return words + (", https" if self.tls else "")

    @property
    def calls(self):
        """API calls that takes."""
        pages = -(-self.rows // 100)
        return {"list": pages, "details": pages + self.rows,
                "sessions": self.rows * self.sessions}.get(
                    self.kind, self.rows)

    @property
    def sequential(self):
        """Do the calls come one after another by nature?"""
        return self.kind in ("lookup", "first", "list")


# Those that have a bar to pass come with --quick.
QUICK = [
    Workload("lookup", 1, 1, concurrency=1, repeat=100),
    Workload("first", 1, 1, concurrency=1),
    Workload("first", 1, 1, tls=True, concurrency=1),
    Workload("in", 1000, 20),
    Workload("join", 1000, 20),
    Workload("list", 1000, 0, concurrency=1, repeat=10),
    Workload("list", 100000, 0, concurrency=1),
    Workload("details", 5000, 20),
]

FULL = QUICK + [
    Workload("lookup", 1, 0, concurrency=1, repeat=200),
    Workload("lookup", 1, 20, concurrency=1, repeat=20),
    Workload("lookup", 1, 100, concurrency=1, repeat=5),
    Workload("lookup", 1, 1, tls=True, concurrency=1, repeat=200),
    Workload("in", 1, 20),
    Workload("in", 10, 20),
    Workload("in", 100, 0),
    Workload("in", 100, 1),
    Workload("in", 100, 20),
    Workload("in", 100, 100),
    Workload("in", 1000, 0),
    Workload("in", 1000, 1),
    Workload("in", 1000, 100),
    Workload("in", 10000, 20),
    Workload("in", 100, 20, concurrency=1),
    Workload("in", 1000, 20, concurrency=16),
    Workload("in", 1000, 20, concurrency=64),
    Workload("in", 1000, 20, tls=True),
    Workload("join", 100, 20),
    Workload("join", 10000, 20),
    Workload("join", 1000, 0),
    Workload("join", 1000, 100),
    Workload("list", 10000, 0, concurrency=1),
    Workload("list", 10000, 20, concurrency=1),
    Workload("list", 100000, 1, concurrency=1),
    Workload("list", 10000, 0, tls=True, concurrency=1),
    Workload("details", 5000, 0),
    Workload("sessions", 1000, 20, concurrency=16, sessions=8),
]
