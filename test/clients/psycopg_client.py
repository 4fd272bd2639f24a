"""Reads the foreign table as programs with psycopg2 do."""
import os
import sys
import threading

import psycopg2
import psycopg2.errors
from psycopg2.extensions import STATUS_READY
from psycopg2.extras import DictCursor, RealDictCursor, execute_values

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from testing import calls, ctl, equal, finish, ok, pages, raises

ALL = "SELECT id FROM model_comp_tasks"
connection = psycopg2.connect("")
other = psycopg2.connect("")
other.autocommit = True


def ask(sql, parameters=None):
    """Rows from a session of its own, without any API call."""
    with other.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


IDS = [row[0] for row in ask("SELECT id FROM expected ORDER BY n")]


def run(sql, parameters=None, factory=None):
    with connection.cursor(cursor_factory=factory) as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def begin():
    ctl("reset")
    connection.rollback()


def check_nothing_left(title):
    """Nothing is in flight, the cursors are gone, the session is usable."""
    ctl("wait", "in_flight", 0, "--at-most")
    equal(run("SELECT count(*) FROM pg_cursors"), [(0,)], f"{title}: cursors left")
    ctl("reset")
    equal(run(ALL + " WHERE id = %s", (IDS[7],)), [(IDS[7],)],
          f"{title}: the session goes on")
    calls(f"{title}: afterwards", details=1)
    connection.rollback()


def test_client_side_cursors():
    begin()
    equal([row[0] for row in run(ALL)], IDS, "a list, in its order")
    calls("a list", pages=10)
    ctl("reset")
    columns = "id, name, state, model_id, create_time, finish_time, description"
    equal(run(f"SELECT {columns} FROM model_comp_tasks"),
          ask(f"SELECT {columns} FROM expected ORDER BY n"), "columns of the list")
    calls("columns of the list", pages=10)
    ctl("reset")
    where = "WHERE id = ANY(%s) ORDER BY id"
    equal(run(f"SELECT * FROM model_comp_tasks {where}", (IDS[:150],), RealDictCursor),
          [dict(zip((c for c in row.keys() if c != "n"), row)) for row in dicts(
              f"SELECT * FROM expected {where}", (IDS[:150],))],
          "all columns, as dictionaries")
    calls("all columns", details=150)
    begin()
    with connection.cursor() as cursor:
        cursor.arraysize = 7
        cursor.execute(ALL + " LIMIT 20")
        got = [cursor.fetchone()] + cursor.fetchmany() + cursor.fetchall()
    equal([row[0] for row in got], IDS[:20], "fetchone, fetchmany, fetchall")
    calls("LIMIT", pages=1)
    equal(ctl("last", 1).count('"maxKeys":20'), 1, "LIMIT: a page of that size")
    begin()
    with connection.cursor() as cursor, open(os.devnull, "wb") as nowhere:
        cursor.copy_expert(f"COPY ({ALL} WHERE id IN ('{IDS[0]}','{IDS[1]}')) TO STDOUT", nowhere)
        equal(cursor.rowcount, 2, "COPY (SELECT ...) TO STDOUT")
    calls("COPY", details=2)
    check_nothing_left("client-side cursors")


def dicts(sql, parameters):
    with other.cursor(cursor_factory=DictCursor) as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def test_parameters():
    for title, condition, parameter, expected in (
            ("= %s", "id = %s", IDS[3], [3]),
            ("IN %s", "id IN %s", tuple(IDS[:40]), range(40)),
            ("IN %s with one", "id IN %s", (IDS[5],), [5]),
            ("IN %s with repetitions", "id IN %s", (IDS[5], IDS[6], IDS[5]), [5, 6]),
            ("= ANY(%s)", "id = ANY(%s)", IDS[10:60], range(10, 60)),
            ("= ANY(%s) with NULL", "id = ANY(%s)", [IDS[1], None], [1]),
            ("= ANY(%s) with nothing", "id = ANY(%s)", [], []),
            ("= None", "id = %s", None, [])):
        begin()
        got = run(f"{ALL} WHERE {condition}", (parameter,))
        equal(sorted(got), sorted((IDS[i],) for i in expected), title)
        calls(title, details=len(expected))
    begin()
    for hostile in ("x' OR 'a'='a", "a&b=c/../d?e#f%41", "任务-1", "\\'; --"):
        equal(run(ALL + " WHERE id = %s", (hostile,)), [], f"no task {hostile!r}")
    calls("ids nobody has", details=4)
    begin()
    source = ask("SELECT source_model_id FROM expected WHERE n = 3")[0][0]
    got = run(ALL + " WHERE source_model_id = %s", (source,))
    equal(got, ask("SELECT id FROM expected WHERE source_model_id = %s ORDER BY n", (source,)),
          "source_model_id = %s")
    calls("source_model_id = %s", pages=1)
    check_nothing_left("parameters")


