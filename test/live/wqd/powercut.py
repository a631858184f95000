# SPDX-License-Identifier: Apache-2.0
"""Power cuts: the history lies on a file system of its own in an image; at random moments under load the image is copied as the
disk holds it (what was not synced is missing), mounted elsewhere and opened by a fresh daemon. What was acknowledged to its sender, or
told by an alarm's notice, before the copy began must be there. 4 cuts; WQ_LONG=1: 100. Needs root and loop devices."""
import os, random, signal, subprocess, sys, time
from history import History
from plant import skip, wait_until

CUTS = 100 if os.environ.get('WQ_LONG') else int(os.environ.get('WQ_CUTS', 4))
SEED = int(os.environ.get('WQ_SEED', time.time_ns() % 1000000))
RATE = 200


def run(*command):
    return subprocess.run(command, capture_output=True, text=True)


class Disk:
    def __init__(self, image, folder):
        self.image, self.folder = image, folder
        os.makedirs(folder, exist_ok=True)

    def mount(self):
        done = run('mount', '-o', 'loop', self.image, self.folder)
        if done.returncode != 0:
            skip('an image cannot be mounted here: ' + done.stderr.strip())

    def umount(self):
        run('umount', self.folder)


def acknowledged(plant):
    """What wqd acknowledged: messages go to it in the order in which they were published, so as many of the published ones as
    the broker got answers from it."""
    with open(plant.path('mosquitto.log'), 'rb') as f:
        answers = f.read().count(b'Received PUBACK from wqd ')
    with open(plant.path('acked')) as f:
        published = f.read().split('\n')[:-1]  # the last line may be half written
    return published[:answers]


def told(plant):
    return [row['id'] for row in plant.told() if not row.get('refused')]


def look(copy, plant, readings, notices, cut):
    """Starts a daemon on the copy and compares. What is missing of what had been acknowledged and told."""
    config = plant.path('copy.conf')
    text = open(plant.path('wqd.conf')).read().replace(plant.path('disk'), copy.folder)
    # The copy is a life of its own: nobody is told and nothing polled by it.
    text = text.replace(plant.path('wqd.sock'), plant.path('copy.sock'))
    text = text.replace(f'127.0.0.1:{plant.inbox_port}', '127.0.0.1:9').replace(f'127.0.0.1:{plant.mqtt_port}', '127.0.0.1:9')
    text = text.replace(f'port = {PORT} ', 'port = 9 ')
    with open(config, 'w') as f:
        f.write(text)
    began = time.monotonic()
    daemon = subprocess.Popen([plant.bin('wqd'), '--config', config], stdout=subprocess.DEVNULL, stderr=open(plant.path('copy.log'), 'ab'))
    wait_until('the daemon on the copy', lambda: run(plant.bin('wqctl'), 'status', '--socket', plant.path('copy.sock')).returncode == 0
               or daemon.poll() is not None, 30)
    took = time.monotonic() - began
    alive = daemon.poll() is None
    daemon.send_signal(signal.SIGTERM)
    daemon.wait(30)
    if not alive:
        return [f'cut {cut}: wqd did not start on the copy']
    ask = lambda sql: run('sqlite3', '-readonly', os.path.join(copy.folder, 'wqd.db'), sql).stdout.split()
    stored = set(ask("SELECT station||','||time FROM v_sample WHERE parameter='tp' AND station LIKE 'q%'"))
    known = set(ask('SELECT id FROM notice'))
    bad = [f'cut {cut}: {reading} was acknowledged and is not stored' for reading in readings if reading not in stored]
    bad += [f'cut {cut}: notice {i} was told and is not in the history' for i in notices if i not in known]
    if ask('PRAGMA integrity_check') != ['ok']:
        bad.append(f'cut {cut}: integrity_check')
    took_all.append(took)
    return bad


if os.geteuid() != 0:
    skip('not root')
print('seed', SEED, 'cuts', CUTS)
random.seed(SEED)
took_all, bad, compared = [], [], [0, 0]
history = History(CUTS * 4 + 60, RATE, broker='log_type all\nlog_dest stderr\n')
plant, PORT = history.plant, history.port
disk = Disk(plant.path('disk.img'), plant.path('disk'))
copy = Disk(plant.path('copy.img'), plant.path('copy'))
for command in (('truncate', '-s', '192M', disk.image), ('mkfs.ext4', '-q', '-F', disk.image)):
    if run(*command).returncode != 0:
        skip(f'{command[0]} does not work here')
disk.mount()
try:
    text = open(plant.path('wqd.conf')).read().replace(plant.path('wqd.db'), plant.path('disk/wqd.db'))
    with open(plant.path('wqd.conf'), 'w') as f:
        f.write(text)
    history.begin(RATE * (CUTS * 4 + 40))
    for cut in range(CUTS):
        time.sleep(random.uniform(0.2, 1.2))
        readings, notices = acknowledged(plant), told(plant)
        # As the disk is now; the daemon is held so that the copy is of one moment.
        plant.wqd.send_signal(signal.SIGSTOP)
        done = run('dd', f'if={disk.image}', f'of={copy.image}', 'bs=4M', 'iflag=direct', 'conv=sparse')
        plant.wqd.send_signal(signal.SIGCONT)
        if done.returncode != 0:
            skip('dd: ' + done.stderr)
        copy.mount()
        try:
            bad += look(copy, plant, readings, notices, cut)
        finally:
            copy.umount()
        os.unlink(copy.image)
        compared[0], compared[1] = compared[0] + len(readings), compared[1] + len(notices)
finally:
    plant.close()
    disk.umount()
print(f'{CUTS} cuts; {compared[0]} acknowledged messages and {compared[1]} told notices looked for, {len(bad)} missing; a fresh daemon '
      f'on what was left answered after p50 {sorted(took_all)[len(took_all) // 2]:.2f} s, max {max(took_all):.2f} s')
for line in bad[:20]:
    print('BAD', line)
sys.exit(1 if bad or compared[0] == 0 or compared[1] == 0 else 0)
