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
    "marker": ("exclusive", _choice("exclusive", "inclusive", "start"),
               "page starts after the marker; repeats its row; nextMarker "
               "names the first row of the next page"),
    "paging": ("normal", _choice("normal", "repeating-marker", "cycle",
                                 "empty-truncated", "no-page-info",
                                 "no-next-marker"),
               "how pageInfo misbehaves"),
    "list_detail": ("off", _flag, "list items carry failedReason and config"),
    "ignore_filter": ("off", _flag, "sourceModelId is accepted and ignored"),
    "not_found": ("404", _choice("404", "code400", "null", "empty"),
                  "answer for an unknown task"),
    "iam_errors": ("body", _choice("body", "headers"),
                   "credential rejections in the body or in headers only"),
    "clock_offset_s": ("0", _number(-10 ** 9, 10 ** 9),
                       "server clock minus real clock"),
    "future_tolerance_s": ("1800", _number(0, 10 ** 9),
                           "how far ahead a timestamp may be"),
    "gzip": ("off", _flag, "compress when the client accepts it"),
    "chunked": ("off", _flag, "send bodies in chunks, without a length"),
    "keep_alive": ("on", _flag, "off: close after every answer"),
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
