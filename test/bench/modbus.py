#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What one dead unit costs the others of its bus, and what hung hosts cost the other hosts.

    cmake --build build && WQ_BIN=build/bin test/bench/modbus.py [bus|hosts]… [--seconds N]

Polls are counted by the simulated devices, per unit, in one window of the same daemon: the plant with the fault beside the same
plant without it. Ideal is window / interval for each healthy unit. The daemon's own counts say what the loss is made of: slots
that passed while the bus was busy (overruns) and polls that failed. Then the fault ends, and the time until the unit is polled
again is told with the outage as it was recorded. Nothing is asserted: percentages are for reading."""
import argparse, os, signal, subprocess, sys, time
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'live', 'wqd'))
from plant import Plant, wait_until

INTERVAL = 1.0
ONSET = 10.0


class Devices:
    """One wqsim: stations PREFIX00, PREFIX01 …, each with one parameter, so that a poll is one request."""

    def __init__(self, plant, prefix, count, *options):
        self.prefix, self.plant = prefix, plant
        self.stations = [f'{prefix}{i:02d}' for i in range(count)]
        with open(plant.path(prefix + '.scenario'), 'w') as f:
            f.write('seed 7\nend 3600s\n' + ''.join(f'station {s}\n  temp 0s:18 1800s:25 3600s:18 noise 0.3\n' for s in self.stations))
        self.process = plant.start(prefix, plant.bin('wqsim'), 'modbus', '--listen', '127.0.0.1:0', '--scenario',
                                   plant.path(prefix + '.scenario'), '--step', '100ms', '--port-file', plant.path(prefix + '.ports'),
                                   '--counts', plant.path(prefix + '.counts'), *options)
        wait_until('the ports of ' + prefix, lambda: plant.read(prefix + '.ports'))

    def counts(self):
        return {name: int(n) for name, n in (line.split() for line in self.plant.read(self.prefix + '.counts').splitlines())}

    def station(self, name, bus, unit):
        return (f'station "{name}" {{ kind = "national" cycle = "0" interval = "1s"\n  point "temp" {{ bus = "{bus}" unit = "℃" '
                f'unit_id = {unit} address = 0 time_address = 2 }}\n}}\n')

    def one_bus(self, timeout):
        text = self.bus(self.prefix, self.plant.read(self.prefix + '.ports'), timeout)
        return text + ''.join(self.station(s, self.prefix, i + 1) for i, s in enumerate(self.stations))

    def own_buses(self, timeout):
        ports = dict(line.split() for line in self.plant.read(self.prefix + '.ports').splitlines())
        return ''.join(self.bus(s, ports[s], timeout) + self.station(s, s, 1) for s in self.stations)

    @staticmethod
    def bus(name, port, timeout):
        return (f'modbus "{name}" {{ host = "127.0.0.1" port = {port} interval = "{INTERVAL:.0f}s" '
                f'timeout = "{timeout}" }}\n')


class Look:
    """Counts at one instant: requests by station as the devices saw them, and the daemon's own of every unit."""

    def __init__(self, plant, groups):
        self.status = {(b['name'], u['name']): u for b in wait_until('a status', plant.status)['buses'] for u in b['units']}
        self.counts = {}
        for group in groups:
            self.counts.update(group.counts())
        self.at = time.monotonic()


def unit_of(group, station, separate):
    return (station, 'unit 1') if separate else (group.prefix, f'unit {group.stations.index(station) + 1}')


def report(title, group, separate, sick, begin, end, detail):
    ideal = (end.at - begin.at) / INTERVAL
    healthy = [s for s in group.stations if s not in sick]
    made = {s: end.counts[s] - begin.counts[s] for s in group.stations}
    def grown(s, key):
        k = unit_of(group, s, separate)
        return end.status[k][key] - begin.status[k][key]
    done = sum(made[s] for s in healthy)
    overruns = sum(grown(s, 'overruns') for s in healthy)
    failed = sum(end.status[unit_of(group, s, separate)]['failures'] for s in healthy)
    lost = ideal * len(healthy) - done
    print(f'  {title:34} {100 * done / (ideal * len(healthy)):6.2f} %  {done} of {ideal * len(healthy):.0f} healthy polls; lost {lost:.0f}: '
          f'{overruns} slots passed while the bus was busy, {failed} failing, {lost - overruns - failed:+.1f} first polls that came late and edges of the window'
          + (f'; the sick were tried {sum(grown(s, "polls") for s in sick)} times' if sick else ''))
    if detail:
        print('      per unit: ' + ' '.join(f'{s[-2:]}:{made[s]}' + ('(dead)' if s in sick else '') for s in group.stations))
    return done / (ideal * len(healthy))