def test_execute_values():
    rows = [(IDS[i], f"note {i}") for i in (2, 4, 8, 16, 32)]
    with connection.cursor() as cursor:
        begin()
        got = execute_values(
            cursor, "SELECT v.note, t.name FROM (VALUES %s) AS v (id, note) "
            "JOIN model_comp_tasks t ON t.id = v.id", rows, fetch=True)
        expected = ask("SELECT name FROM expected WHERE n = ANY('{2,4,8,16,32}') ORDER BY n")
        equal(got, [(row[1], name[0]) for row, name in zip(rows, expected)],
              "execute_values: joined rows")
        calls("execute_values: a lookup for each row", details=5)
        begin()
        cursor.execute("CREATE TEMP TABLE invoice (task_id text)")
        execute_values(cursor, "INSERT INTO invoice VALUES %s", [(i,) for i in IDS[:30]])
        cursor.execute("ANALYZE invoice")
        cursor.execute("SELECT count(*) FROM invoice JOIN model_comp_tasks ON id = task_id")
        equal(cursor.fetchall(), [(30,)], "a join with a temporary table")
        total = int(ctl("get", "total"))
        ok(total in (10, 30), f"a join: lookups or the list, {total} calls")
        ctl("reset")
        execute_values(cursor, "INSERT INTO invoice SELECT id FROM model_comp_tasks t "
                       "JOIN (VALUES %s) AS v (key) ON t.id = v.key", [(i,) for i in IDS[:4]],
                       page_size=2)
        calls("execute_values in batches", details=4)
    check_nothing_left("execute_values")


def test_transactions():
    begin()
    with connection.cursor() as cursor:
        cursor.execute("SAVEPOINT a")
        ctl("fail", "http-400", "--always")
        error = raises(psycopg2.errors.FdwError,
                       lambda: cursor.execute(ALL), "an error of the API is FdwError")
        ok(error and "test-secret-key" not in str(error), "the error has no secret")
        calls("a refused call", pages=1)
        raises(psycopg2.errors.InFailedSqlTransaction,
               lambda: cursor.execute(ALL), "a failed transaction")
        calls("a failed transaction calls nobody", pages=1)
        cursor.execute("ROLLBACK TO SAVEPOINT a")
        ctl("heal")
        with connection.cursor("outer") as named:
            named.itersize = 10
            named.execute(ALL)
            first = [row[0] for row in named.fetchmany(15)]
            cursor.execute("SAVEPOINT b")
            raises(psycopg2.errors.DivisionByZero,
                   lambda: cursor.execute(f"SELECT 1 / (length(id) - length(id)) FROM "
                                          f"model_comp_tasks WHERE id = '{IDS[0]}'"),
                   "a local error in a savepoint")
            cursor.execute("ROLLBACK TO SAVEPOINT b")
            equal(first + [row[0] for row in named.fetchmany(15)], IDS[:30],
                  "a cursor outlives the savepoint")
        cursor.execute("RELEASE SAVEPOINT a")
    connection.commit()
    check_nothing_left("savepoints")
    for level in ("READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"):
        connection.rollback()
        connection.set_session(isolation_level=level, readonly=True)
        equal(len(run(ALL + " WHERE id IN %s", (tuple(IDS[:3]),))), 3, f"{level}, read only")
        connection.rollback()
    connection.set_session(isolation_level="DEFAULT", readonly="DEFAULT")


def test_cancel():
    for title, sql, sign in (("a lookup", f"{ALL} WHERE id = '{IDS[0]}'", 1),
                             ("a list", ALL, 1),
                             ("16 lookups", f"{ALL} WHERE id IN {tuple(IDS[:20])}", 16)):
        for name in (None, "named"):
            begin()
            cursor = connection.cursor(name)
            if name:
                cursor.execute(sql)
            ctl("hold")
            thread = threading.Thread(target=cancel_when_held, args=(sign,))
            thread.start()
            kind = "FETCH of " + title if name else title
            # FETCH 1 would send one call: nobody asked for the other rows.
            raises(psycopg2.errors.QueryCanceled,
                   lambda: cursor.fetchmany(20) if name else cursor.execute(sql),
                   f"cancel of {kind} from another thread")
            thread.join()
            ctl("wait", "in_flight", 0, "--at-most")
            equal(ctl("get", "aborted"), str(sign), f"cancel of {kind}: calls given up")
            connection.rollback()
            ctl("release")
            check_nothing_left(f"cancel of {kind}")


def cancel_when_held(number):
    ctl("wait", "held", number)
    connection.cancel()


if __name__ == "__main__":
    test_client_side_cursors()
    test_parameters()
    test_execute_values()
    test_transactions()
    test_cancel()
    equal(connection.status, STATUS_READY, "the connection is ready")
    connection.close()
    other.close()
    finish()
