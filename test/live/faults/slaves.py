# SPDX-License-Identifier: Apache-2.0
"""Modbus peers that hang, reset, lie: each has a bus of its own beside a healthy one, whose polls must stay on time."""
import struct, sys, time
from fault import Ground, fault, must, run, until
from peers import Slave, good, registers

def value(number):
    high, low = struct.unpack('>HH', struct.pack('>f', number))
    return lambda request: registers(request, {0: high, 1: low})


def bits(raw):
    return lambda request: registers(request, {0: raw >> 16, 1: raw & 0xffff})


# name, answer to a request, what must be said; a number: no failure, but this quality in the history
SLAVES = [
    ('hangs', lambda q: None, r'no whole answer within 500 ms'),
    ('resets', lambda q: 'reset', r'the device closed the connection'),
    ('garbage', lambda q: bytes(range(200)), r'protocol 515 in the answer'),
    ('text', lambda q: b'HTTP/1.1 400 Bad Request\r\n\r\n', r'protocol 21584 in the answer'),
    ('exception 2', lambda q: q[:4] + b'\x00\x03' + q[6:7] + bytes([q[7] | 0x80, 2]), r'exception 2, illegal data address'),
    ('exception 4', lambda q: q[:4] + b'\x00\x03' + q[6:7] + bytes([q[7] | 0x80, 4]), r'exception 4, device failure'),
    ('exception 77', lambda q: q[:4] + b'\x00\x03' + q[6:7] + bytes([q[7] | 0x80, 77]), r'exception 77, unknown exception'),
    ('other transaction', lambda q: b'\xde\xad' + good(q)[2:], r'answer to transaction 57005'),
    ('other unit', lambda q: good(q)[:6] + b'\x63' + good(q)[7:], r'answer of unit 99, asked was unit 1'),
    ('other function', lambda q: good(q)[:7] + b'\x10' + good(q)[8:], r'the answer tells 7 bytes and has|function'),
    ('other protocol', lambda q: good(q)[:2] + b'\x12\x34' + good(q)[4:], r'protocol 4660 in the answer'),
    ('one register short', lambda q: q[:4] + b'\x00\x05' + q[6:8] + b'\x02\x00\x01', r'2 bytes of registers in the answer, asked were 4'),
    ('too many registers', lambda q: q[:4] + b'\x00\xfb' + q[6:8] + b'\xf8' + bytes(248), r'248 bytes of registers in the answer, asked were 4'),
    ('count that lies', lambda q: q[:4] + b'\x00\x07' + q[6:8] + b'\xff\x00\x01\x00\x02', r'is no Modbus message|bytes of registers'),
    ('length 0', lambda q: q[:4] + b'\x00\x00', r'an answer that tells 0 bytes, 3 to 254 are allowed'),
    ('length 65535', lambda q: q[:4] + b'\xff\xff' + q[6:8] + bytes(2000), r'an answer that tells 65535 bytes, 3 to 254 are allowed'),
    ('half an answer', lambda q: good(q)[:9], r'no whole answer within 500 ms'),
    ('answers nothing', lambda q: b'', r'no whole answer within 500 ms'),
    ('NaN', bits(0x7fc00000), 'missing'),
    ('infinity', bits(0x7f800000), 'missing'),
    ('-9999', value(-9999), 'bad'),
    ('99999', value(99999), 'bad'),
    ('denormal', bits(1), 'good'),
]
QUALITIES = ('missing', 'bad', 'good')


def prepare():
    ground = Ground()
    ground.slaves = [Slave(answer) for _, answer, _ in SLAVES]
    ground.healthy = Slave(good)
    buses = f'modbus "well" {{ host = "127.0.0.1" port = {ground.healthy.port} interval = "250ms" timeout = "500ms" }}\n'
    buses += 'modbus "nobody" { host = "127.0.0.1" port = 9 interval = "250ms" timeout = "500ms" }\n'
    stations = 'station "well" { kind = "national" cycle = "0" point "tp" { bus = "well" unit = "mg/L" unit_id = 1 address = 0 } }\n'
    stations += 'station "nobody" { kind = "national" cycle = "0" point "tp" { bus = "nobody" unit = "mg/L" unit_id = 1 address = 0 } }\n'
    for i, slave in enumerate(ground.slaves):
        buses += f'modbus "m{i}" {{ host = "127.0.0.1" port = {slave.port} interval = "250ms" timeout = "500ms" }}\n'
        stations += (f'station "m{i}" {{ kind = "national" cycle = "0" '
                     f'point "tp" {{ bus = "m{i}" unit = "mg/L" unit_id = 1 address = 0 }} }}\n')
    ground.configure(extra=buses + stations)
    ground.daemon()
    ground.began = time.monotonic()
    return ground


def unit(ground, bus):
    return next(b for b in ground.status()['buses'] if b['name'] == bus)['units'][0]


def declare(i, name, says):
    taken = says in QUALITIES

    @fault(name, 'answers every request so', '' if taken else rf'bus m{i}: [^\n]*({says})', 'nothing false is stored')
    def test(ground):
        if taken:
            rows = until('a reading', lambda: ground.query("SELECT DISTINCT quality FROM v_sample WHERE station=?", f'm{i}'))
            must(rows == [(says,)], f'quality {rows}, expected {says}')
            return
        until('the failure to be seen', lambda: unit(ground, f'm{i}')['failures'] > 0)
        rows = ground.query("SELECT value, quality FROM v_sample WHERE station=? AND value IS NOT NULL", f'm{i}')
        must(not rows, f'stored: {rows[:3]}')
        return ground.log()


for number, (label, _, words) in enumerate(SLAVES):
    declare(number, label, words)


@fault('nobody listens', 'polls a port where nobody listens', r'bus nobody: [^\n]*[Rr]efused', 'tried again ever more rarely')
def nobody(ground):
    until('the failure to be seen', lambda: unit(ground, 'nobody')['failures'] > 0)
    return ground.log()


@fault('the healthy one beside them', 'looks at the polls of the healthy bus after 8 s', '', '95 % of its polls')
def beside(ground):
    time.sleep(max(0, ground.began + 8 - time.monotonic()))
    polls, ideal = unit(ground, 'well')['polls'], (time.monotonic() - ground.began) * 4
    must(polls >= 0.95 * ideal, f'{polls} of {ideal:.0f} polls')
    must(unit(ground, 'well')['state'] == 'up', 'it is not up')


@fault('no false alarm', 'looks for alarms', '', 'nobody was rung for nonsense')
def no_alarm(ground):
    must(not ground.query('SELECT 1 FROM alarm'), str(ground.query('SELECT station, text FROM v_alarm')[:3]))


@fault('no flood', 'counts the log lines of all', '', 'at most three a bus')
def no_flood(ground):
    lines = len([line for line in ground.log().splitlines() if 'bus ' in line])
    must(lines <= 3 * (len(SLAVES) + 2), f'{lines} lines')


@fault('mended', 'all of them answer well', 'serves again', 'all are read again within their back-off')
def mended(ground):
    for slave in ground.slaves:
        slave.respond = good
        for connection in slave.open:
            connection.close()
    left = {f'm{i}' for i in range(len(SLAVES))}
    until('all to be up', lambda: all(unit(ground, m)['state'] == 'up' for m in left), 45)
    return ground.log()


if __name__ == '__main__':
    run(prepare())
