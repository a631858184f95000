# SPDX-License-Identifier: Apache-2.0
"""kill -9 at random moments under load (history.py). WQ_LONG=1: 50 kills instead of 6."""
import os, random, sys, time
from history import History

ROUNDS = 50 if os.environ.get('WQ_LONG') else int(os.environ.get('WQ_ROUNDS', 6))
SEED = int(os.environ.get('WQ_SEED', time.time_ns() % 1000000))
RATE = 400
print('seed', SEED, 'rounds', ROUNDS)
random.seed(SEED)
length = ROUNDS * 4 + 30
history = History(length, RATE)
starts = [history.begin(RATE * (length - 20))]
began = time.monotonic()
for _ in range(ROUNDS):
    time.sleep(random.uniform(0.2, 2.5))
    history.plant.kill()
    starts.append(history.plant.daemon())
print(f'{ROUNDS} kills in {time.monotonic() - began:.0f} s; answering again after '
      f'p50 {sorted(starts)[len(starts) // 2]:.2f} s, max {max(starts):.2f} s')
sys.exit(history.verdict())
