#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Commands to devices, through the whole daemon: pymodbus takes them over TCP and RTU (read back with pymodbus), devices played here
refuse, keep silent or answer otherwise. What was sent is counted at the device; every request is in the history; wqd killed in
between leaves an unknown outcome and does not send again."""
import os, pwd, socket, struct, subprocess, sys, threading, time
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'wqd'))
from plant import Plant, free_port, reachable, skip, wait_until

PYTHON = '/usr/bin/python3'
HERE = os.path.dirname(os.path.abspath(__file__))
READ_BACK = '''
import sys
from pymodbus.client import ModbusTcpClient
from pymodbus.transaction import ModbusRtuFramer, ModbusSocketFramer
client = ModbusTcpClient('127.0.0.1', port=int(sys.argv[1]), framer=ModbusRtuFramer if sys.argv[2] == 'rtu' else ModbusSocketFramer)
assert client.connect()
print(client.read_coils(3, 1, slave=7).bits[0], *client.read_holding_registers(50, 6, slave=7).registers)
'''
bad = []


def expect(what, found, wanted):
    print(f'{what}: {"as expected" if found == wanted else f"BAD: {found}, not {wanted}"}')
    if found != wanted:
        bad.append(what)


class Device:
    """By unit: 2 keeps silent when written to, 3 repeats another value, 4 refuses, 5 does as told. All of them can be read."""

    def __init__(self):
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        self.written, self.masters, self.most, self.crowded = [], 0, 0, 0
        self.lock = threading.Lock()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            threading.Thread(target=self.serve, args=(self.listener.accept()[0],), daemon=True).start()

    def serve(self, connection):
        with self.lock:
            self.masters += 1
            self.most = max(self.most, self.masters)
        try:
            self.talk(connection)
        except OSError:
            pass
        finally:
            connection.close()
            with self.lock:
                self.masters -= 1

    def talk(self, connection):
        while True:
            head = connection.recv(7, socket.MSG_WAITALL)
            if len(head) < 7:
                return
            body = connection.recv(struct.unpack('>H', head[4:6])[0] - 1, socket.MSG_WAITALL)
            time.sleep(0.03)
            try:
                self.crowded += bool(connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
            except BlockingIOError:
                pass
            reply = self.answer(head[6], body)
            if reply:
                connection.sendall(head[:4] + struct.pack('>HB', len(reply) + 1, head[6]) + reply)

    def answer(self, unit, body):
        if body[0] == 3:
            count = struct.unpack('>H', body[3:5])[0]
            return bytes([3, 2 * count]) + b'\x12\x34' * count
        self.written.append((unit, body))
        return {2: None, 3: body[:4] + bytes([body[4] ^ 1]), 4: bytes([body[0] | 0x80, 2])}.get(unit, body[:5])


def main():
    if subprocess.run([PYTHON, '-c', 'import pymodbus.client'], capture_output=True).returncode != 0:
        skip('no pymodbus.client for ' + PYTHON + ' (python3-pymodbus, python3-serial-asyncio)')
    plant, device = Plant(), Device()
    ports = {'tcp': free_port(), 'rtu': free_port()}
    buses = f'''modbus "own" {{ host = "127.0.0.1" port = {device.port} timeout = "1s" interval = "3s"
  identity = {{ "5 holding 9 0x1234" }}
  commands = {{ "silent 2 6 110 1", "other 3 6 110 1", "refuses 4 6 110 1", "start 5 16 0x1200 1" }} }}
'''
    for name in ports:
        buses += f'''modbus "{name}" {{ host = "127.0.0.1" port = {ports[name]} framing = "{name}" timeout = "2s" interval = "500ms"
  commands = {{ "coil 7 5 3 1", "one 7 6 50 4321", "many 7 16 51 13,65535,7", "absent 7 6 9999 1" }} }}
'''
    points = {'own': (2, 3, 4, 5), 'tcp': (7,), 'rtu': (7,)}
    for bus, units in points.items():
        for unit in units:
            buses += (f'station "{bus}-{unit}" {{ kind = "national" cycle = "0" interval = "1s"\n'
                      f'  point "tp" {{ bus = "{bus}" unit = "mg/L" unit_id = {unit} address = 30 scale = "0.000001" type = "uint16" }} }}\n')
    with open(plant.path('wqd.conf'), 'w') as f:
        f.write(plant.head() + buses)
    said = subprocess.run([plant.bin('wqctl'), 'check', plant.path('wqd.conf')], capture_output=True, text=True)
    if 'WQ_MODBUS_WRITE' in said.stdout + said.stderr:
        skip('this build cannot write (cmake -DWQ_MODBUS_WRITE=ON)')
    for name, port in ports.items():
        plant.start('slave-' + name, PYTHON, os.path.join(HERE, 'pymodbus_slave.py'), str(port), *(['rtu'] if name == 'rtu' else []))
        wait_until('pymodbus', lambda port=port: reachable(port))
    plant.daemon()

    def up():
        return all(u['state'] == 'up' for b in plant.status()['buses'] if b['driver'] == 'modbus' for u in b['units'])
    wait_until('all devices to be up', up)

    def command(bus, name):
        done = subprocess.run([plant.bin('wqctl'), 'command', bus, name, '--socket', plant.path('wqd.sock')], capture_output=True,
                              text=True, timeout=30)
        return done.returncode, (done.stdout + done.stderr).strip()

    # the peer of another make, both ways
    for bus, port in ports.items():
        for name in ('coil', 'one', 'many'):
            expect(f'{bus} {name}', command(bus, name), (0, f'{bus} {name}: done'))
        expect(f'{bus} absent', command(bus, 'absent'), (1, f'{bus} absent: refused: exception 2, illegal data address'))
        back = subprocess.run([PYTHON, '-c', READ_BACK, str(port), bus], capture_output=True, text=True, timeout=30)
        expect(f'{bus}: read back by pymodbus', (back.stdout + back.stderr[-200:]).strip(), 'True 4321 13 65535 7 0 0')
    # devices with manners
    expect('done', command('own', 'start'), (0, 'own start: done'))
    expect('refused', command('own', 'refuses'), (1, 'own refuses: refused: exception 2, illegal data address'))
    code, text = command('own', 'other')
    expect('another echo', (code, "unknown: the device's echo tells value 0, written was 1" in text), (1, True))
    code, text = command('own', 'silent')
    expect('silence', (code, 'unknown: no whole answer within 1000 ms' in text), (1, True))
    # too soon, and no such thing
    code, text = command('own', 'start')
    expect('too soon', (code, 'interval of the bus' in text), (1, True))
    code, text = command('own', 'strat')
    expect('no such command', (code, 'did you mean' in text and 'start' in text), (1, True))
    expect('no such bus', command('nobody', 'start'), (1, 'wqctl: nothing was sent: there is no bus "nobody"'))
    code, text = command('broker', 'start')
    expect('a bus that is no Modbus', (code, 'cannot write to devices' in text), (1, True))
    time.sleep(3)
    expect('later it is sent again', command('own', 'start'), (0, 'own start: done'))
    wanted = [(5, '10120000010200' + '01'), (4, '06006e0001'), (3, '06006e0001'), (2, '06006e0001'), (5, '1012000001020001')]
    expect('what the device got', [(u, b.hex()) for u, b in device.written], wanted)
    # killed between sending and knowing
    time.sleep(3.2)
    asked = threading.Thread(target=command, args=('own', 'silent'))
    asked.start()
    wait_until('the command at the device', lambda: len(device.written) == 6)
    expect('recorded before it was sent', plant.query("SELECT outcome FROM v_command WHERE command='silent' ORDER BY time DESC LIMIT 1"),
           [('under way',)])
    plant.kill()
    asked.join()
    plant.daemon()
    wait_until('all devices to be up', up)
    expect('after the kill', plant.query("SELECT outcome, text FROM v_command WHERE command='silent' ORDER BY time DESC LIMIT 1"),
           [('unknown', 'wqd ended before the outcome was known')])
    expect('not sent again', len(device.written), 6)
    expect('one master at a time, one request at a time', (device.most, device.crowded), (1, 0))
    rows = plant.query('SELECT who, bus, command, unit, function, address, data, outcome FROM v_command')
    me = pwd.getpwuid(os.getuid()).pw_name
    expect('requests in the history', len(rows), 8 + 4 + 4 + 1 + 1)
    expect('who', {r[0] for r in rows}, {me})
    expect('a row', rows[2], (me, 'tcp', 'many', 7, 16, 51, '13,65535,7', 'done'))
    expect('denied ones', [r[1:] for r in rows if r[-1] == 'denied'],
           [('own', 'start', 5, 16, 4608, '1', 'denied'), ('own', 'strat', None, None, None, '', 'denied'),
            ('nobody', 'start', None, None, None, '', 'denied'), ('broker', 'start', None, None, None, '', 'denied')])
    table = subprocess.run([plant.bin('wqctl'), 'query', '--commands', '--database', plant.path('wqd.db'), '--format', 'csv'],
                           capture_output=True, text=True).stdout.splitlines()
    expect('wqctl query --commands', (len(table), table[0]), (len(rows) + 1, 'time,who,bus,command,unit,function,address,data,outcome,ended,text'))
    log = plant.read('wqd.log')
    expect('in the journal', [log.count(f'asked for by {me}: {o}') for o in ('under way', 'done', 'refused', 'unknown', 'denied')],
           [14, 8, 3, 2, 4])
    plant.close()
    if bad:
        raise SystemExit('\n'.join(['WRONG:'] + bad))


main()
