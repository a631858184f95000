#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The three views of a value on the national platform's own data.

    views.py [BIN] [DATA]     BIN defaults to $WQ_BIN, DATA to $WQ_SHARED/data

1. Displayed: `wqctl round --view displayed` of every raw value is the text that the platform displayed, cell by cell.
   Stations that had stopped long before are shown with their last row; some of these rows are old enough to have
   chlorophyll and algae with two places, as the platform showed them then. Such a cell of a stale row is counted
   apart and held against two places; there is no other exception.
2. Evaluation: section-days of the 4-hourly file through `wqctl backtest --days`, once with daily_view = raw and once with
   daily_view = evaluation. What differs is the effect of rounding daily means; it is the same as this script finds
   with decimals of its own. Days with at least four readings of each of the five items count; river limits for all.
Exit status: 0 passed, 1 failed, 2 usage, 77 no data (skipped)."""

import csv
import gzip
import io
import math
import os
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

NUMBER = re.compile(r"-?[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?$")
ITEMS = ["ph", "do", "codmn", "nh3n", "tp"]
COLUMNS = ["ph", "do_mgl", "codmn_mgl", "nh3n_mgl", "tp_mgl"]
PLACES = [0, 1, 1, 2, 3]
LIMITS = [None, [7.5, 6, 5, 3, 2], [2, 4, 6, 10, 15], ["0.15", "0.5", 1, "1.5", 2], ["0.02", "0.1", "0.2", "0.3", "0.4"]]
OLD_COLUMNS = ("chla_mgl", "algae_cells_l")
failures = []


def fail(text):
    failures.append(text)
    if len(failures) <= 20:
        print("FAIL:", text)


def stale(row):
    """The reading is not of the day of the file nor of the day before."""
    day = date.fromisoformat(row["file_date"])
    return row["monitor_time_mmdd_hhmm"][:5] not in (f"{d:%m-%d}" for d in (day, day - timedelta(days=1)))


def two_places(raw):
    return str(Decimal(raw).quantize(Decimal("0.01"), ROUND_HALF_EVEN))


def displayed_is_what_the_platform_displayed(wqctl, data):
    path = os.path.join(data, "national_daily_202005_202104.csv.gz")
    with gzip.open(path, "rt", encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f))
    pairs = [c for c in rows[0] if c + "_raw" in rows[0]]
    text = io.StringIO()
    out = csv.writer(text)
    out.writerow(["row", *pairs])
    out.writerows([i, *(r[c + "_raw"] if NUMBER.match(r[c + "_raw"]) else "--" for c in pairs)] for i, r in enumerate(rows))
    done = subprocess.run([wqctl, "round", "--view", "displayed", "-"], input=text.getvalue(), stdout=subprocess.PIPE,
                          encoding="utf-8", check=False)
    if done.returncode != 0:
        fail(f"wqctl round: exit status {done.returncode}")
    cells = ties = zeros = tiny = differ = old = 0
    shown = list(csv.DictReader(done.stdout.splitlines()))
    if len(shown) != len(rows):
        fail(f"wqctl round gave {len(shown)} rows of {len(rows)}")
    for row, mine in zip(rows, shown):
        for c in pairs:
            raw = row[c + "_raw"]
            if not NUMBER.match(raw) or not NUMBER.match(row[c]):
                continue
            if mine[c] != row[c] and c in OLD_COLUMNS and stale(row) and row[c] == two_places(raw):
                old += 1
                continue
            cells += 1
            zeros += row[c] == "0"
            places = -Decimal(row[c]).as_tuple().exponent
            tiny += places > 3
            ties += (Decimal(raw) * 10 ** max(places, 0) * 2) % 2 == 1
            if mine[c] != row[c]:
                differ += 1
                if differ <= 20:
                    print(f"{row['file_date']} {row['section']} {c}: raw {raw}, displayed {row[c]}, ours {mine[c]}")
    print(f"displayed: {cells - differ} of {cells} cells equal the platform's ({ties} exact ties, {zeros} exact zeros, {tiny} "
          f"with more than three places); {old} more are of stale rows, with two places of chlorophyll or algae")
    if cells == 0 or differ:
        fail(f"{differ} of {cells} displayed cells differ")


def class_of(item, value):
    if item == 0:
        return 1 if 6 <= value <= 9 else 6
    limits = [Decimal(str(x)) for x in LIMITS[item]]
    good = [value >= x for x in limits] if item == 1 else [value <= x for x in limits]
    return next((i + 1 for i, ok in enumerate(good) if ok), 6)


def rounded(item, value):
    quantum = Decimal(1).scaleb(-PLACES[item])
    result = value.quantize(quantum, ROUND_HALF_EVEN)
    if result == 0 and value != 0:
        result = value.quantize(Decimal(1).scaleb(value.adjusted()), ROUND_HALF_EVEN)
    return result


def mean(item, values):
    if item == 0:
        return Decimal(repr(-math.log10(math.fsum(10 ** -float(v) for v in values) / len(values))))
    return sum(values) / len(values)


def read_days(path):
    """(section, day) -> the values of each item, as decimals."""
    days = defaultdict(lambda: [[] for _ in ITEMS])
    with gzip.open(path, "rt", encoding="utf-8", newline="") as f:
        for row in csv.DictReader(f):
            for i, c in enumerate(COLUMNS):
                if row["ts"] and NUMBER.match(row[c]):
                    days[row["province"] + row["section"], row["ts"][:10]][i].append(Decimal(row[c]))
    return days


def backtest(wqctl, folder, path, view):
    """(section, day) -> parameter -> (class, verdict) by the product."""
    conf = os.path.join(folder, f"{view}.conf")
    days = os.path.join(folder, f"{view}.csv")
    with open(conf, "w", encoding="utf-8") as f:
        f.write(f'site {{ name = "x" }}\nevaluation {{ minimum_valid = 4 daily_view = {view} }}\n'
                'station "*" { kind = national water = river class = III }\n')
    done = subprocess.run([wqctl, "backtest", "--config", conf, "--csv", path, "--days", days], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, encoding="utf-8", check=False)
    if done.returncode != 0:
        fail(f"wqctl backtest, {view}: exit status {done.returncode}: {done.stdout[-500:]}")
        return {}
    found = defaultdict(dict)
    with open(days, encoding="utf-8", newline="") as f:
        for row in csv.DictReader(f):
            found[row["station"], row["day"]][row["parameter"]] = (row["class"], row["verdict"])
    return found


def rounding_of_daily_means(wqctl, data):
    source = os.path.join(data, "national_4h_20210401_0405.csv.gz")
    days = read_days(source)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "4h.csv")
        with gzip.open(source, "rt", encoding="utf-8", newline="") as f, open(path, "w", encoding="utf-8", newline="") as to:
            out = csv.writer(to)
            out.writerow(["time", "station", *ITEMS])
            rows = [[r["ts"], r["province"] + r["section"], *(r[c] for c in COLUMNS)] for r in csv.DictReader(f)]
            out.writerows(sorted(r for r in rows if r[0]))
        raw, evaluation = (backtest(wqctl, folder, path, v) for v in ("raw", "evaluation"))
    whole = {k: v for k, v in days.items() if all(len(x) >= 4 for x in v)}
    changed = {"class": 0, "III": 0}
    ours = {"class": 0, "III": 0}
    by_item = defaultdict(int)
    for key, values in whole.items():
        means = [mean(i, v) for i, v in enumerate(values)]
        a = [class_of(i, m) for i, m in enumerate(means)]
        b = [class_of(i, rounded(i, m)) for i, m in enumerate(means)]
        changed["class"] += max(a) != max(b)
        if (max(a) > 3) != (max(b) > 3):
            changed["III"] += 1
            for i, name in enumerate(ITEMS):
                by_item[name] += (a[i] > 3) != (b[i] > 3)
        if key not in raw or key not in evaluation:
            fail(f"{key}: no verdict")
            continue
        r, e = raw[key]["all"], evaluation[key]["all"]
        if (r[0], e[0]) != (str(max(a)), str(max(b))):
            fail(f"{key}: class {r[0]} raw and {e[0]} rounded; by this script {max(a)} and {max(b)}")
        ours["class"] += r[0] != e[0]
        ours["III"] += r[1] != e[1]
    print(f"evaluation: {len(days)} section-days, {len(whole)} with at least 4 readings of each of the five items; rounding "
          f"the daily mean changes the class of {ours['class']} and Class III met or not of {ours['III']} "
          f"({', '.join(f'{k} {v}' for k, v in by_item.items() if v)})")
    if ours != changed:
        fail(f"the product finds {ours}, this script {changed}")
    if not ours["III"]:
        fail("no section-day changes: the two views are not told apart")


def main():
    wqctl = os.path.join(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("WQ_BIN", "build/bin"), "wqctl")
    data = sys.argv[2] if len(sys.argv) > 2 else os.path.join(os.environ.get("WQ_SHARED", "../shared"), "data")
    if len(sys.argv) > 3 or not os.access(wqctl, os.X_OK):
        print(f"usage: views.py [BIN] [DATA]; no program at {wqctl}", file=sys.stderr)
        return 2
    if not os.path.exists(os.path.join(data, "national_4h_20210401_0405.csv.gz")):
        print(f"SKIPPED: {data} is absent; nothing was compared")
        return 77
    displayed_is_what_the_platform_displayed(wqctl, data)
    rounding_of_daily_means(wqctl, data)
    print(f"{len(failures)} failures" if failures else "PASS")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
