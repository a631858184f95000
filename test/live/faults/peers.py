# SPDX-License-Identifier: Apache-2.0
"""Peers that misbehave on purpose, and a publisher that can send any bytes: a broker, a webhook, a Modbus slave."""
import socket, struct, threading, time


def packet(kind, body):
    """An MQTT packet: its first byte, the length in its own coding, the body."""
    length, coded = len(body), b''
    while True:
        length, digit = length // 128, length % 128
        coded += bytes([digit | (128 if length else 0)])
        if not length:
            return bytes([kind]) + coded + body


def text(value):
    raw = value if isinstance(value, bytes) else value.encode()
    return struct.pack('>H', len(raw)) + raw


class Publisher:
    """MQTT 3.1.1, QoS 1, one message after the other: publish() returns when the broker has it."""

    def __init__(self, port, name='publisher'):
        self.socket = socket.create_connection(('127.0.0.1', port), timeout=10)
        self.number = 0
        self.socket.sendall(packet(0x10, text('MQTT') + b'\x04\x02\x00\x00' + text(name)))
        if self._read(4)[3] != 0:
            raise OSError('the broker refuses the publisher')

    def _read(self, count):
        data = b''
        while len(data) < count:
            piece = self.socket.recv(count - len(data))
            if not piece:
                raise OSError('the broker hung up')
            data += piece
        return data

    def publish(self, topic, payload, retain=False):
        self.number = self.number % 65535 + 1
        body = text(topic) + struct.pack('>H', self.number) + (payload if isinstance(payload, bytes) else payload.encode())
        self.socket.sendall(packet(0x33 if retain else 0x32, body))
        self._read(4)

    def close(self):
        self.socket.close()


class Server:
    """Listens on loopback and lets behave(connection) have each connection, in a thread of its own."""

    def __init__(self, behave, port=0):
        self.behave, self.served, self.open = behave, 0, []
        self.stopped = threading.Event()
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(('127.0.0.1', port))
        self.listener.listen(64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while not self.stopped.is_set():
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.served += 1
            self.open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            connection.settimeout(60)
            self.behave(self, connection)
        except OSError:
            pass
        finally:
            connection.close()

    def hold(self, connection):
        """Answers nothing until the other side or the test ends."""
        while not self.stopped.is_set():
            connection.settimeout(0.5)
            try:
                if not connection.recv(65536):
                    return
            except TimeoutError:
                pass

    def stop(self):
        self.stopped.set()
        self.listener.close()
        for connection in self.open:
            connection.close()


def reset(connection):
    """Closes with a RST instead of an orderly end."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    connection.close()


def read_request(connection):
    """One HTTP request, whole; its headers in lower case."""
    data = b''
    while b'\r\n\r\n' not in data:
        piece = connection.recv(65536)
        if not piece:
            return None, b''
        data += piece
    head, body = data.split(b'\r\n\r\n', 1)
    headers = dict((k.strip().lower(), v.strip()) for k, v in
                   (line.split(':', 1) for line in head.decode('latin1').split('\r\n')[1:]))
    while len(body) < int(headers.get('content-length', 0)):
        body += connection.recv(65536)
    return headers, body


def answer(status, *lines, body=b''):
    head = [f'HTTP/1.1 {status}', f'Content-Length: {len(body)}', 'Connection: close', *lines]
    return '\r\n'.join(head).encode() + b'\r\n\r\n' + body


class Hook(Server):
    """A webhook that misbehaves until mended: mend() makes it answer 204 and note what it was told."""

    def __init__(self, spoil, port=0):
        self.spoil, self.mended, self.told = spoil, False, []
        super().__init__(Hook._turn, port)

    def _turn(self, connection):
        if not self.mended:
            self.spoil(self, connection)
            return
        headers, body = read_request(connection)
        if headers is not None:
            self.told.append((headers.get('webhook-id'), body))
            connection.sendall(answer('204 No Content'))

    def mend(self):
        self.mended = True


class Broker(Server):
    """A broker that knows just enough to be believed: CONNACK, SUBACK, PINGRESP; then after(connection)."""

    def __init__(self, after=None, greet=True, port=0):
        self.after, self.greet, self.acknowledged = after, greet, []
        super().__init__(Broker._turn, port)

    @staticmethod
    def _packet(connection):
        kind, length, shift = connection.recv(1), 0, 0
        if not kind:
            raise OSError('hung up')
        while True:
            digit = connection.recv(1)[0]
            length |= (digit & 127) << shift
            shift += 7
            if digit < 128:
                break
        body = b''
        while len(body) < length:
            body += connection.recv(length - len(body))
        return kind[0] >> 4, body

    def _turn(self, connection):
        if not self.greet:
            self.hold(connection)
            return
        while True:
            kind, body = self._packet(connection)
            if kind == 1:
                connection.sendall(packet(0x20, b'\x00\x00'))
            elif kind == 8:
                connection.sendall(packet(0x90, body[:2] + b'\x01'))
                if self.after:
                    self.after(self, connection)
            elif kind == 12:
                connection.sendall(packet(0xD0, b''))
            elif kind == 4:
                self.acknowledged.append(struct.unpack('>H', body[:2])[0])
            elif kind == 14:
                return


def publication(topic, payload, number=1):
    return packet(0x32, text(topic) + struct.pack('>H', number) + payload)


class Slave(Server):
    """Modbus TCP: respond(request) gives the bytes of an answer, None for silence, 'reset' for a RST."""

    def __init__(self, respond, port=0):
        self.respond = respond
        super().__init__(Slave._turn, port)

    def _turn(self, connection):
        while True:
            request = connection.recv(260)
            if not request:
                return
            reply = self.respond(request)
            if reply == 'reset':
                reset(connection)
                return
            if reply is None:
                self.hold(connection)
                return
            connection.sendall(reply)


def registers(request, words):
    """The right answer to a request for holding or input registers."""
    first, count = struct.unpack('>HH', request[8:12])
    data = b''.join(struct.pack('>H', words.get(first + i, 0)) for i in range(count))
    return request[:4] + struct.pack('>H', 3 + len(data)) + request[6:8] + bytes([len(data)]) + data


def good(request):
    """The right answer of a slave whose registers 0 and 1 hold 0.125 as float32, high word first."""
    high, low = struct.unpack('>HH', struct.pack('>f', 0.125))
    return registers(request, {0: high, 1: low})
