"""The tasks of one account: generated ones plus what calls changed.

Positions in the list are task indexes, ascending in order of creation, so
a marker is found by arithmetic even when its task was deleted since.
"""
from bisect import bisect_left, bisect_right
from datetime import datetime, timedelta
from itertools import chain, islice

import tasks


LIFE = ("creating", "running", "succeeded")
TIMELESS = {"empty": "", "zero": tasks.ZERO_DATE}


def _later(time, seconds):
    return (datetime.fromisoformat(time)
            + timedelta(seconds=seconds)).isoformat()


class Store:
    """Reads go to the overlay first, then to the generator."""

    def __init__(self, settings):
        self._settings = settings
        self.reset()

    def reset(self):
        self._created = {}       # index -> task, in order of creation
        self._deleted = set()
        self._changed = {}       # index -> members that a test has set
        self._cancelled = {}     # index -> times shown since
        self._states = {}        # index -> state it was moved to by hand
        self._shown = {}         # index -> times a created task was shown

    # -- one task ---------------------------------------------------------

    def find(self, identifier):
        """The task as it is to be shown now, or None."""
        index = self._index_in_use(identifier)
        if index is None or \
                self._settings.stale_list and tasks.is_gone(index):
            return None
        task = self._show(index)
        shift = self._settings.detail_shift_s
        if shift:
            task["createTime"] = _later(task["createTime"],
                                        shift if index % 2 else -shift)
        return task

    def create(self, now, name, description, source, config):
        """Add a task; returns its id."""
        index = tasks.CREATED_BASE + len(self._created)
        created = datetime.fromtimestamp(int(now), tasks.CHINA)
        self._created[index] = {
            "id": tasks.task_id(index),
            "name": name,
            "description": description,
            "status": "creating",
            "failedReason": "",
            "sourceModelId": source,
            "createTime": created.isoformat(),
            "config": config,
        }
        return tasks.task_id(index)

    def grow(self, now, count):
        """Add tasks that are newer than all others."""
        for _ in range(count):
            number = len(self._created)
            self.create(now, f"grown-{number}", "",
                        tasks.SOURCE_MODELS[number % 17],
                        {"strategy": "Sparsity", "sparsityRatio": 0.5})

    def delete(self, identifier):
        """Remove a task; False when there is none."""
        index = self._index_in_use(identifier)
        if index is None:
            return False
        self._deleted.add(index)
        return True

    def restore(self, identifier):
        """Undo a removal; False when there was none."""
        index = tasks.task_index(identifier)
        if index not in self._deleted:
            return False
        self._deleted.remove(index)
        return True

    def change(self, identifier, member, value):
        """Set a member of a task; False when there is none."""
        index = self._index_in_use(identifier)
        if index is None:
            return False
        self._changed.setdefault(index, {})[member] = value
        return True

    def cancel(self, identifier):
        """Stop a task; None when there is none, False when it has ended."""
        index = self._index_in_use(identifier)
        if index is None:
            return None
        if index in self._cancelled \
                or self._status(index) not in ("creating", "running"):
            return False
        self._cancelled[index] = 0
        return True

    def move(self, identifier, state):
        """Have a task be in a state from now on; False when there is none."""
        index = self._index_in_use(identifier)
        if index is None:
            return False
        self._cancelled.pop(index, None)
        self._states[index] = state
        return True

    def changes(self):
        """What calls have changed, a list for each kind of change."""
        return {"created": [self._summary(index) for index in self._created
                            if index not in self._deleted],
                "cancelled": [self._summary(index)
                              for index in self._cancelled
                              if index not in self._deleted],
                "deleted": sorted(tasks.task_id(index)
                                  for index in self._deleted)}

    # -- pages --------------------------------------------------------------

    def page(self, marker, count, reverse, source, inclusive, skip=0):
        """Up to count tasks from the marker's position on, and the rest's
        first id: (tasks, id or None).  marker is an index or None; skip is
        how many tasks after it are left out."""
        indexes = self._walk(marker, reverse, source, inclusive)
        found = list(islice(indexes, skip, skip + count + 1))
        following = tasks.task_id(found[count]) if len(found) > count else None
        show = self._show_stale if self._settings.stale_list else self._show
        return [self._listed(show(index), index)
                for index in found[:count]], following

    def is_marker(self, index):
        """Whether an index names a row that is or was in the list."""
        return (index in self._created or 0 <= index < self._settings.tasks
                or index == tasks.EXAMPLE_INDEX)

    def _walk(self, marker, reverse, source, inclusive):
        """Indexes in list order from a marker on, deleted ones left out."""
        count = self._settings.tasks
        generated = range(count) if source is None \
            else tasks.indexes_of_source(source, count)
        created = [index for index, task in self._created.items()
                   if source is None or task["sourceModelId"] == source]
        example = [tasks.EXAMPLE_INDEX] if self._example_listed(source) else []
        parts = [example, generated, created]
        if marker is not None:
            # The same cut in each part, because all are in one order.
            cut = bisect_left if inclusive != reverse else bisect_right
            parts = [part[:cut(part, marker)] if reverse
                     else part[cut(part, marker):] for part in parts]
        if reverse:
            parts = [part[::-1] for part in reversed(parts)]
        return (index for index in chain(*parts)
                if index not in self._deleted)

    def _example_listed(self, source):
        return self._settings.variant == "example" \
            and source in (None, tasks.EXAMPLE["sourceModelId"])

    # -- shared ---------------------------------------------------------------

    def _index_in_use(self, identifier):
        index = tasks.task_index(identifier)
        if index is None or index in self._deleted \
                or not self.is_marker(index):
            return None
        return index

    def _plain(self, index):
        return {**self._original(index), **self._changed.get(index, {})}

    def _original(self, index):
        task = self._created.get(index)
        if task:
            return dict(task)
        task = tasks.detail(index)
        if index != tasks.EXAMPLE_INDEX:
            task["createTime"] = self._create_time(index)
        return task

    def _create_time(self, index):
        settings = self._settings
        if settings.swapped >= 0:
            index = {settings.swapped: index + 1,
                     settings.swapped + 1: index - 1}.get(index, index)
        first = index - index % settings.tied_times
        return tasks.created_at(first * settings.time_step_s
                                + settings.time_shift_s)

    def _listed(self, task, index):
        """A task of a page; one of them may have no time."""
        if index == self._settings.timeless != tasks.EXAMPLE_INDEX:
            form = self._settings.timeless_as
            task["createTime"] = TIMELESS.get(form)
            if form == "missing":
                del task["createTime"]
        return task

    def _status(self, index):
        """The state of a task that was not cancelled."""
        if index in self._states:
            return self._states[index]
        step = self._settings.lifecycle
        if index in self._created and step:
            turn = min(self._shown.get(index, 0) // step, len(LIFE) - 1)
            return LIFE[turn]
        return self._plain(index).get("status")

    def _summary(self, index):
        task = self._plain(index)
        cancelled = self._cancelled.get(index)
        state = self._status(index) if cancelled is None \
            else "stopped" if cancelled else "stopping"
        return f"{task['id']} {state} {task['name']}"

    def _show(self, index):
        """A task now; showing it moves it on: a cancelled one to "stopped",
        a created one through its life."""
        task = self._plain(index)
        if index in self._states or index in self._created:
            task["status"] = self._status(index)
            self._shown[index] = self._shown.get(index, 0) + 1
            if task["status"] in tasks.TERMINAL:
                task.setdefault("finishTime", task["createTime"])
        if index in self._cancelled:
            shown = self._cancelled[index]
            self._cancelled[index] = shown + 1
            task["status"] = "stopping" if shown == 0 else "stopped"
            if shown:
                task["finishTime"] = task["createTime"]
        task.update(self._changed.get(index, {}))
        if self._settings.variant == "example" \
                and index != tasks.EXAMPLE_INDEX:
            task = tasks.example_spelling(task)
        return task

    def _show_stale(self, index):
        return tasks.as_it_was(self._show(index), index)
