# SPDX-License-Identifier: Apache-2.0
"""What wqctl backtest says of a CSV is what wqd would have done: the same readings, some days of them, are played into wqd
over MQTT with durable receipts while its clock (../faults/step_clock.c) is driven along; then the history is compared with
the three outputs of backtest: every sample with value and quality, every verdict of a day, every change of an alarm
with rule, place, level, event time, number, limit and sentence, in order. Left out: the rule `missing` and the
clearing of `upstream`, whose instants depend on how often they are asked; the watch over itself (wqd:*), which a backtest
lacks; the numbers of alarms.

The second set is played over a kill -9 and a restart: what a daemon concludes does not depend on them.

Stations of the national platform, where their data are there, and simulated ones; WQ_LONG=1: more of both."""
import csv, datetime, decimal, gzip, io, json, os, re, signal, struct, subprocess, sys, time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'faults'))
from peers import Publisher  # noqa: E402
from plant import Plant, skip, wait_until  # noqa: E402

LIBRARY = os.environ.get('WQ_CLOCK_LIBRARY', '')
NATIONAL = os.path.join(os.environ.get('WQ_SHARED', ''), 'data', 'national_4h_20210401_0405.csv.gz')
LONG = bool(os.environ.get('WQ_LONG'))
RATE = 20  # seconds of theirs in one of ours
ZONE = datetime.timezone(datetime.timedelta(hours=8))
UNITS = {'temp': '℃', 'ph': '-', 'ec': 'μS/cm', 'turbidity': 'NTU'}
COLUMNS = {'temp_c': 'temp', 'ph': 'ph', 'do_mgl': 'do', 'cond_uscm': 'ec', 'turb_ntu': 'turbidity', 'codmn_mgl': 'codmn',
           'nh3n_mgl': 'nh3n', 'tp_mgl': 'tp', 'tn_mgl': 'tn'}
RULES = '''
evaluation { minimum_valid = 4 minimum_share = 0.6 day_closes_after = "5h" }
limit "class3" { parameters = { "tp", "nh3n", "codmn", "do", "ph" } class = 3 readings = 2 first_level = "watch" clear_readings = 2 }
limit "target" { parameters = { "tp", "nh3n" } readings = 1 level = "warning" deadband = 0.1 }
limit "range" { parameters = { "temp" } above = 25 below = 12 readings = 3 first_level = "none" level = "info" }
trend "tp-trend" { parameters = { "tp", "nh3n" } readings = 8 confidence = 0.8 near = 0.4 level = "warning" }
trend "half-days" { parameters = { "codmn", "tp" } readings = 8 aggregate = "12h" confidence = 0.8 near = 0.3 level = "info" }
daily "day-class" { level = "warning" }
daily "day-tp" { item = "tp" level = "info" }
limit "patient" { parameters = { "nh3n", "codmn" } readings = 1 level = "info" first_level = "info" on_delay = "4h" off_delay = "8h" hold = "12h" }
limit "latched" { parameters = { "tp" } above = 0.15 readings = 1 level = "info" first_level = "info" latch = true }
today "today" { }
fall "fall" { }
month "month" { minimum_days = 3 }
upstream "upstream" { rise = 0.2 above_share = 0.4 }
network "network" { sections = 2 }
'''
# Not over a restart: silence is counted from the start of watching, and a sample says whether an alarm was open.
SILENT = 'missing "silent" { after = "9h" level = "watch" }\n'


def text_of(ms):
    return datetime.datetime.fromtimestamp(ms / 1000, ZONE).isoformat()


def national(count):
    """The liveliest stations first: those whose readings cross class III most often. Dates are moved into 2026, when a clock
    can be believed."""
    stations = {}
    for row in csv.DictReader(gzip.open(NATIONAL, 'rt', encoding='utf-8')):
        if row['ts'].startswith('2021-04-0'):
            stations.setdefault((row['province'], row['section']), {}).setdefault(row['ts'], row)

    def over(row):
        def number(column):
            try:
                return float(row[column])
            except ValueError:
                return 0
        return (number('tp_mgl') > 0.2, number('nh3n_mgl') > 1, number('codmn_mgl') > 6)
    def crossings(rows):
        told = [over(rows[ts]) for ts in sorted(rows)]
        return sum(a != b for a, b in zip(told, told[1:]))
    chosen = sorted((s for s in stations if len(stations[s]) >= 18), key=lambda s: (-crossings(stations[s]), s))[:count]
    shift = datetime.date(2026, 3, 5) - datetime.date(2021, 4, 1)
    rows = []
    for i, s in enumerate(chosen):
        for ts, row in stations[s].items():
            at = datetime.datetime.fromisoformat(ts) + shift
            rows.append((int(at.timestamp() * 1000), f'n{i:02d}', {p: row[c] for c, p in COLUMNS.items()}))
    return sorted(rows, key=lambda r: r[:2])


