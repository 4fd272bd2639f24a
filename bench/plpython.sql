-- What people write today: the API's pages, requests, and PL/Python.

CREATE EXTENSION plpython3u;

CREATE TYPE python_row AS (
	id text,
	name text,
	state text,
	source_model_id text,
	model_id text,
	strategy text,
	create_time timestamptz,
	finish_time timestamptz,
	failed_reason text,
	description text
);

-- Leaves call(endpoint, ca_file, action, body, concurrency) and row(task) in GD.
CREATE FUNCTION python_setup() RETURNS void LANGUAGE plpython3u AS $$
import hashlib
import hmac
import os
import time
import urllib.parse

import requests

ACCESS_KEY = "bench-access-key"
SECRET_KEY = "bench-secret-key"

def hash_hex(key, text):
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()

def sign(host, path, action, now):
    quote = lambda text: urllib.parse.quote(text, safe="-._~")
    prefix = f"bce-auth-v1/{ACCESS_KEY}/{now}/1800"
    canonical = "\n".join((
        "POST", urllib.parse.quote(path, safe="/-._~"), f"Action={action}",
        f"host:{quote(host)}\nx-bce-date:{quote(now)}"))
    signature = hash_hex(hash_hex(SECRET_KEY, prefix), canonical)
    return f"{prefix}/host;x-bce-date/{signature}"

def call(endpoint, ca_file, action, body, concurrency=1):
    session = GD.get("session")
    if session is None or GD["concurrency"] < concurrency:
        session = requests.Session()
        session.trust_env = False
        adapter = requests.adapters.HTTPAdapter(pool_maxsize=concurrency)
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        GD["session"] = session
        GD["concurrency"] = concurrency
    parts = urllib.parse.urlsplit(endpoint)
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    path = parts.path + "/v2/model"
    answer = session.post(
        f"{endpoint}/v2/model?Action={action}", json=body,
        verify=ca_file or True,
        headers={"Host": parts.netloc, "x-bce-date": now,
                 "Authorization": sign(parts.netloc, path, action, now)})
    answer.raise_for_status()
    return answer.json()["result"]

def row(task):
    config = task.get("config") or {}
    return (task["id"], task.get("name"),
            task.get("status") or task.get("state"),
            task.get("sourceModelId") or None,
            task.get("modelId") or task.get("targetModelId") or None,
            config.get("strategy"),
            task.get("createTime") or None, task.get("finishTime") or None,
            task.get("failedReason") or None, task.get("description"))

GD["call"] = call
GD["row"] = row
$$;

CREATE FUNCTION python_task(endpoint text, ca_file text, task text)
RETURNS SETOF python_row LANGUAGE plpython3u AS $$
if "call" not in GD:
    plpy.execute("SELECT python_setup()")
result = GD["call"](endpoint, ca_file, "DescribeModelCompTask",
                    {"modelCompTaskId": task})
if result:
    yield GD["row"](result)
$$;

CREATE FUNCTION python_tasks(endpoint text, ca_file text, tasks text[],
							 concurrency int)
RETURNS SETOF python_row LANGUAGE plpython3u AS $$
from concurrent.futures import ThreadPoolExecutor

if "call" not in GD:
    plpy.execute("SELECT python_setup()")
if GD.get("threads") != concurrency:
    GD["pool"] = ThreadPoolExecutor(concurrency)
    GD["threads"] = concurrency

def fetch(task):
    return GD["call"](endpoint, ca_file, "DescribeModelCompTask",
                      {"modelCompTaskId": task}, concurrency)

for result in GD["pool"].map(fetch, tasks):
    if result:
        yield GD["row"](result)
$$;

CREATE FUNCTION python_list(endpoint text, ca_file text)
RETURNS SETOF python_row LANGUAGE plpython3u AS $$
if "call" not in GD:
    plpy.execute("SELECT python_setup()")
body = {"maxKeys": 100}
while True:
    result = GD["call"](endpoint, ca_file, "DescribeModelCompTasks", body)
    for task in result["modelCompTaskList"]:
        yield GD["row"](task)
    if not result["pageInfo"]["isTruncated"]:
        break
    body["marker"] = result["pageInfo"]["nextMarker"]
$$;
