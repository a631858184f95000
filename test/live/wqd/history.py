# SPDX-License-Identifier: Apache-2.0
"""A day under load that can be cut anywhere, and what must hold of it afterwards: every accepted reading stored once, every
change of an alarm told.

Six stations over Modbus swing across the limit every few seconds, messages of five values each come over MQTT with durable
receipt, and every change goes to two contacts."""
import collections, os, signal, subprocess
from plant import Plant, wait_until

STATIONS = 6
SENDERS = ('q0', 'q1')
PARAMETERS = (('ph', '-'), ('do', 'mg/L'), ('codmn', 'mg/L'), ('nh3n', 'mg/L'), ('tp', 'mg/L'))


class History:
    def __init__(self, seconds, rate, **plant):
        self.plant, self.seconds, self.rate = Plant(**plant), seconds, rate
        self.wrong = []
        self.swing()
        self.configure()

    def swing(self):
        plant = self.plant
        # A line of a scenario has room for some 300 breaks.
        swing = max(4, 2 * (self.seconds // 250))
        with open(plant.path('swing.scenario'), 'w') as f:
            f.write(f'end {self.seconds}s\n')
            for s in range(STATIONS):
                points = ' '.join(f'{t}s:{0.1 + 0.001 * (t % 50)} {t + swing // 2}s:{0.3 + 0.001 * (t % 50)}'
                                  for t in range(0, self.seconds - swing, swing)) + f' {self.seconds - 1}s:0.1'
                f.write(f'station m{s}\n  tp {points} places 3\n')
        plant.start('modbus', plant.bin('wqsim'), 'modbus', '--listen', '127.0.0.1:0', '--port-file',
                    plant.path('modbus.port'), '--scenario', plant.path('swing.scenario'), '--start-on-request')
        self.port = wait_until('wqsim modbus', lambda: plant.read('modbus.port'))

    def configure(self):
        plant = self.plant
        config = plant.head() + f'modbus "plc" {{ host = "127.0.0.1" port = {self.port} interval = "500ms" timeout = "500ms" }}\n'
        for s in range(STATIONS):
            config += f'''station "m{s}" {{ kind = "national" cycle = "0" interval = "1s"
  point "tp" {{ bus = "plc" unit = "mg/L" unit_id = {s + 1} address = 0 time_address = 2 }} }}\n'''
        for s in SENDERS:
            config += f'station "{s}" {{ kind = "national" cycle = "0" interval = "1s" late_after = "1h"\n'
            config += ''.join(f'  point "{p}" {{ bus = "broker" unit = "{u}" }}\n' for p, u in PARAMETERS) + '}\n'
        config += 'limit "tp3" { parameters = { "tp" } stations = { ' + ', '.join(f'"m{s}"' for s in range(STATIONS)) + \
                  ' } readings = 1 level = "alarm" first_level = "alarm" }\n'
        with open(plant.path('wqd.conf'), 'w') as f:
            f.write(config)

    def begin(self, total):
        """The first start, then `total` messages of load."""
        plant = self.plant
        took = plant.daemon()
        # What is published before the first subscription nobody has asked for.
        wait_until('the subscription', lambda: any(b['name'] == 'broker' and b['state'] == 'up'
                                                   for b in plant.status()['buses']))
        command = [plant.bin('wqsim'), 'mqtt', '--broker', f'tcp://127.0.0.1:{plant.mqtt_port}', '--topic', 'wq/{station}',
                   '--load', str(total), '--series', str(len(PARAMETERS)), '--rate', str(self.rate), '--acked',
                   plant.path('acked')]
        for s in SENDERS:
            command += ['--station', s]
        self.load = plant.start('load', *command)
        return took

    def settle(self):
        """Waits until all that was sent is stored and all alarms are over and told; ends the daemon."""
        plant = self.plant
        self.load.wait(timeout=self.seconds + 120)
        with open(plant.path('acked')) as f:
            self.acked = collections.Counter(line.strip() for line in f)
        sent = len(self.acked)
        wait_until('all acknowledged messages', lambda: plant.query(
            "SELECT count(*) FROM v_sample WHERE station IN ('q0','q1') AND parameter='tp'")[0][0] >= sent, 60)
        wait_until('the last alarms cleared and told', lambda: plant.query(
            'SELECT (SELECT count(*) FROM notice WHERE state=0)+(SELECT count(*) FROM alarm WHERE open=1)')[0][0] == 0, 180)
        code = plant.kill(signal.SIGTERM)
        self.check(f'wqd ended by SIGTERM with 0 (was {code})', code == 0)

    def check(self, what, holds):
        print('ok ' if holds else 'BAD', what, flush=True)
        if not holds:
            self.wrong.append(what)

    def check_readings(self):
        query, check = self.plant.query, self.check
        check('integrity_check', query('PRAGMA integrity_check') == [('ok',)])
        check('no (series, at) has a second revision', query('SELECT count(*) FROM reading WHERE revision > 1')[0][0] == 0)
        twice = query('SELECT count(*) FROM (SELECT series, at FROM reading GROUP BY series, at HAVING count(*) > 1)')[0][0]
        check('no (series, at) is stored twice', twice == 0)
        stored = {(s, p): n for s, p, n in query(
            "SELECT station, parameter, count(*) FROM v_sample WHERE station LIKE 'q%' GROUP BY 1, 2")}
        for s in SENDERS:
            sent = sum(1 for line in self.acked if line.startswith(s))
            for p, _ in PARAMETERS:
                check(f'{s}/{p}: {sent} acknowledged, {stored.get((s, p), 0)} stored', stored.get((s, p), 0) == sent)
        polled = query("SELECT count(*) FROM v_sample WHERE station LIKE 'm%'")[0][0]
        check(f'{polled} polled readings stored', polled > 0)

    def check_alarms(self):
        changes = self.plant.query('SELECT alarm, number FROM change ORDER BY alarm, number')
        numbers = collections.defaultdict(list)
        for alarm, number in changes:
            numbers[alarm].append(number)
        self.check(f'{len(changes)} changes of {len(numbers)} alarms, none left out',
                   len(numbers) > 0 and all(n == list(range(1, len(n) + 1)) for n in numbers.values()))
        told = [row for row in self.plant.told() if not row.get('refused')]
        notices = {i for (i,) in self.plant.query('SELECT id FROM notice')}
        first = {}
        for place, row in enumerate(told):
            first.setdefault(row['id'], place)
        self.check(f'{len(notices)} notices (two a change), every one told, {len(told)} requests',
                   len(notices) == 2 * len(changes) and notices == set(first))
        order = collections.defaultdict(list)
        for place, row in enumerate(told):
            data = row['body']['data']
            if first.get(row['id']) == place:
                order[data['alarm'], str(data['contact'])].append(data['number'])
        self.check('told in the order of each alarm', all(n == sorted(n) for n in order.values()))

    def verdict(self):
        self.settle()
        self.check_readings()
        self.check_alarms()
        return 1 if self.wrong else 0
