# SPDX-License-Identifier: Apache-2.0
"""A profile is turned on by hand: its rule opens at once, the word outlives a kill -9, a reload and a restart, and off again nothing new
opens while what is open clears. Dates are chosen so that the profile is off today."""
import datetime, json, os, signal, subprocess, time
from plant import Plant, wait_until

plant = Plant()
day = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=180)
text = plant.head() + f'''profile "flood" {{ from = "{day:%m}-10" to = "{day:%m}-11" }}
station "a" {{ kind = "national" interval = "1m"
 point "tp" {{ bus = "broker" unit = "mg/L" }} }}
limit "always" {{ parameters = {{ "tp" }} readings = 1 level = "watch" except_profile = {{ "flood" }} }}
limit "flood-only" {{ parameters = {{ "tp" }} readings = 1 level = "warning" profile = {{ "flood" }} }}
'''
with open(plant.path('wqd.conf'), 'w') as f:
    f.write(text)


def ctl(*words, status=0):
    done = subprocess.run([plant.bin('wqctl'), *words, '--socket', plant.path('wqd.sock')], capture_output=True, text=True)
    if done.returncode != status:
        raise SystemExit(f'{words}: {done.returncode}: {done.stdout}{done.stderr}')
    return done.stdout + done.stderr


def publish(value):
    at = int(time.time() * 1000)
    subprocess.run(['mosquitto_pub', '-p', str(plant.mqtt_port), '-q', '1', '-t', 'wq/a', '-m',
                    json.dumps({'time': at, 'tp': value})], check=True)
    wait_until('the reading', lambda: plant.query('SELECT 1 FROM reading WHERE at=?', at))


def link():
    wait_until('the link', lambda: (plant.status() or {'buses': [{'state': ''}]})['buses'][0]['state'] == 'up')


def rules():
    return sorted(a['rule'] for a in plant.status()['alarms'])


def expect(what, found, wanted):
    if found != wanted:
        raise SystemExit(f'FAIL: {what}: {found}, not {wanted}')


def said():
    profile = plant.status()['profiles'][0]
    return profile['state'], profile['by'], profile['who'], profile['reason']


plant.daemon()
link()
expect('by its dates', said(), ('off', 'date', None, None))
publish(0.3)
expect('before', rules(), ['always'])
publish(0.1)
expect('cleared', rules(), [])
ctl('profile', 'flood', 'on', '--reason', '秋汛', '--who', '李工')
expect('by hand', said(), ('on', 'hand', '李工', '秋汛'))
publish(0.31)
expect('in it', rules(), ['flood-only'])
said_no = ctl('profile', 'spring', 'on', '--reason', 'x', status=1)
expect('what is known', said_no, 'wqctl: nothing was changed: there is no profile "spring"; known: flood\n')
shelve = ('shelve', '--for', '1h', '--reason', 'x', '--rule')
for words, answer in (((*shelve, 'alway', '--station', 'a'), 'there is no rule "alway"; did you mean \'always\'?'),
                      ((*shelve, 'always', '--station', 'b'), 'there is no station "b"; known: a'),
                      ((*shelve, 'always', '--station', 'a', '--parameter', 'ph'), 'rule always judges no ph at a'),
                      (('maintain', 'b', '--for', '1h', '--reason', 'x'), 'there is no station "b"; known: a')):
    said_no = ctl(*words, status=1)
    expect(f'{words}: what is wrong', answer in said_no, True)
for name, stop in (('kill -9', signal.SIGKILL), ('restart', signal.SIGTERM)):
    plant.wqd.send_signal(stop)
    plant.wqd.wait(20)
    plant.running.remove(plant.wqd)
    plant.daemon()
    link()
    expect(f'after {name}', (said(), rules()), (('on', 'hand', '李工', '秋汛'), ['flood-only']))
plant.wqd.send_signal(signal.SIGHUP)
time.sleep(1)
expect('after a reload', (said(), rules()), (('on', 'hand', '李工', '秋汛'), ['flood-only']))
link()
ctl('profile', 'flood', 'auto', '--who', '李工')
expect('by its dates again', said()[:2], ('off', 'date'))
publish(0.32)
expect('what is open stays, what is active opens', rules(), ['always', 'flood-only'])
publish(0.05)
expect('both clear', rules(), [])
expect('on record', plant.query('SELECT said FROM v_profile'), [('on',), ('auto',)])
print('PASS: a profile by hand, over kill, restart and reload')
