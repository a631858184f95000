# SPDX-License-Identifier: Apache-2.0
"""A station sends six days at once: every day gets its verdict, none is owed any more, and a kill in between loses no debt."""
import json, os, subprocess, sys, time
from plant import Plant, wait_until

DAYS, STEP = 6, 4 * 3600
NAMES = (('ph', '-', 7.5), ('do', 'mg/L', 8), ('codmn', 'mg/L', 4), ('nh3n', 'mg/L', 0.3), ('tp', 'mg/L', 0.1))
plant = Plant()
text = plant.head() + 'station "q" { kind = "national" cycle = "4h" late_after = "1h"\n'
text += ''.join(f'  point "{n}" {{ bus = "broker" unit = "{u}" }}\n' for n, u, _ in NAMES) + '}\ndaily "day" { level = "warning" }\n'
with open(plant.path('wqd.conf'), 'w') as f:
    f.write(text)
plant.daemon()
wait_until('the link', lambda: plant.status()['buses'][0]['state'] == 'up')
zone = 8 * 3600
# Yesterday is not closed before one in the morning.
today = (int(time.time()) - 7200 + zone) // 86400 * 86400 - zone
lines = []
for at in range(today - DAYS * 86400, today, STEP):
    # The first of these days exceeds.
    values = {n: v * (3 if n == 'tp' and at < today - (DAYS - 1) * 86400 else 1) + (at // STEP % 7) / 1000 for n, _, v in NAMES}
    lines.append(json.dumps({'time': at * 1000, **values}))
subprocess.run(['mosquitto_pub', '-p', str(plant.mqtt_port), '-q', '1', '-t', 'wq/q', '-l'], input='\n'.join(lines) + '\n', text=True,
               check=True)
wait_until('all readings', lambda: plant.query('SELECT count(*) FROM v_sample')[0][0] == len(lines) * len(NAMES))
owed = plant.query('SELECT count(*) FROM day_due')[0][0]
plant.kill()
plant.daemon()
verdicts = lambda: plant.query("SELECT day, valid, verdict FROM v_daily WHERE parameter='all' ORDER BY day")
wait_until('the verdicts', lambda: len(verdicts()) == DAYS and not plant.query('SELECT 1 FROM day_due'), 60)
rows = verdicts()
print(f'{owed} days owed when killed;', *rows, sep='\n')
code = plant.kill(15)
good = [v for _, _, v in rows] == ['exceeds'] + ['meets'] * (DAYS - 1) and owed > 0 and code == 0
sys.exit(0 if good else 1)
