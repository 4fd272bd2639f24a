#!/usr/bin/env python3
"""The API of model compression tasks in miniature, on loopback only."""
import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile

import certificates
from control import ControlConnection
from service import ApiConnection, Service
from settings import Settings

LOOPBACK = "127.0.0.1"
# Settings that can be given on the command line as --name-with-dashes.
OPTION_SETTINGS = ("tasks", "latency_ms", "variant", "access_key",
                   "secret_key", "session_token", "path_prefix", "strict")
BACKLOG = 1024


def parse_options(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ready-file", metavar="FILE",
                        help="written, as JSON, once the simulator listens")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--control-port", type=int, default=0)
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--certificate", choices=certificates.KINDS,
                        default="good", help="with --tls")
    parser.add_argument("--exit-with-stdin", action="store_true",
                        help="stop when standard input ends")
    for name in OPTION_SETTINGS:
        parser.add_argument("--" + name.replace("_", "-"), metavar="VALUE")
    options = parser.parse_args(arguments)
    initial = {name: getattr(options, name) for name in OPTION_SETTINGS
               if getattr(options, name) is not None}
    try:
        options.settings = Settings(initial)
    except ValueError as error:
        parser.error(str(error))
    return options


def write_ready_file(path, facts):
    """Atomically, so that a reader never sees half of it."""
    temporary = f"{path}.{os.getpid()}.tmp"
    with open(temporary, "w", encoding="utf-8") as file:
        json.dump(facts, file)
        file.write("\n")
    os.rename(temporary, path)


async def end_of_stdin(stop):
    """Stop when whoever started us is gone or closed our input."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.read(4096):
        pass
    stop.set()


async def serve(options, directory):
    """Listen, say so, and answer until told to stop."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    context = ca_file = None
    if options.tls:
        context, ca_file = certificates.make(directory, options.certificate)
    service = Service(options.settings)
    api = await loop.create_server(lambda: ApiConnection(service), LOOPBACK,
                                   options.port, ssl=context, backlog=BACKLOG)
    control = await loop.create_server(lambda: ControlConnection(service),
                                       LOOPBACK, options.control_port)
    scheme = "https" if options.tls else "http"
    service.control_url = "http://%s:%d" % control.sockets[0].getsockname()
    address = "%s:%d" % api.sockets[0].getsockname()
    facts = {"pid": os.getpid(),
             "endpoint": f"{scheme}://{address}{options.settings.path_prefix}",
             "control": service.control_url,
             "access_key": options.settings.access_key,
             "secret_key": options.settings.secret_key}
    if ca_file:
        facts["ca_file"] = ca_file
    if options.ready_file:
        write_ready_file(options.ready_file, facts)
    # A parent that reads our output is woken by this line, or by its end.
    print("ready", facts["endpoint"], facts["control"], flush=True)
    watch = asyncio.ensure_future(end_of_stdin(stop)) \
        if options.exit_with_stdin else None
    await stop.wait()
    if watch is not None:
        watch.cancel()
    api.close()
    control.close()


def main():
    options = parse_options()
    with tempfile.TemporaryDirectory(prefix="qianfan-simulator-") as directory:
        asyncio.run(serve(options, directory))
        # Clients that are still connected must not keep us: the process ends
        # here and the kernel closes what is open.


if __name__ == "__main__":
    main()
