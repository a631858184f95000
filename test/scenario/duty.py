#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is told by the clock, by the daemon whole: a shift is handed over once to who comes on duty, over restarts, the
heartbeat comes once a day with the figures of the history, a drill finds the channel that is dead, and somebody outside is pinged.

    WQ_BIN=build/bin test/scenario/duty.py"""

import base64
import http.server
import json
import os
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import threading
import time

BIN = os.environ["WQ_BIN"]
CHINA = 8 * 3600
bad = []


def expect(what, holds, seen):
    if not holds:
        bad.append(f"{what}\n{seen}")


class Bureau(http.server.ThreadingHTTPServer):
    """Takes what is posted; a path of `broken` answers 500, one of `refused` 404."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.port, self.took, self.asked, self.broken, self.refused = self.server_address[1], [], [], set(), set()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def told(self, kind):
        return [(path, body["data"]) for path, body in list(self.took) if body["type"] == kind]


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self):
        status = 500 if self.path in self.server.broken else 404 if self.path in self.server.refused else 200
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()
        return status

    def do_GET(self):
        self.server.asked.append((self.path, self.answer()))

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.answer() == 200:
            self.server.took.append((self.path, body))

    def log_message(self, *_):
        pass


class Site:
    """A folder with a configuration, and the daemon on it."""

    def __init__(self, folder, bureau):
        self.folder, self.bureau, self.wqd, self.log = folder, bureau, None, os.path.join(folder, "log")
        key = os.path.join(folder, "k")
        with open(key, "w", encoding="ascii") as f:
            f.write("whsec_" + base64.b64encode(b"x" * 32).decode())
        os.chmod(key, 0o600)

    def configure(self, more):
        hook = "".join(f'webhook "{name}" {{ url = "http://127.0.0.1:{self.bureau.port}/{name}" secret = "credential:k" }}\n'
                       for name in ("w", "m"))
        with open(os.path.join(self.folder, "wqd.conf"), "w", encoding="utf-8") as f:
            f.write(f'site {{ name = "一干河" database = "{self.folder}/wqd.db" socket = "{self.folder}/wqd.sock"'
                    f' credentials = "{self.folder}" }}\n{hook}'
                    'contact "zhang" { name = "张三" channels = { "w", "m" } }\n'
                    'contact "li" { name = "李四" language = "en" channels = { "w" } }\n'
                    'mqtt "b" { broker = "tcp://127.0.0.1:9" topic = "wq/{station}" client_id = "duty" }\n'
                    'station "yigan" { name = "一干河" kind = "source-backup"\n'
                    ' point "tp" { bus = "b" unit = "mg/L" cycle = "4h" } }\n'
                    'limit "tp" { parameters = { "tp" } level = alarm }\n'
                    'limit "tp-too" { parameters = { "tp" } level = alarm }\n' + more)

    def start(self, **more):
        with open(self.log, "ab") as to:
            self.wqd = subprocess.Popen([os.path.join(BIN, "wqd"), "--config", f"{self.folder}/wqd.conf"], stderr=to,
                                        env=os.environ | more)
        if not self.wait(lambda: "watching" in self.said_since_start()):
            bad.append(f"it does not start\n{self.said()}")

    def begin(self, mark):
        """One that is new makes up for nothing; a day later it rings."""
        self.start()
        self.wait(lambda: self.ask(f"SELECT 1 FROM mark WHERE name='{mark}'"))
        time.sleep(1)
        expect("what is new in the configuration rings from now on", not self.bureau.took, self.bureau.took)
        self.stop()
        self.put(f"UPDATE mark SET at=at-86400000 WHERE name='{mark}'")
        self.start()

    def stop(self):
        self.wqd.send_signal(signal.SIGTERM)
        self.wqd.wait(timeout=60)
        self.seen = os.path.getsize(self.log)

    seen = 0

    def said(self):
        return open(self.log, encoding="utf-8", errors="replace").read()

    def said_since_start(self):
        with open(self.log, "rb") as f:
            f.seek(self.seen)
            return f.read().decode(errors="replace")

    def wait(self, holds, seconds=30):
        end = time.monotonic() + seconds
        while not holds() and self.wqd.poll() is None and time.monotonic() < end:
            time.sleep(0.05)
        return bool(holds())

    def ask(self, sql):
        try:
            with sqlite3.connect(f"file:{self.folder}/wqd.db?mode=ro", uri=True) as db:
                return db.execute(sql).fetchall()
        except sqlite3.Error:
            return []

    def put(self, sql, values=()):
        """While the daemon is down."""
        with sqlite3.connect(f"{self.folder}/wqd.db") as db:
            db.execute(sql, values)
        db.close()

    def put_alarm(self, number, ago, rule="tp", acknowledged=None):
        """An alarm of the rule at yigan that opened `ago` seconds ago; opens and is told to nobody."""
        opened = int(time.time() - ago) * 1000
        name = time.strftime("%Y%m%d", time.gmtime(time.time() + CHINA))
        alarm = int(name) * 100000 + number
        rule, station, series = (self.ask(sql)[0][0] for sql in (
            f"SELECT id FROM rule WHERE name='{rule}'", "SELECT id FROM station WHERE key='yigan'", "SELECT min(id) FROM series"))
        self.put("INSERT INTO alarm(id,rule,station,series,opened,open) VALUES(?,?,?,?,?,1)", (alarm, rule, station, series, opened))
        for n, (kind, who) in enumerate([(0, "")] + ([(3, acknowledged)] if acknowledged else []), 1):
            self.put("INSERT INTO change(alarm,number,kind,station,series,level,time,decided,value,threshold,who,note,says,evidence)"
                     " VALUES(?,?,?,?,?,4,?,?,0.31,0.2,?,'','总磷0.31mg/L','{}')", (alarm, n, kind, station, series, opened, opened, who))
        return f"W{name}-{number:03}"


