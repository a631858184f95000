# SPDX-License-Identifier: Apache-2.0
"""An MQTT bus, two MQTT uplinks and an MQTT channel in one wqd, while both brokers are stopped, killed, and started again: everything
in the history arrives above, every notice is acknowledged, readings go on. The client library's two threads are there once, and
with nobody's lower priority. WQ_SECONDS: how long (60)."""
import json, os, random, shutil, signal, subprocess, sys, threading, time
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'wqd'))
from plant import Plant, free_port, reachable, skip, wait_until
from receiver import Receiver

SECONDS = int(os.environ.get('WQ_SECONDS', 60))
if not shutil.which('mosquitto_sub'):
    skip('no mosquitto_sub')
plant, port = Plant(), free_port()


class Broker:
    def __init__(self, name, at, process=None):
        self.name, self.port, self.process = name, at, process
        with open(plant.path(name + '.conf'), 'w') as f:
            f.write(f'listener {at} 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location {plant.dir}/\n'
                    f'persistence_file {name}.db\nautosave_interval 1\nmax_queued_messages 0\nuser root\n')

    def start(self):
        self.process = plant.start(self.name, 'mosquitto', '-c', plant.path(self.name + '.conf'))
        wait_until(self.name, lambda: reachable(self.port))

    def stop(self, how):
        self.process.send_signal(how)
        self.process.wait(20)
        plant.running.remove(self.process)


upper = Broker('up', port)
lower = Broker('low', plant.mqtt_port, next(p for p in plant.running if p.args[0] == 'mosquitto'))
lower.stop(signal.SIGTERM)
lower.start()
upper.start()
text = plant.head().replace('channels = { "hook" }', 'channels = { "topic" }', 1)
text += f'mqtt_topic "topic" {{ broker = "mqtt://127.0.0.1:{port}" topic = "out/alarms" allow_plain = true }}\n'
text += 'station "q" { kind = "national"\n  point "tp" { bus = "broker" unit = "mg/L" }\n}\n'
text += 'limit "tp" { parameters = { "tp" } above = 0.5 readings = 1 first_level = "warning" level = "warning" clear_readings = 1 }\n'
for name, more in (('three', 'acknowledge = "topic" committed = "committed"'), ('five', 'version = "5"')):
    text += (f'uplink "{name}" {{ kind = "mqtt" broker = "tcp://127.0.0.1:{port}" client_id = "{name}" topic = "{"up" if name == "three" else "five"}/{{station}}"\n'
             f'  note_topic = "{"up" if name == "three" else "five"}/{{station}}/{{kind}}" patience = "5s" lag_alarm = "0" {more} }}\n')
with open(plant.path('wqd.conf'), 'w') as f:
    f.write(text)
receiver = Receiver(port, plant.path('centre.db'), True)
plant.daemon()
link = lambda: plant.status()['buses'][0]['state'] == 'up'
uplinks = lambda: plant.status()['uplinks']
wait_until('the link', link)
wait_until('the uplinks', lambda: all(u['state'] == 'up' for u in uplinks()))
ending, given = threading.Event(), []


def publish(value):
    return subprocess.run(['mosquitto_pub', '-p', str(plant.mqtt_port), '-q', '1', '-t', 'wq/q', '-m',
                           json.dumps({'time': int(time.time() * 1000), 'tp': value})], capture_output=True, timeout=30).returncode == 0


def station():
    while not ending.wait(0.1):  # the pace of the station
        given.append(publish(0.9 if len(given) // 5 % 2 else 0.01 + len(given) % 7 / 1000))


random.seed(6)
thread = threading.Thread(target=station)
thread.start()
end, restarts = time.monotonic() + SECONDS, 0
while time.monotonic() < end:
    broker = (upper, lower)[restarts % 2]
    ending.wait(random.uniform(1, 4))
    broker.stop((signal.SIGTERM, signal.SIGKILL)[restarts // 2 % 2])
    ending.wait(random.uniform(0, 2))
    broker.start()
    restarts += 1
ending.set()
thread.join()
wait_until('the link', link, 60)
wait_until('a last reading', lambda: publish(0.02), 60)
newest = lambda: plant.query('SELECT count(*) FROM reading')[0][0]
caught_up = lambda: all(u['sequence'] == u['newest'] and u['note'] == u['newest_note'] for u in uplinks())
wait_until('the uplinks to catch up', caught_up, 120)
records = newest()
wait_until('the receiver', lambda: receiver.count() >= records, 30)
owed = lambda: plant.query("SELECT count(*) FROM notice WHERE state=0 AND contact='duty'")[0][0]
wait_until('the notices', lambda: owed() == 0, 200)
words = plant.query("SELECT text, count(*) FROM delivery WHERE channel='topic' GROUP BY text ORDER BY 2 DESC")
said = sum(n for text, n in words if 'PUBACK' in text)
asked = plant.query("SELECT count(*) FROM notice WHERE contact='duty'")[0][0]
tasks = f'/proc/{plant.wqd.pid}/task'
threads = []
for task in os.listdir(tasks):
    with open(f'{tasks}/{task}/stat') as f:
        stat = f.read()
    threads.append((stat[stat.index('(') + 1:stat.rindex(')')], int(stat[stat.rindex(')') + 2:].split()[16])))
library = sorted(t for t in threads if t[0].startswith('MQTT'))
stored = len({(s, q, t) for s, _, q, t in receiver.order})
print(f'{SECONDS} s, {restarts} restarts: {sum(given)} of {len(given)} readings given to the broker, {records} in the history, {stored} above, '
      f'{receiver.repeats} repeats known as such, {len(receiver.broken)} broken; {said} of {asked} notices acknowledged')
print(*((u['name'], u['state'], u['messages'], u['again'], u['failures'], u['why']) for u in uplinks()), sep='\n')
print(*words, sep='\n')
print('threads of the library:', library)
receiver.stop()
code = plant.kill(15)
log = plant.read('wqd.log')
report = [line for line in log.splitlines() if 'Sanitizer' in line or 'runtime error' in line]
print('ended with', code, *report[:3])
good = stored == records > 0 and not receiver.broken and said >= asked > 0 and code == 0 and not report
sys.exit(0 if good and len(library) == 2 and all(nice == 0 for _, nice in library) else 1)
