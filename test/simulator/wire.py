"""HTTP/1.1 on a transport: requests in, bytes out.

A parser of its own because the tests need what libraries hide: exact
headers as sent, an answer that breaks off anywhere, hundreds of slow
requests in one process.
"""
import asyncio
import re
import socket
import struct
from http import HTTPStatus

from auth import split_target

MAX_HEAD = 64 * 1024
MAX_BODY = 16 * 1024 * 1024
REASONS = {status.value: status.phrase for status in HTTPStatus}
NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
LENGTH = re.compile(rb"[0-9]{1,12}")


class BadRequest(Exception):
    """What arrived is not a request this server can read."""


class Request:
    """One request as it was sent."""

    __slots__ = ("method", "target", "path", "query", "fields", "repeated",
                 "body", "keep_alive")

    def __init__(self, head):
        lines = head.split(b"\r\n")
        parts = lines[0].decode("utf-8", "surrogateescape").split(" ")
        if len(parts) != 3 or parts[2] not in ("HTTP/1.1", "HTTP/1.0"):
            raise BadRequest("malformed request line")
        self.method, self.target, version = parts
        self.path, self.query = split_target(self.target)
        self.fields = {}         # lower-case name -> value, trimmed
        self.repeated = set()
        for line in lines[1:]:
            name, colon, value = line.partition(b":")
            if not colon or not NAME.fullmatch(name):
                raise BadRequest("malformed header")
            name = name.decode("ascii").lower()
            value = value.strip(b" \t").decode("utf-8", "surrogateescape")
            if name in self.fields:
                self.repeated.add(name)
                value = f"{self.fields[name]}, {value}"
            self.fields[name] = value
        self.body = b""
        connection = self.fields.get("connection", "").lower()
        self.keep_alive = "close" not in connection \
            and (version == "HTTP/1.1" or "keep-alive" in connection)

    def body_length(self):
        """The announced length; chunked requests are refused."""
        if "transfer-encoding" in self.fields:
            raise BadRequest("transfer codings are not accepted")
        length = self.fields.get("content-length", "0").encode("utf-8",
                                                               "replace")
        if not LENGTH.fullmatch(length) or int(length) > MAX_BODY:
            raise BadRequest("bad Content-Length")
        return int(length)


def encode_head(status, headers):
    """Status line and headers as bytes, blank line included."""
    lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Unknown')}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8",
                                                    "surrogateescape")


def chunk(data):
    """One chunk of a body in chunked coding; empty data ends the body."""
    return b"%x\r\n%s\r\n" % (len(data), data)


class Connection(asyncio.Protocol):
    """One client connection; answers requests strictly one by one.

    A subclass implements request_received, which must sooner or later call
    finish_request, and may implement request_abandoned, bad_request,
    opened and closed.
    """

    def __init__(self):
        self.transport = None
        self._buffer = bytearray()
        self._request = None         # head parsed, body incomplete
        self._wanted = 0
        self._busy = False
        self._writable = None        # future while the client reads slowly

    # -- for subclasses ---------------------------------------------------

    def request_received(self, request):
        raise NotImplementedError

    def request_abandoned(self):
        """The client went away while a request was being answered."""

    def bad_request(self, reason):
        """Answer bytes that are no request; the connection closes after."""

    def opened(self):
        """The connection exists."""

    def closed(self):
        """The connection is gone."""

    # -- for whoever answers --------------------------------------------------

    def write(self, data):
        if not self.transport.is_closing():
            self.transport.write(data)

    async def drain(self):
        """Wait until the client has taken enough of what was written."""
        if self._writable is not None:
            await self._writable
        else:
            await asyncio.sleep(0)

    def finish_request(self, keep_alive):
        """The answer is written; go on with the next request or close."""
        self._busy = False
        if not keep_alive:
            self.transport.close()
        elif self._buffer:
            # Through the loop, so that a pipelining client cannot recurse.
            asyncio.get_running_loop().call_soon(self._parse)

    def reset(self):
        """Make the kernel send RST instead of an orderly end."""
        connection = self.transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                  struct.pack("ii", 1, 0))
        self.transport.abort()

    # -- asyncio.Protocol ---------------------------------------------------

    def connection_made(self, transport):
        self.transport = transport
        self.opened()

    def connection_lost(self, exception):
        if self._writable is not None and not self._writable.done():
            self._writable.cancel()
        if self._busy:
            self._busy = False
            self.request_abandoned()
        self.closed()

    def pause_writing(self):
        self._writable = asyncio.get_running_loop().create_future()

    def resume_writing(self):
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None

    def data_received(self, data):
        self._buffer += data
        self._parse()

    def _parse(self):
        if self._busy or self.transport.is_closing():
            return
        try:
            request = self._next_request()
        except (BadRequest, ValueError) as error:
            self._buffer.clear()
            self.bad_request(str(error))
            self.transport.close()
            return
        if request is not None:
            self._busy = True
            self.request_received(request)

    def _next_request(self):
        """A complete request out of the buffer, or None for now."""
        if self._request is None:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                if len(self._buffer) > MAX_HEAD:
                    raise BadRequest("headers too large")
                return None
            self._request = Request(bytes(self._buffer[:end]))
            self._wanted = self._request.body_length()
            del self._buffer[:end + 4]
            if len(self._buffer) < self._wanted \
                    and "expect" in self._request.fields:
                self.write(encode_head(100, ()))
        if len(self._buffer) < self._wanted:
            return None
        request, self._request = self._request, None
        request.body = bytes(self._buffer[:self._wanted])
        del self._buffer[:self._wanted]
        return request