def run(what, seconds, plant, plants, separate):
    """plants: (title, devices, timeout, sick stations)."""
    groups = [group for _, group, _, _ in plants]
    with open(plant.path('wqd.conf'), 'w') as f:
        f.write(plant.head() + ''.join(g.own_buses(t) if separate else g.one_bus(t) for _, g, t, _ in plants))
    before = {g: g.counts() for g in groups}
    plant.daemon()
    # Looks are half an interval after the reference's polls, so that no poll in time falls on the edge of a window.
    wait_until('the first poll', lambda: all(n > 0 for n in groups[0].counts().values()))
    started = time.monotonic() - INTERVAL / 2
    first = Look(plant, groups)
    first.at, first.counts = started, {s: n for g in groups for s, n in before[g].items()}
    for unit in first.status.values():
        unit['polls'] = unit['overruns'] = 0
    time.sleep(started + ONSET - time.monotonic())
    begin = Look(plant, groups)
    time.sleep(begin.at + seconds - time.monotonic())
    end = Look(plant, groups)
    for name, a, b in ((f'the first {ONSET:.0f} s, in which the fault is found', first, begin), (f'then, {seconds} s', begin, end)):
        print(f'{what}, interval {INTERVAL:.0f} s: {name}')
        for title, group, _, sick in plants:
            report(title, group, separate, sick, a, b, detail=b is end and not separate)
    recover(plant, plants, separate)
    plant.close()


def recover(plant, plants, separate):
    for _, group, _, sick in plants:
        if sick:
            group.process.send_signal(signal.SIGUSR1)
    began, waiting = time.monotonic(), {(t, unit_of(g, s, separate)) for t, g, _, sick in plants for s in sick}
    times = {}
    while waiting and time.monotonic() - began < 400:
        up = {(b['name'], u['name']) for b in wait_until('a status', plant.status)['buses'] for u in b['units'] if u['state'] == 'up'}
        for title, key in [w for w in waiting if w[1] in up]:
            times.setdefault(title, []).append(time.monotonic() - began)
            waiting.discard((title, key))
        time.sleep(0.1)
    print('  the fault ends; served again after')
    for title, found in times.items():
        print(f'      {title:30} ' + ' '.join(f'{t:.1f} s' for t in found))
    for title, key in waiting:
        print(f'      {title:30} {key}: not within {time.monotonic() - began:.0f} s')
    time.sleep(1)
    rows = plant.query('SELECT s.name, o.unit, (o.until - o.since) / 1000.0, o.reason FROM outage o JOIN source s ON s.id = o.source '
                       "WHERE s.name <> 'broker' AND NOT (o.until IS NULL AND o.since < 0) ORDER BY o.since")
    print(f'  outages recorded: {len(rows)}, of which over: {sum(r[2] is not None for r in rows)}; the first: {rows[0] if rows else "none"}')


def dead_unit(seconds):
    plant = Plant()
    plants = [('reference, none dead, timeout 1s', Devices(plant, 'ref', 10), '1s', [])]
    for name, timeout in (('a', '500ms'), ('b', '1s'), ('c', '2s')):
        devices = Devices(plant, name, 10, '--dead-unit', '5')
        plants.append((f'unit 5 of 10 dead, timeout {timeout}', devices, timeout, [devices.stations[4]]))
    devices = Devices(plant, 'e', 10, '--exception', '5:11')
    plants.append(('gateway answers 11 for unit 5', devices, '1s', [devices.stations[4]]))
    devices = Devices(plant, 'f', 10, *(o for u in range(3, 10) for o in ('--dead-unit', str(u))))
    plants.append(('units 3 to 9 of 10 dead, 1s', devices, '1s', devices.stations[2:9]))
    run('One bus, ten units', seconds, plant, plants, False)


def hosts(seconds):
    plant = Plant()
    sick = [f'{i:02d}' for i in (4, 14, 24, 34, 44)]
    plants = [('reference, none hung', Devices(plant, 'ref', 50, '--separate'), '1s', [])]
    for prefix, option, title in (('h', '--hung', '5 of 50 take and never answer'), ('u', '--unreachable', '5 of 50 leave SYN unanswered')):
        names = [prefix + s for s in sick]
        plants.append((title, Devices(plant, prefix, 50, '--separate', option, ','.join(names)), '1s', names))
    run('Fifty hosts', seconds, plant, plants, True)


parser = argparse.ArgumentParser()
parser.add_argument('parts', nargs='*', metavar='bus|hosts')
parser.add_argument('--seconds', type=int, default=100)
arguments = parser.parse_args()
for name, part in (('bus', dead_unit), ('hosts', hosts)):
    if not arguments.parts or name in arguments.parts:
        part(arguments.seconds)
