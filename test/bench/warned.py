#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How early, how often and how rightly the default rules warn, on the national 4-hourly data.

    warned.py DATA.csv.gz [CONFIG …]
    warned.py --trends DATA.csv.gz

DATA: national_4h_20210401_0405.csv.gz. CONFIG: files with a section station "*" (default docs/backtest.conf).
WQ_BIN: the folder of wqctl (default build/bin). Each CONFIG is run by `wqctl backtest`, and in the same way a reference: the
plain rule "any single reading over the class III limit" (opens at warning, the first reading within the limit clears).

River or lake is inferred per section as test/scenario/national_daily.py does (the published class votes; a tie goes by the
name); rivers and lakes are run apart, because only the limits of total phosphorus differ and station "*" has one water.

What is counted, on the days asked for:
  notices        openings, raises and clears of alarms of level watch or higher (the default min_level of a route), of all rules,
                 per officer-day: an officer is assumed to have 12 sections
  failed         section-days whose station verdict is `exceeds` (daily mean of any of five items worse than Class III)
  fresh          those of them whose day before met: the ones that surprise
  warned         an alarm of the level or higher, of a rule that looks ahead (limit, today, trend), was open at some moment of
                 the day before its last reading. Alarms that tell of a closed day (daily, fall, month) do not count
  false          section-days that met and were warned all the same
  lead           median hours from the first moment of warning on that day to the day's end, over failed fresh days

--trends: of each parameter the share of sections in whose five days a trend is found (18 values or more, nominal 5 %) by the plain test
(`wqctl trend --test mk`) and by ours (`--test ar1`); and, for items with a limit, the share at which the rule `trend` warned at
least once (`wqctl backtest`, rules of TRENDS below, Class III), at how many of these a later reading was over the limit, and at
how many of those it did not warn of and that had met until three days had passed.

