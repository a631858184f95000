#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A year of 4-hourly readings of many stations as a CSV, from a seed: the same arguments give the same bytes.

    readings.py [--stations 100] [--days 365] [--seed 1] > year.csv

Nine parameters. Each is a season, AR(1) noise (0.9 from one reading to the next; concentrations on a logarithmic scale) and a
station's own level; what is under the detection limit is told as half of it, so that many values are equal; 2 % of the
readings are missing, and an analyser is out for days now and then; some weeks total phosphorus, ammonia or permanganate
rise over their limits for one to five days and fall again."""
import argparse, math, random, sys

STEPS = 6  # a day
# column, level, swing of the season, noise, places, detection limit; a concentration (logarithms) or not
PARAMETERS = [
    ('temp', 17.0, 11.0, 0.8, 1, None, False),
    ('ph', 7.8, 0.2, 0.12, 2, None, False),
    ('do', 8.2, -2.2, 0.7, 2, None, False),
    ('ec', 520.0, 0.10, 0.08, 1, None, True),
    ('turbidity', 28.0, 0.30, 0.45, 1, 0.5, True),
    ('codmn', 3.6, 0.12, 0.16, 2, 0.4, True),
    ('nh3n', 0.16, -0.35, 0.60, 3, 0.025, True),
    ('tp', 0.085, 0.25, 0.32, 3, 0.01, True),
    ('tn', 2.1, -0.15, 0.18, 2, 0.05, True),
]
EPISODES = {'codmn': 1.9, 'nh3n': 5.0, 'tp': 2.6}  # what they are multiplied by at the peak


def episode(random_, steps):
    """Factors (0 … 1) over the year: a ramp up, a while at the top, a ramp down."""
    factors = [0.0] * steps
    at = random_.randrange(steps // 4 + 1)
    while at < steps:
        up, top, down = random_.randint(2, 14), random_.randint(2, 20), random_.randint(4, 24)
        for i in range(up + top + down):
            if at + i < steps:
                factors[at + i] = min(1, (i + 1) / up, (up + top + down - i) / down)
        at += up + top + down + random_.randint(20 * STEPS, 120 * STEPS)
    return factors


def outage(random_, steps):
    """Readings that an analyser did not give."""
    gone = bytearray(steps)
    at = random_.randrange(steps)
    while at < steps:
        length = random_.randint(3, 40)
        gone[at:at + length] = b'\1' * len(gone[at:at + length])
        at += length + random_.randint(40 * STEPS, 200 * STEPS)
    return gone


def column(random_, parameter, steps):
    name, level, swing, noise, places, detection, logarithmic = parameter
    own = random_.gauss(0, noise)
    rises = episode(random_, steps) if name in EPISODES else None
    gone = outage(random_, steps)
    phase, rho = random_.uniform(-0.4, 0.4), 0.9
    innovation, ar = noise * math.sqrt(1 - rho * rho), 0.0
    cells = []
    for i in range(steps):
        ar = rho * ar + random_.gauss(0, innovation)
        away = own + ar - swing * math.cos(2 * math.pi * i / (365 * STEPS) + phase)
        value = level * math.exp(away) if logarithmic else level + away
        if rises:
            value *= 1 + (EPISODES[name] - 1) * rises[i]
        if gone[i] or random_.random() < 0.02:
            cells.append('--' if random_.random() < 0.5 else '')
        elif detection and value < detection:
            cells.append(f'{detection / 2:g}')
        else:
            cells.append(f'{max(value, 0.01):.{places}f}')
    return cells


def write(to, stations=100, days=365, seed=1):
    """Rows in the order of time; returns how many cells hold a value."""
    import datetime
    steps = days * STEPS
    tables = []
    for s in range(stations):
        own = random.Random(f'{seed}/{s}')
        tables.append(list(zip(*(column(own, p, steps) for p in PARAMETERS))))
    begin = datetime.datetime(2025, 1, 1)
    to.write('time,station,' + ','.join(p[0] for p in PARAMETERS) + '\n')
    values = 0
    for i in range(steps):
        at = (begin + datetime.timedelta(hours=4 * i)).isoformat()
        for s in range(stations):
            cells = tables[s][i]
            values += sum(c not in ('', '--') for c in cells)
            to.write(f'{at},s{s:03d},' + ','.join(cells) + '\n')
    return values


if __name__ == '__main__':
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument('--stations', type=int, default=100)
    asked.add_argument('--days', type=int, default=365)
    asked.add_argument('--seed', default='1')
    a = asked.parse_args()
    print(write(sys.stdout, a.stations, a.days, a.seed), 'values', file=sys.stderr)
