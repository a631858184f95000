# SPDX-License-Identifier: Apache-2.0
"""Platforms that take a connection and then say nothing, over plain TCP, over TLS, in the middle of a drain, or in HJ 212: readings over the
MQTT bus of the same daemon arrive and are told as quickly as ever."""
import json, os, socket, subprocess, sys, threading, time
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'wqd'))
from plant import Plant, free_port, reachable, wait_until

SECONDS = 40
plant = Plant()
held = []


def silent():
    """A listener whose backlog takes connections that nobody reads."""
    s = socket.create_server(('127.0.0.1', 0), backlog=64)
    held.append(s)
    return s.getsockname()[1]


mute = free_port()
with open(plant.path('up.conf'), 'w') as f:
    f.write(f'listener {mute} 127.0.0.1\nallow_anonymous true\npersistence false\n')
text = plant.head() + ('station "q" { kind = "national"\n  point "tp" { bus = "broker" unit = "mg/L" }\n}\n'
                       'limit "tp" { parameters = { "tp" } above = 0.5 readings = 1 }\n')
common = 'patience = "5s" lag_alarm = "0"'
for name, broker in (('plain', f'tcp://127.0.0.1:{silent()}'), ('tls', f'ssl://127.0.0.1:{silent()}'), ('stops', f'tcp://127.0.0.1:{mute}')):
    text += f'uplink "{name}" {{ kind = "mqtt" broker = "{broker}" client_id = "{name}" keepalive = "5s" {common} }}\n'
text += f'uplink "hj" {{ kind = "hj212" host = "127.0.0.1" port = {silent()} mn = {{ "q=A1" }} timeout = "1s" {common} }}\n'


def delays(what, seconds):
    out = subprocess.Popen(['mosquitto_pub', '-p', str(plant.mqtt_port), '-q', '1', '-t', 'wq/q', '-l'], stdin=subprocess.PIPE)
    since, n = int(time.time() * 1000), 0
    while time.time() * 1000 < since + seconds * 1000:
        n += 1
        out.stdin.write(json.dumps({'time': int(time.time() * 1000), 'tp': 0.9 if n % 2 else 0.01}).encode() + b'\n')
        out.stdin.flush()
        time.sleep(0.05)  # the pace of the station
    out.stdin.close()
    out.wait()
    wait_until('all', lambda: plant.query('SELECT count(*) FROM reading WHERE at>=?', since)[0][0] == n)
    arrived = sorted(r[0] for r in plant.query('SELECT received-at FROM reading WHERE at>=?', since))
    told = sorted(r[0] for r in plant.query('SELECT n.created-r.at FROM notice n JOIN change c ON c.alarm=n.alarm AND c.number=n.number '
                                            'JOIN reading r ON r.series=c.series AND r.at=c.time WHERE r.at>=?', since))
    for word, rows in (('sent to arrived', arrived), ('sent to told', told)):
        print(f'{what}: {len(rows)} {word} p50 {rows[len(rows) // 2]} p99 {rows[len(rows) * 99 // 100]} max {rows[-1]} ms; '
              f'main timer late {plant.status()["timer_late_ms"]["max"]} ms')
    return arrived[-1], told[-1]


with open(plant.path('wqd.conf'), 'w') as f:
    f.write(text.split('uplink "plain"')[0])
plant.daemon()
wait_until('the link', lambda: plant.status()['buses'][0]['state'] == 'up')
alone = delays('no uplinks', 10)
plant.kill(15)
with open(plant.path('wqd.conf'), 'w') as f:
    f.write(text)
broker = plant.start('up', 'mosquitto', '-c', plant.path('up.conf'))
wait_until('the upper broker', lambda: reachable(mute))
plant.daemon()
wait_until('the link', lambda: plant.status()['buses'][0]['state'] == 'up')
threading.Timer(5, lambda: broker.send_signal(19)).start()  # the upper broker stops in the middle
hung = delays('four hung uplinks', SECONDS)
for u in plant.status()['uplinks']:
    print(u['name'], u['state'], u['failures'], u['why'])
states = {u['name']: u for u in plant.status()['uplinks']}
began = time.monotonic()
code = plant.kill(15)
took = time.monotonic() - began
print(f'stopped in {took:.1f} s with {code}')
broker.send_signal(18)
good = hung[0] <= max(300, 3 * alone[0]) and hung[1] <= max(300, 3 * alone[1]) and code == 0 and took < 10
good = good and all(states[n]['failures'] > 0 for n in ('plain', 'tls', 'hj')) and states['stops']['failures'] > 0
sys.exit(0 if good else 1)
