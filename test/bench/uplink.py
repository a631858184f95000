#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How quickly a platform above gets what it missed, and what that costs the live readings meanwhile.

    cmake --build build && WQ_BIN=build/bin test/bench/uplink.py [--records N] [--rate N]

A backlog of N records (20 parameters, one station-minute each) is committed while the upper broker is away. Then a live station
exceeds and meets its limit in turn, four times a second: first without the drain, then with it. The same publisher library with
the same window and the same bodies' length on the same broker is the reference. Nothing is asserted."""
import argparse, json, os, subprocess, sys, threading, time
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'live', 'wqd'))
from plant import Plant, free_port, reachable, wait_until

NAMES = [('temp', '℃'), ('ph', '-'), ('do', 'mg/L'), ('codmn', 'mg/L'), ('nh3n', 'mg/L'), ('tp', 'mg/L'), ('ec', 'µS/cm'), ('turbidity', 'NTU'),
         ('tn', 'mg/L'), ('chla', 'µg/L'), ('algae', '万个/L'), ('cod', 'mg/L'), ('bod5', 'mg/L')]


def wait_for_upper(plant, port):
    plant.start('up', 'mosquitto', '-c', plant.path('up.conf'))
    wait_until('the upper broker', lambda: reachable(port))


class Live(threading.Thread):
    """A reading in turn over and under the limit, on its own connection."""

    def __init__(self, plant):
        super().__init__(daemon=True)
        self.out = subprocess.Popen(['mosquitto_pub', '-p', str(plant.mqtt_port), '-q', '1', '-t', 'wq/live', '-l'], stdin=subprocess.PIPE)
        self.going = True
        self.n = 0
        self.start()

    def run(self):
        while self.going:
            self.n += 1
            self.out.stdin.write(json.dumps({'tp': 0.9 if self.n % 2 else 0.01}).encode() + b'\n')
            self.out.stdin.flush()
            time.sleep(0.25)  # the pace of the station

    def stop(self):
        self.going = False
        self.join()
        self.out.stdin.close()
        self.out.wait()


def delays(plant, since):
    """From the arrival of a reading to the receiver's answer to its notice."""
    rows = [r[0] for r in plant.query('SELECT y.at-r.received AS delay FROM delivery y JOIN notice n ON n.id=y.notice JOIN change c ON c.alarm=n.alarm '
                                      'AND c.number=n.number JOIN reading r ON r.series=c.series AND r.at=c.time WHERE n.created>=? AND y.kind=0 '
                                      'AND y.attempt=1 ORDER BY 1', since)]
    return 'no notices' if not rows else f'{len(rows)} notices, arrival to delivered p50 {rows[len(rows) // 2]} p99 {rows[len(rows) * 99 // 100]} max {rows[-1]} ms'


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument('--records', type=int, default=60000)
    arguments.add_argument('--rate', type=int, default=100000)
    arguments.add_argument('--window', type=int, default=1000)
    wanted = arguments.parse_args()
    plant, port = Plant(), free_port()
    with open(plant.path('up.conf'), 'w') as f:
        f.write(f'listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nmax_queued_messages 0\nmax_inflight_messages 1000\n')
    names = NAMES
    text = plant.head() + 'station "week" { kind = "national" late_after = "1h"\n' + ''.join(
        f'  point "{n}" {{ bus = "broker" unit = "{u}" }}\n' for n, u in names) + '}\n'
    text += 'station "live" { kind = "national"\n  point "tp" { bus = "broker" unit = "mg/L" }\n}\n'
    text += 'limit "live" { stations = { "live" } parameters = { "tp" } above = 0.2 readings = 1 level = "alarm" }\n'
    text += (f'uplink "bureau" {{ kind = "mqtt" broker = "tcp://127.0.0.1:{port}" client_id = "gateway" topic = "up/{{station}}" rate = {wanted.rate} '
             f'window = {wanted.window} days = false }}\n')
    with open(plant.path('wqd.conf'), 'w') as f:
        f.write(text)
    plant.daemon()
    wait_until('the link', lambda: plant.status()['buses'][0]['state'] == 'up')
    now = int(time.time())
    first = now - wanted.records * 60
    pub = subprocess.Popen(['mosquitto_pub', '-p', str(plant.mqtt_port), '-q', '1', '-t', 'wq/week', '-l', '-i', 'week'], stdin=subprocess.PIPE)
    sent = 0
    while sent < wanted.records:
        if sent and sent % 20000 == 0:  # more than 65,535 lines in one run are lost by it
            pub.stdin.close()
            pub.wait()
            pub = subprocess.Popen(['mosquitto_pub', '-p', str(plant.mqtt_port), '-q', '1', '-t', 'wq/week', '-l', '-i', 'week'], stdin=subprocess.PIPE)
        pub.stdin.write(json.dumps({'time': first + sent * 60, 'values': {n: 5 + (sent + k) % 97 / 100 for k, (n, _) in enumerate(names)}}).encode() + b'\n')
        sent += 1
    pub.stdin.close()
    pub.wait()
    wait_until('the backlog', lambda: plant.query('SELECT count(*) FROM forward')[0][0] >= wanted.records, 600)
    rows = plant.query('SELECT count(*), (SELECT count(*) FROM sample) FROM reading')[0]
    print(f'{wanted.records} records wait, {rows[0]} readings, {rows[1]} of them in closed days')
    wait_until('tidying', lambda: plant.query('SELECT count(*) FROM sample_open WHERE at < ?', (now - 3 * 86400) * 1000)[0][0] == 0, 600)

    live = Live(plant)
    since = int(time.time() * 1000)
    wait_until('a baseline', lambda: live.n > 120, 60)
    print('without the drain:', delays(plant, since), '; main timer late', plant.status()['timer_late_ms'])
    since = int(time.time() * 1000)
    before = live.n
    wait_for_upper(plant, port)
    where = lambda: plant.status()['uplinks'][0]
    wait_until('the connection', lambda: where()['messages'] > 0, 60)
    a, t = where()['messages'], time.monotonic()
    samples = []
    while where()['sequence'] < wanted.records:
        samples.append((time.monotonic(), where()['messages']))
        time.sleep(0.1)  # looks ten times a second
    b, took = where()['messages'], time.monotonic() - t
    print(f'drain: {b - a} records in {took:.2f} s = {(b - a) / took:.0f} station-minutes/s of {len(names)} parameters, rate = {wanted.rate}, window = {wanted.window}')
    print('with the drain:   ', delays(plant, since), '; main timer late', plant.status()['timer_late_ms'], f'; {live.n - before} live readings meanwhile')
    live.stop()
    print({k: where()[k] for k in ('state', 'lag_s', 'again', 'failures')})
    reference = os.path.join(os.path.dirname(plant.bin('wqd')), '..', 'test', 'bench_publish')
    if os.path.exists(reference):
        print('reference, the library alone:', subprocess.run([reference, f'tcp://127.0.0.1:{port}', str(b - a), str(wanted.window), '1600'],
                                                              capture_output=True, text=True).stdout.strip())
    plant.kill(15)


main()
