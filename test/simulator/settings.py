"""The switchable modes: one row each, checked when set, restored by reset."""


def _choice(*words):
    def parse(text):
        if text not in words:
            raise ValueError("one of: " + ", ".join(words))
        return text
    return parse


def _number(minimum, maximum, kind=float):
    def parse(text):
        value = kind(text)
        if not minimum <= value <= maximum:
            raise ValueError(f"from {minimum} to {maximum}")
        return value
    return parse


def _flag(text):
    words = {"on": True, "off": False, "true": True, "false": False,
             "1": True, "0": False}
    if text.lower() not in words:
        raise ValueError("on or off")
    return words[text.lower()]


def _partly(text):
    return text if text == "some" else _flag(text)


def _path(text):
    if text and (not text.startswith("/") or text.endswith("/")):
        raise ValueError("a path that starts with / and does not end with /")
    return text


# name -> (default as text, parser, meaning)
SETTINGS = {
    "tasks": ("1000", _number(0, 10 ** 9, int), "generated tasks in the list"),
    "latency_ms": ("0", _number(0, 600000), "delay before every answer"),
    "variant": ("table", _choice("table", "example"),
                "spelling of the field table or of the example response"),
    "marker": ("exclusive", _choice("exclusive", "inclusive", "start",
                                    "offset"),
               "page starts after the marker; repeats its row; nextMarker "
               "names the first row of the next page; is a number of rows"),
    "paging": ("normal", _choice("normal", "repeating-marker", "cycle",
                                 "empty-truncated", "no-page-info",
                                 "no-next-marker"),
               "how pageInfo misbehaves"),
    "list_order": ("oldest", _choice("oldest", "newest"),
                   "which task comes first without pageReverse"),
    "page_reverse": ("list", _choice("list", "page", "ignored"),
                     "what pageReverse turns round"),
    "tied_times": ("1", _number(1, 10 ** 9, int),
                   "how many neighbours have the same createTime"),
    "time_step_s": ("97", _number(0, 10 ** 9, int),
                    "from one createTime to the next"),
    "time_shift_s": ("0", _number(-10 ** 9, 10 ** 9, int),
                     "added to each createTime"),
    "detail_shift_s": ("0", _number(0, 10 ** 9, int),
                       "how far the createTime of a detail is from that of "
                       "the list, back and forth by turns"),
    "swapped": ("-1", _number(-1, 10 ** 9, int),
                "index of a task that has the createTime of the next, and "
                "the other way round; -1: none"),
    "timeless": ("-1", _number(-1, 10 ** 9, int),
                 "index of a task without a createTime; -1: none"),
    "timeless_as": ("missing", _choice("missing", "null", "empty", "zero"),
                    "what it has instead"),
    "growth": ("0", _number(0, 1000, int),
               "tasks that are created after each page of the list"),
    "list_detail": ("off", _partly,
                    "list items carry failedReason and config; some do"),
    "stale_list": ("off", _flag, "the list shows tasks as they were: some have "
                   "changed since, some are gone"),
    "ignore_filter": ("off", _flag, "sourceModelId is accepted and ignored"),
    "fold_filter": ("off", _flag, "sourceModelId is compared without case"),
    "not_found": ("404", _choice("404", "code400", "null", "empty"),
                  "answer for an unknown task"),
    "lifecycle": ("0", _number(0, 10 ** 6, int), "how often a created task "
                  "is shown in each state, creating, running, succeeded; 0: "
                  "it stays as it is"),
    "cancel_ended": ("refuse", _choice("refuse", "accept", "false"),
                     "answer to the cancelling of a task that has ended: an "
                     "error, success, or success with a result of false"),
    "quota_per_second": ("0", _number(0, 10 ** 6), "calls per second that are "
                         "taken, others are refused with 429; 0: all"),
    "quota_burst": ("0", _number(0, 10 ** 6), "how many of them may come at "
                    "once; 0: those of a second"),
    "quota_in_flight": ("0", _number(0, 10 ** 6, int), "calls that are taken "
                        "at the same time; 0: any number"),
    "quota_retry_after": ("0", _number(0, 10 ** 6, int), "Retry-After of such "
                          "a refusal, seconds; 0: none"),
    "iam_errors": ("body", _choice("body", "headers"),
                   "credential rejections in the body or in headers only"),
    "clock_offset_s": ("0", _number(-10 ** 9, 10 ** 9),
                       "server clock minus real clock"),
    "future_tolerance_s": ("1800", _number(0, 10 ** 9),
                           "how far ahead a timestamp may be"),
    "gzip": ("off", _flag, "compress when the client accepts it"),
    "chunked": ("off", _flag, "send bodies in chunks, without a length"),
    "keep_alive": ("on", _flag, "off: close after every answer"),
    "strict": ("off", _flag, "on: refuse what the service would take, and "
               "our own client never sends"),
    "path_prefix": ("", _path, "what precedes /v2/model"),
    "access_key": ("test-access-key", str, "the one known access key"),
    "secret_key": ("test-secret-key-0123456789", str, "its secret"),
    "session_token": ("", str, "when set, every request must sign it"),
}


class Settings:
    """The modes in force, one attribute each."""

    def __init__(self, initial=None):
        self._initial = {name: row[0] for name, row in SETTINGS.items()}
        for name, text in (initial or {}).items():
            self.set(name, text)
            self._initial[name] = text
        self.reset()

    def reset(self):
        """Go back to the values the simulator was started with."""
        for name, text in self._initial.items():
            self.set(name, text)

    def set(self, name, text):
        """Check and set one mode; ValueError says what would be right."""
        if name not in SETTINGS:
            raise ValueError(f'unknown setting "{name}", know: '
                             + ", ".join(sorted(SETTINGS)))
        try:
            setattr(self, name, SETTINGS[name][1](text))
        except (ValueError, OverflowError) as error:
            raise ValueError(f"{name}: {error}") from None

    def as_dict(self):
        return {name: getattr(self, name) for name in SETTINGS
                if name != "secret_key"}
