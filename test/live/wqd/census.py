# SPDX-License-Identifier: Apache-2.0
"""A census of kills: the system calls of a short scripted day are counted, then the day is lived once for each of them and the daemon
killed (-9) exactly before that one call; at once a life follows that is not cut, and must answer, sample, catch up and tell.

The day: 20 messages at QoS 1 for two stations, from before the daemon starts on, whose readings open, raise and clear six alarms, told
to two contacts by a webhook; a station polled over Modbus; SIGTERM. It is lived in scenes: webhook well, slow, failing, hung, dead;
broker well, restarted, stopped for a while, dead; and once more on the history that a kill left at noon, with notices that nobody has
taken yet. The two scenes in which all is well have every call of the day, each other one its share of them, in turn.
A call is known by its kind and its number within the life over all threads (killbefore.c). Threads take turns differently, so the last
numbers of a kind may not come; such a life is tried once more and told apart. 40 points; WQ_LONG=1: all; WQ_SHARE=N: every N-th of the
other scenes (8)."""
import collections, concurrent.futures, contextlib, json, os, queue, signal, sqlite3, subprocess, sys, threading, time
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'faults'))
from peers import Publisher  # noqa: E402
from plant import Plant, Webhook, reachable, skip, wait_until  # noqa: E402

LONG = bool(os.environ.get('WQ_LONG'))
POINTS = 0 if LONG else int(os.environ.get('WQ_POINTS', 40))
SHARE = int(os.environ.get('WQ_SHARE', 8))
WORKERS = int(os.environ.get('WQ_WORKERS', 2))
COUNTED = 3 if LONG else 1  # lives that are counted in a scene
PACE = 0.015                # s between messages
AFTER = 0.1                 # s from the end of the day to SIGTERM
PATIENCE = 6.0              # s until SIGTERM comes all the same
LIMIT = 2.0                 # s until it samples again
BROKER = 'log_type all\nlog_dest stderr\n'
NOTICES = 30                # of the day: 15 changes, two contacts

Scene = collections.namedtuple('Scene', 'webhook broker noon', defaults=[False])
WHOLE = [Scene('well', 'well'), Scene('well', 'well', noon=True)]
SCENES = WHOLE + [Scene('slow', 'well'), Scene('failing', 'well'), Scene('hung', 'well'), Scene('dead', 'well'),
                  Scene('well', 'restarted'), Scene('well', 'stopped'), Scene('well', 'dead')]
NOON = 9     # messages before it: an alarm is open then
TROUBLE = 16 # the message before which the broker goes away, when the daemon has those before it

# 0.2 is the limit; the first reading over it opens (warning), the second raises (alarm), the first within it clears.
DAY = {'q0': (0.1, 0.3, 0.31, 0.12, 0.11, 0.4, 0.13, 0.25, 0.5, 0.1),
       'q1': (0.12, 0.13, 0.6, 0.1, 0.22, 0.23, 0.24, 0.14, 0.7, 0.15)}
CHANGES = {'q0': ['opened', 'raised', 'cleared', 'opened', 'cleared', 'opened', 'raised', 'cleared'],
           'q1': ['opened', 'cleared', 'opened', 'raised', 'cleared', 'opened', 'cleared']}
KINDS = ('opened', 'raised', 'escalated', 'acknowledged', 'cleared', 'closed', 'corrected')


# Counts of calls, where it was killed (None: nowhere); s of the life after it until it answered, had stored a reading, had polled the
# station, had caught up; messages, requests that the webhook took, those of them that it knew; what is wrong.
Lived = collections.namedtuple('Lived', 'counts killed answered stored polled caught_up messages requests again bad')


