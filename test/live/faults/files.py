# SPDX-License-Identifier: Apache-2.0
"""Hostile files: configurations for `wqd --check` and `wqctl check`, tables for `wqctl classify` and `wqctl backtest`.
Each must end by itself with 0 or 1, in bounded time and memory, with a sentence that names the place."""
import atexit, os, resource, shutil, subprocess, tempfile, time
from fault import fault, must, run, sanitized, speaks_sanitizer

DIR = tempfile.mkdtemp(prefix='wqd-faults.')
atexit.register(shutil.rmtree, DIR, True)
BIN = os.environ['WQ_BIN']
SLOW = 6 if sanitized() else 1
LONG_FIELD = (2 if sanitized() else 10) << 20
HEAD = b'site { name = "x" database = "/tmp/x.db" socket = "/tmp/x.sock" }\n'


def path(name):
    return os.path.join(DIR, name)


def put(name, content):
    with open(path(name), 'wb') as f:
        f.write(content)
    return path(name)


def execute(*command, seconds=20, stdin=None, megabytes=600):
    """How it ended, what it said, how much it said."""
    def bound():
        if not sanitized():
            resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
    began = time.monotonic()
    done = subprocess.run([os.path.join(BIN, command[0]), *command[1:]], capture_output=True, timeout=seconds * SLOW,
                          stdin=stdin or subprocess.DEVNULL, preexec_fn=bound)
    said = done.stderr.decode('utf-8', 'replace')
    must(done.returncode in (0, 1), f'ended with {done.returncode}: {said[-300:]}')
    must(not speaks_sanitizer(said), said[-600:])
    must(len(said) < 100000, f'{len(said)} bytes of complaints')
    must(all(c >= ' ' or c in '\n\t' for c in said), f'control characters in the complaints: {said[:200]!r}')
    return done.returncode, said, done.stdout, time.monotonic() - began


stations = b''.join(b'station "s%d" { kind = "national" point "tp" { bus = "b" unit = "mg/L" } }\n' % i for i in range(2000 if sanitized() else 10000))
bus = b'mqtt "b" { broker = "tcp://127.0.0.1" topic = "wq/{station}" client_id = "x" }\n'

# name, file (bytes, or a function that makes it), how check must end, what it must say
CONFIGS = [
    ('empty', b'', 1, 'site'),
    ('binary', bytes(range(256)) * 400, 1, r'c\.conf:1'),
    ('zeros', bytes(100000), 1, 'NUL|binary|byte'),
    ('NUL in a text', HEAD + b'station "a\x00b" { kind = "national" }\n', 1, 'NUL|binary|byte'),
    ('10 MB of text', b'# ' + b'x' * 78 + b'\n' + HEAD * (10 << 20 >> 6), 1, r'larger|at most|too (large|long|big)|MiB|bytes'),
    # libconfuse lengthens its text by small steps, which a sanitizer makes slow
    ('a line of 2 MB', b'site { name = "' + b'x' * ((1 << 18) if sanitized() else (2 << 20)) + b'" }', 1, r'larger|at most|too (large|long|big)|MiB|bytes'),
    ('deep', HEAD + b'station "a" { ' * 5000, 1, r'c\.conf'),
    ('deep lists', HEAD + b'limit "x" { parameters = ' + b'{ ' * 5000, 1, r'c\.conf'),
    ('quote without end', HEAD + b'station "a', 1, r'c\.conf:2'),
    ('comment without end', HEAD + b'/* ', 1, 'comment'),
    ('invalid UTF-8', HEAD + b'station "\xff\xfe" { kind = "national" }', 1, 'UTF-8'),
    ('UTF-16', HEAD.decode().encode('utf-16'), 1, 'UTF-8|UTF-16|byte'),
    ('GB18030', 'site { name = "张家港" }'.encode('gb18030'), 1, 'UTF-8'),
    ('environment', HEAD + b'station "${PATH}" { kind = "national" }', 1, r'\$\{'),
    ('includes itself', HEAD + b'include("c.conf")\n', 1, r'c\.conf:2'),
    ('control characters in names', HEAD + b'station "\x1b[31m" { kind = "national" }', 1, r'c\.conf'),
    ('50,000 errors', HEAD + b'x = 1\n' * 50000, 1, r'errors'),
    ('thousands of stations', HEAD + bus + stations, None, ''),
    ('numbers', HEAD + b'evaluation { minimum_valid = 99999999999999999999 minimum_share = 1e999 }', 1, r'minimum_valid'),
    ('a unit that does not fit', HEAD + bus + b'station "a" { kind = "national" point "tp" { bus = "b" unit = "NTU" } }\n', 1, r'c\.conf:3: .*unit.*NTU'),
    ('a unit that is none', HEAD + bus + b'station "a" { kind = "national" point "tp" { bus = "b" unit = "mg/l/l" } }\n', 1, r'c\.conf:3: .*unit'),
    ('CR only', HEAD.replace(b'\n', b'\r') + b'x = 1\r', 1, ''),
]


