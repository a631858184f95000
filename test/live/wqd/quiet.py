# SPDX-License-Identifier: Apache-2.0
"""Two hundred alarms are open, some acknowledged, some on the shelf: a reload, a kill -9 and a restart tell nobody anything and
change nothing; and afterwards a shelf that ends and an alarm that clears are told, once each."""
import json, os, signal, subprocess, sys, time
from plant import Plant, wait_until

STATIONS, ACKNOWLEDGED, SHELVED = 200, 12, 6
plant = Plant()
names = [f's{i:03d}' for i in range(STATIONS)]
text = plant.head()
for name in names:
    text += f'station "{name}" {{ kind = "national" interval = "1m"\n point "tp" {{ bus = "broker" unit = "mg/L" }} }}\n'
text += '''limit "class3" { parameters = { "tp" } readings = 1 level = "alarm" latch = false chatter = 5 }
limit "later" { parameters = { "tp" } readings = 1 level = "warning" on_delay = "1h" }
missing "silence" { level = "watch" after = "1h" }
daily "day" { level = "warning" }
'''
with open(plant.path('wqd.conf'), 'w') as f:
    f.write(text)


def ctl(*words):
    done = subprocess.run([plant.bin('wqctl'), *words, '--socket', plant.path('wqd.sock')], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f'{words}: {done.stderr}')


def publish(value, which=names):
    at = int(time.time() * 1000)
    for name in which:
        subprocess.run(['mosquitto_pub', '-p', str(plant.mqtt_port), '-q', '1', '-t', f'wq/{name}', '-m',
                        json.dumps({'time': at, 'tp': value})], check=True)
    wait_until('the readings', lambda: plant.query('SELECT count(DISTINCT series) FROM reading WHERE at>=?', at)[0][0] == len(which))


def link():
    wait_until('the link', lambda: (plant.status() or {'buses': [{'state': ''}]})['buses'][0]['state'] == 'up')


def facts():
    """All that anybody could have been told, and all that was concluded."""
    status = plant.status()
    return (plant.query('SELECT count(*), max(rowid) FROM change'), plant.query('SELECT count(*), sum(attempts) FROM notice'),
            plant.query('SELECT rule, station, series, until, ended FROM shelf ORDER BY 1, 2, 3'),
            plant.query('SELECT * FROM delay ORDER BY 1, 2, 3'), len(plant.told()), status['open_alarms'], status['shelves'],
            sorted((a['alarm'], a['level'], a['state'], a['shelved_until'], a['first']) for a in status['alarms']))


plant.daemon()
link()
publish(0.9)
wait_until('the alarms', lambda: plant.status()['open_alarms'] == STATIONS)
alarms = [row[0] for row in plant.query("SELECT DISTINCT alarm FROM v_alarm WHERE rule='class3' ORDER BY 1")]
for alarm in alarms[:ACKNOWLEDGED]:
    ctl('ack', alarm, '--who', 'a')
for alarm in alarms[50:50 + SHELVED]:
    ctl('shelve', alarm, '--for', '2h', '--reason', 'x', '--who', 'a')
wait_until('the notices', lambda: not plant.query('SELECT 1 FROM notice WHERE state=0'))
# Lead and assist are told of each opening, acknowledgement and shelf.
expected = 2 * (STATIONS + ACKNOWLEDGED + SHELVED)
wait_until('the inbox', lambda: len(plant.told()) == expected)
before = facts()
assert before[5] == STATIONS and before[6] == SHELVED and len(before[3]) == STATIONS, before


def reload():
    started = plant.status()['started']
    plant.wqd.send_signal(signal.SIGHUP)
    wait_until('the reload', lambda: (plant.status() or {'started': started})['started'] != started)


def killed():
    plant.kill()
    plant.daemon()


def restarted():
    assert plant.kill(signal.SIGTERM) == 0
    plant.daemon()


wrong = []
for how in (reload, killed, restarted, reload):
    how()
    link()
    publish(0.91)  # it goes on exceeding
    time.sleep(4)
    after = facts()
    if after != before:
        wrong.append(how.__name__)
        print(how.__name__, 'changed', *(f'{b} -> {a}' for b, a in zip(before, after) if a != b), sep='\n  ')
# It is not deaf: what is still open is told again when its shelf ends, and what is over is told.
ctl('unshelve', alarms[50], '--who', 'a')
publish(0.05, [names[100]])
wait_until('the last notices', lambda: len(plant.told()) >= expected + 4)
time.sleep(2)
last = plant.query("SELECT change, count(*) FROM v_alarm GROUP BY 1 ORDER BY 1")
print(last, len(plant.told()) - expected, 'told at the end')
good = not wrong and last == [('acknowledged', ACKNOWLEDGED), ('cleared', 1), ('opened', STATIONS), ('shelved', SHELVED), ('unshelved', 1)] \
    and len(plant.told()) == expected + 4
sys.exit(0 if good else 1)
