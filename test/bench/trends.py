#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws docs/trend-rise.svg and docs/trend-none.svg from the national 4-hourly data of 1-5 April 2021: a rise that the rule `trend` warned of,
and a series that plain Mann-Kendall calls a trend and `--test ar1` does not.

    WQ_BIN=build/bin test/bench/trends.py DATA.csv.gz FOLDER

DATA: national_4h_20210401_0405.csv.gz. Exit status: 0, 1 the data do not show it (any more), 2 usage, 77 no data."""

import json
import os
import sys
import tempfile

from warned import columns_of, subprocess, time_of, warned_sections, WQCTL

LEFT, RIGHT, TOP, BOTTOM, WIDTH, HEIGHT = 46, 12, 22, 24, 720, 240
SOURCE = "readings of the national surface-water network of China as published, 1-5 April 2021"


def trend(alias, rows, *args):
    text = f"time,{alias}\n" + "".join(f"{t},{v}\n" for t, v in rows)
    done = subprocess.run([WQCTL, "trend", "--csv", "-", "--parameter", alias, "--json", *args], check=True, input=text,
                          stdout=subprocess.PIPE, encoding="utf-8")
    return json.loads(done.stdout)


class Picture:
    def __init__(self, rows, top, limit, title):
        self.start, self.rows, self.top = time_of(rows[0][0]), rows, top
        self.hours = [self.at(t) for t, _ in rows]
        self.end = self.hours[-1]
        self.out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="11">',
                    f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>']
        for i in range(5):
            self.level(i * top / 5, "#ddd")
        if limit is not None:
            self.level(limit, "#c00")
        for hour in range(0, int(self.end), 24):
            self.out.append(f'<text x="{self.x(hour):.1f}" y="{HEIGHT - 8}" text-anchor="start">{rows[0][0][5:7]}-'
                            f'{int(rows[0][0][8:10]) + hour // 24:02d}</text>')
        self.out.append(f'<text x="{LEFT}" y="14">{title}</text>')

    def at(self, text):
        return (time_of(text) - self.start).total_seconds() / 3600

    def x(self, hour):
        return LEFT + (WIDTH - LEFT - RIGHT) * hour / self.end

    def y(self, value):
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / self.top

    def level(self, value, colour):
        self.out.append(f'<text x="{LEFT - 6}" y="{self.y(value) + 4:.1f}" text-anchor="end">{value:g}</text>'
                        f'<path d="M{LEFT} {self.y(value):.1f}H{WIDTH - RIGHT}" stroke="{colour}"/>')

    def line(self, ends, style):
        (a, b), (c, d) = ends
        self.out.append(f'<path d="M{self.x(a):.1f} {self.y(b):.1f}L{self.x(c):.1f} {self.y(d):.1f}" fill="none" {style}/>')

    def readings(self):
        points = [(self.x(h), self.y(float(v))) for h, (_, v) in zip(self.hours, self.rows)]
        self.out.append('<path d="M' + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) + '" fill="none" stroke="#1565a8"/>')
        self.out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.2" fill="#1565a8"/>' for x, y in points]

    def moment(self, hour, text):
        self.out.append(f'<path d="M{self.x(hour):.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#e07b00"/>'
                        f'<text x="{self.x(hour) - 4:.1f}" y="{TOP + 12}" text-anchor="end" fill="#a65a00">{text}</text>')

    def between(self, earliest, latest, value, text):
        """A bar at `value` from the earliest to the latest hour; open where that lies beyond the picture."""
        end = min(latest, self.end)
        self.line(((earliest, value), (end, value)), 'stroke="#e07b00" stroke-width="6" stroke-opacity="0.5"')
        self.out.append(f'<text x="{self.x(end) - 4:.1f}" y="{self.y(value) + 40:.1f}" text-anchor="end" fill="#a65a00">{text}</text>')

    def write(self, path, section):
        # The name of the section is no part of the picture: not every viewer has letters for it.
        with open(path, "w", encoding="utf-8") as f:
            f.write("\n".join([*self.out, f"<desc>{section}. Source: {SOURCE}</desc></svg>\n"]))


def draw_rise(found, path):
    alias, section, limit = "codmn", "陕西省魏家堡", 6
    with tempfile.TemporaryDirectory() as there:
        warned_sections(found, there)
        with open(os.path.join(there, "trends.jsonl"), encoding="utf-8") as f:
            told = next((c for c in map(json.loads, f)
                         if (c["rule"], c["station"], c["change"]) == (alias, section, "opened")), None)
    rows = found[alias][section]
    over = next((t for t, v in rows if float(v) > limit), None)
    if told is None or over is None or time_of(told["time"]) >= time_of(over):
        return False
    seen = [r for r in rows if time_of(r[0]) <= time_of(told["time"])][-18:]
    fit = trend(alias, seen, "--limit", f"{limit}")
    picture = Picture(rows, 12, limit, "permanganate index, mg/L, a section in Shaanxi: readings blue, limit of Class III red, line at the warning orange")
    lead = (time_of(over) - time_of(told["time"])).total_seconds() / 3600
    start, now = picture.at(seen[0][0]), picture.at(seen[-1][0])
    picture.line(((start, fit["intercept"]), (now, fit["fitted_now"])), 'stroke="#e07b00" stroke-width="2"')
    if fit["hours_earliest"] > lead:
        return False
    picture.moment(now, f"warned; over the limit {lead:.0f} h later")
    picture.between(now + fit["hours_earliest"], now + (fit["hours_latest"] or picture.end), limit,
                    f"told: in {fit['hours_earliest']:.0f} h at the earliest (interval of the line: to {fit['hours_latest']:.0f} h)")
    picture.readings()
    picture.write(path, section)
    print(f"{path}: {told['text']}; first reading over it {lead:.0f} h later; the line by {fit['hours_to_exceed']:.0f} h")
    return True


def draw_none(found, path):
    alias, section = "tp", "陕西省阎家滩"
    rows = found[alias][section]
    plain, ours = trend(alias, rows, "--test", "mk"), trend(alias, rows)
    if not (plain["verdict"] == "rising" and ours["verdict"] == "no trend"):
        return False
    picture = Picture(rows, .25, .2, f"total phosphorus, mg/L, a section in Shaanxi: plain Mann-Kendall p = {plain['p']:.3f}, a trend (grey); "
                                     f"ar1 p = {ours['p']:.2f}, none")
    picture.line(((0, plain["intercept"]), (picture.end, plain["fitted_now"])), 'stroke="#888" stroke-width="2" stroke-dasharray="6 4"')
    picture.readings()
    picture.write(path, section)
    print(f"{path}: mk p {plain['p']:.4f}, ar1 p {ours['p']:.2f}")
    return True


def main():
    if len(sys.argv) != 3 or not os.access(WQCTL, os.X_OK):
        print(f"usage: trends.py DATA.csv.gz FOLDER; wqctl is looked for at {WQCTL}", file=sys.stderr)
        return 2
    if not os.path.exists(sys.argv[1]):
        print(f"SKIPPED: {sys.argv[1]} is absent; nothing was drawn")
        return 77
    found = columns_of(sys.argv[1])
    drawn = [draw_rise(found, os.path.join(sys.argv[2], "trend-rise.svg")),
             draw_none(found, os.path.join(sys.argv[2], "trend-none.svg"))]
    return 0 if all(drawn) else 1


sys.exit(main())
