#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What many Modbus hosts cost, and whether all of them are polled in time.

    cmake --build build && WQ_BIN=build/bin test/bench/fleet.py [hosts|rate|held|minute]… [--seconds N]

hosts: 200 hosts of 20 values at 1 s, stored and judged: memory beside a program that initialises the same libraries, and processor
time. rate: 750 such hosts, 15,000 values/s. held: 950 hosts, of which 900 connections are held. minute: 5,000 endpoints once a
minute, every tenth of which takes connections and never answers: polls as the simulated hosts counted them, beside the ideal.
Nothing is asserted: read the figures."""
import argparse, os, subprocess, sys, time
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from stations import Fleet, Plant, cpu_seconds, private, sockets, wait_until

LIBRARIES = os.path.abspath(os.path.join(os.environ['WQ_BIN'], '..', 'test', 'bench_libraries'))
LIMITS = ''.join(f'limit "limit-{name}" {{ parameters = {{ "{name}" }} above = 1000 readings = 1 first_level = "watch" '
                 'level = "warning" }\n' for name in ('codmn', 'nh3n', 'tp'))


def new_plant():
    plant = Plant()
    plant.sick = []
    return plant


def start(plant, text):
    with open(plant.path('wqd.conf'), 'w') as f:
        f.write(plant.head() + LIMITS + text)
    plant.daemon()
    return plant.wqd.pid


def libraries_alone(plant):
    """KiB of a program that initialises what wqd links."""
    program = subprocess.Popen([LIBRARIES, plant.dir, f'tcp://127.0.0.1:{plant.mqtt_port}'], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)
    base = private(int(program.stdout.readline()))
    program.communicate()
    return base


class Window:
    """Grown between two looks: the daemon's polls by unit, requests as the hosts counted them, processor time."""

    def __init__(self, plant, fleets):
        self.plant, self.fleets = plant, fleets
        self.began = self.look()

    def look(self):
        status = wait_until('a status', self.plant.status)
        units = {b['name']: b['units'][0] for b in status['buses'] if b['driver'] == 'modbus'}
        counts = {}
        for fleet in self.fleets:
            counts.update(fleet.counts())
        return time.monotonic(), counts, units, status['store']['committed'], cpu_seconds(self.plant.wqd.pid)

    def end(self):
        at, counts, units, committed, cpu = self.began
        then = self.look()
        self.seconds, self.units = then[0] - at, then[2]
        self.requests = {s: then[1][s] - counts[s] for s in counts}
        self.polls = {s: then[2][s]['polls'] - units[s]['polls'] for s in units}
        self.overruns = {s: then[2][s]['overruns'] - units[s]['overruns'] for s in units}
        self.values, self.cpu = then[3] - committed, then[4] - cpu
        return self


def warm(plant, fleets, seconds):
    """All hosts that serve have been polled, and what starting took is over."""
    sick = set(plant.sick)
    wait_until('the first polls', lambda: all(n > 0 for f in fleets for s, n in f.counts().items() if s not in sick), 180)
    time.sleep(seconds)


def steady(title, count, seconds):
    plant = new_plant()
    fleet = Fleet(plant, 'h', count, 20)
    base = libraries_alone(plant)
    # Without the analyser's time each poll gives a value, and the rate does not hang on how the steps of the water fall.
    pid = start(plant, fleet.sections(times=False))
    warm(plant, [fleet], 20)
    before = private(pid)
    window = Window(plant, [fleet])
    time.sleep(seconds)
    window.end()
    now = private(pid)
    polls = window.polls.values()
    print(f'{title}: {count} hosts x 20 values at 1 s for {window.seconds:.0f} s')
    print(f'  {window.values / window.seconds:,.0f} values/s committed; a host {min(polls)} to {max(polls)} polls, ideal {window.seconds:.2f}; '
          f'{sum(window.overruns.values())} slots passed')
    print(f'  Private_Dirty {now} KiB ({before} at the begin), libraries alone {base}, own {now - base} KiB; '
          f'{100 * window.cpu / window.seconds:.1f} % of a core, {1e6 * window.cpu / max(window.values, 1):.1f} µs a value; '
          f'{len(os.listdir(f"/proc/{pid}/task"))} threads')
    plant.close()


def hosts(seconds):
    steady('hosts', 200, seconds)


def rate(seconds):
    steady('rate', 750, seconds)


def held(seconds):
    plant = new_plant()
    fleet = Fleet(plant, 'h', 950, 1)
    pid = start(plant, fleet.sections(interval='5s'))
    warm(plant, [fleet], 10)
    window, seen = Window(plant, [fleet]), []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.9)
        seen.append(sockets(pid, fleet.ports.values()))
    window.end()
    print(f'held: 950 hosts every 5 s for {window.seconds:.0f} s: connections up at {len(seen)} looks: {min(seen)} to {max(seen)}; '
          f'a host {min(window.polls.values())} to {max(window.polls.values())} polls, ideal {window.seconds / 5:.2f}; {sum(window.overruns.values())} slots passed')
    print('  ' + '\n  '.join(line for line in plant.read('wqd.log').splitlines() if 'are to be held' in line))
    plant.close()


def minute(seconds):
    plant = new_plant()
    fleets = []
    for k in range(5):
        names = [f'{"abcde"[k]}{i:04d}' for i in range(0, 1000, 10)]
        plant.sick += names
        fleets.append(Fleet(plant, 'abcde'[k], 1000, 1, '--hung', ','.join(names), step='5s'))
    base = libraries_alone(plant)
    pid = start(plant, ''.join(f.sections(interval='60s') for f in fleets))
    warm(plant, fleets, 70)
    window, seen = Window(plant, fleets), []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(5)
        seen.append(sockets(pid, [p for f in fleets for p in f.ports.values()]))
    window.end()
    well = {s: n for s, n in window.polls.items() if s not in set(plant.sick)}
    ideal = window.seconds / 60
    print(f'minute: 5,000 endpoints every 60 s, 500 of them hung, {window.seconds:.0f} s: {sum(well.values())} polls of {ideal * len(well):.0f}; '
          f'an endpoint {min(well.values())} to {max(well.values())}, ideal {ideal:.2f}')
    print(f'  slots passed (a poll late by a period): {sum(window.overruns[s] for s in well)}; of those that are well and failed: '
          f'{sum(window.units[s]["failures"] for s in well)}')
    print(f'  connections up at {len(seen)} looks: {min(seen)} to {max(seen)}; Private_Dirty {private(pid)} KiB, libraries alone {base}; '
          f'{100 * window.cpu / window.seconds:.1f} % of a core')
    plant.close()


parser = argparse.ArgumentParser()
parser.add_argument('parts', nargs='*', metavar='hosts|rate|held|minute')
parser.add_argument('--seconds', type=int, default=100)
arguments = parser.parse_args()
for name, part in (('hosts', hosts), ('rate', rate), ('held', held), ('minute', minute)):
    if not arguments.parts or name in arguments.parts:
        part(arguments.seconds)
