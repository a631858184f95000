# SPDX-License-Identifier: Apache-2.0
"""TLS with a certificate of our own, a password, MQTT 3.1.1 and 5; what is wrong is told; a platform that is away for longer than
lag_alarm becomes an alarm of the site and ends as one."""
import json, os, shutil, subprocess, sys, time
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'wqd'))
from plant import Plant, free_port, reachable, skip, wait_until

if not shutil.which('openssl') or not shutil.which('mosquitto_passwd'):
    skip('no openssl or mosquitto_passwd')
plant, port = Plant(), free_port()


def run(*command):
    subprocess.run(command, check=True, capture_output=True, cwd=plant.dir)


def certificate(name, subject, *more):
    run('openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', name + '.key', '-out', name + '.pem', '-subj', subject, *more)


certificate('ca', '/CN=upper ca')
certificate('other', '/CN=other ca')
for name, subject in (('server', '/CN=localhost'), ('client', '/CN=gateway')):
    run('openssl', 'req', '-newkey', 'rsa:2048', '-nodes', '-keyout', name + '.key', '-out', name + '.csr', '-subj', subject)
    with open(plant.path(name + '.ext'), 'w') as f:
        f.write('subjectAltName=DNS:localhost\n')
    run('openssl', 'x509', '-req', '-in', name + '.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-out', name + '.pem',
        '-extfile', name + '.ext')
run('mosquitto_passwd', '-b', '-c', 'passwords', 'gateway', 'right')
with open(plant.path('acl'), 'w') as f:
    f.write('user gateway\ntopic write up/#\n')
for name in ('passwords', 'acl', 'server.key'):
    os.chmod(plant.path(name), 0o644)
os.chmod(plant.dir, 0o755)
with open(plant.path('up.conf'), 'w') as f:
    f.write(f'listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {plant.path("passwords")}\nacl_file {plant.path("acl")}\n'
            f'cafile {plant.path("ca.pem")}\ncertfile {plant.path("server.pem")}\nkeyfile {plant.path("server.key")}\nrequire_certificate true\n')
for name, text in (('right', 'right\n'), ('wrong', 'hunter-wrong\n')):
    with open(plant.path('credentials/' + name), 'w', opener=lambda p, f: os.open(p, f, 0o600)) as f:
        f.write(text)


def uplink(name, **keys):
    keys = {'host': 'localhost', 'ca': 'ca.pem', 'password': 'right', 'protocol': '3.1.1', 'topic': 'up/{station}', 'lag': '1h', **keys}
    return (f'uplink "{name}" {{ kind = "mqtt" broker = "ssl://{keys["host"]}:{port}" client_id = "{name}" topic = "{keys["topic"]}" version = "{keys["protocol"]}"\n'
            f'  username = "gateway" password = "credential:{keys["password"]}" ca_file = "{plant.path(keys["ca"])}" cert_file = "{plant.path("client.pem")}"\n'
            f'  key_file = "{plant.path("client.key")}" alarms = false days = false lag_alarm = "{keys["lag"]}" }}\n')


text = plant.head() + 'station "q" { kind = "national"\n  point "tp" { bus = "broker" unit = "mg/L" }\n}\n'
text += uplink('three', lag='3s') + uplink('five', protocol='5')
text += uplink('stranger', ca='other.pem') + uplink('elsewhere', host='127.0.0.1') + uplink('badword', password='wrong') + uplink('badword5', password='wrong', protocol='5')
text += uplink('forbidden', protocol='5', topic='down/{station}')
with open(plant.path('wqd.conf'), 'w') as f:
    f.write(text)
plant.daemon()
wait_until('the link', lambda: plant.status()['buses'][0]['state'] == 'up')


def publish(value):
    run('mosquitto_pub', '-p', str(plant.mqtt_port), '-q', '1', '-t', 'wq/q', '-m', json.dumps({'tp': value}))


up = lambda name: next(u for u in plant.status()['uplinks'] if u['name'] == name)
publish(0.1)
alarm = lambda: plant.query("SELECT c.change, c.text FROM v_alarm c WHERE rule='wqd:uplink' ORDER BY c.time")
wait_until('the lag to be told', lambda: [c for c, _ in alarm()] == ['opened'], 60)
wait_until('a name', lambda: all(up(n)['why'] for n in ('three', 'five')))
plant.start('up', 'mosquitto', '-c', plant.path('up.conf'))
wait_until('the upper broker', lambda: reachable(port))
for i in range(3):
    publish(0.2 + i / 100)
for name in ('three', 'five'):
    wait_until(name, lambda: up(name)['messages'] >= 4 and up(name)['sequence'] == up(name)['newest'], 60)
wait_until('the end of the lag', lambda: [c for c, _ in alarm()] == ['opened', 'cleared'], 60)
failures = {n: up(n)['failures'] for n in ('stranger', 'elsewhere', 'badword', 'badword5', 'forbidden')}
for name, before in failures.items():
    wait_until('a try of ' + name, lambda: up(name)['failures'] > before, 60)
    print(f"{name}: {up(name)['why']}")
print(*alarm(), sep='\n')
words = {'stranger': 'certificate', 'elsewhere': 'certificate', 'badword': 'username or password|does not authorise', 'badword5': 'username or password|does not authorise',
         'forbidden': 'refuses a message: Not authorized'}
bad = [n for n, w in words.items() if not any(x in up(n)['why'] for x in w.split('|')) or up(n)['sequence'] != 0 or up(n)['state'] == 'up']
bad += [n for n in ('three', 'five') if up(n)['failures'] > failures.get(n, 99)]
log = plant.read('wqd.log')
code = plant.kill(15)
told = 'hunter-wrong' in log
print('bad:', bad, 'secret in the log:', told, 'ended with', code)
sys.exit(0 if not bad and not told and code == 0 else 1)
