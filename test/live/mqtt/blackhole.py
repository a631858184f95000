# SPDX-License-Identifier: Apache-2.0
"""A link that swallows everything: between wqd and the broker a proxy stops reading, both ways, while stations go on publishing.
wqd must notice (keepalive), its memory must not grow, and afterwards everything must be there. WQ_LONG=1: 40 times instead of 3.
Readings of a day stay in memory for the day's rules; what they take is measured before the first darkness, and not counted as growth.
Numbers are printed: resident memory before and after each darkness."""
import os, select, socket, threading, time
from ground import Ground, must, wait_until

ROUNDS = 40 if os.environ.get('WQ_LONG') else int(os.environ.get('WQ_ROUNDS', 3))
DARK = 20  # seconds: longer than two and a half times the keepalive
IN_THE_DARK = 256  # KiB that may come in a darkness
GROWTH = 1024  # KiB that may come from the first to the last, beside the readings


class Proxy:
    """Forwards bytes; in the dark it takes connections and reads nothing."""

    def __init__(self, to):
        self.to, self.dark, self.accepted = to, False, 0
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            ours, _ = self.listener.accept()
            self.accepted += 1
            threading.Thread(target=self.serve, args=(ours,), daemon=True).start()

    def serve(self, ours):
        while self.dark:
            time.sleep(0.02)
        with ours, socket.create_connection(('127.0.0.1', self.to)) as theirs:
            try:
                while True:
                    if self.dark:
                        time.sleep(0.02)
                        continue
                    for side in select.select((ours, theirs), (), (), 0.05)[0]:
                        data = side.recv(65536)
                        if not data:
                            return
                        (theirs if side is ours else ours).sendall(data)
            except OSError:
                pass


def memory(pid):
    return next(int(line.split()[1]) for line in open(f'/proc/{pid}/status') if line.startswith('VmRSS'))


def descriptors(pid):
    return len(os.listdir(f'/proc/{pid}/fd'))


# What a sanitizer keeps of freed memory is no growth of the program's.
os.environ['ASAN_OPTIONS'] = 'quarantine_size_mb=1:thread_local_quarantine_size_kb=16:' + os.environ.get('ASAN_OPTIONS', '')
ground = Ground()
with open(ground.bin('wqd'), 'rb') as program:
    if b'__asan_init' in program.read():  # its own memory comes and goes with threads: only a leak shows then
        IN_THE_DARK, GROWTH = 4096, 16384
proxy = Proxy(ground.mqtt_port)
version = os.environ.get('WQ_MQTT_VERSION', '3.1.1')
ground.configure(f'keepalive = "5s" version = "{version}"', port=proxy.port)
ground.daemon()
ground.linked()
length = ROUNDS * (DARK + 15) + 60
loader = ground.start('load', ground.bin('wqsim'), 'mqtt', '--broker', f'tcp://127.0.0.1:{ground.mqtt_port}', '--topic', 'wq/{station}',
                      '--station', 'q0', '--load', str(200 * length), '--rate', '200', '--series', '1', '--acked', ground.path('acked'))


def readings():
    return ground.query('SELECT count(*) FROM reading')[0][0]


wait_until('the first readings', lambda: readings() > 2000)
first = readings(), memory(ground.wqd.pid)
wait_until('more readings', lambda: readings() > first[0] + 6000, 60)
last = readings(), memory(ground.wqd.pid)
each = max(0, last[1] - first[1]) / (last[0] - first[0])
print(f'a reading takes {each * 1024:.0f} bytes of memory without any darkness')
after, files, stored = [], [], []
for number in range(ROUNDS):
    before = memory(ground.wqd.pid)
    proxy.dark = True
    began = time.monotonic()
    wait_until('the loss to be seen', lambda: ground.link()['state'] == 'down', DARK)
    seen = time.monotonic() - began
    time.sleep(max(0, DARK - seen))
    dark = memory(ground.wqd.pid)
    proxy.dark = False
    ground.linked(20)
    time.sleep(3)
    after.append(memory(ground.wqd.pid))
    files.append(descriptors(ground.wqd.pid))
    stored.append(readings())
    print(f'{number + 1}: {before} KiB, seen after {seen:.0f} s, {dark} KiB in the dark, {after[-1]} KiB afterwards, {files[-1]} files',
          flush=True)
    must(dark - before < IN_THE_DARK, 'no growth in the dark')
loader.terminate()
loader.wait()
ground.running.remove(loader)
sent = sum(1 for line in open(ground.path('acked')) if line.endswith('\n'))
wait_until('all that was acknowledged', lambda: ground.query('SELECT count(DISTINCT at) FROM reading')[0][0] >= sent, 60)
print(f'{sent} messages acknowledged to the station, all stored')
grown = after[-1] - after[0] - 1.25 * each * (stored[-1] - stored[0])
print(f'from the first to the last: {after[-1] - after[0]} KiB, of which {each * (stored[-1] - stored[0]):.0f} are readings')
must(grown < GROWTH, f'memory is flat: {after[0]} to {after[-1]} KiB')
must(files[-1] <= files[0] + 1, f'descriptors are flat: {files[0]} to {files[-1]}')
ground.close()
