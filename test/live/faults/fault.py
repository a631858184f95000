# SPDX-License-Identifier: Apache-2.0
"""The frame of these tests: a fault is a row (what is done, what must be said, what must not be lost) and a function.

A file declares its faults with @fault(…) and ends with run(). Each fault gets a Ground of its own, or shares one where
the file says so. Whatever the fault, some things must always hold: no sanitizer speaks, no readings that were accepted
are missing or stored twice, the log is not flooded, and the daemon lives unless the fault says that it ends."""
import concurrent.futures, contextlib, json, os, re, shutil, sqlite3, subprocess, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'wqd'))
from plant import Plant, free_port, skip, wait_until  # noqa: E402,F401
from peers import Publisher  # noqa: E402

LONG = bool(os.environ.get('WQ_LONG'))
FLOOD = 100  # lines of log that one fault may cost
faults = []


class Bad(Exception):
    pass


class Untested(Exception):
    pass


def must(holds, what):
    if not holds:
        raise Bad(what)


def until(what, holds, seconds=20.0):
    """Like wait_until, but the failure of one fault does not end the others."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = holds()
        if value:
            return value
        time.sleep(0.05)
    raise Bad(f'waited {seconds:.0f} s in vain for {what}')


def fault(name, does, says, keeps, long=False):
    """says: a pattern that the log (or what the function returns) must match; '' where nothing is to be said."""
    def declare(test):
        faults.append((name, does, says, keeps, long, test))
        return test
    return declare


def sanitized():
    with open(os.path.join(os.environ['WQ_BIN'], 'wqd'), 'rb') as f:
        return b'__asan_init' in f.read()


class Ground(Plant):
    """A plant with two MQTT stations whose total phosphorus rings at the first reading above 0.2."""
    stations = ('q0', 'q1')

    def __init__(self, **changes):
        super().__init__()
        self.accepted = {}
        self.publisher = None
        self.last = 0
        self.configure(**changes)

    def configure(self, stations=None, extra='', change=lambda text: text):
        config = self.head()
        for s in stations or self.stations:
            config += (f'station "{s}" {{ kind = "national" cycle = "0" interval = "1m" late_after = "1h"\n'
                       '  point "tp" { bus = "broker" unit = "mg/L" } point "ph" { bus = "broker" unit = "-" } }\n')
        config += 'limit "tp3" { parameters = { "tp" } readings = 1 level = "alarm" first_level = "alarm" }\n' + extra
        with open(self.path('wqd.conf'), 'w') as f:
            f.write(change(config))

    def log(self):
        return self.read('wqd.log')

    def now(self):
        """Milliseconds, each given out once."""
        self.last = max(self.last + 1, int(time.time() * 1000))
        return self.last

    def publish(self, topic, payload, **how):
        for left in range(20, -1, -1):
            try:
                if self.publisher is None:
                    self.publisher = Publisher(self.mqtt_port, f'publisher-{os.getpid()}')
                return self.publisher.publish(topic, payload, **how)
            except OSError:
                self.publisher = None  # the broker may be on its way
                if left == 0:
                    raise
                time.sleep(0.2)

    def send(self, value=0.1, station='q0', at=None):
        """A true reading. From here on it must be found in the history, once."""
        at = at or self.now()
        self.publish(f'wq/{station}', json.dumps({'time': at, 'tp': value}))
        self.accepted[station, at] = value
        return at

    def query(self, sql, *values):
        """Closed at once: a reader that stays keeps the daemon from copying its log when it ends."""
        with contextlib.closing(sqlite3.connect(f'file:{self.path("wqd.db")}?mode=ro', uri=True, timeout=10)) as db:
            return db.execute(sql, values).fetchall()

    def stored(self):
        rows = self.query("SELECT s.key, r.at, r.value FROM reading r JOIN series e ON e.id=r.series "
                          "JOIN station s ON s.id=e.station JOIN parameter p ON p.id=e.parameter WHERE p.alias='tp'")
        found = {}
        for station, at, value in rows:
            found.setdefault((station, at), []).append(value)
        return found

    def missing(self):
        try:
            found = self.stored()
        except Exception as why:  # the file may be away for the moment
            return {'the history': str(why)}
        return {k: v for k, v in self.accepted.items() if found.get(k) != [v]}

    def settle(self, seconds=20.0):
        """Everything accepted is stored, once, with its value."""
        end = time.monotonic() + seconds
        while (left := self.missing()) and time.monotonic() < end:
            time.sleep(0.05)
        for key in left:
            self.accepted.pop(key, None)  # told once
        must(not left, f'{len(left)} of {len(self.accepted)} accepted readings are not stored once: {list(left.items())[:3]}')

    def told_ids(self):
        return [row['id'] for row in self.told() if not row.get('refused')]

    def all_told(self, seconds=20.0):
        """Every notice of the history has reached the inbox."""
        until('every notice told', lambda: {i for (i,) in self.query('SELECT id FROM notice')} <= set(self.told_ids()), seconds)

    def says(self, pattern, seconds=15.0, since=0):
        until(f'the log to say /{pattern}/', lambda: re.search(pattern, self.log()[since:]), seconds)

    def daemon(self, linked=True):
        """As before; and the broker knows of us, so that from here on it keeps what is sent."""
        took = super().daemon()
        if linked:
            self.linked()
        return took

    def linked(self, seconds=30.0):
        until('the connection to the broker', lambda: any(b['name'] == 'broker' and b['state'] == 'up'
                                                          for b in (self.status() or {'buses': []})['buses']), seconds)

    def expect_end(self, seconds=20.0):
        until('wqd to end', self.ended, seconds)
        self.running.remove(self.wqd)
        return self.wqd.returncode

    def launch(self, *before, seconds=20, **how):
        """Starts wqd without waiting for it; `before`: a program that starts it."""
        log = open(self.path('wqd.log'), 'ab')
        program = self.bin('wqd')
        if 'user' in how:  # who may not look into the folder where it was built
            program = shutil.copy(program, self.path('wqd'))
        self.wqd = subprocess.Popen([*before, program, '--config', self.path('wqd.conf')], stdout=log, stderr=log,
                                    stdin=subprocess.DEVNULL, **how)
        self.running.append(self.wqd)
        return self.wqd

    def ready(self, seconds=20.0):
        until('wqd to answer', lambda: self.ended() or self.status(), seconds)
        must(not self.ended(), 'wqd ended: ' + self.log()[-400:])

    def ctl(self, *arguments, **how):
        return subprocess.run([self.bin('wqctl'), *arguments], capture_output=True, timeout=60, **how)

    def alive(self):
        must(not self.ended(), f'wqd ended with {self.wqd.returncode}: ' + self.log()[-400:])
        must(self.status(), 'wqd does not answer')


def speaks_sanitizer(log):
    return re.search(r'(ERROR: \w+Sanitizer|runtime error:|WARNING: ThreadSanitizer)[^\n]*', log)


def one(row, ground):
    name, does, says, keeps, _, test = row
    since = len(ground.log()) if ground else 0
    own = ground or Ground()
    try:
        said = test(own) or ''
        if says:
            until(f'the words /{says}/', lambda: re.search(says, said + own.log()[since:], re.S), 10)
        log = own.log()[since:]
        must(len(log.splitlines()) <= FLOOD, f'{len(log.splitlines())} lines of log')
        if own.wqd and not own.ended():
            code = own.kill(15) if not ground else 0
            must(code == 0, f'wqd ended by SIGTERM with {code}: {own.log()[-300:]}')
        spoke = speaks_sanitizer(own.log())
        must(not spoke, spoke and spoke.group(0))
    finally:
        if not ground:
            if os.environ.get('WQ_SHOW'):
                print(own.log()[-3000:])
            own.close()


def tried(row, ground):
    """'ok', 'BAD' or 'SKIPPED', and tells it."""
    name, does, says, keeps, _, _ = row
    began = time.monotonic()
    try:
        one(row, ground)
        print(f'ok   {name} ({time.monotonic() - began:.1f} s)', flush=True)
        return 'ok'
    except Untested as why:
        print(f'SKIPPED, NOT TESTED: {name}: {why}', flush=True)
        return 'SKIPPED'
    except (Exception, SystemExit) as why:  # whatever it is, the other faults are tried
        print(f'BAD  {name}: {does}\n     must say: /{says}/, must keep: {keeps}\n     {type(why).__name__}: {why}', flush=True)
        return 'BAD'


def run(ground=None):
    """ground: shared by all faults of the file, one after the other; None: each has its own, and several run at once,
    for they mostly wait."""
    only = os.environ.get('WQ_ONLY', '')
    rows = [row for row in faults if only in row[0] and (LONG or not row[4])]
    with concurrent.futures.ThreadPoolExecutor(1 if ground or os.environ.get('WQ_SHOW') else 4) as pool:
        ends = list(pool.map(lambda row: tried(row, ground), rows))
    if ground and ground.wqd and not ground.ended():
        code = ground.kill(15)
        spoke = speaks_sanitizer(ground.log())
        if code != 0 or spoke:
            ends.append('BAD')
            print(f'BAD  the end: {code} {spoke and spoke.group(0)}')
    bad, untested = ends.count('BAD'), ends.count('SKIPPED')
    print(f'{len(rows)} faults, {bad} bad, {untested} not tested')
    sys.exit(1 if bad else 77 if untested == len(rows) else 0)
