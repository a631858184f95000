# SPDX-License-Identifier: Apache-2.0
"""A watched folder: files are taken when they are complete, reported and put away; what is no plain file of a bearable size is
refused; a kill while one is read loses nothing and stores nothing twice; a folder that goes away is told and found again."""
import glob, os, shutil, time
from yard import *

FOLDERS = '''folder "in" {{ path = "{0}/in" rescan = "1s" settle = "500ms" largest = 8 map = {{ "磷=tp" }} }}
folder "lab" {{ path = "{0}/lab" kind = "manual" rescan = "1s" settle = "500ms" below = "half" }}
folder "kept" {{ path = "{0}/kept" done = "keep" pattern = "*.txt" rescan = "1s" settle = "500ms" station = "q" }}
'''
yard = Yard()
with open(yard.path('wqd.conf'), 'a') as f:
    f.write(FOLDERS.format(yard.dir))
for name in ('in', 'lab', 'kept'):
    os.mkdir(yard.path(name))
today = (int(time.time()) - 7200 + CHINA) // 86400 * 86400 - CHINA
values = lambda: yard.query('SELECT count(*) FROM v_sample')[0][0]
there = lambda name: os.path.exists(yard.path(name))
said = lambda name: open(yard.path(name), encoding='utf-8').read()


def table(first, count, step=300):
    return 'time,station,tp,ph\n' + ''.join(f'{local(first + i * step)},一干河,0.{i % 89 + 10},7.{i % 89 + 10}\n' for i in range(count))


def lay(name, content):
    """As one should: written beside, moved in."""
    yard.write('aside', content)
    os.rename(yard.path('aside'), yard.path(name))


def reported(name, *words):
    wait_until(name, lambda: there(name + '.report'))
    text = said(name + '.report')
    print('--', name, '--\n' + text, end='')
    for w in words:
        yard.expect(f'{name}.report says "{w}"', w in text)


# There before the daemon was.
lay('in/early.csv', table(today - 3 * 86400, 10))
yard.daemon()
reported('in/done/early.csv', 'early.csv (automatic, ', '20 taken, 0 repeated, 0 revised, 0 refused')
wait_until('it was put away', lambda: there('in/done/early.csv') and not there('in/early.csv'))
yard.expect('its values are stored', values() == 20)

# Moved in, under a name that was there before; with a row that cannot be taken.
lay('in/early.csv', table(today - 2 * 86400, 3) + 'never,一干河,1,2\n')
wait_until('the second of that name', lambda: there('in/done/early.csv.2'))
reported('in/done/early.csv', '20 taken')
reported('in/done/early.csv.2', '6 taken, 0 repeated, 0 revised, 1 refused', "early.csv:5: 'never' is no time")
yard.expect('both are stored', values() == 26)
yard.expect('the journal does not say that nothing is stored', 'nothing of it is stored' not in said('wqd.log') and
            '6 taken, 0 repeated, 0 revised, 1 refused (' in said('wqd.log'))

# Written slowly in place: taken when it is closed, whole.
with open(yard.path('in/slow.csv'), 'w') as f:
    for line in table(today - 86400, 12).splitlines(True):
        f.write(line)
        f.flush()
        os.fsync(f.fileno())
        time.sleep(0.15)
    yard.expect('it was not taken in between', there('in/slow.csv'))
wait_until('the slow one', lambda: there('in/done/slow.csv'))
reported('in/done/slow.csv', '24 taken')

# Kept open by who writes a row now and then: put away when it lies still, read again where it is when it has grown.
tps = lambda: yard.query("SELECT count(*) FROM v_sample WHERE parameter='tp'")[0][0]
rows = iter(table(today - 11 * 43200, 40).splitlines(True))
before, header = tps(), next(rows)
with open(yard.path('in/open.csv'), 'w') as f, open(yard.path('in/nothing.csv'), 'w') as buffered:
    f.write(header + next(rows))
    f.flush()
    wait_until('the one that lies still', lambda: there('in/done/open.csv') and there('in/refused/nothing.csv'))
    f.write(next(rows))
    buffered.write(header + next(rows))
reported('in/done/open.csv', 'open.csv (automatic, ')
wait_until('what was written afterwards', lambda: tps() == before + 3)
wait_until('one that had been empty is not refused any more', lambda: there('in/done/nothing.csv'))
yard.expect('nor is its report', not there('in/refused/nothing.csv.report'))
with open(yard.path('in/away.csv'), 'w') as f:
    f.write(header + next(rows))
    f.flush()
    wait_until('another', lambda: there('in/done/away.csv.report') and not there('in/away.csv'))
    yard.kill()
    f.write(next(rows))
yard.daemon()
wait_until('what was written while nobody watched', lambda: tps() == before + 5)
# Written to again and again while it is read and put away.
for n in range(30):
    with open(yard.path('in/race.csv'), 'a') as f:
        f.write(header + next(rows))
wait_until('all of it', lambda: tps() == before + 35)

# A name that comes again for ever.
for n in range(101):
    yard.write('in/done/ever.csv' + (f'.{n + 1}' if n else ''), '')
for n in range(2):
    lay('in/ever.csv', header)
    wait_until('it is put away', lambda: not there('in/ever.csv'))
