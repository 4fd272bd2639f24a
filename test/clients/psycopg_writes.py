"""Creates, cancels and deletes tasks as programs with psycopg2 do."""
import os
import sys

import psycopg2
import psycopg2.errors
from psycopg2.extras import execute_values

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from testing import ctl, equal, finish, ok

TABLE = "writable.model_comp_tasks"
COLUMNS = "name, source_model_id, model_set_id, strategy"
INSERT = f"INSERT INTO {TABLE} ({COLUMNS}) VALUES (%s, 'amv-1', 'am-1', 'Sparsity')"
connection = psycopg2.connect("")


def created():
    """Ids and names of the tasks that were created, as the simulator has them."""
    return {words[1]: words[3] for words in
            (line.split(" ", 3) for line in ctl("changes").splitlines())
            if words[0] == "created"}


def test_returning():
    ctl("reset")
    with connection, connection.cursor() as cursor:
        cursor.execute(INSERT + " RETURNING id", ("one",))
        identifier, = cursor.fetchone()
    equal(created(), {identifier: "one"}, "RETURNING id")
    equal(ctl("calls").strip(), "CreateModelCompTask=1", "is one call")


def test_many():
    ctl("reset")
    names = [f"n{i}" for i in range(20)]
    with connection, connection.cursor() as cursor:
        cursor.executemany(INSERT, [(name,) for name in names[:10]])
        found = execute_values(
            cursor, f"INSERT INTO {TABLE} ({COLUMNS}) VALUES %s RETURNING id, name",
            [(name, "amv-1", "am-1", "Sparsity") for name in names[10:]], fetch=True)
    equal(sorted(created().values()), sorted(names), "many rows")
    equal({created()[i] for i, _ in found}, set(names[10:]), "RETURNING of many rows")
    equal([name for _, name in found], names[10:], "in their order")


def test_cancel_and_delete():
    ctl("reset")
    with connection, connection.cursor() as cursor:
        cursor.execute(INSERT + " RETURNING id", ("two",))
        identifier, = cursor.fetchone()
        cursor.execute(f"UPDATE {TABLE} SET state = 'stopping' WHERE id = %s RETURNING state", (identifier,))
        equal(cursor.fetchall(), [("stopping",)], "UPDATE returns the row as read again")
        cursor.execute(f"DELETE FROM {TABLE} WHERE id = %s", (identifier,))
        equal(cursor.rowcount, 1, "rows deleted")
    equal(ctl("changes").strip(), f"deleted {identifier}", "is gone")


def test_rollback():
    ctl("reset")
    del connection.notices[:]
    with connection.cursor() as cursor:
        cursor.execute(INSERT, ("three",))
    connection.rollback()
    identifier, = created()
    ok(any(f"Created: 1 ({identifier})" in text for text in connection.notices),
       "a rollback says what stays")


def test_lost():
    ctl("reset")
    ctl("fail", "http-503", "--action", "CreateModelCompTask", "--effect", "after")
    with connection.cursor() as cursor:
        try:
            cursor.execute(INSERT, ("four",))
        except psycopg2.Error as error:
            equal(error.pgcode, "HV00L", "a lost answer has its SQLSTATE")
            # psycopg2 calls every foreign table's error operational; what is
            # tried again is a serialization failure, or a lost connection.
            ok(not isinstance(error, psycopg2.extensions.TransactionRollbackError)
               and not connection.closed, "not one that is tried again")
            identifier, = created()
            ok(identifier in error.diag.message_detail, "and the id that could be it")
    connection.rollback()


test_returning()
test_many()
test_cancel_and_delete()
test_rollback()
test_lost()
connection.close()
finish()
