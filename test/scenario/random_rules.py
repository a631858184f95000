#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Configurations drawn at random (all rules with all that is common to them, plans of maintenance, profiles, zones with summer
time) over readings drawn at random. Whatever they are:

  - backtest says the same twice, whether it is asked each minute (--every-tick) or not, and in whatever order rows stand;
  - compared with itself nothing appears, vanishes or moves;
  - an alarm begins with an opening, its changes are numbered 1, 2, 3 …, nothing comes after its end, its level only rises;
  - an alarm about the water that a reading raised is cleared by a reading, never by silence: at that time one exists;
  - what was measured under maintenance is stored as such and changes no alarm of `limit`.

WQ_SEED=n draws other ones, WQ_ROUNDS says how many."""
import csv, datetime, json, os, random, re, subprocess, sys, tempfile
from zoneinfo import ZoneInfo

WQCTL = os.path.join(os.environ['WQ_BIN'], 'wqctl')
SEED, ROUNDS = int(os.environ.get('WQ_SEED', 1)), int(os.environ.get('WQ_ROUNDS', 12))
PARAMETERS = {'tp': (0.02, 0.5), 'nh3n': (0.05, 2.5), 'codmn': (2, 14), 'do': (1, 11), 'ph': (5.5, 9.5), 'temp': (5, 30)}
JUDGED = ['tp', 'nh3n', 'codmn', 'do', 'ph']
LEVELS = ['info', 'watch', 'warning', 'alarm']
ZONES = ['UTC+8', 'Asia/Shanghai', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu']
OFFSETS = {'UTC+8': 'Asia/Shanghai'}
STARTS = ['2026-03-05', '2026-03-27', '2026-10-23', '1971-12-30', '2024-02-27', '2185-06-01', '2026-04-03']
ODD = ['', '--', '1e999', 'nan', 'inf', '-1', '0', '99999', 'x', '０.２', '1e-300', '0x1p3', '0.2 ']


def life(r):
    text = ''
    for key, values in (('on_delay', ['4h', '9h', '1d']), ('off_delay', ['4h', '8h', '2d']), ('hold', ['6h', '1d']), ('latch', ['true']),
                        ('chatter', ['2', '3']), ('except_profile', ['{ "wet" }']), ('profile', ['{ "dry", "wet" }'])):
        if r.random() < 0.2:
            value = r.choice(values)
            text += f' {key} = {value if key in ("latch", "chatter") or value[0] == "{" else chr(34) + value + chr(34)}'
            if key == 'chatter':
                text += f' chatter_within = "{r.choice(["1d", "3d"])}" chatter_shelve = "{r.choice(["4h", "1d"])}"'
    return text


def rules(r):
    some = lambda: 'parameters = { ' + ', '.join(f'"{p}"' for p in r.sample(JUDGED, r.randint(1, 5))) + ' }'
    first = lambda: r.choice(['none'] + LEVELS[:2])
    text = ''
    for i in range(r.randint(3, 9)):
        kind = r.choice(['limit', 'limit', 'limit', 'daily', 'trend', 'missing', 'today', 'fall', 'month', 'upstream', 'network', 'silent'])
        body = {
            'limit': lambda: f'{some()} readings = {r.randint(1, 3)} first_level = "{first()}" level = "{r.choice(LEVELS[1:])}" '
                             f'clear_readings = {r.randint(1, 3)} deadband = {r.choice(["0", "0.05", "0.2"])}',
            'daily': lambda: r.choice(['', 'item = "tp"', 'item = "do"']),
            'trend': lambda: f'{some()} readings = {r.randint(8, 20)} confidence = 0.7 near = 0.3 aggregate = "{r.choice(["0", "12h"])}" season = "{r.choice(["0", "1d"])}"',
            'missing': lambda: f'{some()} after = "{r.choice(["0", "9h", "1d"])}"',
            'today': lambda: f'{some()} minimum = {r.randint(1, 4)} after = "{r.choice(["0", "8h"])}" recent = {r.choice([0, 6, 18])} '
                             f'forecast_level = "{first()}"',
            'fall': lambda: f'against = "{r.choice(["yesterday", "week-day", "week-mean"])}" beyond_target = {r.choice(["true", "false"])}',
            'month': lambda: f'parameters = {{ "tp", "do" }} minimum_days = {r.randint(1, 5)} minimum_share = {r.choice(["0", "0.6"])}',
            'upstream': lambda: f'{some()} readings = {r.randint(3, 12)} rise = {r.choice(["0.1", "0.5"])} above_share = 0.3 '
                                f'travel = "{r.choice(["0", "6h", "2d"])}"',
            'network': lambda: f'sections = 2 beyond_target = {r.choice(["true", "false"])}',
            'silent': lambda: f'after = "{r.choice(["0", "10h"])}"'}[kind]()
        text += f'{kind} "{kind}-{i}" {{ {body}{life(r)} }}\n'
    return text


def configuration(r, zone, start):
    text = f'site {{ name = "随机" timezone = "{zone}" shelve_max = "{r.choice(["1d", "7d"])}" }}\n'
    text += f'evaluation {{ day_closes_after = "{r.choice(["0", "1h", "5h", "1d"])}" daily_view = "{r.choice(["evaluation", "raw"])}" }}\n'
    for name, days in (('wet', (start, start + datetime.timedelta(days=3))), ('dry', (start + datetime.timedelta(days=5), start + datetime.timedelta(days=2)))):
        text += f'profile "{name}" {{ from = "{days[0]:%m-%d}" to = "{days[1]:%m-%d}" }}\n'
    for i in range(4):
        text += (f'station "s{i}" {{ kind = "{r.choice(["national", "source-central", "tributary"])}" cycle = "{r.choice(["4h", "4h", "1h", "0"])}" '
                 f'interval = "4h" class = "{r.choice(["II", "III", "IV"])}" water = "{r.choice(["river", "lake"])}" ')
        text += f'flows_into = "s{i + 1}" ' if i < 3 and r.random() < 0.7 else ''
        text += f'offset = "{r.choice(["+08:00", "-03:30", "+14:00"])}" ' if r.random() < 0.2 else ''
        text += f'settle = "{r.choice(["0", "1h", "1d"])}" }}\n'
    for i in range(r.randint(0, 2)):
        when = (f'weekday = {{ "{r.choice(["mon", "wed", "sun"])}" }} at = "{r.choice(["00:00", "02:30", "23:00"])}" for = "{r.choice(["1m", "5h", "1d"])}"'
                if r.random() < 0.5 else f'from = "{start + datetime.timedelta(days=1)} 08:00" to = "{start + datetime.timedelta(days=r.randint(2, 4))} 02:30"')
        where = r.choice(['"*"', '"s0"', '"s1", "s2"'])
        text += f'maintenance "m{i}" {{ stations = {{ {where} }} {when} }}\n'
    return text + rules(r)


def readings(r, zone, start):
    """Rows as they would come: every four hours, some missing, some values odd, some stations silent for days."""
    info = ZoneInfo(OFFSETS.get(zone, zone))
    begin = datetime.datetime.combine(start, datetime.time(), info).astimezone(datetime.timezone.utc)
    rows, level = [], {(s, p): r.random() for s in range(4) for p in PARAMETERS}
    quiet = {s: (r.randint(0, 40), r.randint(0, 30)) for s in range(4)}
    for step in range(r.randint(40, 90)):
        for s in range(4):
            if quiet[s][0] <= step < sum(quiet[s]) or r.random() < 0.05:
                continue
            at = begin + datetime.timedelta(hours=4 * step, minutes=r.choice([0, 0, 0, 7]))
            row = {'time': at.isoformat(), 'station': f's{s}'}
            for p, (low, high) in PARAMETERS.items():
                level[s, p] = min(1, max(0, level[s, p] + r.uniform(-0.2, 0.2)))
                row[p] = r.choice(ODD) if r.random() < 0.03 else f'{low + (high - low) * level[s, p]:.3f}'
            rows.append(row)
    return sorted(rows, key=lambda row: row['time'])


def run(folder, *arguments):
    done = subprocess.run([WQCTL, 'backtest', *arguments], capture_output=True, text=True, cwd=folder, timeout=300)
    if done.returncode not in (0, 1) or 'Sanitizer' in done.stderr or 'runtime error' in done.stderr:
        raise AssertionError(f'ended with {done.returncode}: {done.stderr[-2000:]}')
    return done


def outputs(folder, name, csv_name='in.csv', *more):
    done = run(folder, '--config', 'c.conf', '--csv', csv_name, '--samples', f'{name}.s', '--alarms', f'{name}.a', '--days', f'{name}.d', *more)
    if done.returncode != 0 and 'the rest was used' not in done.stderr:  # odd values are told
        raise AssertionError(done.stderr[-1500:])
    return [open(os.path.join(folder, f'{name}.{e}'), encoding='utf-8').read() for e in 'sad']


def write(folder, name, rows):
    with open(os.path.join(folder, name), 'w', newline='', encoding='utf-8') as f:
        out = csv.DictWriter(f, ['time', 'station', *PARAMETERS], restval='*')
        out.writeheader()
        out.writerows(rows)


def told(line):
    """A line of an output without the numbers of alarms, which go by the order of what happens at one instant."""
    return re.sub(r'W[0-9]{8}-[0-9]+', 'W', line)


def invariants(samples, alarms):
    by_alarm, stamps, cared = {}, {}, set()
    for s in csv.DictReader(samples.splitlines()):
        key = (s['station'], s['parameter'])
        (cared if s['quality'] == 'maintenance' else stamps.setdefault(key, set())).add((*key, s['time']) if s['quality'] == 'maintenance' else s['time'])
    for line in alarms.splitlines():
        change = json.loads(line)
        by_alarm.setdefault(change['alarm'], []).append(change)
    for name, changes in by_alarm.items():
        kinds = [c['change'] for c in changes]
        assert [c['number'] for c in changes] == list(range(1, len(changes) + 1)), f'{name}: numbers {[c["number"] for c in changes]}'
        assert kinds[0] in ('opened', 'corrected'), f'{name} begins with {kinds[0]}'
        assert not {'cleared', 'closed'} & set(kinds[:-1]), f'{name} goes on after its end: {kinds}'
        if 'reopened' not in kinds:
            levels = [LEVELS.index(c['level']) for c in changes]
            assert levels == sorted(levels), f'{name}: the level falls: {levels}'
        ends = [c['time'] for c in changes if c['change'] == 'cleared']
        begin = datetime.datetime.fromisoformat(changes[0]['time'])
        assert all(datetime.datetime.fromisoformat(t) >= begin for t in ends), f'{name} of {changes[0]["rule"]} ends before it begins: {begin} {ends}'
        for c in changes:
            if c['rule'].startswith('limit') and c['change'] in ('opened', 'raised', 'cleared', 'recovered', 'reopened'):
                key = (c['station'], c['parameter'])
                assert c['time'] in stamps.get(key, ()), f'{name} {c["change"]} at {c["time"]}: there is no such reading of {key}'
                assert (*key, c['time']) not in cared, f'{name} {c["change"]} by a reading made under maintenance'
    return len(by_alarm)


def one(folder, seed):
    r = random.Random(seed)
    zone, start = r.choice(ZONES), datetime.date.fromisoformat(r.choice(STARTS))
    with open(os.path.join(folder, 'c.conf'), 'w', encoding='utf-8') as f:
        f.write(configuration(r, zone, start))
    rows = readings(r, zone, start)
    write(folder, 'in.csv', rows)
    first = outputs(folder, 'first')
    assert outputs(folder, 'again') == first, 'a second run says otherwise'
    assert outputs(folder, 'ticks', 'in.csv', '--every-tick') == first, '--every-tick says otherwise'
    # Of one instant the order counts, and stations stand in the order in which they first come.
    moments = sorted({row['time'] for row in rows})
    known = moments.index(max(min(row['time'] for row in rows if row['station'] == s) for s in {row['station'] for row in rows})) + 1
    moments[known:] = sorted(moments[known:], key=lambda _: r.random())
    write(folder, 'shuffled.csv', sorted(rows, key=lambda row: moments.index(row['time'])))
    other = outputs(folder, 'shuffled', 'shuffled.csv')
    for what, a, b in zip(('samples', 'alarms', 'days'), first, other):
        assert sorted(map(told, a.splitlines())) == sorted(map(told, b.splitlines())), f'rows in another order say otherwise ({what})'
    same = json.loads(run(folder, '--compare', 'c.conf', 'c.conf', '--csv', 'in.csv', '--json').stdout)
    assert not (same['appeared'] or same['vanished'] or same['moved'] or same['differences']), 'it differs from itself'
    return invariants(first[0], first[1]), len(first[1].splitlines())


def many(folder):
    """Of 256 alarms at one series each counts."""
    with open(os.path.join(folder, 'c.conf'), 'w', encoding='utf-8') as f:
        f.write('site { name = "x" }\nstation "*" { kind = "national" cycle = "4h" }\n')
        f.write(''.join(f'limit "r{i}" {{ parameters = {{ "tp" }} above = 0.{100 + i} readings = 1 }}\n' for i in range(256)))
    write(folder, 'in.csv', [{'time': '2026-03-05T00:00', 'station': 's0', 'tp': 0.9}])
    sample = outputs(folder, 'many')[0].splitlines()[1]
    assert sample.endswith(',0.9,good,1,0,'), f'256 alarms are open, the sample says {sample}'


if __name__ == '__main__':
    with tempfile.TemporaryDirectory(prefix='wqd-random.') as many_rules:
        many(many_rules)
    episodes = changes = bad = 0
    for i in range(ROUNDS):
        with tempfile.TemporaryDirectory(prefix='wqd-random.') as folder:
            try:
                e, c = one(folder, SEED * 1000003 + i)
                episodes, changes = episodes + e, changes + c
            except AssertionError as why:
                bad += 1
                print(f'BAD  WQ_SEED={SEED} round {i}: {why}')
                if os.environ.get('WQ_KEEP'):
                    os.system(f'cp -r {folder} /tmp/wqd-random-{SEED}-{i}')
    print(f'{ROUNDS} configurations, {episodes} alarms, {changes} changes, {bad} bad')
    if episodes < 10 * ROUNDS:
        print('BAD  too little happened')
        bad += 1
    sys.exit(1 if bad else 0)
