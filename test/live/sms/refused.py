#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The modem comes first here, and does not do it: a carrier that refuses, a number that is none, a card that is missing, a
modem that answers nothing and comes back. A real smsd; what it gives up goes to the contact's next channel, once."""
import os
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), 'wqd')]
from modem import Modem
from plant import Plant, skip, wait_until

PHONE = '13800138001'
FOLDERS = ('outgoing', 'checked', 'failed', 'incoming', 'sent')
STATIONS = 6


def start_smsd(plant):
    base = plant.path('sms')
    for folder in FOLDERS:
        os.makedirs(os.path.join(base, folder))
    places = ''.join(f'{folder} = {base}/{folder}\n' for folder in FOLDERS)
    with open(plant.path('smsd.conf'), 'w') as f:
        f.write(f'devices = GSM1\n{places}logfile = {base}/smsd.log\ninfofile = {base}/working\npidfile = {base}/pid\n'
                f'delaytime = 1\nerrorsleeptime = 1\nblocktime = 1\nautosplit = 0\n[GSM1]\ndevice = {base}/tty\nincoming = no\n'
                'init = ATE0\nbaudrate = 115200\n')
    return base


def write_config(plant, base):
    text = plant.head()
    text += f'sms "modem" {{ spool = "{base}/outgoing" fetched_within = "30s" sent_within = "30s" }}\n'
    text = text.replace('name = "值班员" channels = { "hook" }', f'name = "值班员" phone = "{PHONE}" channels = {{ "modem", "hook" }}')
    text = text.replace(' assist = { "assist" }', ' deadline = "10s"')
    for i in range(STATIONS):
        text += f'station "s{i}" {{ name = "第{i}号站" kind = "national" cycle = "0" interval = "1h" late_after = "1d"\n'
        text += '  point "tp" { bus = "broker" unit = "mg/L" }\n}\n'
    text += ('limit "tp" { parameters = { "tp" } class = 3 readings = 1 first_level = "warning" level = "warning"'
             ' clear_readings = 1 }\n')
    with open(plant.path('wqd.conf'), 'w') as f:
        f.write(text)


def raise_alarm(plant, i):
    stamp = time.strftime('%Y-%m-%dT%H:%M:%S+00:00', time.gmtime(time.time() - 600))
    subprocess.run(['mosquitto_pub', '-h', '127.0.0.1', '-p', str(plant.mqtt_port), '-q', '1', '-t', f'wq/s{i}', '-m',
                    f'{{"time":"{stamp}","tp":0.3{i}}}'], check=True)


def attempts(plant, i):
    """(channel, kind, text) of the attempts to tell of station i, in their order."""
    return plant.query("SELECT d.channel,d.kind,d.text FROM delivery d JOIN notice n ON n.id=d.notice"
                       " WHERE n.text LIKE ? ORDER BY d.seq", f'%第{i}号站%')


def wait_for(plant, i, last, seconds):
    began = time.monotonic()
    rows = wait_until(f'station {i} to be told by {last}', lambda: (lambda r: r if r and r[-1][:2] == (last, 0) else None)(
        attempts(plant, i)), seconds)
    return rows, time.monotonic() - began


def a_refusal_goes_to_the_next_channel(plant, modem, i, error, kind):
    modem.error, modem.fail = error, 1000
    raise_alarm(plant, i)
    rows, took = wait_for(plant, i, 'hook', 90)
    modem.fail = 0
    assert [row[:2] for row in rows] == [('modem', 5), ('modem', kind), ('hook', 0)], rows
    assert f'{error}' in rows[1][2], rows
    print(f'+CMS ERROR {error}: told by the next channel after {took:.1f} s: {rows[1][2]}')


def main():
    if not shutil.which('smsd'):
        skip('no smsd (package smstools)')
    plant = Plant()
    base = start_smsd(plant)
    try:
        modem = Modem(os.path.join(base, 'tty'))
    except OSError as e:
        skip(f'no pseudo-terminal: {e}')
    try:
        write_config(plant, base)
        plant.start('smsd', 'smsd', '-t', '-c' + plant.path('smsd.conf'))
        plant.daemon()
        wait_until('the link', lambda: plant.status()['buses'][0]['state'] == 'up')
        raise_alarm(plant, 0)
        rows, took = wait_for(plant, 0, 'modem', 30)
        assert [row[:2] for row in rows] == [('modem', 5), ('modem', 0)] and rows[1][2] == 'sent by smsd', rows
        print(f'handed on, and confirmed after {took:.1f} s')
        a_refusal_goes_to_the_next_channel(plant, modem, 1, 38, 6)
        a_refusal_goes_to_the_next_channel(plant, modem, 2, 28, 4)
        modem.gone = True
        raise_alarm(plant, 3)
        rows, took = wait_for(plant, 3, 'hook', 120)
        assert [row[:2] for row in rows] == [('modem', 5), ('modem', 6), ('hook', 0)], rows
        print(f'a modem that answers nothing: told by the next channel after {took:.1f} s: {rows[1][2]}')
        modem.gone = False
        done = wait_until('the modem to work again', lambda: try_modem(plant, modem), 120)
        print(done)
        assert not modem.problems, modem.problems
        assert plant.kill(15) == 0
    finally:
        plant.close()
        modem.close()


def try_modem(plant, modem):
    """A marked message by wqctl gets through once the modem is back."""
    before = len(modem.messages())
    done = subprocess.run([plant.bin('wqctl'), 'channel', 'test', 'modem', '--to', 'duty', '--socket', plant.path('wqd.sock')],
                          capture_output=True, text=True)
    if done.returncode != 0:
        return None
    end = time.monotonic() + 20
    while time.monotonic() < end and not [t for _, t, _ in modem.messages()[before:] if '【测试】' in t]:
        time.sleep(0.2)
    return done.stdout.strip() if [t for _, t, _ in modem.messages() if '【测试】' in t] else None


main()
