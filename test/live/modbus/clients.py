#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Masters that nobody here wrote read wqsim over TCP: mbpoll and pymodbus. So that what the driver is tested against speaks Modbus and not
a dialect of ours: values, several units on one connection, refusals."""
import os, shutil, subprocess, sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'wqd'))
from plant import Plant, skip, wait_until

PYTHON = '/usr/bin/python3'  # the one that Debian's pymodbus is for
CLIENT = '''
import sys, struct
from pymodbus.client import ModbusTcpClient
client = ModbusTcpClient('127.0.0.1', port=int(sys.argv[1]))
assert client.connect()
def value(unit, address, read):
    answer = read(address, 2, slave=unit)
    assert not answer.isError(), answer
    return struct.unpack('>f', struct.pack('>HH', *answer.registers))[0]
for unit in (1, 2):
    for k in range(3):
        for read in (client.read_holding_registers, client.read_input_registers):
            print(unit, k, round(value(unit, 10 * k, read), 3))
for what in ((1, 5000, 2), (1, 29, 2), (77, 0, 2)):
    answer = client.read_holding_registers(what[1], what[2], slave=what[0])
    print('refused', what[0], answer.exception_code)
'''


def expect(what, found, wanted):
    print(f'{what}: {"as expected" if found == wanted else f"BAD: {found}, not {wanted}"}')
    return found == wanted


def mbpoll(port, *arguments):
    done = subprocess.run(['mbpoll', '-m', 'tcp', '-p', port, '-1', '-q', '-0', *arguments, '127.0.0.1'], capture_output=True, text=True, timeout=20)
    return done.returncode, done.stdout + done.stderr


def main():
    if not shutil.which('mbpoll'):
        skip('no mbpoll')
    if subprocess.run([PYTHON, '-c', 'import pymodbus.client'], capture_output=True).returncode != 0:
        skip('no pymodbus.client for ' + PYTHON + ' (python3-pymodbus, python3-serial-asyncio)')
    plant = Plant()
    with open(plant.path('water'), 'w') as f:
        f.write('seed 1\nend 3600s\n' + ''.join(f'station {s}\n  tp 0s:{n}.125\n  nh3n 0s:{n}.25\n  codmn 0s:{n}.5\n' for s, n in (('a', 1), ('b', 2))))
    plant.start('sim', plant.bin('wqsim'), 'modbus', '--listen', '127.0.0.1:0', '--scenario', plant.path('water'), '--port-file', plant.path('port'))
    port = wait_until('the port', lambda: plant.read('port'))
    good = True
    done = subprocess.run([PYTHON, '-c', CLIENT, port], capture_output=True, text=True, timeout=30)
    wanted = [f'{unit} {k} {unit + part}' for unit in (1, 2) for k, part in enumerate((0.125, 0.25, 0.5)) for _ in range(2)]
    wanted += ['refused 1 2', 'refused 1 2', 'refused 77 11']
    good &= expect('pymodbus', (done.stdout + done.stderr).splitlines(), wanted)
    for unit in (1, 2):
        for kind in ('4:float', '3:float'):
            code, text = mbpoll(port, '-a', str(unit), '-t', kind, '-B', '-r', '10', '-c', '1')
            good &= expect(f'mbpoll, unit {unit}, {kind}', (code, f'{unit}.25' in text), (0, True))
    code, text = mbpoll(port, '-a', '1', '-t', '4', '-r', '5000', '-c', '1')
    good &= expect('mbpoll, an address that is not there', (code != 0, 'Illegal data address' in text), (True, True))
    plant.close()
    return 0 if good else 1


sys.exit(main())
