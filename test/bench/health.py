#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the rule `health` marks and tells on real readings, and what it does to the other rules' alarms.

    WQ_BIN=build/bin test/bench/health.py DATA [CONFIG]

`wqctl backtest` over national_4h_*.csv.gz of the folder DATA, with the rules of CONFIG (default docs/backtest.conf) and then with a section
`health "default" {}` too. Printed: readings marked suspect by parameter; device alarms by reason, and a station-month; alarms of the
other rules: the same, changed in words, level or time, gone, new. Nobody labelled these readings: nearly all of them are sound, so what
is marked or told is taken for false. Then the sondes of logan/ with the rule alone; technicians found
faults among these.

Exit status: 0, 2 usage, 77 no data."""

import collections
import csv
import glob
import gzip
import json
import os
import subprocess
import sys
import tempfile

WQCTL = os.path.join(os.environ.get("WQ_BIN", "build/bin"), "wqctl")
HERE = os.path.dirname(os.path.abspath(__file__))
COLUMNS = {"temp_c": "temp", "ph": "ph", "do_mgl": "do", "cond_uscm": "ec", "turb_ntu": "turbidity", "codmn_mgl": "codmn",
           "nh3n_mgl": "nh3n", "tp_mgl": "tp", "tn_mgl": "tn", "chla_mgl": "chla"}
REASONS = ["none", "carried", "range", "flat", "copied", "coarse", "regular", "cross"]


def convert(paths, to):
    """The national table as wqctl takes it; how many stations, and days of one with a row: stray rows of other days are few."""
    stations, days, rows = set(), set(), []
    for path in paths:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as f:
            for row in csv.DictReader(f):
                if not row["ts"]:
                    continue
                station = f"{row['province']}-{row['section']}"
                stations.add(station)
                days.add((station, row["ts"][:10]))
                rows.append((row["ts"], station, *(row[c] if row[c] not in ("*", "--", "") else "" for c in COLUMNS)))
    rows.sort(key=lambda r: (r[0], r[1]))
    with open(to, "w", encoding="utf-8", newline="") as f:
        out = csv.writer(f)
        out.writerow(["time", "station", *COLUMNS.values()])
        out.writerows(rows)
    return len(stations), len(days)


def backtest(folder, name, text, table):
    config, samples, alarms = (os.path.join(folder, f"{name}.{end}") for end in ("conf", "csv", "jsonl"))
    with open(config, "w", encoding="utf-8") as f:
        f.write(text)
    subprocess.run([WQCTL, "backtest", "--config", config, "--csv", table, "--samples", samples, "--alarms", alarms], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(alarms, encoding="utf-8") as f:
        return samples, [json.loads(line) for line in f]


SONDES = """
site { name = "sondes" timezone = "UTC+8" }
station "*" { kind = "national" cycle = "0" interval = "15m" }
health "default" {}
"""


def sondes(paths, folder):
    """The raw columns of logan/: a year of readings each 15 min from each sonde."""
    rows, days = [], 0
    for i, path in enumerate(paths):
        with gzip.open(path, "rt", encoding="utf-8", newline="") as f:
            own = [(r["datetime"].replace(" ", "T"), f"s{i}", *(r[c] if r[c] not in ("NULL", "NA", "-9999") else ""
                                                                for c in ("temp", "cond", "ph", "do"))) for r in csv.DictReader(f)]
        days += len({r[0][:10] for r in own})
        rows += own
    rows.sort(key=lambda r: r[0])
    table = os.path.join(folder, "sondes.csv")
    with open(table, "w", encoding="utf-8", newline="") as f:
        out = csv.writer(f)
        out.writerow(["time", "station", "temp", "ec", "ph", "do"])
        out.writerows(rows)
    samples, changes = backtest(folder, "sondes", SONDES, table)
    count, suspect, _ = qualities(samples)
    print(f"sondes, 15 min: {len(paths)} of them, {days} days; {sum(count.values())} readings, {sum(suspect.values())} suspect "
          f"({100 * sum(suspect.values()) / max(1, sum(count.values())):.2f} %)")
    tell_devices(changes, days)


def qualities(samples):
    count, suspect, bad = collections.Counter(), collections.Counter(), collections.Counter()
    with open(samples, encoding="utf-8", newline="") as f:
        for row in csv.DictReader(f):
            count[row["parameter"]] += row["quality"] in ("good", "suspect")
            suspect[row["parameter"]] += row["quality"] == "suspect"
            bad[row["parameter"]] += row["quality"] == "bad"
    return count, suspect, bad


def tell_devices(changes, days):
    """days: of all stations together."""
    device = [c for c in changes if c["rule"] == "default" and c["change"] == "opened"]
    reasons = collections.Counter((REASONS[int(c["evidence"].get("facts", {}).get("reason", 0))], c["parameter"]) for c in device)
    print(f"device alarms: {len(device)}, {len(device) / days * 30:.2f} a station-month")
    for (reason, parameter), n in sorted(reasons.items()):
        print(f"  {reason:8} {parameter:10} {n}")


def key(change):
    return change["rule"], change["station"], change["parameter"], change["change"], change["time"], change["level"]


def main():
    paths = sorted(glob.glob(f"{sys.argv[1]}/national_4h_*.csv.gz")) if len(sys.argv) in (2, 3) else None
    if paths is None:
        sys.exit(__doc__)
    if not paths:
        print("no data")
        sys.exit(77)
    base = sys.argv[2] if len(sys.argv) == 3 else os.path.join(HERE, "..", "..", "docs", "backtest.conf")
    with tempfile.TemporaryDirectory() as folder:
        table = os.path.join(folder, "table.csv")
        stations, days = convert(paths, table)
        with open(base, encoding="utf-8") as f:
            text = f.read()
        _, without = backtest(folder, "without", text, table)
        samples, with_ = backtest(folder, "with", text + '\nhealth "default" {}\n', table)
        count, suspect, bad = qualities(samples)
    print(f"{stations} stations, {days} days of one with a row")
    for p in COLUMNS.values():
        print(f"{p:10} {count[p]:7} readings, {suspect[p]:5} suspect ({100 * suspect[p] / max(1, count[p]):.2f} %), {bad[p]} bad")
    print(f"{'all':10} {sum(count.values()):7} readings, {sum(suspect.values()):5} suspect "
          f"({100 * sum(suspect.values()) / sum(count.values()):.2f} %)")
    tell_devices(with_, days)
    before = collections.Counter(map(key, without))
    after = collections.Counter(key(c) for c in with_ if c["rule"] != "default")
    gone, new = before - after, after - before
    print(f"changes of other alarms: {sum(before.values())} without health, {sum((before & after).values())} the same with it, "
          f"{sum(gone.values())} gone, {sum(new.values())} new")
    for what, changes in (("gone", gone), ("new", new)):
        for change, n in sorted(changes.items())[:12]:
            print(" ", what, n, *change)
    with tempfile.TemporaryDirectory() as folder:
        logan = sorted(glob.glob(f"{sys.argv[1]}/logan/*.csv.gz"))
        if logan:
            sondes(logan, folder)


main()
