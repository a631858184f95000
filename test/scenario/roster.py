#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The duty roster as officers meet it: a table of the office, what check warns of, who wqctl says is on duty.

    WQ_BIN=build/bin test/scenario/roster.py"""

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

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


def configuration(folder, more, rest=""):
    path = os.path.join(folder, "wqd.conf")
    with open(path, "w", encoding="utf-8") as f:
        f.write(HEAD.replace("FOLDER", folder).replace("MORE", more) + rest)
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


def blocks(out):
    """{title of a part: {contact: its lines}}"""
    found, part, person = {}, None, None
    for line in out.splitlines():
        if not line.startswith(" "):
            part = found.setdefault(line.rstrip(":"), {})
        elif not line.startswith("   "):
            person = part.setdefault(line.strip(), [])
        else:
            person.append(line.strip())
    return found


def explains_who_would_be_told(folder):
    conf = configuration(folder, TURNS)
    status, out, err = run("route", "explain", "--config", conf, "--station", "yigan", "--level", "alarm", "--at", "2026-03-05T19:55")
    seen = blocks(out)
    first, then = seen.get("told at 03-05 19:55", {}), seen.get("escalates at 03-05 20:05, when nobody acknowledges it within 10m", {})
    expect("the day's officer, the office, and who assists", status == 0 and list(first) == [
        "张三 (zhang): lead 牵头", "陈科 (chief): lead 牵头", "王五 (wang): assist 配合"], (status, out, err))
    expect("why and how", first.get("张三 (zhang): lead 牵头") == [
        'route "all": lead = "duty": on duty by roster "water", this shift until 03-05 20:00',
        "matches by stations, all kinds, level alarm (told from watch on)",
        'route "source": lead = "office": on duty by roster "water", this shift until 03-05 20:00',
        "matches by all stations, kinds, level alarm (told from alarm on)",
        "channels: w, then m (the next one after 20s at the latest)"], out)
    later = seen.get("escalates at 03-05 20:25, when nobody acknowledges it within 30m", {})
    expect("it escalates in the night's shift, to the swapped one and the leader", list(then) == [
        "王五 (wang): lead 牵头", "刘局 (liu): lead 牵头", "陈科 (chief): assist 配合"], out)
    expect("by each route in its own time", 'route "all"' in str(then) and 'route "source"' not in str(then) and list(later) == [
        "王五 (wang): lead 牵头", "刘局 (liu): lead 牵头", "陈科 (chief): lead 牵头"] and 'route "all"' not in str(later), out)
    ladder = configuration(folder, TURNS, """
group "chief" { members = "chief" }
group "director" { members = "liu" }
station "bei" { kind = "tributary" }
route "ladder" { lead = "duty" stations = "bei" escalate_to = { "chief", "director" } escalate_after = "30m" escalate_next = "90m" }
""")
    status, out, err = run("route", "explain", "--config", ladder, "--station", "bei", "--level", "warning", "--at", "2026-03-05T12:00")
    seen = blocks(out)
    steps = [seen.get(f"escalates at 03-05 {at}, when nobody acknowledges it within {after}", {}) for at, after in (("12:30", "30m"), ("14:00", "2h"))]
    expect("the whole ladder, step by step", status == 0 and out.count("escalates at") == 2 and
           ['escalate_to = "chief"' in str(s) for s in steps] == [True, True] and
           ['escalate_to = "director"' in str(s) for s in steps] == [False, False] and
           all("刘局 (liu): lead 牵头" in s and "陈科 (chief): lead 牵头" in s for s in steps), (status, out, err))
    status, out, err = run("route", "explain", "--config", conf, "--station", "nan", "--level", "alarm")
    expect("nobody hears of it", status == 1 and "nobody: no route hears of it" in out and "does not escalate" in out,
           (status, out, err))
    narrow = configuration(folder, TURNS, """
