"""Faults of the connection: answers that stop, stall, never end or lie.

Each is a coroutine; it is cancelled when the client goes away, and returns
whether the connection may be used again.
"""
import asyncio
import itertools
import zlib

from fault_table import fault
from wire import chunk, encode_head

MEGABYTE = 1024 * 1024


def _regular(exchange):
    """Head with the right length, and body, of the regular answer."""
    response = exchange.regular()
    headers = exchange.headers() + [("Content-Length", len(response.body))]
    return encode_head(response.status, headers), response.body


def _write_body(exchange, data):
    exchange.service.counters.sent(len(data), len(data))
    exchange.connection.write(data)


async def _never():
    """Wait until the client gives up, which cancels the coroutine."""
    await asyncio.get_running_loop().create_future()


async def _pump(exchange, pieces):
    """Write pieces as fast as the client takes them."""
    for piece in pieces:
        exchange.connection.write(piece)
        await exchange.connection.drain()


# -- breaking off ----------------------------------------------------------------

@fault("reset-before-headers")
async def reset_before_headers(exchange):
    exchange.connection.reset()


@fault("reset-mid-body")
async def reset_mid_body(exchange):
    head, body = _regular(exchange)
    exchange.connection.write(head)
    _write_body(exchange, body[:len(body) // 2])
    exchange.connection.reset()


@fault("close-before-headers")
async def close_before_headers(_):
    return False


@fault("close-mid-headers")
async def close_mid_headers(exchange):
    head, _ = _regular(exchange)
    exchange.connection.write(head[:len(head) // 2])
    return False


@fault("close-mid-body")
async def close_mid_body(exchange):
    head, body = _regular(exchange)
    exchange.connection.write(head)
    _write_body(exchange, body[:len(body) // 2])
    return False


# -- stalling ----------------------------------------------------------------------

@fault("stall-before-headers")
async def stall_before_headers(_):
    await _never()


@fault("stall-mid-headers")
async def stall_mid_headers(exchange):
    head, _ = _regular(exchange)
    exchange.connection.write(head[:len(head) // 2])
    await _never()


@fault("stall-mid-body")
async def stall_mid_body(exchange):
    head, body = _regular(exchange)
    exchange.connection.write(head)
    _write_body(exchange, body[:len(body) // 2])
    await _never()


@fault("slow-body")
async def slow_body(exchange, interval_ms="1000"):
    """slow-body:MS, one byte at a time; the interval is the fault itself."""
    head, body = _regular(exchange)
    exchange.connection.write(head)
    for position in range(len(body)):
        _write_body(exchange, body[position:position + 1])
        await asyncio.sleep(float(interval_ms) / 1000)
    return exchange.request.keep_alive


# -- lying about the length ------------------------------------------------------------

@fault("wrong-content-length")
async def wrong_content_length(exchange, direction="long"):
    """wrong-content-length[:short], then the connection closes.

    All is written at once, so that a client that reads what is too much does
    so with the answer, and not on a connection it has begun to use again.
    """
    body = exchange.result().body
    length = len(body) + 100 if direction == "long" else len(body) // 2
    head = encode_head(200, exchange.headers() + [("Content-Length", length)])
    exchange.service.counters.sent(len(body), len(body))
    exchange.connection.write(head + body)
    return False


# -- too much of something ---------------------------------------------------------------

async def _huge(exchange, prefix, filler, suffix, headers, count):
    """Stream prefix, count times filler and suffix in chunked coding."""
    exchange.connection.write(encode_head(
        200, exchange.headers() + headers
        + [("Transfer-Encoding", "chunked")]))
    for piece in itertools.chain((prefix,), itertools.repeat(filler, count),
                                 (suffix,)):
        if piece:
            exchange.service.counters.sent(len(piece), len(piece))
            exchange.connection.write(chunk(piece))
            await exchange.connection.drain()
    exchange.connection.write(chunk(b""))
    return exchange.request.keep_alive


@fault("huge-json")
async def huge_json(exchange, megabytes="100"):
    """huge-json:MB, well-formed, with one endless name."""
    prefix = b'{"requestId":"%s","result":{"id":"amva-000000000000","name":"' \
        % exchange.request_id.encode()
    return await _huge(exchange, prefix, b"x" * 65536, b'"}}', [],
                       int(megabytes) * 16)


@fault("huge-announced")
async def huge_announced(exchange):
    """Content-Length of a terabyte, then silence."""
    exchange.connection.write(encode_head(
        200, exchange.headers() + [("Content-Length", 10 ** 12)]))
    _write_body(exchange, b'{"requestId":"')
    await _never()


@fault("gzip-bomb")
async def gzip_bomb(exchange, megabytes="100"):
    """gzip-bomb:MB once unpacked, small on the wire."""
    squeeze = zlib.compressobj(1, zlib.DEFLATED, 31)
    pieces = [squeeze.compress(b'{"requestId":"1","result":{"name":"')]
    filler = b"x" * MEGABYTE
    for _ in range(int(megabytes)):
        pieces.append(squeeze.compress(filler))
        await asyncio.sleep(0)       # other requests go on meanwhile
    pieces += [squeeze.compress(b'"}}'), squeeze.flush()]
    return await _huge(exchange, b"".join(pieces), b"", b"",
                       [("Content-Encoding", "gzip")], 0)


@fault("endless-headers")
async def endless_headers(exchange):
    head, _ = _regular(exchange)
    exchange.connection.write(head[:-2])
    await _pump(exchange, (b"X-Padding-%d: %s\r\n" % (number, b"x" * 1000)
                           for number in itertools.count()))


@fault("long-header")
async def long_header(exchange):
    """One header line without an end."""
    head, _ = _regular(exchange)
    exchange.connection.write(head[:-2] + b"X-Padding: ")
    await _pump(exchange, itertools.repeat(b"x" * 4096))


@fault("endless-1xx")
async def endless_1xx(exchange):
    """Interim answers for ever, never a final one."""
    await _pump(exchange, itertools.repeat(
        b"HTTP/1.1 102 Processing\r\n\r\n"))


@fault("endless-chunk")
async def endless_chunk(exchange):
    """A chunk whose extension has no end, so that it never begins."""
    exchange.connection.write(encode_head(
        200, exchange.headers() + [("Transfer-Encoding", "chunked")])
        + b"10;padding=")
    await _pump(exchange, itertools.repeat(b"x" * 65536))


@fault("endless-trailers")
async def endless_trailers(exchange):
    """Headers behind the body, for ever."""
    exchange.connection.write(encode_head(
        200, exchange.headers() + [("Transfer-Encoding", "chunked")])
        + chunk(b"{}") + b"0\r\n")
    await _pump(exchange, (b"X-Padding-%d: %s\r\n" % (number, b"x" * 1000)
                           for number in itertools.count()))


@fault("trailers")
async def trailers(exchange):
    """The regular answer in chunks; headers behind it say the opposite."""
    body = exchange.regular().body
    exchange.service.counters.sent(len(body), len(body))
    exchange.connection.write(encode_head(
        200, exchange.headers() + [("Transfer-Encoding", "chunked"),
                                   ("Trailer", "X-Checksum")])
        + chunk(body) + b"0\r\nX-Checksum: none\r\n"
        b"X-Bce-Error-Code: ModelCompTaskNotFound\r\n"
        b"X-Bce-Request-Id: trailer\r\nRetry-After: 9\r\n"
        b"Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
        b"Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n\r\n")
    return exchange.request.keep_alive


@fault("early-hints")
async def early_hints(exchange, code="TaskNotFound"):
    """An interim answer that says the opposite, then the regular one."""
    head, body = _regular(exchange)
    exchange.connection.write(
        b"HTTP/1.1 103 Early Hints\r\nX-Bce-Error-Code: %s\r\n"
        b"Retry-After: 9\r\n\r\n" % code.encode() + head)
    _write_body(exchange, body)
    return exchange.request.keep_alive


@fault("endless-gzip")
async def endless_gzip(exchange):
    """Compressed data without an end, of which nothing unpacks."""
    exchange.connection.write(encode_head(
        200, exchange.headers() + [("Content-Encoding", "gzip")])
        + b"\x1f\x8b\x08\x08\0\0\0\0\0\xff")       # a file name begins
    await _pump(exchange, itertools.repeat(b"x" * 65536))


SETTINGS_FRAME = b"\0\0\0\x04\0\0\0\0\0"
HTTP2_FRAMES = {
    "goaway": b"\0\0\x08\x07\0\0\0\0\0" + b"\0\0\0\0" b"\0\0\0\x02",
    "reset": b"\0\0\x04\x03\0\0\0\0\x01" + b"\0\0\0\x02",
}


@fault("http2-frame")
async def http2_frame(exchange, kind="goaway"):
    """http2-frame:goaway, :reset: HTTP/2, which nobody has asked for."""
    exchange.connection.write(SETTINGS_FRAME + HTTP2_FRAMES[kind])
    return False


@fault("http2-upgrade")
async def http2_upgrade(exchange, kind="goaway"):
    """The same behind a change of protocol, likewise not asked for."""
    exchange.connection.write(
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
        b"Upgrade: h2c\r\n\r\n" + SETTINGS_FRAME + HTTP2_FRAMES[kind])
    return False


@fault("not-http")
async def not_http(exchange):
    """Bytes of some other protocol."""
    exchange.connection.write(b"\x16\x03\x01\x00\xa5 SSH-2.0-garbage\r\n\x00"
                              b"\xff\xfe\r\n\r\n")
    return False
