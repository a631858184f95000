# SPDX-License-Identifier: Apache-2.0
"""The control socket under attack: whoever may connect to it must not be able to stop the watching or silence others."""
import json, os, socket, subprocess, threading, time
from fault import Ground, fault, must, run, until


def connect(ground):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(15)
    s.connect(ground.path('wqd.sock'))
    return s


def ask(ground, data, piece=None):
    """Sends bytes, returns what comes back until the other side closes or is silent."""
    s, reply = connect(ground), b''
    try:
        s.sendall(data)
        s.settimeout(2)
        while piece := s.recv(65536):
            reply += piece
    except OSError:
        pass
    s.close()
    return reply


def post(path, body, method='POST'):
    return f'{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n'.encode() + body


# name, bytes, what the answer must begin with; None: any answer, or none
ATTACKS = [
    ('garbage', bytes(range(256)) * 64, None),
    ('TLS hello', bytes.fromhex('1603010200010001fc0303') + bytes(600), None),
    ('a line without end', b'GET /' + b'a' * 200000, None),
    ('a long path', b'GET /' + b'a' * 8000 + b' HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', b'HTTP/1.1 4'),
    ('a thousand headers', b'GET /v1/status HTTP/1.1\r\n' + b'X: y\r\n' * 10000 + b'\r\n', None),
    ('DELETE', post('/v1/status', b'', 'DELETE'), b'HTTP/1.1 405'),
    ('an invented verb', post('/v1/status', b'', 'FROBNICATE'), b'HTTP/1.1 405'),
    ('HEAD', post('/v1/status', b'', 'HEAD'), b'HTTP/1.1 405'),
    ('POST to status', post('/v1/status', b'{}'), b'HTTP/1.1 404'),
    ('unknown path', post('/v2/x', b'', 'GET'), b'HTTP/1.1 404'),
    ('path upwards', post('/../../etc/passwd', b'', 'GET'), b'HTTP/1.1 404'),
    ('NUL in the path', b'GET /v1/status\x00/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', None),
    ('not an alarm', post('/v1/alarms/W/acknowledge', b'{}'), b'HTTP/1.1 404'),
    ('an alarm of nobody', post('/v1/alarms/W20260101-001/acknowledge', b'{}'), b'HTTP/1.1 404'),
    ('body not JSON', post('/v1/alarms/W20260101-001/close', b'\xff{'), b'HTTP/1.1 400'),
    ('body nested deep', post('/v1/alarms/W20260101-001/close', b'[' * 16000), b'HTTP/1.1 400'),
    ('body of 17 KiB', post('/v1/alarms/W20260101-001/close', b' ' * 17000), b'HTTP/1.1 413'),
    ('body of 8 MB', post('/v1/alarms/W20260101-001/close', b' ' * (8 << 20)), None),
    ('wrong types', post('/v1/alarms/W20260101-001/close', b'{"who":7,"cause":[],"action":{}}'), b'HTTP/1.1 400'),
    ('a parameter that is no text', post('/v1/maintain', b'{"station":"q0","parameter":7,"for":"1h","reason":"x"}'), b'HTTP/1.1 400'),
    ('a span of ages', post('/v1/maintain', b'{"station":"q0","for":"99999999999d","reason":"x"}'), b'HTTP/1.1 400'),
    ('an end in 2199', post('/v1/maintain', b'{"station":"q0","until":"2199-12-31 23:59","reason":"x"}'), b'HTTP/1.1 400'),
    ('an end in 1970', post('/v1/maintain', b'{"station":"q0","until":"1970-01-01 00:00","reason":"x"}'), b'HTTP/1.1 400'),
    ('a reason of 8 KB', post('/v1/shelve', b'{"rule":"tp3","station":"q0","for":"1h","reason":"' + b'x' * 8000 + b'"}'), b'HTTP/1.1 400'),
    ('a profile of nobody', post('/v1/profile', b'{"profile":"x","say":"on","reason":"x"}'), b'HTTP/1.1 404'),
    ('length that lies', b'POST /v1/alarms/W20260101-001/close HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n{}', None),
    ('negative length', b'POST /v1/alarms/W20260101-001/close HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n{}', b'HTTP/1.1 400'),
    ('chunk that lies', b'POST /v1/alarms/W20260101-001/close HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{}', None),
]


def declare(name, data, begins):
    @fault(name, f'sends {data[:50]!r}', '', 'the daemon answers the next one at once')
    def test(ground):
        reply = ask(ground, data)
        must(begins is None or reply.startswith(begins), f'answered {reply[:80]!r}')
        began = time.monotonic()
        must(ground.status(), 'no answer to wqctl afterwards')
        must(time.monotonic() - began < 3, 'wqctl was answered late')
        ground.send()
        ground.settle()


for row in ATTACKS:
    declare(*row)


