# SPDX-License-Identifier: Apache-2.0
"""kill -9 before chosen system calls under load (history.py): the n-th write, sync, send, connect … that one thread of a life makes
(strace counts each thread apart; census.py has them all), from its start on, with a webhook that is well, hung, dead or answers 500
meanwhile. 24 points; WQ_LONG=1: 510."""
import os, random, shutil, signal, subprocess, sys, time
from history import History
from plant import Webhook, skip

CALLS = ('pwrite64', 'fdatasync', 'fsync', 'ftruncate', 'unlink', 'openat', 'write', 'writev', 'sendto', 'sendmsg', 'connect',
         'recvfrom', 'read', 'close', 'socket', 'futex', 'epoll_wait')
POINTS = 510 if os.environ.get('WQ_LONG') else int(os.environ.get('WQ_POINTS', 24))
SEED = int(os.environ.get('WQ_SEED', time.time_ns() % 1000000))
RATE, PATIENCE = 100, 4.0
if not shutil.which('strace'):
    skip('no strace')
print('seed', SEED, 'points', POINTS)
random.seed(SEED)


def points():
    """Half of each call's points lie in the start, one after the other; half anywhere in the seconds after it."""
    each = -(-POINTS // len(CALLS))
    for k in range(each):
        for call in CALLS:
            yield call, k + 1 if k < each // 2 else int(2 ** random.uniform(3, 11))


def life(plant, call, n):
    """One life that ends before the n-th such call, or by a kill when it did not come. Whether it came."""
    plant.wqd = plant.start('wqd', 'strace', '-f', '-qq', '-o', '/dev/null', '-e', f'trace={call}', '-e',
                            f'inject={call}:signal=SIGKILL:when={n}', plant.bin('wqd'), '--config', plant.path('wqd.conf'))
    try:
        plant.wqd.wait(PATIENCE)
        came = True
    except subprocess.TimeoutExpired:
        came = False
        inside = subprocess.run(['pgrep', '-P', str(plant.wqd.pid)], capture_output=True, text=True).stdout.split()
        for pid in inside:
            os.kill(int(pid), signal.SIGKILL)
        plant.wqd.wait(10)
    plant.running.remove(plant.wqd)
    return came


lives = list(points())[:POINTS]
length = int(len(lives) * (PATIENCE + 1.2)) + 60
history = History(length, RATE)
plant = history.plant
total = RATE * (len(lives) + 20)
history.begin(total)
webhook = Webhook(plant)
began, came, starts = time.monotonic(), 0, []
plant.kill()
for k, (call, n) in enumerate(lives):
    if k % 6 == 0:
        webhook.become(('well', 'hung', 'failing', 'dead')[k // 6 % 4])
    came += life(plant, call, n)
    # A life in between that is not cut: it must answer and sample at once.
    starts.append(plant.daemon())
    plant.kill()
webhook.become('well')
starts.append(plant.daemon())
starts.sort()
print(f'{len(lives)} lives, {came} ended before the chosen call, the others by a kill after {PATIENCE:.0f} s, in '
      f'{time.monotonic() - began:.0f} s; answering again after p50 {starts[len(starts) // 2]:.2f} s, max {starts[-1]:.2f} s')
history.check('every restart answered within 2 s', starts[-1] < 2)
sys.exit(history.verdict())