route "flood" { lead = "office" season = "05-01..09-30" towns = { "杨舍镇" } min_level = info escalate_after_watch = "1h" }
route "ph" { lead = "office" parameters = { "ph" } }
station "san" { kind = "tributary" town = "杨舍镇" }
""")
    status, out, err = run("route", "explain", "--config", narrow, "--station", "san", "--level", "watch", "--at", "2026-09-30T23:30")
    expect("in flood season it is told from a lower level", status == 0 and
           "matches by all stations, all kinds, towns 杨舍镇, season 05-01..09-30, level watch (told from info on)" in out and
           'not by route "all": it is told of other stations' in out and 'not by route "ph": it is told of ph' in out and
           'not by route "source": it is told of other kinds of stations' in out and "escalates at 10-01 00:30" in out, (out, err))
    status, out, err = run("route", "explain", "--config", narrow, "--station", "san", "--level", "watch", "--at", "2026-10-01T00:00")
    expect("and after it is not", status == 1 and 'not by route "flood": it is told on the days 05-01..09-30' in out, (out, err))
    status, out, err = run("route", "explain", "--config", narrow, "--station", "nan", "--level", "watch", "--at", "2026-06-01")
    expect("nor elsewhere", status == 1 and 'not by route "flood": it is told of stations of 杨舍镇, the station\'s is none' in out, (out, err))
    for arguments, want in ((["--station", "yigan"], 2), (["--station", "nowhere", "--level", "alarm"], 1), ([], 2),
                            (["--station", "yigan", "--level", "loud"], 2), (["--alarm", "x"], 2),
                            (["--station", "yigan", "--level", "alarm", "--parameter", "do"], 1)):
        status, out, err = run("route", "explain", "--config", conf, *arguments)
        expect(f"{arguments} is told", status == want and err and not out, (status, out, err))


def make_history(folder, conf):
    """By the program itself: it knows the rules and stations of the configuration."""
    wqd = subprocess.Popen([os.path.join(BIN, "wqd"), "--config", conf], stderr=subprocess.PIPE)
    end = time.monotonic() + 20
    while not os.path.exists(f"{folder}/wqd.sock") and wqd.poll() is None and time.monotonic() < end:
        time.sleep(0.02)
    if wqd.poll() is None:
        wqd.send_signal(signal.SIGTERM)
    said = wqd.communicate(timeout=30)[1].decode(errors="replace")
    expect("the history is made", wqd.returncode == 0, said)


def put_alarm(folder, changes):
    """One alarm of the rule at yigan, 2026-03-05 16:00 in China; changes: (kind, minutes later)."""
    opened = 1772697600000
    with sqlite3.connect(f"{folder}/wqd.db") as db:
        db.execute("DELETE FROM change")
        db.execute("DELETE FROM alarm")
        rule = db.execute("SELECT id FROM rule WHERE name='tp'").fetchone()[0]
        station = db.execute("SELECT id FROM station WHERE key='yigan'").fetchone()[0]
        db.execute("INSERT INTO alarm(id,rule,station,opened,open) VALUES(2026030500007,?,?,?,1)", (rule, station, opened))
        for number, (kind, later) in enumerate(changes, 1):
            at = opened + later * 60000
            db.execute("INSERT INTO change(alarm,number,kind,station,level,time,decided,who,note,says,evidence)"
                       " VALUES(2026030500007,?,?,?,4,?,?,'','','','{}')", (number, kind, station, at, at))
    db.close()


def explains_an_alarm_of_the_history(folder):
    conf = configuration(folder, TURNS)
    with open(conf, "a", encoding="utf-8") as f:
        f.write('mqtt "b" { broker = "tcp://127.0.0.1:9" topic = "wq/{station}" client_id = "roster" }\n'
                'limit "tp" { parameters = { "tp" } level = alarm }\n')
    text = open(conf, encoding="utf-8").read().replace('kind = "source-backup" }', 'kind = "source-backup" point "tp" { bus = "b" unit = "mg/L" } }')
    with open(conf, "w", encoding="utf-8") as f:
        f.write(text)
    make_history(folder, conf)
    explain = ("route", "explain", "--config", conf, "--alarm", "W20260305-007", "--at", "2026-03-05T16:05")
    opened, escalated, acknowledged, shelved, unshelved = 0, 2, 3, 9, 10
    for changes, says, no in (([(opened, 1)], "escalates at 03-05 16:11, when nobody acknowledges it within 10m", "shelf"),
                              ([(opened, 1), (escalated, 11)], "escalates at 03-05 16:31, when nobody acknowledges it within 30m", "16:11"),
                              ([(opened, 1), (escalated, 11), (escalated, 31)], "it does not escalate", "escalates at"),
                              ([(opened, 1), (acknowledged, 3)], "acknowledged, opened 03-05 16:01", "escalates at"),
                              ([(opened, 1), (shelved, 3)], "it is on the shelf", "escalates at"),
                              ([(opened, 1), (shelved, 3), (unshelved, 63)], "escalates at 03-05 17:13", "shelf")):
        put_alarm(folder, changes)
        status, out, err = run(*explain)
        expect(f"{changes}: {says}", status == 0 and says in out and no not in out and "张三 (zhang): lead" in out
               and out.startswith('W20260305-007: yigan, rule "tp", level alarm'), (status, out, err))
    status, out, err = run("route", "explain", "--config", conf, "--alarm", "W20260305-008")
    expect("there is no such alarm", status == 1 and "knows no alarm W20260305-008" in err and not out, (status, out, err))


def write_table(folder, rows):
    with open(os.path.join(folder, "roster.csv"), "w", encoding="utf-8") as f:
        f.write("date,shift,person,role\n" + "".join(f"{row}\n" for row in rows))


def ask(folder, sql):
    try:
        with sqlite3.connect(f"file:{folder}/wqd.db?mode=ro", uri=True) as db:
            return db.execute(sql).fetchall()
    except sqlite3.Error:
        return []


def wait_for(wqd, holds):
    end = time.monotonic() + 30
    while not holds() and wqd.poll() is None and time.monotonic() < end:
        time.sleep(0.1)
    return holds()


def the_daemon_tells_of_a_gap_until_a_reload_fills_it(folder):
    conf = configuration(folder, 'file = "roster.csv"')
    with open(conf, encoding="utf-8") as f:
        text = f.read().replace('stations = { "yigan" } }', "}")
    with open(conf, "w", encoding="utf-8") as f:
        f.write(text)
    write_table(folder, ["2026-03-05,night,wang,"])
    log = os.path.join(folder, "log")
    with open(log, "wb") as to:
        wqd = subprocess.Popen([os.path.join(BIN, "wqd"), "--config", conf], stderr=to)

    def said():
        return open(log, encoding="utf-8", errors="replace").read()

    def told():
        return ask(folder, "SELECT n.contact,n.text FROM notice n JOIN alarm a ON a.id=n.alarm JOIN rule r ON r.id=a.rule"
                   " WHERE r.name='wqd:roster' AND n.kind=0 ORDER BY n.seq")

    def cleared():
        return ask(folder, "SELECT 1 FROM v_alarm WHERE rule='wqd:roster' AND change='cleared'")

    wait_for(wqd, lambda: len(told()) >= 3)
    expect("everybody of the roster hears that nobody is on duty", sorted(c for c, _ in told()) == ["chief", "liu", "wang"]
           and all("现无人值班" in t for _, t in told()), (told(), said()))
    expect("the log says so", 'roster "water": nobody has the lead now' in said(), said())
    write_table(folder, ["2026-03-05,noon,wang,"])
    wqd.send_signal(signal.SIGHUP)
    expect("a wrong table changes nothing", wait_for(wqd, lambda: "the running configuration is unchanged" in said()), said())
    days = [time.strftime("%Y-%m-%d", time.gmtime(time.time() + 8 * 3600 + day * 86400)) for day in (-1, 0, 1)]
    write_table(folder, [f"{day},{shift},li," for day in days for shift in ("day", "night")])
    expect("it is not over before the table is read again", not cleared(), said())
    wqd.send_signal(signal.SIGHUP)
    expect("the table is read again, and somebody is on duty", wait_for(wqd, cleared), said())
    wqd.send_signal(signal.SIGTERM)
    wqd.wait(timeout=30)


with tempfile.TemporaryDirectory(prefix="wq-roster-") as folder:
    shows_who_is_on_duty(folder)
    a_table_is_checked_with_its_lines(folder)
    explains_who_would_be_told(folder)
    explains_an_alarm_of_the_history(folder)
with tempfile.TemporaryDirectory(prefix="wq-roster-") as folder:
    the_daemon_tells_of_a_gap_until_a_reload_fills_it(folder)
print("\n".join(bad) if bad else "ok: the roster is shown and checked, routes are explained")
sys.exit(1 if bad else 0)
