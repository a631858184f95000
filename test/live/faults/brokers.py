# SPDX-License-Identifier: Apache-2.0
"""The broker absent, restarted, silent, lying, vanishing in the middle of a message; poison that it keeps for ever."""
import json, os, signal, struct, subprocess, time
from fault import Ground, fault, free_port, must, run, until
from peers import Broker, Publisher, packet, publication, reset, text


def mosquitto(ground):
    return next(p for p in ground.running if p.args[0] == 'mosquitto')


def stop_broker(ground):
    process = mosquitto(ground)
    process.terminate()
    process.wait()
    ground.running.remove(process)
    ground.publisher = None


def start_broker(ground):
    ground.start('mosquitto', 'mosquitto', '-c', ground.path('mosquitto.conf'))

    def listens():
        try:
            Publisher(ground.mqtt_port, 'probe').close()
            return True
        except OSError:
            return False
    until('the broker', listens)


def link(ground, bus='broker'):
    return next(b for b in ground.status()['buses'] if b['name'] == bus)


def point_at(ground, port):
    ground.configure(change=lambda t: t.replace(f'127.0.0.1:{ground.mqtt_port}"', f'127.0.0.1:{port}"'))


@fault('absent at start', 'starts wqd without a broker, starts the broker 3 s later', r'bus broker: link: .*no connection', 'connected within 6 s of its return')
def absent(ground):
    stop_broker(ground)
    ground.daemon(linked=False)
    time.sleep(3)
    start_broker(ground)
    ground.linked(8)
    ground.send(0.5)
    ground.settle()
    ground.all_told()


@fault('restarted', 'restarts the broker twice, readings in between', r'connection to the broker was lost.*serves again', 'readings from the reconnect on')
def restarted(ground):
    ground.daemon()
    for _ in range(2):
        ground.send()
        ground.settle()
        stop_broker(ground)
        until('the loss to be seen', lambda: link(ground)['state'] == 'down')
        start_broker(ground)
        ground.linked(20)
    ground.send()
    ground.settle()


@fault('frozen', 'SIGSTOP of the broker for 6 s', '', 'readings before and after')
def frozen(ground):
    ground.daemon()
    ground.send()
    mosquitto(ground).send_signal(signal.SIGSTOP)
    time.sleep(6)
    ground.alive()
    mosquitto(ground).send_signal(signal.SIGCONT)
    ground.linked(20)
    ground.send()
    ground.settle()


@fault('silent', 'a broker that takes connections and says nothing; SIGTERM', r'no connection: refused, unreachable, silent for 5 s', 'ends within 15 s of SIGTERM')
def silent(ground):
    mute = Broker(greet=False)
    point_at(ground, mute.port)
    ground.daemon(linked=False)
    ground.says('silent for 5 s', 12)
    ground.alive()
    began = time.monotonic()
    code = ground.kill(signal.SIGTERM)
    must(code == 0 and time.monotonic() - began < 15, f'ended with {code} after {time.monotonic() - began:.0f} s')
    mute.stop()


def deals(name, does, says, after, keeps='the daemon lives; true messages of the same connection are stored', settle=True):
    @fault(name, does, says, keeps)
    def test(ground):
        broker = Broker(lambda b, c: after(ground, b, c))
        point_at(ground, broker.port)
        ground.daemon(linked=False)
        if settle:
            until('the true reading', lambda: ground.query("SELECT 1 FROM v_sample WHERE value=0.125"), 20)
        else:
            until('three attempts', lambda: broker.served >= 3, 30)
        ground.alive()
        broker.stop()
    return test


def true_reading(number=7):
    return publication('wq/q0', json.dumps({'time': int(time.time() * 1000), 'tp': 0.125}).encode(), number)


def mid_message(ground, broker, c):
    if broker.served == 1:
        c.sendall(true_reading()[:25])
        reset(c)
    else:
        c.sendall(true_reading())


def length_lies(ground, broker, c):
    if broker.served == 1:
        c.sendall(b'\x32\x10' + text('wq/q0') * 50)
    else:
        c.sendall(true_reading())


def huge_length(ground, broker, c):
    if broker.served == 1:
        c.sendall(b'\x32\xff\xff\xff\x7f' + text('wq/q0') + bytes(100000))
        time.sleep(1)
        reset(c)
    else:
        c.sendall(true_reading())


