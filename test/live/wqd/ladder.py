# SPDX-License-Identifier: Apache-2.0
"""A ladder of two steps beside a route with a span of its own, and a kill -9 between them: each step is told when it is due, to
those of its own route, once."""
import json, subprocess, sys, time
from plant import Plant, wait_until

plant = Plant()
text = plant.head().split('contact "duty"')[0]
people = {'duty': '值班员', 'chief': '科长', 'director': '局长', 'other': '执法局'}
text += ''.join(f'contact "{c}" {{ name = "{n}" channels = {{ "hook" }} }}\ngroup "{c}" {{ members = {{ "{c}" }} }}\n'
                for c, n in people.items())
text += f'''route "all" {{ lead = "duty" escalate_to = {{ "chief", "director" }} escalate_after_alarm = "4s" escalate_next = "7s" }}
route "law" {{ lead = "duty" escalate_to = "other" escalate_after_alarm = "7s" }}
mqtt "broker" {{ broker = "tcp://127.0.0.1:{plant.mqtt_port}" topic = "wq/{{station}}" client_id = "wqd" receipt = "durable" }}
station "s" {{ name = "一干河" kind = "national" cycle = "0" interval = "1h" late_after = "1d"
  point "tp" {{ bus = "broker" unit = "mg/L" }} }}
limit "tp" {{ parameters = {{ "tp" }} class = 3 readings = 1 first_level = "alarm" level = "alarm" }}
'''
with open(plant.path('wqd.conf'), 'w') as f:
    f.write(text)
plant.daemon()
wait_until('the link', lambda: plant.status()['buses'][0]['state'] == 'up')
subprocess.run(['mosquitto_pub', '-p', str(plant.mqtt_port), '-q', '1', '-t', 'wq/s', '-m',
                json.dumps({'time': int(time.time() * 1000), 'tp': 0.5})], check=True)


def told():
    """Seconds after the alarm, and who heard of that step."""
    began = plant.query("SELECT created FROM notice WHERE kind=0")[0][0]
    steps = {}
    for at, contact in plant.query("SELECT created, contact FROM notice WHERE kind=2 ORDER BY seq"):
        steps.setdefault(round((at - began) / 1000, 1), set()).add(contact)
    return steps


wait_until('the first step', lambda: plant.query("SELECT 1 FROM notice WHERE kind=2"), 20)
plant.kill()
plant.daemon()
wait_until('the last step', lambda: plant.query("SELECT 1 FROM notice WHERE contact='director'"), 30)
wait_until('all to be sent', lambda: not plant.query('SELECT 1 FROM notice WHERE state=0'), 30)
steps = told()
words = [t for (t,) in plant.query("SELECT text FROM notice WHERE kind=2 AND contact='duty' ORDER BY seq")]
print(steps, *words, sep='\n')
due = [4, 7, 11]
good = (list(steps.values()) == [{'duty', 'chief'}, {'duty', 'other'}, {'duty', 'chief', 'director'}]
        and all(d <= at for d, at in zip(due, steps)) and [t.split('无人确认')[0].split('已')[-1] for t in words] == ['4秒', '7秒', '11秒']
        and '现升级通知' in words[0] and all('再次升级通知' in t for t in words[1:]))
sys.exit(0 if good else 1)
