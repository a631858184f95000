# SPDX-License-Identifier: Apache-2.0
"""One cause, one notice: a gateway (simulated stations over Modbus TCP) is killed and comes back, but for one station's logger:
what rings is the gateway, and then that station, once each. A maintenance by hand: nobody is told, over a kill, a restart and a reload; what is measured afterwards rings."""
import json, os, signal, subprocess, sys, time
from plant import Plant, free_port, wait_until

STATIONS, NAMES = 4, ['ph', 'do', 'codmn', 'nh3n', 'tp']
SCENARIO = 'seed 7\nend 3600s\n' + ''.join(
    f'station s{i}\n  ph 0s:7.6 noise 0.02 places 2\n  do 0s:7.1 noise 0.05 places 2\n  codmn 0s:4.1 noise 0.05 places 2\n'
    f'  nh3n 0s:0.35 noise 0.01 places 3\n  tp 0s:0.11 noise 0.002 places 3\n' for i in range(STATIONS))
plant = Plant()
port = free_port()


def configuration():
    text = plant.head().replace('flood_alarms', 'bus_down_after = "2s"\n  flood_alarms')
    text += f'modbus "gateway" {{ host = "127.0.0.1" port = {port} timeout = "300ms" interval = "1s" }}\n'
    for i in range(STATIONS):
        points = ''.join(f' point "{name}" {{ bus = "gateway" unit = "{"-" if name == "ph" else "mg/L"}" unit_id = {i + 1} '
                         f'address = {10 * k} time_address = {10 * k + 2} }}\n' for k, name in enumerate(NAMES))
        text += f'station "s{i}" {{ kind = "national" interval = "1s" late_after = "1m"\n{points}}}\n'
    text += '''station "hand" { kind = "national" interval = "1m"
 point "tp" { bus = "broker" unit = "mg/L" }
 point "nh3n" { bus = "broker" unit = "mg/L" } }
limit "class3" { parameters = { "tp" } readings = 1 level = "alarm" }
missing "silence" { stations = { "s0", "s1", "s2", "s3" } after = "5s" }
silent "station" { stations = { "s0", "s1", "s2", "s3" } after = "5s" }
'''
    with open(plant.path('wqd.conf'), 'w') as f:
        f.write(text)


def gateway(*more):
    return plant.start('wqsim', plant.bin('wqsim'), 'modbus', '--listen', f'127.0.0.1:{port}', '--scenario', plant.path('scenario'),
                       *more)


def ctl(*words):
    done = subprocess.run([plant.bin('wqctl'), *words, '--socket', plant.path('wqd.sock')], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f'{words}: {done.stderr}')
    return done.stdout


def publish(value):
    at = int(time.time() * 1000)
    subprocess.run(['mosquitto_pub', '-p', str(plant.mqtt_port), '-q', '1', '-t', 'wq/hand', '-m',
                    json.dumps({'time': at, 'tp': value, 'nh3n': 0.1})], check=True)
    wait_until('the readings', lambda: plant.query('SELECT count(*) FROM reading WHERE at>=?', at)[0][0] >= 2)
    return plant.query("SELECT quality FROM sample_row WHERE station='hand' AND parameter='tp' ORDER BY at DESC LIMIT 1")[0][0]


def changes():
    return plant.query('SELECT rule, change, count(*) FROM v_alarm GROUP BY 1, 2 ORDER BY 1, 2')


def told():
    wait_until('the notices', lambda: not plant.query('SELECT 1 FROM notice WHERE state=0'))
    return len(plant.told())


def up(bus):
    wait_until(bus, lambda: any(b['name'] == bus and b['state'] == 'up' for b in (plant.status() or {'buses': []})['buses']))


with open(plant.path('scenario'), 'w') as f:
    f.write(SCENARIO)
configuration()
slave = gateway()
plant.daemon()
up('gateway')
up('broker')
wait_until('readings of all', lambda: plant.query('SELECT count(DISTINCT series) FROM reading')[0][0] == STATIONS * len(NAMES))

# -- the gateway dies, for longer than anything behind it waits; a restart in between
slave.kill()
slave.wait()
plant.running.remove(slave)
wait_until('the gateway to be told', lambda: changes())
time.sleep(12)
assert changes() == [('wqd:bus:gateway', 'opened', 1)], changes()
plant.kill()
plant.daemon()
time.sleep(12)
assert changes() == [('wqd:bus:gateway', 'opened', 1)], changes()
assert told() == 2, plant.told()  # lead and assist
evidence = json.loads(plant.query('SELECT evidence FROM change')[0][0])
assert evidence['covers'] == STATIONS * len(NAMES) and len(evidence['covered']) == evidence['covers'], evidence
gateway('--dead-unit', '2')
wait_until('the clearing', lambda: ('wqd:bus:gateway', 'cleared', 1) in changes())
wait_until('the station', lambda: len(changes()) > 2)
time.sleep(12)
assert changes() == [('station', 'opened', 1), ('wqd:bus:gateway', 'cleared', 1), ('wqd:bus:gateway', 'opened', 1)], changes()
assert plant.query("SELECT DISTINCT station FROM v_alarm WHERE rule='station'") == [('s1',)]
assert told() == 6, plant.told()
print('gateway:', changes(), told(), 'notices for', STATIONS * len(NAMES), 'series')

# -- maintenance by hand
assert publish(0.05) == 'good'
ctl('maintain', 'hand', '--for', '1h', '--reason', '换泵管', '--who', '李工')
shown = plant.status()['maintenance']
assert [(m['station'], m['by'], m['who'], m['reason']) for m in shown] == [('hand', 'hand', '李工', '换泵管')], shown
assert 'maintain  hand, by hand, 李工, since ' in ctl('status')
assert publish(0.9) == 'maintenance'
plant.kill()
plant.daemon()
up('broker')
assert plant.status()['maintenance'] == shown
assert publish(0.91) == 'maintenance'
started = plant.status()['started']
plant.wqd.send_signal(signal.SIGHUP)
wait_until('the reload', lambda: (plant.status() or {'started': started})['started'] != started)
up('broker')
assert publish(0.92) == 'maintenance'
time.sleep(2)
assert told() == 6 and len(changes()) == 3, changes()
ctl('maintain', '--end', 'hand', '--who', '王工')
assert plant.status()['maintenance'] == []
assert publish(0.93) == 'good'
wait_until('the alarm', lambda: ('class3', 'opened', 1) in changes())
wait_until('its notices', lambda: len(plant.told()) == 8)
rows = plant.query('SELECT station, parameter, who, reason, ended_by, ended IS NOT NULL FROM v_maintenance')
assert rows == [('hand', None, '李工', '换泵管', '王工', 1)], rows
print('maintenance:', rows, changes(), told(), 'notices')
sys.exit(0)
