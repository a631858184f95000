#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`wqctl learnt`: what was learnt of each series, from a history as the daemon makes it.

    learnt.py [BIN]          BIN defaults to $WQ_BIN

Exit status: 0 passed, 1 failed."""

import csv
import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

BIN = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("WQ_BIN", "build/bin")
COLUMNS = "station parameter since until readings low high rate".split()
failures = []


def expect(what, found, wanted):
    if found != wanted:
        failures.append(what)
        print(f"FAIL: {what}\n  found  {found!r}\n  wanted {wanted!r}")


def run(*args):
    done = subprocess.run([os.path.join(BIN, "wqctl"), "learnt", *args], capture_output=True, encoding="utf-8", check=False)
    return done.returncode, done.stdout, done.stderr


def make_history(folder):
    """An empty history by the program itself; the broker is not there."""
    conf, database = f"{folder}/wqd.conf", f"{folder}/wqd.db"
    with open(conf, "w", encoding="utf-8") as f:
        f.write(f'site {{ name = "x" database = "{database}" socket = "{folder}/wqd.sock" }}\n'
                'mqtt "b" { broker = "tcp://127.0.0.1:9" topic = "wq/{station}" client_id = "learnt" }\n'
                'station "q" { kind = "national" point "tp" { bus = "b" unit = "mg/L" } point "do" { bus = "b" unit = "mg/L" } }\n'
                'station "r" { kind = "national" point "tp" { bus = "b" unit = "mg/L" } }\n')
    wqd = subprocess.Popen([os.path.join(BIN, "wqd"), "--config", conf], stderr=subprocess.DEVNULL)
    end = time.monotonic() + 60
    while not os.path.exists(f"{folder}/wqd.sock") and wqd.poll() is None and time.monotonic() < end:
        time.sleep(0.02)
    wqd.send_signal(signal.SIGTERM)
    wqd.wait(60)
    return conf, database


def learn(database):
    """As the daemon writes it when a day closes: of r/tp too little yet, of q/do nothing."""
    with sqlite3.connect(database) as db:
        for station, parameter, values in (("q", "tp", (371, .021, .24, .09)), ("r", "tp", (12, None, None, None))):
            db.execute("INSERT INTO learnt SELECT e.id,1772294400000,1772640000000,?,?,?,?,x'00' FROM series e JOIN station s ON"
                       " s.id=e.station JOIN parameter p ON p.id=e.parameter WHERE s.key=? AND p.alias=?",
                       (*values, station, parameter))
    db.close()


with tempfile.TemporaryDirectory() as where:
    config, history = make_history(where)
    status, out, err = run("--database", history, "--json")
    expect("nothing yet: an empty list", (status, json.loads(out or "0"), err), (0, [], ""))
    expect("nothing yet: a table says so", run("--database", history), (0, "", "nothing found\n"))
    learn(history)
    first = {"station": "q", "parameter": "tp", "since": "2026-03-01T00:00:00+08:00", "until": "2026-03-05T00:00:00+08:00",
             "readings": 371, "low": .021, "high": .24, "rate": .09}
    for source in (("--database", history), ("--config", config)):
        status, out, err = run(*source, "--json")
        rows = json.loads(out or "[]")
        expect("json", (status, err, [list(r) for r in rows], rows[0]), (0, "", [COLUMNS] * 2, first))
        expect("too little: nulls", (rows[1]["station"], rows[1]["readings"], [rows[1][k] for k in ("low", "high", "rate")]),
               ("r", 12, [None] * 3))
    status, out, _ = run("--database", history, "--format", "csv", "--station", "r")
    expect("csv of a station", (status, list(csv.reader(io.StringIO(out)))[0], len(out.splitlines())), (0, COLUMNS, 2))
    for name in ("tp", "总磷", "w21011"):
        expect(f"parameter {name}", len(json.loads(run("--database", history, "--json", "--parameter", name)[1])), 2)
    expect("of which nothing was learnt", json.loads(run("--database", history, "--json", "--parameter", "do")[1]), [])
    status, out, _ = run("--database", history)
    expect("table", (status, out.split()[:8], "0.021" in out, " -" in out), (0, COLUMNS, True, True))
    for what, args, status, said in (("no such station", ("--station", "z"), 1, "'z'"), ("a span", ("--from", "2026-03-01"), 2, "--from"),
                                     ("an argument", ("q",), 2, "one argument too many")):
        found, out, err = run("--database", history, *args)
        expect(what, (found, out, said in err), (status, "", True))
print(f"{len(failures)} failures" if failures else "PASS")
sys.exit(1 if failures else 0)
