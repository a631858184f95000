#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`wqctl trend` against scipy (and pymannkendall where it is installed) on a thousand series made up here: ties, gaps, irregular
times, constants, two values, two hundred.

    trend_golden.py [SERIES]        $WQ_SERIES, or 1000, by default; WQ_BIN: the folder of wqctl

Held to 1e-9: S, its variance, z, p, tau-a, tau-b, exact p (scipy's, and all orders of up to 7 values), slope, interval and intercept
of theilslopes, Spearman's rho and p, exact p of all orders; the variance of ar1 by its definition.
Exit status: 0 passed, 1 failed, 77 skipped: python3-scipy is not installed."""

import itertools
import json
import math
import os
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

try:
    import numpy as np
    from scipy import stats
except ImportError:
    print("SKIPPED: python3-scipy is not installed: nothing was held against it")
    sys.exit(77)
try:
    import pymannkendall
except ImportError:
    pymannkendall = None

WQCTL = os.path.join(os.environ.get("WQ_BIN", "build/bin"), "wqctl")
SERIES = int(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("WQ_SERIES", 1000))
PERIOD = 6
START = datetime(2026, 3, 1)
failures, held = [], {}


def near(series, what, found, wanted):
    held[what] = held.get(what, 0) + 1
    none = wanted is None or (isinstance(wanted, float) and math.isnan(wanted))
    if none and found is None:
        return
    if none or found is None or not abs(found - wanted) <= 1e-9 * max(1, abs(wanted)):
        failures.append(what)
        if len(failures) < 20:
            print(f"FAIL: series {series}: {what} is {found!r} instead of {wanted!r}")


def trend(t, x, *args):
    rows = "".join(f"{(START + timedelta(seconds=int(s))).isoformat()},{'' if math.isnan(v) else repr(float(v))}\n" for s, v in zip(t, x))
    done = subprocess.run([WQCTL, "trend", "--csv", "-", "--parameter", "tp", "--json", *args], input="time,tp\n" + rows,
                          stdout=subprocess.PIPE, encoding="utf-8", check=True)
    return json.loads(done.stdout)


def make(dice):
    """Seconds and values."""
    kind = dice.integers(0, 10)
    n = int(dice.choice([dice.integers(2, 11), dice.integers(11, 65), dice.integers(65, 201)], p=[.4, .5, .1]))
    steps = np.full(n, 14400) if dice.random() < .5 else dice.integers(60, 30000, n)
    e, phi = np.zeros(n), dice.uniform(0, .9)
    for i in range(n):
        e[i] = (phi * e[i - 1] if i else 0) + dice.standard_normal()
    x = .2 + .02 * e + dice.choice([0, .002, -.002]) * np.arange(n)
    x = np.round(x, int(dice.choice([2, 3, 6])))
    if kind == 0:
        x[:] = .2
    if kind == 1:
        x = np.round(x * 1e4)
    if dice.random() < .3:
        x[dice.random(n) < .15] = np.nan
    if np.isnan(x).all():
        x[0] = 1
    return np.cumsum(steps) - steps[0], x


def kendall(x):
    """S by pairs, variance by groups of ties, z and p."""
    n = len(x)
    s = int(np.sign(x[None, :] - x[:, None])[np.triu_indices(n, 1)].sum()) if n > 1 else 0
    ties = np.unique(x, return_counts=True)[1].astype(float)
    var = (n * (n - 1) * (2 * n + 5) - float((ties * (ties - 1) * (2 * ties + 5)).sum())) / 18
    z = (s - np.sign(s)) / math.sqrt(var) if s and var > 0 else 0.
    return s, var, z, 2 * stats.norm.sf(abs(z))


def of_all_orders(x, statistic):
    """Two-sided: the share of orders that are at least as far from the middle."""
    here = abs(statistic(x))
    orders = [abs(statistic(np.array(o))) for o in itertools.permutations(x)]
    return sum(v >= here - 1e-9 for v in orders) / len(orders)


def ar1_variance(t, x, slope, var):
    n, rest = len(x), x - slope * t
    rest = rest - rest.mean()
    if (rest * rest).sum() <= n * (1e-13 * max(abs(x).max(), abs(slope * t).max())) ** 2 * 1e4:
        return None
    r = min(.95, max(0, (n * float((rest[1:] * rest[:-1]).sum() / (rest * rest).sum()) + 2) / (n - 4)))
    return var * (1 + 2 * sum((1 - k / n) * r ** k for k in range(1, n)))


def hold_kendall(i, t, x, found):
    u, v = t, x
    n, (s, var, z, p) = len(v), kendall(v)
    pairs = n * (n - 1) // 2
    for key, wanted in (("n", n), ("s", s), ("var_s", var), ("z", z), ("p", p)):
        near(i, key, found[key], wanted)
    near(i, "tau_a", found["tau_a"], s / pairs if pairs else None)
    near(i, "tau_b", found["tau_b"], float(stats.kendalltau(u, v).statistic) if n > 1 else None)
    untied = n > 1 and len(np.unique(v)) == n
    near(i, "p_exact", found["p_exact"], float(stats.kendalltau(u, v, method="exact").pvalue) if untied and n <= 64 else None)
    if untied and n <= 7:
        near(i, "p_exact of all orders", found["p_exact"], of_all_orders(v, lambda o: kendall(o)[0]))
    if n > 1:
        sen = stats.theilslopes(v, u, .95)
        for key, wanted in (("slope_per_hour", sen.slope), ("slope_low", sen.low_slope), ("slope_high", sen.high_slope),
                            ("intercept", sen.intercept)):
            near(i, key, found[key], float(wanted))


def hold_pymannkendall(i, t, x, found):
    if pymannkendall is None or len(x) < 3 or len(set(np.diff(t))) > 1 or found["n"] < 2:
        return
    m = pymannkendall.original_test(x)
    for key, wanted in (("s", m.s), ("var_s", m.var_s), ("z", m.z), ("p", m.p), ("tau_a", m.Tau)):
        near(i, f"{key}, pymannkendall", found[key], float(wanted))


def hold_seasonal(i, t, x, found):
    """Of a regular series of more than a period, with pairs in it; missing values keep their season in both."""
    if found is None or found["tau_a"] is None:
        return
    m = pymannkendall.seasonal_test(x, PERIOD)
    for key, wanted in (("s", m.s), ("var_s", m.var_s), ("z", m.z), ("p", m.p), ("slope_per_hour", m.slope / PERIOD / (t[1] - t[0]))):
        near(i, f"{key} of seasonal, pymannkendall", found[key], float(wanted))


def hold_spearman(i, t, x, found):
    n = len(x)
    if n < 2 or len(np.unique(x)) == 1:
        near(i, "rho of a constant", found["rho"], None)
        return
    rho = stats.spearmanr(t, x)
    near(i, "rho", found["rho"], float(rho.statistic))
    if n > 2:
        near(i, "p of rho", found["p"], float(rho.pvalue))
    if len(np.unique(x)) == n and n <= 7:
        middle = n * (n * n - 1) / 6
        near(i, "p_exact of rho, all orders", found["p_exact"],
             of_all_orders(stats.rankdata(x), lambda o: ((o - np.arange(1, n + 1)) ** 2).sum() - middle))


def one(i):
    dice = np.random.default_rng([20261124, i])
    seconds, x = make(dice)
    here = ~np.isnan(x)
    t, v = seconds[here] / 3600, x[here]
    hold = [trend(seconds, x, "--test", test) for test in ("mk", "spearman", "ar1")]
    regular = len(set(np.diff(seconds))) == 1 and len(x) > PERIOD and len(v) > 1
    hold.append(trend(seconds, x, "--test", "seasonal", "--period", str(PERIOD)) if pymannkendall and regular else None)
    return i, seconds / 3600, x, t, v, hold


def main():
    warnings.simplefilter("ignore")  # constants, as scipy sees them
    with ThreadPoolExecutor(2) as pool:
        for i, hours, x, t, v, (mk, spearman, ar1, seasonal) in pool.map(one, range(SERIES)):
            hold_kendall(i, t, v, mk)
            hold_pymannkendall(i, hours, x, mk)
            hold_spearman(i, t, v, spearman)
            hold_seasonal(i, hours, x, seasonal)
            if len(v) >= 5:
                variance = ar1_variance(t, v, stats.theilslopes(v, t).slope, kendall(v)[1])
                if variance is not None:
                    near(i, "var_s of ar1", ar1["var_s"], variance)
    print(f"{SERIES} series: " + ", ".join(f"{what} {count}" for what, count in held.items()))
    if pymannkendall is None:
        print("SKIPPED: pymannkendall is not installed; its definitions were reckoned here")
    print(f"{len(failures)} differ")
    return 1 if failures else 0


sys.exit(main())
