"""What happens to one API request: counted, held, delayed, checked, answered."""
import asyncio
import copy
import gzip
import json
import sys
import time
import traceback
from email.utils import formatdate

import api
import auth
import tasks
from answers import JSON_TYPE, Response, header_refusal, to_json
from counters import Counters
from errors import ApiError
from faults import FaultQueue
from gate import Gate
from quota import Quota
from store import Store
from wire import Connection, chunk, encode_head

OTHER = "other"                  # requests that name no known action
CHUNK_SIZE = 16384


class Service:
    """Everything the connections share."""

    def __init__(self, settings):
        self.settings = settings
        self.counters = Counters()
        self.store = Store(settings)
        self.faults = FaultQueue()
        self.gate = Gate(self.counters)
        self.quota = Quota(settings)
        self.control_url = ""
        self._date = (None, "")

    def reset(self):
        """Back to the state the simulator was started in."""
        self.settings.reset()
        self.store.reset()
        self.faults.clear()
        self.gate.open()
        self.quota.reset()
        self.counters.reset()

    def now(self):
        """The server's clock, which a test may have moved."""
        return time.time() + self.settings.clock_offset_s

    def http_date(self, ahead=0):
        """The server's clock as a Date header, some seconds ahead."""
        second = int(self.now()) + ahead
        if self._date[0] != second:
            self._date = (second, formatdate(second, usegmt=True))
        return self._date[1]


