#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The whole daemon as master of RTU slaves that nobody here wrote: pymodbus through a serial server (RTU over TCP), and behind a
pseudo-terminal of socat as a serial line. What is stored is what the slave holds; a port that another program has is told; a line
that is pulled out is found again by its name; a name that moves is warned of."""
import fcntl, importlib.util, os, shutil, subprocess, sys, time
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'wqd'))
from plant import Plant, free_port, reachable, skip, wait_until

if importlib.util.find_spec('pymodbus') is None:
    skip('no python3-pymodbus')
if not shutil.which('socat'):
    skip('no socat')
plant = Plant()
ports = {'server': free_port(), 'line': free_port()}
for name, port in ports.items():
    plant.start('slave-' + name, sys.executable, os.path.join(HERE, 'pymodbus_slave.py'), str(port), 'rtu')
for port in ports.values():
    wait_until('pymodbus', lambda: reachable(port))
tty = plant.path('tty')


def plug():
    process = plant.start('socat', 'socat', f'pty,raw,echo=0,link={tty}', f'tcp:127.0.0.1:{ports["line"]}')
    wait_until('the line of socat', lambda: os.path.exists(tty))
    return process


VALUES = {'tp': 123456.0, 'nh3n': 0.2}
buses = {'server': f'host = "127.0.0.1" port = {ports["server"]} framing = "rtu"',
         'line': f'device = "{tty}" baud = 19200 stop_bits = 2'}
text = plant.head()
for name, keys in buses.items():
    text += f'''modbus "{name}" {{ {keys} interval = "300ms" timeout = "500ms" identity = {{ "7 holding 20 0xFFFE" }} }}
station "{name}" {{ kind = "national"
'''
    for order, (address, parameter) in zip(('ABCD', 'CDAB'), ((2, 'tp'), (6, 'nh3n'))):
        text += f'  point "{parameter}" {{ bus = "{name}" unit = "mg/L" unit_id = 7 address = {address} order = "{order}" }}\n'
    text += '}\n'
open(plant.path('wqd.conf'), 'w').write(text)

# Another program has the line: told, and the other bus goes on.
socat = plug()
other = os.open(tty, os.O_RDWR | os.O_NOCTTY)
fcntl.flock(other, fcntl.LOCK_EX)
plant.daemon()


def unit(name):
    return next(b for b in plant.status()['buses'] if b['name'] == name)['units'][0]


wait_until('the serial server', lambda: unit('server')['state'] == 'up')
wait_until('the sentence of a line that is held',
           lambda: 'two masters on one line' in unit('line')['why'])
os.close(other)
wait_until('the line', lambda: unit('line')['state'] == 'up', 60)

# Pulled out, and put back under the same name.
socat.terminate()
socat.wait(5)
plant.running.remove(socat)
why = wait_until('the line to be missed', lambda: unit('line')['state'] != 'up' and unit('line')['why'])
print('pulled out:', why)
plug()
wait_until('the line to be found again', lambda: unit('line')['state'] == 'up', 60)
time.sleep(1)
plant.kill(15)
failed = []
for station in buses:
    rows = plant.query('SELECT parameter, quality, value FROM v_sample WHERE station = ?', station)
    wrong = [r for r in rows if r[2] != 0.2]
    print(f'{station}: {len(rows)} values, {len(wrong)} wrong')
    if wrong or len(rows) < 6:
        failed.append(f'{station}: {rows[:5]}')

# The check: what it refuses and what it warns of.
CHECKS = [('device = "/dev/ttyUSB0"', 0, "may be another adapter's"),
          ('device = "/dev/ttyS0" host = "10.0.0.1"', 1, 'host and device are both given'),
          ('interval = "1s"', 1, 'neither host nor device'),
          ('device = "/dev/ttyS0" parity = "evn"', 1, 'must be one of none, even, odd'),
          ('device = "/dev/ttyS0" baud = 100', 1, 'baud'),
          ('device = "/dev/ttyS0" baud = 9700', 1, 'the next are 9600 and 19200')]
for keys, status, says in CHECKS:
    open(plant.path('check.conf'), 'w').write(plant.head() + f'modbus "b" {{ {keys} }}\nstation "a" {{ kind = "national"\n'
        ' point "tp" { bus = "b" unit = "mg/L" address = 0 }\n}\n')
    done = subprocess.run([plant.bin('wqd'), '--check=' + plant.path('check.conf')], capture_output=True, text=True)
    if done.returncode != status or says not in done.stdout + done.stderr:
        failed.append(f'check of {keys}: {done.returncode}, {done.stdout}{done.stderr}')
plant.close()
if failed:
    raise SystemExit('\n'.join(['', 'WRONG:'] + failed))
print('pymodbus is read over RTU, through a serial server and on a line')
