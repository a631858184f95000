# SPDX-License-Identifier: Apache-2.0
"""The network is gone: a webhook that is a record for machines does not answer, and people are told through the modem (here a
program that appends to a file) within the route's deadline. When the network is back, the webhook is posted what it missed, once,
in order, marked as history, across kill -9; nobody is told again, and what is new goes before what is old."""
import json, os, signal, sys, time
from receivers import Receivers
from peers import Publisher
from plant import Plant, free_port, reachable, wait_until

STATIONS = 6
DEADLINE = 5
plant = Plant()
wait_until('the broker', lambda: reachable(plant.mqtt_port))
receivers, port = Receivers(1, ill=0), free_port()
text = plant.head().split('webhook "hook"')[0] + f'''
webhook "hook" {{ url = "http://127.0.0.1:{port}/hook" secret = "credential:hook" timeout = "1s" }}
webhook "other" {{ url = "http://127.0.0.1:{receivers.port}/other" secret = "credential:hook" timeout = "1s" }}
exec "modem" {{ program = "/bin/sh" arguments = {{ "-c", "cat >> {plant.path('modem.jsonl')}; echo >> {plant.path('modem.jsonl')}" }} }}
contact "duty" {{ name = "值班员" phone = "13800138001" channels = {{ "hook", "modem" }} }}
contact "second" {{ name = "联络员" channels = {{ "other", "hook" }} }}
group "lead" {{ name = "牵头" members = {{ "duty", "second" }} }}
route "all" {{ min_level = "info" lead = "lead" escalate_after = "0" deadline = "{DEADLINE}s" }}
mqtt "broker" {{ broker = "tcp://127.0.0.1:{plant.mqtt_port}" topic = "wq/{{station}}" client_id = "wqd" receipt = "durable" }}
limit "tp" {{ parameters = {{ "tp" }} above = 0.2 readings = 1 first_level = "alarm" level = "alarm" }}
'''
for i in range(STATIONS):
    text += f'station "s{i}" {{ kind = "national" cycle = "0" interval = "1h" late_after = "1d"\n  point "tp" {{ bus = "broker" unit = "mg/L" }} }}\n'
with open(plant.path('wqd.conf'), 'w') as f:
    f.write(text)
publisher = Publisher(plant.mqtt_port, 'water')


def say(station, value):
    publisher.publish(f'wq/s{station}', json.dumps({'time': int(time.time() * 1000), 'tp': value}))


def modem():
    try:
        with open(plant.path('modem.jsonl'), encoding='utf-8') as f:
            return [json.loads(line) for line in f if line.strip()]
    except (OSError, ValueError):
        return []


wrong = []


def check(what, holds):
    print('ok ' if holds else 'BAD', what, flush=True)
    wrong.extend([what] * (not holds))


plant.daemon()
wait_until('the link', lambda: plant.status()['buses'][0]['state'] == 'up')
began = time.monotonic()
say(0, 0.9)
wait_until('the modem', lambda: len(modem()) >= 1, DEADLINE + 10)
took = time.monotonic() - began
check(f'nobody listens at the webhook: told through the modem after {took:.1f} s, within the deadline of {DEADLINE} s', took <= DEADLINE + 1)
for i in range(1, STATIONS):
    say(i, 0.9)
for i in range(STATIONS):
    say(i, 0.1)
missed = 2 * STATIONS
wait_until('all through the modem', lambda: len(modem()) >= missed, 60)
wait_until('their record', lambda: plant.query('SELECT count(*) FROM owed')[0][0] == missed)
check('the one that has the webhook only for want of others owes it nothing',
      plant.query("SELECT count(*) FROM owed o JOIN notice n ON n.id=o.notice WHERE n.contact<>'duty'")[0][0] == 0)
plant.kill()

# The network is back, and the daemon is killed in the middle of it, twice.
hook = Receivers(2, ill=0, port=port)
plant.daemon()
restarts = []
for _ in range(2):
    before = len(hook.requests)
    wait_until('something told afterwards', lambda: len(hook.requests) > before + 1, 20)
    plant.kill()
    restarts.append(time.time())
    plant.daemon()
say(0, 0.8)
wait_until('what is new', lambda: any('history' not in r.data for r in hook.requests), 20)
wait_until('the end of it', lambda: plant.query('SELECT count(*) FROM owed')[0][0] == 0, 30)
old = [r for r in hook.requests if r.data.get('history')]
new = [r for r in hook.requests if 'history' not in r.data]
first = list(dict.fromkeys(r.id for r in old))
told = [m['id'] for m in modem()]
check(f'{len(first)} notices told afterwards ({len(old) - len(first)} of them twice, for the kills), each under the id that the modem had',
      sorted(first) == sorted(told) and len(old) - len(first) <= 2)
order = [i for (i,) in plant.query("SELECT id FROM notice WHERE contact='duty' ORDER BY seq") if i in told]
check('in the order in which they were made', first == order)
check('marked for people and for machines', all(r.text.startswith('【补发】') and r.data['text'] == r.text for r in old))
check('what is new is not marked, and came before the rest of the old', len(new) == 1 and new[0].at < old[-1].at)
check('nobody was told again', len(modem()) == missed)
gaps = [b.at - a.at for a, b in zip(old, old[1:]) if not any(a.at < t < b.at for t in restarts)]
check(f'four a second at most (shortest pause {min(gaps):.2f} s)', min(gaps) > 0.2)
check('as they stand in the history', plant.query("SELECT count(*) FROM notice WHERE contact='duty' AND state=1 AND channel='modem'")[0][0] == missed)
check('ended in order', plant.kill(signal.SIGTERM) == 0)
plant.close()
sys.exit(1 if wrong else 0)
