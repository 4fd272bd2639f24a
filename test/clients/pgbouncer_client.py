"""Reads the foreign table through pgbouncer, which gives a server session to
whoever has a transaction: PGHOST and PGPORT are pgbouncer's."""
import os
import sys
import threading

import psycopg2
import psycopg2.errors

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from testing import calls, ctl, equal, finish, ok, pages, raises

ALL = "SELECT id FROM model_comp_tasks"
CLIENTS = 6
clients = [psycopg2.connect("") for _ in range(CLIENTS)]
first, second = clients[:2]


def run(connection, sql, parameters=None):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def names(rows):
    return [row[0] for row in rows]


def server_session(connection):
    pid = run(connection, "SELECT pg_backend_pid()")[0][0]
    connection.commit()
    return pid


IDS = names(run(first, "SELECT id FROM expected ORDER BY n"))
first.commit()


def test_shared_session():
    """All clients meet in one server session, and its API connection."""
    equal(len({server_session(connection) for connection in clients}), 1, "one server session")
    ctl("reset")
    for number, connection in enumerate(clients * 3):
        equal(names(run(connection, f"{ALL} WHERE id = %s", (IDS[number],))), [IDS[number]],
              f"lookup {number}")
        connection.commit()
    calls("lookups", details=3 * CLIENTS)
    equal(ctl("get", "max_connections_open"), "1", "lookups: one API connection")
    ctl("reset")
    equal(names(run(first, ALL)), IDS, "the list")
    first.commit()
    calls("the list", pages=10)
    ctl("reset")
    equal(names(run(second, f"{ALL} WHERE id = ANY(%s)", (IDS[:50],))), IDS[:50], "50 keys")
    second.commit()
    calls("50 keys", details=50)


def test_waiting_turn():
    """A client waits while another one's transaction waits for the API."""
    ctl("reset")
    ctl("hold")
    got = []
    threads = [threading.Thread(target=one_lookup, args=(number, got)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for number in range(CLIENTS):
        ctl("wait", "held", 1)
        equal(ctl("get", "total"), str(number + 1), f"turn {number}: no more than one at a time")
        ctl("release", 1)
        ctl("wait", "total", min(number + 2, CLIENTS))
    for thread in threads:
        thread.join()
    ctl("release")
    equal(sorted(got), sorted(IDS[:CLIENTS]), "each client has its answer")
    calls("turns", details=CLIENTS)


def one_lookup(number, got):
    got.extend(names(run(clients[number], f"{ALL} WHERE id = %s", (IDS[number],))))
    clients[number].commit()


def test_set_local():
    """What a transaction sets, the next client does not see."""
    ctl("reset")
    run(first, "SELECT set_config('qianfan_fdw.max_requests', '3', true)")
    raises(psycopg2.errors.ProgramLimitExceeded, lambda: run(first, ALL), "SET LOCAL max_requests")
    first.rollback()
    calls("SET LOCAL max_requests", pages=3)
    ctl("reset")
    equal(len(run(second, ALL)), 1000, "the next client has no limit")
    second.commit()
    calls("the next client", pages=10)
    with first.cursor() as cursor:
        ctl("reset")
        ctl("hold")
        cursor.execute("SET LOCAL statement_timeout = '200ms'")
        raises(psycopg2.errors.QueryCanceled, lambda: cursor.execute(ALL), "SET LOCAL statement_timeout")
    first.rollback()
    ctl("release")
    equal(run(second, "SHOW statement_timeout"), [("0",)], "the next client has no timeout")
    second.rollback()


def test_prepared():
    """PREPARE, within a transaction."""
    with first.cursor() as cursor:
        for mode in ("force_custom_plan", "force_generic_plan"):
            ctl("reset")
            cursor.execute(f"SET LOCAL plan_cache_mode = {mode}")
            cursor.execute(f"PREPARE one(text) AS {ALL} WHERE id = $1")
            for i in range(4):
                cursor.execute("EXECUTE one(%s)", (IDS[i],))
                equal(cursor.fetchall(), [(IDS[i],)], f"EXECUTE, {mode}, time {i}")
            calls(f"EXECUTE, {mode}", details=4)
            cursor.execute("DEALLOCATE one")
            first.commit()


def test_cursors():
    """A cursor of a transaction, read in part; others come after it."""
    for end in ("commit", "rollback"):
        ctl("reset")
        cursor = first.cursor("c")
        cursor.execute(ALL)
        equal(names(cursor.fetchmany(20)), IDS[:20], f"cursor, {end}")
        equal(names(cursor.fetchmany(20)), IDS[20:40], f"cursor goes on, {end}")
        getattr(first, end)()
        pages(1, 2, f"cursor, {end}")
        equal(run(second, "SELECT count(*) FROM pg_cursors"), [(0,)], f"cursor is gone, {end}")
        second.commit()


def test_cancel():
    """The cancel request reaches the right session through pgbouncer."""
    for number in (0, 3):
        ctl("reset")
        ctl("hold")
        thread = threading.Thread(target=cancel_when_held, args=(clients[number],))
        thread.start()
        raises(psycopg2.errors.QueryCanceled, lambda: run(clients[number], ALL), f"cancel of client {number}")
        thread.join()
        clients[number].rollback()
        ctl("wait", "in_flight", 0, "--at-most")
        ctl("release")
        ctl("reset")
        equal(names(run(second, f"{ALL} WHERE id = %s", (IDS[1],))), [IDS[1]], "the session goes on")
        second.commit()
        calls("after the cancel", details=1)


def cancel_when_held(connection):
    ctl("wait", "held", 1)
    connection.cancel()


if __name__ == "__main__":
    session = server_session(first)
    test_shared_session()
    test_waiting_turn()
    test_set_local()
    test_prepared()
    test_cursors()
    test_cancel()
    equal(server_session(second), session, "still the same server session")
    ok(all(connection.closed == 0 for connection in clients), "no client lost its connection")
    for connection in clients:
        connection.close()
    finish()
