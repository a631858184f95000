# SPDX-License-Identifier: Apache-2.0
"""What both whole-daemon tests need: a broker, an inbox, a daemon, and looking until something holds."""
import atexit, base64, json, os, shutil, signal, socket, sqlite3, subprocess, sys, tempfile, time

BIN = os.environ['WQ_BIN']


def skip(why):
    print('SKIPPED, NOT TESTED:', why)
    sys.exit(77)


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def reachable(port):
    with socket.socket() as s:
        return s.connect_ex(('127.0.0.1', port)) == 0


def wait_until(what, holds, seconds=30.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = holds()
        if value:
            return value
        time.sleep(0.02)
    raise SystemExit(f'waited in vain for {what}')


class Webhook:
    """The inbox of a plant, well or not; always at the same port and with the same log."""
    ways = {'failing': ('--status', '500'), 'slow': ('--delay', '150')}

    def __init__(self, plant):
        self.plant, self.state = plant, 'well'
        self.process = next(p for p in plant.running if 'inbox' in p.args)
        self.command = list(self.process.args)
        self.command[self.command.index('--listen') + 1] = f'127.0.0.1:{plant.inbox_port}'

    def stop(self):
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            self.process.wait(10)
            self.plant.running.remove(self.process)
        self.process = None

    def become(self, state):
        """well, failing (500), slow, hung (takes connections, reads nothing) or dead (nobody listens)."""
        if state == self.state:
            return
        if self.state == 'hung' and state == 'well':
            self.process.send_signal(signal.SIGCONT)
        else:
            self.stop()
            if state != 'dead':
                self.process = self.plant.start('inbox', *self.command, *self.ways.get(state, ()))
                wait_until('the inbox', lambda: reachable(int(self.plant.inbox_port)))
            if state == 'hung':
                self.process.send_signal(signal.SIGSTOP)
        self.state = state


class Plant:
    def __init__(self, broker=''):
        if not shutil.which('mosquitto'):
            skip('no mosquitto')
        self.dir = tempfile.mkdtemp(prefix='wqd-live.')
        self.running = []
        self.wqd = None
        atexit.register(self.close)
        os.mkdir(self.path('credentials'), 0o700)
        with open(self.path('credentials/hook'), 'w', opener=lambda p, f: os.open(p, f, 0o600)) as f:
            f.write('whsec_' + base64.b64encode(os.urandom(32)).decode() + '\n')
        self.mqtt_port = free_port()
        with open(self.path('mosquitto.conf'), 'w') as f:
            f.write(f'listener {self.mqtt_port} 127.0.0.1\nallow_anonymous true\npersistence false\n'
                    'max_queued_messages 0\nmax_inflight_messages 1000\n' + broker)
        self.start('mosquitto', 'mosquitto', '-c', self.path('mosquitto.conf'))
        self.start('inbox', self.bin('wqsim'), 'inbox', '--listen', '127.0.0.1:0', '--quiet', '--port-file',
                   self.path('inbox.port'), '--secret-file', self.path('credentials/hook'), '--log',
                   self.path('inbox.jsonl'))
        self.inbox_port = wait_until('the inbox', lambda: self.read('inbox.port'))

    def path(self, name):
        return os.path.join(self.dir, name)

    def bin(self, name):
        return os.path.join(BIN, name)

    def read(self, name):
        try:
            with open(self.path(name)) as f:
                return f.read().strip()
        except OSError:
            return ''

    def start(self, name, *command):
        log = open(self.path(name + '.log'), 'ab')
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.running.append(process)
        return process

    def head(self, flood=0):
        """Most tests count every notice: no flood holds any back."""
        return f'''site {{
  name = "test"
  flood_alarms = {flood}
  database = "{self.path('wqd.db')}"
  socket = "{self.path('wqd.sock')}"
  credentials = "{self.path('credentials')}"
}}
webhook "hook" {{ url = "http://127.0.0.1:{self.inbox_port}/" secret = "credential:hook" timeout = "3s" }}
contact "duty" {{ name = "值班员" channels = {{ "hook" }} }}
contact "second" {{ name = "联络员" channels = {{ "hook" }} }}
group "lead" {{ name = "牵头" members = {{ "duty" }} }}
group "assist" {{ name = "配合" members = {{ "second" }} }}
route "all" {{ min_level = "info" lead = "lead" assist = {{ "assist" }} }}
mqtt "broker" {{ broker = "tcp://127.0.0.1:{self.mqtt_port}" topic = "wq/{{station}}" client_id = "wqd" receipt = "durable" }}
'''

    def daemon(self):
        """Starts wqd and tells how long it took until it answered."""
        began = time.monotonic()
        self.wqd = self.start('wqd', self.bin('wqd'), '--config', self.path('wqd.conf'))
        wait_until('wqd to answer', lambda: self.status() or self.ended())
        if self.wqd.poll() is not None:
            raise SystemExit('wqd ended:\n' + self.read('wqd.log')[-2000:])
        return time.monotonic() - began

    def status(self):
        done = subprocess.run([self.bin('wqctl'), 'status', '--json', '--socket', self.path('wqd.sock')],
                              capture_output=True)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def get(self, path):
        """What the control socket says."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(10)
            s.connect(self.path('wqd.sock'))
            s.sendall(f'GET {path} HTTP/1.0\r\n\r\n'.encode())
            return json.loads(b''.join(iter(lambda: s.recv(65536), b'')).split(b'\r\n\r\n', 1)[1])

    def ended(self):
        return self.wqd.poll() is not None

    def kill(self, how=signal.SIGKILL):
        self.wqd.send_signal(how)
        self.wqd.wait(timeout=30)
        self.running.remove(self.wqd)
        return self.wqd.returncode

    def query(self, sql, *values):
        with sqlite3.connect(f'file:{self.path("wqd.db")}?mode=ro', uri=True, timeout=10) as db:
            return db.execute(sql, values).fetchall()

    def told(self):
        """Requests that the inbox took as true, in their order: (id, change, contact, alarm, number)."""
        rows = []
        for line in open(self.path('inbox.jsonl'), encoding='utf-8'):
            rows.append(json.loads(line))
        return rows

    def close(self):
        for process in reversed(self.running):
            process.terminate()
        for process in self.running:
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
        if os.environ.get('WQ_KEEP'):
            print('kept:', self.dir)
        else:
            shutil.rmtree(self.dir, ignore_errors=True)
