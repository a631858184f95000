# SPDX-License-Identifier: Apache-2.0
"""A platform that was away for a week gets all of it, in order and once, over a broker that is killed and from a wqd that is
killed meanwhile; what is new is judged and told as quickly as ever."""
import json, os, random, shutil, subprocess, sys, time
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'wqd'))
from plant import Plant, free_port, reachable, skip, wait_until
from receiver import Receiver

LONG = bool(os.environ.get('WQ_LONG'))
STEP = 60 if LONG else 600          # seconds between the readings of the week
KILLS = 12 if LONG else 5
STATIONS = ('yigan', 'nanheng')
NAMES = (('ph', '-'), ('do', 'mg/L'), ('codmn', 'mg/L'), ('nh3n', 'mg/L'), ('tp', 'mg/L'))
if not shutil.which('mosquitto_sub'):
    skip('no mosquitto_sub')


class Broker:
    def __init__(self, plant, port):
        self.plant, self.port, self.process = plant, port, None
        with open(plant.path('up.conf'), 'w') as f:
            f.write(f'listener {port} 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location {plant.dir}/\n'
                    'persistence_file up.db\nautosave_interval 1\nmax_queued_messages 0\nmax_inflight_messages 1000\n')

    def start(self):
        self.process = self.plant.start('up', 'mosquitto', '-c', self.plant.path('up.conf'))
        wait_until('the upper broker', lambda: reachable(self.port))

    def know(self):
        """Makes the receiver's session, so that nothing is dropped that comes before it, and goes again."""
        self.start()
        subprocess.run(['mosquitto_sub', '-p', str(self.port), '-q', '1', '-c', '-i', 'centre', '-t', 'up/#', '-E'], check=True)
        self.process.terminate()
        self.process.wait()
        self.plant.running.remove(self.process)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.plant.running.remove(self.process)


def main(acknowledge, kills):
    plant = Plant()
    broker = Broker(plant, free_port())
    broker.know()
    text = plant.head()
    for s in STATIONS:
        text += f'station "{s}" {{ kind = "national" late_after = "1h"\n' + ''.join(
            f'  point "{n}" {{ bus = "broker" unit = "{u}" }}\n' for n, u in NAMES) + '}\n'
    text += f'''uplink "bureau" {{ kind = "mqtt" broker = "tcp://127.0.0.1:{broker.port}" client_id = "gateway" topic = "up/{{station}}"
  note_topic = "up/{{station}}/{{kind}}" patience = "5s" lag_alarm = "1m" acknowledge = "{acknowledge}"
  {'committed = "committed"' if acknowledge == 'topic' else ''} rate = {2000 if kills else 20000} window = 200 }}
'''
    with open(plant.path('wqd.conf'), 'w') as f:
        f.write(text)
    plant.daemon()
    wait_until('the link', lambda: plant.status()['buses'][0]['state'] == 'up')

    now = int(time.time())
    lines = []
    for at in range(now - 7 * 86400, now, STEP):
        values = ','.join(f'"{n}":{5 + (at // STEP + k) % 97 / 100}' for k, (n, _) in enumerate(NAMES))
        lines.append(f'{{"time":{at},{values}}}')
    for s in STATIONS:
        for i in range(0, len(lines), 5000):
            subprocess.run(['mosquitto_pub', '-p', str(plant.mqtt_port), '-q', '1', '-t', f'wq/{s}', '-l'],
                           input='\n'.join(lines[i:i + 5000]) + '\n', text=True, check=True)
    total = len(lines) * len(STATIONS)
    wait_until('the week in the history', lambda: plant.query('SELECT count(*) FROM v_sample')[0][0] == total * len(NAMES), 300)
    up = plant.status()['uplinks'][0]
    print(f"{total} records wait; {up['state']}, lag {up['lag_s']} s: {up['why']}")
    if up['state'] != 'down' or up['sequence'] != 0 or plant.query('SELECT count(*) FROM forward')[0][0] != total:
        raise SystemExit('nothing may be acknowledged by nobody')

    broker.start()
    receiver = Receiver(broker.port, plant.path('centre.db'), acknowledge == 'topic')
    random.seed(4)
    began = time.monotonic()
    for n in range(kills):
        share = total * (n + 1) // (kills + 2)
        wait_until('progress', lambda: receiver.count() >= share, 120)
        if n % 2 == 0:
            plant.kill()
            plant.daemon()
        elif acknowledge == 'topic':
            broker.kill()
            broker.start()
    drained = lambda: (lambda u: u['sequence'] == u['newest'] and u['note'] == u['newest_note'])(plant.status()['uplinks'][0])
    wait_until('the week to be caught up', drained, 300)
    took = time.monotonic() - began
    wait_until('the receiver', lambda: receiver.count() >= total, 240)
    # Over wqd's restarts numbers ascend; within one order of sending they never go back but for repeats.
    order = receiver.order
    out_of_order = sum(1 for a, b in zip(order, order[1:]) if b[2] < a[2])
    stored = {(s, q, t) for s, _, q, t in order}
    missing = total - len(stored)
    notes = plant.query("SELECT seq FROM sqlite_sequence WHERE name='forward_note'")
    left = lambda: plant.query('SELECT (SELECT count(*) FROM forward)+(SELECT count(*) FROM forward_note)')[0][0]
    wait_until('the place to be committed', lambda: left() == 0, 10)
    print(f'{acknowledge}: {total} records in {took:.1f} s, {kills} kills: {missing} missing, {receiver.repeats} repeats known as such, '
          f'{out_of_order} out of order, {len(receiver.broken)} broken, {len(receiver.notes)} notes of {notes[0][0]}')
    values = dict(plant.query("SELECT s.key||' '||r.at, sum(r.value) FROM reading r JOIN series e ON e.id=r.series JOIN station s ON s.id=e.station "
                              'GROUP BY 1'))
    import sqlite3, datetime
    wrong = 0
    for station, when, body in sqlite3.connect(plant.path('centre.db')).execute('SELECT station, time, body FROM record'):
        at = int(datetime.datetime.fromisoformat(when).timestamp() * 1000)
        body = json.loads(body)
        wrong += abs(sum(v['value'] for v in body['values'].values()) - values.get(f'{station} {at}', 0)) > 1e-6
    status = plant.status()['uplinks'][0]
    print({k: status[k] for k in ('state', 'lag_s', 'messages', 'again', 'failures', 'gone')}, wrong, 'records differ from the history')
    receiver.stop()
    code = plant.kill(15)
    good = missing == 0 and not receiver.broken and wrong == 0 and code == 0 and (out_of_order == 0 or acknowledge == 'topic')
    return good and (kills > 0 or receiver.repeats == 0)


sys.exit(0 if all([main('broker', 0), main('topic', KILLS)]) else 1)
