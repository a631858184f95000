#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Devices that misbehave, each in its own way, against the whole daemon: `wqctl status` says what is wrong with each, and nothing
untrue is stored as good. The devices are played here; every unit id has a manner."""
import os, socket, struct, subprocess, sys, threading, time
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'wqd'))
from plant import Plant, wait_until

TIMEOUT = 0.4
NAN, INF = float('nan'), float('inf')
HOUR = 3600


def now():
    return int(time.time())


def block(value, epoch):
    return struct.pack('>fI', value, epoch & 0xFFFFFFFF)


def good(value=0.25, epoch=None, other=7.5):
    """Two points of four registers: value and time of measurement."""
    at = now() if epoch is None else epoch
    return block(value, at) + block(other, at)


class Counted:
    """Answers every other request too late; each answer has its own value, and those in time are remembered."""

    def __init__(self):
        self.n, self.lock, self.in_time = 0, threading.Lock(), set()

    def registers(self):
        with self.lock:
            self.n += 1
            value = struct.unpack('>f', struct.pack('>f', 1 + self.n / 1000))[0]
            if self.n % 2:
                self.in_time.add(round(value, 4))
            return block(value, now() + self.n % 600 - 300) + block(7.5, now()), (0 if self.n % 2 else TIMEOUT * 1.5)


class Moving:
    """The value changes, the time of measurement does not."""

    def __init__(self, epoch):
        self.n, self.epoch = 0, epoch

    def registers(self):
        self.n += 1
        return block(0.2 + self.n / 1000, self.epoch) + block(7.5, self.epoch), 0


late, stuck = Counted(), Moving(now() - 3 * HOUR)


def exception(code):
    return lambda head, unit, body: head[:4] + struct.pack('>HBBB', 3, unit, 0x83, code)


def plain(head, unit, registers, function=3):
    return head[:4] + struct.pack('>HBBB', 3 + len(registers), unit, function, len(registers)) + registers


def holding(make):
    return lambda head, unit, body: plain(head, unit, make())


NAMES = {1: 'illegal function', 2: 'illegal data address', 3: 'illegal data value', 4: 'device failure', 5: 'acknowledge, not done yet',
         6: 'device busy', 7: 'unknown exception', 8: 'memory parity error', 9: 'unknown exception', 10: 'gateway path unavailable',
         11: 'gateway target failed to respond'}

# name, answer, state, what status says, qualities that may be stored of the first point
CASES = [(f'exception{code}', exception(code), 'down', f'exception {code}, {name}', set()) for code, name in NAMES.items()] + [
    ('well', holding(good), 'up', '', {'good'}),
    ('silent', lambda head, unit, body: None, 'down', 'no whole answer within 400 ms', set()),
    ('unit', lambda head, unit, body: plain(head, unit + 1, good()), 'down', 'answer of unit', set()),
    ('function', lambda head, unit, body: plain(head, unit, good(), 4), 'down', 'function', set()),
    ('transaction', lambda head, unit, body: bytes([head[0] ^ 1]) + plain(head, unit, good())[1:], 'down', 'transaction', set()),
    ('short', lambda head, unit, body: plain(head, unit, good()[:-2]), 'down', 'registers', set()),
    ('truncated', lambda head, unit, body: plain(head, unit, good())[:-5], 'down', 'no whole answer within 400 ms', set()),
    ('garbage', lambda head, unit, body: b'\xa7' * 253, 'down', '', set()),
    ('closes', lambda head, unit, body: b'', 'down', 'closed the connection', set()),
    ('nan', holding(lambda: good(NAN)), 'up', 'tp of nan: no value', {'missing'}),
    ('inf', holding(lambda: good(INF)), 'up', 'tp of inf: no value', {'missing'}),
    ('sentinel', holding(lambda: good(-9999.0)), 'up', 'tp of sentinel: no value', {'missing'}),
    ('zeros', holding(lambda: good(0.0, other=0.0)), 'up', '0 like all values of the device', {'bad'}),
    ('reboot', holding(lambda: good(0.0, 0, 0.0)), 'up', 'more): ', {'bad'}),
    ('absurd', holding(lambda: good(1e30)), 'up', '', {'bad'}),
    ('time0', holding(lambda: good(epoch=0)), 'up', 'no time in its time registers: 0 0', {'bad'}),
    ('time1970', holding(lambda: good(epoch=86400)), 'up', 'no time in its time registers: 1 20864', {'bad'}),
    ('time2000', holding(lambda: good(epoch=946684800 + 3 * 86400)), 'up', 'no time in its time registers', {'bad'}),
    ('time2100', holding(lambda: good(epoch=4102444800)), 'up', 'measured at 2100-01-01T08:00:00+08:00, which is to come', {'bad'}),
    ('timeffff', holding(lambda: good(epoch=0xFFFFFFFF)), 'up', 'measured at 2106-', {'bad'}),
    ('frozen', holding(lambda: good(epoch=1617235200)), 'up', 'nothing measured since 2021-04-01T08:00:00+08:00', {'good'}),
    ('stuck', lambda head, unit, body: plain(head, unit, stuck.registers()[0]), 'up', 'the value changes, its time stands still at', {'good'}),
    ('late', None, None, 'no whole answer within 400 ms', {'good'}),
]


def serve(connection):
    with connection:
        while True:
            try:
                head = connection.recv(12, socket.MSG_WAITALL)
                if len(head) < 12:
                    return
                unit = head[6]
                answer = CASES[unit - 1][1]
                if answer is None:
                    registers, wait = late.registers()
                    time.sleep(wait)
                    connection.sendall(plain(head, unit, registers))
                    continue
                out = answer(head, unit, head[8:])
                if out == b'':
                    return
                if out is not None:
                    connection.sendall(out)
            except OSError:
                return


def accept(listener):
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()


listener = socket.create_server(('127.0.0.1', 0), backlog=64)
threading.Thread(target=accept, args=(listener,), daemon=True).start()
plant = Plant()
text = plant.head()
for i, (name, *_) in enumerate(CASES):
    text += f'''modbus "{name}" {{ host = "127.0.0.1" port = {listener.getsockname()[1]} interval = "300ms" timeout = "400ms" }}
station "{name}" {{ kind = "national" cycle = "0" interval = "1s"
  point "tp" {{ bus = "{name}" unit = "mg/L" unit_id = {i + 1} address = 0 time_address = 2 invalid = {{ "-9999" }} }}
  point "ph" {{ bus = "{name}" unit = "-" unit_id = {i + 1} address = 4 time_address = 6 }}
}}
'''
open(plant.path('wqd.conf'), 'w').write(text)
plant.daemon()
units = {}


def told():
    """Names whose unit is in the expected state and says what is expected."""
    units.update({b['name']: b['units'][0] for b in plant.status()['buses'] if b['driver'] == 'modbus'})
    return [name for name, _, state, says, _ in CASES
            if (state is None or units[name]['state'] == state) and (says in units[name]['why'] or state is None)]


def missing():
    return [f"{n}: {units[n]['state']}, {units[n]['why']!r}" for n, *_ in CASES if n not in told()]


end = time.monotonic() + 60
while len(told()) < len(CASES) and time.monotonic() < end:
    time.sleep(0.2)
failed = missing()
late_why = set()
for _ in range(30):
    late_why.add(plant.status()['buses'][[b['name'] for b in plant.status()['buses']].index('late')]['units'][0]['why'])
    time.sleep(0.2)
if not any('no whole answer within 400 ms' in w for w in late_why):
    failed.append(f'late: {late_why}')
shown = subprocess.run([plant.bin('wqctl'), 'status', '--socket', plant.path('wqd.sock')], capture_output=True, text=True).stdout
if 'which is to come; kept as bad' not in shown:
    failed.append('the table of wqctl status does not show the remarks:\n' + shown)
plant.kill(15)
for name, _, _, _, allowed in CASES:
    rows = plant.query('SELECT quality, value FROM v_sample WHERE station = ? AND parameter = ?', name, 'tp')
    found = {quality for quality, _ in rows}
    if not found <= allowed or (allowed and not found):
        failed.append(f'{name}: stored as {found or "nothing"}, allowed {allowed or "nothing"}')
    if name == 'late' and not {round(v, 4) for _, v in rows} <= late.in_time:
        failed.append('late: a value of an answer that came too late was stored')
    if name in ('frozen', 'stuck') and len(rows) != 1:
        failed.append(f'{name}: one measurement was stored {len(rows)} times')
for name, _, state, says, _ in CASES:
    print(f"{name:12} {units[name]['state']:5} {units[name]['why']}")
print(f'late: {late.n} requests, {len(late.in_time)} answered in time, '
      f'{plant.query("SELECT count(*) FROM v_sample WHERE station = ? AND parameter = ?", "late", "tp")[0][0]} values stored')
plant.close()
if failed:
    raise SystemExit('\n'.join(['', 'WRONG:'] + failed))
print(f'{len(CASES)} devices: each says what is wrong, nothing untrue is stored as good')
