#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The duty roster as officers meet it: a table of the office, what check warns of, who wqctl says is on duty.

    WQ_BIN=build/bin test/scenario/roster.py"""

import os
import subprocess
import sys
import tempfile

BIN = os.environ["WQ_BIN"]
bad = []

HEAD = """site { name = "城" database = "FOLDER/wqd.db" socket = "FOLDER/wqd.sock" }
webhook "w" { url = "https://127.0.0.1:9/x" secret = "credential:k" }
webhook "m" { url = "https://127.0.0.1:9/y" secret = "credential:k" }
contact "zhang" { name = "张三" channels = { "w", "m" } }
contact "li" { name = "李四" channels = { "w" } }
contact "wang" { name = "王五" channels = { "m" } }
contact "liu" { name = "刘局" channels = { "m", "w" } }
contact "chief" { name = "陈科" channels = { "w" } }
roster "water" { name = "水质值班" shifts = { "day 08:00 12h", "night 20:00 12h" } leader = { "liu" } from = "2026-03-02" MORE }
group "duty" { members = { "@water" } }
group "office" { members = { "chief", "@water" } }
route "all" { lead = "duty" assist = { "office" } escalate_to = "duty" escalate_after_alarm = "10m" stations = { "yigan" } }
route "source" { lead = "office" kinds = { "source-backup" } min_level = alarm deadline = "20s" }
station "yigan" { name = "一干河" kind = "source-backup" }
station "nan" { name = "南横套河" kind = "tributary" }
"""
TURNS = 'people = { "zhang", "li" } assist = { "wang" } swaps = { "2026-03-05 night wang" }'


def run(*arguments):
    done = subprocess.run([os.path.join(BIN, "wqctl"), *arguments], capture_output=True, timeout=60)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def expect(what, holds, seen):
    if not holds:
        bad.append(f"{what}\n{seen}")


def configuration(folder, more):
    path = os.path.join(folder, "wqd.conf")
    with open(path, "w", encoding="utf-8") as f:
        f.write(HEAD.replace("FOLDER", folder).replace("MORE", more))
    return path


def shows_who_is_on_duty(folder):
    conf = configuration(folder, TURNS)
    status, out, err = run("roster", "show", "--config", conf, "--at", "2026-03-05T21:00")
    rows = [line.split() for line in out.splitlines()]
    expect("swapped night, then the day's turn", status == 0 and len(rows) == 3
           and rows[1][1:] == ["03-05", "20:00", "03-06", "08:00", "night", "王五", "王五", "刘局"]
           and rows[2][1:] == ["03-06", "08:00", "03-06", "20:00", "day", "张三", "王五", "刘局"], (status, out, err))
    status, out, err = run("roster", "show", "water", "--config", conf, "--at", "2026-03-05T21:00", "--days", "7")
    expect("15 shifts in a week from within one", status == 0 and len(out.splitlines()) == 16, (status, out, err))
    for arguments, want in ((["show", "wader"], 1), (["list"], 2), (["show", "--days", "0"], 2), (["show", "--at", "noon"], 2)):
        status, out, err = run("roster", *arguments, "--config", conf)
        expect(f"{arguments} is told", status == want and err and not out, (status, out, err))


def a_table_is_checked_with_its_lines(folder):
    conf = configuration(folder, 'file = "roster.csv"')
    table = os.path.join(folder, "roster.csv")
    with open(table, "w", encoding="utf-8") as f:
        f.write("date,shift,person,role\n2026-03-05,day,张三,牵头\n2026-03-05,noon,li,\n")
    status, out, err = run("check", conf)
    expect("the table's third line is wrong", status == 1 and f"{table}:3: " in err, (status, out, err))
    with open(table, "w", encoding="utf-8") as f:
        f.write("date,shift,person,role\n2026-03-05,day,张三,牵头\n")
    status, out, err = run("check", conf)
    expect("check warns of the empty month", status == 0 and "nobody has the lead from" in err, (status, out, err))
    status, out, err = run("roster", "show", "--config", conf, "--at", "2026-03-05T21:00")
    expect("nobody is on duty", status == 1 and "无人值班" in out and "everybody of it would be told" in err, (status, out, err))


with tempfile.TemporaryDirectory(prefix="wq-roster-") as folder:
    shows_who_is_on_duty(folder)
    a_table_is_checked_with_its_lines(folder)
print("\n".join(bad) if bad else "ok: the roster is shown and checked")
sys.exit(1 if bad else 0)
