# SPDX-License-Identifier: Apache-2.0
"""wqctl import: late readings correct days and ring nobody, the same file twice changes nothing, a kill in between loses
nothing; what people measured stands beside and is shown with the alarm."""
import subprocess, sys, time
from yard import *

yard = Yard()
yard.daemon()
today = (int(time.time()) - 7200 + CHINA) // 86400 * 86400 - CHINA
days = 5
rows = []
for at in range(today - days * 86400, today, 4 * 3600):
    first = at < today - (days - 1) * 86400
    rows.append((at, [v * (3 if n == 'tp' and first else 1) + (at // 14400 % 7) / 1000 for n, _, v in NAMES]))
wide = '\ufefftime,station,' + ','.join(n for n, _, _ in NAMES) + '\r\n'
wide += ''.join(f'{local(at, "%Y/%m/%d %H:%M")},q,' + ','.join(f'{v:.6f}' for v in vs) + '\r\n' for at, vs in rows)
cells = len(rows) * len(NAMES)
yard.write('wide.csv', wide)

done = yard.give('--dry-run', yard.path('wide.csv'))
yard.expect('a dry run gives nothing', done.returncode == 0 and yard.query('SELECT count(*) FROM reading') == [(0,)])
done = yard.give(yard.path('wide.csv'))
yard.expect('all is taken', done.returncode == 0 and f'{cells} taken, 0 repeated, 0 revised, 0 refused' in done.stdout)
verdicts = lambda: [v for v, in yard.query("SELECT verdict FROM v_daily WHERE parameter='all' ORDER BY day")]
wait_until('the verdicts', lambda: len(verdicts()) == days and not yard.query('SELECT 1 FROM day_due'), 90)
yard.expect('days are judged', verdicts() == ['exceeds'] + ['meets'] * (days - 1))
yard.expect('late readings ring nobody', yard.query("SELECT count(*) FROM notice") == [(0,)])
history = 'SELECT count(*), sum(value), sum(revision) FROM reading'
before, days_before = yard.query(history), yard.query('SELECT count(*) FROM day')
done = yard.give(yard.path('wide.csv'))
yard.expect('all is known', f'0 taken, {cells} repeated, 0 revised' in done.stdout)
yard.expect('nothing has changed', yard.query(history) == before)
who = yard.query('SELECT kind, who, file, source, readings FROM v_import')
print(who)
user = subprocess.run(['id', '-un'], capture_output=True, text=True).stdout.strip()
yard.expect('both are recorded, with who gave them', [r[:4] for r in who] == [('automatic', user, 'wide.csv', 'import')] * 2)

# The corrected file of that day: six values are revised, and the day with them.
lines = wide.split('\r\n')
for i in range(1, 7):
    parts = lines[i].split(',')
    parts[-1] = '0.111'
    lines[i] = ','.join(parts)
done = yard.give(yard.write('corrected.csv', '\r\n'.join(lines)))
yard.expect('six are revised', f'0 taken, {cells - 6} repeated, 6 revised' in done.stdout)
wait_until('the corrected day', lambda: verdicts() == ['meets'] * days, 90)

# What is refused is named by line, the rest goes on.
at = today - 2 * 86400 + 600
stamp = local(at)
done = yard.give(yard.write('odd.csv', 'time;station;tp;ph\n' f'{stamp};nowhere;0.1;7\n{stamp};一干河;0,1;7.7\n'))
said = done.stdout + done.stderr
yard.expect('exit 1', done.returncode == 1)
for words in ('odd.csv:2: there is no station "nowhere"', "odd.csv:3: 总磷 '0,1'", '1 taken'):
    yard.expect(f'it says "{words}"', words in said)

# An alarm, and what people measured of it.
now = int(time.time()) // 60 * 60 - 300
done = yard.give('-', input=f'time,station,parameter,value\n{local(now)},q,tp,0.31\n')
yard.expect('a reading of now', done.returncode == 0)
alarm = wait_until('the alarm', lambda: yard.query("SELECT alarm FROM v_alarm WHERE rule='tp-3' AND change='opened'"))[0][0]
lab = yard.write('lab.csv', f'采样时间,断面名称,项目,结果,单位\n{local(now + 60)},一干河,总磷,180,ug/L\n'.encode('gb18030'))
readings = yard.query(history)
for taken in ('1 taken, 0 repeated', '0 taken, 1 repeated'):
    done = yard.give('--kind', 'manual', lab)
    yard.expect(f'manual: {taken}', done.returncode == 0 and taken in done.stdout)
yard.expect('it is no reading', yard.query(history) == readings)
shown = yard.ctl('query', '--manual', '--config', yard.path('wqd.conf'), '-s', 'q', '--format', 'csv').stdout
print(shown)
yard.expect('it is shown beside the analyser', ',tp,0.18,mg/L,0.31,' in shown and f',{user},lab.csv,' in shown)
shown = yard.ctl('alarms', '--config', yard.path('wqd.conf'), '--open').stdout
print(shown)
yard.expect('the alarm shows it', 'retested' in shown and '人工复测 0.18mg/L,自动 0.31' in shown)
shown = yard.ctl('alarms', '--config', yard.path('wqd.conf'), alarm, '--evidence').stdout
yard.expect('so does its evidence', '人工复测 0.18mg/L' in shown)

# Killed while a large file comes: the command says so; given again, all of it is there once.
big = 'time,station,tp,ph\n' + ''.join(f'{local(at)},q,{0.05 + at % 977 / 1e5:.6f},7.{at // 60 % 89 + 10}\n'
                                       for at in range(today - 40 * 86400, today - 20 * 86400, 300))
cells = 2 * (20 * 288)
yard.write('big.csv', big)
stored = f"SELECT count(*) FROM v_sample WHERE parameter IN ('tp','ph') AND time<'{local(today - 20 * 86400, '%Y-%m-%dT%H:%M')}'"
import os
giver = subprocess.Popen([os.path.join(BIN, 'wqctl'), 'import', '--config', yard.path('wqd.conf'), yard.path('big.csv')],
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
wait_until('a part', lambda: yard.query(stored)[0][0] > cells // 10)
yard.kill()
part = yard.query(stored)[0][0]
yard.daemon()
said = giver.communicate(timeout=120)[0]
print(f'{part} of {cells} stored when killed;', said)
yard.expect('it was killed in between', 0 < part < cells)
yard.expect('it went on when the daemon was back', giver.returncode == 0)
yard.expect('nothing is lost, nothing is twice', yard.query(stored)[0][0] == cells)
done = yard.give(yard.path('big.csv'))
yard.expect('all of it is known', f'0 taken, {cells} repeated, 0 revised' in done.stdout)
yard.kill(15)
done = yard.give(yard.path('big.csv'))
yard.expect('without a daemon: 3', done.returncode == 3 and 'no daemon answers' in done.stderr)
yard.end()
