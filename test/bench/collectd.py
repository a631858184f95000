#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The same sick devices read by wqd and by collectd's modbus plugin, side by side in one run.

    cmake --build build && WQ_BIN=build/bin test/bench/collectd.py [bus|hosts]… [--seconds N]

bus: one bus of ten units, unit 5 dead. hosts: fifty hosts, five of which take connections and never answer. Both with one value a unit,
and with ten that lie apart, so that each is a request. Each reader has simulated
devices of its own that are alike, and those count the requests; all at 1 s. collectd (Debian's collectd-core) runs with a configuration and
folder of its own, with 10 read threads. Requests of the healthy units in the window, of the ideal. Nothing is asserted."""
import argparse, os, sys, time
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from stations import NAMES, UNITS, Plant, wait_until

COLLECTD, PLUGINS = '/usr/sbin/collectd', '/usr/lib/collectd'


class Devices:
    def __init__(self, plant, prefix, count, values, *options):
        self.plant, self.prefix, self.values = plant, prefix, values
        self.stations = [f'{prefix}{i:02d}' for i in range(count)]
        with open(plant.path(prefix + '.scenario'), 'w') as f:
            f.write('seed 7\nend 3600s\n' + ''.join(f'station {s}\n' + ''.join(f'  {n} 0s:18 1800s:25 3600s:18 noise 0.3\n' for n in NAMES[:values]) for s in self.stations))
        plant.start(prefix, plant.bin('wqsim'), 'modbus', '--listen', '127.0.0.1:0', '--scenario', plant.path(prefix + '.scenario'),
                    '--step', '100ms', '--port-file', plant.path(prefix + '.ports'), '--counts', plant.path(prefix + '.counts'), *options)
        wait_until('the ports of ' + prefix, lambda: plant.read(prefix + '.ports'))
        lines = [line.split() for line in plant.read(prefix + '.ports').splitlines()]
        self.ports = dict(lines) if len(lines[0]) == 2 else dict.fromkeys(self.stations, lines[0][0])

    def units(self):
        """(station, port, unit id)"""
        separate = len(set(self.ports.values())) > 1
        return [(s, self.ports[s], 1 if separate else i + 1) for i, s in enumerate(self.stations)]

    def counts(self):
        return {name: int(n) for name, n in (line.split() for line in self.plant.read(self.prefix + '.counts').splitlines())}


def of_wqd(devices):
    text = ''.join(f'modbus "p{port}" {{ host = "127.0.0.1" port = {port} interval = "1s" timeout = "1s" }}\n'
                   for port in sorted(set(devices.ports.values())))
    for s, port, unit in devices.units():
        text += f'station "{s}" {{ kind = "national" cycle = "0" interval = "1s"\n' + ''.join(
            f'  point "{n}" {{ bus = "p{port}" unit = "{UNITS.get(n, "mg/L")}" unit_id = {unit} address = {10 * k} '
            'low = -1000000000 high = 1000000000 }\n' for k, n in enumerate(NAMES[:devices.values])) + '}\n'
    return text


def of_collectd(plant, devices):
    hosts, collect = {}, ''.join(f'      Collect "v{k}"\n' for k in range(devices.values))
    for s, port, unit in devices.units():
        hosts.setdefault(port, []).append(f'    <Slave {unit}>\n      Instance "{s}"\n{collect}    </Slave>\n')
    text = ''.join(f'  <Host "h{port}">\n    Address "127.0.0.1"\n    Port "{port}"\n    Interval 1\n{"".join(slaves)}  </Host>\n'
                   for port, slaves in hosts.items())
    with open(plant.path(devices.prefix + '.collectd'), 'w') as f:
        f.write(f'BaseDir "{plant.dir}"\nPIDFile "{plant.path(devices.prefix + ".pid")}"\nPluginDir "{PLUGINS}"\nTypesDB '
                '"/usr/share/collectd/types.db"\nInterval 1\nReadThreads 10\nMaxReadInterval 1\n'
                'LoadPlugin logfile\n<Plugin logfile>\n  LogLevel "err"\n  File "/dev/null"\n</Plugin>\n'
                'LoadPlugin modbus\n<Plugin modbus>\n' + ''.join(
                    f'  <Data "v{k}">\n    RegisterBase {10 * k}\n    RegisterType float\n    Type gauge\n    Instance "v{k}"\n  </Data>\n'
                    for k in range(devices.values)) + f'{text}</Plugin>\n')
    return plant.start(devices.prefix + '-collectd', COLLECTD, '-f', '-C', plant.path(devices.prefix + '.collectd'))


def measure(title, count, values, seconds, sick, *options):
    plant = Plant()
    pairs = [(name, Devices(plant, name[0] + kind, count, values, *(o for o in opts))) for name in ('wqd', 'collectd')
             for kind, opts in (('w', options[:1] if options[0] == '--separate' else ()),
                                ('s', [o.replace('@', name[0] + 's') for o in options]))]
    with open(plant.path('wqd.conf'), 'w') as f:
        f.write(plant.head() + ''.join(of_wqd(d) for name, d in pairs if name == 'wqd'))
    plant.daemon()
    readers = [of_collectd(plant, d) for name, d in pairs if name == 'collectd']
    wait_until('the first polls', lambda: all(max(d.counts().values() or [0]) > 0 for _, d in pairs))
    time.sleep(15)
    began, before = time.monotonic(), [d.counts() for _, d in pairs]
    time.sleep(seconds)
    spent, after = time.monotonic() - began, [d.counts() for _, d in pairs]
    print(f'{title}, {spent:.0f} s; requests of healthy units, of the ideal' + ('' if all(r.poll() is None for r in readers) else ' (collectd ended!)'))
    for (name, d), a, b in zip(pairs, before, after):
        is_sick = d.prefix[1] == 's'
        well = [s for i, s in enumerate(d.stations) if not is_sick or i not in sick]
        print(f'  {name:9} {"sick" if is_sick else "none sick":10} {100 * sum(b[s] - a[s] for s in well) / (spent * values * len(well)):6.2f} %')
    plant.close()


parser = argparse.ArgumentParser()
parser.add_argument('parts', nargs='*', metavar='bus|hosts')
parser.add_argument('--seconds', type=int, default=60)
arguments = parser.parse_args()
if not os.path.exists(COLLECTD) or not os.path.exists(PLUGINS + '/modbus.so'):
    print('SKIPPED, NOT MEASURED: no collectd with its modbus plugin (Debian: collectd-core, libmodbus5)')
    sys.exit(77)
if not arguments.parts or 'bus' in arguments.parts:
    for values in (1, 10):
        measure(f'One bus, ten units of {values} values, unit 5 dead', 10, values, arguments.seconds, {4}, '--dead-unit', '5')
if not arguments.parts or 'hosts' in arguments.parts:
    names = ','.join(f'@{i:02d}' for i in (4, 14, 24, 34, 44))
    for values in (1, 10):
        measure(f'Fifty hosts of {values} values, five of them hung', 50, values, arguments.seconds, {4, 14, 24, 34, 44}, '--separate', '--hung', names)
