# SPDX-License-Identifier: Apache-2.0
"""A daemon that files are given to: no broker, no receiver; and looking until something holds."""
import atexit, json, os, shutil, signal, socket, sqlite3, subprocess, sys, tempfile, time

BIN = os.environ['WQ_BIN']
CHINA = 8 * 3600
NAMES = (('ph', '-', 7.5), ('do', 'mg/L', 8), ('codmn', 'mg/L', 4), ('nh3n', 'mg/L', 0.3), ('tp', 'mg/L', 0.1))
STATION = '''station "{id}" {{ name = "{name}" kind = "national" cycle = "4h" late_after = "1h"
{points}}}
'''


def skip(why):
    print('SKIPPED, NOT TESTED:', why)
    sys.exit(77)


def wait_until(what, holds, seconds=40.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = holds()
        if value:
            return value
        time.sleep(0.02)
    raise SystemExit(f'waited in vain for {what}')


def local(at, form='%Y-%m-%d %H:%M'):
    return time.strftime(form, time.gmtime(at + CHINA))


class Yard:
    def __init__(self, stations=(('q', '一干河'),), names=NAMES, more=''):
        self.dir = tempfile.mkdtemp(prefix='wqd-files.')
        self.wqd = None
        self.bad = []
        atexit.register(self.close)
        points = ''.join(f'  point "{n}" {{ bus = "away" unit = "{u}" }}\n' for n, u, _ in names)
        with open(self.path('wqd.conf'), 'w') as f:
            f.write(f'site {{ name = "test" database = "{self.path("wqd.db")}" socket = "{self.path("wqd.sock")}" }}\n')
            f.write('mqtt "away" { broker = "tcp://127.0.0.1:9" topic = "wq/{station}" client_id = "x" }\n')
            f.write(''.join(STATION.format(id=i, name=n, points=points) for i, n in stations))
            f.write('limit "tp-3" { parameters = { "tp" } level = "alarm" }\n'
                    'daily "day" { level = "warning" }\n' + more)

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, content):
        with open(self.path(name), 'wb') as f:
            f.write(content.encode() if isinstance(content, str) else content)
        return self.path(name)

    def daemon(self):
        with open(self.path('wqd.log'), 'ab') as log:
            self.wqd = subprocess.Popen([os.path.join(BIN, 'wqd'), '--config', self.path('wqd.conf')], stdout=log, stderr=log,
                                        stdin=subprocess.DEVNULL)

        def up():
            if self.wqd.poll() is not None:
                raise SystemExit('wqd ended:\n' + open(self.path('wqd.log')).read())
            return self.ctl('status', '--socket', self.path('wqd.sock')).returncode == 0
        wait_until('the daemon', up)

    def kill(self, how=signal.SIGKILL):
        self.wqd.send_signal(how)
        code = self.wqd.wait(60)
        self.wqd = None
        return code

    def ctl(self, *arguments, **more):
        return subprocess.run([os.path.join(BIN, 'wqctl'), *arguments], capture_output=True, text=True, **more)

    def give(self, *arguments, **more):
        """wqctl import; prints what it said."""
        done = self.ctl('import', '--config', self.path('wqd.conf'), *arguments, **more)
        print('$ import', *arguments, f'-> {done.returncode}\n{done.stdout}{done.stderr}', end='')
        return done

    def query(self, sql):
        db = sqlite3.connect(f'file:{self.path("wqd.db")}?mode=ro', uri=True)
        try:
            return db.execute(sql).fetchall()
        finally:
            db.close()

    def expect(self, what, is_so):
        if not is_so:
            self.bad.append(what)
            print('WRONG:', what)

    def end(self):
        if self.wqd is not None:
            self.expect('the daemon ends well', self.kill(signal.SIGTERM) == 0)
        log = open(self.path('wqd.log')).read()
        self.expect('no sanitizer speaks', 'Sanitizer' not in log and 'runtime error' not in log)
        if self.bad:
            print(log[-4000:])
        sys.exit(1 if self.bad else 0)

    def close(self):
        if self.wqd is not None:
            self.wqd.kill()
            self.wqd.wait()
        if os.environ.get('WQ_KEEP') is None:
            shutil.rmtree(self.dir, ignore_errors=True)
        else:
            print('kept:', self.dir)
