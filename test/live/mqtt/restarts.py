# SPDX-License-Identifier: Apache-2.0
"""The broker restarted under load (SIGTERM, persistence, no limit to its queue): every message that it acknowledged to the
station is stored, and data flow within 5 s of each return. WQ_LONG=1: 100 restarts instead of 6. At the end a kill -9 of the
broker, of which is reported and not promised what it loses. WQ_MQTT_VERSION=5: the same with MQTT 5."""
import datetime, os, random, signal, subprocess, time
from ground import Ground, must, wait_until

ROUNDS = 100 if os.environ.get('WQ_LONG') else int(os.environ.get('WQ_ROUNDS', 6))
VERSION = os.environ.get('WQ_MQTT_VERSION', '3.1.1')
SEED = int(os.environ.get('WQ_SEED', time.time_ns() % 1000000))
RATE = 100
WITHIN = 5.0
random.seed(SEED)
print('seed', SEED, 'rounds', ROUNDS, 'MQTT', VERSION)


class Restarted(Ground):
    def broker(self):
        return next(p for p in self.running if p.args[0] == 'mosquitto')

    def stop_broker(self, how):
        process = self.broker()
        process.send_signal(how)
        process.wait()
        self.running.remove(process)

    def start_broker(self):
        self.start('mosquitto', 'mosquitto', '-c', self.path('mosquitto.conf'))

    def newest(self):
        row = self.query('SELECT max(received) FROM reading')
        return row[0][0] or 0

    def stored(self):
        return {row[0] for row in self.query('SELECT at FROM sample_row WHERE newest=1')}


def acknowledged(ground):
    """Times that the broker acknowledged, ms."""
    times = []
    for line in open(ground.path('acked')):
        if line.endswith('\n'):
            times.append(round(datetime.datetime.fromisoformat(line.strip().split(',')[1]).timestamp() * 1000))
    return times


ground = Restarted('autosave_interval 60\n')
text = open(ground.path('mosquitto.conf')).read().replace('persistence false', f'persistence true\npersistence_location {ground.dir}/')
open(ground.path('mosquitto.conf'), 'w').write(text + 'user root\n')
ground.stop_broker(signal.SIGTERM)
ground.start_broker()
ground.configure(f'version = "{VERSION}"')
ground.daemon()
ground.linked()
length = ROUNDS * 6 + 20
loader = ground.start('load', ground.bin('wqsim'), 'mqtt', '--broker', f'tcp://127.0.0.1:{ground.mqtt_port}', '--topic', 'wq/{station}',
                      '--station', 'q0', '--load', str(RATE * length), '--rate', str(RATE), '--series', '1', '--patience', '60',
                      '--acked', ground.path('acked'))
wait_until('the first readings', lambda: ground.newest() > 0)
took = []
for _ in range(ROUNDS):
    time.sleep(random.uniform(0.3, 2.0))
    ground.stop_broker(signal.SIGTERM)
    time.sleep(random.choice((0, 0.5, 2.5)))
    back = time.time()
    ground.start_broker()
    wait_until('data after the return', lambda: ground.newest() > back * 1000 + 1, 30)
    took.append(time.time() - back)
loader.send_signal(signal.SIGTERM)
loader.wait()
ground.running.remove(loader)
want = acknowledged(ground)
must(len(want) > 100, f'{len(want)} messages acknowledged to the station')
wait_until('every acknowledged message', lambda: set(want) <= ground.stored(), 30)
took.sort()
print(f'{ROUNDS} restarts: {len(want)} messages acknowledged to the station, {len(set(want) - ground.stored())} lost; data again '
      f'after p50 {took[len(took) // 2]:.2f} s, max {took[-1]:.2f} s')
must(took[-1] <= WITHIN, f'data within {WITHIN} s of each return')
must(not ground.ended(), 'wqd lives')

os.remove(ground.path('acked'))
loader = ground.start('load', ground.bin('wqsim'), 'mqtt', '--broker', f'tcp://127.0.0.1:{ground.mqtt_port}', '--topic', 'wq/{station}',
                      '--station', 'q0', '--load', str(RATE * 10), '--rate', str(RATE), '--series', '1', '--patience', '60',
                      '--acked', ground.path('acked'))
time.sleep(2)
ground.stop_broker(signal.SIGKILL)
ground.start_broker()
loader.wait(60)
ground.running.remove(loader)
time.sleep(3)
want = acknowledged(ground)
print(f'kill -9 of the broker, reported and not promised: {len(set(want) - ground.stored())} of {len(want)} lost')
ground.close()
