# SPDX-License-Identifier: Apache-2.0
"""Peers that mean harm, or fail: none of them costs the others their readings, and the daemon's memory stays bounded."""
import os, random, re, signal, socket, threading, time
from station import Daemon, Station, expect, frame, record, wait_until

d = Daemon('max_connections = 300 max_per_address = 300 frame_timeout = "2s"')
good = Station(d.port)
before = d.memory()
count = 0


def serves():
    """The good station gets its acknowledgement, and soon."""
    global count
    count += 1
    began = time.monotonic()
    good.send(record(good.mn, 2061, f'20260101{count // 60:02}{count % 60:02}00', {'w21003-Avg': '0.3'}, qn=f'2026010100000{count:04}'))
    answer = good.answer()
    expect('the acknowledgement', answer and answer['QN'], f'2026010100000{count:04}')
    return time.monotonic() - began


def is_closed(s, seconds=90):
    s.settimeout(seconds)
    try:
        while s.recv(65536):
            pass
        return True
    except TimeoutError:
        return False
    except OSError:
        return True


serves()
# Endless heads, absurd lengths, junk, binary: closed after a bounded amount.
for name, piece in (('heads', b'##' * 4096), ('junk', b'x' * 8192), ('lengths', b'##9999' * 1000), ('zeros', b'\0' * 8192),
                    ('heads with digits', b'##1234QN=1;' * 700), ('bytes', os.urandom(8192))):
    s = socket.create_connection(('127.0.0.1', d.port))
    sent = 0
    try:
        for _ in range(2000):
            sent += s.send(piece)
            if sent % (1 << 20) < 8192:
                serves()
    except OSError:
        pass
    expect(f'{name}: closed', is_closed(s), True)
    print(f'{name}: closed after {sent} bytes')
serves()
# Frames of strangers, and broken ones: closed after a few.
for name, bytes_ in (('strangers', record('B9', 2061, '20260101000000', {'w21003-Avg': '1'})),
                     ('broken', frame('QN=1;ST=21;CN=2061;MN=A110000_0001;CP=&&&&', check=1))):
    s = socket.create_connection(('127.0.0.1', d.port))
    try:
        for _ in range(200):
            s.send(bytes_)
            time.sleep(0.001)
    except OSError:
        pass
    expect(f'{name}: closed', is_closed(s), True)
# Slow ones: an unfinished frame of 4000 bytes each, a byte at a time; a flood of connections that say nothing.
slow = []
for i in range(250):
    s = socket.create_connection(('127.0.0.1', d.port))
    s.send(b'##4000QN=1;ST=21;' + b'a' * random.randrange(3500))
    slow.append(s)
for _ in range(20):
    for s in slow:
        try:
            s.send(b'a')
        except OSError:
            pass
    serves()
flood = []
for _ in range(600):
    try:
        flood.append(socket.create_connection(('127.0.0.1', d.port), timeout=2))
    except OSError:
        break
expect('open descriptors are bounded', len(os.listdir(f'/proc/{d.process.pid}/fd')) < 400, True)
serves()
# A real station comes while strangers hold every place: the oldest that has shown nothing makes room.
time.sleep(5.5)
late = Station(d.port)
late.send(record(late.mn, 2061, '20260102000000', {'w21003-Avg': '0.4'}, qn='20260102000000000'))
answer = late.answer()
expect('room for a station', answer and answer['QN'], '20260102000000000')
good.send(frame(f'QN=9;ST=21;CN=9015;PW=1;MN={good.mn};Flag=9;CP=&&&&'))
expect('the good one stays', good.answer()['QN'], '9')
for s in slow + flood:
    s.close()
# One that never reads its answers is cut off, and its readings are stored all the same.
deaf = socket.socket()
deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
deaf.connect(('127.0.0.1', d.port))
deaf.settimeout(20)
beat = frame(f'QN=20260101000000000;ST=21;CN=9015;PW=1;MN={good.mn};Flag=9;CP=&&&&') * 100
try:
    for _ in range(3000):
        deaf.sendall(beat)
except OSError:
    pass
else:
    raise SystemExit('FAIL: who never reads is never cut off')
longest = max(serves() for _ in range(20))
after = d.memory()
print(f'memory {before} -> {after} MB; the good station waited {longest * 1000:.0f} ms at most in the end')
expect('memory is bounded', after < before + 200, True)
text = d.text()
expect('told', 'refused' in text, True)
expect('not flooded with lines', text.count('\n') < 200, True)
expect('a clean end', d.kill(signal.SIGTERM), 0)
print('PASS')
