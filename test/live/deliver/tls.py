# SPDX-License-Identifier: Apache-2.0
"""Mail, topic and webhook over TLS under an authority of one's own: a right certificate, one for another host, an expired one, one of
another authority, and a server that speaks plainly where TLS is demanded. Tried by `wqctl channel test`; what is wrong is said, and
nothing is handed over: no password, no message."""
import os, shutil, ssl, subprocess, sys, threading
HERE = os.path.dirname(os.path.abspath(__file__))
from receivers import Receivers, answer, read_request
from peers import Server
from plant import Plant, free_port, reachable, skip, wait_until
sys.path.insert(0, os.path.join(HERE, '..', 'mqtt'))
from ground import authority, certificate

PAST = ('20200101000000Z', '20200201000000Z')
KINDS = {'good': None, 'elsewhere': 'another host', 'old': 'expired', 'stranger': 'another authority', 'plain': 'no TLS at all'}
MAIL = '''
import asyncio, ssl, sys
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult
folder = sys.argv[1]
seen = open(folder + "/mail.seen", "a", buffering=1)
class Handler:
    def __init__(self, name, way):
        self.name, self.inside = name, way == "smtps" and name != "plain"
    async def handle_RCPT(self, server, session, envelope, address, options):
        envelope.rcpt_tos.append(address)
        return "250 OK"
    async def handle_DATA(self, server, session, envelope):
        print(self.name, "tls" if session.ssl or self.inside else "plain", file=seen)
        return "250 OK"
    def authenticate(self, server, session, envelope, mechanism, data):
        print("password", "tls" if session.ssl or self.inside else "plain", file=seen)
        return AuthResult(success=True)
class Wrapped(Controller):
    def factory(self):
        return SMTP(self.handler, tls_context=self.context, require_starttls=False, auth_require_tls=False, authenticator=self.handler.authenticate)
for word in sys.argv[2:]:
    name, way, port = word.split(":")
    context = None
    if name != "plain":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{folder}/{name}.pem", f"{folder}/{name}.key")
    controller = Wrapped(Handler(name, way), hostname="127.0.0.1", port=int(port), ssl_context=context if way == "smtps" else None)
    controller.context = context if way == "smtp" else None
    controller.start()
asyncio.new_event_loop().run_forever()
'''
if subprocess.run([sys.executable, '-c', 'import aiosmtpd'], capture_output=True).returncode != 0:
    skip('no mail server (package python3-aiosmtpd)')
if not shutil.which('openssl'):
    skip('no openssl')


def secret(plant, name, text):
    with open(plant.path('credentials/' + name), 'w', opener=lambda p, f: os.open(p, f, 0o600)) as f:
        f.write(text + '\n')


class Https(Receivers):
    """A receiver behind a certificate, or behind none."""

    def __init__(self, folder, name):
        self.context = None
        if name != 'plain':
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(f'{folder}/{name}.pem', f'{folder}/{name}.key')
        super().__init__(1, ill=0)

    def _serve(self, connection):
        try:
            connection.settimeout(10)
            Receivers._turn(self, self.context.wrap_socket(connection, server_side=True) if self.context else connection)
        except (OSError, ValueError):
            pass
        finally:
            connection.close()


def broker(plant, folder, name, port):
    with open(plant.path(f'broker-{name}.conf'), 'w') as f:
        f.write(f'listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nlog_type all\n')
        if name != 'plain':
            f.write(f'certfile {folder}/{name}.pem\nkeyfile {folder}/{name}.key\ncafile {folder}/ca.pem\n')
    plant.start(f'broker-{name}', 'mosquitto', '-v', '-c', plant.path(f'broker-{name}.conf'))