yard.expect('under names of their own', len(glob.glob(yard.path('in/done/ever.csv.17*[0-9]'))) == 2)
for name in glob.glob(yard.path('in/done/*')):
    if 'early' not in name:
        os.remove(name)

# Headings of its own, a spreadsheet's encoding.
lay('in/own.csv', f'时间,断面名称,磷（mg/L）\r\n{local(today - 7200, "%Y/%m/%d %H:%M")},一干河,0.123\r\n'.encode('gb18030'))
wait_until('own.csv', lambda: there('in/done/own.csv'))
yard.expect('it is total phosphorus', yard.query("SELECT count(*) FROM v_sample WHERE value=0.123 AND parameter='tp'") == [(1,)])

# What is refused as a whole.
before = values()
os.symlink('/etc/passwd', yard.path('in/link.csv'))
os.mkfifo(yard.path('in/pipe.csv'))
os.mkdir(yard.path('in/folder.csv'))
with open(yard.path('aside'), 'wb') as f:
    f.truncate(9 << 20)
os.rename(yard.path('aside'), yard.path('in/large.csv'))
lay('in/letter.csv', 'Dear colleague,\nplease find enclosed\n')
lay('in/book.csv', b'PK\x03\x04' + bytes(100))
lay('in/empty.csv', '')
for name, words in (('link', 'symbolic link is not followed'), ('pipe', 'no plain file'), ('large', 'at most 8 MiB are allowed'),
                    ('letter', "no column 'time'"), ('book', 'workbook'), ('empty', 'is empty')):
    wait_until(name, lambda: there(f'in/refused/{name}.csv') or os.path.islink(yard.path(f'in/refused/{name}.csv')))
    reported(f'in/refused/{name}.csv', words, 'nothing of it is stored')
yard.expect('nothing of them is stored', values() == before)
yard.expect('a folder is left alone', os.path.isdir(yard.path('in/folder.csv')))
yard.expect('nothing else lies there', sorted(os.listdir(yard.path('in'))) == ['done', 'folder.csv', 'refused'])

# What people measured.
lay('lab/lab.csv', f'采样时间,断面名称,项目,结果,单位\n{local(today - 86400 + 60)},q,总磷,0.01L,mg/L\n')
reported('lab/done/lab.csv', 'lab.csv (manual, ', '1 taken')
yard.expect('it stands beside', yard.query("SELECT value, automatic, source FROM v_manual") == [(0.005, 0.1, 'lab')])

# Kept where they are: taken once, and again when they have changed.
yard.write('kept/log.txt', 'time,tp\n' + ''.join(f'{local(today - 5 * 86400 + i * 600)},0.1{i}\n' for i in range(5)))
reported('kept/done/log.txt', '5 taken')
imports = lambda: yard.query("SELECT sum(readings) FROM v_import WHERE source='kept'")[0][0]
yard.expect('it is kept', there('kept/log.txt') and imports() == 5)

# Killed while a large one is read.
yard.kill()
first, count = today - 60 * 86400, 12000
cells, stored = 2 * count, f"SELECT count(*) FROM v_sample WHERE time<'{local(today - 6 * 86400, '%Y-%m-%dT%H:%M')}'"
lay('in/big.csv', table(first, count))
yard.daemon()
wait_until('a part of it', lambda: yard.query(stored)[0][0] > cells // 8)
yard.kill()
part, lies = yard.query(stored)[0][0], there('in/big.csv')
yard.daemon()
print(f'{part} of {cells} stored when killed')
yard.expect('it lies where it was until it is stored', lies and part < cells)
wait_until('all of it', lambda: there('in/done/big.csv'), 120)
yard.expect('nothing is lost, nothing twice', yard.query(stored)[0][0] == cells and
            yard.query('SELECT count(*) FROM reading WHERE revision>1') == [(0,)])
taken = int(said('in/done/big.csv.report').split('): ')[1].split(' taken')[0])
reported('in/done/big.csv', f'{taken} taken, {cells - taken} repeated, 0 revised, 0 refused')
yard.expect('what was stored is only counted', cells - part >= taken > 0)
yard.expect('what is kept was not taken again', imports() == 5)
with open(yard.path('kept/log.txt'), 'a') as f:
    f.write(f'{local(today - 5 * 86400 + 6000)},0.3\n')
wait_until('the longer log', lambda: '1 taken, 5 repeated' in said('kept/done/log.txt.report'))

# The folder goes away and comes back.
state = lambda: [b for b in json.loads(yard.ctl('status', '--json', '--socket', yard.path('wqd.sock')).stdout)['buses'] if b['name'] == 'in'][0]
wait_until('up', lambda: state()['state'] == 'up')
os.rename(yard.path('in'), yard.path('elsewhere'))
wait_until('it is told', lambda: state()['state'] == 'down')
print(state()['units'][0]['why'])
yard.expect('why is said', 'cannot be opened: No such file' in state()['units'][0]['why'])
os.mkdir(yard.path('in'))
wait_until('it is found again', lambda: state()['state'] == 'up')
lay('in/again.csv', table(today - 4 * 86400, 2))
reported('in/done/again.csv', '4 taken')
yard.end()
