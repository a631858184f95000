# SPDX-License-Identifier: Apache-2.0
"""An officer who takes five messages in a while: one station's trouble is one message, sixty stations' are a handful, the highest
level alone and first, and a kill -9 with much held back loses nothing. A machine beside him gets every change by itself."""
import json, subprocess, sys, time
from plant import Plant, wait_until

STATIONS, ALARMS, MOST = 60, 3, 5
plant = Plant()
names = [f's{i:02d}' for i in range(STATIONS)]
text = plant.head().replace('contact "duty" { name = "值班员"',
                            f'contact "duty" {{ name = "值班员" gather = "3s" most = {MOST} most_within = "20s"')
for name in names:
    text += f'station "{name}" {{ kind = "national" interval = "1m"\n'
    text += ''.join(f' point "{p}" {{ bus = "broker" unit = "mg/L" }}\n' for p in ('tp', 'codmn', 'nh3n')) + '}\n'
text += f'''limit "greater" {{ stations = {{ {', '.join(f'"{n}"' for n in names[-ALARMS:])} }} parameters = {{ "tp" }} readings = 1 level = "alarm" }}
limit "lesser" {{ parameters = {{ "tp", "codmn", "nh3n" }} readings = 1 level = "warning" }}
'''
with open(plant.path('wqd.conf'), 'w') as f:
    f.write(text)


def publish(name, **values):
    subprocess.run(['mosquitto_pub', '-p', str(plant.mqtt_port), '-q', '1', '-t', f'wq/{name}', '-m',
                    json.dumps({'time': int(time.time() * 1000), **values})], check=True)


def link():
    wait_until('the link', lambda: plant.status()['buses'][0]['state'] == 'up')


def rows(sql, *values):
    return plant.query(sql, *values)


plant.daemon()
link()
publish(names[0], tp=0.9, codmn=20, nh3n=5)
first = wait_until('the message', lambda: rows("SELECT topic, text FROM notice WHERE contact='duty' AND state=1"))
print(*first, sep='\n')
one_message = len(first) == 1 and first[0][0] == 1 and '共3起(预警3)' in first[0][1]

for name in names[1:]:
    publish(name, tp=0.9)
wait_until('the alarms', lambda: plant.status()['open_alarms'] >= STATIONS + 2)
held = rows("SELECT count(*) FROM notice WHERE contact='duty' AND state=3")[0][0]
listed = subprocess.run([plant.bin('wqctl'), 'outbox', '--database', plant.path('wqd.db')], capture_output=True, text=True).stdout
plant.kill()
plant.daemon()
link()
wait_until('all to be told', lambda: not rows("SELECT 1 FROM notice WHERE state IN(0,3)"), 60)

loose = rows("SELECT id, state, folded FROM notice n WHERE NOT (state=1 OR (state=4 AND EXISTS"
             " (SELECT 1 FROM notice d WHERE d.id=n.folded AND d.state=1)))")
alone = rows("SELECT count(*) FROM notice WHERE contact='duty' AND topic=0 AND state=1")[0][0]
digests = rows("SELECT text FROM notice WHERE contact='duty' AND topic=1 ORDER BY seq")
changes = rows("SELECT count(*) FROM change")[0][0]
machine = rows("SELECT count(*) FROM notice WHERE contact='second' AND topic=0 AND state=1")[0][0]
high = rows("SELECT count(*) FROM notice WHERE contact='duty' AND level=4 AND topic=0 AND state=1")[0][0]
types = {}
for line in plant.told():
    types[line.get('type', '?')] = types.get(line.get('type', '?'), 0) + 1
print(*(t for (t,) in digests), sep='\n')
print(f'changes {changes}, duty alone {alone} of level alarm {high}, digests {len(digests)}, held before the kill {held},'
      f' machine {machine}, loose {loose}, posted {types}')
good = (one_message and held > 30 and listed.count('held back') == held and not loose and alone <= 2 * MOST
        and len(digests) <= 6 and high == ALARMS and machine == changes)
sys.exit(0 if good else 1)
