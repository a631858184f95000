#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes golden_series.h: what scipy (1.10.1 when it was made) and plain definitions say of the series below.

  python3 golden_series.py > golden_series.h

tau_b, theilslopes, spearmanr and the exact p of kendalltau are scipy's. S, its variance, the seasonal sums and Hamed and
Rao's factor are written here from their definitions, the latter on fractions: which values are tied once the trend is taken
away is then no matter of rounding. Where pymannkendall (1.4.2 when it was made) is installed, S, variance, z, p, tau-a, slope
and intercept of the plain and of the seasonal test are asserted against it.
"""
import math
from fractions import Fraction

import numpy as np
from scipy import stats

try:
    import pymannkendall
except ImportError:
    pymannkendall = None

rng = np.random.default_rng(20260306)
PERIOD = 6


def ar1(n, phi):
    x = [rng.standard_normal()]
    for _ in range(n - 1):
        x.append(phi * x[-1] + math.sqrt(1 - phi * phi) * rng.standard_normal())
    return np.array(x)


def regular(n, step=4.0):
    return np.arange(n) * step


def with_gaps(x, *places):
    x = np.array(x, float)
    x[list(places)] = np.nan
    return x


SERIES = {
    'six that rise': (regular(6), [1, 2, 3, 4, 5, 6]),
    'ten, no ties': (regular(10), [3.1, 2.7, 3.4, 3.9, 3.2, 4.1, 4.4, 3.8, 4.6, 5.0]),
    'fourteen, falling': (regular(14), np.round(6 - 0.1 * np.arange(14) + 0.3 * ar1(14, .2), 3)),
    'missing values': (regular(24), with_gaps(np.round(0.1 + .002 * np.arange(24) + .01 * ar1(24, .3), 4), 0, 7, 8, 23)),
    'total phosphorus, ties': (regular(30), np.round(0.1 + .002 * np.arange(30) + .02 * ar1(30, .5), 2)),
    'strongly autocorrelated': (regular(40), np.round(ar1(40, .85), 4)),
    'irregular times': (np.cumsum(np.round(rng.uniform(.5, 7, 33), 1)), np.round(ar1(33, .6), 3)),
    'a day in it': (regular(48), np.round(8 + 2 * np.sin(np.arange(48) * math.pi / 3) + .01 * np.arange(48) + .2 * ar1(48, .3), 2)),
    'longer than a window': (regular(90, 1.0), np.round(.004 * np.arange(90) + ar1(90, .7), 3)),
}


def pairs_of(x):
    n = len(x)
    return n * (n - 1) // 2


def kendall(x):
    n = len(x)
    s = sum(int(np.sign(x[j] - x[i])) for i in range(n) for j in range(i + 1, n))
    ties = np.unique(x, return_counts=True)[1]
    return s, (n * (n - 1) * (2 * n + 5) - sum(t * (t - 1) * (2 * t + 5) for t in ties)) / 18


def test(s, var):
    z = (s - np.sign(s)) / math.sqrt(var) if s and var > 0 else 0.0
    return float(z), float(2 * stats.norm.sf(abs(z)))


def exact_slope(t, x):
    slopes = sorted((x[j] - x[i]) / (t[j] - t[i]) for i in range(len(x)) for j in range(i + 1, len(x)))
    n = len(slopes)
    return (slopes[(n - 1) // 2] + slopes[n // 2]) / 2


def hamed_rao(t, x, lags):
    """Factor by definition, on fractions of the decimals as written."""
    t, x = [Fraction(repr(float(v))) for v in t], [Fraction(repr(float(v))) for v in x]
    n, slope = len(x), exact_slope(t, x)
    rest = [a - slope * b for a, b in zip(x, t)]
    order = sorted(rest)
    ranks = np.array([order.index(e) + (order.count(e) + 1) / 2 for e in rest])
    ranks -= ranks.mean()
    bound, total = stats.norm.ppf(.975) / math.sqrt(n), 0
    for k in range(1, (lags or n - 1) + 1):
        r = float((ranks[k:] * ranks[:-k]).sum() / (ranks * ranks).sum()) if k < n and ranks.any() else 0.0
        if abs(r) > bound:
            total += (n - k) * (n - k - 1) * (n - k - 2) * r
    return max(1.0, 1 + 2 / (n * (n - 1) * (n - 2)) * total)


def seasonal(t, x):
    step = np.median(np.diff(t))
    season = np.rint((t - t[0]) / step).astype(int) % PERIOD
    s = var = 0
    slopes = []
    for g in range(PERIOD):
        here = (season == g) & ~np.isnan(x)
        a, b = kendall(x[here])
        s, var = s + a, var + b
        u, v = t[here], x[here]
        slopes += [(v[j] - v[i]) / (u[j] - u[i]) for i in range(len(v)) for j in range(i + 1, len(v))]
    return s, var, float(np.median(slopes)) if slopes else math.nan


def check_against_pymannkendall(t, x, s, var, z, p, slope, intercept, sea):
    steps = np.diff(t)
    if pymannkendall is None or not np.allclose(steps, steps[0]):
        return
    m = pymannkendall.original_test(x)
    wanted = (m.s, m.var_s, m.z, m.p, m.slope / steps[0], m.intercept)
    assert np.allclose((s, var, z, p, slope, intercept), wanted, rtol=1e-9, atol=1e-12), (wanted, s, var, z, p, slope, intercept)
    if len(x) <= PERIOD:
        return
    m = pymannkendall.seasonal_test(x, PERIOD)
    assert np.allclose(sea, (m.s, m.var_s, m.slope / steps[0] / PERIOD), rtol=1e-9, equal_nan=True), (m, sea)


def number(v):
    return 'NAN' if math.isnan(v) else repr(float(v))


def numbers(a):
    return '{ ' + ', '.join(number(v) for v in a) + ' }'


print('/* SPDX-License-Identifier: Apache-2.0 */')
print('/* Made by golden_series.py: do not edit. NAN: missing, or does not apply. */')
print('/* clang-format off */')
print('static const struct golden {')
print('\tconst char *name;\n\tsize_t rows, n;\n\tdouble t[90], x[90];')
print('\tdouble s, variance, z, p, p_exact, tau_a, tau_b;')
print('\tdouble slope, low, high, intercept, fitted_now; /* theilslopes(x, t, 0.95) */')
print('\tdouble rho, rho_p;                              /* spearmanr */')
print('\tdouble hamed_rao_3, hamed_rao_all;              /* factors of the variance */')
print('\tdouble seasonal_s, seasonal_variance, seasonal_slope;')
print('} golden[] = {')
for name, (t, x) in SERIES.items():
    t, x = np.round(np.array(t, float), 6), np.array(x, float)
    t = np.round(t - t[0], 6)
    here = ~np.isnan(x)
    u, v = t[here], x[here]
    s, var = kendall(v)
    z, p = test(s, var)
    ties = len(np.unique(v)) < len(v)
    p_exact = math.nan if ties or len(v) > 64 else stats.kendalltau(u, v, method='exact').pvalue
    sen = stats.theilslopes(v, u, 0.95)
    at = [np.median(v) + sen.slope * (h - np.median(u)) for h in (t[0], t[-1])]
    rho = stats.spearmanr(u, v)
    sea = seasonal(t, x)
    check_against_pymannkendall(t, x, s, var, z, p, sen.slope, at[0], sea)
    print(f'\t{{ "{name}", {len(x)}, {len(v)},\n\t  {numbers(t)},\n\t  {numbers(x)},')
    print('\t  ' + ', '.join(number(q) for q in (s, var, z, p, p_exact, s / pairs_of(v), stats.kendalltau(u, v).statistic)) + ',')
    print('\t  ' + ', '.join(number(q) for q in (sen.slope, sen.low_slope, sen.high_slope, *at)) + ',')
    print('\t  ' + ', '.join(number(q) for q in (rho.statistic, rho.pvalue)) + ',')
    print('\t  ' + ', '.join(number(q) for q in (hamed_rao(u, v, 3), hamed_rao(u, v, 0))) + ',')
    print('\t  ' + ', '.join(number(q) for q in sea) + ' },')
print('};')
print('/* clang-format on */')
