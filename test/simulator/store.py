"""The tasks of one account: generated ones plus what calls changed.

Positions in the list are task indexes, ascending in order of creation, so
a marker is found by arithmetic even when its task was deleted since.
"""
from bisect import bisect_left, bisect_right
from datetime import datetime
from itertools import chain, islice

import tasks


class Store:
    """Reads go to the overlay first, then to the generator."""

    def __init__(self, settings):
        self._settings = settings
        self.reset()

    def reset(self):
        self._created = {}       # index -> task, in order of creation
        self._deleted = set()
        self._cancelled = {}     # index -> times shown since

    # -- one task ---------------------------------------------------------

    def find(self, identifier):
        """The task as it is to be shown now, or None."""
        index = self._index_in_use(identifier)
        return None if index is None else self._show(index)

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

    def delete(self, identifier):
        """Remove a task; False when there is none."""
        index = self._index_in_use(identifier)
        if index is None:
            return False
        self._deleted.add(index)
        return True

    def cancel(self, identifier):
        """Stop a task; None when there is none, False when it has ended."""
        index = self._index_in_use(identifier)
        if index is None:
            return None
        if index in self._cancelled \
                or self._plain(index).get("status") not in ("creating",
                                                            "running"):
            return False
        self._cancelled[index] = 0
        return True

    # -- pages --------------------------------------------------------------

    def page(self, marker, count, reverse, source, inclusive):
        """Up to count tasks from the marker's position on, and the rest's
        first id: (tasks, id or None).  marker is an index or None."""
        indexes = self._walk(marker, reverse, source, inclusive)
        found = list(islice(indexes, count + 1))
        following = tasks.task_id(found[count]) if len(found) > count else None
        return [self._show(index) for index in found[:count]], following

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
        task = self._created.get(index)
        return dict(task) if task else tasks.detail(index)

    def _show(self, index):
        """A task now; showing a cancelled one moves it on to "stopped"."""
        task = self._plain(index)
        if index in self._cancelled:
            shown = self._cancelled[index]
            self._cancelled[index] = shown + 1
            task["status"] = "stopping" if shown == 0 else "stopped"
            if shown:
                task["finishTime"] = task["createTime"]
        if self._settings.variant == "example" \
                and index != tasks.EXAMPLE_INDEX:
            task = tasks.example_spelling(task)
        return task
