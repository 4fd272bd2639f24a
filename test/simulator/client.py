#!/usr/bin/env python3
"""A signing client for trying the simulator by hand, and for its tests.

    client.py ENDPOINT ACTION [JSON-BODY]
    client.py --curl ENDPOINT ACTION [JSON-BODY]    print a curl command

Keys come from QIANFAN_SIMULATOR_ACCESS_KEY and QIANFAN_SIMULATOR_SECRET_KEY,
or are the simulator's default ones.
"""
import os
import shlex
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

import auth
from settings import SETTINGS

ACCESS_KEY = os.environ.get("QIANFAN_SIMULATOR_ACCESS_KEY",
                            SETTINGS["access_key"][0])
SECRET_KEY = os.environ.get("QIANFAN_SIMULATOR_SECRET_KEY",
                            SETTINGS["secret_key"][0])


def signed_headers(host, path, action, extra=(), keys=(ACCESS_KEY, SECRET_KEY),
                   when=None, expiration=1800):
    """The headers of a call; every x-bce-* one among them is signed."""
    timestamp = time.strftime("%Y-%m-%dT%H:%M:%SZ",
                              time.gmtime(time.time() if when is None
                                          else when))
    headers = {"host": host, "x-bce-date": timestamp,
               "content-type": "application/json", **dict(extra)}
    signed = sorted(name for name in headers
                    if name == "host" or name.startswith("x-bce-"))
    headers["authorization"] = auth.sign(
        *keys, timestamp, expiration, "POST", path, [("Action", action)],
        headers, signed)
    return headers


def main():
    words = sys.argv[1:]
    curl = words[:1] == ["--curl"]
    if curl:
        words = words[1:]
    if not 2 <= len(words) <= 3:
        sys.exit(__doc__)
    endpoint, action = words[:2]
    body = words[2] if len(words) == 3 else "{}"
    address = urllib.parse.urlsplit(endpoint)
    path = address.path.rstrip("/") + "/v2/model"
    url = f"{address.scheme}://{address.netloc}{path}?Action={action}"
    headers = signed_headers(address.netloc, path, action)
    if curl:
        words = ["curl", "-sS", "-i", url, "-d", body]
        for name, value in headers.items():
            words += ["-H", f"{name}: {value}"]
        print(shlex.join(words))
        return
    request = urllib.request.Request(url, body.encode(), headers)
    try:
        with urllib.request.urlopen(request) as answer:
            print(answer.status, answer.read().decode("utf-8"))
    except urllib.error.HTTPError as error:
        sys.exit(f"{error.code} {error.read().decode('utf-8')}")


if __name__ == "__main__":
    main()