class Broker:
    """mosquitto with persistence: what it has acknowledged outlives its restart."""

    def __init__(self, plant):
        self.plant = plant
        self.process = next(p for p in plant.running if p.args[0] == 'mosquitto')
        with open(plant.path('mosquitto.conf'), 'a') as f:
            f.write(f'persistence true\npersistence_location {plant.dir}/\nuser root\n')
        text = plant.read('mosquitto.conf').replace('persistence false\n', '')
        with open(plant.path('mosquitto.conf'), 'w') as f:
            f.write(text + '\n')

    def stop(self):
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            self.process.wait(10)
            self.plant.running.remove(self.process)
        self.process = None

    def start(self):
        if self.process is None:
            self.process = self.plant.start('mosquitto', 'mosquitto', '-c', self.plant.path('mosquitto.conf'))
            wait_until('the broker', lambda: reachable(self.plant.mqtt_port))

    def fresh(self):
        """Knows nothing but the subscription of wqd, who is not there yet."""
        self.went, self.over = threading.Event(), threading.Event()
        self.stop()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.plant.path('mosquitto.db'))
        self.start()
        subprocess.run(['mosquitto_sub', '-h', '127.0.0.1', '-p', str(self.plant.mqtt_port), '-i', 'wqd', '-c', '-q', '1',
                        '-t', 'wq/+', '-E'], check=True)
        self.said = os.path.getsize(self.plant.path('mosquitto.log'))

    def answers(self):
        """What wqd has acknowledged, counted without asking it."""
        with open(self.plant.path('mosquitto.log'), 'rb') as f:
            f.seek(self.said)
            return f.read().count(b'Received PUBACK from wqd ')

    def act(self, scene, number):
        """What befalls it before message `number`."""
        if scene.broker == 'well' or number not in (TROUBLE, TROUBLE - 2):
            return
        end = time.monotonic() + PATIENCE
        while self.answers() < number - 2 and not self.over.is_set() and time.monotonic() < end:
            time.sleep(0.005)
        if scene.broker == 'stopped':
            self.process.send_signal(signal.SIGSTOP)
            time.sleep(0.1)
            self.process.send_signal(signal.SIGCONT)
        elif number == TROUBLE:
            self.stop()
            self.went.set()
            if scene.broker == 'restarted':
                self.start()


class Load(threading.Thread):
    """Publishes the day; done when the broker has acknowledged all of it. A message that may be lost is sent again."""

    def __init__(self, ground, scene):
        super().__init__(daemon=True)
        self.ground, self.scene = ground, scene
        now = int(time.time()) - 7200
        self.messages = [(s, 1000 * (now + 60 * k), DAY[s][k]) for k in range(10) for s in DAY]
        self.acknowledged, self.why, self.last = [], None, threading.Event()

    def run(self):
        try:
            self.publish(len(self.messages), PACE)
        except Exception as why:
            self.why = why
        self.last.set()

    def publish(self, until, pace):
        """What comes before message `until` and was not published yet."""
        publisher, first, began = None, len(self.acknowledged), time.monotonic()
        for k in range(first, until):
            station, at, value = self.messages[k]
            time.sleep(max(0.0, began + (k - first) * pace - time.monotonic()))
            self.ground.broker.act(self.scene, k)
            end = time.monotonic() + 30
            while len(self.acknowledged) == k:
                try:
                    publisher = publisher or Publisher(self.ground.mqtt_port)
                    publisher.publish(f'wq/{station}', json.dumps({'time': at, 'tp': value}))
                    self.acknowledged.append((station, at, value))
                except OSError:
                    publisher = None  # the broker may be on its way
                    if time.monotonic() > end:
                        raise
                    time.sleep(0.02)
        publisher.close()


