# SPDX-License-Identifier: Apache-2.0
"""wqsim's stations and the daemon: every dialect, split frames, faults, a station that listens; what a station was told is stored, is stored."""
import os, subprocess
from station import BIN, Daemon, expect, free_port, wait_until

SCENARIO = '''seed 7
end 4s
station a
  nh3n 0s:0.3 4s:0.5 places 3
  tp 0s:0.05 4s:0.09 places 3
'''


def sim(d, *words, scenario=SCENARIO):
    with open(d.path('scenario'), 'w') as f:
        f.write(scenario)
    return subprocess.Popen([os.path.join(BIN, 'wqsim'), 'hj212', '--scenario', d.path('scenario'), '--interval', '1s',
                             '--acked', d.path('acked'), '--answer-within', '2s', '--to', f'127.0.0.1:{d.port}', *words], stdout=subprocess.PIPE, text=True)


def acked(d):
    try:
        with open(d.path('acked')) as f:
            return [line.strip().split(',')[1] for line in f]
    except FileNotFoundError:
        return []


def stored(d, parameter='nh3n'):
    return [time for time, in d.query('SELECT time FROM v_sample WHERE parameter=? ORDER BY time', parameter)]


POINTS = ' point "nh3n" {{ bus = "air" unit = "mg/L"{0} }}\n point "tp" {{ bus = "air" unit = "mg/L"{0} }}\n'
for dialect, profile in (('surface', 'surface-water'), ('2005', '2005'), ('2017', '2017'), ('2025', '2025'), ('cq', 'surface-water'),
                         ('gd', 'surface-water'), ('sx', 'surface-water'), ('nsbd', 'surface-water')):
    d = Daemon(f'profile = "{profile}"', [('a', 'a')], POINTS.format(' cn = { "2011" }' if dialect == 'nsbd' else ''))
    process = sim(d, '--dialect', dialect, '--split', '1', '--heartbeat', '1s')
    said = process.communicate(timeout=60)[0]
    wait_until(f'the readings of {dialect}', lambda: len(stored(d)) >= 5 and len(stored(d, 'tp')) >= 5)
    expect(f'{dialect}: acknowledged and not stored', set(acked(d)) - set(stored(d)), set())
    if dialect not in ('sx', 'nsbd'):
        expect(f'{dialect}: acknowledged', len(acked(d)), 5)
    print(dialect, said.strip())
    d.close()

# Faults: each costs only its moment, and no record is lost for good.
d = Daemon('frame_timeout = "2s"', [('a', 'a')], POINTS.format(''))
process = sim(d, '--fault', '1s:garbage', '--fault', '2s:bad-crc', '--fault', '3s:truncated', '--fault', '4s:slow:2s',
              '--fault', '6s:reboot', '--fault', '7s:half-open:1s', '--fault', '8s:dead:1s', scenario=SCENARIO.replace('4s', '10s'))
print('faults', process.communicate(timeout=120)[0].strip())
expect('acknowledged', len(acked(d)), 11)
expect('acknowledged and not stored', set(acked(d)) - set(stored(d)), set())
d.close()

# A station that listens; the daemon connects, and asks for what it missed.
port = free_port()
d = Daemon(f'connect = {{ "127.0.0.1:{port}" }} backfill = "1h"', [('a', 'a')], POINTS.format(''), up=False)
process = sim(d, '--listen', f'127.0.0.1:{port}', '--station', 'a', scenario=SCENARIO.replace('4s', '8s'))
print('listening', process.communicate(timeout=60)[0].strip())
expect('of a listening station', len(acked(d)) >= 9, True)
expect('acknowledged and not stored', set(acked(d)) - set(stored(d)), set())
expect('the bus', d.status()['buses'][0]['driver'], 'hj212')
print('PASS')
