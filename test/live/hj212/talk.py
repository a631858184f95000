# SPDX-License-Identifier: Apache-2.0
"""A station and the daemon: readings are stored and then acknowledged, checks lie apart, strangers are turned away, gaps are asked for, a clock
that is wrong is set once."""
import datetime, os, signal, subprocess, time
from station import BIN, Daemon, Station, expect, frame, record

d = Daemon('password = "123456" backfill = "1d" calibrate = "1m" none = { "-99" }')
now = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8))).replace(minute=0, second=0, microsecond=0)


def at(hours):
    return (now - datetime.timedelta(hours=hours)).strftime('%Y%m%d%H%M%S')


def rows():
    return d.query('SELECT parameter, value, quality, flag FROM v_sample ORDER BY time, parameter')


s = Station(d.port)
# An hour record: its acknowledgement repeats the QN and comes when it is stored.
s.send(record(s.mn, 2061, at(9), {'w21003-Avg': '0.31', 'w21011-Avg': '0.05', 'w99999-Avg': '1'}, qn='20260101000000001'))
ack = s.answer()
expect('the acknowledgement', {k: ack[k] for k in ('QN', 'ST', 'CN', 'MN', 'Flag', 'CP')},
       {'QN': '20260101000000001', 'ST': '91', 'CN': '9014', 'MN': s.mn, 'Flag': '8', 'CP': ''})
expect('stored when acknowledged', rows(), [('nh3n', 0.31, 'good', 'N'), ('tp', 0.05, 'good', 'N')])

# Nothing is known of what was before: a day back is asked for, 9011, the records, 9012.
ask = s.answer()
expect('the request', (ask['CN'], ask['Flag'], ask['CP'][:10]), ('2061', '9', 'BeginTime='))
s.send(frame(f"QN={ask['QN']};ST=91;CN=9011;PW=123456;MN={s.mn};Flag=8;CP=&&QnRtn=1&&"))
s.send(record(s.mn, 2061, at(10), {'w21003-Avg': '0.30'}, qn='20260101000000002'))
expect('a record of the past', s.answer()['CN'], '9014')
s.send(frame(f"QN={ask['QN']};ST=91;CN=9012;PW=123456;MN={s.mn};Flag=8;CP=&&ExeRtn=1&&"))

# Heartbeat, boot, a split record, a value that stands for none, a flag of fault.
s.send(frame(f'QN=20260101000000003;ST=21;CN=9015;PW=123456;MN={s.mn};Flag=9;CP=&&&&'))
expect('heartbeat', s.answer()['CN'], '9014')
for part, value in ((1, {'w21003-Avg': '-99'}), (2, {'w21011-Avg': '0.06'})):
    s.send(record(s.mn, 2061, at(8), value, qn=f'2026010100000001{part}', flag=11, extra=f'PNUM=2;PNO={part};'))
    expect('part', s.answer()['QN'], f'2026010100000001{part}')
expect('both parts', rows()[3:], [('nh3n', None, 'missing', 'N'), ('tp', 0.06, 'good', 'N')])

# Checks: by command and by flag.
s.send(record(s.mn, 2062, at(7), {'w21003-Check': '2.1', 'w21003-StandardValue': '2'}, qn='20260101000000020'))
expect('check', s.answer()['CN'], '9014')
s.send(frame(f'QN=20260101000000021;ST=21;CN=2061;PW=123456;MN={s.mn};Flag=9;CP=&&DataTime={at(7)};w21011-Avg=0.5,w21011-Flag=cz&&'))
expect('check by flag', s.answer()['CN'], '9014')
expect('apart', d.query('SELECT parameter, kind, value, reference, flag FROM v_check ORDER BY parameter'),
       [('nh3n', 'standard', 2.1, 2.0, 'N'), ('tp', 'zero', 0.5, None, 'cz')])
expect('no reading', len(rows()), 5)
shown = subprocess.run([os.path.join(BIN, 'wqctl'), 'query', '--checks', '--database', d.path('h.db'), '--station', 'yigan', '--format', 'csv'],
                       capture_output=True, text=True).stdout.splitlines()
expect('wqctl query --checks', [','.join(line.split(',')[1:]) for line in shown],
       ['station,parameter,code,kind,value,reference,unit,result,flag', 'yigan,nh3n,w21003,standard,2.1,2,mg/L,5,N',
        'yigan,tp,w21011,zero,0.5,,mg/L,,cz'])

# Turned away: another's MN, a wrong password, an unknown command; a bad checksum is not answered.
s.send(record('B9', 2061, at(6), {'w21003-Avg': '9'}, qn='20260101000000030'))
expect('stranger', {k: v for k, v in s.answer().items() if k in ('CN', 'CP', 'MN')}, {'CN': '9011', 'CP': 'QnRtn=4', 'MN': 'B9'})
s.send(record(s.mn, 2061, at(6), {'w21003-Avg': '9'}, qn='20260101000000031', pw='000000'))
expect('password', s.answer()['CP'], 'QnRtn=3')
s.send(frame('QN=1;ST=21;CN=2061', check=0))
s.send(frame(f'QN=20260101000000032;ST=21;CN=7777;PW=123456;MN={s.mn};Flag=9;CP=&&&&'))
expect('command', s.answer()['CP'], 'QnRtn=8')
expect('nothing of it', len(rows()), 5)

# A gap of four hours: asked for, refused three times at most, then left.
s.send(record(s.mn, 2061, at(6), {'w21003-Avg': '0.32'}, flag=8))
s.send(record(s.mn, 2061, at(5), {'w21003-Avg': '0.32'}, flag=8))
s.send(record(s.mn, 2061, at(1), {'w21003-Avg': '0.33'}, flag=8))
ask = s.answer()
expect('the gap', (ask['CN'], ask['CP']), ('2061', f'BeginTime={at(5)[:-2]}01;EndTime=' +
       (now - datetime.timedelta(hours=1, seconds=1)).strftime('%Y%m%d%H%M%S')))
s.send(frame(f"QN={ask['QN']};ST=91;CN=9011;PW=123456;MN={s.mn};Flag=8;CP=&&QnRtn=1&&"))
s.send(frame(f"QN={ask['QN']};ST=91;CN=9012;PW=123456;MN={s.mn};Flag=8;CP=&&ExeRtn=100&&"))

# A real-time value of tomorrow: the clock is told once, where ours is trusted.
if d.status().get('clock', {}).get('trusted', True) is not False:
    for i in range(3):
        s.send(record(s.mn, 2011, at(-30), {'w21003-Rtd': '0.3'}, flag=8))
    told = s.answer(3)
    print('clock:', told and told['CN'])
    if told:
        expect('the clock', (told['CN'], told['CP'][:11]), ('1012', 'SystemTime='))
        expect('once', s.answer(3), None)
s.send(record(s.mn, 2061, at(0), {'w21003-Avg': '0.34'}, qn='20260101000000099'))
expect('still there', s.answer()['QN'], '20260101000000099')
expect('a clean end', d.kill(signal.SIGTERM), 0)
print('PASS')
