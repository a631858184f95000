#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""First figures, each with its reference in the same run: wqd on one core, load and broker on the other.

    cmake --build build && WQ_BIN=build/bin test/bench/run.py [ROUNDS]

1 readings/s, MQTT JSON with 20 values a message -> judged -> committed, receipt durable and fast, against SQLite alone
  (WAL, synchronous=FULL, the same folder) with 20 rows a commit and with 2,000. 2 arrival -> notice committed at 1,000
readings/s. 3 own private memory, idle,
against a program that initialises the same libraries. Nothing is asserted: the machine decides the absolute numbers, read the ratios."""
import os, sqlite3, statistics, subprocess, sys, time
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'live', 'wqd'))
from plant import Plant, wait_until

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 3
os.sched_setaffinity(0, {1 % os.cpu_count()})
PARAMETERS = 20
SLOW_SYNC = os.path.abspath(os.path.join(os.environ['WQ_BIN'], '..', 'test', 'slow_sync.so'))
LIBRARIES = os.path.join(os.environ['WQ_BIN'], '..', 'test', 'bench_libraries')


def spread(values, unit=''):
    return f'{min(values):,.0f} / {statistics.median(values):,.0f} / {max(values):,.0f}{unit}'


def raw(folder, per_commit, rows):
    path = os.path.join(folder, f'raw-{per_commit}.db')
    os.sched_setaffinity(0, {0})
    db = sqlite3.connect(path, isolation_level=None)
    db.execute('PRAGMA journal_mode=WAL')
    db.execute('PRAGMA synchronous=FULL')
    db.execute('CREATE TABLE IF NOT EXISTS sample(at INTEGER, series INTEGER, revision INTEGER, value REAL, quality INTEGER, '
               'source INTEGER, received INTEGER, sequence INTEGER, PRIMARY KEY(at, series, revision)) WITHOUT ROWID')
    first = db.execute('SELECT coalesce(max(at), 0) FROM sample').fetchone()[0] + 1
    commits, began = [], time.perf_counter()
    for at in range(first, first + rows // 20, max(1, per_commit // 20)):
        group = [(t, s, 1, 1.234, 0, 1, t, t) for t in range(at, at + max(1, per_commit // 20)) for s in range(20)]
        start = time.perf_counter()
        db.execute('BEGIN IMMEDIATE')
        db.executemany('INSERT INTO sample VALUES(?,?,?,?,?,?,?,?)', group)
        db.execute('COMMIT')
        commits.append((time.perf_counter() - start) * 1000)
    took = time.perf_counter() - began
    db.close()
    os.sched_setaffinity(0, {1 % os.cpu_count()})
    commits.sort()
    return rows / took, commits[len(commits) // 2], commits[len(commits) * 99 // 100]


def site(receipt, swing=False, stations=('warm', 'load'), slow_ms=0):
    plant = Plant()
    text = plant.head().replace('receipt = "durable"', f'receipt = "{receipt}"')
    for station in stations:
        text += f'station "{station}" {{ kind = "national" cycle = "0" interval = "1s" late_after = "1d"\n'
        for name in ('ph do codmn nh3n tp temp ec turbidity tn chla algae cod bod5 cu zn f se as hg cd').split():
            unit = UNITS.get(name, 'mg/L')
            text += f'  point "{name}" {{ bus = "broker" unit = "{unit}" low = -1000000000 high = 1000000000 }}\n'
        text += '}\n'
    # The values swing between 1 and 2 every 1,000 messages; each limit is crossed twice, each parameter at another time.
    limits = [f'above = 1.{k:02d}' for k in range(5, 100, 5)] if swing else ['']
    for i, limit in enumerate(limits):
        text += (f'limit "limit-{i}" {{ parameters = {{ "ph", "do", "codmn", "nh3n", "tp" }} {limit} readings = 1 '
                 'first_level = "watch" level = "watch" }\n')
    open(plant.path('wqd.conf'), 'w').write(text)
    if slow_ms:
        os.environ.update(LD_PRELOAD=SLOW_SYNC, SLOW_SYNC_MS=str(slow_ms))
    plant.daemon()
    os.environ.pop('LD_PRELOAD', None)
    wait_until('the link to the broker', lambda: plant.status()['buses'][0]['state'] == 'up')
    os.sched_setaffinity(plant.wqd.pid, {0})
    for task in os.listdir(f'/proc/{plant.wqd.pid}/task'):
        os.sched_setaffinity(int(task), {0})
    return plant


UNITS = {'ph': '-', 'temp': '℃', 'ec': 'μS/cm', 'turbidity': 'NTU', 'algae': 'cells/L'}


def load(plant, messages, rate=0, series=PARAMETERS, stations=('load',)):
    command = [plant.bin('wqsim'), 'mqtt', '--broker', f'tcp://127.0.0.1:{plant.mqtt_port}', '--topic', 'wq/{station}']
    for station in stations:
        command += ['--station', station]
    command += ['--load', str(messages), '--series', str(series)] + (['--rate', str(rate)] if rate else [])
    before = plant.status()['store']['committed']
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    wait_until('the last commit', lambda: plant.status()['store']['committed'] - before >= messages * series, 120)
    return messages * series / (time.perf_counter() - began)


def private(pid):
    return sum(int(line.split()[1]) for line in open(f'/proc/{pid}/smaps_rollup') if line.startswith('Private_Dirty'))


durable, fast, one, many = [], [], [], []
for _ in range(ROUNDS):
    for receipt, figures in (('durable', durable), ('fast', fast)):
        plant = site(receipt)
        load(plant, 200, stations=('warm',))
        figures.append(load(plant, 6000))
        one.append(raw(plant.dir, 20, 40000)[0])
        many.append(raw(plant.dir, 2000, 400000)[0])
        plant.close()
print('readings/s (min / median / max)')
print('  wqd, receipt durable          ', spread(durable))
print('  wqd, receipt fast             ', spread(fast))
print('  SQLite, 20 rows a commit      ', spread(one), f'  durable is {statistics.median(durable) / statistics.median(one):.2f} of it')
print('  SQLite, 2,000 rows a commit   ', spread(many), f'  fast is {statistics.median(fast) / statistics.median(many):.2f} of it')
def late(name, figures):
    print(f"  {name:<38}p50 {figures['p50']}, p99 {figures['p99']}, max {figures['max']} over {figures['count']}")


def decided(plant):
    """Arrival of a reading -> the change of an alarm that it made, ms."""
    rows = sorted(row[0] for row in plant.query('SELECT c.decided-r.received FROM change c JOIN reading r ON '
                                                'r.series=c.series AND r.at=c.time WHERE c.kind IN(0,4)'))
    return {'p50': rows[len(rows) // 2], 'p99': rows[len(rows) * 99 // 100], 'max': rows[-1], 'count': len(rows)}


plant = site('durable', swing=True)
load(plant, 6000, rate=200, series=5)
latency = plant.status()['latency_ms']
_, p50, p99 = raw(plant.dir, 20, 40000)
print('1,000 readings/s (200 messages/s of 5) for 30 s, ms')
late('wqd, arrival -> notice committed', latency)
print(f'  {"SQLite, a commit of 20 rows":<38}p50 {p50:.2f}, p99 {p99:.2f}')
plant.close()

for slow_ms in (0, 100):
    plant = site('fast', swing=True, slow_ms=slow_ms)
    load(plant, 6000, rate=200, series=5)
    print(f'the same with fast receipt, every sync {slow_ms} ms slower, ms')
    late('wqd, arrival -> alarm decided', decided(plant))
    late('wqd, timer late', plant.status()['timer_late_ms'])
    late('wqd, arrival -> notice committed', plant.status()['latency_ms'])
    plant.close()

print('Private_Dirty (KiB)')
for count in (1, 200):
    names = tuple(f's{k}' for k in range(count))
    plant = site('fast', stations=names)
    libraries = subprocess.Popen([LIBRARIES, plant.dir, f'tcp://127.0.0.1:{plant.mqtt_port}'], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, text=True)
    base = private(int(libraries.stdout.readline()))
    idle = private(plant.wqd.pid)
    load(plant, 20 * count, stations=names)
    time.sleep(2)  # what the load took is given back by then, or is kept
    print(f'  {20 * count} series: libraries alone {base}; wqd idle {idle}, own {idle - base}; after {400 * count:,} readings '
          f'{private(plant.wqd.pid)}')
    libraries.communicate()
    plant.close()
