#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How far the figures of early-warning may lie on files not seen: by what is drawn anew, through the program itself.

    WQ_BIN=build/bin test/bench/unseen.py DATA [SETS]

  tp     SETS (20) sets of 300 stations are made as the simulated set was (its levels, noise, outliers, gaps and ramps, estimated
         from it), each goes through `wqctl backtest` with early-warning.d/tp.conf; beside it 2000 draws of the set's own stations
  gecco  2000 draws of the days of each file, with what was found and told wrongly on them
  logan  2000 draws of four of the site-years, whole

Printed: mean, 5 % and 95 % of each figure, and the share of draws that miss its target. Days and stations are drawn as if they did
not depend on each other; a new season of the plant may differ by more. Standard library only. Exit status: 0, 2 usage, 77 no data."""

import importlib.machinery
import importlib.util
import math
import os
import random
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
loader = importlib.machinery.SourceFileLoader("early_warning", os.path.join(HERE, "early-warning"))
sys.dont_write_bytecode = True
ew = importlib.util.module_from_spec(importlib.util.spec_from_loader("early_warning", loader))
loader.exec_module(ew)
DRAWS = 2000


def tell(head, target, rows):
    """rows: dicts of figures, one a draw."""
    ew.say(f"{head}: {len(rows)} draws")
    missed_any = [False] * len(rows)
    for key, bound in ew.TARGETS[target].items():
        values = [r[key] for r in rows]
        missed = [v > bound if key in ew.LOWER else v < bound for v in values]
        missed_any = [a or b for a, b in zip(missed_any, missed)]
        order = sorted(values)
        ew.say(f"    {key:22s} mean {sum(values) / len(values):.3f}  5 % {order[len(order) // 20]:.3f}  95 % {order[len(order) * 19 // 20]:.3f}  "
               f"target {'<=' if key in ew.LOWER else '>='} {bound:.3g} missed in {100 * sum(missed) / len(rows):.0f} %")
    ew.say(f"    {'any of them':22s} missed in {100 * sum(missed_any) / len(rows):.0f} %")


# -- total phosphorus: made as the set was --


def station(dice, ramp):
    """(readings, onset, crossing) of one: 180 readings; None: missing."""
    base, share, spread = dice.uniform(.05, .14), dice.uniform(.25, .8), dice.uniform(.09, .22)
    onset, steps, peak = dice.randint(80, 126), dice.choice((24, 48, 72, 96)) // 4, dice.uniform(.24, .39)
    levels = []
    for i in range(180):
        j = i - onset
        grown = max(0., min(j / steps, 1., 1 - (j - steps - 18) / 24)) if ramp else 0.
        levels.append(base * math.exp(grown * math.log(peak / base)))
    noise, readings = dice.gauss(0, spread), []
    for level in levels:
        noise = share * noise + dice.gauss(0, spread * math.sqrt(1 - share * share))
        value = level * math.exp(noise) * (dice.uniform(2.5, 6) if dice.random() < .004 else 1)
        readings.append(None if dice.random() < .03 else round(value, 3))
    crossing = next((i for i in range(onset, 180) if levels[i] > .2), 180) if ramp else 180
    return readings, onset if ramp else 180, crossing


def stamp_of(i):
    return ew.stamp(1709251200 + i * 14400)


def alarms_of(folder, stations):
    """[[bool, …], …] for [(readings, onset, crossing), …]."""
    feed, out = os.path.join(folder, "feed.csv"), os.path.join(folder, "out.csv")
    ew.write(feed, ["time", "station", "tp"], ([stamp_of(i), f"S{k:03d}", "" if v is None else v]
                                               for k, (readings, _, _) in enumerate(stations) for i, v in enumerate(readings)))
    ew.wqctl("backtest", "--config", os.path.join(HERE, "early-warning.d", "tp.conf"), "--csv", feed, "--samples", out)
    on = [[False] * len(readings) for readings, _, _ in stations]
    with open(out, encoding="utf-8") as f:
        for r in ew.csv.DictReader(f):
            on[int(r["station"][1:])][(ew.seconds(r["time"]) - 1709251200) // 14400] = r["event"] == "1"
    return on


def counts_of(on, onset, crossing):
    """(ramp, warned, false episodes, readings in alarm, readings) before the onset."""
    first = next((i for i in range(onset, crossing) if on[i] and not on[i - 1]), None)
    false, last = 0, None
    for i in (i for i in range(onset) if on[i]):
        false, last = false + (last is None or i - last > 6), i
    return int(onset < len(on)), int(first is not None), false, sum(on[:onset]), onset


def tp_figures(counts):
    ramps, warned, false, held, quiet = (sum(c) for c in zip(*counts))
    return {"warned %": 100 * warned / max(1, ramps), "false/station-month": false / (quiet / 6) * 30, "in alarm %": 100 * held / quiet}


def tp(data, sets):
    dice = random.Random(20240301)
    with tempfile.TemporaryDirectory() as folder:
        rows = []
        for _ in range(sets):
            stations = [station(dice, k % 2 == 0) for k in range(300)]
            rows.append(tp_figures([counts_of(a, s[1], s[2]) for a, s in zip(alarms_of(folder, stations), stations)]))
        tell("tp: sets made anew", "tp", rows)
        series = {}
        for r in ew.table(f"{data}/simulated_tp/tp_4h_sim.csv.gz"):
            series.setdefault(r["station"], []).append(None if ew.number(r["tp_mgl"]) == "" else float(r["tp_mgl"]))
        ramps = {r["station"]: (int(r["onset_index"]), int(r["crossing_index"])) for r in ew.table(f"{data}/simulated_tp/tp_4h_sim_events.csv")}
        stations = [(v, *ramps.get(k, (180, 180))) for k, v in series.items()]
        counts = [counts_of(a, s[1], s[2]) for a, s in zip(alarms_of(folder, stations), stations)]
    tell("tp: stations of the set drawn anew", "tp", [tp_figures(dice.choices(counts, k=300)) for _ in range(DRAWS)])


# -- the plant: days drawn anew --


def gecco(path):
    """Counts by day: hit, missed and false rows, events, those found, false episodes."""
    bench_folder = tempfile.mkdtemp()
    try:
        ew.Bench(bench_folder, None).gecco(path)
        name = os.path.basename(path).split(".")[0]
        found = [r["event"] == "1" for r in ew.table(os.path.join(bench_folder, f"{name}.detections.csv"))]
    finally:
        ew.shutil.rmtree(bench_folder)
    rows = ew.table(path)
    at, true = [ew.seconds(r["Time"]) for r in rows], [r["EVENT"] in ("1", "TRUE", "True") for r in rows]
    days = {t // 86400: [0] * 6 for t in at}
    for t, y, p in zip(at, true, found):
        day = days[t // 86400]
        day[0], day[1], day[2] = day[0] + (y and p), day[1] + (y and not p), day[2] + (p and not y)
    events = ew.spans(true)
    for a, b in events:
        days[at[a] // 86400][3] += 1
        days[at[a] // 86400][4] += any(found[a:b + 1])
    for a in ew.false_episodes(at, events, found):
        days[at[a] // 86400][5] += 1
    dice, figures = random.Random(1), []
    for _ in range(DRAWS):
        hit, missed, false, count, seen, wrong = (sum(c) for c in zip(*dice.choices(list(days.values()), k=len(days))))
        figures.append({"F1": ew.f1(hit, missed, false), "events": seen / max(1, count), "false/day": wrong / len(days)})
    tell(f"{name}: days drawn anew", "gecco", figures)


# -- sondes: site-years drawn anew --


def logan(data):
    years = []
    with tempfile.TemporaryDirectory() as folder:
        bench = ew.Bench(folder, None)
        for path in ew.files_of(f"{data}/logan"):
            if path.endswith("_calib_dates.csv"):
                continue
            rows = ew.table(path)
            flags = bench.quality("year", "logan.qc", ew.LOGAN, rows, "datetime")
            years.append({q: ew.logan_counts(rows, q, flags[q]) for q in ew.LOGAN})
    dice = random.Random(1)
    for q in ew.LOGAN:
        figures = []
        for _ in range(DRAWS):
            hit, count, false, weeks, extra, clean = (sum(c) for c in zip(*(y[q] for y in dice.choices(years, k=4))))
            if count > 0:
                figures.append({"recall": hit / count, "false/station-week": false / weeks, "unlabelled %": 100 * extra / clean})
        tell(f"logan {q}: four site-years drawn anew", "logan", figures)


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    data = sys.argv[1]
    if not os.path.isdir(os.path.join(data, "gecco")):
        print(f"no data in {data}")
        sys.exit(77)
    tp(data, int(sys.argv[2]) if len(sys.argv) == 3 else 20)
    for year in (2018, 2017):
        gecco(f"{data}/gecco/gecco{year}_train.csv.gz")
    logan(data)


if __name__ == "__main__":
    main()