def check(name, content, code, says):
    @fault('check: ' + name, 'checks such a file with wqd and wqctl', says, 'ends by itself')
    def test(_):
        file = put('c.conf', content)
        seen = [execute('wqd', '--check', file), execute('wqctl', 'check', file)]
        for ended, _, _, _ in seen:
            must(code is None or ended == code, f'ended with {ended}, expected {code}')
        must(seen[0][0] == seen[1][0], 'wqd and wqctl differ')
        return seen[0][1]


for row in CONFIGS:
    check(*row)


def special(name, make, says):
    @fault('check: ' + name, 'checks it with wqd and wqctl', says, 'ends by itself')
    def test(_):
        file = make()
        seen = [execute('wqd', '--check', file), execute('wqctl', 'check', file)]
        must(all(r[0] == 1 for r in seen), f'ended with {[r[0] for r in seen]}')
        return seen[0][1]


def loop():
    if not os.path.lexists(path('loop')):
        os.symlink(path('loop'), path('loop'))
    return path('loop')


def fifo():
    if not os.path.exists(path('fifo')):
        os.mkfifo(path('fifo'))
    return path('fifo')


special('symlink loop', loop, 'Too many levels of symbolic links')
special('directory', lambda: DIR, 'not a regular file|[Dd]irectory')
special('fifo that nobody writes', fifo, 'not a regular file|fifo')
special('device without end', lambda: '/dev/zero', 'not a regular file|device')
special('not there', lambda: path('nothing'), 'No such file')
special('a name of 5000 bytes', lambda: '/' + 'x' * 5000, 'too long')
special('empty name', lambda: '', '.')

