#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Classes of `wqctl classify` against the classes that the national platform published.

    national_daily.py [WQCTL] [DATA.csv.gz]

WQCTL defaults to $WQ_BIN/wqctl, DATA to $WQ_SHARED/data/national_daily_202005_202104.csv.gz. Rows are
those with a published class and raw values of all five evaluated items; the same reading published
twice counts once. All of them are classified by the river limits and by the lake limits.

The data do not say which section is a river and which a lake; only the limits of total phosphorus
differ. A section's water is therefore inferred from its own rows:
  votes   rows in which the two classes differ and the published one is one of them vote for it;
          the majority decides; a tie or no vote goes by the name (lake or reservoir words), else river.
          Sections whose votes disagree are counted with the majority, not left out.
This is partly circular, so the figure is given a second time without that: each reading judged by the
vote of its section's other readings, where they have one. Exit status: 0 both are at least 99.95 %, 1 below, 2 usage, 77 no data (skipped)."""

import csv
import gzip
import os
import re
import subprocess
import sys
import tempfile
from collections import defaultdict

ITEMS = ["ph", "do", "codmn", "nh3n", "tp"]
RAW = ["ph_raw", "do_mgl_raw", "codmn_mgl_raw", "nh3n_mgl_raw", "tp_mgl_raw"]
CLASSES = {"Ⅰ": "1", "Ⅱ": "2", "Ⅲ": "3", "Ⅳ": "4", "Ⅴ": "5", "劣Ⅴ": "6"}
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?$")
LAKE_WORDS = re.compile("湖|水库|库区|库心|库体|坝前|[^仓]库$")
GOAL = 0.9995


def rows_of(path):
    """(section, published class, raw texts) of each distinct reading that can be judged."""
    seen = set()
    with gzip.open(path, "rt", encoding="utf-8", newline="") as f:
        for row in csv.DictReader(f):
            values = [row[c].strip() for c in RAW]
            published = CLASSES.get(row["class_published"].strip())
            if published is None or not all(NUMBER.match(v) for v in values):
                continue
            section = (row["province"], row["section"])
            # The stamp has no year; the values tell the years apart.
            key = (section, row["monitor_time_mmdd_hhmm"], published, *values)
            if key not in seen:
                seen.add(key)
                yield section, published, values


def classify(wqctl, path, water, count):
    done = subprocess.run([wqctl, "classify", "--water", water, "--view", "raw", path],
                          stdout=subprocess.PIPE, encoding="utf-8", check=False)
    if done.returncode != 0:
        sys.exit(f"FAIL: {wqctl} classify --water {water}: exit status {done.returncode}")
    out = list(csv.DictReader(done.stdout.splitlines()))
    if [row["row"] for row in out] != [str(i) for i in range(count)]:
        sys.exit(f"FAIL: classify --water {water} did not give back the {count} rows in order")
    return [row["class"] for row in out]


def vote(published, river, lake):
    """+1 river, -1 lake, 0 says nothing."""
    if river == lake or published not in (river, lake):
        return 0
    return 1 if published == river else -1


def is_river(section, balance):
    return balance > 0 if balance != 0 else LAKE_WORDS.search(section[1]) is None


def report(what, hits, count):
    print(f"{what}: {hits} of {count} equal the published class ({100 * hits / count:.3f} %)")
    return hits >= GOAL * count


def main():
    wqctl = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.environ.get("WQ_BIN", "build/bin"), "wqctl")
    data = sys.argv[2] if len(sys.argv) > 2 else os.path.join(
        os.environ.get("WQ_SHARED", "../shared"), "data", "national_daily_202005_202104.csv.gz")
    if len(sys.argv) > 3 or not os.access(wqctl, os.X_OK):
        print(f"usage: national_daily.py [WQCTL] [DATA.csv.gz]; no program at {wqctl}", file=sys.stderr)
        return 2
    if not os.path.exists(data):
        print(f"SKIPPED: {data} is absent; nothing was compared")
        return 77

    rows = list(rows_of(data))
    if not rows:
        sys.exit(f"FAIL: no row of {data} has a class and five raw values")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "raw.csv")
        with open(path, "w", encoding="utf-8", newline="") as f:
            out = csv.writer(f)
            out.writerow(["row", "section", *ITEMS])
            out.writerows([i, section[1], *values] for i, (section, _, values) in enumerate(rows))
        river = classify(wqctl, path, "river", len(rows))
        lake = classify(wqctl, path, "lake", len(rows))

    votes = [vote(published, r, l) for (_, published, _), r, l in zip(rows, river, lake)]
    balance, kinds = defaultdict(int), defaultdict(set)
    for (section, _, _), v in zip(rows, votes):
        balance[section] += v
        kinds[section].add(v)
    hits = same = voted = voted_hits = 0
    for (section, published, values), r, l, v in zip(rows, river, lake, votes):
        same += r == l
        inferred = r if is_river(section, balance[section]) else l
        hits += published == inferred
        if balance[section] != v:
            voted += 1
            voted_hits += published == (r if is_river(section, balance[section] - v) else l)
        if published != inferred:
            print(f"  differs: {section[0]} {section[1]} {dict(zip(ITEMS, values))}: "
                  f"published {published}, river {r}, lake {l}")
    rivers = sum(is_river(s, b) for s, b in balance.items())
    disputed = sum({1, -1} <= k for k in kinds.values())
    silent = sum(k == {0} for k in kinds.values())
    print(f"{len(rows)} distinct readings with a class and five raw values, {len(balance)} sections: "
          f"{rivers} as river, {len(balance) - rivers} as lake; {silent} without a vote, {disputed} disputed; "
          f"in {same} readings both waters give the same class")
    good = report("water by the section's votes", hits, len(rows))
    good = report("water by the votes of the section's other readings", voted_hits, voted) and good
    print("PASS" if good else f"FAIL: below {100 * GOAL} %")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
