#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`wqctl trend` as a user meets it: the form of the answer, from a CSV and from a history, the verdict, what is refused.

    trend.py [BIN]          BIN defaults to $WQ_BIN

The numbers are reckoned here once more from their definitions, on fractions where that matters.
Exit status: 0 passed, 1 failed."""

import json
import math
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta
from fractions import Fraction
from statistics import NormalDist, median

BIN = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("WQ_BIN", "build/bin")
WQCTL = os.path.join(BIN, "wqctl")
KEYS = ("test n s var_s z p p_exact tau_a tau_b rho slope_per_hour slope_low slope_high intercept fitted_now "
        "hours_to_exceed hours_earliest hours_latest verdict").split()
TESTS = ["mk", "hamed-rao", "ar1", "seasonal", "spearman"]
failures = []


def expect(what, found, wanted):
    if found != wanted:
        failures.append(what)
        print(f"FAIL: {what}\n  found  {found!r}\n  wanted {wanted!r}")


def near(what, found, wanted):
    ok = found is not None and abs(found - wanted) <= 1e-9 * max(1, abs(wanted))
    expect(what, "near" if ok else found, "near" if ok else wanted)


def run(*args, stdin=""):
    done = subprocess.run([WQCTL, "trend", *args], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          encoding="utf-8", check=False)
    return done.returncode, done.stdout, done.stderr


def table(values, step=4.0):
    at = datetime(2026, 3, 1)
    return "time,tp\n" + "".join(f"{(at + timedelta(hours=step * i)).isoformat()},{v}\n" for i, v in enumerate(values))


def one(text, *args):
    status, out, err = run("--csv", "-", "--parameter", "tp", "--json", *args, stdin=text)
    if status != 0:
        failures.append("status")
        print(f"FAIL: exit status {status}: {err}")
        return dict.fromkeys(KEYS)
    return json.loads(out)


def rising(n, seed, phi=.5):
    dice, e, values = random.Random(seed), 0, []
    for i in range(n):
        e = phi * e + dice.gauss(0, 1)
        values.append(round(.1 + .002 * i + .008 * e, 4))
    return values


def the_form_of_the_answer():
    for test in TESTS:
        answer = one(table(rising(24, 1)), "--test", test)
        expect(f"{test}: keys", list(answer), KEYS)
        expect(f"{test}: names itself", answer["test"], test)
        expect(f"{test}: rank correlation", answer["rho"] is not None, test == "spearman")
        expect(f"{test}: S", answer["s"] is None, test == "spearman")
        expect(f"{test}: no limit, no hours", (answer["hours_to_exceed"], answer["hours_earliest"]), (None, None))
    status, out, _ = run("--csv", "-", "--parameter", "tp", stdin=table(rising(24, 1)))
    expect("table", (status, out.split()[:4]), (0, ["what", "value", "test", "ar1"]))
    status, out, _ = run("--csv", "-", "--parameter", "tp", "-f", "csv", stdin=table(rising(24, 1)))
    expect("csv", (status, out.splitlines()[0]), (0, ",".join(KEYS)))


def numbers_by_definition():
    for n, seed in ((10, 2), (30, 3), (61, 4)):
        x = rising(n, seed)
        t = [4.0 * i for i in range(n)]
        pairs = [(i, j) for i in range(n) for j in range(i + 1, n)]
        s = sum((x[j] > x[i]) - (x[j] < x[i]) for i, j in pairs)
        ties = [x.count(v) for v in set(x)]
        var = (n * (n - 1) * (2 * n + 5) - sum(k * (k - 1) * (2 * k + 5) for k in ties)) / 18
        slope = median((x[j] - x[i]) / (t[j] - t[i]) for i, j in pairs)
        answer = one(table(x), "--test", "mk")
        expect(f"{n}: n, S", (answer["n"], answer["s"]), (n, s))
        near(f"{n}: variance", answer["var_s"], var)
        z = (s - (s > 0) + (s < 0)) / math.sqrt(var)
        near(f"{n}: z", answer["z"], z)
        near(f"{n}: p", answer["p"], 2 * NormalDist().cdf(-abs(z)))
        near(f"{n}: tau a", answer["tau_a"], s / len(pairs))
        near(f"{n}: slope", answer["slope_per_hour"], slope)
        near(f"{n}: intercept", answer["intercept"], median(x) - slope * median(t))
        near(f"{n}: now", answer["fitted_now"], median(x) + slope * (t[-1] - median(t)))
    expect("exact p of six that rise", round(one(table(range(1, 7)), "--test", "mk")["p_exact"] * 720), 2)
    near("exact p of Spearman", one(table([1, 2, 3, 5, 4]), "--test", "spearman")["p_exact"], 2 * 5 / 120)
    expect("ties have none", one(table([1, 2, 2, 3, 4, 5]), "--test", "mk")["p_exact"], None)


def hamed_rao_by_definition():
    """On fractions: which detrended values are tied is then no matter of rounding."""
    x = rising(24, 5, .8)
    values, n = [Fraction(str(v)) for v in x], len(x)
    slopes = sorted((values[j] - values[i]) / (4 * (j - i)) for i in range(n) for j in range(i + 1, n))
    slope = (slopes[(len(slopes) - 1) // 2] + slopes[len(slopes) // 2]) / 2
    rest = [v - slope * 4 * i for i, v in enumerate(values)]
    ranks = [sum(b < a for b in rest) + (rest.count(a) + 1) / 2 - (n + 1) / 2 for a in rest]
    total, bound = 0, NormalDist().inv_cdf(.975) / math.sqrt(n)
    for k in range(1, n):
        r = sum(a * b for a, b in zip(ranks, ranks[k:])) / sum(a * a for a in ranks)
        total += (n - k) * (n - k - 1) * (n - k - 2) * r if abs(r) > bound else 0
    plain = one(table(x), "--test", "mk")["var_s"]
    corrected = one(table(x), "--test", "hamed-rao", "--lag", "0")
    near("Hamed-Rao, all lags", corrected["var_s"], plain * max(1, 1 + 2 / (n * (n - 1) * (n - 2)) * total))
    expect("never below the plain variance", corrected["var_s"] >= plain, True)
    swing = [i % 2 + i / 100 for i in range(30)]
    near("a swing is not taken for more", one(table(swing), "--test", "hamed-rao")["var_s"], one(table(swing), "--test", "mk")["var_s"])


def seasons():
    day = [7, 9, 12, 11, 8, 6]
    text = table([day[i % 6] for i in range(42)])
    answer = one(text, "--test", "seasonal")
    expect("a day alone is no trend", (answer["s"], answer["slope_per_hour"], answer["verdict"]), (0, 0.0, "no trend"))
    text = table([round(day[i % 6] + .01 * i, 2) for i in range(42)])
    answer = one(text, "--test", "seasonal", "--period", "6")
    expect("a rise below a day's swing is found", (answer["s"], answer["verdict"]), (6 * 21, "rising"))
    near("its slope", answer["slope_per_hour"], .0025)


def gaps_limits_and_verdicts():
    values = [f"{.1 + .004 * i + (.0002 if i % 3 == 1 else 0):.4f}" for i in range(18)]
    whole, gaps = one(table(values), "--test", "mk"), list(values)
    gaps[0], gaps[5], gaps[6], gaps[17] = "", "--", "*", ""
    answer = one(table(gaps), "--test", "mk")
    expect("missing: n", answer["n"], 14)
    near("missing values keep their time", round(answer["intercept"], 3), round(whole["intercept"], 3))
    near("at the last row too", round(answer["fitted_now"], 3), round(whole["fitted_now"], 3))

    answer = one(table(values), "--test", "mk", "--limit", "0.2")
    near("hours", answer["hours_to_exceed"], (.2 - answer["fitted_now"]) / answer["slope_per_hour"])
    expect("will exceed", (answer["verdict"], answer["hours_earliest"] <= answer["hours_to_exceed"] <= answer["hours_latest"]),
           ("will exceed", True))
    answer = one(table(values), "--test", "mk", "--limit", "0.3")
    expect("too far ahead: the hours are printed, the verdict says no time", (answer["hours_to_exceed"] > 72, answer["verdict"]),
           (True, "rising"))
    answer = one(table(values), "--test", "mk", "--limit", "0.15")
    expect("there already", (answer["hours_to_exceed"], answer["verdict"]), (0.0, "exceeds"))
    answer = one(table(values), "--test", "mk", "--limit", "0.05", "--direction", "below")
    expect("away from a limit below", (answer["hours_to_exceed"], answer["verdict"]), (None, "rising"))
    falling = [f"{8 - .12 * i + (.01 if i % 3 == 1 else 0):.2f}" for i in range(18)]
    answer = one(table(falling), "--test", "mk", "--limit", "5", "--direction", "below")
    expect("oxygen", (answer["verdict"], 25 < answer["hours_to_exceed"] < 40), ("will exceed", True))
    answer = one(table([f"{.05 * 1.06 ** i:.5f}" for i in range(18)]), "--test", "mk", "--scale", "log", "--limit", "0.25")
    near("logarithms: the unit stays", round(answer["intercept"], 4), .05)
    near("logarithms: hours", round(answer["hours_to_exceed"]), round(4 * (math.log(5) / math.log(1.06) - 17)))
    expect("below detection is half of it", one(table(["<0.02", ".03", ".04", ".05", ".06", ".07"]), "--test", "mk")["s"], 15)
    four = one(table([1, 2, 3, 4]), "--test", "ar1")
    expect("four values have no corrected variance", [four[k] for k in ("n", "s", "var_s", "z", "p", "slope_low", "slope_high", "verdict")],
           [4, 6, None, None, None, None, None, "too few values"])
    expect("1e300 is a number", one(table([1, 2, "1e300"]), "--test", "mk")["n"], 3)
    expect("too few", one(table([1, 2, 3]), "--test", "mk")["verdict"], "too few values")


def what_is_refused():
    good = table(rising(12, 6))
    go_back = good + "2026-03-01T00:00:00,0.1\n"
    two = "time,station,tp\n2026-03-01,a,1\n2026-03-02,b,2\n"
    for what, text, args, status, said in [
            ("not a number", good.replace("2026-03-01T08:00:00,", "2026-03-01T08:00:00,x"), (), 1, "stdin:4: tp = 'x"),
            ("too large", table([1, "1e308", 2]), (), 1, "stdin:3: tp = '1e308': not a number of at most ±1e300"),
            ("no time", good.replace("2026-03-01T08:00:00", "soon"), (), 1, "stdin:4: 'soon' is no time"),
            ("rows go back", go_back, (), 1, "stdin:14:"),
            ("no such column", good, ("--parameter", "do"), 1, "no column of the parameter 'do'"),
            ("no time column", "tp\n1\n", (), 1, "time"),
            ("nothing at all", "", (), 1, ""),
            ("two stations", two, (), 1, "--station"),
            ("no logarithm", table([1, 0, 2, 3, 4]), ("--scale", "log"), 1, "stdin:3: tp = '0': has no logarithm"),
            ("a day has no seasons", table(rising(12, 6), 24), ("--test", "seasonal"), 1, "a period is needed"),
            ("test", good, ("--test", "chi"), 2, "mk, hamed-rao, ar1, seasonal and spearman are allowed"),
            ("confidence", good, ("--confidence", "95"), 2, "between 0 and 1"),
            ("confidence nan", good, ("--confidence", "nan"), 2, "no number"),
            ("lag", good, ("--test", "hamed-rao", "--lag", "-1"), 2, "no whole number"),
            ("period", good, ("--test", "seasonal", "--period", "1"), 2, "no whole number from 2"),
            ("limit", good, ("--limit", "high"), 2, "'high' is no number"),
            ("direction", good, ("--limit", "1", "--direction", "up"), 2, "above and below are allowed"),
            ("scale", good, ("--scale", "sqrt"), 2, "linear and log are allowed"),
            ("a time", good, ("--from", "soon"), 2, "--from"),
            ("two sources", good, ("--database", "x.db"), 2, "not of both")]:
        found, out, err = run("--csv", "-", "--parameter", "tp", "--json", *args, stdin=text)
        expect(f"{what}: status", found, status)
        expect(f"{what}: nothing printed", out, "")
        if said not in err:
            expect(f"{what}: message", err, said)
    for option, value in (("--lag", "2"), ("--period", "6"), ("--direction", "below")):
        status, out, err = run("--csv", "-", "--parameter", "tp", "--json", option, value, stdin=good)
        expect(f"{option} without effect is told", (status, json.loads(out) == one(good), f"{option} belongs to" in err), (0, True, True))
    expect("no parameter", run("--csv", "-")[0], 2)
    expect("no source", run("--parameter", "tp")[0], 2)
    expect("no such file", run("--csv", "/nonexistent.csv", "--parameter", "tp")[0], 1)
    status, _, err = run("--csv", "-", "--parameter", "tp", stdin=table(["1"] * 20001, .25))
    expect("too long: where, found, allowed, what next",
           (status, [w in err for w in ("stdin:20002", "row 20001", "more than 20000 rows", "nothing is reckoned", "--from")]),
           (1, [True] * 5))


def odd_ones():
    """One value, two, all equal, very large, very many: an answer of the same form, or a sentence."""
    lines = ("slope_per_hour", "slope_low", "slope_high", "intercept", "fitted_now")
    for test in ("mk", "hamed-rao", "ar1", "spearman"):
        answer = one(table([5]), "--test", test, "--limit", "9")
        expect(f"one value, {test}", (list(answer), answer["n"], answer["verdict"], {answer[k] for k in lines}),
               (KEYS, 1, "too few values", {None}))
        answer = one(table([5, 6]), "--test", test, "--limit", "9")
        expect(f"two values, {test}", (answer["n"], answer["verdict"], answer["slope_per_hour"], answer["hours_to_exceed"]),
               (2, "too few values", .25, 12.0))
    numbers = [k for k in KEYS if k not in ("test", "n", "verdict")]
    for test in TESTS:
        for what, text in (("no row", "time,tp\n"), ("no value", table(["", "--", "*"]))):
            answer = one(text, "--test", test, "--limit", "9")
            expect(f"{what}, {test}", (list(answer), answer["test"], answer["n"], answer["verdict"], {answer[k] for k in numbers}),
                   (KEYS, test, 0, "too few values", {None}))
    for what, text, args, n in (("one value", table([5]), (), 1), ("four values", table([5, 6, 7, 9]), (), 4),
                                ("four days", table([5, 6, 7, 9], 24), (), 4),
                                ("fewer rows than a period", table(rising(12, 6)), ("--period", "13"), 12)):
        answer = one(text, "--test", "seasonal", "--limit", "9", *args)
        expect(f"{what}, seasonal", (list(answer), answer["n"], answer["verdict"], {answer[k] for k in numbers}),
               (KEYS, n, "too few values", {None}))
    expect("no season has two values", one(table(rising(12, 6)), "--test", "seasonal", "--period", "12")["verdict"], "too few values")
    for test in TESTS:
        answer = one(table([5] * 14), "--test", test, "--limit", "9")
        expect(f"all equal, {test}", (answer["verdict"], answer["hours_to_exceed"], [answer[k] for k in lines]),
               ("no trend", None, [0.0, 0.0, 0.0, 5.0, 5.0]))
        expect(f"all equal, {test}: p", answer["p"], None if test == "spearman" else 1.0)
        large = one(table([9e14 + (i * 7 % 5) * 1e9 for i in range(14)]), "--test", test)
        small = one(table([(i * 7 % 5) * 1e-6 for i in range(14)]), "--test", test)
        for key in ("s", "var_s", "z", "p", "rho", "verdict"):
            expect(f"large and small values are the same, {test}: {key}", large[key], small[key])
    good = table(rising(12, 6))
    for value in ("inf", "-inf", "nan", "1e400", "1e308", "0x10", "1,5"):
        status, out, _ = run("--csv", "-", "--parameter", "tp", stdin=good + f"2026-04-01,{value}\n")
        expect(f"'{value}' is no value", (status, out), (1, ""))
    status, out, err = run("--csv", "-", "--parameter", "tp", stdin=good + "2026-04-01,1\n2026-04-01,1\n")
    expect("a time comes twice", (status, out, "not later than the row before" in err), (1, "", True))
    status, out, err = run("--csv", "-", "--parameter", "tp", stdin=table(["1"] * 100000, .01))
    expect("a hundred thousand rows", (status, out, "stdin:20002: this is row 20001 of the series, and more than 20000 rows" in err), (1, "", True))


def selection():
    text = "time,station,tp\n" + "".join(f"2026-03-{d:02},{s},{v}\n" for d in range(1, 21) for s, v in (("a", d), ("b", -d)))
    expect("a station of a CSV", one(text, "--test", "mk", "--station", "b")["s"], -190)
    answer = one(text, "--test", "mk", "--station", "a", "--from", "2026-03-05", "--to", "2026-03-10")
    expect("from, to (exclusive)", (answer["n"], answer["s"]), (5, 10))


def longer_ones():
    """Ties, gaps, thousands of rows: the same slope as by all pairs is a unit test; here it has to come back soon."""
    began = time.monotonic()
    answer = one(table([round(v, 2) for v in rising(3000, 7)], 1.0), "--test", "ar1")
    expect("3000 rows", (answer["n"], answer["verdict"]), (3000, "rising"))
    print(f"3000 rows took {time.monotonic() - began:.1f} s")


def make_history(folder):
    """An empty history by the program itself (the broker is not there), then readings as the daemon writes them."""
    conf, database = f"{folder}/wqd.conf", f"{folder}/wqd.db"
    with open(conf, "w", encoding="utf-8") as f:
        f.write(f'site {{ name = "x" database = "{database}" socket = "{folder}/wqd.sock" }}\n'
                'mqtt "b" { broker = "tcp://127.0.0.1:9" topic = "wq/{station}" client_id = "trend" }\n'
                'station "q" { kind = "national" point "tp" { bus = "b" unit = "mg/L" } }\n')
    wqd = subprocess.Popen([os.path.join(BIN, "wqd"), "--config", conf], stderr=subprocess.DEVNULL)
    end = time.monotonic() + 60
    while not os.path.exists(f"{folder}/wqd.sock") and wqd.poll() is None and time.monotonic() < end:
        time.sleep(0.02)
    wqd.send_signal(signal.SIGTERM)
    wqd.wait(60)
    return conf, database


def put_reading(db, at, value, quality, revision=1, newest=1):
    db.execute("INSERT INTO sample_open(at,series,revision,value,quality,stamp,flag,source,received,trusted,sequence,repeats,late,"
               "event,newest) SELECT ?1,e.id,?2,?3,?4,?1,'',o.id,?1,1,1,0,0,0,?5 FROM series e, source o WHERE o.name='b'",
               (at, revision, value, quality, newest))


def from_a_history(folder):
    conf, database = make_history(folder)
    values, first = rising(24, 8), 1772294400000  # 2026-03-01T00:00+08:00
    with sqlite3.connect(database) as db:
        for i, value in enumerate(values):
            put_reading(db, first + i * 14400000, value, 0)
        db.execute("UPDATE sample_open SET value=NULL,quality=3 WHERE at=?", (first + 3 * 14400000,))
        db.execute("UPDATE sample_open SET value=9,quality=2 WHERE at=?", (first + 4 * 14400000,))
        db.execute("UPDATE sample_open SET value=9,newest=0 WHERE at=?", (first + 5 * 14400000,))
        put_reading(db, first + 5 * 14400000, values[5], 1, 2)
    db.close()
    values[3] = values[4] = ""
    for where in (("--config", conf), ("--database", database)):
        for test in TESTS:
            status, out, err = run("--station", "q", "--parameter", "tp", "--test", test, "--limit", "0.2", "--json", *where)
            expect(f"history, {test}: status and complaints", (status, err), (0, ""))
            expect(f"history, {test}: as of a CSV", json.loads(out or "{}"), one(table(values), "--test", test, "--limit", "0.2"))
    status, out, _ = run("--station", "q", "--parameter", "tp", "--from", "2026-03-02", "--to", "2026-03-03", "--json",
                         "--database", database)
    expect("history: a day", (status, json.loads(out or "{}").get("n")), (0, 6))
    status, out, err = run("--station", "q", "--parameter", "tp", "--database", database, "--from", "2027-01-01", "--json")
    expect("history, no readings", (status, json.loads(out or "{}").get("verdict"), "there are no readings of tp" in err),
           (0, "too few values", True))
    for what, args, said in [("no such station", ("--station", "z"), "'z'"),
                             ("not measured", ("--parameter", "ph"), "does not measure 'ph'")]:
        status, out, err = run("--station", "q", "--parameter", "tp", "--database", database, *args)
        expect(f"history, {what}", (status, out, said in err or err), (1, "", True))
    expect("no such history", run("--station", "q", "--parameter", "tp", "--database", f"{folder}/no.db")[0], 1)


with tempfile.TemporaryDirectory() as where:
    the_form_of_the_answer()
    numbers_by_definition()
    hamed_rao_by_definition()
    seasons()
    gaps_limits_and_verdicts()
    what_is_refused()
    odd_ones()
    selection()
    longer_ones()
    from_a_history(where)
print(f"{len(failures)} failures" if failures else "PASS")
sys.exit(1 if failures else 0)
