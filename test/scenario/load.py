#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""wqctl load: what it counts is what a plain loop over the same rows counts, on a history of invented alarms.

    load.py [BIN]     BIN defaults to $WQ_BIN"""

import json
import math
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import defaultdict

BIN = sys.argv[1] if len(sys.argv) > 1 else os.environ["WQ_BIN"]
T0 = 1772640000000  # 2026-03-05T00:00:00+08:00
MINUTE, DAY = 60000, 86400000
OPENED, RAISED, ESCALATED, ACKNOWLEDGED, CLEARED, CLOSED, REOPENED, UNSHELVED, REMINDED = 0, 1, 2, 3, 4, 5, 8, 10, 11
LEVELS = {1: "info", 2: "watch", 3: "warning", 4: "alarm"}
bad = []
CONF = """site { name = "张家港" database = "FOLDER/wqd.db" socket = "FOLDER/wqd.sock" }
webhook "w" { url = "https://127.0.0.1:9/x" secret = "credential:k" }
contact "zhang" { name = "张三" channels = { "w" } }
group "g" { members = { "zhang" } }
route "all" { lead = "g" }
station "yigan" { kind = "source-backup" point "tp" { bus = "b" unit = "mg/L" } }
station "nan" { kind = "tributary" point "tp" { bus = "b" unit = "mg/L" } }
mqtt "b" { broker = "tcp://127.0.0.1:9" topic = "wq/{station}" client_id = "load" }
limit "tp" { parameters = { "tp" } level = alarm }
limit "watch" { parameters = { "tp" } level = watch }
"""


def expect(what, good, saw=None):
    if not good:
        bad.append(f"{what}\n{saw}")


def make_history(folder):
    conf = os.path.join(folder, "wqd.conf")
    with open(conf, "w", encoding="utf-8") as f:
        f.write(CONF.replace("FOLDER", folder))
    wqd = subprocess.Popen([os.path.join(BIN, "wqd"), "--config", conf], stderr=subprocess.PIPE)
    end = time.monotonic() + 30
    while not os.path.exists(f"{folder}/wqd.sock") and wqd.poll() is None and time.monotonic() < end:
        time.sleep(0.02)
    if wqd.poll() is None:
        wqd.send_signal(signal.SIGTERM)
    said = wqd.communicate(timeout=30)[1].decode(errors="replace")
    expect("the history is made", wqd.returncode == 0, said)
    return conf


def invent(r):
    """Alarms of two rules at two stations over ten days: rows (alarm, rule, station, [(kind, level, at, hush)])."""
    alarms, number = [], 0
    for day in range(10):
        for _ in range(r.randrange(6)):
            number += 1
            at = T0 + day * DAY + r.randrange(1200) * MINUTE
            level, hush = r.choice([2, 3, 4]), r.choice([0, 0, 0, 2])
            changes = [(OPENED, level, at, hush)]
            if r.random() < 0.3:
                at += r.randrange(1, 90) * MINUTE
                level = 4
                changes.append((RAISED, level, at, 0))
            for kind, chance in ((ESCALATED, 0.4), (REMINDED, 0.3), (ACKNOWLEDGED, 0.7)):
                if r.random() < chance:
                    at += r.randrange(1, 300) * MINUTE
                    changes.append((kind, level, at, 0))
            if r.random() < 0.7:
                at += r.randrange(1, 3000) * MINUTE
                changes.append((r.choice([CLEARED, CLOSED]), level, at, 0))
            alarms.append((20260305 * 100000 + number, r.choice(["tp", "watch"]), r.choice(["yigan", "nan"]), changes))
    notices = [(r.choice(["zhang", "li"]), T0 + r.randrange(10 * 1440) * MINUTE, r.choice([1, 2, 3, 4]), r.choice([0, 1]),
                r.choice([0, 1, 1, 1, 2]), r.choice([0, 2, 11])) for _ in range(300)]
    return alarms, notices


def put(folder, alarms, notices):
    with sqlite3.connect(f"{folder}/wqd.db") as db:
        for table in ("notice", "change", "alarm"):
            db.execute(f"DELETE FROM {table}")
        rules = dict(db.execute("SELECT name,id FROM rule"))
        stations = dict(db.execute("SELECT key,id FROM station"))
        series = dict(db.execute("SELECT s.key,e.id FROM series e JOIN station s ON s.id=e.station"))
        for alarm, rule, station, changes in alarms:
            over = changes[-1][0] in (CLEARED, CLOSED)
            db.execute("INSERT INTO alarm(id,rule,station,series,opened,open) VALUES(?,?,?,?,?,?)",
                       (alarm, rules[rule], stations[station], series[station], changes[0][2], not over))
            for n, (kind, level, at, hush) in enumerate(changes, 1):
                db.execute("INSERT INTO change(alarm,number,kind,station,series,level,time,decided,who,note,says,evidence,hush)"
                           " VALUES(?,?,?,?,?,?,?,?,'','','','{}',?)", (alarm, n, kind, stations[station], series[station], level, at, at, hush))
        for n, (contact, at, level, assist, state, kind) in enumerate(notices):
            db.execute("INSERT INTO notice(id,alarm,number,kind,level,assist,time,created,expires,contact,channel,address,text,data,state,attempts)"
                       " VALUES(?,1,1,?,?,?,?,?,?,?,'w','','','{}',?,1)", (f"n{n}", kind, level, assist, at, at, at, contact, state))
    db.close()


def count_messages(notices, lo, hi):
    rows = defaultdict(lambda: [0] * 7)
    for contact, at, level, assist, state, kind in notices:
        if state == 1 and lo <= at < hi:
            day = time.strftime("%Y-%m-%d", time.gmtime((at + 8 * 3600000) / 1000))
            row = rows[day, contact]
            for i, add in enumerate((1, level == 4, level == 3, level == 2, level == 1, assist, kind == REMINDED)):
                row[i] += add
    return {key: row for key, row in rows.items()}


def rank(values, share):
    values = sorted(values)
    return values[max(math.ceil(share * len(values)), 1) - 1]


def count_answers(alarms, lo, hi):
    took = defaultdict(list)
    for _, _, _, changes in alarms:
        for i, (kind, level, at, _) in enumerate(changes):
            told = [c[2] for c in changes[:i] if c[0] in (OPENED, RAISED, REOPENED, UNSHELVED) and c[3] == 0]
            if kind == ACKNOWLEDGED and lo <= at < hi and told:
                took[LEVELS[level]].append((at - max(told)) / MINUTE)
    return {level: (len(v), rank(v, 0.5), rank(v, 0.9)) for level, v in took.items()}


def count_rest(alarms, lo, hi):
    openings, standing, levels = defaultdict(int), set(), defaultdict(lambda: [0, 0, 0, 0])
    for alarm, rule, station, changes in alarms:
        here = [c for c in changes if c[0] in (OPENED, REOPENED) and lo <= c[2] < hi]
        openings[rule, station] += len(here)
        known = [c for c in changes if c[2] < hi]
        if changes[0][2] <= hi - DAY and known and known[-1][0] not in (CLEARED, CLOSED):
            standing.add(f"W{alarm // 100000}-{alarm % 100000:03d}")
        told = [c for c in changes if c[3] == 0]
        if any(c[3] == 0 for c in here):
            row = levels[LEVELS[max(c[1] for c in told)]]
            for i, add in enumerate((True, *(any(c[0] == k for c in told) for k in (ACKNOWLEDGED, ESCALATED, REMINDED)))):
                row[i] += add
    return {k: n for k, n in openings.items() if n > 1}, standing, dict(levels)


def main():
    with tempfile.TemporaryDirectory(prefix="wq-load-") as folder:
        conf = make_history(folder)
        for seed in range(8):
            alarms, notices = invent(random.Random(seed))
            put(folder, alarms, notices)
            lo, hi = T0 + 2 * DAY, T0 + 9 * DAY
            done = subprocess.run([os.path.join(BIN, "wqctl"), "load", "--config", conf, "--from", "2026-03-07", "--to", "2026-03-14", "--json"],
                                  capture_output=True, timeout=60)
            expect("it runs", done.returncode == 0, done.stderr.decode())
            if done.returncode != 0:
                break
            said = json.loads(done.stdout)
            expect(f"{seed}: the span", (said["from"], said["to"]) == ("2026-03-07T00:00:00+08:00", "2026-03-14T00:00:00+08:00"), said)
            keys = ("messages", "alarm", "warning", "watch", "info", "in_copy", "reminders")
            expect(f"{seed}: messages", {(r["day"], r["officer"]): [r[k] for k in keys] for r in said["messages"]} == count_messages(notices, lo, hi), said["messages"])
            answers = {r["level"]: (r["answers"], r["p50"], r["p90"]) for r in said["answers"]}
            expect(f"{seed}: answers", answers == count_answers(alarms, lo, hi), (answers, count_answers(alarms, lo, hi)))
            openings, standing, levels = count_rest(alarms, lo, hi)
            expect(f"{seed}: chattering", {(r["rule"], r["station"]): r["openings"] for r in said["chattering"]} == openings, (said["chattering"], openings))
            expect(f"{seed}: standing", {r["alarm"] for r in said["standing"]} == standing, (said["standing"], standing))
            expect(f"{seed}: escalated", {r["level"]: [r["alarms"], r["acknowledged"], r["escalated"], r["reminded"]] for r in said["escalated"]} == levels,
                   (said["escalated"], levels))
        done = subprocess.run([os.path.join(BIN, "wqctl"), "load", "--config", conf, "--to", "2026-03-14"], capture_output=True, timeout=60)
        text = done.stdout.decode()
        expect("tables", done.returncode == 0 and text.startswith("2026-02-12T00:00:00+08:00 to 2026-03-14") and "time to acknowledge" in text and "zhang" in text, text)
        for wrong in (["--station", "yigan"], ["--from", "soon"], ["--from", "2026-03-08", "--to", "2026-03-07"], ["extra"], ["--format", "csv"]):
            done = subprocess.run([os.path.join(BIN, "wqctl"), "load", "--config", conf, *wrong], capture_output=True, timeout=60)
            expect(f"{wrong} is told", done.returncode == 2 and done.stderr, done)
    print("\n".join(bad) if bad else "ok: the load is what a loop over the rows counts")
    return 1 if bad else 0


sys.exit(main())
