# SPDX-License-Identifier: Apache-2.0
"""People at work while the daemon is killed: some acknowledge, close, shelve, announce maintenance and turn profiles, all at once and
under load, and it is killed with signal 9 again and again in between. What they were told is done must be in the history; numbers of
changes have no gap; nobody is told of one change twice; and what stands by the history is what the daemon says after the start."""
import json, os, random, signal, socket, threading, time
from disk import Small
from fault import LONG, Bad, Ground, fault, faults, must, run, speaks_sanitizer, until

faults.clear()  # those of disk.py are its own

SEED = int(os.environ.get('WQ_SEED', 0)) or random.SystemRandom().randrange(1 << 32)
PEOPLE = 4
PER_PERSON = 3  # stations
RULES = '''
profile "flood" { from = "05-01" to = "09-30" }
limit "latched" { parameters = { "ph" } above = 8 readings = 1 level = "watch" first_level = "watch" latch = true }
limit "chatters" { parameters = { "tp" } above = 0.15 readings = 1 level = "info" first_level = "info" chatter = 6 chatter_within = "1m" chatter_shelve = "1m" }
limit "patient" { parameters = { "tp" } above = 0.12 readings = 1 level = "warning" first_level = "warning" on_delay = "1s" off_delay = "1s" hold = "2s" }
limit "seasonal" { parameters = { "tp" } readings = 1 level = "warning" first_level = "warning" profile = { "flood" } }
'''
TITLES = ['tp3', 'latched', 'chatters', 'patient', 'seasonal']
WORDS = ['清洗探头', 'it\'s "done"', 'two\nlines', '换泵管;DROP TABLE shelf;--', '\u202e\u0007', '🚰' * 20]


class Person(threading.Thread):
    """Works on stations of its own, so that it knows what stands there."""

    def __init__(self, ground, index):
        super().__init__(daemon=True)
        self.ground, self.index, self.random = ground, index, random.Random(f'{SEED} {index}')
        self.stations = [f'p{index}{i}' for i in range(PER_PERSON)]
        self.count, self.answers, self.stop, self.strange = 0, {}, False, []

    def ask(self, method, path, body=None):
        """Status and answer; None when it was not heard."""
        text = json.dumps(body) if body is not None else ''
        try:
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(15)
                s.connect(self.ground.path('wqd.sock'))
                s.sendall(f'{method} {path} HTTP/1.0\r\nContent-Length: {len(text.encode())}\r\n\r\n{text}'.encode())
                reply = b''.join(iter(lambda: s.recv(65536), b''))
            head, rest = reply.split(b'\r\n\r\n', 1)
            return int(head.split()[1]), json.loads(rest)
        except (OSError, ValueError, IndexError):
            return None

    def do(self, kind, path, body, table):
        """One deed, signed with a name that nobody else has."""
        self.count += 1
        who = f'{self.index}.{self.count}'
        body = dict(body, who=who)
        answer = self.ask('POST', path, body)
        if answer and answer[0] not in (200, 404, 409, 503):
            self.strange.append((kind, body, answer))
        if answer and answer[0] in (200, 404, 409):
            self.answers[who] = (kind, answer[0] == 200, body, table)
        elif answer is None:
            self.answers[who] = (kind, None, body, table)
            time.sleep(0.05)

    def run(self):
        r = self.random
        while not self.stop:
            station, rule, word = r.choice(self.stations), r.choice(TITLES), r.choice(WORDS)
            place = {'station': station, 'rule': rule}
            kind = r.choice(['shelve', 'unshelve', 'maintain', 'end', 'ack', 'close', 'shelve alarm', 'profile'])
            if kind == 'shelve':
                self.do(kind, '/v1/shelve', dict(place, **{'for': r.choice(['1s', '3s', '1h', '7d']), 'reason': word}), 'shelf.who')
            elif kind == 'unshelve':
                self.do(kind, '/v1/unshelve', place, 'shelf.ended_by')
            elif kind == 'maintain':
                body = {'station': station, 'for': r.choice(['1s', '1h', '31d']), 'reason': word}
                if r.random() < 0.5:
                    body['parameter'] = 'tp'
                self.do(kind, '/v1/maintain', body, 'maintenance.who')
            elif kind == 'end':
                self.do(kind, '/v1/maintain-end', {'station': station}, 'maintenance.ended_by')
            elif kind == 'profile':
                if self.index == 0:
                    self.do(kind, '/v1/profile', {'profile': 'flood', 'say': r.choice(['on', 'off']), 'reason': word}, 'profile_word.who')
            else:
                answer = self.ask('GET', '/v1/alarms')
                mine = [a['alarm'] for a in answer[1]['alarms'] if a['station'] in self.stations] if answer and answer[0] == 200 else []
                if not mine:
                    time.sleep(0.02)
                elif kind == 'ack':
                    self.do(kind, f'/v1/alarms/{r.choice(mine)}/acknowledge', {'note': word}, 'change.who')
                elif kind == 'close':
                    self.do(kind, f'/v1/alarms/{r.choice(mine)}/close', {'cause': word[:20], 'action': word[:20]}, 'change.who')
                else:
                    self.do(kind, f'/v1/alarms/{r.choice(mine)}/shelve', {'for': '2s', 'reason': word}, 'shelf.who')


