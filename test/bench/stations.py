# SPDX-License-Identifier: Apache-2.0
"""Simulated stations for the benches: wqsim, the sections of a configuration that read it, and what a process has used."""
import os, sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'live', 'wqd'))
from plant import Plant, wait_until  # noqa: F401 (for the benches)

NAMES = 'ph do codmn nh3n tp temp ec turbidity tn chla algae cod bod5 cu zn f se as hg cd'.split()
UNITS = {'ph': '-', 'temp': '℃', 'ec': 'μS/cm', 'turbidity': 'NTU', 'algae': 'cells/L'}


class Fleet:
    """One wqsim: `count` stations, each a host of its own (a port), with `values` parameters that swing slowly."""

    def __init__(self, plant, prefix, count, values, *options, step='1s'):
        self.plant, self.prefix, self.values = plant, prefix, values
        self.stations = [f'{prefix}{i:04d}' for i in range(count)]
        lines = ''.join(f'  {name} 0s:{1 + k / 10:.1f} 1800s:{2 + k / 10:.1f} 3600s:{1 + k / 10:.1f} noise 0.05\n'
                        for k, name in enumerate(NAMES[:values]))
        with open(plant.path(prefix + '.scenario'), 'w') as f:
            f.write('seed 7\nend 7200s\n' + ''.join(f'station {s}\n{lines}' for s in self.stations))
        self.process = plant.start(prefix, plant.bin('wqsim'), 'modbus', '--listen', '127.0.0.1:0', '--separate', '--scenario',
                                   plant.path(prefix + '.scenario'), '--step', step, '--port-file', plant.path(prefix + '.ports'),
                                   '--counts', plant.path(prefix + '.counts'), *options)
        wait_until('the ports of ' + prefix, lambda: plant.read(prefix + '.ports') or self.process.poll() is not None)
        self.ports = dict(line.split() for line in plant.read(prefix + '.ports').splitlines())
        if not self.ports:
            raise SystemExit('wqsim: ' + plant.read(prefix + '.log'))

    def counts(self):
        return {name: int(n) for name, n in (line.split() for line in self.plant.read(self.prefix + '.counts').splitlines())}

    def sections(self, interval='1s', timeout='1s', more='', times=True):
        """A bus and a station for each host."""
        text = ''
        for name in self.stations:
            text += f'modbus "{name}" {{ host = "127.0.0.1" port = {self.ports[name]} interval = "{interval}" timeout = "{timeout}" {more} }}\n'
            text += f'station "{name}" {{ kind = "national" cycle = "0" interval = "{interval}"\n'
            for k, item in enumerate(NAMES[:self.values]):
                at = f' time_address = {10 * k + 2}' if times else ''
                text += (f'  point "{item}" {{ bus = "{name}" unit = "{UNITS.get(item, "mg/L")}" address = {10 * k}{at} '
                         'low = -1000000000 high = 1000000000 }\n')
            text += '}\n'
        return text


def private(pid):
    """KiB that are this process's alone and were written to."""
    return sum(int(line.split()[1]) for line in open(f'/proc/{pid}/smaps_rollup') if line.startswith('Private_Dirty'))


def cpu_seconds(pid):
    fields = open(f'/proc/{pid}/stat').read().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def sockets(pid, ports):
    """Connections that are up from this process to the ports."""
    ports, mine = {int(p) for p in ports}, set()
    for fd in os.listdir(f'/proc/{pid}/fd'):
        try:
            target = os.readlink(f'/proc/{pid}/fd/{fd}')
        except OSError:
            continue
        if target.startswith('socket:['):
            mine.add(target[8:-1])
    up = 0
    for line in open('/proc/net/tcp').read().splitlines()[1:]:
        fields = line.split()
        up += fields[3] == '01' and fields[9] in mine and int(fields[2].rsplit(':', 1)[1], 16) in ports
    return up
