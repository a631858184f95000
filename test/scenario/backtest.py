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
missing "long" { after = "3d" level = "warning" }
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


docs_conf = os.path.join(SOURCE, 'docs', 'backtest.conf')
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
check('there was something to compare', len(changes) > 200 and {'opened', 'raised', 'escalated', 'cleared'} <= kinds and len(rules) > 5,
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

status, said, _ = backtest(docs_conf, write('wrong.csv', 'time,tp\n2021-04-01T00:00,0.1\nyesterday,0.1\n2021-04-01T04:00,much\n'))
check('what is wrong with rows is told by line', status == 1 and 'wrong.csv:3:' in said and 'wrong.csv:4:' in said and '2 places' in said, status, said)
status, said, _ = backtest(docs_conf, path('absent.csv'))
check('a file that is not there', status == 1 and 'absent.csv' in said, status, said)
full = subprocess.run([os.path.join(BIN, 'wqctl'), 'backtest', '-c', docs_conf, '-i', simulated, '-s', '/dev/full'], capture_output=True, text=True)
check('an output that cannot be written', full.returncode == 1 and '/dev/full' in full.stderr, full)

print(f'{len(bad)} failures' if bad else 'PASS')
sys.exit(1 if bad else 0)
