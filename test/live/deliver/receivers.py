# SPDX-License-Identifier: Apache-2.0
"""Receivers that are ill by chance: they time out, answer too late, answer 500 or 429, say an error in a body of status 200, or
trickle the answer byte by byte. They log what came, and what they answered, before they answer it."""
import json, os, random, sys, threading, time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, '..', 'wqd'), os.path.join(HERE, '..', 'faults')]
from peers import Server, answer, reset  # noqa: E402

ILL = ('hang', 'late', 'reset', 'fails', 'busy', 'error in 200', 'trickle', 'page')
FINE = b'{"errcode":0,"errmsg":"ok"}'


def read_request(connection):
    """The path, the headers in lower case, the body."""
    data = b''
    while b'\r\n\r\n' not in data:
        piece = connection.recv(65536)
        if not piece:
            return None
        data += piece
    head, body = data.split(b'\r\n\r\n', 1)
    lines = head.decode('latin1').split('\r\n')
    headers = dict((k.strip().lower(), v.strip()) for k, v in (line.split(':', 1) for line in lines[1:]))
    while len(body) < int(headers.get('content-length', 0)):
        piece = connection.recv(65536)
        if not piece:
            return None
        body += piece
    return lines[0].split()[1], headers, body


class Request:
    """One request: when it came, by which channel, whose notice it is, and whether the sender was told that it was taken."""

    def __init__(self, channel, headers, body):
        self.at, self.channel, self.taken, self.way = time.time(), channel, False, 'well'
        message = json.loads(body)
        self.id = headers.get('webhook-id')
        self.text = message['text']['content'] if 'text' in message else message['data']['text']
        self.data = message.get('data')


class Receivers(Server):
    """One server for all channels: /NAME is the channel NAME. ill: the share of requests that it does not answer well."""

    def __init__(self, seed, ill=0.4, port=0):
        self.random, self.ill, self.lock = random.Random(seed), ill, threading.Lock()
        self.requests, self.problems = [], []
        super().__init__(Receivers._turn, port)

    def _way(self):
        with self.lock:
            return self.random.choice(ILL) if self.random.random() < self.ill else 'well'

    def _turn(self, connection):
        came = read_request(connection)
        if came is None:
            return
        try:
            request = Request(came[0].split('/')[1], came[1], came[2])
        except (ValueError, KeyError, IndexError) as problem:
            self.problems.append(f'{problem!r}: {came[0]} {came[2][:200]!r}')
            return
        request.way = self._way()
        with self.lock:
            self.requests.append(request)
        getattr(self, request.way.replace(' ', '_'))(connection, request)

    def _take(self, request):
        # Noted before it is said: what is said may be read at once.
        with self.lock:
            request.taken = True

    def well(self, connection, request):
        self._take(request)
        connection.sendall(answer('200 OK', body=FINE))

    def hang(self, connection, request):
        self.hold(connection)

    def late(self, connection, request):
        self.stopped.wait(1.3)  # the channels wait for 1 s
        connection.sendall(answer('200 OK', body=FINE))

    def reset(self, connection, request):
        reset(connection)

    def fails(self, connection, request):
        connection.sendall(answer('500 Internal Server Error'))

    def busy(self, connection, request):
        connection.sendall(answer('429 Too Many Requests', 'Retry-After: 1'))

    def error_in_200(self, connection, request):
        if request.channel == 'ding':
            connection.sendall(answer('200 OK', body=b'{"errcode":-1,"errmsg":"system busy"}'))
        else:
            self.page(connection, request)  # a webhook has no errors in its body, but there are login pages

    def page(self, connection, request):
        connection.sendall(answer('200 OK', body=b'<!DOCTYPE html><html>Please log in</html>'))

    def trickle(self, connection, request):
        for byte in answer('200 OK', body=FINE):
            if self.stopped.wait(0.05):
                return
            connection.sendall(bytes([byte]))
