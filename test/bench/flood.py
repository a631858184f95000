#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Ten thousand alarms within a minute: what one officer gets of them, and what that costs.

    cmake --build build && WQ_BIN=build/bin test/bench/flood.py [gateway|webhook|robot|slow]… [--stations N] [--seconds N]

gateway: all series (20 a station) are read through one Modbus gateway, which falls silent. webhook: all of them exceed at once
at level warning, another minute later at level alarm; the officer is told by a webhook. robot: the same, told by a group robot
that takes 18 messages a minute (a person: 10 messages in 10 minutes, then digests). slow: the same robot for a contact who wants
every change by itself; after the warnings 20 series rise to level alarm, behind the warnings that wait. A second contact has a webhook that hangs all the time. Printed are the alarms, what the officer got and
after how long, what waits, the largest memory (RSS) and the growth of the database. Nothing is asserted."""
import argparse, collections, json, os, random, struct, sys, threading, time
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, '..', 'live', 'deliver'), os.path.join(HERE, '..', 'live', 'wqd'), os.path.join(HERE, '..', 'live', 'faults')]
from peers import Publisher, Slave, registers, Server
from plant import Plant, reachable, wait_until
from receivers import Receivers
from stations import NAMES, UNITS

ITEMS = NAMES[:20]


def rss(pid, key='VmRSS'):
    return next(int(line.split()[1]) for line in open(f'/proc/{pid}/status') if line.startswith(key + ':'))


def words():
    """What a gateway's registers hold: no analyser stands still."""
    return dict(enumerate(struct.unpack(f'>{2 * len(ITEMS)}H', struct.pack(f'>{len(ITEMS)}f', *(random.uniform(1, 2) for _ in ITEMS)))))


class Watched(Plant):
    def __init__(self, robot, bounded=True):
        super().__init__()
        wait_until('the broker', lambda: reachable(self.mqtt_port))
        self.receivers = Receivers(1, ill=0)
        self.hang = Server(lambda server, connection: server.hold(connection))
        self.most = 0
        with open(self.path('credentials/token'), 'w', opener=lambda p, f: os.open(p, f, 0o600)) as f:
            f.write('token\n')
        officer = (f'dingtalk "ding" {{ url = "http://127.0.0.1:{self.receivers.port}/ding" token = "credential:token" mention = off allow_plain = true }}'
                   if robot else f'webhook "ding" {{ url = "http://127.0.0.1:{self.receivers.port}/hook" secret = "credential:hook" }}')
        self.text = self.head(10).split('webhook "hook"')[0] + f'''{officer}
webhook "dead" {{ url = "http://127.0.0.1:{self.hang.port}/dead" secret = "credential:hook" }}
contact "duty" {{ name = "值班员"{"" if bounded else " gather = " + chr(34) + "0s" + chr(34) + " most = 0"} channels = {{ "ding" }} }}
contact "away" {{ name = "联络员" channels = {{ "dead" }} }}
group "lead" {{ name = "牵头" members = {{ "duty" }} }}
group "assist" {{ name = "配合" members = {{ "away" }} }}
route "all" {{ min_level = "watch" lead = "lead" assist = {{ "assist" }} escalate_after = "30m" }}
mqtt "broker" {{ broker = "tcp://127.0.0.1:{self.mqtt_port}" topic = "wq/{{station}}" client_id = "wqd" receipt = "durable" }}
'''

    def begin(self, text):
        with open(self.path('wqd.conf'), 'w') as f:
            f.write(self.text + text)
        self.daemon()
        self.before = rss(self.wqd.pid)
        self.size = self.bytes()
        threading.Thread(target=self.watch, daemon=True).start()

    def watch(self):
        while self.wqd.poll() is None:
            try:
                self.most = max(self.most, rss(self.wqd.pid))
            except (OSError, StopIteration):
                return
            time.sleep(0.1)

    def bytes(self):
        return sum(os.path.getsize(self.path('wqd.db' + end)) for end in ('', '-wal') if os.path.exists(self.path('wqd.db' + end)))

    def tell(self, what, began, began_wall):
        alarms = self.query('SELECT r.name, count(*) FROM alarm a JOIN rule r ON r.id=a.rule GROUP BY 1 ORDER BY 2 DESC')
        states = {(c, s): n for c, s, n in self.query('SELECT contact, state, count(*) FROM notice GROUP BY 1, 2')}
        got = self.receivers.requests
        print(f'  {what}: after {time.monotonic() - began:.0f} s: alarms {dict(alarms)}')
        print(f'    the officer got {len(got)} messages' + (f', the first after {got[0].at - began_wall:.2f} s, the last after {got[-1].at - began_wall:.1f} s'
                                                           if got else ''))
        kinds = collections.Counter(r.text[1:r.text.find('】')] for r in got)
        print('      ' + ', '.join(f'{n} {word}' for word, n in kinds.most_common(8)))
        names = {0: 'wait', 1: 'sent', 2: 'given up', 3: 'held back', 4: 'told in a digest'}
        high = self.query("SELECT count(*), min(d.at), max(d.at), min(n.created) FROM notice n JOIN delivery d ON d.notice=n.id WHERE n.contact='duty'"
                          " AND n.level=4 AND n.topic=0 AND d.done=1")[0]
        if high[0]:
            print(f'    of level alarm, alone: {high[0]}, the first {(high[1] - high[3]) / 1000:.1f} s after it was decided, the last {(high[2] - high[3]) / 1000:.1f} s')
        shown = self.query("SELECT text FROM notice WHERE contact='duty' AND topic=1 AND state=1 ORDER BY seq DESC LIMIT 1")
        if shown:
            print('    the newest digest:', shown[0][0][:300].replace(chr(10), ' / '))
        for contact in ('duty', 'away'):
            print(f'    notices to {contact}:', ', '.join(f'{n} {names[s]}' for (c, s), n in sorted(states.items()) if c == contact) or 'none')
        print(f'    memory {self.before / 1024:.1f} MiB before, at most {self.most / 1024:.1f}, now {rss(self.wqd.pid) / 1024:.1f}; '
              f'database grown by {(self.bytes() - self.size) / 2 ** 20:.1f} MiB', flush=True)