def clock(shift=0):
    """HH:MM in China."""
    return time.strftime("%H:%M", time.gmtime(time.time() + CHINA + shift))


def day(shift=0):
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() + CHINA + shift * 86400))


def roster(began, more=""):
    """One shift a day of 24 h that began `began` seconds ago; zhang and li by turns, zhang's turn is now."""
    start = clock(-began)
    first = time.strftime("%Y-%m-%d", time.gmtime(time.time() + CHINA - began - 86400))
    return (f'roster "water" {{ name = "水质值班" shifts = {{ "day {start} 24h" }} people = {{ "li", "zhang" }}'
            f' from = "{first}" {more} }}\ngroup "duty" {{ members = {{ "@water" }} }}\nroute "all" {{ lead = "duty" }}\n')


def a_shift_is_handed_over_once(folder, bureau):
    site = Site(folder, bureau)
    site.configure(roster(600))
    site.start()
    expect("nothing is open: nobody is told", not bureau.told("duty.handover"), bureau.took)
    expect("it is done with all the same", site.wait(lambda: site.ask("SELECT 1 FROM mark WHERE name='handover:water'")), site.said())
    site.stop()
    open_one, taken_up = site.put_alarm(7, 7300), site.put_alarm(8, 300, "tp-too", "王五")
    site.start()
    time.sleep(2.5)
    expect("what was done with stays so", not bureau.told("duty.handover"), bureau.took)
    site.stop()

    site.put("UPDATE mark SET at=at-86400000")
    site.start()
    expect("who comes is told", site.wait(lambda: bureau.told("duty.handover")), site.said())
    time.sleep(1.5)
    told = bureau.told("duty.handover")
    text = told[0][1]["text"] if told else ""
    expect("once, zhang alone", [(p, d["contact"]) for p, d in told] == [("/w", "zhang")], told)
    for part in ("【交接班】水质值班", "起由您值守。未结2起,未确认1起。", f"报警一干河总磷0.31mg/L已2小时,已升级仍未确认,{open_one}。",
                 f"报警一干河总磷0.31mg/L已5分钟,王五已确认,{taken_up}。"):
        expect(part, part in text, text)
    expect("machines too", told and told[0][1]["open_count"] == 2 and told[0][1]["open"][1]["who"] == "王五", told)
    expect("it is in the history", site.wait(lambda: site.ask("SELECT 1 FROM notice WHERE topic=2 AND state=1")), site.ask("SELECT * FROM notice"))
    site.wqd.send_signal(signal.SIGHUP)
    site.wait(lambda: "taking it over" in site.said_since_start())
    time.sleep(2.5)
    expect("a reload repeats nothing", len(bureau.told("duty.handover")) == 1, bureau.took)
    status = subprocess.run([os.path.join(BIN, "wqctl"), "status", "--socket", f"{folder}/wqd.sock"], capture_output=True, text=True)
    expect("status says who is next", "duty      水质值班, now lead 张三, from " in status.stdout and "李四" in status.stdout, status)
    site.stop()


