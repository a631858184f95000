# SPDX-License-Identifier: Apache-2.0
"""10,000 stations connected at once: all are acknowledged, memory and waiting are bounded."""
import datetime, resource, selectors, signal, socket, time
from station import Daemon, expect, record, wait_until

MANY = 10000
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
if hard != resource.RLIM_INFINITY and hard < MANY + 3000:
    print(f'SKIPPED, NOT TESTED: {hard} open files are allowed, {MANY + 3000} needed')
    raise SystemExit(77)
resource.setrlimit(resource.RLIMIT_NOFILE, (MANY + 3000, hard))
names = [(f's{i:05}', f's{i:05}') for i in range(MANY)]  # the id is the MN
d = Daemon(f'max_connections = {MANY} max_per_address = {MANY}', names, ' point "nh3n" { bus = "air" unit = "mg/L" }\n')
began, empty = time.monotonic(), d.memory()
sockets = []
for mn, _ in names:
    # Only so many source ports: an own address of the loop for each thousand.
    s = socket.socket()
    s.bind((f'127.0.1.{1 + len(sockets) // 1000}', 0))
    s.connect(('127.0.0.1', d.port))
    sockets.append(s)
print(f'{MANY} connected in {time.monotonic() - began:.1f} s; memory {empty} -> {d.memory()} MB')
now = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8)))
for hour in range(2):
    at = (now - datetime.timedelta(hours=2 - hour)).strftime('%Y%m%d%H0000')
    selector, waits, began = selectors.DefaultSelector(), [], time.monotonic()
    for i, s in enumerate(sockets):
        s.sendall(record(names[i][0], 2061, at, {'w21003-Avg': '0.3'}, qn=at + '000'))
        selector.register(s, selectors.EVENT_READ, time.monotonic())
    left = MANY
    while left and time.monotonic() - began < 120:
        for key, _ in selector.select(1):
            if not key.fileobj.recv(4096):
                raise SystemExit('FAIL: a station was disconnected')
            waits.append(time.monotonic() - key.data)
            selector.unregister(key.fileobj)
            left -= 1
    expect('without an acknowledgement', left, 0)
    waits.sort()
    print(f'hour {hour}: {MANY} acknowledged in {time.monotonic() - began:.1f} s, median {waits[MANY // 2] * 1000:.0f} ms, 99 % {waits[MANY * 99 // 100] * 1000:.0f} ms')
expect('stored', d.query('SELECT count(*) FROM v_sample'), [(2 * MANY,)])
print(f'memory {d.memory()} MB')
expect('a clean end', d.kill(signal.SIGTERM), 0)
print('PASS')