Exit status: 0, 2 usage, 77 no data."""

import csv
import gzip
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from datetime import datetime, timedelta, timezone

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenario"))
from national_daily import CLASSES, NUMBER, is_river, vote  # noqa: E402

ZONE = timezone(timedelta(hours=8))
ITEMS = {"ph": "ph", "do": "do_mgl", "codmn": "codmn_mgl", "nh3n": "nh3n_mgl", "tp": "tp_mgl"}
LEVELS = ["info", "watch", "warning", "alarm"]
AHEAD = {"limit", "today", "trend"}
SECTIONS = 12
CHOOSE, REPORT = ("2021-04-01", "2021-04-03"), ("2021-04-04", "2021-04-05")
WQCTL = os.path.join(os.environ.get("WQ_BIN", "build/bin"), "wqctl")

REFERENCE = """
limit "any-reading" {
	parameters = { "tp", "nh3n", "codmn", "do", "ph" }
	class = 3
	readings = 1
	level = "warning"
}
"""


COLUMNS = {"temp": "temp_c", "ph": "ph", "do": "do_mgl", "ec": "cond_uscm", "turbidity": "turb_ntu", "codmn": "codmn_mgl",
           "nh3n": "nh3n_mgl", "tp": "tp_mgl", "tn": "tn_mgl", "chla": "chla_mgl"}
LEAST, AFTER = 18, "2021-04-03T12:30"
MEETS = {"ph": (6, 9), "do": (5, 1e9), "codmn": (0, 6), "nh3n": (0, 1), "tp": (0, .2)}  # Class III, rivers

# pH lies within 0.67 of its limits all the time; oxygen and pH have a course of the day.
TRENDS = """
site {
	name = "national"
	timezone = "UTC+8"
}
station "*" {
	kind = "national"
	water = "river"
	class = "III"
	cycle = "4h"
}
trend "tp" {
	parameters = { "tp" }
}
trend "codmn" {
	parameters = { "codmn" }
}
trend "nh3n" {
	parameters = { "nh3n" }
}
trend "do" {
	parameters = { "do" }
	readings = 30
	minimum = 18
	season = "1d"
}
trend "ph" {
	parameters = { "ph" }
	readings = 30
	minimum = 18
	season = "1d"
	near = 0.9
}
"""


def rows_of(path):
    with gzip.open(path, "rt", encoding="utf-8", newline="") as f:
        for row in csv.DictReader(f):
            if not row["ts"].startswith("2021-"):
                continue  # a section without a time gave nothing
            yield (row["province"] + row["section"], row["section"], row["ts"], row["class"].strip(),
                   [row[c].strip() for c in ITEMS.values()])


def classify(path, water):
    done = subprocess.run([WQCTL, "classify", "--water", water, "--view", "raw", path],
                          stdout=subprocess.PIPE, encoding="utf-8", check=True)
    return [row["class"] for row in csv.DictReader(done.stdout.splitlines())]


def waters(rows, folder):
    """The water of each section."""
    full = [r for r in rows if CLASSES.get(r[3]) and all(NUMBER.match(v) for v in r[4])]
    path = os.path.join(folder, "classes.csv")
    with open(path, "w", encoding="utf-8", newline="") as f:
        out = csv.writer(f)
        out.writerow(["section", *ITEMS])
        out.writerows([r[0], *r[4]] for r in full)
    balance = defaultdict(int)
    for r, river, lake in zip(full, classify(path, "river"), classify(path, "lake")):
        balance[r[0]] += vote(CLASSES[r[3]], river, lake)
    return {r[0]: "river" if is_river((r[0], r[1]), balance[r[0]]) else "lake" for r in rows}


def time_of(text):
    return datetime.fromisoformat(text).astimezone(ZONE)


def split(text):
    """(kind, title, whole text) of each top-level section."""
    return re.findall(r'(?ms)^(\w+)(?: "([^"]*)")? (\{.*?^\})', text)


def reference_of(text):
    kept = [f'{kind}{f" {chr(34)}{title}{chr(34)}" if title else ""} {body}' for kind, title, body in split(text)
            if kind in ("site", "evaluation", "standard", "station")]
    return "\n".join(kept) + REFERENCE


def run(text, water, series, folder):
    """Changes of alarms and verdicts of days."""
    kinds = {title: kind for kind, title, _ in split(text) if title}
    config, alarms, days = (os.path.join(folder, n) for n in ("rules.conf", "alarms.jsonl", "days.csv"))
    with open(config, "w", encoding="utf-8") as f:
        f.write(re.sub(r'water = "\w+"', f'water = "{water}"', text))
    subprocess.run([WQCTL, "backtest", "--config", config, "--csv", series, "--alarms", alarms, "--days", days],
                   stdout=subprocess.DEVNULL, check=True)
    with open(alarms, encoding="utf-8") as f:
        changes = [json.loads(line) for line in f]
    for c in changes:
        c["kind"] = kinds.get(c["rule"], "")
    with open(days, encoding="utf-8", newline="") as f:
        verdicts = {(d["station"], d["day"]): d["verdict"] for d in csv.DictReader(f) if d["parameter"] == "all"}
    return changes, verdicts


def episodes(changes):
    """(station, level, from, to) of every alarm that looks ahead: from the moment it reached that level."""
    spans, open_ = [], {}
    for c in changes:
        if c["kind"] not in AHEAD or c["station"] is None:
            continue
        at, key = time_of(c["time"]), c["alarm"]
        if c["change"] in ("opened", "raised", "corrected") and c["change"] != "cleared":
            reached = open_.setdefault(key, (c["station"], {}))[1]
            for level in LEVELS[: LEVELS.index(c["level"]) + 1]:
                reached.setdefault(level, at)
        elif c["change"] in ("cleared", "closed") and key in open_:
            station, reached = open_.pop(key)
            spans += [(station, level, since, at) for level, since in reached.items()]
    for station, reached in open_.values():
        spans += [(station, level, since, datetime.max.replace(tzinfo=ZONE)) for level, since in reached.items()]
    return spans


class Tally:
    """What one rule set did on some days."""

    def __init__(self, last, changes, verdicts, days):
        self.last, self.verdicts = last, verdicts
        self.days = {k for k in last if days[0] <= k[1] <= days[1]}
        self.by_level = defaultdict(int)
        for c in changes:
            if c["change"] in ("opened", "raised", "cleared") and c["level"] != "info" and \
                    days[0] <= c["time"][:10] <= days[1]:
                self.by_level[c["level"]] += 1
        self.spans = defaultdict(list)
        for station, level, since, until in episodes(changes):
            self.spans[station, level].append((since, until))

    def warned_at(self, key, level):
        """The first moment of the day, before its last reading, at which an alarm was open; None: none."""
        start = datetime.fromisoformat(key[1]).replace(tzinfo=ZONE)
        moments = [max(since, start) for since, until in self.spans[key[0], level]
                   if since < self.last[key] and until > start]
        return min(moments) if moments else None

    def failed(self):
        return [k for k in self.days if self.verdicts.get(k) == "exceeds"]

    def fresh(self):
        before = lambda d: (datetime.fromisoformat(d) - timedelta(days=1)).strftime("%Y-%m-%d")  # noqa: E731
        return [k for k in self.failed() if self.verdicts.get((k[0], before(k[1]))) == "meets"]

    def met(self):
        return [k for k in self.days if self.verdicts.get(k) == "meets"]

    def row(self, name):
        per = SECTIONS / max(1, len(self.days))
        notices = sum(self.by_level.values())
        split_ = " ".join(f"{level} {self.by_level[level] * per:.2f}" for level in LEVELS[1:])
        cells = [name, f"{notices * per:.2f} ({split_})"]
        for level in ("watch", "warning"):
            good = sum(self.warned_at(k, level) is not None for k in self.failed())
            new = [w for w in (self.warned_at(k, level) for k in self.fresh()) if w is not None]
            bad = sum(self.warned_at(k, level) is not None for k in self.met())
            # To the end of that day.
            lead = [24 - w.hour - w.minute / 60 for w in new]
            cells += [f"{good}/{len(self.failed())} ({100 * good / max(1, len(self.failed())):.0f} %)",
                      f"{len(new)}/{len(self.fresh())} ({100 * len(new) / max(1, len(self.fresh())):.0f} %)",
                      f"{bad}/{len(self.met())}", f"{statistics.median(lead):.0f} h" if lead else "–"]
        return cells


# -- trends --


def columns_of(path):
    """{parameter: {section: [(time, text)]}}, each time once."""
    found = {alias: defaultdict(dict) for alias in COLUMNS}
    with gzip.open(path, "rt", encoding="utf-8", newline="") as f:
        for row in csv.DictReader(f):
            for alias, column in COLUMNS.items():
                if row["ts"].startswith("2021-") and NUMBER.match(row[column].strip()):
                    found[alias][row["province"] + row["section"]].setdefault(row["ts"], row[column].strip())
    return {alias: {s: sorted(v.items()) for s, v in series.items()} for alias, series in found.items()}


def p_of(alias, values, test):
    done = subprocess.run([WQCTL, "trend", "--csv", "-", "--parameter", alias, "--test", test, "--json"], check=True,
                          input=f"time,{alias}\n" + "".join(f"{t},{v}\n" for t, v in values),
                          stdout=subprocess.PIPE, encoding="utf-8")
    return json.loads(done.stdout)["p"]


def warned_sections(found, folder):
    """{parameter: {section: when the rule warned first}}"""
    config, feed, alarms = (os.path.join(folder, n) for n in ("trends.conf", "trends.csv", "trends.jsonl"))
    items = list(ITEMS)
    cells = defaultdict(dict)
    for alias in items:
        for section, values in found[alias].items():
            for t, v in values:
                cells[t, section][alias] = v
    with open(config, "w", encoding="utf-8") as f:
        f.write(TRENDS)
    with open(feed, "w", encoding="utf-8", newline="") as f:
        out = csv.writer(f)
        out.writerow(["station", "time", *items])
        out.writerows([s, t, *(row.get(a, "") for a in items)] for (t, s), row in sorted(cells.items()))
    subprocess.run([WQCTL, "backtest", "--config", config, "--csv", feed, "--alarms", alarms], stdout=subprocess.DEVNULL, check=True)
    warned = defaultdict(dict)
    with open(alarms, encoding="utf-8") as f:
        for change in map(json.loads, f):
            if change["change"] == "opened":
                warned[change["rule"]].setdefault(change["station"], time_of(change["time"]))
    return warned


def told(alias, series, warned):
    """Share of sections warned of; of how many of them a later reading exceeded; of how many of the others that met until AFTER."""
    low, high = MEETS[alias]
    sections = [s for s in warned[alias] if s in series]
    later = sum(any(time_of(t) > warned[alias][s] and not low <= float(v) <= high for t, v in series[s]) for s in sections)
    others = [v for s, v in series.items()
              if s not in warned[alias] and all(low <= float(x) <= high for t, x in v if t <= AFTER)]
    came = sum(any(t > AFTER and not low <= float(x) <= high for t, x in v) for v in others)
    return f"{100 * len(sections) / max(1, len(series)):.1f} % | {later} of {len(sections)} | {came} of {len(others)}"


def trends(path):
    found = columns_of(path)
    with tempfile.TemporaryDirectory() as folder:
        warned = warned_sections(found, folder)
    print("| national sections, 1-5 April 2021 | with 18 values | plain Mann-Kendall, p < .05 | `ar1`, p < .05 | rule `trend` warned | "
          "exceeded later | of the others |")
    print("|---|---|---|---|---|---|---|")
    for alias, series in found.items():
        series = {s: v for s, v in series.items() if len(v) >= LEAST}
        share = {}
        for test in ("mk", "ar1"):
            ps = [p_of(alias, v, test) for v in series.values()]
            share[test] = 100 * sum(p is not None and p < .05 for p in ps) / max(1, len(ps))
        print(f"| {alias} | {len(series)} | {share['mk']:.0f} % | {share['ar1']:.0f} % | "
              f"{told(alias, series, warned) if alias in ITEMS else 'no limit | |'} |", flush=True)
    return 0


def main():
    if len(sys.argv) < 2 or not os.access(WQCTL, os.X_OK):
        print(f"usage: warned.py DATA.csv.gz [CONFIG …]; wqctl is looked for at {WQCTL}", file=sys.stderr)
        return 2
    if sys.argv[1] == "--trends" and len(sys.argv) == 3:
        if not os.path.exists(sys.argv[2]):
            print(f"SKIPPED: {sys.argv[2]} is absent; nothing was measured")
            return 77
        return trends(sys.argv[2])
    if not os.path.exists(sys.argv[1]):
        print(f"SKIPPED: {sys.argv[1]} is absent; nothing was measured")
        return 77
    configs = sys.argv[2:] or [os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/backtest.conf")]
    texts = []
    for path in configs:
        with open(path, encoding="utf-8") as f:
            texts.append((os.path.basename(path), f.read()))
    texts.insert(0, ("any single reading over the limit", reference_of(texts[0][1])))
    rows = list(rows_of(sys.argv[1]))
    last = {}
    for section, _, ts, _, values in rows:
        if any(NUMBER.match(v) for v in values):
            key = (section, ts[:10])
            last[key] = max(last.get(key, time_of(ts)), time_of(ts))
    with tempfile.TemporaryDirectory() as folder:
        water = waters(rows, folder)
        series = {}
        for w in ("river", "lake"):
            series[w] = os.path.join(folder, w + ".csv")
            with open(series[w], "w", encoding="utf-8", newline="") as f:
                out = csv.writer(f)
                out.writerow(["station", "time", *ITEMS])
                out.writerows([r[0], r[2], *r[4]] for r in rows if water[r[0]] == w)
        count = sum(w == "river" for w in water.values())
        print(f"{len(rows)} rows, {len(water)} sections: {count} as river, {len(water) - count} as lake")
        done = []
        for name, text in texts:
            changes, verdicts = [], {}
            for w in ("river", "lake"):
                c, v = run(text, w, series[w], folder)
                for change in c:
                    change["alarm"] = w + change["alarm"]
                changes += c
                verdicts.update(v)
            done.append((name, changes, verdicts))
    head = ["rules", f"notices per officer-day ({SECTIONS} sections)", "warned ≥ watch, of failed", "of fresh", "false",
            "lead", "warned ≥ warning, of failed", "of fresh", "false", "lead"]
    for title, days in (("days to choose by", CHOOSE), ("days to report", REPORT)):
        print(f"\n{title}: {days[0]} … {days[1]}\n\n| {' | '.join(head)} |\n|{'---|' * len(head)}")
        for name, changes, verdicts in done:
            print(f"| {' | '.join(Tally(last, changes, verdicts, days).row(name))} |")
    if os.environ.get("WQ_RULES"):
        by = defaultdict(int)
        for c in done[-1][1]:
            by[c["rule"], c["change"], c["level"]] += 1
        for key, n in sorted(by.items()):
            print(*key, n)
    return 0


if __name__ == "__main__":
    sys.exit(main())
