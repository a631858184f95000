# SPDX-License-Identifier: Apache-2.0
"""kill -9 at random moments while alarms come, escalate, are acknowledged and clear, and every receiver is ill by chance: each
notice is delivered at least once, under one id, in order; nothing escalates early or is forgotten; an acknowledgement that was
answered stands. 12 kills; WQ_LONG=1: 1,000 over four daemons; WQ_KILLS, WQ_JOBS, WQ_SEED choose."""
import collections, http.client, json, os, random, signal, socket, subprocess, sys, threading, time
from receivers import Receivers
from peers import Publisher
from plant import Plant, wait_until

STATIONS = 10
AFTER = 3000     # ms until an alarm escalates
START = 2.0      # s: a life is not asked to have looked before
PROMPT = 3000    # ms: within this it escalates once it may
LONG = bool(os.environ.get('WQ_LONG'))
KILLS = int(os.environ.get('WQ_KILLS', 1000 if LONG else 12))
JOBS = int(os.environ.get('WQ_JOBS', 4 if LONG else 1))
SEED = int(os.environ.get('WQ_SEED', time.time_ns() % 1000000))
OPENED, ESCALATED, ACKNOWLEDGED, CLEARED = 0, 2, 3, 4
TOLD = {OPENED: {'duty', 'second'}, ESCALATED: {'duty', 'second', 'leader'}, ACKNOWLEDGED: {'duty', 'second'},
        CLEARED: {'duty', 'second'}}


def channel(receivers, kind, name, secrets):
    return (f'{kind} "{name}" {{ url = "http://127.0.0.1:{receivers.port}/{name}" {secrets} timeout = "1s" '
            'rate = 0 jitter = "0s" jitter_alarm = "0s" }\n')


def configure(plant, receivers):
    with open(plant.path('credentials/token'), 'w', opener=lambda p, f: os.open(p, f, 0o600)) as f:
        f.write('token\n')
    hook = 'secret = "credential:hook"'
    text = plant.head().split('webhook "hook"')[0]
    text += channel(receivers, 'webhook', 'hook', hook) + channel(receivers, 'webhook', 'second', hook)
    text += channel(receivers, 'webhook', 'leader', hook)
    text += channel(receivers, 'dingtalk', 'ding', 'token = "credential:token" mention = off allow_plain = true')
    text += f'''contact "duty" {{ name = "值班员" channels = {{ "hook", "ding" }} gather = "0" most = 0 }}
contact "second" {{ name = "联络员" channels = {{ "second" }} }}
contact "leader" {{ name = "领导" channels = {{ "leader" }} }}
group "lead" {{ name = "牵头" members = {{ "duty" }} }}
group "assist" {{ name = "配合" members = {{ "second" }} }}
group "boss" {{ name = "领导" members = {{ "leader" }} }}
route "all" {{ min_level = "info" lead = "lead" assist = {{ "assist" }} escalate_to = "boss" escalate_after = "{AFTER // 1000}s"
  deadline = "5s" }}
mqtt "broker" {{ broker = "tcp://127.0.0.1:{plant.mqtt_port}" topic = "wq/{{station}}" client_id = "wqd" receipt = "durable" }}
'''
    for s in range(STATIONS):
        text += (f'station "s{s}" {{ name = "第{s}号站" kind = "national" cycle = "0" interval = "1h" late_after = "1d"\n'
                 '  point "tp" { bus = "broker" unit = "mg/L" } }\n')
    text += ('limit "tp" { parameters = { "tp" } class = 3 readings = 1 first_level = "alarm" level = "alarm"'
             ' clear_readings = 1 }\n')
    with open(plant.path('wqd.conf'), 'w') as f:
        f.write(text)


class Water(threading.Thread):
    """Stations that exceed and meet again by chance, until calm() makes them all meet."""

    def __init__(self, plant, chance):
        super().__init__(daemon=True)
        self.plant, self.chance, self.stopped = plant, chance, threading.Event()
        self.publisher, self.last = Publisher(plant.mqtt_port, 'water'), 0

    def say(self, station, value):
        self.last = max(self.last + 1, int(time.time() * 1000))
        self.publisher.publish(f'wq/s{station}', json.dumps({'time': self.last, 'tp': value}))

    def run(self):
        due = [0.0] * STATIONS
        high = [False] * STATIONS
        while not self.stopped.wait(0.05):
            for s in range(STATIONS):
                if time.monotonic() < due[s]:
                    continue
                high[s] = not high[s]
                self.say(s, 0.3 + self.chance.random() / 10 if high[s] else 0.1)
                due[s] = time.monotonic() + self.chance.uniform(2, 9)

    def calm(self):
        self.stopped.set()
        self.join()
        for s in range(STATIONS):
            self.say(s, 0.1)


