# SPDX-License-Identifier: Apache-2.0
"""A plant whose broker and connection each test words itself."""
import os, subprocess, sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'wqd'))
from plant import Plant, free_port, reachable, skip, wait_until

STATION = '''station "{name}" {{ kind = "national" cycle = "0" interval = "1h" late_after = "30d"
  point "tp" {{ bus = "broker" unit = "mg/L" low = 0 high = 1000000000 {field} }}
  point "ph" {{ bus = "broker" unit = "-" low = 0 high = 1000000000 }}
}}
'''


class Ground(Plant):
    def configure(self, keys='', stations=('q0',), field='', port=None, scheme='tcp', host='127.0.0.1', topic='wq/{station}'):
        head = self.head().split('mqtt "broker"')[0]
        text = (f'{head}mqtt "broker" {{ broker = "{scheme}://{host}:{port or self.mqtt_port}" topic = "{topic}" '
                f'client_id = "wqd" {keys} }}\n')
        text += ''.join(STATION.format(name=name, field=field) for name in stations)
        with open(self.path('wqd.conf'), 'w') as f:
            f.write(text)

    def link(self):
        return self.status()['buses'][0]

    def linked(self, seconds=15):
        wait_until('the link', lambda: self.link()['state'] == 'up', seconds)

    def says(self, words, seconds=15):
        wait_until(f'"{words}" in the log', lambda: words in self.read('wqd.log'), seconds)

    def values(self):
        """station, parameter, time in ms, value, of all readings."""
        return self.query('SELECT station, parameter, at, value, flag FROM sample_row WHERE newest=1 ORDER BY at, station, parameter')

    def publish(self, topic, payload, *options, qos=1):
        subprocess.run(['mosquitto_pub', '-h', '127.0.0.1', '-p', str(self.mqtt_port), '-q', str(qos), '-t', topic, '-m', payload,
                        *options], check=True)


def must(holds, what):
    if not holds:
        raise SystemExit('NOT SO: ' + what)


def openssl(folder, *words):
    done = subprocess.run(['openssl', *words], cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit('openssl ' + ' '.join(words) + ': ' + done.stderr[-500:])


def authority(folder, name):
    openssl(folder, 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', f'{name}.key', '-out', f'{name}.pem', '-days', '30',
            '-subj', f'/CN={name}')


def certificate(folder, name, signer, host='', dates=()):
    """NAME.pem and NAME.key; dates: notBefore, notAfter as YYYYMMDDHHMMSSZ."""
    openssl(folder, 'req', '-newkey', 'rsa:2048', '-nodes', '-keyout', f'{name}.key', '-out', f'{name}.req', '-subj', f'/CN={name}')
    with open(os.path.join(folder, name + '.ext'), 'w') as f:
        f.write(f'subjectAltName={host or "DNS:" + name}\n')
    if not dates:
        openssl(folder, 'x509', '-req', '-in', f'{name}.req', '-CA', f'{signer}.pem', '-CAkey', f'{signer}.key', '-CAcreateserial',
                '-days', '30', '-extfile', f'{name}.ext', '-out', f'{name}.pem')
    else:
        with open(os.path.join(folder, 'ca.cnf'), 'w') as f:
            f.write('[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\npolicy=p\n'
                    'rand_serial=yes\n[p]\ncommonName=supplied\n')
        open(os.path.join(folder, 'index.txt'), 'w').close()
        openssl(folder, 'ca', '-batch', '-config', 'ca.cnf', '-cert', f'{signer}.pem', '-keyfile', f'{signer}.key', '-in', f'{name}.req',
                '-out', f'{name}.pem', '-startdate', dates[0], '-enddate', dates[1], '-extfile', f'{name}.ext', '-notext')
    os.chmod(os.path.join(folder, name + '.key'), 0o600)
