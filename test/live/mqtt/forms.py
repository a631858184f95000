# SPDX-License-Identifier: Apache-2.0
"""Each preset over a real broker into the store; retained and repeated messages; what stands on the status topic."""
import json, shutil, subprocess, time
from ground import Ground, must, skip, wait_until

if not shutil.which('mosquitto_pub'):
    skip('no mosquitto_pub')
EIGHT = 1772668800000
JUST = int(time.time() * 1000)

FORMS = [
    ('flat', {'time': EIGHT, 'q0': 1}, None),
    ('flat', {'time': EIGHT, 'tp': 0.125, 'ph': 7}, {('q0', 'tp', EIGHT, 0.125), ('q0', 'ph', EIGHT, 7)}),
    ('neuron', {'timestamp': EIGHT, 'node': 'q0', 'group': 'g', 'values': {'tp': 0.125}, 'errors': {'ph': 2014}},
     {('q0', 'tp', EIGHT, 0.125), ('q0', 'ph', EIGHT, None)}),
    ('neuron', {'timestamp': EIGHT, 'node': 'q0', 'group': 'g', 'tags': [{'name': 'tp', 'value': 0.125}, {'name': 'ph', 'error': 3002}]},
     {('q0', 'tp', EIGHT, 0.125), ('q0', 'ph', EIGHT, None)}),
    ('alink', {'id': '1', 'version': '1.0', 'params': {'tp': {'value': 0.125, 'time': EIGHT}}, 'method': 'thing.event.property.post'},
     {('q0', 'tp', EIGHT, 0.125)}),
    ('alink', {'id': '1', 'params': {'properties': {'tp': [{'value': 0.125, 'time': EIGHT}, {'value': 0.25, 'time': EIGHT + 60000}]}}},
     {('q0', 'tp', EIGHT, 0.125), ('q0', 'tp', EIGHT + 60000, 0.25)}),
    ('thingsboard', [{'ts': EIGHT, 'values': {'tp': 0.125}}, {'ts': EIGHT + 60000, 'values': {'tp': 0.25}}],
     {('q0', 'tp', EIGHT, 0.125), ('q0', 'tp', EIGHT + 60000, 0.25)}),
    ('thingsboard-gateway', {'q0': [{'ts': EIGHT, 'values': {'tp': 0.125}}], 'q1': [{'ts': EIGHT, 'values': {'ph': 7}}]},
     {('q0', 'tp', EIGHT, 0.125), ('q1', 'ph', EIGHT, 7)}),
]


def crc(text):
    register = 0xFFFF
    for byte in text.encode():
        register = (register >> 8) ^ byte
        for _ in range(8):
            odd = register & 1
            register >>= 1
            if odd:
                register ^= 0xA001
    return register


def frame(segment):
    return f'##{len(segment):04d}{segment}{crc(segment):04X}\r\n'


FORMS.append(('hj212', frame('QN=20260305080000000;ST=21;CN=2061;PW=123456;MN=q0;Flag=4;CP=&&DataTime=20260305080000;'
                             'w21011-Avg=0.125,w21011-Flag=N;w01001-Avg=7,w01001-Flag=N&&'),
              {('q0', 'tp', EIGHT, 0.125), ('q0', 'ph', EIGHT, 7)}))


def stored(ground):
    return {row[:4] for row in ground.values()}


def form(preset, message, expected, version):
    ground = Ground()
    topic = 'platform/post' if preset in ('neuron', 'thingsboard-gateway', 'hj212') else 'wq/{station}'
    ground.configure(f'preset = "{preset}" version = "{version}"', stations=('q0', 'q1'), topic=topic)
    ground.daemon()
    ground.linked()
    text = message if isinstance(message, str) else json.dumps(message)
    for _ in range(2):  # twice: one reading
        ground.publish(topic.replace('{station}', 'q0'), text)
    if expected is None:
        ground.says('refused')
    else:
        wait_until('the readings', lambda: len(stored(ground)) >= len(expected), 10)
        time.sleep(0.3)
        must(stored(ground) == expected and len(ground.values()) == len(expected), f'{preset}: {ground.values()}')
    ground.close()
    print(f'{preset}, MQTT {version}: as it should be')


def retained():
    """Kept by the broker: with a time it is an old reading, without one it is none."""
    ground = Ground()
    ground.configure('', stations=('q0', 'q1'))
    ground.publish('wq/q0', json.dumps({'time': EIGHT, 'tp': 0.125}), '-r')
    ground.publish('wq/q1', json.dumps({'tp': 0.5}), '-r')
    ground.daemon()
    ground.linked()
    wait_until('the kept reading', lambda: stored(ground) == {('q0', 'tp', EIGHT, 0.125)})
    ground.says('kept by the broker')
    # The same without the mark is a reading of now.
    ground.publish('wq/q1', json.dumps({'tp': 0.5}))
    wait_until('the fresh reading', lambda: len(stored(ground)) == 2)
    at = max(row[2] for row in stored(ground))
    must(abs(at - time.time() * 1000) < 10000, 'the fresh one is of now')
    ground.close()
    print('retained: an old reading stays old, one without a time is refused')


def status(version):
    """online while we are there, offline when we leave, and offline from the broker when we are killed."""
    ground = Ground()
    ground.configure(f'status_topic = "wqd/test/status" version = "{version}" keepalive = "5s"')

    def kept():
        done = subprocess.run(['mosquitto_sub', '-h', '127.0.0.1', '-p', str(ground.mqtt_port), '-t', 'wqd/test/status', '-C', '1', '-W',
                               '2', '-F', '%r %p'], capture_output=True, text=True)
        return done.stdout.strip()
    for how in (15, 9):
        ground.daemon()
        ground.linked()
        wait_until('online', lambda: kept() == '1 online')
        ground.kill(how)
        wait_until('offline', lambda: kept() == '1 offline', 20)
    ground.close()
    print(f'status topic, MQTT {version}: online, offline after SIGTERM and after SIGKILL')


for version in ('3.1.1', '5'):
    for preset, message, expected in FORMS:
        form(preset, message, expected, version)
    status(version)
retained()
