#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Are values that were not measured suspected, and how often are those that were? `wqctl qc` with trust=24.

    WQ_BIN=build/bin test/bench/trust.py DATA

As they are: the sondes of logan/ and the channels of gecco/gecco2018_train: values suspected, and suspicions (runs of them). Then
with 20 stretches of 48 values a series made up anew (fixed seed): a straight line between its ends, told as finely as the series;
rounded to a decimal less; and copied from the series of the same parameter at another station-year (logan). Found is a stretch with
the right reason in it.

Exit status: 0, 2 usage, 77 no data."""

import csv
import glob
import gzip
import os
import random
import subprocess
import sys

WQCTL = os.path.join(os.environ.get("WQ_BIN", "build/bin"), "wqctl")
SONDE, PLANT = ("temp", "cond", "ph", "do"), ("Cl", "pH", "Redox", "Leit", "Trueb", "Cl_2")
STRETCHES, LENGTH = 20, 48


def series(path, names):
    with gzip.open(path, "rt", encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f))
    for name in names:
        values = [r[name] for r in rows if r[name] not in ("", "NA", "NULL", "-9999")]
        yield f"{os.path.basename(path).split('.')[0]} {name}", values


def judge(values, other=None):
    """The test that each value is suspected by, "" for none. One value a minute: only their order matters."""
    at = [f"2020-{1 + i // 40320:02}-{1 + i // 1440 % 28:02}T{i // 60 % 24:02}:{i % 60:02}" for i in range(len(values))]
    text = "time,x,y\n" + "".join(f"{t},{v},{o}\n" for t, v, o in zip(at, values, other or [""] * len(values)))
    done = subprocess.run([WQCTL, "qc", "--csv", "-", "-s", "x.trust=24", "-s", "x.unlike=y", "-s", "y.low=-1e9"], input=text,
                          stdout=subprocess.PIPE, encoding="utf-8", check=True)
    return [line.rsplit(",", 1)[1] for line in done.stdout.splitlines()[1:] if ",x," in line]


def places(values):
    """Decimals that nearly all values do with."""
    told = sorted(len(v.partition(".")[2].rstrip("0")) for v in values)
    return told[len(told) * 95 // 100]


def stretches(values, dice):
    step = (len(values) - 2000) // STRETCHES
    return [1500 + i * step + dice.randrange(step - LENGTH) for i in range(STRETCHES)]


def made(values, kind, other, dice):
    """The series with its stretches made up, where they begin, and the other series beside it."""
    out, begins, n = list(values), stretches(values, dice), places(values)
    beside = (list(other) + [""] * len(values))[:len(values)] if kind == "copied" else None
    for a in begins:
        first, last = float(values[a]), float(values[a + LENGTH - 1])
        for i in range(LENGTH):
            if kind == "regular":
                out[a + i] = f"{first + (last - first) * i / (LENGTH - 1):.{n}f}"
            elif kind == "coarse":
                out[a + i] = f"{float(values[a + i]):.{max(0, n - 1)}f}"
            else:
                out[a + i] = beside[a + i] or out[a + i]
    return out, begins, beside


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    paths = [(p, SONDE) for p in sorted(glob.glob(f"{sys.argv[1]}/logan/*.csv.gz"))]
    paths += [(p, PLANT) for p in glob.glob(f"{sys.argv[1]}/gecco/gecco2018_train.csv.gz")]
    if not paths:
        print("no data")
        sys.exit(77)
    every = [s for path, names in paths for s in series(path, names)]
    count = suspected = runs = 0
    found, tried = {}, {}
    for k, (name, values) in enumerate(every):
        tests = judge(values)
        starts = sum(bool(t) and not b for t, b in zip(tests, [""] + tests))
        count, suspected, runs = count + len(values), suspected + sum(map(bool, tests)), runs + starts
        if starts > 9:
            print(f"  {name}: {starts} suspicions, {sum(map(bool, tests))} of {len(values)} values: "
                  + ", ".join(sorted(set(tests) - {""})))
        for kind in ("regular", "coarse", "copied"):
            other = every[(k + 4) % 20][1] if name.split()[1] in SONDE else None
            if kind == "copied" and other is None or kind == "coarse" and places(values) == 0:
                continue
            out, begins, beside = made(values, kind, other, random.Random(k))
            tests = judge(out, beside)
            tried[kind] = tried.get(kind, 0) + len(begins)
            found[kind] = found.get(kind, 0) + sum(kind in tests[a:a + LENGTH] for a in begins)
    print(f"{len(every)} series as they are: {suspected} of {count} values suspected ({100 * suspected / count:.2f} %), {runs} suspicions")
    for kind, n in tried.items():
        print(f"made up, {kind}: {found[kind]} of {n} found")


main()
