# SPDX-License-Identifier: Apache-2.0
"""Webhooks that misbehave, all at once: one contact a fault, one alarm for all of them. None may hold up another; what
each does is recorded in words that help; when it is mended every notice reaches it, in order, under its first id."""
import json, sys, time
from fault import Ground, fault, must, run, until
from peers import Hook, answer, read_request, reset


def dead(hook, c):
    reset(c)


def hang(hook, c):
    hook.hold(c)


def status(line, *lines, body=b''):
    def spoil(hook, c):
        read_request(c)
        c.sendall(answer(line, *lines, body=body))
    return spoil


def closes(hook, c):
    read_request(c)


def half(hook, c):
    read_request(c)
    c.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf')


def garbage(hook, c):
    read_request(c)
    c.sendall(bytes(range(256)) * 10)


def huge(hook, c):
    read_request(c)
    c.sendall(b'HTTP/1.1 500 Oh\r\nContent-Length: 104857600\r\n\r\n')
    try:
        for _ in range(1600):
            c.sendall(b'x' * 65536)
    finally:
        hook.stopped_after = True


def endless_header(hook, c):
    read_request(c)
    c.sendall(b'HTTP/1.1 200 OK\r\n')
    while not hook.stopped.is_set():
        c.sendall(b'X-Pad: ' + b'y' * 8000 + b'\r\n')


def drip(hook, c):
    read_request(c)
    for byte in b'HTTP/1.1 200 OK\r\nX-Slow: ' + b'z' * 1000:
        c.sendall(bytes([byte]))
        if hook.stopped.wait(0.5):
            return


PORTAL = b'<html><head><title>Welcome</title></head><body>Please log in to the WLAN</body></html>'

# name, what it does, what the record of the attempt must say, whether it comes right within this test's patience
WEBHOOKS = [
    ('resets', dead, r'no answer: .*(reset|Recv failure|failure)', True),
    ('hangs', hang, r'no answer: .*timed out', True),
    ('closes', closes, r'no answer: .*(Empty reply|nothing)', True),
    ('half', half, r'no answer: .*(transfer closed|partial|closed with)', True),
    ('garbage', garbage, r'no answer: .*(HTTP/0\.9|unsupported|Unsupported)', True),
    ('e500', status('500 Oh', body=b'x'), r'HTTP 500: the endpoint failed', True),
    ('e503', status('503 Busy', 'Retry-After: 2'), r'HTTP 503: ', True),
    ('e429', status('429 Slow', 'Retry-After: 2'), r'HTTP 429: told to slow down', True),
    ('e429date', status('429 Slow', 'Retry-After: yesterday'), r'HTTP 429: told to slow down', False),
    ('e429year', status('429 Slow', 'Retry-After: 31536000'), r'HTTP 429: told to slow down', False),
    ('e301', status('301 Moved', 'Location: http://127.0.0.1:9/'), r'HTTP 301: a redirect, which is never followed', False),
    ('e302file', status('302 Found', 'Location: file:///etc/passwd'), r'HTTP 302: a redirect, which is never followed', False),
    ('e401', status('401 No'), r'HTTP 401: signature refused', False),
    ('e404', status('404 No'), r'HTTP 404: no such endpoint', False),
    ('e999', status('999 What'), r'HTTP 999: not an answer by HTTP|not HTTP|no answer', True),
    ('huge', huge, r'HTTP 500: the endpoint failed', True),
    ('header', endless_header, r'no answer: .*(header|Header|too large|Too large|timed out)', True),
    ('drip', drip, r'no answer: .*timed out', True),
    ('portal', status('200 OK', 'Content-Type: text/html; charset=utf-8', body=PORTAL), r'HTTP 200: .*(HTML|page|not taken|unexpected)', True),
]


def prepare():
    ground = Ground()
    ground.hooks = {name: Hook(spoil) for name, spoil, _, _ in WEBHOOKS}
    refusing = Hook(dead)
    refusing.stop()  # nobody listens there
    ports = {name: hook.port for name, hook in ground.hooks.items()} | {'refuses': refusing.port}
    extra = ''.join(f'webhook "{n}" {{ url = "http://127.0.0.1:{p}/x?token=s3cret" secret = "credential:hook" timeout = "2s" }}\n'
                    f'contact "{n}" {{ name = "{n}" channels = {{ "{n}" }} }}\n' for n, p in ports.items())
    extra += 'contact "two" { name = "two" channels = { "hangs", "hook" } }\n'
    names = ', '.join(f'"{n}"' for n in [*ports, 'two'])
    extra += f'group "spoilt" {{ name = "spoilt" members = {{ {names} }} }}\nroute "spoilt" {{ lead = "spoilt" min_level = "info" }}\n'
    ground.configure(extra=extra)
    ground.daemon()
    began = time.monotonic()
    ground.send(0.5)
    until('the healthy webhook told', lambda: len(ground.told_ids()) >= 2)
    ground.healthy = time.monotonic() - began
    return ground


@fault('a healthy one beside twenty spoilt ones', 'opens an alarm that all of them are to hear of', '', 'it is told at once')
def healthy(ground):
    must(ground.healthy < 3, f'told after {ground.healthy:.1f} s')
    ground.alive()


def attempts(ground, channel):
    return ground.query('SELECT d.text, d.done FROM delivery d WHERE d.channel=? ORDER BY d.seq', channel)


def declare(name, says):
    @fault(name, 'see the function of that name', says, 'the notice waits')
    def test(ground):
        rows = until('an attempt', lambda: attempts(ground, name), 15)
        must(all(not done for _, done in rows), f'given up or held for told: {rows}')
        must(not any('s3cret' in text for text, _ in rows), 'the address with its token is in the record')
        return '\n'.join(text for text, _ in rows)


for row in WEBHOOKS:
    declare(row[0], row[2])
declare('refuses', r'no answer: .*(refused|connect)')


@fault('a second channel', 'the contact "two" has a webhook that hangs and one that works', '', 'told by the other one')
def second_channel(ground):
    until('the contact told by its second channel', lambda: any(
        row['body']['data']['contact'] in ('two', {'id': 'two'}) or 'two' in str(row['body']['data']['contact'])
        for row in ground.told()), 40)


@fault('no secret in the log', 'looks for the token of the addresses', '', 'it is nowhere')
def no_token(ground):
    must('s3cret' not in ground.log(), 'it is in the log')


@fault('mended', 'all of them work again; the alarm clears', '', 'every notice is delivered, in order, once, under its first id')
def mended(ground):
    for hook in ground.hooks.values():
        hook.mend()
    ground.send(0.1)
    ground.settle()
    left = {n for n, _, _, soon in WEBHOOKS if soon}

    def done():
        for name in list(left):
            expected = [i for (i,) in ground.query('SELECT id FROM notice WHERE contact=? ORDER BY seq', name)]
            if [i for i, _ in ground.hooks[name].told] == expected and len(expected) == 2:
                left.discard(name)
        return not left
    try:
        until('all to be told', done, 50)
    except Exception:
        must(False, f'not told, twice told or out of order: {[(n, ground.hooks[n].told and [i for i, _ in ground.hooks[n].told]) for n in left]}')


if __name__ == '__main__':
    run(prepare())