ROW = b'2026-03-05 08:00,0.1,7.6\n'
TABLE = b'time,tp,ph\n'
# name, table, how classify must end (None: 0 or 1), what it must say
TABLES = [
    ('empty', b'', 1, r'.'),
    ('no header', ROW * 3, 1, r':1'),
    ('header only', TABLE, None, ''),
    ('binary', bytes(range(256)) * 400, 1, r':1'),
    ('zeros', bytes(1 << 20), 1, r':1'),
    ('a field of megabytes', TABLE + b'2026-03-05 08:00,' + b'1' * LONG_FIELD + b',7\n', 1, r':2'),
    ('a quoted field of megabytes with lines', TABLE + b'2026-03-05 08:00,"' + b'1\n' * (LONG_FIELD // 2) + b'",7\n', 1, r':2'),
    ('quote without end', TABLE + b'2026-03-05 08:00,"0.1,7\n' + ROW * 1000, 1, r':\d'),
    ('a million columns', b','.join(b'c%d' % i for i in range(1000000)) + b'\n' + b'1,' * 999999 + b'1\n', 1, r':1'),
    ('a row of a million fields', TABLE + b'1,' * 1000000 + b'\n', 1, r':2'),
    ('column twice', b'time,tp,tp\n' + b'2026-03-05 08:00,0.1,0.2\n', 1, r':1'),
    ('alias and code', b'time,tp,w21011\n' + b'2026-03-05 08:00,0.1,0.2\n', 1, r':1'),
    ('CR only', (TABLE + ROW * 3).replace(b'\n', b'\r'), None, ''),
    ('CRLF and BOM', b'\xef\xbb\xbf' + (TABLE + ROW * 3).replace(b'\n', b'\r\n'), 0, ''),
    ('GB18030', '时间,总磷,pH\n2026-03-05 08:00,0.1,7\n'.encode('gb18030'), None, ''),
    ('UTF-16', (TABLE + ROW * 3).decode().encode('utf-16'), 1, r':1'),
    ('too few fields', TABLE + b'2026-03-05 08:00\n', 1, r':2'),
    ('too many fields', TABLE + b'2026-03-05 08:00,1,2,3,4\n', 1, r':2'),
    ('NaN', TABLE + b'2026-03-05 08:00,NaN,7\n', 1, r':2'),
    ('Infinity and 1e999', TABLE + b'2026-03-05 08:00,inf,1e999\n', 1, r':2'),
    ('hexadecimal', TABLE + b'2026-03-05 08:00,0x10,7\n', 1, r':2'),
    ('formula', TABLE + b'2026-03-05 08:00,=1+1,7\n', 1, r':2'),
    ('decimal comma', TABLE + b'2026-03-05 08:00,"0,153",7\n', 1, r':2'),
    ('10,000 bad rows', TABLE + b'2026-03-05 08:00,x,7\n' * 10000, 1, r':2'),
    ('last line without end', TABLE + ROW + ROW.rstrip(), 0, ''),
    ('blank lines', TABLE + b'\n\n' + ROW + b'\n', None, ''),
    ('control characters', TABLE + b'2026-03-05 08:00,\x1b[31m,7\n', 1, r':2'),
]


def classify(name, content, code, says):
    @fault('classify: ' + name, 'classifies such a table', says, 'ends by itself')
    def test(_):
        ended, said, _, took = execute('wqctl', 'classify', '--water', 'river', put('t.csv', content))
        must(code is None or ended == code, f'ended with {ended}, expected {code}: {said[:300]}')
        must(ended == 0 or said, 'ended with 1 without a word')
        return said[:3000]


for row in TABLES:
    classify(*row)

RULES = (b'site { name = "x" }\nstation "*" { kind = "national" cycle = "4h" }\n'
         b'limit "tp" { parameters = { "tp" } readings = 1 }\n')
TIMES = [
    ('out of order', b'2026-03-05 08:00,0.1,7\n2026-03-01 08:00,0.5,7\n2026-03-09 08:00,0.1,7\n', None, ''),
    ('the same time twice, other values', b'2026-03-05 08:00,0.1,7\n2026-03-05 08:00,0.5,7\n', None, ''),
    ('1970', b'1970-01-01 00:00,0.1,7\n', None, ''),
    ('year 1', b'0001-01-01 00:00,0.1,7\n', 1, r':2'),
    ('9999-12-31', b'9999-12-31 23:59,0.1,7\n2026-03-05 08:00,0.1,7\n', None, ''),
    ('8000 years between two rows', b'1970-01-01 00:00,0.5,7\n2199-12-31 23:59,0.5,7\n', None, ''),
    ('31 February', b'2026-02-31 08:00,0.1,7\n', 1, r':2'),
    ('24:00', b'2026-03-05 24:00,0.1,7\n', None, ''),
    ('a number as time', b'1772668800,0.1,7\n', None, ''),
    ('no time', b',0.1,7\n', 1, r':2'),
    ('words', '昨天,0.1,7\n'.encode(), 1, r':2'),
]


def backtest(name, rows, code, says):
    @fault('backtest: ' + name, 'runs rules over such a table', says, 'ends by itself')
    def test(_):
        config, table = put('b.conf', RULES), put('t.csv', TABLE + rows)
        ended, said, _, took = execute('wqctl', 'backtest', '--config', config, '--csv', table, '--alarms', path('a'), '--days', path('d'),
                                       '--samples', path('s'))
        must(code is None or ended == code, f'ended with {ended}, expected {code}: {said[:300]}')
        must(ended == 0 or said, 'ended with 1 without a word')
        return said


for row in TIMES:
    backtest(*row)
for label, content, _, words in TABLES:
    if content.startswith(TABLE):
        backtest('table: ' + label, content[len(TABLE):], None, '')


@fault('backtest: output that is full', 'writes to /dev/full', r'No space left|/dev/full', 'ends with 1')
def full_output(_):
    config, table = put('b.conf', RULES), put('t.csv', TABLE + b''.join(b'2026-03-%02d 08:00,0.5,7\n' % d for d in range(1, 29)))
    ended, said, _, _ = execute('wqctl', 'backtest', '--config', config, '--csv', table, '--alarms', '/dev/full', '--samples', '/dev/full')
    must(ended == 1, f'ended with {ended}')
    return said


@fault('classify: output that is full', 'writes to /dev/full', r'No space left|written|write', 'ends with 1')
def full_standard_output(_):
    table = put('t.csv', TABLE + ROW * 1000)
    with open('/dev/full', 'wb') as full:
        done = subprocess.run([os.path.join(BIN, 'wqctl'), 'classify', '--water', 'river', table], stdout=full, stderr=subprocess.PIPE, timeout=30)
    must(done.returncode == 1, f'ended with {done.returncode}')
    return done.stderr.decode()


@fault('classify: device without end', 'classifies /dev/zero', '.', 'ends by itself')
def device(_):
    ended, said, _, _ = execute('wqctl', 'classify', '--water', 'river', '/dev/zero')
    must(ended == 1, f'ended with {ended}')
    return said


if __name__ == '__main__':
    class Nothing:  # no daemon runs here
        wqd = None
        def log(self): return ''
    run(Nothing())