def what_began_long_ago_is_not(folder, bureau):
    site = Site(folder, bureau)
    site.configure(roster(3 * 3600, "handover = always"))
    site.start()
    expect("the log says that nobody was told", site.wait(lambda: "was not handed over" in site.said()), site.said())
    site.stop()
    site.put("DELETE FROM mark")
    site.configure(roster(3600, "handover = always"))
    site.start()
    expect("always: nothing open is told too", site.wait(lambda: bureau.told("duty.handover")), site.said())
    expect("in words", bureau.told("duty.handover")[:1] and "目前无未结预警" in bureau.told("duty.handover")[0][1]["text"], bureau.took)
    site.stop()
    bureau.took.clear()
    site.put("DELETE FROM mark")
    site.configure(roster(3600, "handover = never"))
    site.start()
    site.wait(lambda: site.ask("SELECT 1 FROM mark"))
    time.sleep(1)
    expect("never", not bureau.told("duty.handover"), bureau.took)
    site.stop()


def the_heartbeat_comes_once_a_day_with_the_figures(folder, bureau):
    site = Site(folder, bureau)
    on = 'heartbeat "daily" { at = "00:00" to = "duty" }\n'
    off = time.strftime("%a", time.gmtime(time.time() + CHINA + 2 * 86400)).lower()
    site.configure(roster(600) + on + f'heartbeat "weekly" {{ at = "00:00" to = "office" on = {{ "{off}" }} }}\n'
                   'group "office" { members = { "li" } }\n')
    site.begin("heartbeat:daily")
    expect("it comes", site.wait(lambda: bureau.told("system.heartbeat")), site.said())
    time.sleep(1.5)
    told = bureau.told("system.heartbeat")
    data = told[0][1] if told else {}
    expect("once, to who is on duty", [(p, d["contact"]) for p, d in told] == [("/w", "zhang")], told)
    expect("it says what is wrong first", data.get("text", "").startswith("【系统自检】一干河预警系统有异常:")
           and "昨日1站无数据(一干河)" in data["text"] and data["normal"] is False, data)
    expect("and the figures", "数据有效率未统计,到站0/1,读数0个" in data.get("text", "") and data.get("day") == day(-1)
           and data.get("stations") == 1 and data.get("bytes", 0) > 0, data)
    site.wait(lambda: site.ask("SELECT 1 FROM mark WHERE name='heartbeat:daily'"))
    site.stop()
    series, station, tp = (site.ask(sql)[0][0] for sql in (
        "SELECT min(id) FROM series", "SELECT id FROM station WHERE key='yigan'", "SELECT parameter FROM series"))
    yesterday = int((time.time() + CHINA) // 86400) - 1
    for n in range(6):
        site.put("INSERT INTO sample_open(at,series,revision,value,quality,stamp,flag,source,received,trusted,sequence,repeats,late,"
                 "event,newest) VALUES(?,?,1,0.1,0,0,'',1,0,1,1,0,0,0,1)", ((yesterday * 86400 - CHINA + n * 4 * 3600) * 1000, series))
    site.put("INSERT INTO day(station,day,parameter,revision,valid,expected,class,verdict) VALUES(?,?,?,1,5,6,2,1)", (station, yesterday, tp))
    site.start()
    time.sleep(2.5)
    expect("not again today", len(bureau.told("system.heartbeat")) == 1, bureau.took)
    status = subprocess.run([os.path.join(BIN, "wqctl"), "status", "--socket", f"{folder}/wqd.sock"], capture_output=True, text=True)
    expect("status says when", f"clock     heartbeat, daily, to duty, last {day()}T00:00" in status.stdout
           and f"next {day(1)}T00:00" in status.stdout and "heartbeat, weekly, to office, next" in status.stdout, status)
    site.stop()
    site.put("UPDATE mark SET at=at-86400000 WHERE name='heartbeat:daily'")
    site.start()
    expect("that of a day that was missed comes when it is up", site.wait(lambda: len(bureau.told("system.heartbeat")) == 2), site.said())
    text = bureau.told("system.heartbeat")[-1][1]["text"]
    expect("with the figures of the history", "数据有效率83.3%,到站1/1,读数6个" in text and "无数据" not in text, text)
    site.stop()


def a_drill_finds_the_channel_that_is_dead(folder, bureau):
    site = Site(folder, bureau)
    today = int(day()[8:])
    site.configure(roster(600) + f'drill "monthly" {{ day = {today} at = "00:00" to = "duty" }}\n')
    bureau.refused.add("/m")
    site.begin("drill:monthly")
    expect("the dead one is told by the other", site.wait(lambda: any(d.get("rule") == "wqd:drill" for _, d in bureau.told("alarm.opened"))),
           site.said())
    told = [(p, d["text"]) for p, d in bureau.told("alarm.opened") if d.get("rule") == "wqd:drill"]
    expect("by name", told and told[0][0] == "/w" and "通道测试1项未通过:张三/m" in told[0][1], told)
    drills = bureau.told("system.drill")
    expect("each channel of each contact, once, on duty or not", sorted((p, d["contact"]) for p, d in drills) == [("/w", "li"), ("/w", "zhang")], drills)
    texts = {d["contact"]: d["text"] for _, d in drills}
    expect("marked", texts.get("zhang", "").startswith("【通道测试】一干河预警系统") and "定期测试通道w,收到请忽略。编号T" in texts["zhang"], texts)
    expect("in English for who asks for it", texts.get("li", "").startswith("[Channel test] 一干河 early warning tries channel w"), texts)

    def results():
        done = subprocess.run([os.path.join(BIN, "wqctl"), "drill", "--database", f"{folder}/wqd.db", "--format", "csv"],
                              capture_output=True, text=True)
        return sorted((c[0], c[1], c[3]) for c in (line.split(",") for line in done.stdout.splitlines()[1:]))

    expect("wqctl lists it", site.wait(lambda: results() == [("li", "w", "passed"), ("zhang", "m", "failed"), ("zhang", "w", "passed")]), results())
    site.stop()
    site.start()
    time.sleep(2.5)
    expect("a restart repeats nothing and clears nothing", len(bureau.told("system.drill")) == 2
           and not any(d.get("rule") == "wqd:drill" for _, d in bureau.told("alarm.cleared")), bureau.took)
    status = subprocess.run([os.path.join(BIN, "wqctl"), "status", "--socket", f"{folder}/wqd.sock"], capture_output=True, text=True)
    expect("status counts", "passed 2, failed 1, under way 0" in status.stdout, status)
    site.stop()
    bureau.refused.clear()
    site.put("UPDATE mark SET at=at-86400000 WHERE name='drill:monthly'")
    site.put("UPDATE notice SET id='old-'||id,state=2 WHERE topic=4")
    site.start()
    expect("one that passes whole clears it", site.wait(lambda: any(d.get("rule") == "wqd:drill" for _, d in bureau.told("alarm.cleared"))),
           site.said())
    expect("now by both channels", {p for p, _ in bureau.told("system.drill")} == {"/w", "/m"}, bureau.took)
    site.stop()


def somebody_outside_hears_while_all_is_well(folder, bureau):
    site = Site(folder, bureau)
    here = f"http://127.0.0.1:{bureau.port}"
    ping = f'ping {{ url = "{here}/alive-SECRET" url_fail = "{here}/fault" every = "10s" fail_after = "1s" }}\n'
    site.configure(roster(600) + ping)
    site.start()
    expect("it is asked at once", site.wait(lambda: ("/alive-SECRET", 200) in bureau.asked), site.said())

    def status():
        return subprocess.run([os.path.join(BIN, "wqctl"), "status", "--socket", f"{folder}/wqd.sock"], capture_output=True, text=True).stdout

    expect("status says so", site.wait(lambda: "ping      ok, last taken " in status()), status())
    bureau.refused.add("/alive-SECRET")
    expect("one that fails is told", site.wait(lambda: any(d.get("rule") == "wqd:ping" for _, d in bureau.told("alarm.opened")), 40), site.said())
    told = [d["text"] for _, d in bureau.told("alarm.opened") if d.get("rule") == "wqd:ping"]
    expect("with why, without the address", told and "HTTP 404" in told[0] and "SECRET" not in told[0], told)
    site.wait(lambda: len([a for a in bureau.asked if a == ("/alive-SECRET", 404)]) >= 2, 40)
    expect("the log once, without the address", site.said().count("ping: 127.0.0.1") == 1 and "SECRET" not in site.said(), site.said())
    bureau.refused.clear()
    expect("and its end", site.wait(lambda: any(d.get("rule") == "wqd:ping" for _, d in bureau.told("alarm.cleared")), 40), site.said())
    site.stop()
    # Every channel fails: nobody can be told, so somebody outside is.
    bureau.refused.update(("/w", "/m"))
    bureau.asked.clear()
    site.configure(roster(600) + ping + f'drill "d" {{ day = {int(day()[8:])} at = "00:00" to = "duty" }}\n')
    bureau.took.clear()
    site.begin("drill:d")
    expect("what is wrong is said at the other address", site.wait(lambda: ("/fault", 200) in bureau.asked, 40), site.said())
    expect("the log says what", "ping: no channel works: url_fail is asked" in site.said(), site.said())
    site.stop()


def set_clock(path, seconds):
    """Steps the wall clock of the daemon; its other clocks stay true (step_clock.c, preloaded)."""
    with open(path, "r+b") as f:
        f.write(struct.pack("=q", seconds))


def a_clock_that_is_set_repeats_and_skips_no_shift(folder, bureau):
    library, step = os.environ.get("WQ_CLOCK_LIBRARY", ""), os.path.join(folder, "step")
    if not os.path.exists(library):
        print("NOT TESTED, a clock that is set: no $WQ_CLOCK_LIBRARY", file=sys.stderr)
        return
    with open(step, "wb") as f:
        f.write(struct.pack("=qqq", 0, 0, 0))
    # zhang's twelve hours began ten minutes ago, li's come after them.
    shifts = sorted([(clock(-600), "zhang"), (clock(43200 - 600), "li")])
    site = Site(folder, bureau)
    site.configure('roster "water" { shifts = { "a %s 12h", "b %s 12h" } people = { "%s", "%s" } from = "%s" handover = always }\n'
                   % (shifts[0][0], shifts[1][0], shifts[0][1], shifts[1][1], day(-2)) +
                   'group "duty" { members = { "@water" } }\nroute "all" { lead = "duty" }\n')
    asan = os.environ.get("ASAN_OPTIONS", "")
    site.start(LD_PRELOAD=library, WQ_CLOCK_STEP=step, ASAN_OPTIONS=(asan + ":" if asan else "") + "verify_asan_link_order=0")
    told = lambda: [d["contact"] for _, d in bureau.told("duty.handover")]
    hours, want = 0, ["zhang"]
    expect("the shift that goes on", site.wait(lambda: told() == want), (told(), site.said()))
    for hours, comes in ((12, "li"), (0, None), (12, None), (-36, None), (24, "zhang"), (12, None), (24, None), (36, "li")):
        set_clock(step, hours * 3600)
        want += [comes] if comes else []
        expect(f"at {hours} h", site.wait(lambda: told() == want), (told(), want, site.said()))
        time.sleep(2.2)
        expect(f"at {hours} h nothing more", told() == want, (told(), want, site.said()))
    site.stop()


def run(story):
    bureau = Bureau()
    with tempfile.TemporaryDirectory(prefix="wq-duty-") as folder:
        story(folder, bureau)
    bureau.shutdown()


for story in (a_shift_is_handed_over_once, what_began_long_ago_is_not, the_heartbeat_comes_once_a_day_with_the_figures,
              a_drill_finds_the_channel_that_is_dead, somebody_outside_hears_while_all_is_well,
              a_clock_that_is_set_repeats_and_skips_no_shift):
    run(story)
print("\n".join(bad) if bad else "ok: shifts are handed over, the heart beats, a drill finds the dead channel, the ping is heard")
sys.exit(1 if bad else 0)
