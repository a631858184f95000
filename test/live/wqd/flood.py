# SPDX-License-Identifier: Apache-2.0
"""Forty stations exceed at once: the first ten are told, then one message says that it is a flood and what came first; the
lesser ones are stored and counted, warnings are told as ever, and the end says how many were held back."""
import json, subprocess, sys, time
from plant import Plant, wait_until

STATIONS, WARNINGS = 40, 4
plant = Plant()
names = [f's{i:02d}' for i in range(STATIONS)]
text = plant.head(flood=10).replace('flood_alarms', 'flood_within = "1m"\n  flood_alarms')
for i, name in enumerate(names):
    text += f'station "{name}" {{ kind = "{"provincial" if i < STATIONS - WARNINGS else "national"}" interval = "1m"\n'
    text += ' point "tp" { bus = "broker" unit = "mg/L" } }\n'
text += '''limit "lesser" { kinds = "provincial" parameters = { "tp" } readings = 1 level = "watch" }
limit "greater" { kinds = "national" parameters = { "tp" } readings = 1 level = "warning" }
'''
with open(plant.path('wqd.conf'), 'w') as f:
    f.write(text)


def publish(name, value):
    subprocess.run(['mosquitto_pub', '-p', str(plant.mqtt_port), '-q', '1', '-t', f'wq/{name}', '-m',
                    json.dumps({'time': int(time.time() * 1000), 'tp': value})], check=True)


plant.daemon()
wait_until('the link', lambda: plant.status()['buses'][0]['state'] == 'up')
for name in names:
    publish(name, 0.9)
wait_until('the alarms', lambda: plant.status()['open_alarms'] == STATIONS + 1)
held = STATIONS - WARNINGS - 10
flood_held = plant.status()['flood_held']
# It outlives a kill.
plant.kill()
plant.daemon()
after = plant.status()['flood_held']
publish(names[20], 0.05)  # one that nobody heard of is over: nobody hears of it
wait_until('the end of the flood', lambda: plant.status()['flood_held'] is None, 90)
wait_until('the notices', lambda: not plant.query('SELECT 1 FROM notice WHERE state=0'))
rows = plant.query("SELECT rule, change, count(*), sum(hushed='flood') FROM change_row GROUP BY 1, 2 ORDER BY 1, 2")
texts = [t for (t,) in plant.query("SELECT n.text FROM notice n JOIN alarm a ON a.id=n.alarm JOIN rule r ON r.id=a.rule"
                                   " WHERE r.name='wqd:flood' AND n.contact='duty' ORDER BY n.seq")]
print(*rows, *texts, f'held {flood_held}, after the kill {after}', sep='\n')
good = (rows == [('greater', 'opened', WARNINGS, 0), ('lesser', 'cleared', 1, 1),
                 ('lesser', 'opened', STATIONS - WARNINGS, held), ('wqd:flood', 'cleared', 1, 0), ('wqd:flood', 'opened', 1, 0)]
        and flood_held == after == held and len(texts) == 2 and texts[0].startswith('【报警潮】') and 's00总磷' in texts[0]
        and texts[1].startswith('【报警潮结束】') and f'其中{held}条' in texts[1]
        and len(plant.told()) == 2 * (10 + WARNINGS + 2))
sys.exit(0 if good else 1)
