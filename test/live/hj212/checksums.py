# SPDX-License-Identifier: Apache-2.0
"""Stations whose checksum is wrong for ever, or must be a certain one: what the keys checksum and checksums let in."""
from station import Daemon, Station, crc, expect, frame, record, wait_until

STATIONS = (('A1', 'loose'), ('A2', 'pinned'), ('A3', 'usual'))
d = Daemon('checksums = { "A1=off", "A2=modbus-swapped" }', stations=STATIONS)


def modbus(segment):
    reg = 0xFFFF
    for byte in segment:
        reg ^= byte
        for _ in range(8):
            reg = (reg >> 1) ^ 0xA001 if reg & 1 else reg >> 1
    return reg >> 8 | (reg & 0xFF) << 8


def said(mn, hour, value, check=None):
    """A record with its right checksum, a given one, or the swapped one of Modbus."""
    whole = record(mn, 2061, f'202603050{hour}0000', {'w21003-Avg': value})
    segment = whole[6:-6]
    return frame(segment.decode(), check=modbus(segment) if check == 'swapped' else check)


class Speaker(Station):
    """Is answered with the checksum that it used last."""

    def answer(self):
        while b'\r\n' not in self.rest:
            self.rest += self.socket.recv(4096)
        line, self.rest = self.rest.split(b'\r\n', 1)
        segment = line[6:-4]
        if int(line[-4:], 16) not in (crc(segment), modbus(segment)):
            raise SystemExit(f'an answer with a wrong checksum: {line}')
        return dict(pair.split('=', 1) for pair in segment.decode().split(';CP=')[0].split(';'))


def rows():
    return d.query('SELECT station, value FROM v_sample ORDER BY time, station')


# The first refusal is told at once, others of its kind are counted for a minute.
Speaker(d.port).send(said('A2', 0, '0.9'))
wait_until('the reason', lambda: 'a frame with checksum hj212, it must be modbus-swapped' in d.text())
for mn in ('A1', 'A2', 'A3'):
    s = Speaker(d.port, mn)
    s.send(said(mn, 1, '0.1', check=0xBEEF))                      # off only
    s.send(said(mn, 2, '0.2', check='swapped'))                   # all of them
    if mn != 'A2':
        s.send(said(mn, 3, '0.3'))                                # not where another one is pinned
    for _ in range({'A1': 3, 'A2': 1, 'A3': 2}[mn]):
        expect(f'{mn}: acknowledged', s.answer()['CN'], '9014')
s = Speaker(d.port)
s.send(said('A2', 4, '0.4'))
s.send(said('A3', 4, '0.4'))
expect('the next', s.answer()['MN'], 'A3')
expect('stored', rows(), [('loose', 0.1), ('loose', 0.2), ('pinned', 0.2), ('usual', 0.2), ('loose', 0.3), ('usual', 0.3), ('usual', 0.4)])
print('a wrong checksum where it is known, a certain one where it is pinned')