def exceed(part, stations, seconds):
    plant = Watched(part != 'webhook', part != 'slow')
    text = ''
    for i in range(stations):
        text += f'station "s{i:04d}" {{ kind = "national" cycle = "0" interval = "1h" late_after = "1d"\n'
        text += ''.join(f'  point "{n}" {{ bus = "broker" unit = "{UNITS.get(n, "mg/L")}" low = -1000000000 high = 1000000000 }}\n' for n in ITEMS) + '}\n'
    for n in ITEMS:
        text += f'limit "{n}" {{ parameters = {{ "{n}" }} above = 1000 readings = 2 first_level = "warning" level = "alarm" }}\n'
    plant.begin(text)
    wait_until('the link', lambda: any(b['state'] == 'up' for b in plant.status()['buses']))
    publisher = Publisher(plant.mqtt_port, 'flood')
    began, wall = time.monotonic(), time.time()
    for turn in range(2):
        at = int((wall + turn) * 1000)
        rising = stations if turn == 0 or part != 'slow' else 1
        for i in range(stations - rising, stations):
            publisher.publish(f'wq/s{i:04d}', json.dumps({'time': at, **{n: 2000.0 for n in ITEMS}}))
        count = (stations + turn * rising) * len(ITEMS)
        wait_until('the changes', lambda: plant.query('SELECT count(*) FROM change')[0][0] >= count, 240)
        plant.tell(f'{len(ITEMS) * rising} series exceed, level {("warning", "alarm")[turn]}', began, wall)
        end = time.monotonic() + (30 if part == 'robot' and turn == 0 else seconds)
        while time.monotonic() < end and plant.query("SELECT 1 FROM notice WHERE contact='duty' AND state IN(0,3) LIMIT 1"):
            time.sleep(0.5)
    plant.tell('then', began, wall)
    plant.kill(15)
    plant.close()


def gateway(stations, seconds):
    plant = Watched(False)
    stations = min(stations, 240)
    slave = Slave(lambda request: registers(request, words()))
    text = f'modbus "gateway" {{ host = "127.0.0.1" port = {slave.port} interval = "5s" timeout = "500ms" }}\n'
    for i in range(stations):
        text += f'station "s{i:04d}" {{ kind = "national" cycle = "0" interval = "5s"\n' + ''.join(
            f'  point "{n}" {{ bus = "gateway" unit = "{UNITS.get(n, "mg/L")}" unit_id = {i + 1} address = {2 * k} low = -1000000000 high = 1000000000 }}\n'
            for k, n in enumerate(ITEMS)) + '}\n'
    text += 'missing "silent" { after = "1m" level = "watch" }\n'
    plant.text = plant.text.replace('site {', 'site {\n  bus_down_after = "30s"')
    plant.begin(text)
    wait_until('all to be read', lambda: plant.query('SELECT count(DISTINCT series) FROM reading')[0][0] >= stations * len(ITEMS), 120)
    began, wall = time.monotonic(), time.time()
    slave.respond = lambda request: None
    time.sleep(seconds)
    plant.tell(f'{stations * len(ITEMS)} series behind one gateway that is silent', began, wall)
    plant.kill(15)
    plant.close()


arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
arguments.add_argument('parts', nargs='*', default=['gateway', 'webhook', 'robot', 'slow'])
arguments.add_argument('--stations', type=int, default=500)
arguments.add_argument('--seconds', type=float, default=100)
wanted = arguments.parse_args()
for part in wanted.parts:
    print(part, flush=True)
    if part == 'gateway':
        gateway(wanted.stations, wanted.seconds)
    else:
        exceed(part, wanted.stations, wanted.seconds)
