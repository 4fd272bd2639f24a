"""Reads the foreign table through psycopg2's named (server-side) cursors."""
import os
import sys

import psycopg2

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from testing import calls, ctl, equal, finish, pages

ALL = "SELECT id FROM model_comp_tasks"
KEYS = ALL + " WHERE id = ANY(%s)"
connection = psycopg2.connect("")


def run(sql, parameters=None):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


IDS = [row[0] for row in run("SELECT id FROM expected ORDER BY n")]


def begin():
    connection.rollback()
    ctl("reset")


def names(rows):
    return [row[0] for row in rows]


def check_nothing_left(title):
    ctl("wait", "in_flight", 0, "--at-most")
    total = ctl("get", "total")
    equal(run("SELECT count(*) FROM pg_cursors"), [(0,)], f"{title}: cursors left")
    connection.rollback()
    equal(ctl("get", "total"), total, f"{title}: nobody calls any more")
    ctl("reset")
    equal(names(run(KEYS, (IDS[:2],))), IDS[:2], f"{title}: the session goes on")
    connection.rollback()


def test_itersize():
    """Rows come in batches, and pages not before they are wanted."""
    begin()
    with connection.cursor("c") as cursor:
        cursor.itersize = 64
        cursor.execute(ALL)
        calls("DECLARE", 0)
        equal(names(cursor), IDS, "itersize: the whole list")
        calls("itersize", pages=10)
    begin()
    with connection.cursor("c") as cursor:
        cursor.execute(KEYS, (IDS[:100],))
        calls("DECLARE with keys", 0)
        equal(names(cursor.fetchmany(1)), IDS[:1], "the first of 100 keys")
        cursor.fetchall()
        calls("100 keys", details=100)
    check_nothing_left("itersize")


def test_abandoned():
    """A reader that stops leaves nothing, however it stops."""
    for end in ("close", "commit", "rollback", "forgotten"):
        begin()
        cursor = connection.cursor("c")
        cursor.itersize = 50
        cursor.execute(ALL)
        got = [row[0] for row, _ in zip(cursor, range(120))]
        equal(got, IDS[:120], f"{end}: rows before")
        pages(2, 3, f"{end} after 150 rows")
        if end == "close":
            cursor.close()
        elif end == "forgotten":
            del cursor
            connection.rollback()
        else:
            getattr(connection, end)()
        pages(2, 3, f"{end}, afterwards")
        check_nothing_left(end)


def test_with_hold():
    """COMMIT reads what is left, and nothing is read twice."""
    begin()
    cursor = connection.cursor("held", withhold=True)
    cursor.execute(ALL)
    equal(names(cursor.fetchmany(5)), IDS[:5], "WITH HOLD: before the commit")
    connection.commit()
    calls("WITH HOLD: the commit reads the list", pages=10)
    equal(names(cursor.fetchmany(5)), IDS[5:10], "WITH HOLD: after the commit")
    equal(names(cursor.fetchall()), IDS[10:], "WITH HOLD: the rest")
    calls("WITH HOLD: the rest is there", pages=10)
    cursor.close()
    connection.commit()
    check_nothing_left("WITH HOLD")

    begin()
    cursor = connection.cursor("held", withhold=True)
    cursor.execute(ALL)
    cursor.fetchmany(5)
    connection.rollback()
    pages(1, 2, "WITH HOLD, rolled back")
    check_nothing_left("WITH HOLD, rolled back")


def test_scrollable():
    """Going back makes no call."""
    for title, sql, parameter, expected in (
            ("list", ALL + " LIMIT %s", 250, {"pages": 3}),
            ("keys", KEYS, IDS[:250], {"details": 250})):
        begin()
        with connection.cursor("s", scrollable=True) as cursor:
            cursor.execute(sql, (parameter,))
            equal(names(cursor.fetchmany(10)), IDS[:10], f"scrollable {title}: forward")
            cursor.scroll(-5)
            equal(names(cursor.fetchmany(5)), IDS[5:10], f"scrollable {title}: back")
            cursor.scroll(200, mode="absolute")
            equal(names(cursor.fetchmany(2)), IDS[200:202], f"scrollable {title}: far ahead")
            cursor.scroll(0, mode="absolute")
            equal(names(cursor.fetchall()), IDS[:250], f"scrollable {title}: all once more")
            cursor.scroll(-2)
            equal(names(cursor.fetchall()), IDS[249:250], f"scrollable {title}: the last")
        calls(f"scrollable {title}", **expected)
        check_nothing_left(f"scrollable {title}")


def test_two_at_once():
    """Two cursors of one transaction do not disturb each other."""
    begin()
    with connection.cursor("a") as a, connection.cursor("b") as b:
        a.execute(ALL)
        b.execute(KEYS, (IDS[::-1][:120],))
        got_a, got_b = [], []
        for _ in range(12):
            got_a += names(a.fetchmany(10))
            got_b += names(b.fetchmany(10))
        equal(got_a, IDS[:120], "two at once: the list")
        equal(got_b, IDS[::-1][:120], "two at once: the keys")
        equal(ctl("get", "calls:DescribeModelCompTask"), "120", "two at once: lookups")
    check_nothing_left("two at once")


if __name__ == "__main__":
    test_itersize()
    test_abandoned()
    test_with_hold()
    test_scrollable()
    test_two_at_once()
    connection.close()
    finish()
