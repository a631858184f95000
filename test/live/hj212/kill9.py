# SPDX-License-Identifier: Apache-2.0
"""Stations send, the daemon is killed and started again and again: what was acknowledged is on disk, and what was not is sent once more and then is."""
import random, signal, sys, threading, time
from station import Daemon, Station, expect, record, wait_until

STATIONS, RECORDS, KILLS = 20, 150, 6
names = [(f'M{i:03}', f's{i:03}') for i in range(STATIONS)]
d = Daemon('max_per_address = 200', names, ' point "nh3n" { bus = "air" unit = "mg/L" }\n')
acked, lock = set(), threading.Lock()
failures = []


def play(mn, key):
    station, number = None, 0
    while number < RECORDS:
        at = f'202601{1 + number // 1440:02}{number // 60 % 24:02}{number % 60:02}00'
        try:
            station = station or Station(d.port, mn)
            station.send(record(mn, 2061, at, {'w21003-Avg': f'{number / 1000}'}, qn=f'{at}{number:03}'))
            answer = station.answer()
            if answer is None:
                raise OSError
            if answer['QN'] != f'{at}{number:03}':
                continue
        except OSError:
            if station:
                station.close()
            station = None
            time.sleep(0.05)
            continue
        with lock:
            acked.add((key, number / 1000))
        number += 1


threads = [threading.Thread(target=play, args=name, daemon=True) for name in names]
for t in threads:
    t.start()
for _ in range(KILLS):
    time.sleep(random.uniform(0.2, 0.8))
    with lock:
        promised = set(acked)
    d.kill(signal.SIGKILL)
    with lock:
        promised = set(acked)
    stored = set(d.query('SELECT station, value FROM v_sample'))
    if not promised <= stored:
        raise SystemExit(f'FAIL: acknowledged and lost: {sorted(promised - stored)[:5]}')
    d.start()
for t in threads:
    t.join(120)
wait_until('all', lambda: len(acked) == STATIONS * RECORDS)
expect('all is stored once', d.query('SELECT count(*), count(DISTINCT station||value) FROM v_sample'), [(STATIONS * RECORDS,) * 2])
print(f'{len(acked)} records of {STATIONS} stations, {KILLS} kills')
print('PASS')
