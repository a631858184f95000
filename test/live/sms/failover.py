#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The webhook hangs: officers are told by modem within the route's deadline, once, in order and in whole Chinese
sentences, across kill -9, a modem that refuses, and a smsd that is not there for a while."""
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), 'wqd')]
from modem import Modem
from plant import Plant, skip, wait_until

DEADLINE = 10
STATIONS = 9
PHONE = '13800138001'
FOLDERS = ('outgoing', 'checked', 'failed', 'incoming', 'sent')


class Hook:
    """An endpoint that takes every request and answers none."""

    def __init__(self):
        self.socket = socket.create_server(('127.0.0.1', 0))
        self.port = self.socket.getsockname()[1]
        self.times, self.held = [], []
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            connection, _ = self.socket.accept()
            self.times.append(time.monotonic())
            self.held.append(connection)


class Smsd:
    def __init__(self, plant):
        self.plant, self.base, self.process = plant, plant.path('sms'), None
        for folder in FOLDERS:
            os.makedirs(os.path.join(self.base, folder))
        places = ''.join(f'{folder} = {self.base}/{folder}\n' for folder in FOLDERS)
        with open(plant.path('smsd.conf'), 'w') as f:
            f.write(f'devices = GSM1\n{places}logfile = {self.base}/smsd.log\ninfofile = {self.base}/working\n'
                    f'pidfile = {self.base}/pid\ndelaytime = 1\nerrorsleeptime = 1\nautosplit = 0\n'
                    f'[GSM1]\ndevice = {self.base}/tty\nincoming = no\ninit = ATE0\nbaudrate = 115200\n')

    def start(self):
        self.process = self.plant.start('smsd', 'smsd', '-t', '-c' + self.plant.path('smsd.conf'))

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)
        self.plant.running.remove(self.process)

    def files(self, folder):
        return sorted(os.listdir(os.path.join(self.base, folder)))


def write_config(plant, hook, smsd):
    text = plant.head()
    old = f'http://127.0.0.1:{plant.inbox_port}/'
    assert old in text
    text = text.replace(old, f'http://127.0.0.1:{hook.port}/')
    text += f'sms "modem" {{ spool = "{smsd.base}/outgoing" fetched_within = "30s" incoming = "{smsd.base}/incoming" }}\n'
    text = text.replace('name = "值班员" channels = { "hook" }',
                        f'name = "值班员" phone = "{PHONE}" channels = {{ "hook", "modem" }} gather = "0" most = 0')
    text = text.replace('timeout = "3s"', 'timeout = "3s" catch_up = false')
    text = text.replace(' assist = { "assist" }', f' deadline = "{DEADLINE}s"')
    for i in range(STATIONS):
        text += f'station "s{i}" {{ name = "第{i}号自动站" kind = "national" cycle = "0" interval = "1h" late_after = "1d"\n'
        text += '  point "tp" { bus = "broker" unit = "mg/L" }\n}\n'
    text += ('limit "tp" { parameters = { "tp" } class = 3 readings = 1 first_level = "warning" level = "warning"'
             ' clear_readings = 1 }\n')
    with open(plant.path('wqd.conf'), 'w') as f:
        f.write(text)


def publish(plant, station, value, at):
    stamp = time.strftime('%Y-%m-%dT%H:%M:%S+00:00', time.gmtime(at))
    subprocess.run(['mosquitto_pub', '-h', '127.0.0.1', '-p', str(plant.mqtt_port), '-q', '1', '-t', f'wq/{station}',
                    '-m', f'{{"time":"{stamp}","tp":{value}}}'], check=True)


def plain(text):
    """Without the code that an answer would have."""
    return re.sub('并回复[0-9]+。', '并回复。', text)


def received(modem, part):
    return [text for _, text, _ in modem.messages() if part in text]


def wait_for(modem, part, seconds):
    began = time.monotonic()
    wait_until(f'a short message with {part}', lambda: received(modem, part), seconds)
    return time.monotonic() - began


def deadline_and_after(plant, hook, modem, now):
    publish(plant, 's0', 0.31, now - 3600)
    took = wait_for(modem, '0.31mg/L', DEADLINE + 15)
    row = plant.query("SELECT channel,at FROM delivery WHERE kind IN (0,5) AND notice IN"
                      " (SELECT id FROM notice WHERE text LIKE '%0.31mg/L%')")[0]
    told = plant.query("SELECT created FROM notice WHERE text LIKE '%0.31mg/L%'")[0][0]
    assert row[0] == 'modem' and row[1] - told <= (DEADLINE + 2) * 1000, (row, told)
    assert hook.times, 'the webhook was never tried'
    print(f'failed over {(row[1] - told) / 1000:.1f} s after the alarm, on the telephone after {took:.1f} s')
    tried = len(hook.times)
    publish(plant, 's1', 0.32, now - 3600)
    took = wait_for(modem, '0.32mg/L', 10)
    assert len(hook.times) == tried, 'it waited for a webhook known to be dead'
    print(f'the next alarm was on the telephone after {took:.1f} s')


def across_a_kill(plant, hook, modem, now):
    plant.kill()
    plant.daemon()  # knows nothing of the webhook's state any more
    publish(plant, 's2', 0.33, now - 3600)
    wait_until('a failed attempt on record', lambda: plant.query(
        "SELECT 1 FROM delivery WHERE kind=1 AND notice IN (SELECT id FROM notice WHERE text LIKE '%0.33mg/L%')"), 20)
    plant.kill()
    assert not received(modem, '0.33mg/L')
    time.sleep(DEADLINE)  # the deadline passes while nobody runs
    tried = len(hook.times)
    plant.daemon()
    took = wait_for(modem, '0.33mg/L', DEADLINE + 15)
    assert len(hook.times) == tried, 'it forgot that the webhook had had its time'
    print(f'killed, and started when the deadline had passed: on the telephone after {took:.1f} s')


def smsd_away(plant, smsd, modem, now):
    smsd.stop()
    publish(plant, 's3', 0.34, now - 3600)
    wait_until('its file', lambda: smsd.files('outgoing'), 20)
    plant.kill()  # whoever dies now: the file is there once
    plant.daemon()
    modem.fail = 1  # and the modem refuses the first part that it gets
    smsd.start()
    wait_for(modem, '0.34mg/L', 60)


def order(plant, modem, now):
    for step in range(3):
        for i in range(4, STATIONS):
            publish(plant, f's{i}', 0.41 + step / 100 if step != 1 else 0.1, now - 3000 + step * 300)
    rows = wait_until('all changes to be sent', lambda: (lambda r: r if r and all(state == 1 for *_, state in r) else None)(
        plant.query("SELECT alarm,number,text,state FROM notice WHERE text LIKE '%号自动站%' ORDER BY seq")), 90)
    wait_until('all on the telephone', lambda: len(modem.messages()) >= len(rows), 180)
    shown = [plain(text) for _, text, _ in modem.messages()]
    for alarm in {row[0] for row in rows}:
        wanted = [text for a, _, text, _ in rows if a == alarm]
        assert [text for text in shown if text in wanted] == wanted, (wanted, shown)


def answer(smsd, name, sender, text):
    """A message that comes back, as smsd files it."""
    path = os.path.join(smsd.base, 'incoming', name)
    with open(path + '.tmp', 'wb') as f:
        f.write(f'From: {sender}\nFrom_TOA: 91 international, ISDN/telephone\nSent: 26-03-05 16:00:00\n'
                f'Received: 26-03-05 16:00:05\nSubject: GSM1\nModem: GSM1\nAlphabet: UCS2\nLength: {len(text)}\n\n'.encode()
                + text.encode('utf-16-be'))
    os.rename(path + '.tmp', path)


def replies(plant, smsd, modem):
    """An officer answers: the alarm is acknowledged, once, also when the daemon is killed in between."""
    alarms = plant.get('/v1/alarms')['alarms']
    names = sorted(a['alarm'] for a in alarms if not a['acknowledged'])
    assert len(names) > 3, names
    short = str(int(names[0].split('-')[1]))
    told = [text for _, text, _ in modem.messages() if '编号' + names[0] in text and '请' in text]
    assert any(f'并回复{short}。' in text for text in told), told
    acknowledged = lambda: plant.query("SELECT a.id, c.who, c.note FROM change c JOIN alarm a ON a.id=c.alarm WHERE c.kind=3")
    answer(smsd, 'GSM1.unknown', '8613911112222', names[0])
    answer(smsd, 'GSM1.vague', '86' + PHONE, '收到')
    wait_until('both to be read', lambda: not [f for f in smsd.files('incoming') if f[0] != '.'], 20)
    assert not acknowledged() and '.GSM1.unknown' in smsd.files('incoming')
    answer(smsd, 'GSM1.one', '86' + PHONE, f'{short} OK')
    wait_until('the acknowledgement', acknowledged, 20)
    wait_until('its file to go', lambda: 'GSM1.one' not in smsd.files('incoming'), 10)
    assert [row[1:] for row in acknowledged()] == [('值班员', '短信回复')], acknowledged()
    plant.kill()
    answer(smsd, 'GSM1.again', '86' + PHONE, '收到 ' + names[0])  # of a life that ended before it removed the file
    answer(smsd, 'GSM1.two', '86' + PHONE, '收到 ' + names[1])
    plant.daemon()
    wait_until('both to be read', lambda: not [f for f in smsd.files('incoming') if f[0] != '.'], 20)
    wait_until('the second', lambda: len(acknowledged()) == 2, 10)
    assert len({row[0] for row in acknowledged()}) == 2, acknowledged()
    print('answers acknowledge by short code and by number, once, across a kill; unknown and vague ones do not')


def verdict(plant, smsd, modem):
    rows = plant.query('SELECT id,text,state,channel FROM notice')
    shown = modem.messages()
    assert not modem.problems, modem.problems
    assert {number for number, *_ in shown} == {'+86' + PHONE}
    assert sorted(plain(text) for _, text, _ in shown) == sorted(text for _, text, *_ in rows), (shown, rows)
    assert all(state == 1 and channel == 'modem' for *_, state, channel in rows), rows
    assert smsd.files('sent') == sorted('wqd-' + id for id, *_ in rows), smsd.files('sent')
    assert not smsd.files('outgoing') and not smsd.files('checked') and not smsd.files('failed')
    two = sum(parts == 2 for *_, parts in shown)
    assert two > 0, 'no message had two parts'
    print(f'{len(rows)} notices, each on the telephone once and word for word, {two} of them in two parts; '
          f'{plant.query("SELECT count(*) FROM delivery WHERE channel=?", "hook")[0][0]} attempts on the webhook')


def main():
    if not shutil.which('smsd'):
        skip('no smsd (package smstools)')
    plant = Plant()
    smsd, hook = Smsd(plant), Hook()
    try:
        modem = Modem(os.path.join(smsd.base, 'tty'))
    except OSError as e:
        skip(f'no pseudo-terminal: {e}')
    try:
        now = int(time.time())
        write_config(plant, hook, smsd)
        smsd.start()
        plant.daemon()
        wait_until('the link', lambda: plant.status()['buses'][0]['state'] == 'up')
        deadline_and_after(plant, hook, modem, now)
        across_a_kill(plant, hook, modem, now)
        smsd_away(plant, smsd, modem, now)
        order(plant, modem, now)
        replies(plant, smsd, modem)
        wait_until('every notice to be sent', lambda: not plant.query('SELECT id FROM notice WHERE state=0'), 60)
        wait_until('every message', lambda: len(modem.messages()) >= plant.query('SELECT count(*) FROM notice')[0][0], 60)
        wait_until('smsd to have filed them', lambda: not smsd.files('checked') and not smsd.files('outgoing'), 30)
        verdict(plant, smsd, modem)
        assert plant.kill(15) == 0
    finally:
        plant.close()
        modem.close()


main()
