# SPDX-License-Identifier: Apache-2.0
"""Six real stations of the national platform, 4-hourly, played over Modbus and MQTT: the store holds every value once,
at its own time, as the decimal that was published. They are years old, so they ring nobody."""
import collections, csv, datetime, gzip, os, sys, time
from plant import Plant, skip, wait_until

DATA = os.path.join(os.environ.get('WQ_SHARED', ''), 'data', 'national_4h_20210401_0405.csv.gz')
if not os.path.exists(DATA):
    skip('no national_4h_20210401_0405.csv.gz')
COLUMNS = {'temp_c': 'temp', 'ph': 'ph', 'do_mgl': 'do', 'cond_uscm': 'ec', 'turb_ntu': 'turbidity', 'codmn_mgl': 'codmn',
           'nh3n_mgl': 'nh3n', 'tp_mgl': 'tp', 'tn_mgl': 'tn'}
UNITS = {'temp': '℃', 'ph': '-', 'ec': 'μS/cm', 'turbidity': 'NTU'}

stations = collections.defaultdict(dict)
for row in csv.DictReader(gzip.open(DATA, 'rt', encoding='utf-8')):
    if row['ts'].startswith('2021-04-0'):
        stations[row['section']].setdefault(row['ts'], row)
chosen = sorted((n for n in stations if len(stations[n]) >= 24), key=lambda n: (-len(stations[n]), n))[:6]
plant = Plant()
ids = {name: f's{i}' for i, name in enumerate(chosen)}


def write(name, members):
    with open(plant.path(name), 'w', newline='') as f:
        out = csv.writer(f)
        out.writerow(['time', 'station'] + list(COLUMNS.values()))
        rows = [(ts, ids[n], [stations[n][ts][c] for c in COLUMNS]) for n in members for ts in stations[n]]
        for ts, station, values in sorted(rows):
            out.writerow([ts, station] + values)


write('modbus.csv', chosen[:3])
write('mqtt.csv', chosen[3:])
plant.start('modbus', plant.bin('wqsim'), 'modbus', '--listen', '127.0.0.1:0', '--port-file', plant.path('modbus.port'),
            '--csv', plant.path('modbus.csv'), '--step', '1s', '--start-on-request',
            '--units', ','.join(f's{i}={i + 1}' for i in range(3)))
port = wait_until('wqsim modbus', lambda: plant.read('modbus.port'))
config = plant.head() + f'modbus "plc" {{ host = "127.0.0.1" port = {port} interval = "200ms" }}\n'
for i in range(6):
    config += f'station "s{i}" {{ kind = "national" cycle = "4h"\n'
    for k, p in enumerate(COLUMNS.values()):
        place = f'bus = "plc" unit_id = {i + 1} address = {10 * k} time_address = {10 * k + 2}' if i < 3 else 'bus = "broker"'
        config += f'  point "{p}" {{ {place} unit = "{UNITS.get(p, "mg/L")}" }}\n'
    config += '}\n'
config += 'limit "class3" { parameters = { "ph", "do", "codmn", "nh3n", "tp" } readings = 1 }\n'
open(plant.path('wqd.conf'), 'w').write(config)
plant.daemon()
player = plant.start('player', plant.bin('wqsim'), 'mqtt', '--broker', f'tcp://127.0.0.1:{plant.mqtt_port}', '--topic', 'wq/{station}',
                     '--csv', plant.path('mqtt.csv'), '--step', '0')


def number(text):
    try:
        return float(text)
    except ValueError:
        return None


def instant(text):
    return datetime.datetime.fromisoformat(text).timestamp()


expected = {}
for name in chosen:
    for ts, row in stations[name].items():
        for column, parameter in COLUMNS.items():
            value = number(row[column])
            if value is not None:
                expected[ids[name], instant(ts), parameter] = value


def stored():
    return plant.query('SELECT station, time, parameter, value, revision FROM v_sample WHERE value IS NOT NULL')


rows = max(len(stations[n]) for n in chosen[:3])
wait_until('all values', lambda: len(stored()) >= len(expected), rows * 1.2 + 60)
time.sleep(1)  # anything that should not come has time to
found = collections.Counter()
wrong = 0
for station, ts, parameter, value, revision in stored():
    key = (station, instant(ts), parameter)
    found[key] += 1
    if expected.get(key) != value or revision != 1 or found[key] > 1:
        wrong += 1
        print('BAD', key, value, revision, 'expected', expected.get(key))
missing = [key for key in expected if key not in found]
told = len(plant.told())
both = plant.query('SELECT count(*) FROM reading')[0][0]
print(f'{len(chosen)} stations, {len(expected)} values played, {len(found)} stored, {wrong} wrong, {len(missing)} missing; '
      f'{both} rows with those that have no value; {told} messages told')
sys.exit(1 if wrong or missing or told else 0)
