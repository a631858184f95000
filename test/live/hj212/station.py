# SPDX-License-Identifier: Apache-2.0
"""Stations and a daemon for the tests of HJ 212: frames by the letter of Annex A, written apart from the program under test."""
import atexit, json, os, re, shutil, signal, socket, sqlite3, subprocess, tempfile, time

BIN = os.environ['WQ_BIN']


def crc(segment):
    reg = 0xFFFF
    for byte in segment:
        reg = (reg >> 8) ^ byte
        for _ in range(8):
            reg = (reg >> 1) ^ 0xA001 if reg & 1 else reg >> 1
    return reg


def frame(text, check=None):
    segment = text.encode()
    return b'##%04d' % len(segment) + segment + b'%04X\r\n' % (crc(segment) if check is None else check)


def record(mn, cn, at, values, qn='20260101000000000', flag=9, pw='123456', st='21', extra=''):
    """values: {'w21003-Avg': '0.3', …}"""
    items = ';'.join(f'{k}={v},{k.split("-")[0]}-Flag=N' for k, v in values.items())
    return frame(f'QN={qn};ST={st};CN={cn};PW={pw};MN={mn};Flag={flag};{extra}CP=&&DataTime={at};{items}&&')


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def wait_until(what, holds, seconds=30.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = holds()
        if value:
            return value
        time.sleep(0.02)
    raise SystemExit(f'waited in vain for {what}')


class Station:
    """One connection; reads whole answers."""

    def __init__(self, port, mn='A110000_0001', timeout=10):
        self.socket = socket.create_connection(('127.0.0.1', port), timeout=timeout)
        self.mn, self.rest = mn, b''

    def send(self, data):
        self.socket.sendall(data)

    def answer(self, timeout=10):
        """The next frame as a dictionary of its header, with its content; None: closed or nothing in time."""
        self.socket.settimeout(timeout)
        while b'\r\n' not in self.rest:
            try:
                got = self.socket.recv(65536)
            except (TimeoutError, OSError):
                return None
            if not got:
                return None
            self.rest += got
        line, _, self.rest = self.rest.partition(b'\r\n')
        segment = line[6:-4]
        assert line[:2] == b'##' and int(line[2:6]) == len(segment), line
        assert int(line[-4:], 16) == crc(segment), line
        head, _, content = segment.decode().partition('CP=&&')
        fields = dict(f.split('=', 1) for f in head.split(';') if f)
        fields['CP'] = content.removesuffix('&&')
        return fields

    def close(self):
        self.socket.close()


class Daemon:
    def __init__(self, bus='', stations=(('A110000_0001', 'yigan'),), points='', up=True):
        self.dir = tempfile.mkdtemp(prefix='wqd-hj212.')
        self.port, self.process = free_port(), None
        atexit.register(self.close)
        names = ', '.join(f'"{mn}={key}"' for mn, key in stations if mn != key)
        listen = '' if 'connect = {' in bus else f'listen = "127.0.0.1:{self.port}"'
        names = f'stations = {{ {names} }}' if names else ''
        points = points or ' point "nh3n" { bus = "air" unit = "mg/L" }\n point "tp" { bus = "air" unit = "mg/L" }\n'
        with open(self.path('wqd.conf'), 'w') as f:
            f.write(f'site {{ name = "t" database = "{self.path("h.db")}" socket = "{self.path("s")}" }}\n'
                    f'hj212 "air" {{ {listen} {names} {bus} }}\n')
            for _, key in stations:
                f.write(f'station "{key}" {{ kind = "national" interval = "1h"\n{points}}}\n')
        self.start(up)

    def path(self, name):
        return os.path.join(self.dir, name)

    def start(self, up=True):
        self.log = open(self.path('wqd.log'), 'ab')
        self.process = subprocess.Popen([os.path.join(BIN, 'wqd'), '--config', self.path('wqd.conf')], stdout=self.log,
                                        stderr=self.log, stdin=subprocess.DEVNULL)
        wait_until('wqd to answer', lambda: self.status() or self.process.poll() is not None)
        if self.process.poll() is not None:
            raise SystemExit('wqd ended:\n' + self.text()[-2000:])
        if up:
            wait_until('the listener', lambda: self.status()['buses'][0]['state'] == 'up')

    def text(self):
        with open(self.path('wqd.log')) as f:
            return f.read()

    def status(self):
        done = subprocess.run([os.path.join(BIN, 'wqctl'), 'status', '--json', '--socket', self.path('s')], capture_output=True)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def query(self, sql, *args):
        with sqlite3.connect(f'file:{self.path("h.db")}?mode=ro', uri=True) as db:
            return db.execute(sql, args).fetchall()

    def kill(self, how=signal.SIGKILL):
        self.process.send_signal(how)
        return self.process.wait(30)

    def memory(self):
        with open(f'/proc/{self.process.pid}/status') as f:
            return int(re.search(r'VmRSS:\s+(\d+)', f.read())[1]) // 1024

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait(30)
        shutil.rmtree(self.dir, ignore_errors=True)


def expect(what, found, wanted):
    if found != wanted:
        raise SystemExit(f'FAIL: {what}: {found!r}, not {wanted!r}')
