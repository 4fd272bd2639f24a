"""Starting and stopping a simulator process from Python."""
import json
import os
import select
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
START_LIMIT_S = 30
STOP_LIMIT_S = 10


def start(options, directory):
    """A running simulator and what its ready file says."""
    ready_file = os.path.join(directory, "ready.json")
    # Its standard input is a pipe only we hold: should we be killed, the
    # pipe ends and the simulator goes too.
    simulator = subprocess.Popen(
        [sys.executable, os.path.join(HERE, "simulator.py"), "--ready-file",
         ready_file, "--exit-with-stdin", *options],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    select.select([simulator.stdout], [], [], START_LIMIT_S)
    if not os.path.exists(ready_file):
        stop(simulator)
        raise RuntimeError("the simulator did not start")
    with open(ready_file, encoding="utf-8") as file:
        return simulator, json.load(file)


def stop(simulator):
    """End a simulator that start() made."""
    simulator.stdin.close()
    simulator.terminate()
    try:
        simulator.wait(STOP_LIMIT_S)
    except subprocess.TimeoutExpired:
        simulator.kill()
        simulator.wait()
    simulator.stdout.close()