@fault('200 connections', 'holds 200 connections that say nothing, sampling on', 'too many ask at once|hung up',
       'readings and alarms meanwhile; wqctl again when they are gone')
def many(ground):
    held = []
    for _ in range(200):
        try:
            s = socket.socket(socket.AF_UNIX)
            s.setblocking(False)
            s.connect(ground.path('wqd.sock'))
            held.append(s)
        except OSError:
            pass
    alarms = len(ground.query("SELECT 1 FROM change"))
    ground.send(0.5)
    until('the alarm in spite of them', lambda: len(ground.query("SELECT 1 FROM change")) > alarms, 5)
    ground.send(0.1)
    ground.settle(5)
    refused = ground.ctl('status', '--socket', ground.path('wqd.sock'))
    must(refused.returncode == 3, f'wqctl ended with {refused.returncode}, expected 3: the daemon does not answer')
    for s in held:
        s.close()
    until('an answer when they are gone', ground.status, 15)
    return refused.stderr.decode()


@fault('slow-loris', 'sends headers on 40 connections, a byte a second', '', 'wqctl is answered within 25 s, readings at once')
def slow_loris(ground):
    stop = threading.Event()

    def drip():
        try:
            s = connect(ground)
            for byte in b'GET /v1/status HTTP/1.1\r\nX-Slow: ' + b'y' * 100:
                s.sendall(bytes([byte]))
                if stop.wait(1):
                    return
        except OSError:
            pass
    threads = [threading.Thread(target=drip, daemon=True) for _ in range(40)]
    for t in threads:
        t.start()
    ground.send(0.5)
    ground.settle(5)
    ground.send(0.1)
    try:
        until('an answer to wqctl while they drip', ground.status, 25)
    finally:
        stop.set()
        for t in threads:
            t.join()
    until('an answer afterwards', ground.status, 15)


@fault('half a request, then gone', 'a hundred clients hang up in the middle of a body', '', 'descriptors are given back')
def half(ground):
    before = len(os.listdir(f'/proc/{ground.wqd.pid}/fd'))
    for _ in range(100):
        try:
            s = connect(ground)
            s.sendall(b'POST /v1/alarms/W20260101-001/close HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n{"cause":')
            s.close()
        except (BrokenPipeError, BlockingIOError):
            pass  # more than it serves at once
    until('descriptors to come back', lambda: len(os.listdir(f'/proc/{ground.wqd.pid}/fd')) <= before + 2, 15)


@fault('acknowledged by 30 at once', 'thirty clients acknowledge one alarm at the same time', '',
       'it is acknowledged once, the others are told so')
def thirty(ground):
    ground.send(0.5)
    name = until('the alarm', lambda: ground.get('/v1/alarms')['alarms'])[0]['alarm']
    replies = []

    def acknowledge():
        replies.append(ask(ground, post(f'/v1/alarms/{name}/acknowledge', b'{"note":"x"}'))[:12])
    threads = [threading.Thread(target=acknowledge) for _ in range(30)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    done = replies.count(b'HTTP/1.1 200')
    changes = ground.query("SELECT count(*) FROM v_alarm WHERE alarm=? AND change='acknowledged'", name)[0][0]
    must(changes == 1, f'{changes} acknowledgements stored, answers {sorted(set(replies))}')
    must(done == 1, f'{done} of 30 were told that it is done')
    ground.send(0.1)


@fault('socket in use', 'starts a second wqd with another history on the same socket', 'another daemon serves it',
       'the first one answers on')
def in_use(ground):
    ground.configure(change=lambda t: t.replace('wqd.db', 'other.db').replace('client_id = "wqd"', 'client_id = "wqd2"'))
    second = subprocess.run([ground.bin('wqd'), '--config', ground.path('wqd.conf')], capture_output=True, timeout=30)
    ground.configure()
    must(second.returncode == 1, f'the second ended with {second.returncode}')
    ground.alive()
    return second.stderr.decode()


@fault('something else of that name', 'starts a second wqd whose socket path is a file', 'there is something else of that name',
       'the file stays as it is')
def file_there(ground):
    with open(ground.path('file'), 'w') as f:
        f.write('precious')
    ground.configure(change=lambda t: t.replace('wqd.db', 'other.db').replace('wqd.sock', 'file'))
    second = subprocess.run([ground.bin('wqd'), '--config', ground.path('wqd.conf')], capture_output=True, timeout=30)
    ground.configure()
    must(second.returncode == 1, f'the second ended with {second.returncode}')
    must(ground.read('file') == 'precious', 'the file was changed')
    return second.stderr.decode()


@fault('socket file removed', 'removes the socket file while it runs, then kill -9 and starts again', '', 'answers again after the start')
def removed(ground):
    os.remove(ground.path('wqd.sock'))
    ground.send()
    ground.settle()
    ground.kill()
    ground.daemon()


if __name__ == '__main__':
    plant = Ground()
    plant.daemon()
    run(plant)