class Ground(Plant):
    def __init__(self):
        super().__init__(BROKER)
        self.broker, self.webhook = Broker(self), Webhook(self)
        with open(self.path('water.scenario'), 'w') as f:
            f.write('end 9000s\nstation m0\n  tp 0s:0.1 9000s:0.19 places 4\n')
        self.start('modbus', self.bin('wqsim'), 'modbus', '--listen', '127.0.0.1:0', '--port-file', self.path('modbus.port'),
                   '--scenario', self.path('water.scenario'))
        port = wait_until('wqsim modbus', lambda: self.read('modbus.port'))
        config = self.head().replace('timeout = "3s"', 'timeout = "1s"')
        config += f'modbus "plc" {{ host = "127.0.0.1" port = {port} interval = "1s" timeout = "500ms" }}\n'
        config += '''station "m0" { kind = "national" cycle = "0" interval = "1h" late_after = "1d"
  point "tp" { bus = "plc" unit = "mg/L" unit_id = 1 address = 0 time_address = 2 } }\n'''
        for s in DAY:
            config += f'station "{s}" {{ kind = "national" cycle = "0" interval = "1h" late_after = "1d"\n'
            config += '  point "tp" { bus = "broker" unit = "mg/L" } }\n'
        config += 'limit "tp" { parameters = { "tp" } above = "0.2" readings = 2 first_level = "warning" level = "alarm" }\n'
        with open(self.path('wqd.conf'), 'w') as f:
            f.write(config)
        # What is under way while a traced program ends, the leak checker cannot look at.
        self.traced = {**os.environ, 'ASAN_OPTIONS': os.environ.get('ASAN_OPTIONS', '') + ':detect_leaks=0'}

    def fresh(self, scene):
        for name in os.listdir(self.dir):
            if name.startswith('wqd.'):
                if name != 'wqd.conf':
                    os.unlink(self.path(name))
        self.webhook.become('well')
        open(self.path('inbox.jsonl'), 'a').close()
        self.heard = os.path.getsize(self.path('inbox.jsonl'))
        self.broker.fresh()
        self.webhook.become(scene.webhook)

    def query(self, sql, *values):
        """Closed at once: a reader that stays keeps the daemon from copying its log when it ends."""
        with contextlib.closing(sqlite3.connect(f'file:{self.path("wqd.db")}?mode=ro', uri=True, timeout=10)) as db:
            return db.execute(sql, values).fetchall()

    def taken(self):
        """The requests of this day that the inbox took."""
        with open(self.path('inbox.jsonl'), encoding='utf-8') as f:
            f.seek(self.heard)
            rows = [json.loads(line) for line in f.read().split('\n')[:-1]]
        return [r for r in rows if not r.get('refused') and 200 <= r['status'] <= 299]

    # -- the life that is cut --

    def until_noon(self, load):
        """A first life: the morning is stored, nobody has taken a notice, and it ends by a kill."""
        self.webhook.become('dead')
        load.publish(NOON, 0)
        self.daemon()
        wait_until('the morning', lambda: self.query("SELECT count(*) FROM v_sample WHERE station LIKE 'q%'")[0][0] == NOON)
        self.kill()
        self.webhook.become('well')

    def day_is_done(self, scene, load):
        if scene.broker == 'dead':
            return self.broker.went.is_set()
        all_read = load.last.is_set() and self.broker.answers() >= len(load.messages)
        return all_read and (scene.webhook != 'well' or len(self.taken()) >= NOTICES)

    def cut(self, scene, aim):
        """The day until the kill or, where it does not come, until SIGTERM. The counts, and where it was killed."""
        load = Load(self, scene)
        if scene.noon:
            self.until_noon(load)
        load.start()
        file, folder = self.path('calls'), os.path.join(self.dir, 'wqd.db')
        command = [os.environ['WQ_KILLBEFORE'], file, folder, *(['--at', '%s:%d' % aim] if aim else []), self.bin('wqd'),
                   '--config', self.path('wqd.conf')]
        log = open(self.path('wqd.log'), 'ab')
        with log:
            process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=self.traced)
        self.running.append(process)
        end = time.monotonic() + PATIENCE
        while process.poll() is None and not self.day_is_done(scene, load) and time.monotonic() < end:
            time.sleep(0.005)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(AFTER)
        process.terminate()
        process.wait(20)
        self.running.remove(process)
        self.broker.over.set()
        killed, counts = None, {}
        for line in self.read('calls').splitlines():
            if line.startswith('killed '):
                killed = line[7:]
            else:
                counts[line.split()[0]] = int(line.split()[1])
        if killed is None and process.returncode != 0:
            raise SystemExit(f'the traced life ended with {process.returncode}: ' + self.read('wqd.log')[-2000:])
        return load, counts, killed

    # -- the life after it --

    def again(self, scene, returning):
        """Starts wqd as the service manager would, at once; s until it answers, has stored something, has polled the station."""
        if not returning:
            self.webhook.become('well')
        began = time.monotonic()
        self.wqd = self.start('wqd', self.bin('wqd'), '--config', self.path('wqd.conf'))
        answered = stored = polled = None
        while (stored is None or polled is None) and time.monotonic() < began + 20:
            if self.ended():
                raise SystemExit('wqd ended:\n' + self.read('wqd.log')[-2000:])
            try:
                status = self.get('/v1/status')
                answered = answered or time.monotonic() - began
                if status['store']['committed'] > 0:
                    stored = stored or time.monotonic() - began
                if any(u['last_ok'] for b in status['buses'] if b['name'] == 'plc' for u in b['units']):
                    polled = polled or time.monotonic() - began
            except (OSError, IndexError):
                pass
            time.sleep(0.003)
        if returning:
            time.sleep(0.3)
            self.webhook.become('well')
        if scene.broker == 'dead':
            self.broker.went.wait(10)
            self.broker.start()
        return answered or 99.0, stored or 99.0, polled or 99.0

    def settled(self, load):
        stored = "SELECT count(*) FROM v_sample WHERE station LIKE 'q%'"
        waiting = 'SELECT (SELECT count(*) FROM notice WHERE state=0)+(SELECT count(*) FROM alarm WHERE open=1)'
        return load.last.is_set() and self.query(stored)[0][0] >= len(load.messages) and self.query(waiting)[0][0] == 0

    def caught_up(self, load, bad):
        """s until everything is stored and told."""
        began = time.monotonic()
        try:
            wait_until('the day to be caught up', lambda: self.settled(load), 25)
        except SystemExit:
            bad.append('not caught up after 25 s: ' + json.dumps(self.get('/v1/status'))[:600])
        return time.monotonic() - began

    def wrong(self, load):
        """What does not hold of the history and of what was told."""
        bad = []

        def must(holds, what):
            if not holds:
                bad.append(what)
        must(load.why is None, f'the publisher: {load.why}')
        must(self.query('PRAGMA integrity_check') == [('ok',)], 'integrity_check')
        rows = self.query('SELECT s.key, r.at, r.value, r.revision FROM reading r JOIN series e ON e.id=r.series '
                          "JOIN station s ON s.id=e.station WHERE s.key LIKE 'q%' ORDER BY 2, 1")
        must(rows == [(s, at, value, 1) for s, at, value in load.acknowledged], f'stored are {rows}, sent were {load.acknowledged}')
        twice = self.query('SELECT count(*) FROM (SELECT series, at FROM reading GROUP BY 1, 2 HAVING count(*) > 1)')[0][0]
        must(twice == 0, f'{twice} readings are stored twice')
        changes = self.query('SELECT s.key, c.alarm, c.number, c.kind, c.time FROM change c JOIN alarm a ON a.id=c.alarm '
                             "JOIN station s ON s.id=a.station ORDER BY c.time, c.alarm, c.number")
        for s, expected in CHANGES.items():
            kinds = [KINDS[kind] for key, _, _, kind, _ in changes if key == s]
            must(kinds == expected, f'changes at {s}: {kinds}')
        numbers = collections.defaultdict(list)
        for _, alarm, number, _, _ in changes:
            numbers[alarm].append(number)
        must(all(n == list(range(1, len(n) + 1)) for n in numbers.values()), f'numbers of changes: {dict(numbers)}')
        notices = self.query('SELECT id, alarm, number, contact FROM notice')
        must(len(notices) == 2 * len(changes) and len(set(n[1:] for n in notices)) == len(notices),
             f'{len(notices)} notices of {len(changes)} changes')
        self.check_told(must, {n[0] for n in notices})
        return bad

    def check_told(self, must, ids):
        first, order = {}, collections.defaultdict(list)
        for row in self.taken():
            known = first.setdefault(row['id'], row)
            if known is row:
                data = row['body']['data']
                order[data['alarm'], data['contact']].append(data['number'])
            else:
                must(known['body']['data'] == row['body']['data'], f'{row["id"]} was told again with other words')
        must(set(first) == ids, f'not told: {sorted(ids - set(first))}; told and not in the history: {sorted(set(first) - ids)}')
        must(all(n == sorted(n) for n in order.values()), f'order of telling: {dict(order)}')

    def live(self, scene, aim, returning=False):
        """A cut life and the one after it."""
        bad = []
        self.fresh(scene)
        load, counts, killed = self.cut(scene, aim)
        answered, stored, polled = self.again(scene, returning)
        caught_up = max(stored, polled) + self.caught_up(load, bad)
        code = self.kill(signal.SIGTERM)
        if code != 0:
            bad.append(f'the second life ended with {code}')
        bad += self.wrong(load)
        if bad:
            bad.append(self.read('wqd.log')[-3000:])
        ids = [row['id'] for row in self.taken()]
        return Lived(counts, killed, answered, stored, polled, caught_up, len(load.acknowledged), len(ids), len(ids) - len(set(ids)),
                     bad)


