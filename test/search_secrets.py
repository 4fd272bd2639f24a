#!/usr/bin/env python3
"""Search all that a run of the tests has written for the secrets it used.

    search_secrets.py PATH...

Which secrets there are is read from the same files, and from the tests: what
is given to the options that hold them, besides the simulator's own.  DDL may
have them, for a server logs the statements of its users; nothing else may, and
a signature may be nowhere.  Prints TAP.
"""
import os
import re
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "simulator"))
from settings import SETTINGS  # noqa: E402

# In DDL a quote may be doubled, or escaped, where a statement is quoted itself.
OPTION = rb"\b(?:access_key|secret_key|session_token|other_secret)"
DDL = re.compile(OPTION + rb"\s+(\\?'{1,2})([^',\\\n]*)\1")
IN_TEST = re.compile(OPTION + rb"\s*=>\s*(['\"])([^'\"$]*)\1")
TO_SIMULATOR = re.compile(rb"_CTL set session_token \S+")
SIGNATURE = re.compile(rb"bce-auth-v[0-9]/[^/\s]+/[0-9]{4}-[0-9]{2}-")
# Shorter ones are part of other words, and the README's are no secrets.
SHORTEST = 8
PLACEHOLDER = b"YOUR_"
SHOWN = 20


def files_below(paths):
    """Files, without the servers' own."""
    for path in paths:
        if os.path.isfile(path):
            yield path
        for directory, names, files in os.walk(path):
            names[:] = [name for name in names if name != "pgdata"]
            for name in files:
                found = os.path.join(directory, name)
                if os.path.isfile(found):
                    yield found


def read(path):
    with open(path, "rb") as file:
        return file.read()


def secrets_of(contents):
    found = {str(SETTINGS[name][0]).encode()
             for name in ("access_key", "secret_key")}
    for content in contents:
        found.update(match[2] for match in DDL.finditer(content))
    for path in files_below([os.path.join(HERE, "t")]):
        found.update(match[2] for match in IN_TEST.finditer(read(path)))
    return sorted(secret for secret in found if len(secret) >= SHORTEST
                  and not secret.startswith(PLACEHOLDER))


def leaks_in(content, secrets):
    """(line number, line) of each secret outside of DDL."""
    if not SIGNATURE.search(content) and not any(
            secret in content for secret in secrets):
        return
    for number, line in enumerate(content.split(b"\n"), 1):
        rest = TO_SIMULATOR.sub(b"", DDL.sub(b"", line))
        if SIGNATURE.search(rest) or any(secret in rest
                                         for secret in secrets):
            yield number, line.decode(errors="replace")


def search(paths):
    """(files read, secrets looked for, leaks as lines of text)."""
    contents = {path: read(path) for path in files_below(paths)}
    secrets = secrets_of(contents.values())
    leaks = [f"{path}:{number}: {line[:300]}"
             for path, content in sorted(contents.items())
             for number, line in leaks_in(content, secrets)]
    return len(contents), secrets, leaks


PLANTED = {  # line -> is it a leak?
    "LOG:  statement: CREATE USER MAPPING FOR a SERVER s "
    "OPTIONS (access_key 'AK-planted', secret_key 'SK-planted')": False,
    "LOG:  statement: DO 'ALTER USER MAPPING FOR a SERVER s "
    "OPTIONS (SET session_token ''ST-planted'')'": False,
    "ERROR:  what is SK-planted?": True,
    "DETAIL:  token=ST-planted": True,
    "DEBUG:  AK-planted": True,
    "Authorization: bce-auth-v1/x/2026-01-01T00:00:00Z/1800/host/00": True,
    "a line like others": False,
}


def test_search():
    """Does it find what is there?"""
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "log")
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(PLANTED))
        _, _, leaks = search([directory])
    wanted = [f"{path}:{number}: {line}" for number, (line, leak)
              in enumerate(PLANTED.items(), 1) if leak]
    return leaks == wanted


def main(paths):
    good = test_search()
    print("ok 1" if good else "not ok 1", "- a planted secret is found")
    count, secrets, leaks = search(paths)
    print("ok 2" if count and len(secrets) > 2 else "not ok 2",
          f"- {len(secrets)} secrets are looked for in {count} files")
    print("not ok 3" if leaks else "ok 3", "- none is anywhere")
    for leak in leaks[:SHOWN]:
        print("#", leak)
    print("1..3")
    return 0 if good and not leaks and count else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