class Load(threading.Thread):
    def __init__(self, ground, stations):
        super().__init__(daemon=True)
        self.ground, self.stations, self.stop, self.sent = ground, stations, False, 0
        self.random = random.Random(f'{SEED} load')

    def run(self):
        while not self.stop:
            for s in self.stations:
                at, tp = self.ground.now(), self.random.choice([0.05, 0.1, 0.13, 0.16, 0.3, 0.5])
                try:
                    self.ground.publish(f'wq/{s}', json.dumps({'time': at, 'tp': tp, 'ph': self.random.choice([7.5, 8.5])}))
                except OSError:
                    continue
                if self.ground.stay or s.endswith('0'):  # what is told of a station that has left is nobody's
                    self.ground.accepted[s, at] = tp
                self.sent += 1
            time.sleep(0.1)


def check_answers(ground, people):
    """Counts what was told as done and is in the history; complains of what is not."""
    found = {t: {w for (w,) in ground.query(f'SELECT {t.split(".")[1]} FROM {t.split(".")[0]}')}
             for t in ('shelf.who', 'shelf.ended_by', 'maintenance.who', 'maintenance.ended_by', 'change.who', 'profile_word.who')}
    lost, invented, done, words = [], [], 0, {}
    for person in people:
        for who, (kind, said, body, table) in person.answers.items():
            done += said is True
            if said and who not in found[table]:
                lost.append((who, kind, body))
            if said is False and who in found[table]:
                invented.append((who, kind, body))
            if kind == 'maintain':
                words[who] = body['reason']
    must(not lost, f'{len(lost)} deeds were told as done and are lost: {lost[:3]}')
    must(not invented, f'{len(invented)} deeds were refused and are stored: {invented[:3]}')
    for who, reason in ground.query('SELECT who, reason FROM maintenance'):
        must(reason == words.get(who, reason), f'{who} said {words.get(who)!r}, {reason!r} is stored')
    return done


def check_history(ground):
    for alarm, count, last, opened in ground.query(
            'SELECT alarm, count(*), max(number), min(CASE number WHEN 1 THEN kind END) FROM change GROUP BY alarm'):
        must(count == last, f'alarm {alarm}: {count} changes, the last has number {last}')
        must(opened in (0, 6), f'alarm {alarm} begins with a change of kind {opened}')
    bad = ground.query('SELECT a.id, a.open, c.kind FROM alarm a JOIN change c ON c.alarm=a.id AND c.number='
                       '(SELECT max(number) FROM change WHERE alarm=a.id) WHERE a.open=(c.kind IN (4,5))')
    must(not bad, f'{len(bad)} alarms are open after their end or closed before it: {bad[:3]}')
    bad = ground.query('SELECT rule, station, series, count(*) FROM alarm WHERE open=1 GROUP BY 1,2,3 HAVING count(*)>1')
    must(not bad, f'two alarms are open at one place: {bad[:3]}')
    bad = ground.query('SELECT rule, station, series, count(*) FROM shelf WHERE ended IS NULL GROUP BY 1,2,3 HAVING count(*)>1')
    must(not bad, f'two shelves stand at one place: {bad[:3]}')
    bad = ground.query('SELECT alarm, number, contact, count(*) FROM notice GROUP BY 1,2,3 HAVING count(*)>1')
    must(not bad, f'told twice: {bad[:3]}')
    bad = ground.query('SELECT n.alarm, n.number FROM notice n LEFT JOIN change c ON c.alarm=n.alarm AND c.number=n.number '
                       'WHERE c.alarm IS NULL OR c.hush<>0')
    must(not bad, f'told of what did not happen or was to be quiet: {bad[:3]}')
    must(ground.query('PRAGMA integrity_check') == [('ok',)], 'the file is damaged')


def standing(ground):
    """(by the history, by the daemon): open alarms, shelves, maintenance by hand, profiles."""
    zone = 1000
    now = int(time.time() * zone)
    history = (
        sorted(a for (a,) in ground.query("SELECT printf('W%08d-%03d',a.id/100000,a.id%100000) FROM alarm a "
                                         "JOIN rule u ON u.id=a.rule WHERE a.open=1 AND u.name<>'another'")),
        sorted(ground.query('SELECT u.name, s.key, f.who FROM shelf f JOIN rule u ON u.id=f.rule JOIN station s ON s.id=f.station '
                            "WHERE f.ended IS NULL AND u.name<>'another'")),  # a rule that has left
        sorted(w for (w,) in ground.query('SELECT who FROM maintenance WHERE ended IS NULL AND until>?', now)),
        ground.query('SELECT who FROM profile_word ORDER BY since DESC LIMIT 1'))
    said = ground.status()
    daemon = (
        sorted(a['alarm'] for a in ground.get('/v1/alarms')['alarms']),
        sorted((s['rule'], s['station'], s['who']) for s in ground.get('/v1/shelves')['shelves']),
        sorted(m['who'] for m in said['maintenance'] if m['by'] == 'hand'),
        [(p['who'],) for p in said['profiles'] if p['who']])
    return history, daemon


