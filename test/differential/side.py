"""One psql process: statements in, rows and SQLSTATEs out."""
import os
import queue
import re
import subprocess
import tempfile
import threading

FIELD, RECORD, MARK = b"\x1f", b"\x1e", b"\x1c"
TIMEOUT_S = 120
END = re.compile(rb"\x1cend (\S+) (\S+) (\S+)\n")
SETTINGS = ("-c statement_timeout=30s -c TimeZone=Asia/Shanghai "
            "-c client_encoding=UTF8 -c client_min_messages=warning "
            "-c lc_messages=C")


class Result:
    """What became of a statement; rows is None after an error."""

    def __init__(self, state, rows, message=""):
        self.state = state
        self.rows = rows
        self.message = message


class Side:
    """A session.  After its end every statement has SQLSTATE "lost"."""

    def __init__(self, name):
        self.name = name
        self._errors = tempfile.TemporaryFile()
        environment = dict(os.environ, PGOPTIONS=SETTINGS)
        self._psql = subprocess.Popen(
            ["psql", "-XAtq", "-F", FIELD.decode(), "-R", RECORD.decode(),
             "-P", "null=\x1dNULL"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self._errors, env=environment)
        self._lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self._psql.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def _write(self, text):
        try:
            self._psql.stdin.write(text)
            self._psql.stdin.flush()
        except OSError:
            pass                # its output has ended as well

    def start(self, statements):
        """Send statements, [(tag, SQL)]; collect() gets the results."""
        text = "".join(
            f"\\warn {MARK.decode()}{tag}\n{sql};\n"
            f"\\echo {MARK.decode()}end {tag} :SQLSTATE :ROW_COUNT\n"
            for tag, sql in statements).encode()
        # A thread, because psql stops reading while nobody reads from it.
        threading.Thread(target=self._write, args=(text,), daemon=True).start()

    def collect(self, statements):
        """The results of what was sent, {tag: Result}."""
        results = {}
        lines = []
        try:
            while len(results) < len(statements):
                line = self._lines.get(timeout=TIMEOUT_S)
                if line is None:
                    break
                end = END.fullmatch(line)
                if end is None:
                    lines.append(line)
                    continue
                state = end[2].decode()
                rows = b"".join(lines)[:-1].split(RECORD) if lines else []
                results[end[1].decode()] = Result(
                    state, rows if state == "00000" else None)
                lines = []
        except queue.Empty:
            self._psql.kill()
        for tag, _ in statements:
            results.setdefault(tag, Result("lost", None))
        self._add_messages(results)
        return results

    def _add_messages(self, results):
        self._errors.seek(0)
        for part in self._errors.read().split(MARK)[1:]:
            tag, _, message = part.partition(b"\n")
            if tag.decode() in results:
                results[tag.decode()].message = message.decode(
                    "utf-8", "replace").strip()
        self._errors.seek(0)
        self._errors.truncate()

    def execute(self, *statements):
        """Run statements that have to succeed."""
        numbered = [(str(i), sql) for i, sql in enumerate(statements)]
        self.start(numbered)
        results = self.collect(numbered)
        for tag, sql in numbered:
            if results[tag].state != "00000":
                raise RuntimeError(f"{self.name}: {sql}: "
                                   f"{results[tag].state} "
                                   f"{results[tag].message}")

    def stop(self):
        try:
            self._psql.stdin.close()
        except OSError:
            pass
        try:
            self._psql.wait(10)
        except subprocess.TimeoutExpired:
            self._psql.kill()
            self._psql.wait()
        self._psql.stdout.close()
        self._errors.close()
