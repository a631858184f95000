# SPDX-License-Identifier: Apache-2.0
"""A strict HJ 212 platform: every frame must be one of HJ 212-2017's form with the right checksum. It leaves frames unanswered, drops
connections, asks for what it may not have; the gateway is killed meanwhile. In the end it has every reading, in order."""
import os, re, socket, sys, threading, time
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'wqd'))
import json, subprocess
from plant import Plant, free_port, wait_until

NAMES = (('ph', '-', 'w01001'), ('codmn', 'mg/L', 'w01019'), ('tp', 'mg/L', 'w21011'))
FRAME = re.compile(rb'##(\d{4})(.*?)([0-9A-F]{4})\r\n', re.S)
SEGMENT = re.compile(r'QN=(\d{17});ST=21;CN=2011;PW=654321;MN=(A11_[AB]);Flag=9;CP=&&DataTime=(\d{14});(.*)&&$')

FILL = re.compile(r'QN=(\d{17});ST=21;CN=2061;PW=654321;MN=(A11_[AB]);Flag=9;CP=&&DataTime=(\d{14});(.*)&&$')


def crc(data):
    reg = 0xFFFF
    for byte in data:
        reg = (reg >> 8) ^ byte
        for _ in range(8):
            reg = (reg >> 1) ^ 0xA001 if reg & 1 else reg >> 1
    return b'%04X' % reg


def frame(segment):
    data = segment.encode()
    return b'##%04d' % len(data) + data + crc(data) + b'\r\n'


class Platform(threading.Thread):
    def __init__(self, port):
        super().__init__(daemon=True)
        self.listener = socket.create_server(('127.0.0.1', port))
        self.order, self.seen, self.wrong, self.repeats, self.connections, self.answers, self.frames = [], {}, [], 0, 0, [], 0
        self.results, self.filled, self.peer = [], [], None
        self.start()

    def run(self):
        while True:
            peer, _ = self.listener.accept()
            self.connections += 1
            self.peer = peer
            # Not supported from above: setting the interval. It must be refused in form.
            peer.sendall(frame('QN=20260305080000001;ST=21;CN=1062;PW=654321;MN=A11_A;Flag=9;CP=&&RtdInterval=30&&'))
            try:
                self.serve(peer)
            except OSError:
                pass
            peer.close()

    def serve(self, peer):
        data = b''
        while True:
            more = peer.recv(65536)
            if not more:
                return
            data += more
            while b'\r\n' in data:
                line, _, data = data.partition(b'\r\n')
                if not self.take(peer, line + b'\r\n'):
                    return

    def take(self, peer, line):
        self.frames += 1
        m = FRAME.fullmatch(line)
        if not m or int(m[1]) != len(m[2]) or len(m[2]) > 1024 or crc(m[2]) != m[3]:
            self.wrong.append(line)
            return True
        text = m[2].decode()
        if 'CN=9011' in text:
            self.answers.append(text)
            return True
        if 'CN=9012' in text:
            self.results.append(text)
            return True
        f = FILL.match(text)
        if f:
            self.filled.append((f[2], f[3], f[4]))
            peer.sendall(frame(f'QN={f[1]};ST=91;CN=9014;PW=654321;MN={f[2]};Flag=8;CP=&&&&'))
            return True
        s = SEGMENT.match(text)
        if not s:
            self.wrong.append(line)
            return True
        key = (s[2], s[3])
        if self.frames % 23 == 0:
            return True      # lost on the way
        if self.frames % 211 == 0:
            return False     # the line breaks before it is acknowledged
        if key in self.seen:
            self.repeats += 1
            if self.seen[key] != s[4]:
                self.wrong.append(line)
        else:
            self.seen[key] = s[4]
            self.order.append(key)
        # As real platforms do: another ST, Flag and an item more. In pieces.
        reply = frame(f'QN={s[1]};ST=91;CN=9014;PW=654321;MN={s[2]};Flag=8;CP=&&QnRtn=1&&')
        peer.sendall(reply[:9])
        peer.sendall(reply[9:])
        return True


