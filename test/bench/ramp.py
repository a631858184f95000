#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws docs/surge.svg: total phosphorus of a made-up station on its way through 0.2 mg/L, and when `surge` warns.

    WQ_BIN=build/bin test/bench/ramp.py > docs/surge.svg"""

import csv
import math
import os
import random
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta, timezone

HERE = os.path.dirname(os.path.abspath(__file__))
WQCTL = os.path.join(os.environ.get("WQ_BIN", "build/bin"), "wqctl")
DAYS, ONSET, HOURS, LIMIT = 24, 19.5, 56, 0.2
LEFT, RIGHT, TOP, BOTTOM, WIDTH, HEIGHT = 46, 8, 20, 24, 720, 240


def series():
    """(time, level, reading) every four hours: quiet at 0.1, then growing to three times that."""
    dice, noise, rows = random.Random(7), 0., []
    at = datetime(2026, 3, 1, tzinfo=timezone(timedelta(hours=8)))
    for i in range(DAYS * 6):
        grown = min(1., max(0., (i / 6 - ONSET) * 24 / HOURS))
        level = .1 * math.exp(grown * math.log(3))
        noise = .5 * noise + dice.gauss(0, .09)
        rows.append((at + timedelta(hours=4 * i), level, round(level * math.exp(noise), 3)))
    return rows


def alarms(rows):
    with tempfile.TemporaryDirectory() as folder:
        feed, out = os.path.join(folder, "feed.csv"), os.path.join(folder, "out.csv")
        with open(feed, "w", encoding="utf-8") as f:
            f.write("time,station,tp\n" + "".join(f"{t.isoformat()},S,{v}\n" for t, _, v in rows))
        subprocess.run([WQCTL, "backtest", "--config", os.path.join(HERE, "early-warning.d", "tp.conf"), "--csv", feed,
                        "--samples", out], check=True)
        with open(out, encoding="utf-8") as f:
            return [r["event"] == "1" for r in csv.DictReader(f)]


def spans(on):
    """(first, last) of each run of readings with the alarm open."""
    starts = [i for i, a in enumerate(on) if a and not (i and on[i - 1])]
    return [(i, next((j for j in range(i, len(on)) if not on[j]), len(on)) - 1) for i in starts]


def main():
    rows = series()
    on, n = alarms(rows), len(rows)
    x = lambda i: LEFT + (WIDTH - LEFT - RIGHT) * i / (n - 1)
    y = lambda v: HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * v / .42
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="11">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>']
    for a, b in spans(on):
        out.append(f'<rect x="{x(a):.1f}" y="{TOP}" width="{x(b) - x(a):.1f}" height="{HEIGHT - TOP - BOTTOM}" fill="#fbd9b5"/>')
    for v in (0, .1, .2, .3):
        out.append(f'<text x="{LEFT - 6}" y="{y(v) + 4:.1f}" text-anchor="end">{v:.1f}</text>'
                   f'<path d="M{LEFT} {y(v):.1f}H{WIDTH - RIGHT}" stroke="{"#c00" if v == LIMIT else "#ddd"}"/>')
    for i in range(0, n, 24):
        out.append(f'<text x="{x(i):.1f}" y="{HEIGHT - 8}" text-anchor="middle">{rows[i][0]:%m-%d}</text>')
    out.append('<path d="M' + "L".join(f"{x(i):.1f} {y(r[1]):.1f}" for i, r in enumerate(rows)) + '" fill="none" stroke="#999" stroke-width="1.5"/>')
    out.append('<path d="M' + "L".join(f"{x(i):.1f} {y(r[2]):.1f}" for i, r in enumerate(rows)) + '" fill="none" stroke="#1565a8"/>')
    crossing = next(i for i, r in enumerate(rows) if r[1] > LIMIT)
    first = next((i for i in range(n) if on[i]), None)
    if first is None:
        sys.exit("no alarm: nothing to show")
    lead = (crossing - first) * 4
    out.append(f'<text x="{LEFT}" y="13">total phosphorus, mg/L: readings blue, true level grey, limit red; shaded: surge, '
               f'{lead} h before the level crosses</text></svg>')
    print("\n".join(out))


main()
