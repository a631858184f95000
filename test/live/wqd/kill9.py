# SPDX-License-Identifier: Apache-2.0
"""kill -9 at random moments under load: every accepted reading stored once, every change of an alarm told.

Six stations over Modbus swing across the limit every few seconds, 400 messages a second of five values each come over
MQTT with durable receipt, and every change goes to two contacts. WQ_LONG=1: 50 kills instead of 6."""
import collections, os, random, signal, subprocess, sys, time
from plant import Plant, wait_until

ROUNDS = 50 if os.environ.get('WQ_LONG') else int(os.environ.get('WQ_ROUNDS', 6))
SEED = int(os.environ.get('WQ_SEED', time.time_ns() % 1000000))
RATE, SWING, STATIONS = 400, 4, 6
print('seed', SEED, 'rounds', ROUNDS)
random.seed(SEED)
plant = Plant()

length = ROUNDS * 4 + 30
with open(plant.path('swing.scenario'), 'w') as f:
    f.write(f'end {length}s\n')
    for s in range(STATIONS):
        points = ' '.join(f'{t}s:{0.1 + 0.001 * (t % 50)} {t + 2}s:{0.3 + 0.001 * (t % 50)}' for t in range(0, length, SWING))
        f.write(f'station m{s}\n  tp {points} places 3\n')
plant.start('modbus', plant.bin('wqsim'), 'modbus', '--listen', '127.0.0.1:0', '--port-file', plant.path('modbus.port'),
            '--scenario', plant.path('swing.scenario'), '--start-on-request')
port = wait_until('wqsim modbus', lambda: plant.read('modbus.port'))
config = plant.head() + f'modbus "plc" {{ host = "127.0.0.1" port = {port} interval = "500ms" timeout = "500ms" }}\n'
for s in range(STATIONS):
    config += f'''station "m{s}" {{ kind = "national" cycle = "0" interval = "1s"
  point "tp" {{ bus = "plc" unit = "mg/L" unit_id = {s + 1} address = 0 time_address = 2 }} }}\n'''
for s in ('q0', 'q1'):
    config += f'station "{s}" {{ kind = "national" cycle = "0" interval = "1s" late_after = "1h"\n'
    config += ''.join(f'  point "{p}" {{ bus = "broker" unit = "{u}" }}\n' for p, u in
                      (('ph', '-'), ('do', 'mg/L'), ('codmn', 'mg/L'), ('nh3n', 'mg/L'), ('tp', 'mg/L'))) + '}\n'
config += 'limit "tp3" { parameters = { "tp" } stations = { ' + ', '.join(f'"m{s}"' for s in range(STATIONS)) + \
          ' } readings = 1 level = "alarm" first_level = "alarm" }\n'
open(plant.path('wqd.conf'), 'w').write(config)

starts = [plant.daemon()]
total = RATE * (length - 20)
load = plant.start('load', plant.bin('wqsim'), 'mqtt', '--broker', f'tcp://127.0.0.1:{plant.mqtt_port}', '--topic', 'wq/{station}',
                   '--load', str(total), '--series', '5', '--rate', str(RATE), '--station', 'q0', '--station', 'q1',
                   '--acked', plant.path('acked'))
began = time.monotonic()
for _ in range(ROUNDS):
    time.sleep(random.uniform(0.2, 2.5))
    plant.kill()
    starts.append(plant.daemon())
print(f'{ROUNDS} kills in {time.monotonic() - began:.0f} s; answering again after '
      f'p50 {sorted(starts)[len(starts) // 2]:.2f} s, max {max(starts):.2f} s')
load.wait(timeout=length + 120)
acked = collections.Counter(line.strip() for line in open(plant.path('acked')))
wait_until('all acknowledged messages', lambda: plant.query(
    "SELECT count(*) FROM v_sample WHERE station IN ('q0','q1') AND parameter='tp'")[0][0] >= len(acked), 60)


def settled():
    waiting = plant.query('SELECT count(*) FROM notice WHERE state=0')[0][0]
    return waiting == 0 and plant.query('SELECT count(*) FROM alarm WHERE open=1')[0][0] == 0


wait_until('the last alarms cleared and told', settled, 120)
code = plant.kill(signal.SIGTERM)
wrong = []


def check(what, holds):
    print('ok ' if holds else 'BAD', what)
    if not holds:
        wrong.append(what)


check(f'wqd ended by SIGTERM with 0 (was {code})', code == 0)
check('integrity_check', plant.query('PRAGMA integrity_check') == [('ok',)])
check('no (series, at) has a second revision', plant.query('SELECT count(*) FROM reading WHERE revision > 1')[0][0] == 0)
twice = plant.query('SELECT count(*) FROM (SELECT series, at FROM reading GROUP BY series, at HAVING count(*) > 1)')[0][0]
check('no (series, at) is stored twice', twice == 0)
stored = plant.query("SELECT station, parameter, count(*) FROM v_sample WHERE station LIKE 'q%' GROUP BY 1, 2")
per_series = {(s, p): n for s, p, n in stored}
for s in ('q0', 'q1'):
    sent = sum(1 for line in acked if line.startswith(s))
    for p in ('ph', 'do', 'codmn', 'nh3n', 'tp'):
        check(f'{s}/{p}: {sent} acknowledged, {per_series.get((s, p), 0)} stored', per_series.get((s, p), 0) == sent)
polled = plant.query("SELECT count(*) FROM v_sample WHERE station LIKE 'm%'")[0][0]
check(f'{polled} polled readings stored', polled > 0)
changes = plant.query('SELECT alarm, number FROM change ORDER BY alarm, number')
numbers = collections.defaultdict(list)
for alarm, number in changes:
    numbers[alarm].append(number)
check(f'{len(changes)} changes of {len(numbers)} alarms, none left out',
      all(n == list(range(1, len(n) + 1)) for n in numbers.values()))
told = [row for row in plant.told() if not row.get('refused')]
notices = {i for (i,) in plant.query('SELECT id FROM notice')}
first = {}
for place, row in enumerate(told):
    first.setdefault(row['id'], place)
check(f'{len(notices)} notices (two a change), every one told, {len(told)} requests',
      len(notices) == 2 * len(changes) and notices == set(first))
order = collections.defaultdict(list)
for row in told:
    data = row['body']['data']
    if first.get(row['id']) is not None and told[first[row['id']]] is row:
        order[data['alarm'], data['contact'] if isinstance(data['contact'], str) else data['contact']['id']].append(data['number'])
check('told in the order of each alarm', all(n == sorted(n) for n in order.values()))
sys.exit(1 if wrong else 0)
