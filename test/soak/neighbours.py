#
# neighbours.py
#	  What goes on in a cluster beside the sessions of chaos.py: 70 other accounts,
#	  which want their places, and another database, where the extension comes and
#	  goes while it is read.

import os
import re
import subprocess
import threading
import time

NACCOUNTS = 70                   # there are 64 places
NREADERS = 3

# What a neighbour's statement may also end with: there is no table any more.
MAY_FAIL = re.compile("ERROR:  42P01")

EXTENSION = """
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS qianfan_fdw CASCADE;
CREATE EXTENSION qianfan_fdw;
CREATE SERVER qianfan FOREIGN DATA WRAPPER qianfan_fdw OPTIONS (endpoint '{endpoint}',
    cache_max_age '500ms', request_timeout '2s', retry_delay '10ms');
CREATE USER MAPPING FOR CURRENT_USER SERVER qianfan OPTIONS (
    access_key '{access_key}', secret_key '{secret_key}');
IMPORT FOREIGN SCHEMA qianfan FROM SERVER qianfan INTO public;
"""

# The service knows none of them, so no answer is theirs.
ACCOUNTS = """
DO $$
BEGIN
    FOR n IN 1 .. {accounts} LOOP
        EXECUTE format($sql$
            CREATE SERVER account_%1$s FOREIGN DATA WRAPPER qianfan_fdw
                OPTIONS (endpoint %2$L, cache_max_age '1h', max_retries '0');
            CREATE USER MAPPING FOR CURRENT_USER SERVER account_%1$s
                OPTIONS (access_key 'a%1$s', secret_key 's%1$s');
            CREATE FOREIGN TABLE account_%1$s (id text) SERVER account_%1$s
            $sql$, n, '{endpoint}');
    END LOOP;
END $$
"""
ASK_ACCOUNT = "SELECT 'read', id FROM account_{n} WHERE id = '{id}'"


def psql(database, *queries):
    """A psql that runs these, going on after errors."""
    command = ["psql", "-XqAt", "-d", database, "-v", "VERBOSITY=sqlstate"]
    for query in queries:
        command += ["-c", query]
    return subprocess.Popen(command, text=True, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT)


def output(process):
    return process.communicate()[0].strip()


class Neighbours(threading.Thread):
    """Goes on until its time is over; right, failed, wrong as in a session;
    refused: answers of the service to accounts it does not know."""

    def __init__(self, query, expected, known_id, allowed):
        super().__init__(daemon=True)
        self.query, self.expected, self.known_id = query, expected, known_id
        self.allowed = allowed
        self.until = 0
        self.right, self.failed, self.wrong, self.refused = 0, 0, [], 0
        names = {name.lower(): os.environ["QIANFAN_SIMULATOR_" + name]
                 for name in ("ENDPOINT", "ACCESS_KEY", "SECRET_KEY")}
        self.extension = EXTENSION.format(**names)
        output(psql("postgres", "CREATE DATABASE second",
                    ACCOUNTS.format(accounts=NACCOUNTS, **names)))

    def run(self):
        while time.time() < self.until:
            self.ask_accounts()
            self.come_and_go()

    def judge(self, query, answer, expected):
        if answer == expected and answer:
            self.right += 1
        elif MAY_FAIL.search(answer) or self.allowed(answer):
            self.failed += 1
        else:
            self.wrong.append((query, expected, answer[:200]))

    def ask_accounts(self):
        queries = [ASK_ACCOUNT.format(n=n + 1, id=self.known_id)
                   for n in range(NACCOUNTS)]
        answer = output(psql("postgres", *queries))
        self.refused += answer.count("ERROR:  28000")
        if "read|" in answer:
            self.wrong.append((queries[0], "", answer[:200]))

    def come_and_go(self):
        """The extension goes while others read."""
        output(psql("second", self.extension))
        readers = [psql("second", self.query) for _ in range(NREADERS)]
        drop = psql("second", "DROP EXTENSION IF EXISTS qianfan_fdw CASCADE")
        for reader in readers:
            self.judge(self.query, output(reader), self.expected)
        output(drop)