def endless_length(ground, broker, c):
    if broker.served == 1:
        c.sendall(b'\x32' + b'\xff' * 20)
        time.sleep(1)
        reset(c)
    else:
        c.sendall(true_reading())


def topic_lies(ground, broker, c):
    if broker.served == 1:
        c.sendall(packet(0x32, struct.pack('>H', 60000) + b'wq/q0' + b'\x00\x01{}'))
        time.sleep(1)
        reset(c)
    else:
        c.sendall(true_reading())


def hostile_topics(ground, broker, c):
    for i, topic in enumerate((b'', b'wq', b'wq/', b'wq/q0/x', b'wq/+', b'wq/#', b'wq/q0\x00', b'\xff\xfe/q0', b'wq/' + b'q' * 60000)):
        c.sendall(packet(0x32, text(topic) + struct.pack('>H', 100 + i) + b'{"tp":9}'))
    c.sendall(true_reading())


def same_id(ground, broker, c):
    for _ in range(3):
        c.sendall(true_reading())


def qos2(ground, broker, c):
    c.sendall(packet(0x34, true_reading()[2:]))
    c.sendall(true_reading(8))


def packets_out_of_turn(ground, broker, c):
    if broker.served == 1:
        c.sendall(packet(0x20, b'\x00\x00') + packet(0x40, b'\x00\x63') + packet(0x90, b'\x00\x63\x01') + packet(0xF0, b'x') + b'\x00\x00')
        time.sleep(1)
        reset(c)
    else:
        c.sendall(true_reading())


deals('vanishes in mid-message', 'half a PUBLISH, then RST; whole the next time', 'connection to the broker was lost|no answer to the subscription', mid_message)
deals('length that lies', 'a PUBLISH longer than its length', '', length_lies)
deals('length of 256 MB', 'a PUBLISH that announces 268435455 bytes', '', huge_length)
deals('length without end', 'twenty bytes of length', '', endless_length)
deals('topic longer than the packet', 'a topic length of 60000 in a short packet', '', topic_lies)
deals('hostile topics', 'empty, wildcards, NUL, not UTF-8, 60 kB', 'refused', hostile_topics)
deals('one message three times', 'the same packet id thrice', '', same_id)
deals('QoS 2', 'a PUBLISH with QoS 2 though QoS 1 was granted', '', qos2)
deals('packets out of turn', 'CONNACK, PUBACK, SUBACK and AUTH unasked', '', packets_out_of_turn)
deals('closes after SUBACK', 'hangs up as soon as it has granted the subscription', 'connection to the broker was lost|no answer to the subscription',
      lambda ground, broker, c: reset(c), 'no hammering, no flood of log', settle=False)


@fault('refuses', 'CONNACK 5, not authorised', 'does not authorise this client', 'asked again ever more rarely')
def refuses(ground):
    broker = Broker()
    broker._turn = None
    broker.behave = lambda b, c: (c.recv(1024), c.sendall(packet(0x20, b'\x00\x05')), b.hold(c))
    point_at(ground, broker.port)
    ground.daemon(linked=False)
    ground.says('does not authorise')
    time.sleep(4)
    must(broker.served <= 5, f'{broker.served} connections in 4 s')
    broker.stop()


@fault('not a broker', 'an HTTP server where the broker should be', 'no connection', 'asked again ever more rarely')
def not_a_broker(ground):
    broker = Broker()
    broker.behave = lambda b, c: (c.recv(1024), c.sendall(b'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'))
    point_at(ground, broker.port)
    ground.daemon(linked=False)
    ground.says('no connection', 12)
    broker.stop()


@fault('retained poison', 'retains garbage on our topic, restarts wqd three times', 'refused', 'it is refused each time, true readings are stored')
def poison(ground):
    ground.publish('wq/q0', b'\x00poison' * 100, retain=True)
    for _ in range(3):
        ground.daemon()
        ground.send()
        ground.settle()
        ground.kill(15)
    ground.daemon()


@fault('two of one client_id', 'another client takes our client_id for 3 s', 'connection to the broker was lost', 'what was sent meanwhile is stored afterwards')
def stolen(ground):
    ground.daemon()
    ground.send()
    ground.settle()
    thief = Publisher(ground.mqtt_port, 'wqd')  # a clean session: the broker forgets ours
    time.sleep(0.5)
    thief.close()
    ground.linked(20)
    time.sleep(1)
    ground.send()
    ground.settle()


if __name__ == '__main__':
    run()