def run(ahead):
    plant, port = Plant(), free_port()
    text = plant.head()
    for s in ('yigan', 'nanheng'):
        text += f'station "{s}" {{ kind = "national" late_after = "1h"\n' + ''.join(
            f'  point "{n}" {{ bus = "broker" unit = "{u}" }}\n' for n, u, _ in NAMES) + '}\n'
    text += f'''uplink "province" {{ kind = "hj212" host = "127.0.0.1" port = {port} mn = {{ "yigan=A11_A", "nanheng=A11_B" }} pw = "654321"
  timeout = "200ms" ahead = {ahead} patience = "30s" }}
'''
    with open(plant.path('wqd.conf'), 'w') as f:
        f.write(text)
    plant.daemon()
    wait_until('the link', lambda: plant.status()['buses'][0]['state'] == 'up')
    now = int(time.time())
    lines = [json.dumps({'time': at, 'values': {n: 5 + (at // 600 + k) % 97 / 100 for k, (n, _, _) in enumerate(NAMES)}})
             for at in range(now - 3 * 86400, now, 600)]
    for s in ('yigan', 'nanheng'):
        subprocess.run(['mosquitto_pub', '-p', str(plant.mqtt_port), '-q', '1', '-t', f'wq/{s}', '-l'], input='\n'.join(lines) + '\n', text=True, check=True)
    total = 2 * len(lines)
    wait_until('the history', lambda: plant.query('SELECT count(*) FROM forward')[0][0] == total)
    platform = Platform(port)
    wait_until('a third', lambda: len(platform.order) > total // 3, 120)
    plant.kill()
    plant.daemon()
    wait_until('all', lambda: len(platform.order) == total, 240)
    up = lambda: plant.status()['uplinks'][0]
    wait_until('the place', lambda: up()['sequence'] == up()['newest'] and not plant.query('SELECT 1 FROM forward'), 30)
    # Back-fill: an hour of what it has already, by another command; a station that nobody knows; a stretch without anything.
    half = [(t, v) for (m, t), v in sorted(platform.seen.items()) if m == 'A11_A'][20:27]
    ask = lambda qn, mn, a, b: platform.peer.sendall(frame(f'QN={qn};ST=21;CN=2061;PW=654321;MN={mn};Flag=9;CP=&&BeginTime={a};EndTime={b}&&'))
    ask('20260305090000001', 'A11_A', half[0][0], half[-1][0])
    wait_until('what was asked for', lambda: any('QN=20260305090000001' in r for r in platform.results), 60)
    ask('20260305090000002', 'A11_C', half[0][0], half[-1][0])
    ask('20260305090000003', 'A11_A', '20200101000000', '20200101010000')
    wait_until('nothing', lambda: any('QN=20260305090000003' in r for r in platform.results), 60)
    got = sorted({(t, v.replace('-Avg', '-Rtd')) for _, t, v in platform.filled})
    said = {r[3:20]: re.search('ExeRtn=\\d+', r)[0] for r in platform.results}
    asked = [re.search(f'{q};.*(QnRtn=\\d+)', a)[1] for q in ('20260305090000001', '20260305090000002', '20260305090000003') for a in platform.answers if q in a]
    filled = got == half and said == {'20260305090000001': 'ExeRtn=1', '20260305090000003': 'ExeRtn=100'} and asked == ['QnRtn=1', 'QnRtn=4', 'QnRtn=1']
    print('back-fill:', len(platform.filled), 'records', said, asked)
    per = {mn: [t for m, t in platform.order if m == mn] for mn in ('A11_A', 'A11_B')}
    ordered = all(a == sorted(a) for a in per.values())
    refused = [a for a in platform.answers if a.startswith('QN=20260305080000001;ST=91;CN=9011;') and 'QnRtn=2' in a]
    values = platform.seen[('A11_B', per['A11_B'][-1])]
    whole = all(f'{code}-Rtd=' in values and f'{code}-Flag=N' in values for _, _, code in NAMES)
    print(f'{ahead} ahead: {total} records, {platform.frames} frames over {platform.connections} connections, {platform.repeats} repeats, {len(platform.wrong)} wrong, '
          f'{"in" if ordered else "NOT in"} order, {len(refused)} requests refused in form; last: {values}')
    for line in platform.wrong[:3]:
        print(line)
    code = plant.kill(15)
    return not platform.wrong and platform.repeats > 0 and platform.connections > 1 and len(refused) > 0 and filled and whole and (ordered or ahead > 1) and code == 0


sys.exit(0 if all([run(1), run(4)]) else 1)
