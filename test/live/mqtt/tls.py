# SPDX-License-Identifier: Apache-2.0
"""mosquitto over TLS that wants a client certificate: the right one, none, one of another authority, an expired one, a key that
others can read; a server for another host, an expired server; and user and password from a credential. Both versions of MQTT."""
import json, os, shutil, sys
from ground import Ground, authority, certificate, must, skip, wait_until

if not shutil.which('openssl') or not shutil.which('mosquitto_pub'):
    skip('no openssl or mosquitto_pub')
PAST = ('20200101000000Z', '20200201000000Z')


def broker(folder, server, extra=''):
    return (f'cafile {folder}/ca.pem\ncertfile {folder}/{server}.pem\nkeyfile {folder}/{server}.key\nrequire_certificate true\n'
            f'tls_version tlsv1.2\n{extra}')


def make_all(folder):
    authority(folder, 'ca')
    authority(folder, 'other')
    certificate(folder, 'server', 'ca', 'DNS:localhost')
    certificate(folder, 'elsewhere', 'ca', 'DNS:elsewhere.example')
    certificate(folder, 'old-server', 'ca', 'DNS:localhost', PAST)
    certificate(folder, 'us', 'ca')
    certificate(folder, 'stranger', 'other')
    certificate(folder, 'old-us', 'ca', dates=PAST)
    os.chmod(os.path.join(folder, 'server.key'), 0o644)
    for name in ('elsewhere', 'old-server'):
        os.chmod(os.path.join(folder, name + '.key'), 0o644)


def run(folder, name, says=None, server='server', client='us', extra='', keys=''):
    """says: the sentence that must be told instead of a link."""
    ground = Ground(broker(folder, server, extra))
    cert = f'cert_file = "{folder}/{client}.pem" key_file = "{folder}/{client}.key"' if client else ''
    ground.configure(f'ca_file = "{folder}/ca.pem" {cert} {keys}', scheme='ssl', host='localhost')
    with open(ground.path('credentials/broker'), 'w', opener=lambda p, f: os.open(p, f, 0o600)) as f:
        f.write('geheim\n')
    ground.daemon()
    if says:
        ground.says(says)
        must(ground.link()['state'] != 'up', f'{name}: no link')
        line = next(l for l in ground.read('wqd.log').splitlines() if says in l)
        print(f'{name}: {line.strip()}')
    else:
        ground.linked()
        ground.publish('wq/q0', json.dumps({'time': 1772668800, 'tp': 0.125}), '--cafile', f'{folder}/ca.pem', '--cert',
                       f'{folder}/us.pem', '--key', f'{folder}/us.key', '--insecure',
                       *(('-u', 'wqd', '-P', 'geheim') if 'password_file' in extra else ()))
        wait_until('the reading', lambda: ground.values())
        must(ground.values()[0][3] == 0.125, f'{name}: the reading')
        print(f'{name}: linked, a reading came')
    ground.close()


base = Ground()  # only for a folder
folder = base.path('tls')
os.mkdir(folder)
os.chmod(base.dir, 0o755)
make_all(folder)
for version in ('3.1.1', '5'):
    keys = f'version = "{version}"'
    run(folder, f'{version}, right certificate', keys=keys)
    run(folder, f'{version}, none', 'no connection', client='', keys=keys)
    run(folder, f'{version}, of another authority', 'no connection', client='stranger', keys=keys)
    run(folder, f'{version}, expired', 'no connection', client='old-us', keys=keys)
    run(folder, f'{version}, server for another host', 'not for this host', server='elsewhere', keys=keys)
    run(folder, f'{version}, server expired', 'verify failed', server='old-server', keys=keys)
os.chmod(os.path.join(folder, 'us.key'), 0o644)
run(folder, 'key for everybody', 'others can neither read')
os.chmod(os.path.join(folder, 'us.key'), 0o600)
run(folder, 'no such certificate', 'No such file', client='nobody')

import subprocess
subprocess.run(['mosquitto_passwd', '-b', '-c', f'{folder}/passwords', 'wqd', 'geheim'], check=True)
os.chmod(f'{folder}/passwords', 0o644)
wanted = f'password_file {folder}/passwords\n'
for version, wrong in (('3.1.1', 'authorise'), ('5', 'authorise')):
    keys = f'version = "{version}" username = "wqd"'
    run(folder, f'{version}, password from a credential', extra='allow_anonymous false\n' + wanted,
        keys=keys + ' password = "credential:broker"')
    run(folder, f'{version}, without the password', wrong, extra='allow_anonymous false\n' + wanted, keys=keys)
run(folder, 'a credential that is not there', 'nothere', keys='username = "wqd" password = "credential:nothere"')