def same_standing(ground):
    pair = []

    def same():
        pair[:] = standing(ground)
        return pair[0] == pair[1]
    try:
        until('the daemon to say what the history holds', same, 20)
    except Bad:
        for name, a, b in zip(('alarms', 'shelves', 'maintenance', 'profile'), *pair):
            if a != b:
                print(f'{name}: only in the history {[x for x in a if x not in b][:5]}, only by the daemon {[x for x in b if x not in a][:5]}')
        raise


# -- what is done to the daemon meanwhile --

def configure(ground, people, rules=RULES):
    ground.configure(stations=[s for p in people for s in p.stations], extra=rules, change=lambda t: t.replace(
        'lead = "lead"', 'lead = "lead" escalate_after = "1s"').replace('/wqd.db"', f'/{ground.base}"'))


def kill(ground, people, chance):
    time.sleep(chance.uniform(0.3, 3))
    ground.kill()
    ground.daemon()


def storm(ground, people, chance):
    """SIGHUP upon SIGHUP: rules leave, come back under other names, change; stations and profiles leave."""
    for _ in range(6):
        rows = [row for row in RULES.strip().splitlines() if chance.random() < 0.7 or row.startswith('profile')]
        text = '\n'.join(rows).replace('0.15', chance.choice(['0.15', '0.05', '0.4'])) + '\n'
        if chance.random() < 0.3:
            text = text.replace('"latched"', '"another"')
        some = [s for p in people for s in p.stations if s.endswith('0') or chance.random() < 0.6]
        shown = people
        configure(ground, [type('Some', (), {'stations': some})] if chance.random() < 0.7 else shown, text)
        ground.wqd.send_signal(signal.SIGHUP)
        time.sleep(chance.uniform(0.02, 0.6))
    configure(ground, people)
    since = len(ground.log())
    ground.wqd.send_signal(signal.SIGHUP)
    until('the new start', lambda: 'watching' in ground.log()[since:], 30)
    ground.linked()


def full(ground, people, chance):
    """The disk is full for a while; then it is killed, now and then."""
    time.sleep(chance.uniform(0.2, 0.6))
    ground.fill()
    time.sleep(chance.uniform(0.3, 1.5))
    if chance.random() < 0.3:
        ground.kill()
        ground.free()
        ground.daemon()
    else:
        ground.free()
    time.sleep(0.3)


class Plain(Ground):
    base, stay = 'wqd.db', True


class Changing(Ground):
    """Stations come and go, but the first of each person's."""
    base, stay = 'wqd.db', False


class Narrow(Small):
    base, stay = 'disk/wqd.db', True

    def __init__(self):
        super().__init__('512m' if LONG else '64m')  # the history itself must find room when the ballast is gone


def work(name, ground, disturb, lives):
    people = [Person(ground, i) for i in range(PEOPLE)]
    configure(ground, people)
    ground.daemon()
    load, chance = Load(ground, [s for p in people for s in p.stations]), random.Random(f'{SEED} {name}')
    for t in [load, *people]:
        t.start()
    try:
        for _ in range(lives):
            disturb(ground, people, chance)
    finally:
        for t in [*people, load]:
            t.stop = True
        for t in [*people, load]:
            t.join(30)
    if ground.ended():
        raise Bad('wqd ended: ' + ground.log()[-600:])
    ground.settle(60)
    same_standing(ground)
    ground.kill()
    ground.daemon()
    same_standing(ground)
    done = check_answers(ground, people)
    check_history(ground)
    must(done > 10 * lives, f'only {done} deeds were done')
    strange = [s for p in people for s in p.strange]
    must(not strange, f'{len(strange)} strange answers: {strange[:3]}')
    code = ground.kill(15)
    must(code == 0, f'wqd ended with {code}')
    must(not (spoke := speaks_sanitizer(ground.log())), spoke and spoke.group(0))
    print(f'     {name}: {lives} times, {sum(p.count for p in people)} deeds, {done} done, {load.sent} messages, '
          f'{ground.query("SELECT count(*) FROM change")[0][0]} changes, {ground.query("SELECT count(*) FROM notice")[0][0]} notices', flush=True)


def declare(name, does, kind, disturb, short, long):
    @fault(name, does, '', 'what was told as done; numbers of changes; one notice of each; shelves and maintenance')
    def test(_):
        ground = kind()
        try:
            work(name, ground, disturb, long if LONG else short)
        except Exception:
            if os.environ.get('WQ_SHOW'):
                print(ground.log()[-3000:])
            raise
        finally:
            ground.close()


declare('people and kill -9', 'kill -9 while people work', Plain, kill, 3, 40)
declare('people and SIGHUP', 'SIGHUP with rules and stations that come and go while people work', Changing, storm, 1, 25)
declare('people and a full disk', 'the disk is full now and then while people work', Narrow, full, 3, 40)

if __name__ == '__main__':
    print(f'WQ_SEED={SEED}')
    run()
