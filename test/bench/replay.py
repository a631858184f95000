#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How fast wqctl backtest replays, on one core, beside what only reading the same file takes.

    cmake --build build && WQ_BIN=build/bin test/bench/replay.py [STATIONS [DAYS [ROUNDS]]]

A year of 4-hourly readings of 100 stations with nine parameters (readings.py) through the rules of docs/backtest.conf, all
three outputs written. Reference in the same run: wqctl classify over the file, which reads it with the same reader and
writes each row with its class; and a replay of one day of one station, which is what starting costs. The outputs
of all rounds must be the same bytes, and those of --every-tick too. Exit status 1: they were not."""
import hashlib, os, statistics, subprocess, sys, tempfile, time
HERE = os.path.dirname(os.path.abspath(__file__))

STATIONS, DAYS, ROUNDS = (int(a) for a in (sys.argv[1:] + ['100', '365', '3'][len(sys.argv) - 1:]))
WQCTL = os.path.join(os.environ.get('WQ_BIN', 'build/bin'), 'wqctl')
CONFIG = os.path.join(HERE, '..', '..', 'docs', 'backtest.conf')
CORE = {os.cpu_count() - 1}


def run(*command, out=subprocess.DEVNULL):
    """Seconds of CPU time and of the clock, and the peak of memory in MiB, of a program on one core."""
    began = time.perf_counter()
    child = subprocess.Popen(command, stdout=out, stderr=subprocess.PIPE, preexec_fn=lambda: os.sched_setaffinity(0, CORE))
    said = child.stderr.read().decode()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f'{command}: exit status {child.returncode}: {said[-500:]}')
    return usage.ru_utime + usage.ru_stime, time.perf_counter() - began, usage.ru_maxrss / 1024, said


def generate(path, stations, days):
    """In a process of its own: what this one ever took counts as its children's peak."""
    with open(path, 'w') as f:
        done = subprocess.run([sys.executable, os.path.join(HERE, 'readings.py'), '--stations', str(stations), '--days', str(days)],
                              stdout=f, stderr=subprocess.PIPE, text=True, check=True)
    return int(done.stderr.split()[0])


def digest(path):
    with open(path, 'rb') as f:
        return hashlib.file_digest(f, 'sha256').hexdigest()[:16]


def hashes(*paths):
    return [digest(p) for p in paths]


def spread(values):
    return f'{min(values):6.2f} {statistics.median(values):6.2f} {max(values):6.2f}'


with tempfile.TemporaryDirectory() as folder:
    path = lambda name: os.path.join(folder, name)
    count = generate(path('year.csv'), STATIONS, DAYS)
    generate(path('tiny.csv'), 1, 1)
    outputs = [path('samples.csv'), path('alarms.jsonl'), path('days.csv')]
    options = ['--samples', outputs[0], '--alarms', outputs[1], '--days', outputs[2]]
    replay = lambda csv, *more: run(WQCTL, 'backtest', '--config', CONFIG, '--csv', csv, *options, *more)
    cpu, clock, memory, seen, parse, start = [], [], [], [], [], []
    for _ in range(ROUNDS):
        c, w, m, said = replay(path('year.csv'))
        cpu.append(c), clock.append(w), memory.append(m), seen.append(hashes(*outputs))
        parse.append(run(WQCTL, 'classify', '--water', 'river', path('year.csv'))[0])
        start.append(replay(path('tiny.csv'))[0])
    every = replay(path('year.csv'), '--every-tick')
    seen.append(hashes(*outputs))
    size = sum(os.path.getsize(p) for p in outputs)

print(said.strip())
print(f'{count:,} readings; {size / 2**20:.0f} MiB written; peak memory {max(memory):.0f} MiB')
print('seconds                          min    med    max')
print('  backtest, CPU             ', spread(cpu), f'  {count / statistics.median(cpu):,.0f} readings/s')
print('  backtest, by the clock    ', spread(clock))
print('  the same, --every-tick    ', f'{every[0]:6.2f}')
print('  classify (reference), CPU ', spread(parse), f'  backtest takes {statistics.median(cpu) / statistics.median(parse):.1f} of it')
print('  a day of a station, CPU   ', spread(start))
same = all(s == seen[0] for s in seen)
print(f'outputs of {ROUNDS} rounds and of --every-tick:', 'the same bytes' if same else 'DIFFER', seen[0])
sys.exit(0 if same else 1)
