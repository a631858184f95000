#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws docs/event.svg and docs/fault.svg from what the program says of two public series (surge.svg: ramp.py, made up).

    WQ_BIN=build/bin test/bench/pictures.py DATA docs

  event.svg   an event of the GECCO Industrial Challenge 2018 (Thüringer Fernwasserversorgung): two channels, the score, what
              was labelled, when the alarm was open
  fault.svg   faults of a conductivity probe, Water Lab station, Logan River Observatory (Utah), 2019, as `wqctl qc` flags them

A line in a picture is drawn to whole pixels, each channel to its own height: it shows the course, the series is at its source.
Exit status: 0, 2 usage, 77 no data."""

import importlib.machinery
import importlib.util
import json
import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
loader = importlib.machinery.SourceFileLoader("early_warning", os.path.join(HERE, "early-warning"))
ew = importlib.util.module_from_spec(importlib.util.spec_from_loader("early_warning", loader))
loader.exec_module(ew)
WIDTH, LEFT, RIGHT, TOP = 720, 70, 8, 22


class Picture:
    def __init__(self, count, height):
        self.count, self.height = count, height
        self.out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="11">',
                    f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>']

    def x(self, i):
        return LEFT + (WIDTH - LEFT - RIGHT) * i / (self.count - 1)

    def text(self, x, y, words, anchor="start"):
        self.out.append(f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">{words}</text>')

    def band(self, flags, fill, top, bottom):
        for a, b in ew.spans(flags):
            self.out.append(f'<rect x="{self.x(a):.0f}" y="{top}" width="{max(2, self.x(b) - self.x(a)):.0f}" height="{bottom - top}" fill="{fill}"/>')

    def line(self, values, top, bottom, colour, low=None, high=None):
        known = [v for v in values if v is not None]
        low, high = min(known) if low is None else low, max(known) if high is None else high
        points, pen = [], "M"
        for i, v in enumerate(values):
            if v is None:
                pen = "M"
                continue
            y = bottom - (bottom - top) * (v - low) / ((high - low) or 1)
            points.append(f"{pen}{self.x(i):.0f} {y:.0f}")
            pen = "L"
        self.out.append(f'<path d="{"".join(points)}" fill="none" stroke="{colour}"/>')

    def rule(self, y, colour):
        self.out.append(f'<path d="M{LEFT} {y:.0f}H{WIDTH - RIGHT}" stroke="{colour}"/>')

    def hours(self, times, every):
        for i, t in enumerate(times):
            if t % every == 0 and self.x(i) < WIDTH - 50:
                self.text(self.x(i), self.height - 6, ew.stamp(t)[5:16].replace("T", " "), "middle")

    def save(self, path):
        with open(path, "w", encoding="utf-8") as f:
            f.write("\n".join(self.out) + "</svg>\n")


def value(text):
    return None if ew.number(text) == "" else float(text)


def event(data, path):
    with tempfile.TemporaryDirectory() as folder:
        bench, source = ew.Bench(folder, None), f"{data}/gecco/gecco2018_train.csv.gz"
        bench.gecco(source)
        alarms = os.path.join(folder, "alarms.json")
        ew.wqctl("backtest", "--config", os.path.join(HERE, "early-warning.d", "gecco.conf"), "--csv",
                 os.path.join(folder, "gecco2018_train.feed.csv"), "--alarms", alarms)
        found = ew.table(os.path.join(folder, "gecco2018_train.detections.csv"))
        with open(alarms, encoding="utf-8") as f:
            told = [r for r in map(json.loads, f) if r["change"] == "opened"]
    rows = ew.table(source)
    at = [ew.seconds(r["Time"]) for r in rows]
    where = {t: i for i, t in enumerate(at)}
    first = next(where[ew.seconds(r["time"])] for r in told if "pH" in r["text"] and "氧化还原电位" in r["text"]
                 and rows[where[ew.seconds(r["time"])]]["EVENT"] in ("1", "TRUE", "True"))
    says = next(r["text"] for r in told if ew.seconds(r["time"]) == at[first])
    part = slice(first - 90, first + 90)
    p = Picture(180, 230)
    p.band([r["EVENT"] in ("1", "TRUE", "True") for r in rows[part]], "#e4e4e4", TOP, 208)
    p.band([r["event"] == "1" for r in found[part]], "#f2a65a", 200, 208)
    for k, (column, colour) in enumerate((("pH", "#1565a8"), ("Redox", "#2a7d3b"))):
        p.text(LEFT - 6, TOP + 30 + 60 * k, column, "end")
        p.line([value(r[column]) for r in rows[part]], TOP + 6 + 60 * k, TOP + 54 + 60 * k, colour)
    p.text(LEFT - 6, 175, "score", "end")
    p.rule(196 - 50 / 4, "#c00")
    p.line([min(4., float(r["score"])) for r in found[part]], 146, 196, "#555", 0, 4)
    p.hours(at[part], 1800)
    p.text(8, 13, "GECCO 2018, drinking-water plant: labelled event grey, alarm orange; red: where a score counts as unusual")
    p.save(path)
    return says


def fault(data, path):
    source = f"{data}/logan/WaterLab2019.csv.gz"
    rows = ew.table(source)
    with tempfile.TemporaryDirectory() as folder:
        flags = ew.Bench(folder, None).quality("year", "logan.qc", ew.LOGAN, rows, "datetime")["cond"]
    at = [ew.seconds(r["datetime"]) for r in rows]
    found = [flags.get(t, False) for t in at]
    labelled = [r["cond_qual"] not in ("", "NULL") for r in rows]
    middle = next(i for i, r in enumerate(rows) if r["datetime"].startswith("2019-05-22 14"))
    part = slice(middle - 96, middle + 96)
    p = Picture(192, 200)
    p.band(labelled[part], "#e4e4e4", TOP, 178)
    p.band(found[part], "#f2a65a", 170, 178)
    values = [value(r["cond"]) for r in rows[part]]
    known = [v for v in values if v is not None]
    p.line(values, TOP + 8, 160, "#1565a8")
    p.text(LEFT - 6, TOP + 12, f"{max(known):.0f}", "end")
    p.text(LEFT - 6, 160, f"{min(known):.0f}", "end")
    p.text(LEFT - 6, 95, "µS/cm", "end")
    p.hours(at[part], 43200)
    p.text(8, 13, "Logan River, Water Lab, conductivity every 15 min: labelled by a technician grey, flagged by wqctl qc orange")
    p.save(path)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    if not os.path.isdir(os.path.join(sys.argv[1], "gecco")):
        print(f"no data in {sys.argv[1]}")
        sys.exit(77)
    ew.say("event.svg: the alarm said:", event(sys.argv[1], os.path.join(sys.argv[2], "event.svg")))
    fault(sys.argv[1], os.path.join(sys.argv[2], "fault.svg"))


if __name__ == "__main__":
    main()
