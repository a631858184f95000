# SPDX-License-Identifier: Apache-2.0
"""An officer who takes five messages in a while: one station's trouble is one message, sixty stations' are a handful, the highest
level alone and first, and a kill -9 with much held back loses nothing. A machine beside him gets every change by itself.

Then kills at random moments while changes come, are held back and told, and the receivers are ill in a fifth of their requests: 5;
WQ_LONG=1: 200; WQ_KILLS, WQ_SEED choose."""
import json, os, random, subprocess, sys, time
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, '..', 'deliver'), os.path.join(HERE, '..', 'faults')]
from peers import Publisher
from plant import Plant, reachable, wait_until
from receivers import Receivers

KILLS = int(os.environ.get('WQ_KILLS', 200 if os.environ.get('WQ_LONG') else 5))
SEED = int(os.environ.get('WQ_SEED', time.time_ns() % 1000000))
URGENT = "(n.kind=2 OR (n.level=4 AND n.kind IN(0,1,8,10)))"

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
plant.kill(15)


# -- many kills --

def prepare(receivers):
    plant = Plant()
    hook = 'secret = "credential:hook" timeout = "1s" rate = 0 jitter = "0s" jitter_alarm = "0s" }\n'
    text = plant.head().split('webhook "hook"')[0]
    text += ''.join(f'webhook "{n}" {{ url = "http://127.0.0.1:{receivers.port}/{n}" {hook}' for n in ('person', 'machine'))
    text += f'''contact "duty" {{ name = "值班员" channels = {{ "person" }} gather = "3s" most = {MOST} most_within = "20s" }}
contact "second" {{ name = "平台" channels = {{ "machine" }} }}
group "lead" {{ name = "牵头" members = {{ "duty" }} }}
group "assist" {{ name = "配合" members = {{ "second" }} }}
route "all" {{ min_level = "info" lead = "lead" assist = {{ "assist" }} }}
mqtt "broker" {{ broker = "tcp://127.0.0.1:{plant.mqtt_port}" topic = "wq/{{station}}" client_id = "wqd" receipt = "durable" }}
'''
    for name in names:
        text += f'station "{name}" {{ kind = "national" cycle = "0" interval = "1h" late_after = "1d"\n'
        text += ''.join(f' point "{p}" {{ bus = "broker" unit = "mg/L" }}\n' for p in ('tp', 'codmn', 'nh3n')) + '}\n'
    text += '''limit "greater" { stations = { "s59" } parameters = { "tp" } readings = 1 level = "alarm" clear_readings = 1 }
limit "lesser" { parameters = { "codmn", "nh3n" } readings = 1 level = "warning" clear_readings = 1 }
'''
    with open(plant.path('wqd.conf'), 'w') as f:
        f.write(text)
    return plant


def stir(publisher, chance, until, state):
    """Changes come as fast as the broker takes them, one of level alarm every three seconds."""
    while time.monotonic() < until:
        name, values = chance.choice(names), {'codmn': chance.choice((2, 20)), 'nh3n': chance.choice((0.1, 5))}
        if time.monotonic() > state['urgent'] + 3:
            state['urgent'], state['high'] = time.monotonic(), not state['high']
            name, values = 's59', {'tp': 0.9 if state['high'] else 0.05}
        publisher.publish(f'wq/{name}', json.dumps({'time': int(time.time() * 1000), **values}))
        time.sleep(0.01)


def first_taken(requests, channel):
    """The ids in the order in which they were taken first."""
    return list(dict.fromkeys(r.id for r in requests if r.taken and r.channel == channel))


def in_order(ids, of):
    newest = {}
    for i in ids:
        alarm, number = of[i]
        if alarm != 0 and newest.get(alarm, 0) >= number:
            return False
        newest[alarm] = number
    return True


def many_kills():
    print(f'{KILLS} kills, WQ_SEED={SEED}', flush=True)
    chance = random.Random(SEED)
    receivers = Receivers(SEED, ill=0.2)
    plant = prepare(receivers)
    wait_until('the broker', lambda: reachable(plant.mqtt_port))
    plant.daemon()
    wait_until('the link', lambda: plant.status()['buses'][0]['state'] == 'up')
    publisher = Publisher(plant.mqtt_port, 'water')
    state, held = {'urgent': 0.0, 'high': False}, []
    for _ in range(KILLS):
        stir(publisher, chance, time.monotonic() + chance.uniform(0.3, 8), state)
        plant.kill()
        held.append(plant.query("SELECT count(*) FROM notice WHERE state=3")[0][0])
        plant.daemon()
    receivers.ill = 0
    wait_until('the backlog', lambda: plant.status()['buses'][0]['state'] == 'up')
    time.sleep(3)
    wait_until('all to be told', lambda: not plant.query("SELECT 1 FROM notice WHERE state IN(0,3)"), 300)
    query = lambda sql: plant.query(sql)[0][0]
    of = {i: (a, n) for i, a, n in plant.query("SELECT id, alarm, number FROM notice")}
    person, machine = first_taken(receivers.requests, 'person'), first_taken(receivers.requests, 'machine')
    folded = {i for (i,) in plant.query("SELECT id FROM notice WHERE state=4")}
    sent = {c: {i for (i,) in plant.query("SELECT id FROM notice WHERE contact=? AND state=1", c)} for c in ('duty', 'second')}
    changes = query("SELECT count(*) FROM change")
    bad = {
        'changes of which the person was to hear not once': query("SELECT count(*) FROM (SELECT alarm, number, count(*) AS k FROM notice WHERE contact='duty'"
            " AND topic=0 GROUP BY 1, 2) FULL JOIN change USING(alarm, number) WHERE k IS NOT 1"),
        'held back and told by nothing that was delivered': query("SELECT count(*) FROM notice n WHERE n.state<>1 AND NOT (n.state=4 AND EXISTS"
            " (SELECT 1 FROM notice d WHERE d.id=n.folded AND d.state=1 AND d.contact=n.contact))"),
        'urgent and not alone': query(f"SELECT count(*) FROM notice n WHERE n.contact='duty' AND n.topic=0 AND n.state<>1 AND {URGENT}"),
        'digests of nothing': query("SELECT count(*) FROM notice WHERE topic=1 AND id NOT IN (SELECT folded FROM notice WHERE state=4 AND folded IS NOT NULL)"),
        'told by themselves and by a digest': len(folded & set(person)),
        'of the machine held back': query("SELECT count(*) FROM notice WHERE contact='second' AND state=4"),
        'changes that the machine did not get': changes - len(set(machine) & sent['second']),
        'said to be sent and not taken': len(sent['duty'] - set(person)) + len(sent['second'] - set(machine)),
        'out of order': (not in_order(person, of)) + (not in_order(machine, of)),
        'no messages': len(receivers.problems)}
    digests = query("SELECT count(*) FROM notice WHERE topic=1 AND state=1")
    urgent = query(f"SELECT count(*) FROM notice n WHERE n.contact='duty' AND n.topic=0 AND {URGENT}")
    print(f'changes {changes}: the person got {len(person)} messages, {digests} of them digests of {len(folded)} changes, {urgent} urgent alone; the machine'
          f' {len(machine)}; held back at the kills: {sum(held)}, {max(held)} at most; wrong: { {k: v for k, v in bad.items() if v} }')
    plant.kill(15)
    return not any(bad.values()) and changes > 20 * KILLS and sum(held) > 5 * KILLS and urgent > 0 and digests > 0


sys.exit(0 if good and many_kills() else 1)
