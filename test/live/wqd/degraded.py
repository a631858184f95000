#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The disk is full for a while: the water is judged all the same, officers are told from memory and the notice says so, what
waits is bounded, what no longer fits is counted and alarmed, and all of it ends by itself when there is room again."""
import os, subprocess, sys, time
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from plant import Plant, skip, wait_until

RING = 1000
HANDED = 65  # messages of one reading that the driver hands over at once; the last hand-over that finds room may exceed the ring
STATIONS = 4


def mount(plant):
    folder = plant.path('disk')
    os.mkdir(folder)
    if subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', folder], capture_output=True).returncode != 0:
        skip('a small disk cannot be mounted here')
    return folder


def fill(path):
    with open(path, 'wb', buffering=0) as f:
        try:
            while True:
                f.write(b'\0' * 4096)
        except OSError:
            pass


def write_config(plant, folder):
    text = plant.head().replace(plant.path('wqd.db'), os.path.join(folder, 'wqd.db'))
    text = text.replace('site {', f'site {{\n  ring = {RING}')
    for i in range(STATIONS):
        text += f'station "s{i}" {{ kind = "national" cycle = "0" interval = "1h" late_after = "1d"\n'
        text += '  point "ph" { bus = "broker" unit = "-" }\n  point "tp" { bus = "broker" unit = "mg/L" }\n}\n'
    text += 'limit "tp" { parameters = { "tp" } class = 3 readings = 1 first_level = "warning" level = "warning" }\n'
    with open(plant.path('wqd.conf'), 'w') as f:
        f.write(text)


def publish(plant, station, value, at):
    stamp = time.strftime('%Y-%m-%dT%H:%M:%S+00:00', time.gmtime(at))
    subprocess.run(['mosquitto_pub', '-h', '127.0.0.1', '-p', str(plant.mqtt_port), '-q', '1', '-t', f'wq/{station}', '-m',
                    f'{{"time":"{stamp}","tp":{value}}}'], check=True)


def flood(plant, count):
    subprocess.run([plant.bin('wqsim'), 'mqtt', '--broker', f'tcp://127.0.0.1:{plant.mqtt_port}', '--topic', 'wq/{station}',
                    '--station', 's3', '--load', str(count), '--rate', '2000',
                    '--series', '1'], check=True, capture_output=True)


def texts(plant):
    return [row['body']['data']['text'] for row in plant.told()]


def main():
    plant = Plant()
    folder = mount(plant)
    try:
        run(plant, folder)
    finally:
        plant.close()
        subprocess.run(['umount', '-l', folder], capture_output=True)


def run(plant, folder):
    now = int(time.time())
    write_config(plant, folder)
    plant.daemon()
    wait_until('the link', lambda: plant.status()['buses'][0]['state'] == 'up')
    publish(plant, 's0', 0.1, now - 7200)
    wait_until('a reading on disk', lambda: plant.status()['store']['committed'] >= 1)

    fill(os.path.join(folder, 'ballast'))
    # The alarm that must not wait for the disk. (Its sender waits: the receipt is durable.)
    publish(plant, 's0', 0.31, now - 3600)
    wait_until('the notice from memory', lambda: any('0.31' in t and '尚未入库' in t for t in texts(plant)), 20)
    wait_until('the alarm of our own', lambda: any('历史库无法写入' in t for t in texts(plant)), 20)
    status = plant.status()
    assert status['store']['state'] == 'trouble', status['store']
    flood(plant, 3 * RING)
    wait_until('what no longer fits', lambda: plant.status()['store']['shed'] >= 2 * RING - HANDED - 10, 20)
    status = plant.status()
    assert status['store']['waiting_readings'] <= RING + HANDED, status['store']
    assert status['buses'][0]['not_durable'] >= 3 * RING, status['buses'][0]
    publish(plant, 's1', 0.42, now - 1800)  # judged although nothing fits any more
    wait_until('the second notice from memory', lambda: any('0.42' in t and '尚未入库' in t for t in texts(plant)), 20)
    shed = plant.status()['store']['shed']

    os.unlink(os.path.join(folder, 'ballast'))
    wait_until('the store to recover', lambda: plant.status()['store']['state'] == 'ok', 20)
    wait_until('what waited', lambda: plant.status()['store']['waiting_readings'] == 0, 20)
    publish(plant, 's2', 0.11, now - 900)
    db = os.path.join(folder, 'wqd.db')
    query = lambda sql: [tuple(r.split('|')) for r in subprocess.run(
        ['sqlite3', '-readonly', db, sql], check=True, capture_output=True, text=True).stdout.split()]
    wait_until('readings to be stored again', lambda: query("SELECT 1 FROM v_sample WHERE station='s2'"), 20)
    assert query("SELECT 1 FROM v_sample WHERE station='s0' AND value=0.31"), 'a reading that was accepted is lost'
    stored = int(query('SELECT count(*) FROM v_sample')[0][0])
    assert stored + shed == 3 * RING + 4, f'{stored} stored + {shed} shed of {3 * RING + 4}'
    changes = query("SELECT rule,change FROM v_alarm WHERE rule LIKE 'wqd:%' AND change IN('opened','cleared')")
    for rule in ('wqd:store', 'wqd:shed', 'wqd:receipt'):
        assert (rule, 'opened') in changes, changes
    wait_until('our own alarm to clear', lambda: any('历史库恢复写入' in t for t in texts(plant)), 20)
    ids = query('SELECT count(*),count(DISTINCT id) FROM notice')[0]
    assert ids[0] == ids[1], ids
    wait_until('every notice to be told', lambda: not query('SELECT id FROM notice WHERE state=0'), 20)
    told = {row['id'] for row in plant.told()}
    missing = [i for (i,) in query('SELECT id FROM notice') if i not in told]
    assert not missing, missing
    assert query('PRAGMA integrity_check') == [('ok',)]
    assert plant.kill(15) == 0
    print(f'{stored} stored, {shed} judged and counted as not stored, {len(told)} notices told')


main()