class Unix(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__('localhost', timeout=5)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(5)
        self.sock.connect(self.path)


class Officer(threading.Thread):
    """Acknowledges a part of what is open, over the socket or with wqctl, and remembers what was answered."""

    def __init__(self, plant, chance):
        super().__init__(daemon=True)
        self.plant, self.chance, self.stopped = plant, chance, threading.Event()
        self.done, self.asked, self.spared = {}, 0, set()

    def ask(self, method, path, body=None):
        connection = Unix(self.plant.path('wqd.sock'))
        try:
            connection.request(method, path, body and json.dumps(body))
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def acknowledge(self, alarm):
        self.asked += 1
        if self.chance.random() < 0.1:
            done = subprocess.run([self.plant.bin('wqctl'), 'ack', alarm, '--who', '张三', '--socket', self.plant.path('wqd.sock')],
                                  capture_output=True)
            good = done.returncode == 0
        else:
            status, reply = self.ask('POST', f'/v1/alarms/{alarm}/acknowledge', {'who': '张三', 'note': ''})
            good = status == 200 and reply == {'done': True}
        if good:
            self.done[alarm] = self.done.get(alarm, 0) + 1

    def run(self):
        while not self.stopped.wait(self.chance.uniform(0.02, 0.3)):
            try:
                for alarm in self.ask('GET', '/v1/alarms')[1]['alarms']:
                    name = alarm['alarm']
                    if alarm['acknowledged'] or name in self.spared:
                        continue
                    if self.chance.random() < 0.5:
                        self.spared.add(name)
                    else:
                        self.acknowledge(name)
            except (OSError, ValueError, http.client.HTTPException):
                pass  # killed meanwhile


def life_of(chance):
    """How long a life lasts: while it starts, soon after, or long enough for anything."""
    kind = chance.random()
    return chance.uniform(0, 0.4) if kind < 0.3 else chance.uniform(0.4, 2) if kind < 0.88 else chance.uniform(3, 6)


def run(kills, seed):
    chance = random.Random(seed)
    plant, receivers = Plant(), Receivers(seed)
    configure(plant, receivers)
    plant.daemon()
    wait_until('the subscription', lambda: any(b['name'] == 'broker' and b['state'] == 'up' for b in plant.status()['buses']))
    plant.kill()
    water, officer = Water(plant, random.Random(seed + 1)), Officer(plant, random.Random(seed + 2))
    water.start()
    officer.start()
    lives, began = [], time.monotonic()
    for _ in range(kills):
        plant.wqd = plant.start('wqd', plant.bin('wqd'), '--config', plant.path('wqd.conf'))
        born = time.time()
        time.sleep(life_of(chance))
        if plant.wqd.poll() is not None:
            raise SystemExit('wqd ended by itself:\n' + plant.read('wqd.log')[-2000:])
        plant.kill()
        lives.append((born, time.time()))
    took = time.monotonic() - began
    receivers.ill = 0
    plant.daemon()
    born = time.time()
    water.calm()
    wait_until('the last alarms to clear and to be told', lambda: plant.query(
        'SELECT (SELECT count(*) FROM notice WHERE state=0)+(SELECT count(*) FROM alarm WHERE open=1)')[0][0] == 0, 120)
    officer.stopped.set()
    officer.join()
    code = plant.kill(signal.SIGTERM)
    lives.append((born, time.time()))
    print(f'seed {seed}: {kills} kills in {took:.0f} s', flush=True)
    good = Verdict(plant, receivers, officer, lives).all(code)
    receivers.stop()
    plant.close()
    return good


class Verdict:
    def __init__(self, plant, receivers, officer, lives):
        self.receivers, self.officer, self.lives, self.good = receivers, officer, lives, True
        self.integrity = plant.query('PRAGMA integrity_check')
        self.changes = plant.query('SELECT alarm, number, kind, decided, who FROM change ORDER BY alarm, number')
        self.notices = plant.query('SELECT id, alarm, number, contact, text, state FROM notice')
        self.named = {f'W{a // 100000}-{a % 100000:03d}': a for a, *_ in self.changes}
        self.alarms = collections.defaultdict(list)
        for alarm, number, kind, decided, _ in self.changes:
            self.alarms[alarm].append((number, kind, decided))

    def check(self, what, wrong):
        wrong = list(wrong)
        print('BAD' if wrong else 'ok ', what, *(f'\n      {w}' for w in wrong[:5]), flush=True)
        self.good = self.good and not wrong

    def whose(self):
        """Requests with the (alarm, number, contact) of their notice, in the order in which they came."""
        by_id = {n[0]: n[1:4] for n in self.notices}
        by_text = {n[4]: n[1:4] for n in self.notices if n[3] == 'duty'}
        rows = []
        for request in self.receivers.requests:
            key = by_id.get(request.id) if request.id else by_text.get(request.text)
            rows.append((request, key))
        return rows

    def delivered(self, rows):
        taken = {key for request, key in rows if request.taken}
        self.check(f'{len(self.notices)} notices, each taken by its receiver: {len(rows)} requests, '
                   f'{sum(r.taken for r, _ in rows)} taken, {len(rows) - len(taken)} for nothing or again',
                   [n for n in self.notices if n[1:4] not in taken])
        self.check('each recorded as sent', [n for n in self.notices if n[5] != 1])
        self.check('nothing came that is in no outbox', [r.text for r, key in rows if key is None])
        wanted = {(a, n, who) for a, n, kind, *_ in self.changes for who in TOLD[kind]}
        self.check(f'{len(self.changes)} changes of {len(self.alarms)} alarms, told to whom they concern',
                   wanted ^ {n[1:4] for n in self.notices})

    def one_id(self, rows):
        ids = collections.defaultdict(set)
        for request, _ in rows:
            if request.id:
                ids[request.data['alarm'], request.data['number'], request.data['contact']].add(request.id)
        again = sum(n - 1 for n in collections.Counter(r.id for r, _ in rows if r.id and r.way in ("well", "late")).values())
        self.check(f'one id a notice ({again} came again to a receiver that had it)', [(k, v) for k, v in ids.items() if len(v) > 1])

    def ordered(self, rows):
        first_taken, first_came = {}, {}
        for at, (request, key) in enumerate(rows):
            first_came.setdefault(key, at)
            if request.taken:
                first_taken.setdefault(key, at)
        wrong = []
        for alarm, number, contact in first_came:
            before = (alarm, number - 1, contact)
            if before in first_came and not first_taken[before] < first_came[alarm, number, contact]:
                wrong.append((alarm, number, contact))
        self.check('no change of an alarm before the one before it was taken', wrong)

    def escalated(self):
        early, forgotten, late = [], [], []
        for alarm, changes in self.alarms.items():
            opened = changes[0][2]
            due = opened + AFTER
            risen = [decided for _, kind, decided in changes if kind == ESCALATED]
            over = min((decided for _, kind, decided in changes if kind in (ACKNOWLEDGED, CLEARED)), default=2 ** 60)
            early += [(alarm, decided - due) for decided in risen if decided < due]
            early += [(alarm, 'after its end') for decided in risen if decided > over]
            late += [decided - due for decided in risen]
            must = self.must_by(due)
            if must < over and (not risen or risen[0] > must):
                forgotten.append((alarm, opened, must, risen))
            forgotten += [(alarm, 'twice')] * (len(risen) > 1)
        late.sort()
        self.check(f'{len(late)} escalations, none early; after their time, with the dead times: p50 {late[len(late) // 2] if late else 0}, '
                   f'max {late[-1] if late else 0} ms', early)
        self.check('none missing, none twice', forgotten)

    def must_by(self, due):
        """When a life has had the time for what was due at `due`."""
        for born, died in self.lives:
            from_ = max(due, (born + START) * 1000)
            if from_ + PROMPT < died * 1000:
                return from_ + PROMPT
        return 2 ** 60

    def acknowledged(self):
        stored = collections.Counter(a for a, _, kind, _, who in self.changes if kind == ACKNOWLEDGED and who == '张三')
        lost = [name for name in self.officer.done if stored[self.named[name]] == 0]
        self.check(f'{len(self.officer.done)} acknowledgements answered as done stand, of {self.officer.asked} tried', lost)
        self.check('none is recorded twice, none was made of nothing', [a for a, n in stored.items() if n > 1])

    def all(self, code):
        rows = self.whose()
        self.check('ended by SIGTERM with 0', [code] * (code != 0))
        self.check('integrity', [] if self.integrity == [('ok',)] else self.integrity)
        self.check('well-formed requests', self.receivers.problems)
        self.delivered(rows)
        self.one_id(rows)
        self.ordered(rows)
        self.escalated()
        self.acknowledged()
        ways = collections.Counter(r.way for r, _ in rows)
        print('    answered:', ', '.join(f'{n} {way}' for way, n in ways.most_common()), flush=True)
        return self.good


def main():
    if JOBS == 1:
        sys.exit(0 if run(KILLS, SEED) else 1)
    jobs = [subprocess.Popen([sys.executable, __file__], env=os.environ | {'WQ_JOBS': '1', 'WQ_KILLS': str(KILLS // JOBS),
                                                                          'WQ_SEED': str(SEED + 1000 * i)}) for i in range(JOBS)]
    sys.exit(max(job.wait() for job in jobs))


main()
