#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An officer answers an alarm from the telephone: the message lies on the card of the modem, a real smsd fetches and files it, and
the alarm is acknowledged; also across kill -9, and whether the telephone writes in the default alphabet or in UCS-2."""
import os, shutil, sys, time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), 'wqd'), os.path.join(os.path.dirname(HERE), 'faults')]
from modem import Modem
from peers import Publisher
from plant import Plant, reachable, skip, wait_until

PHONE, STRANGER = '13800138001', '13911112222'
FOLDERS = ('outgoing', 'checked', 'failed', 'incoming', 'sent')
STATIONS = 5
if not shutil.which('smsd'):
    skip('no smsd (package smstools)')
plant = Plant()
wait_until('the broker', lambda: reachable(plant.mqtt_port))
base = plant.path('sms')
for folder in FOLDERS:
    os.makedirs(os.path.join(base, folder))
with open(plant.path('smsd.conf'), 'w') as f:
    f.write('devices = GSM1\n' + ''.join(f'{name} = {base}/{name}\n' for name in FOLDERS) +
            f'logfile = {base}/smsd.log\ninfofile = {base}/working\npidfile = {base}/pid\ndelaytime = 1\nerrorsleeptime = 1\n'
            f'autosplit = 0\nreceive_before_send = no\n[GSM1]\ndevice = {base}/tty\nincoming = yes\ninit = ATE0\nbaudrate = 115200\n')
text = plant.head().split('webhook "hook"')[0] + f'''
sms "modem" {{ spool = "{base}/outgoing" fetched_within = "30s" incoming = "{base}/incoming" }}
contact "duty" {{ name = "张三" phone = "{PHONE}" channels = {{ "modem" }} }}
group "lead" {{ name = "牵头" members = {{ "duty" }} }}
route "all" {{ min_level = "info" lead = "lead" escalate_after = "30m" }}
mqtt "broker" {{ broker = "tcp://127.0.0.1:{plant.mqtt_port}" topic = "wq/{{station}}" client_id = "wqd" receipt = "durable" }}
limit "tp" {{ parameters = {{ "tp" }} above = 0.2 readings = 1 first_level = "alarm" level = "alarm" }}
'''
for i in range(STATIONS):
    text += f'station "s{i}" {{ name = "第{i}号站" kind = "national" cycle = "0" interval = "1h" late_after = "1d"\n  point "tp" {{ bus = "broker" unit = "mg/L" }} }}\n'
with open(plant.path('wqd.conf'), 'w') as f:
    f.write(text)
try:
    modem = Modem(os.path.join(base, 'tty'))
except OSError as e:
    plant.close()
    skip(f'no pseudo-terminal: {e}')


def acknowledged():
    return {(alarm, who, note) for alarm, who, note in plant.query("SELECT alarm, who, note FROM change WHERE kind=3")}


def alarm_of(i):
    row = plant.query('SELECT a.id FROM alarm a JOIN series e ON e.id=a.series JOIN station s ON s.id=e.station WHERE s.key=?', f's{i}')
    return row[0][0] if row else None


def name_of(alarm):
    return f'W{alarm // 100000}-{alarm % 100000:03d}'


def until_acknowledged(count, what):
    began = time.monotonic()
    wait_until(what, lambda: len(acknowledged()) == count, 40)
    print(f'{what}: after {time.monotonic() - began:.1f} s', flush=True)


try:
    plant.start('smsd', 'smsd', '-t', '-c' + plant.path('smsd.conf'))
    plant.daemon()
    wait_until('the link', lambda: plant.status()['buses'][0]['state'] == 'up')
    publisher = Publisher(plant.mqtt_port, 'water')
    for i in range(STATIONS):
        publisher.publish(f'wq/s{i}', f'{{"time":{int(time.time() * 1000)},"tp":0.9}}')
    wait_until('all on the telephone', lambda: len(modem.messages()) >= STATIONS, 90)
    alarms = [alarm_of(i) for i in range(STATIONS)]
    modem.receive('86' + STRANGER, str(alarms[0] % 100000))
    modem.receive('86' + PHONE, '今天下雨')
    wait_until('both to be fetched from the card', lambda: not modem.card, 40)
    modem.receive('86' + PHONE, f'{alarms[0] % 100000} OK')
    until_acknowledged(1, 'answered in the default alphabet')
    modem.receive('86' + PHONE, f'收到{alarms[1] % 100000}')
    until_acknowledged(2, 'answered in Chinese')
    plant.kill()
    modem.receive('86' + PHONE, '收到 ' + name_of(alarms[2]))
    wait_until('smsd to file it', lambda: [f for f in os.listdir(base + '/incoming') if f[0] != '.'], 40)
    plant.daemon()
    until_acknowledged(3, 'answered while the daemon was dead')
    modem.receive('86' + PHONE, '全部')
    until_acknowledged(5, 'all the others')
    want = {(alarm, '张三', '短信回复') for alarm in alarms}
    assert acknowledged() == want, (acknowledged(), want)
    assert not modem.card and not modem.problems, (modem.card, modem.problems)
    wait_until('the files to go', lambda: not [f for f in os.listdir(base + '/incoming') if f[0] != '.'], 10)
    print(f'{STATIONS} alarms acknowledged by telephone, each once; a stranger and a word about the weather acknowledged nothing')
    assert plant.kill(15) == 0
except SystemExit:
    print(open(base + '/smsd.log').read()[-1500:], modem.commands[-20:])
    raise
finally:
    plant.close()
    modem.close()
