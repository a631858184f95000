#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`wqctl backtest` on simulated readings: the same bytes each time, and whether the rules are asked each minute or when they
want it; what is not measured at a station is no point of it; a station that begins later is watched from then on.

    WQ_BIN=build/bin WQ_SOURCE=. test/scenario/backtest.py"""
import json, os, subprocess, sys, tempfile

SOURCE, BIN = os.environ['WQ_SOURCE'], os.environ['WQ_BIN']
folder = tempfile.TemporaryDirectory()
bad = []
ROUTES = '''
webhook "hook" { url = "http://127.0.0.1:9/" secret = "credential:hook" }
contact "duty" { name = "值班员" channels = { "hook" } }
group "lead" { members = { "duty" } }
route "all" { min_level = "info" lead = "lead" escalate_after = "45m" escalate_after_watch = "5h" }
limit "flicker" { parameters = { "tp", "do" } readings = 3 deadband = 0.1 first_level = "none" level = "warning" }
trend "daily-trend" { parameters = { "codmn", "nh3n" } readings = 8 aggregate = "1d" }
missing "long" { after = "3d" level = "warning" off_delay = "2h" }
limit "patient" { parameters = { "nh3n", "codmn" } readings = 1 level = "info" first_level = "info" on_delay = "4h" off_delay = "8h" hold = "12h" }
limit "chatter" { parameters = { "tp" } readings = 1 level = "watch" chatter = 2 chatter_within = "14d" chatter_shelve = "3h" }
limit "latched" { parameters = { "nh3n" } above = 0.15 readings = 1 level = "info" first_level = "info" latch = true }
today "today" { }
health "instruments" { trust = 8 flat_suspect = "8h" flat_fail = "12h" }
fall "fall" { }
month "month" { }
upstream "upstream" { rise = 0.2 above_share = 0.4 }
network "network" { sections = 2 }
station "s000" { kind = "national" cycle = "4h" flows_into = "s001" travel = "5h" }
station "s001" { kind = "national" cycle = "4h" }
'''


def path(name):
    return os.path.join(folder.name, name)


def write(name, text):
    with open(path(name), 'w', encoding='utf-8') as f:
        f.write(text)
    return path(name)


def backtest(config, csv, *more):
    """Exit status, what was said, and the three outputs."""
    names = [path('samples'), path('alarms'), path('days')]
    done = subprocess.run([os.path.join(BIN, 'wqctl'), 'backtest', '-c', config, '-i', csv, '-s', names[0], '-a', names[1], '-d', names[2],
                           *more], capture_output=True, text=True)
    return done.returncode, done.stderr, [open(n, encoding='utf-8').read() if os.path.exists(n) else None for n in names]


def check(what, holds, *seen):
    print('ok  ' if holds else 'BAD ', what, *(() if holds else seen))
    if not holds:
        bad.append(what)


docs_conf = os.path.join(SOURCE, 'test', 'scenario', 'tested.conf')
many_conf = write('many.conf', open(docs_conf, encoding='utf-8').read() + ROUTES)
simulated = path('simulated.csv')
with open(simulated, 'w') as f:
    subprocess.run([sys.executable, os.path.join(SOURCE, 'test/bench/readings.py'), '--stations', '6', '--days', '60', '--seed', 'b'],
                   stdout=f, stderr=subprocess.DEVNULL, check=True)

status, said, first = backtest(many_conf, simulated)
again = backtest(many_conf, simulated)[2]
ticked = backtest(many_conf, simulated, '--every-tick')[2]
check('two runs write the same bytes', status == 0 and first == again, status, said)
check('asked each minute the rules say the same', first == ticked)
changes = [json.loads(line) for line in first[1].splitlines()]
kinds = {c['change'] for c in changes}
rules = {c['rule'] for c in changes}
check('there was something to compare', len(changes) > 200 and {'opened', 'raised', 'escalated', 'cleared', 'recovered', 'shelved', 'unshelved'} <= kinds and len(rules) > 12,
      len(changes), kinds, rules)
check('evidence is an object', all(isinstance(c['evidence'], dict) and c['evidence']['rule'] == c['rule'] for c in changes))
check('a sample a cell', len(first[0].splitlines()) == 1 + 6 * 60 * 6 * 9)

# Two stations; b begins a day later, does not measure ph, and its ammonia never comes.
rows = ['time,station,ph,nh3n,tp']
for i in range(24):
    at = f'2021-04-{1 + i // 6:02d}T{i % 6 * 4:02d}:00'
    rows.append(f'{at},a,7.5,0.1,0.1')
    if i >= 6:
        rows.append(f'{at},b,*,--,0.1')
status, said, (samples, alarms, days) = backtest(docs_conf, write('late.csv', '\n'.join(rows) + '\n'))
silent = [(c['time'], c['station'], c['parameter'], c['change']) for c in map(json.loads, alarms.splitlines()) if c['rule'] == 'silent']
check('a point that never gives a reading is told, from its station\'s first sample on',
      silent == [('2021-04-02T12:01:00+08:00', 'b', 'nh3n', 'opened')], silent)
check('what is not measured has no day', ',b,ph,' not in days and ',b,tp,' in days, days)

two_conf = write('two.conf', 'site { name = "x" }\nstation "b" { kind = "national" }\nstation "a" { kind = "national" }\nstation "*" { kind = "national" }\n')
status, said, (_, _, days) = backtest(two_conf, write('order.csv', 'time,station,tp\n' + ''.join(f'2021-04-01T00:00,{s},0.1\n' for s in 'zabk')))
check('stations stand as in the configuration, then as they appear', [d.split(',')[1] for d in days.splitlines() if ',all,' in d] == list('bazk'), said, days)

# Multiples that are ties in decimal: (0.221 - 0.2) / 0.2 = 0.105. They are rounded half to even, as in the sentences and by classify.
values = {'2021-04-01': '0.221', '2021-04-02': '0.237', '2021-04-03': '0.219', '2021-04-04': '0.243', '2021-04-05': '0.461'}
rows = ['time,tp'] + [f'{day}T{hour:02d}:00,{value}' for day, value in values.items() for hour in range(0, 24, 4)]
status, said, (samples, alarms, days) = backtest(docs_conf, write('ties.csv', '\n'.join(rows) + '\n'))
told = {line.split(',')[0]: line.split(',')[-1] for line in days.splitlines() if ',tp,' in line}
check('the multiple of a day is rounded half to even',
      told == {'2021-04-01': '0.1', '2021-04-02': '0.18', '2021-04-03': '0.1', '2021-04-04': '0.22', '2021-04-05': '1.3'}, told)

health_conf = write('health.conf', 'site { name = "x" }\nstation "*" { kind = "national" cycle = "4h" }\nhealth "h" { }\n')
status, said, (samples, _, _) = backtest(health_conf, write('range.csv', 'time,ph\n' + ''.join(
    f'2021-04-0{1 + i // 6}T{i % 6 * 4:02d}:00,{99 if i == 20 else 7 + i % 3 / 10:g}\n' for i in range(24))))
tests = [(line.split(',')[4], line.split(',')[-1]) for line in samples.splitlines()]
check('a sample says at its end which test doubts it', tests[0] == ('quality', 'test') and tests[21] == ('bad', 'range')
      and tests[1:21] == [('good', '')] * 20, status, said, tests)

status, said, (_, _, days) = backtest(docs_conf, write('twice.csv', 'time,station,tp\n' + ''.join(
    f'2021-04-01T{hour:02d}:00,{station},{value}\n' for value in (0.1, 0.3) for hour in range(0, 24, 4) for station in 'ab'[:1 if value == 0.3 else 2])))
check('a row that comes twice corrects, and is said',
      status == 0 and 'twice.csv: 6 rows have the station and the time of a row before them (first a at 2021-04-01T00:00:00' in said, status, said)
status, said, _ = backtest(docs_conf, write('control.csv', 'time,station,tp\n' + '2021-04-01T00:00,\x1b[2Ja,0.1\n' * 2))
check('what a file calls a station is printed without control characters', 'first ?[2Ja at' in said and '\x1b' not in said, said)
status, said, _ = backtest(docs_conf, write('order2.csv', 'time,station,tp\n1970-01-01T00:00:00Z,a,0.1\n'))
check('what does not come twice is not said', 'of a row before' not in said, said)

status, said, _ = backtest(docs_conf, write('wrong.csv', 'time,tp\n2021-04-01T00:00,0.1\nyesterday,0.1\n2021-04-01T04:00,much\n'))
check('what is wrong with rows is told by line', status == 1 and 'wrong.csv:3:' in said and 'wrong.csv:4:' in said and '2 places' in said, status, said)
status, said, _ = backtest(docs_conf, path('absent.csv'))
check('a file that is not there', status == 1 and 'absent.csv' in said, status, said)
full = subprocess.run([os.path.join(BIN, 'wqctl'), 'backtest', '-c', docs_conf, '-i', simulated, '-s', '/dev/full'], capture_output=True, text=True)
check('an output that cannot be written', full.returncode == 1 and '/dev/full' in full.stderr, full)



# -- comparison: each kind of difference once, by hand --
def compare(old, new, csv, *more):
    done = subprocess.run([os.path.join(BIN, 'wqctl'), 'backtest', '--compare', old, new, '--csv', csv, *more], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def rules(name, tp, nh3n, ph='', routes=''):
    return write(name, 'site { name = "x" }\nstation "*" { kind = "national" cycle = "4h" }\n' + routes +
                 f'limit "tp" {{ parameters = {{ "tp" }} {tp} }}\nlimit "nh3n" {{ parameters = {{ "nh3n" }} {nh3n} }}\n{ph}')


people = ROUTES.split('limit', 1)[0].replace('min_level = "info"', 'min_level = "warning"')
old = rules('old.conf', 'above = 0.2 readings = 2', 'above = 1 readings = 1')
new = rules('new.conf', 'above = 0.3 readings = 2', 'above = 1 readings = 1 level = "warning" first_level = "none"',
            'limit "ph" { parameters = { "ph" } class = 3 readings = 1 level = "info" first_level = "none" }\n', people)
# tp: 0.25 once (vanishes), then 0.25 0.35 0.35 0.1 (opens 4 h later); nh3n: 2 once (alarm > warning); ph: 9.5 once (appears)
tp = [0.1, 0.25, 0.1, 0.1, 0.25, 0.35, 0.35, 0.1, 0.1, 0.1, 0.1, 0.1]
nh3n = [0.1] * 8 + [2, 0.1, 0.1, 0.1]
ph = [7] * 10 + [9.5, 7]
csv = write('hand.csv', 'time,station,ph,nh3n,tp\n' + ''.join(
    f'2021-04-{1 + i // 6:02d}T{i % 6 * 4:02d}:00,一号,{ph[i]},{nh3n[i]},{tp[i]}\n' for i in range(12)))
status, text, said = compare(old, new, csv, '--json')
found = json.loads(text) if status == 0 else {}
rows = [(d['what'], d['station'], d['rule'], d['old'] and d['old']['opened'][8:16], d['new'] and d['new']['opened'][8:16], d['shift_hours'])
        for d in found.get('differences', [])]
check('one appears, one vanishes, two move', rows == [
    ('vanished', '一号', 'tp', '01T04:00', None, None), ('moved', '一号', 'tp', '01T16:00', '01T20:00', 4.0),
    ('moved', '一号', 'nh3n', '02T08:00', '02T08:00', 0.0), ('appeared', '一号', 'ph', None, '02T16:00', None)], status, rows, said)
check('counted by level', found['old']['levels'] == {'info': 0, 'watch': 1, 'warning': 0, 'alarm': 2} and
      found['new']['levels'] == {'info': 1, 'watch': 0, 'warning': 1, 'alarm': 1}, found['old'], found['new'])
# Old rules: nobody on duty is known. New ones: one in the lead over two days, told from warning on: the phosphorus raised
# and cleared (the level it ends with counts), the ammonia opened and cleared.
check('shared by officers and days', found['old']['alarms_per_officer_day'] is None and found['new']['officers'] == 1 and
      found['new']['days'] == 2 and found['new']['alarms_per_officer_day'] == 1.5 and found['new']['notices'] == 4 and
      found['new']['notices_per_officer_day'] == 2.0, found['new'])
check('longest lag', found['longest_lag']['shift_hours'] == 4 and found['longest_lead'] is None)
status, text, said = compare(old, new, csv, '--officers', '3')
check('the table says the same', status == 0 and '1 appear, 1 vanish, 2 move, 0 are the same' in text and 'alarm>warning' in text and
      '+4h' in text and 'longest lag: +4h, 一号 tp tp' in text and 'alarms per officer and day   0.50' in text, status, text, said)
# A row left over from weeks before is one more day, not fifty: else it would thin out all figures of a day.
stray = write('stray.csv', open(csv, encoding='utf-8').read() + '2021-02-07T00:00,一号,7,0.1,0.1\n')
found = json.loads(compare(old, new, stray, '--json')[1])
check('a day without a row is no day of an officer', found['new']['days'] == 3 and found['new']['alarms_per_officer_day'] == 1.0, found['new'])
check('the same rules differ in nothing', '0 appear, 0 vanish, 0 move, 3 are the same' in compare(old, old, csv)[1])
check('a larger comparison twice', compare(docs_conf, many_conf, simulated, '--json') == compare(docs_conf, many_conf, simulated, '--json'))
status, _, said = compare(old, write('broken.conf', 'site { nam = "x" }'), csv)
check('broken rules are told by line', status == 1 and 'broken.conf:1:' in said, status, said)
for wrong in (['--compare', old], ['--compare', old, new], ['--compare', old, new, new, '-i', csv], ['-c', old, '-i', csv, '--json'],
              ['--compare', old, new, '-i', csv, '--officers', '0'], ['--compare', old, new, '-i', csv, '--officers', '2', '--stations-per-officer', '3'],
              ['--compare', old, new, '-i', csv, '-s', path('x')], ['--compare', old, new, '-i', '-']):
    done = subprocess.run([os.path.join(BIN, 'wqctl'), 'backtest', *wrong], capture_output=True, text=True)
    check('a wrong command line is 2: ' + ' '.join(os.path.basename(w) for w in wrong), done.returncode == 2, done)

print(f'{len(bad)} failures' if bad else 'PASS')
sys.exit(1 if bad else 0)