def simulated(stations, days):
    done = subprocess.run([sys.executable, os.path.join(HERE, '..', '..', 'bench', 'readings.py'), '--stations', str(stations),
                           '--days', str(days), '--seed', 'live'], capture_output=True, text=True, check=True)
    rows = []
    for row in csv.DictReader(io.StringIO(done.stdout)):
        at = datetime.datetime.fromisoformat(row.pop('time')).replace(tzinfo=ZONE) + datetime.timedelta(days=400)
        rows.append((int(at.timestamp() * 1000), row.pop('station'), row))
    # Some of an analyser's cells are no numbers that can be believed, and one station does not measure one thing.
    for i, (_, station, row) in enumerate(rows):
        if i % 37 == 5:
            row['ph'] = '77'
        if station == 's001':
            row['turbidity'] = '*'
    return rows


class Clock:
    """That of wqd, while it runs: see step_clock.c."""

    def __init__(self, path, start):
        """Not before start: the day before it must not begin."""
        self.path = path
        began = int(time.time() * 1000)
        with open(path, 'wb') as f:
            f.write(struct.pack('=qqq', (start - began) // 1000 + 1, 0, 0))

    def environment(self):
        return {'LD_PRELOAD': LIBRARY, 'WQ_CLOCK_STEP': self.path, 'WQ_CLOCK_RATE': str(RATE),
                'ASAN_OPTIONS': 'verify_asan_link_order=0:' + os.environ.get('ASAN_OPTIONS', '')}

    def shows(self):
        with open(self.path, 'rb') as f:
            step, passed, began = struct.unpack('=qqq', f.read(24))
        now = int(time.time() * 1000)
        return now + (RATE - 1) * (now - began) + 1000 * step + passed

    def set(self, at):
        """Never back."""
        late = self.shows() - at
        if late < 0:
            with open(self.path, 'r+b') as f:
                f.seek(8)
                passed = struct.unpack('=q', f.read(8))[0]
                f.seek(8)
                f.write(struct.pack('=q', passed - late))
        return max(late, 0)


    def rebase(self):
        """The next program begins at true speed where this one's clock is."""
        shown = self.shows()
        with open(self.path, 'r+b') as f:
            f.write(struct.pack('=qqq', (shown - int(time.time() * 1000)) // 1000 + 1, 0, 0))


class Played:
    def __init__(self, rows, restarts=()):
        self.rows = rows
        self.restarts = dict(restarts)  # share of the instants -> signal
        self.stations = sorted({station for _, station, _ in rows})
        self.parameters = list(rows[0][2])
        self.plant = Plant()
        self.configure()

    def measured(self, station):
        return [p for p in self.parameters if any(s == station and row[p] != '*' for _, s, row in self.rows)]

    def configure(self):
        plant = self.plant
        text = (f'site {{ name = "test" database = "{plant.path("wqd.db")}" socket = "{plant.path("wqd.sock")}" }}\n'
                f'mqtt "broker" {{ broker = "tcp://127.0.0.1:{plant.mqtt_port}" topic = "wq/{{station}}" client_id = "wqd" '
                'receipt = "durable" }\n')
        for i, station in enumerate(self.stations):
            text += (f'station "{station}" {{ kind = "national" cycle = "4h" class = "{["III", "II", "IV"][i % 3]}" '
                     f'water = "{["river", "lake"][i % 5 == 4]}"' +
                     (f' flows_into = "{self.stations[i + 1]}" travel = "5h"' if i % 2 == 0 and i + 1 < len(self.stations) else '') + '\n')
            for p in self.measured(station):
                text += f'  point "{p}" {{ bus = "broker" unit = "{UNITS.get(p, "mg/L")}" }}\n'
            text += '}\n'
        with open(plant.path('wqd.conf'), 'w') as f:
            f.write(text + RULES + ('' if self.restarts else SILENT))
        with open(plant.path('played.csv'), 'w', newline='') as f:
            out = csv.writer(f)
            out.writerow(['time', 'station'] + self.parameters)
            for at, station, row in self.rows:
                out.writerow([text_of(at), station] + [row[p] for p in self.parameters])

    def stored(self):
        return self.plant.query('SELECT count(*) FROM reading')[0][0]

    def start(self):
        os.environ.update(self.clock.environment())
        try:
            self.plant.daemon()
        finally:
            for name in ('LD_PRELOAD', 'WQ_CLOCK_STEP', 'WQ_CLOCK_RATE'):
                os.environ.pop(name)
        wait_until('the link to the broker', lambda: any(b['name'] == 'broker' and b['state'] == 'up' for b in self.plant.status()['buses']))

    def restart(self, how):
        self.plant.kill(how)
        self.clock.rebase()
        self.start()

    def play(self):
        """Returns by how much the clock was ahead of an instant when its turn came, at most."""
        first, last = self.rows[0][0], self.rows[-1][0]
        instants = sorted({at for at, _, _ in self.rows})
        restarts = {instants[int(share * len(instants))]: how for share, how in self.restarts.items()}
        self.clock = Clock(self.plant.path('step'), first)
        self.start()
        publisher = Publisher(self.plant.mqtt_port, 'player')
        expected, at, most = 0, first, 0
        for now, station, row in self.rows:
            if now != at:
                self.commit(expected)
                most = max(most, self.pass_to(at, now))
                at = now
                if at in restarts:
                    self.restart(restarts[at])
            values = {p: v if v not in ('', '--') else None for p, v in row.items() if v != '*' and p in self.measured_at[station]}
            publisher.publish(f'wq/{station}', json.dumps({'time': now, 'values': values}))
            expected += len(values)
        self.commit(expected)
        self.pass_to(at, self.day_end(last))
        closed = self.day_text(last)
        wait_until('the last day to be closed', lambda: len(self.plant.query(
            "SELECT 1 FROM v_daily WHERE day=? AND parameter='all'", closed)) == len(self.stations))
        publisher.close()
        return most

    def commit(self, expected):
        wait_until(f'{expected} readings to be stored', lambda: self.stored() >= expected)

    @staticmethod
    def day_text(at):
        return text_of(at)[:10]

    def day_end(self, at):
        midnight = datetime.datetime.fromtimestamp(at / 1000, ZONE).replace(hour=0, minute=0, second=0) + datetime.timedelta(days=1)
        return int(midnight.timestamp() * 1000) + 5 * 3600000 + 60000

    def pass_to(self, at, now):
        """Hour by hour; the daemon's tick, a second of its own, comes in between."""
        late = 0
        for hour in range(at - at % 3600000 + 3600000, now, 3600000):
            late = max(late, self.clock.set(hour))
            time.sleep(2.5 / RATE)
        return max(late, self.clock.set(now))


def hundredths(value):
    """As backtest writes it: of the decimal, half to even, one significant digit where it would be 0."""
    if value is None:
        return None
    exact = decimal.Decimal(f'{value:.12g}')
    rounded = exact.quantize(decimal.Decimal('0.01'), decimal.ROUND_HALF_EVEN)
    return float(rounded if rounded else decimal.Context(prec=1, rounding=decimal.ROUND_HALF_EVEN).plus(exact))


class Difference:
    def __init__(self):
        self.count = 0

    def compare(self, what, live, recorded):
        """Lists of tuples that must be equal, in order."""
        a, b = set(live), set(recorded)
        extra = [('only in wqd', r) for r in live if r not in b] + [('only in backtest', r) for r in recorded if r not in a]
        if not extra and live != recorded:
            extra = [('at another place', pair) for pair in zip(live, recorded) if pair[0] != pair[1]] or [('another count', (len(live), len(recorded)))]
        for row in extra[:12]:
            print('BAD', what, str(row)[:600])
        print(f'  {what}: {len(live)} by wqd, {len(recorded)} by backtest, {len(extra)} differ')
        self.count += len(extra)


def by_time(rule, change):
    """What a tick says has the time of the tick: each second there, each minute here."""
    return rule == 'silent' or (rule == 'upstream' and change == 'cleared')


def evidence(of, restarts):
    """Without the numbers of other alarms in it. After a restart it shows no readings from before an outage of days: those that
    the rules do not look back on are not remembered."""
    if restarts:
        of['readings'] = of.get('readings', [])[-12:]
    return re.sub(r'W[0-9]{8}-[0-9]+', 'W', json.dumps(of, ensure_ascii=False))


def sorted_changes(changes):
    """By place and time, changes of one place in the order in which they were decided."""
    return sorted(changes, key=lambda c: c[:3])


def compare(played, name):
    plant, bad = played.plant, Difference()
    outputs = [plant.path(n) for n in ('samples.csv', 'alarms.jsonl', 'days.csv')]
    done = subprocess.run([plant.bin('wqctl'), 'backtest', '--config', plant.path('wqd.conf'), '--csv', plant.path('played.csv'),
                           '--samples', outputs[0], '--alarms', outputs[1], '--days', outputs[2]], capture_output=True, text=True)
    print(f'{name}: {done.stderr.strip()}')
    if done.returncode != 0:
        raise SystemExit('backtest failed')
    number = lambda text: float(text) if text not in ('', None) else None
    rows = list(csv.DictReader(open(outputs[0], encoding='utf-8')))
    aliases = 'SELECT s.key, p.alias, r.at, r.value, r.quality, r.event, r.revision FROM reading r JOIN series e ON e.id=r.series ' \
        'JOIN station s ON s.id=e.station JOIN parameter p ON p.id=e.parameter ORDER BY 1,2,3'
    qualities = ['good', 'suspect', 'bad', 'missing', 'unchecked']
    bad.compare('samples', [(s, p, text_of(at), v, qualities[q], e, r) for s, p, at, v, q, e, r in plant.query(aliases)],
                sorted((r['station'], r['parameter'], r['time'], number(r['value']), r['quality'], int(r['event']), 1) for r in rows))
    rows = list(csv.DictReader(open(outputs[2], encoding='utf-8')))
    bad.compare('days', sorted((d, s, p, m, v, x or None, c, w, hundredths(e)) for d, s, p, m, v, x, c, w, e in
                               plant.query('SELECT day, station, parameter, mean, valid, expected, class, verdict, exceedance FROM v_daily')),
                sorted((r['day'], r['station'], r['parameter'], number(r['mean']), int(r['valid']), int(r['expected'] or 0) or None,
                        int(r['class']) if r['class'] else None, r['verdict'], number(r['exceedance'])) for r in rows))
    live = plant.query('SELECT v.station, v.parameter, v.rule, c.number, v.change, v.level, v.time, v.value, v."limit", v.text, c.evidence '
                       'FROM change c JOIN change_row v ON v.id=c.alarm AND v.number=c.number ORDER BY c.rowid')
    recorded = [json.loads(line) for line in open(outputs[1], encoding='utf-8')]
    told = [c for c in recorded if not by_time(c['rule'], c['change'])]
    bad.compare('changes of alarms',
                sorted_changes([(s or '', p or '', r, n, *rest, evidence(json.loads(e), played.restarts)) for s, p, r, n, *rest, e in live
                                if not by_time(r, rest[0]) and not r.startswith('wqd:')]),
                sorted_changes([(c['station'] or '', c['parameter'] or '', c['rule'], c['number'], c['change'], c['level'], c['time'], c['value'],
                                 c['limit'], c['text'], evidence(c['evidence'], played.restarts)) for c in told]))
    kinds = {c['change'] for c in told}
    rules = {c['rule'] for c in told}
    print(f'  rules that spoke: {", ".join(sorted(rules))}; changes: {", ".join(sorted(kinds))}')
    if not {'opened', 'cleared', 'raised'} <= kinds or len(rules) < 4 or len(told) < 30:
        print('BAD too little happened for a comparison')
        bad.count += 1
    own = {r for _, _, r, *_ in live if r.startswith('wqd:')}
    if own:
        print('  wqd of itself (not compared):', *sorted(own))
    return bad.count


if not os.path.exists(LIBRARY):
    skip('no $WQ_CLOCK_LIBRARY')
sets = []
if os.path.exists(NATIONAL):
    sets.append(('national', national(30 if LONG else 8), {}))
else:
    print('SKIPPED, NOT TESTED: no national_4h_20210401_0405.csv.gz; simulated stations only')
sets.append(('simulated', simulated(*((12, 30) if LONG else (6, 6))), {0.4: signal.SIGKILL, 0.7: signal.SIGTERM}))
failures = 0
for name, rows, restarts in sets:
    began = time.monotonic()
    played = Played(rows, restarts)
    played.measured_at = {s: played.measured(s) for s in played.stations}
    late = played.play()
    failures += compare(played, name)
    print(f'  {len(restarts)} restarts, {len(rows)} messages of {len(played.stations)} stations, {len(set(r[0] for r in rows))} instants; the clock was {late} ms ahead of an '
          f'instant at most; {time.monotonic() - began:.0f} s')
    if os.environ.get('WQ_SHOW'):
        print(played.plant.read('wqd.log')[-3000:])
    played.plant.close()
print(f'{failures} differences' if failures else 'PASS')
sys.exit(1 if failures else 0)
