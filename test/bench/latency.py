#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How soon a receiver hears of an alarm when others hang.

    cmake --build build && WQ_BIN=build/bin test/bench/latency.py [--alarms N]

Ten webhooks on loopback, three of which take connections and never answer. A broker of our own hands wqd one reading after the
other, each of which opens or clears an alarm, and its PUBACK (durable receipt) says when that was committed. Measured are
reading -> first byte and committed -> first byte at the seven that work. Beside it, in the same run, the Prometheus Alertmanager
(Debian's prometheus-alertmanager) with ten such webhooks: alert posted -> first byte, and taken (answered 200) -> first byte.
Nothing is asserted."""
import argparse, collections, http.client, json, os, selectors, shutil, socket, struct, sys, threading, time
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, '..', 'live', 'wqd'), os.path.join(HERE, '..', 'live', 'faults')]
from plant import Plant, free_port, wait_until
from peers import Broker, publication

WELL, HUNG = 7, 3
PAUSE = 0.12  # s between two readings, more than what one needs


class Endpoints(threading.Thread):
    """All receivers on one thread; those that hang accept and read, and answer nothing. first: (which, what it is about) -> when
    its first byte came."""

    def __init__(self, about):
        super().__init__(daemon=True)
        self.about, self.first, self.selector = about, {}, selectors.DefaultSelector()
        self.ports = []
        for i in range(WELL + HUNG):
            listener = socket.create_server(('127.0.0.1', 0), backlog=64)
            listener.setblocking(False)
            self.ports.append(listener.getsockname()[1])
            self.selector.register(listener, selectors.EVENT_READ, (i, None))
        self.start()

    def run(self):
        while True:
            for key, _ in self.selector.select():
                which, state = key.data
                if state is None:
                    connection, _ = key.fileobj.accept()
                    connection.setblocking(False)
                    self.selector.register(connection, selectors.EVENT_READ, (which, {'at': None, 'data': b''}))
                else:
                    self.read(key.fileobj, which, state)

    def read(self, connection, which, state):
        now = time.monotonic()
        try:
            piece = connection.recv(65536)
        except OSError:
            piece = b''
        if not piece:
            self.selector.unregister(connection)
            connection.close()
            return
        state['at'] = state['at'] or now
        state['data'] += piece
        head, _, body = state['data'].partition(b'\r\n\r\n')
        length = next((int(l.split(b':')[1]) for l in head.split(b'\r\n') if l.lower().startswith(b'content-length')), None)
        if length is None or len(body) < length:
            return
        if which < WELL:
            connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
            for what in self.about(json.loads(body)):
                self.first.setdefault((which, what), state['at'])
        state.update(at=None, data=b'')


class Source(Broker):
    """A broker that publishes what it is told to, and notes when it was acknowledged."""

    def __init__(self):
        self.subscribed, self.connection = threading.Event(), None
        self.sent, self.committed = {}, {}
        super().__init__(Source._subscribed)

    def _subscribed(self, connection):
        self.connection = connection
        self.subscribed.set()

    @staticmethod
    def _packet(connection):
        kind, body = Broker._packet(connection)
        if kind == 4:
            source.committed[struct.unpack('>H', body[:2])[0]] = time.monotonic()
        return kind, body

    def publish(self, number, payload):
        self.sent[number] = time.monotonic()
        self.connection.sendall(publication(b'wq/s0', payload, number))


def configure(plant, endpoints):
    text = plant.head().split('webhook "hook"')[0]
    for i, port in enumerate(endpoints.ports):
        text += f'webhook "hook{i}" {{ url = "http://127.0.0.1:{port}/" secret = "credential:hook" jitter = "0s" jitter_alarm = "0s" }}\n'
        text += f'contact "c{i}" {{ name = "{i}" channels = {{ "hook{i}" }} }}\n'
    text += 'group "all" { name = "all" members = { ' + ', '.join(f'"c{i}"' for i in range(WELL + HUNG)) + ' } }\n'
    text += f'''route "all" {{ min_level = "info" lead = "all" escalate_after = "0" }}
mqtt "broker" {{ broker = "tcp://127.0.0.1:{source.port}" topic = "wq/{{station}}" client_id = "wqd" receipt = "durable" }}
station "s0" {{ kind = "national" cycle = "0" interval = "1h" late_after = "1d"
  point "tp" {{ bus = "broker" unit = "mg/L" }} }}
limit "tp" {{ parameters = {{ "tp" }} above = 0.2 readings = 1 first_level = "alarm" level = "alarm" clear_readings = 1 }}
'''
    with open(plant.path('wqd.conf'), 'w') as f:
        f.write(text)


def tell(what, spans, of):
    spans = sorted(1000 * s for s in spans)
    if not spans:
        print(f'  {what}: nothing came')
        return
    at = lambda share: spans[min(len(spans) - 1, int(len(spans) * share))]
    print(f'  {what}: p50 {at(.5):.1f}, p99 {at(.99):.1f}, max {spans[-1]:.1f} ms; {len(spans)} of {of} came')


def measure_wqd(count):
    plant = Plant()
    stamps = {}
    endpoints = Endpoints(lambda body: [body['data']['time']])
    configure(plant, endpoints)
    plant.daemon()
    source.subscribed.wait(20)
    begin = int(time.time()) - count - 10
    for i in range(1, count + 1):
        at = begin + i
        stamps[i] = time.strftime('%Y-%m-%dT%H:%M:%S+08:00', time.gmtime(at + 28800))
        source.publish(i, json.dumps({'time': at * 1000, 'tp': 0.9 if i % 2 else 0.1}).encode())
        time.sleep(PAUSE)
    time.sleep(2)
    rows = [(endpoints.first[w, stamps[i]], source.sent[i], source.committed.get(i)) for i in stamps for w in range(WELL)
            if (w, stamps[i]) in endpoints.first]
    print(f'wqd, {count} changes of an alarm to ten webhooks, three of which hang')
    tell('committed -> first byte', [max(0.0, came - done) for came, _, done in rows if done], count * WELL)
    tell('reading -> first byte', [came - sent for came, sent, _ in rows], count * WELL)
    tell('reading -> committed', [source.committed[i] - source.sent[i] for i in source.committed], count)
    states = collections.Counter(plant.query('SELECT contact, state FROM notice'))
    print('  of the hung ones', sum(n for (c, s), n in states.items() if s == 0), 'notices wait')
    plant.kill(15)
    plant.close()


def measure_alertmanager(count):
    program = shutil.which('prometheus-alertmanager')
    if program is None:
        print('NO REFERENCE: prometheus-alertmanager is not installed')
        return
    plant = Plant()
    endpoints = Endpoints(lambda body: [a['labels']['id'] for a in body['alerts']])
    hooks = ''.join(f'      - url: http://127.0.0.1:{p}/\n        send_resolved: false\n' for p in endpoints.ports)
    with open(plant.path('am.yml'), 'w') as f:
        f.write('route:\n  receiver: all\n  group_by: [id]\n  group_wait: 0s\n  group_interval: 5m\n  repeat_interval: 4h\n'
                f'receivers:\n  - name: all\n    webhook_configs:\n{hooks}')
    port = free_port()
    plant.start('am', program, f'--config.file={plant.path("am.yml")}', f'--storage.path={plant.path("am")}',
                f'--web.listen-address=127.0.0.1:{port}', '--cluster.listen-address=')
    wait_until('Alertmanager', lambda: ready(port))
    connection = http.client.HTTPConnection('127.0.0.1', port)
    sent, taken = {}, {}
    for i in range(1, count + 1):
        body = json.dumps([{'labels': {'alertname': 'tp', 'id': str(i)}, 'annotations': {'text': '总磷' * 60}}])
        sent[i] = time.monotonic()
        connection.request('POST', '/api/v2/alerts', body, {'Content-Type': 'application/json'})
        response = connection.getresponse()
        response.read()
        taken[i] = time.monotonic()
        assert response.status == 200, response.status
        time.sleep(PAUSE)
    time.sleep(2)
    rows = [(endpoints.first[w, str(i)], sent[i], taken[i]) for i in sent for w in range(WELL) if (w, str(i)) in endpoints.first]
    print(f'Alertmanager, {count} alerts, likewise, group_wait 0s')
    tell('taken -> first byte', [max(0.0, came - done) for came, _, done in rows], count * WELL)
    tell('alert -> first byte', [came - begun for came, begun, _ in rows], count * WELL)
    plant.close()


def ready(port):
    try:
        connection = http.client.HTTPConnection('127.0.0.1', port, timeout=1)
        connection.request('GET', '/-/ready')
        return connection.getresponse().status == 200
    except OSError:
        return False


arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
arguments.add_argument('--alarms', type=int, default=400)
wanted = arguments.parse_args()
sys.setswitchinterval(0.0005)
source = Source()
measure_wqd(wanted.alarms)
measure_alertmanager(wanted.alarms)
print('load', *os.getloadavg())
