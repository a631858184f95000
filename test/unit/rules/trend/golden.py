#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes golden.h: what scipy (1.10.1 when it was made) says of the series below.

  python3 golden.py > golden.h

Sen's slope and its interval are scipy.stats.theilslopes. Mann-Kendall is written here from its
definition with numpy and scipy.stats.norm; scipy.stats.kendalltau gives the same sign of S and, without
ties, S = tau n(n-1)/2, which is asserted. The AR(1) factor is the definition in wq/trend.h.
"""
import math
import numpy as np
from scipy import stats

rng = np.random.default_rng(20260305)


def ar1(n, phi):
    x = [rng.standard_normal()]
    for _ in range(n - 1):
        x.append(phi * x[-1] + math.sqrt(1 - phi * phi) * rng.standard_normal())
    return np.array(x)


def regular(n):
    return np.arange(n) * 4.0


SERIES = {
    'rising by equal steps': (regular(8), np.arange(8) * 0.5 + 1),
    'constant': (regular(10), np.full(10, 0.2)),
    'total phosphorus, many ties': (regular(18), np.array(
        [.11, .11, .12, .11, .12, .12, .13, .12, .13, .13, .13, .15, .14, .15, .15, .16, .16, .17])),
    'falling oxygen': (regular(18), np.round(8 - 0.12 * np.arange(18) + 0.2 * ar1(18, .3), 2)),
    'irregular times': (np.cumsum(np.round(rng.uniform(.5, 7, 24), 1)), np.round(ar1(24, .5), 3)),
    'strongly autocorrelated': (regular(30), np.round(ar1(30, .8), 4)),
    'no trend': (regular(42), np.round(rng.standard_normal(42), 4)),
    'a full window': (regular(64), np.round(0.1 + 0.001 * np.arange(64) + 0.02 * ar1(64, .6), 3)),
}


def kendall(x):
    n = len(x)
    s = sum(int(np.sign(x[j] - x[i])) for i in range(n) for j in range(i + 1, n))
    ties = np.unique(x, return_counts=True)[1]
    var = (n * (n - 1) * (2 * n + 5) - sum(t * (t - 1) * (2 * t + 5) for t in ties)) / 18
    if len(ties) == n:
        assert round(stats.kendalltau(np.arange(n), x).statistic * n * (n - 1) / 2) == s
    return s, var


def test(s, var):
    z = (s - np.sign(s)) / math.sqrt(var) if s and var > 0 else 0.0
    return z, 2 * stats.norm.sf(abs(z))


def factor(t, x, slope):
    n = len(x)
    e = x - slope * t
    e = e - e.mean()
    r = float((e[1:] * e[:-1]).sum() / (e * e).sum()) if (e * e).sum() > 1e-25 else 0.0
    rc = min(.95, max(0, (n * r + 2) / (n - 4)))
    return r, 1 + 2 * sum((1 - k / n) * rc ** k for k in range(1, n))


def numbers(a):
    return '{ ' + ', '.join(repr(float(round(v, 6))) for v in a) + ' }'


print('/* SPDX-License-Identifier: Apache-2.0 */')
print('/* Made by golden.py: do not edit. */')
print('/* clang-format off */')
print('static const struct golden {')
print('\tconst char *name;\n\tsize_t n;\n\tdouble t[64], x[64];')
print('\tint s;\n\tdouble variance, z, p;                     /* the plain test */')
print('\tdouble slope, low, high, median_t, median_x; /* theilslopes(x, t, 0.95) */')
print('\tdouble r1, factor, corrected_z, corrected_p; /* with the AR(1) factor */')
print('} golden[] = {')
for name, (t, x) in SERIES.items():
    t, x = np.round(t, 6), np.round(x, 6)
    s, var = kendall(x)
    z, p = test(s, var)
    sen = stats.theilslopes(x, t, 0.95)
    r, f = factor(t, x, sen.slope)
    cz, cp = test(s, var * f)
    rest = (sen.slope, sen.low_slope, sen.high_slope, np.median(t), np.median(x))
    print(f'\t{{ "{name}", {len(x)},\n\t  {numbers(t)},\n\t  {numbers(x)},')
    print(f'\t  {s}, {float(var)!r}, {float(z)!r}, {float(p)!r},')
    print('\t  ' + ', '.join(repr(float(v)) for v in rest) + ',')
    print('\t  ' + ', '.join(repr(float(v)) for v in (r, f, cz, cp)) + ' },')
print('};')
print('/* clang-format on */')