class Exchange:
    """One request on its way to an answer."""

    __slots__ = ("service", "connection", "request", "action", "request_id",
                 "body", "_pending", "_ended", "_document", "_refused")

    def __init__(self, service, connection, request):
        self.service = service
        self.connection = connection
        self.request = request
        self.body = None             # the JSON body, once it was understood
        self._pending = None         # timer or asyncio task to cancel
        self._ended = False
        self._refused = False        # for rate?
        self._document = None        # the answer, or error, if it is fixed
        action = dict(request.query).get("Action")
        self.action = action if action in api.ACTIONS else OTHER

    # -- the steps --------------------------------------------------------

    def begin(self):
        """Count the request; it may have to wait at the gate."""
        number = self.service.counters.begin(self.action, self.request)
        if self.action in api.WRITES and self.connection.nrequests > 1:
            self.service.counters.add("reused_for_write")
        # Numbered, so that a test can expect an exact request id.
        self.request_id = f"6ba7b810-9dad-11d1-80b4-{number:012x}"
        if not self.service.gate.hold(self):
            self.proceed()

    def proceed(self):
        """Past the gate: a quota, and the configured latency."""
        latency = self.service.settings.latency_ms
        self._refused = self.service.quota.refuses(self)
        if latency and not self._refused:
            self._pending = asyncio.get_running_loop().call_later(
                latency / 1000, self.answer)
        else:
            self.answer()

    def answer(self):
        """Check, fail as ordered, or answer."""
        self._pending = None
        try:
            try:
                self._check()
                if self._refused:
                    self.send(self._one_too_many())
                    return
                fault = self.service.faults.take(self.action, self.body)
                if fault is None:
                    self.send(self.result())
                else:
                    self.service.counters.add("faults_fired")
                    outcome = fault.apply(self)
                    if isinstance(outcome, Response):
                        self.send(outcome)
                    else:
                        self._pending = asyncio.ensure_future(
                            self._run(outcome))
            except ApiError as error:
                self.service.counters.add("rejected")
                self.send(self.refusal(error))
        except Exception:            # a mistake here must not stop the tests
            traceback.print_exc(file=sys.stderr)
            self.send(self.refusal(ApiError("InternalError")))

    def _one_too_many(self):
        """The refusal of a quota."""
        self.service.counters.add("refused")
        seconds = self.service.settings.quota_retry_after
        return self.error(429, "TooManyRequests", "Too many requests.",
                          [("Retry-After", seconds)] if seconds else ())

    async def _run(self, outcome):
        """Let a fault play with the connection until it has finished."""
        try:
            keep_alive = await outcome
        except (asyncio.CancelledError, ConnectionError):
            return
        except Exception:
            traceback.print_exc(file=sys.stderr)
            keep_alive = False
        self._end(keep_alive)

    def abandon(self):
        """The client went away; undo whatever is still waiting."""
        self.service.gate.forget(self)
        self.service.quota.leave(self)
        if self._pending is not None:
            self._pending.cancel()
        if not self._ended:
            self._ended = True
            self.service.counters.end(self.action, aborted=True)

    def _end(self, keep_alive):
        if not self._ended:
            self._ended = True
            self.service.quota.leave(self)
            if not self._refused:
                self.connection.nserved += 1
            self.service.counters.end(self.action)
            self.connection.finish_request(keep_alive)

    # -- checks -------------------------------------------------------------

    def _check(self):
        """Refuse what is no signed, well-formed call of a known action."""
        request = self.request
        prefix = self.service.settings.path_prefix
        if request.path != prefix + "/v2/model":
            raise ApiError("ResourceNotFound")
        if request.method != "POST":
            raise ApiError("InvalidHTTPRequest", "The method must be POST.")
        auth.verify(request, self.service.settings, self.service.now())
        if self.action == OTHER:
            raise ApiError("InvalidURI", "The Action is missing or unknown.")
        content_type = request.fields.get("content-type", "")
        if content_type.split(";")[0].strip().lower() != "application/json":
            raise ApiError("InvalidHTTPRequest",
                           "The Content-Type must be application/json.")
        try:
            text = request.body.decode("utf-8")
            if not text and not self.service.settings.strict:
                text = "{}"      # as one of the vendor's samples sends it
            body = json.loads(text)
        except UnicodeDecodeError:
            raise ApiError("InvalidHTTPRequest",
                           "The body is not UTF-8.") from None
        except (ValueError, RecursionError):
            raise ApiError("MalformedJSON") from None
        if not isinstance(body, dict):
            raise ApiError("InappropriateJSON", "The body is not an object.")
        self.body = body

    # -- answers ------------------------------------------------------------

    def perform(self):
        """Do now what is asked, whatever will be answered."""
        try:
            self._document = self.document()
        except ApiError as error:
            self._document = error

    def pretend(self):
        """Do not do what is asked, whatever will be answered."""
        self._document = {"requestId": self.request_id}

    def document(self):
        """The envelope of the regular answer, as Python data."""
        if isinstance(self._document, ApiError):
            raise self._document
        if self._document is not None:
            return copy.deepcopy(self._document)
        result = api.ACTIONS[self.action](self.service, self.body)
        if result is api.NO_RESULT:
            return {"requestId": self.request_id}
        if self.action == "DescribeModelCompTask" and result \
                and result["id"] == tasks.EXAMPLE_ID:
            # The page shows this answer in full, its request id included.
            self.request_id = tasks.EXAMPLE_REQUEST_ID
        return {"requestId": self.request_id, "result": result}

    def result(self):
        return Response(200, to_json(self.document()))

    def regular(self):
        """What would be answered without a fault, be it an error."""
        try:
            return self.result()
        except ApiError as error:
            return self.refusal(error)

    def refusal(self, error):
        """The answer for an error, in the body or in headers only."""
        if isinstance(error, auth.Rejection) \
                and self.service.settings.iam_errors == "headers":
            return header_refusal(error.status, error.code, error.header)
        return self.error(error.status, error.code, error.message)

    def error(self, status, code, message, headers=()):
        """The documented error envelope."""
        return Response(status, to_json({"requestId": self.request_id,
                                         "code": code, "message": message}),
                        headers)

    # -- onto the wire ------------------------------------------------------

    def headers(self, content_type=JSON_TYPE):
        """Headers every answer has."""
        return [("Content-Type", content_type),
                ("x-bce-request-id", self.request_id),
                ("Date", self.service.http_date())]

    def send(self, response):
        """Write a whole answer and end the exchange."""
        if self._ended or self.connection.transport.is_closing():
            return
        settings = self.service.settings
        body = response.body
        headers = self.headers(response.content_type)
        overridden = {name.lower() for name, _ in response.headers}
        headers = [pair for pair in headers
                   if pair[0].lower() not in overridden] + response.headers
        accepted = self.request.fields.get("accept-encoding", "").lower()
        if settings.gzip and "gzip" in accepted and body:
            body = gzip.compress(body, 1)
            headers.append(("Content-Encoding", "gzip"))
        keep_alive = self.request.keep_alive and settings.keep_alive
        headers.append(("Connection", "keep-alive" if keep_alive else "close"))
        self.service.counters.sent(len(body), len(response.body))
        if settings.chunked:
            headers.append(("Transfer-Encoding", "chunked"))
            pieces = [body[start:start + CHUNK_SIZE]
                      for start in range(0, len(body), CHUNK_SIZE)]
            body = b"".join(map(chunk, pieces)) + chunk(b"")
        else:
            headers.append(("Content-Length", len(body)))
        self.connection.write(encode_head(response.status, headers) + body)
        self._end(keep_alive)


class ApiConnection(Connection):
    """A client of the API."""

    def __init__(self, service):
        super().__init__()
        self._service = service
        self._exchange = None
        self.nrequests = 0           # that have come over it
        self.nserved = 0             # of them, not refused for rate

    def opened(self):
        self._service.counters.connection_opened()

    def closed(self):
        self._service.counters.connection_closed()
        if self.nserved:
            self._service.counters.served.append(self.nserved)

    def request_received(self, request):
        self.nrequests += 1
        self._exchange = Exchange(self._service, self, request)
        self._exchange.begin()

    def request_abandoned(self):
        self._exchange.abandon()

    def bad_request(self, reason):
        self._service.counters.add("bad_requests")
        body = to_json({"requestId": "", "code": "InvalidHTTPRequest",
                        "message": reason})
        self.write(encode_head(400, [("Content-Type", JSON_TYPE),
                                     ("Date", self._service.http_date()),
                                     ("Content-Length", len(body)),
                                     ("Connection", "close")]) + body)
