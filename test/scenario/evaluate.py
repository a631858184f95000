#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`wqctl evaluate --csv` as a user meets it, and against `wqctl backtest` on national data.

    evaluate.py [BIN] [DATA]     BIN defaults to $WQ_BIN, DATA to $WQ_SHARED/data

Small files first: a month, missing data, "<" values, rows that go back, what is refused. Then, where the data are there:
the class of every section and day of the 4-hourly file is the one that the engine gives it (backtest --days), and the
mean of a period is the mean of the days' means as this script computes it.
Exit status: 0 passed, 1 failed, 2 usage; without data the second part says SKIPPED and the rest decides."""

import csv
import gzip
import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict

BIN = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("WQ_BIN", "build/bin")
DATA = sys.argv[2] if len(sys.argv) > 2 else os.path.join(os.environ.get("WQ_SHARED", "../shared"), "data")
WQCTL = os.path.join(BIN, "wqctl")
failures = []


def fail(text):
    failures.append(text)
    if len(failures) <= 20:
        print("FAIL:", text)


def expect(what, found, wanted):
    if found != wanted:
        fail(f"{what}\n  found  {found!r}\n  wanted {wanted!r}")


def run(folder, text, *args, water="river"):
    path = os.path.join(folder, "in.csv")
    with open(path, "w", encoding="utf-8", newline="") as f:
        f.write(text)
    where = ("--water", water) if water else ()
    done = subprocess.run([WQCTL, "evaluate", "--csv", path, *where, *args], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, encoding="utf-8", check=False)
    return done.returncode, done.stdout, done.stderr.replace(path, "in.csv")


def rows(days, values, station="a", hours=range(0, 24, 4)):
    """CSV rows: every four hours of these days of March 2026."""
    return "".join(f"2026-03-{d:02}T{h:02}:00:00+08:00,{station},{values}\n" for d in days for h in hours)


HEADER = "time,station,ph,do,codmn,nh3n,tp\n"
GOOD = "7.5,8,3,0.3,0.08"


def one(folder, text, *args, water="river"):
    status, out, err = run(folder, text, "--json", *args, water=water)
    if status != 0:
        fail(f"exit status {status}: {err}")
        return {}
    return json.loads(out)


def small_files(folder):
    report = one(folder, HEADER + rows(range(1, 32), GOOD), "--period", "month")
    station = report["stations"][0]
    expect("a month: class", (station["class"], station["verdict"], station["days"], station["days_expected"]), (2, "meets", 31, 31))
    expect("a month: shares", report["summary"]["now"]["share_class_3_or_better"], 100.0)
    expect("a month that is over", "未结束" in run(folder, HEADER + rows(range(1, 32), GOOD), "--period", "month")[1], False)
    out = run(folder, HEADER + rows(range(1, 6), GOOD), "--period", "month")[1]
    expect("a month of which five days are over", "2026年3月(未结束,截至2026年3月5日),断面1个" in out, True)
    expect("the same for a program", one(folder, HEADER + rows(range(1, 6), GOOD), "--period", "month")["about"]["until"], "2026-03-05")
    expect("numbers as they are stored", '"mean":0.042,' in run(folder, HEADER + rows([1], "7.5,8,3,0.3,0.042"), "--period", "day", "--json")[1], True)
    report = one(folder, HEADER + rows(range(1, 32), GOOD).replace("0.08", "0.3"), "--period", "month", water="lake")
    expect("a lake", (report["stations"][0]["class"], report["stations"][0]["pollutants"]),
           (6, [{"parameter": "tp", "exceedance": 5.0}]))

    text = HEADER + rows(range(1, 11), GOOD) + rows(range(1, 11), "7.5,8,3,--,0.08", "b") + rows(range(1, 11), "7.5,8,3,*,0.3", "c")
    stations = {s["station"]: s for s in one(folder, text, "--period", "mtd")["stations"]}
    expect("missing: no class, and it is named", (stations["b"]["class"], stations["b"]["lacking"], stations["b"]["reason"]),
           (None, ["nh3n"], "有效天数不足:氨氮(0/10)"))
    expect("not measured: named", (stations["c"]["class"], stations["c"]["unmeasured"]), (4, ["nh3n"]))

    text = HEADER + rows(range(1, 4), GOOD) + rows(range(4, 6), GOOD, hours=(0, 4))
    expect("days with too few readings do not count", one(folder, text, "--period", "mtd")["stations"][0]["days"], 3)
    expect("a day that lacks readings", one(folder, text, "--period", "day")["stations"][0]["reason"][:6], "有效数据不足")
    expect("the day asked for", one(folder, text, "--period", "day", "--at", "2026-03-02")["about"]["period"]["from"], "2026-03-02")

    items = one(folder, HEADER + rows([1], "7.5,8,3,<0.05,0.08"), "--period", "day")["stations"][0]["items"]
    nh3n = next(i for i in items if i["parameter"] == "nh3n")
    expect("less than: half of it", (nh3n["mean_raw"], nh3n["below_detection"], nh3n["readings"]), (0.025, 6, 6))

    early = "2026-03-05T00:30:00+08:00"
    text = HEADER + f"2026-03-04T23:59:59+08:00,a,{GOOD}\n2026-03-05T00:00:00+08:00,a,{GOOD}\n{early},a,{GOOD}\n"
    items = one(folder, text, "--period", "day", "--at", "2026-03-04")["stations"][0]["items"]
    expect("23:59:59 is of its day", items[0]["readings"], 1)
    items = one(folder, text, "--period", "day", "--at", "2026-03-05")["stations"][0]["items"]
    expect("00:00:00 is of the next", items[0]["readings"], 2)

    text = HEADER + rows(range(1, 11), GOOD) + "2026-03-02T00:00:00+08:00,a,7.5,8,3,0.3,9\nyesterday,a,7,8,3,0.3,0.1\n" \
        "2026-03-11T00:00:00+08:00,a,7.5,8,3,abc,0.1\n"
    status, out, err = run(folder, text, "--period", "mtd", "-f", "csv")
    expect("wrong rows: status", status, 1)
    expect("wrong rows: named", [line.split(":")[1] for line in err.splitlines() if line.startswith("in.csv:")],
           ["63", "62", "62", "62", "62", "62", "64"])
    expect("wrong rows: the rest is used", out.splitlines()[1].split(",")[5], "2")


def what_is_refused(folder):
    for what, text, args, water, status, said in [
            ("no time column", "a,tp\n1,2\n", ("--period", "day"), "river", 1, "no column 'time'"),
            ("no parameter", "time,x\n2026-03-01,2\n", ("--period", "day"), "river", 1, "no column of a parameter"),
            ("no rows", HEADER, ("--period", "day"), "river", 1, "no rows to evaluate"),
            ("no water", HEADER, ("--period", "day"), None, 2, "--csv needs --config"),
            ("no period", HEADER, (), "river", 2, "--period is missing"),
            ("no such station", HEADER + rows([1], GOOD), ("--period", "day", "-s", "z"), "river", 1, "no station 'z'")]:
        found, out, err = run(folder, text, *args, water=water)
        expect(f"{what}: status", found, status)
        expect(f"{what}: nothing written", out, "")
        expect(f"{what}: message", said in err, True)


def against_the_engine(folder):
    source = os.path.join(DATA, "national_4h_20210401_0405.csv.gz")
    if not os.path.exists(source):
        print(f"SKIPPED: {source} is absent; evaluate was not held against backtest")
        return
    path, conf, days = (os.path.join(folder, n) for n in ("4h.csv", "x.conf", "days.csv"))
    columns = ["ph", "do_mgl", "codmn_mgl", "nh3n_mgl", "tp_mgl"]
    with gzip.open(source, "rt", encoding="utf-8", newline="") as f, open(path, "w", encoding="utf-8", newline="") as to:
        out = csv.writer(to)
        out.writerow(["time", "station", "ph", "do", "codmn", "nh3n", "tp"])
        out.writerows(sorted([r["ts"], r["province"] + r["section"], *(r[c] for c in columns)]
                             for r in csv.DictReader(f) if r["ts"]))
    with open(conf, "w", encoding="utf-8") as f:
        f.write('site { name = "x" }\nstation "*" { kind = national water = river class = III cycle = "4h" }\n')
    subprocess.run([WQCTL, "backtest", "-c", conf, "-i", path, "-d", days], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    engine, means = defaultdict(dict), defaultdict(list)
    with open(days, encoding="utf-8", newline="") as f:
        for row in csv.DictReader(f):
            if row["parameter"] == "all":
                engine[row["day"]][row["station"]] = (row["class"], row["verdict"])
    compared = 0
    for day in sorted(engine):
        done = subprocess.run([WQCTL, "evaluate", "--period", "day", "--at", day, "--csv", path, "--config", conf, "--json"],
                              stdout=subprocess.PIPE, encoding="utf-8", check=True)
        for s in json.loads(done.stdout)["stations"]:
            if s["station"] not in engine[day]:
                continue
            compared += 1
            # A column with "*" all over is an item of the station for the engine, and none for evaluate.
            if s["unmeasured"]:
                continue
            expect(f"{day} {s['station']}", ("" if s["class"] is None else str(s["class"]), s["verdict"]), engine[day][s["station"]])
            for item in s["items"]:
                if item["mean_raw"] is not None:
                    means[s["station"], item["parameter"]].append(item["mean_raw"])
    done = subprocess.run([WQCTL, "evaluate", "--period", "mtd", "--csv", path, "--config", conf, "--json"],
                          stdout=subprocess.PIPE, encoding="utf-8", check=True)
    checked = 0
    for s in json.loads(done.stdout)["stations"]:
        for item in s["items"]:
            mine = means.get((s["station"], item["parameter"]))
            if item["mean_raw"] is None or mine is None or item["parameter"] == "ph":
                continue
            checked += 1
            if abs(sum(mine) / len(mine) - item["mean_raw"]) > 1e-8 * max(1, item["mean_raw"]):
                fail(f"{s['station']} {item['parameter']}: mean of days {sum(mine) / len(mine)}, of the period {item['mean_raw']}")
    print(f"{compared} section-days have the engine's class and verdict, {checked} means of 5 days are those of their days")
    if compared < 4000 or checked < 3000:
        fail("too little was compared")


with tempfile.TemporaryDirectory() as where:
    small_files(where)
    what_is_refused(where)
    against_the_engine(where)
print(f"{len(failures)} failures" if failures else "PASS")
sys.exit(1 if failures else 0)