def name(scene):
    return f'webhook {scene.webhook}, broker {scene.broker}' + (', after noon' if scene.noon else '')


def census(scenes, grounds):
    """The points: of each scene its calls, as (scene, call, number)."""
    def count(scene):
        ground = grounds.get()
        try:
            most = collections.Counter()
            ground.live(scene, None)  # the first one finds everything cold and is no measure
            for _ in range(COUNTED):
                lived = ground.live(scene, None)
                if lived.bad:
                    raise SystemExit(f'{name(scene)}: ' + '\n'.join(lived.bad))
                most |= collections.Counter(lived.counts)
            return most
        finally:
            grounds.put(ground)
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        most = list(pool.map(count, scenes))
    points = []
    for k, (scene, counts) in enumerate(zip(scenes, most)):
        print(f'{sum(counts.values())} calls, {name(scene)}:', ', '.join(f'{n} {c}' for c, n in counts.most_common()), flush=True)
        calls = [(scene, call, n) for call in sorted(counts) for n in range(1, counts[call] + 1)]
        points += calls if scene in WHOLE else calls[k % SHARE::SHARE]
    return points


def spread(points, most):
    """At most so many of them, evenly."""
    if most == 0 or most >= len(points):
        return points
    return [points[k * len(points) // most] for k in range(most)]


class Tally:
    def __init__(self):
        self.points, self.died = collections.Counter(), collections.Counter()
        self.lives, self.bad = [], 0

    def add(self, scene, call, n, lived):
        self.points[scene, call] += 1
        self.died[scene, call] += lived.killed is not None
        self.lives.append((scene, lived))
        if lived.bad:
            self.bad += 1
            print(f'BAD  before {call} {n}, {name(scene)}; killed: {lived.killed}', *lived.bad, sep='\n     ', flush=True)

    def tell(self):
        for k, scene in enumerate(SCENES):
            print(f'({k}) {name(scene)}')
        print('killed before their call, of:', *(f'{f"({k})":>9}' for k in range(len(SCENES))))
        for call in sorted({c for _, c in self.points}):
            row = [f'{self.died[s, call]}/{self.points[s, call]}' if self.points[s, call] else '-' for s in SCENES]
            print(f'{call:28}', *(f'{cell:>9}' for cell in row))
        lives = [lived for _, lived in self.lives]
        messages, requests, again = (sum(getattr(v, what) for v in lives) for what in ('messages', 'requests', 'again'))
        print(f'{messages} messages acknowledged by the broker, {requests} requests taken by the webhook, {again} of them with an id '
              'that it knew')
        tell_times('answered', [v.answered for v in lives])
        tell_times('a reading stored', [v.stored for v in lives])
        tell_times('the station polled', [v.polled for v in lives])
        tell_times('all stored and told, where webhook and broker are well', [v.caught_up for s, v in self.lives if s in WHOLE])


def tell_times(what, times):
    times.sort()
    if times:
        print(f'{what}: p50 {times[len(times) // 2]:.3f} s, p99 {times[len(times) * 99 // 100]:.3f} s, max {times[-1]:.3f} s '
              'after the start')


def lived_at(ground, scene, aim, returning):
    try:
        lived = ground.live(scene, aim, returning)
        if lived.killed is None and not lived.bad:
            lived = ground.live(scene, aim, returning)
        return lived
    except (Exception, SystemExit) as why:  # the other points are tried all the same
        return Lived({}, None, 99.0, 99.0, 99.0, 99.0, 0, 0, 0, [f'{type(why).__name__}: {why}'])


def main():
    tool = os.environ.get('WQ_KILLBEFORE', '')
    if not tool or subprocess.run([tool, '/dev/null', '/', 'true']).returncode != 0:
        skip('no program can be traced here')
    grounds = queue.Queue()
    for _ in range(WORKERS):
        grounds.put(Ground())
    began = time.monotonic()
    points = spread(census(SCENES, grounds), POINTS)
    print(f'{len(points)} points', flush=True)
    tally, lock = Tally(), threading.Lock()

    def one(number):
        scene, call, n = points[number]
        ground = grounds.get()
        # Now and then the webhook comes back only after the daemon.
        lived = lived_at(ground, scene, (call, n), scene.webhook in ('hung', 'dead') and number % 8 == 0)
        with lock:
            tally.add(scene, call, n, lived)
            if len(tally.lives) % 100 == 0:
                print(f'{len(tally.lives)} after {time.monotonic() - began:.0f} s', flush=True)
        # What a life left undone must not spoil the next one.
        if lived.bad:
            ground.close()
            ground = Ground()
        grounds.put(ground)
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(one, range(len(points))))
    died = sum(tally.died.values())
    print(f'{len(points)} points in {time.monotonic() - began:.0f} s: {died} lives killed exactly before their call, in '
          f'{len(points) - died} it did not come and SIGTERM ended them; {tally.bad} bad')
    tally.tell()
    late = sum(max(lived.stored, lived.polled) >= LIMIT for _, lived in tally.lives)
    print(f'{late} of {len(points)} sampled again later than {LIMIT:.0f} s')
    sys.exit(1 if tally.bad or late or died == 0 else 0)


if __name__ == '__main__':
    main()