def main():
    plant = Plant()
    folder = plant.path('tls')
    os.mkdir(folder)
    os.chmod(plant.dir, 0o755)
    authority(folder, 'ca')
    authority(folder, 'other')
    certificate(folder, 'good', 'ca', 'DNS:localhost')
    certificate(folder, 'elsewhere', 'ca', 'DNS:elsewhere.example')
    certificate(folder, 'old', 'ca', 'DNS:localhost', PAST)
    certificate(folder, 'stranger', 'other', 'DNS:localhost')
    for name in ('good', 'elsewhere', 'old', 'stranger'):
        os.chmod(os.path.join(folder, name + '.key'), 0o644)
    secret(plant, 'mail', 'geheim')
    ca, text, words = f'ca_file = "{folder}/ca.pem"', '', []
    hooks = {name: Https(folder, name) for name in KINDS}
    for name in KINDS:
        for way in ('smtps', 'smtp'):
            port = free_port()
            words.append(f'{name}:{way}:{port}')
            text += (f'mail "{way}-{name}" {{ url = "{way}://localhost:{port}" from = "wqd@station.example" user = "wqd" '
                     f'password = "credential:mail" {ca} timeout = "5s" }}\n')
        port = free_port()
        broker(plant, folder, name, port)
        text += f'mqtt_topic "topic-{name}" {{ broker = "mqtts://localhost:{port}" topic = "out" client_id = "{name}" {ca} }}\n'
        text += f'webhook "https-{name}" {{ url = "https://localhost:{hooks[name].port}/hook" secret = "credential:hook" {ca} timeout = "5s" }}\n'
        wait_until('the broker', lambda: reachable(port))
    # Without the authority's file the system's are asked, and do not know it.
    text += f'mail "unknown" {{ url = "{words[0].split(":")[1]}://localhost:{words[0].split(":")[2]}" from = "wqd@station.example" timeout = "5s" }}\n'
    text += 'contact "li" { name = "李工" email = "li@bureau.example" channels = { "smtps-good" } }\n'
    text += 'station "s0" { kind = "national"\n  point "tp" { bus = "broker" unit = "mg/L" } }\n'
    with open(plant.path('mail.py'), 'w') as f:
        f.write(MAIL)
    plant.start('mail', sys.executable, plant.path('mail.py'), folder, *words)
    for word in words:
        wait_until('the mail server', lambda: reachable(int(word.split(':')[2])))
    with open(plant.path('wqd.conf'), 'w') as f:
        f.write(plant.head() + text)
    plant.daemon()
    wrong = []
    for way in ('smtps', 'smtp', 'topic', 'https'):
        for name, what in KINDS.items():
            code, said = try_channel(plant, f'{way}-{name}')
            good = (code == 0) == (what is None)
            wrong += [] if good else [f'{way}-{name}']
            print('ok ' if good else 'BAD', f'{way}, {what or "right certificate"}:', said.split(': ', 1)[-1].strip()[:150], flush=True)
    code, said = try_channel(plant, 'unknown')
    wrong += ['unknown'] * (code == 0)
    print('ok ' if code else 'BAD', 'an authority that the system does not know:', said.strip()[:150])
    with open(folder + '/mail.seen') as f:
        seen = f.read().split('\n')[:-1]
    told = {name: len(hook.requests) for name, hook in hooks.items()}
    print('mail servers saw', seen, '; receivers', told)
    if sorted(set(seen)) != ['good tls', 'password tls'] or told != {n: int(n == 'good') for n in KINDS}:
        wrong.append('what was handed over')
    for name in KINDS:
        published = 'Received PUBLISH' in plant.read(f'broker-{name}.log')
        wrong += [f'published to {name}'] * (published != (name == 'good'))
    plant.kill(15)
    for hook in hooks.values():
        hook.stop()
    plant.close()
    sys.exit(f'NOT SO: {wrong}' if wrong else 0)


def try_channel(plant, channel):
    done = subprocess.run([plant.bin('wqctl'), 'channel', 'test', channel, '--to', 'li', '--socket', plant.path('wqd.sock')],
                          capture_output=True, text=True, timeout=30)
    return done.returncode, done.stdout + done.stderr


main()
