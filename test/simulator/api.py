"""The five actions: a request body in, the "result" member out."""
import tasks
from errors import ApiError

DEFAULT_KEYS = 10
MOST_KEYS = 100
NO_RESULT = object()             # the envelope has no "result" at all


def _take(body, fields):
    """Check a body against {name: (type, required)}; returns the values.

    An unknown member is refused: a client that misspells a parameter must
    not go unnoticed.
    """
    for name in body:
        if name not in fields:
            raise ApiError("InappropriateJSON", f"param[{name}] unknown.")
    values = []
    for name, (kind, required) in fields.items():
        value = body.get(name)
        if value is None and name not in body and not required:
            values.append(None)
        elif type(value) is kind:
            values.append(value)
        else:
            raise ApiError("InappropriateJSON", f"param[{name}] invalid.")
    return values


TASK_ID = {"modelCompTaskId": (str, True)}
CREATE_FIELDS = {"name": (str, True), "description": (str, False),
                 "sourceModelId": (str, True), "modelSetId": (str, True),
                 "config": (dict, True)}
CONFIG_FIELDS = {"strategy": (str, True), "weight": (str, False)}
LIST_FIELDS = {"marker": (str, False), "maxKeys": (int, False),
               "pageReverse": (bool, False), "sourceModelId": (str, False)}
CREATE_WEIGHTS = ("INT8-PTQ", "W8A16C16", "W4A16C16")


def _not_found(settings):
    """The selected answer for an unknown task."""
    if settings.not_found == "404":
        raise ApiError("ModelCompTaskNotFound",
                       "The model compression task does not exist.", 404)
    if settings.not_found == "code400":
        raise ApiError("NoSuchModelCompTask",
                       "The resource you requested does not exist.", 400)
    return None if settings.not_found == "null" else {}


def create(service, body):
    """CreateModelCompTask: the id of the new task."""
    name, description, source, _, config = _take(body, CREATE_FIELDS)
    strategy, weight = _take(config, CONFIG_FIELDS)
    if strategy == "Quantization":
        if weight is None or weight.upper() not in CREATE_WEIGHTS:
            raise ApiError("InappropriateJSON", "param[weight] invalid.")
        config = {"strategy": strategy, "weight": weight}
    elif strategy == "Sparsity":
        # The ratio cannot be chosen, yet every such task has one.
        config = {"strategy": strategy, "sparsityRatio": 0.5}
    else:
        raise ApiError("InappropriateJSON", "param[strategy] invalid.")
    return service.store.create(service.now(), name, description or "",
                                source, config)


def describe(service, body):
    """DescribeModelCompTask: one task with everything known of it."""
    identifier, = _take(body, TASK_ID)
    task = service.store.find(identifier)
    return _not_found(service.settings) if task is None else task


def cancel(service, body):
    """CancelModelCompTask: a running task is being stopped from now on."""
    identifier, = _take(body, TASK_ID)
    cancelled = service.store.cancel(identifier)
    if cancelled is None:
        return _not_found(service.settings)
    if not cancelled and service.settings.cancel_ended != "accept":
        if service.settings.cancel_ended == "false":
            return False
        raise ApiError("InappropriateJSON", "The task is not running.")
    return NO_RESULT


def delete(service, body):
    """DeleteModelCompTask: the task is gone from now on."""
    identifier, = _take(body, TASK_ID)
    if not service.store.delete(identifier):
        return _not_found(service.settings)
    return NO_RESULT


def describe_list(service, body):
    """DescribeModelCompTasks: one page of tasks and the way to the next."""
    marker, keys, reverse, source = _take(body, LIST_FIELDS)
    settings = service.settings
    keys = DEFAULT_KEYS if keys is None else min(keys, MOST_KEYS)
    if keys < 1:
        raise ApiError("InappropriateJSON", "param[maxKeys] invalid.")
    position, skip = None, 0
    if marker and settings.marker == "offset":
        if not marker.isdecimal():
            raise ApiError("InvalidMarker")
        skip = int(marker)
    elif marker:
        position = tasks.task_index(marker)
        if position is None or not service.store.is_marker(position):
            raise ApiError("InvalidMarker")
    if settings.ignore_filter or source == "":
        source = None
    elif settings.fold_filter and source is not None:
        source = source.lower()
    backwards = (settings.list_order == "newest") \
        != (bool(reverse) and settings.page_reverse == "list")
    found, following = service.store.page(position, keys, backwards, source,
                                          settings.marker != "exclusive", skip)
    if following is None:
        next_marker = None
    elif settings.marker == "offset":
        next_marker = str(skip + keys)
    elif settings.marker == "start":
        next_marker = following
    else:
        next_marker = found[-1]["id"]
    if reverse and settings.page_reverse == "page":
        found.reverse()
    service.store.grow(service.now(), settings.growth)
    items = [tasks.list_item(task, _has_detail(task, settings.list_detail))
             for task in found]
    page_info = {"marker": marker or "", "maxKeys": keys,
                 "isTruncated": next_marker is not None}
    if next_marker is not None:
        page_info["nextMarker"] = next_marker
    return PAGING[settings.paging](items, page_info)


def _has_detail(task, setting):
    """Does the list carry the details of this task?"""
    return task["id"][-1] < "c" if setting == "some" else setting


# -- pageInfo that misbehaves: functions of (items, pageInfo) ---------------

def _normal(items, page_info):
    return {"modelCompTaskList": items, "pageInfo": page_info}


def _repeating_marker(items, page_info):
    """Every page claims that the next one starts where it did itself."""
    marker = page_info["marker"] or page_info.get("nextMarker") \
        or tasks.task_id(0)
    return _normal(items, dict(page_info, isTruncated=True, nextMarker=marker))


def _cycle(items, page_info):
    """The last page leads back to the first row."""
    if not page_info["isTruncated"]:
        page_info.update(isTruncated=True, nextMarker=tasks.task_id(0))
    return _normal(items, page_info)


def _empty_truncated(items, page_info):
    """All pages but the first are empty, and claim that more follows."""
    marker = page_info["marker"]
    position = tasks.task_index(marker) + 1 if marker else 0
    page_info.update(isTruncated=True, nextMarker=tasks.task_id(position))
    return _normal([] if marker else items, page_info)


def _no_page_info(items, _):
    return {"modelCompTaskList": items}


def _no_next_marker(items, page_info):
    page_info.pop("nextMarker", None)
    return _normal(items, dict(page_info, isTruncated=True))


PAGING = {
    "normal": _normal,
    "repeating-marker": _repeating_marker,
    "cycle": _cycle,
    "empty-truncated": _empty_truncated,
    "no-page-info": _no_page_info,
    "no-next-marker": _no_next_marker,
}

WRITES = ("CreateModelCompTask", "CancelModelCompTask", "DeleteModelCompTask")
ACTIONS = {
    "CreateModelCompTask": create,
    "DescribeModelCompTasks": describe_list,
    "DescribeModelCompTask": describe,
    "CancelModelCompTask": cancel,
    "DeleteModelCompTask": delete,
}
