# SPDX-License-Identifier: Apache-2.0
"""Hostile histories and hostile SQL for `wqctl query`, beside a daemon that goes on writing."""
import os, shutil
from fault import Ground, fault, must, run


def query(ground, *arguments):
    done = ground.ctl('query', *arguments)
    said = done.stderr.decode('utf-8', 'replace')
    must(all(c >= ' ' or c == '\n' for c in said), f'control characters: {said!r}')
    return done.returncode, said, done.stdout


def spoilt(ground, at):
    """A copy of the history with rubbish from that byte on."""
    shutil.copy(ground.path('wqd.db'), ground.path('copy.db'))
    with open(ground.path('copy.db'), 'r+b') as f:
        f.seek(at)
        f.write(b'\xa5' * 81920)
    return ground.path('copy.db')


def text(ground):
    with open(ground.path('text'), 'w') as f:
        f.write('Dear colleague, ' * 1000)
    return ground.path('text')


def loop(ground):
    os.symlink(ground.path('loop'), ground.path('loop'))
    return ground.path('loop')


# name, path of the history, what must be said
HISTORIES = [
    ('damaged in the middle', lambda g: spoilt(g, 12288), 'is damaged or no history of wqd'),
    ('damaged at its head', lambda g: spoilt(g, 0), 'is damaged or no history of wqd'),
    ('a text', text, 'is damaged or no history of wqd'),
    ('empty', lambda g: '/dev/null', 'is no history of wqd'),
    ('not there', lambda g: g.path('nowhere'), 'there is no such history'),
    ('a link to itself', loop, 'Too many levels of symbolic links'),
    ('a directory', lambda g: g.dir, 'directory'),
    ('a device without end', lambda g: '/dev/zero', 'is no history of wqd'),
]
# SQL, how it ends, what must be said
STATEMENTS = [
    ('DELETE FROM sample', 2, 'only SELECT'),
    ('SELECT 1; DROP TABLE sample', 2, 'one statement only'),
    ("ATTACH '/tmp/wq-attached' AS y", 2, 'only SELECT'),
    ('PRAGMA journal_mode=DELETE', 2, 'only SELECT'),
    ("VACUUM INTO '/tmp/wq-vacuumed'", 2, 'only SELECT'),
    ("SELECT load_extension('x')", 1, 'not authorized'),
    ("SELECT writefile('/tmp/wq-written','y')", 2, 'no such function'),
    ("INSERT INTO meta SELECT * FROM meta RETURNING 1", 2, 'only SELECT'),
    ('SELECT randomblob(2000000000)', 1, 'too big'),
    ('', 2, 'no statement'),
    ('SELECT', 2, 'incomplete'),
    ('SELECT ' + '(' * 2000 + '1' + ')' * 2000, 2, 'stack overflow|too deep|too large'),
    ("SELECT '", 2, 'unrecognized token'),
]


def history(name, path, says):
    @fault('history: ' + name, 'queries it', says, 'ends with 1')
    def test(ground):
        ended, said, _ = query(ground, '-s', 'q0', '-p', 'tp', '-D', path(ground))
        must(ended == 1, f'ended with {ended}')
        return said


def statement(sql, code, says):
    @fault('SQL: ' + sql[:40], 'runs it on the history that wqd writes to', says, 'nothing is changed; wqd goes on')
    def test(ground):
        ended, said, _ = query(ground, '-D', ground.path('wqd.db'), '--sql', sql)
        must(ended == code, f'ended with {ended}, expected {code}')
        must(not [f for f in os.listdir('/tmp') if f in ('wq-attached', 'wq-vacuumed', 'wq-written')], 'a file was written')
        ground.send()
        ground.settle()
        return said


for row in HISTORIES:
    history(*row)
for row in STATEMENTS:
    statement(*row)


@fault('control characters', 'selects escape sequences as a table', '', 'the terminal gets none')
def controls(ground):
    _, _, out = query(ground, '-D', ground.path('wqd.db'), '--sql', "SELECT char(27)||'[31m', x'00ff1b'")
    must(not set(out) - {10} & set(range(32)), f'printed {out!r}')


if __name__ == '__main__':
    plant = Ground()
    plant.daemon()
    plant.send()
    plant.settle()
    plant.kill(15)  # so that the file has all, and the log nothing
    plant.daemon()
    run(plant)
