# SPDX-License-Identifier: Apache-2.0
"""A Modbus gateway with 240 devices, four times at once: it takes connections and answers nothing; it refuses them; half of its devices
answer; one of them does. The first two are one alarm, 30 s after the last answer, nothing else, and its end when they are back; the others
are none of the gateway's. The first two; WQ_LONG=1: all four, and watched for longer."""
import os, struct, sys, threading, time
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, '..', 'faults')]
from peers import Slave, registers
from plant import Plant, wait_until

UNITS, AFTER, INTERVAL = 240, 30, 5
LONG = bool(os.environ.get('WQ_LONG'))
WATCHED = 100 if LONG else 15  # s: for so long nothing else may be told


def words():
    """Both series, never twice the same."""
    moves = time.time() % 60 / 1000
    return dict(enumerate(struct.unpack('>4H', struct.pack('>ff', 0.1 + moves, 2 + moves))))


class Gateway:
    def __init__(self, name):
        self.name, self.dead, self.answered = name, set(), 0.0
        self.slave = Slave(self.respond)
        self.plant = Plant()
        text = self.plant.head().replace('site {', f'site {{\n  bus_down_after = "{AFTER}s"')
        text += f'modbus "gateway" {{ host = "127.0.0.1" port = {self.slave.port} interval = "{INTERVAL}s" timeout = "500ms" }}\n'
        for i in range(1, UNITS + 1):
            text += (f'station "s{i:03d}" {{ kind = "national" interval = "{INTERVAL}s"\n  point "tp" {{ bus = "gateway" unit = "mg/L" unit_id = {i} address = 0 }}\n'
                     f'  point "codmn" {{ bus = "gateway" unit = "mg/L" unit_id = {i} address = 2 }}\n}}\n')
        text += 'missing "gone" { after = "90s" level = "watch" }\nsilent "still" { after = "90s" level = "warning" }\n'
        with open(self.plant.path('wqd.conf'), 'w') as f:
            f.write(text)
        self.plant.daemon()
        wait_until('all to be read', lambda: self.plant.query('SELECT count(DISTINCT series) FROM reading')[0][0] >= 2 * UNITS, 120)

    def respond(self, request):
        if request[6] in self.dead:
            return None
        self.answered = time.monotonic()
        return registers(request, words())

    def opened(self, bus):
        return self.plant.query("SELECT count(*) FROM change c JOIN alarm a ON a.id=c.alarm JOIN rule r ON r.id=a.rule"
                                f" WHERE c.kind=0 AND r.name {'=' if bus else '<>'} 'wqd:bus:gateway'")[0][0]

    def cleared(self):
        return self.plant.query("SELECT count(*) FROM change WHERE says LIKE '总线gateway恢复连接%'")[0][0]

    def refuse(self):
        self.slave.stop()

    def back(self):
        self.dead = set()
        if self.slave.stopped.is_set():
            self.slave = Slave(self.respond, self.slave.port)


def falls(gateway, refuse):
    last = gateway.answered
    gateway.dead = set(range(256))
    if refuse:
        gateway.refuse()
    last = max(last, gateway.answered)
    wait_until(f'{gateway.name}: the alarm', lambda: gateway.opened(True), 120)
    took = time.monotonic() - last
    time.sleep(WATCHED)
    said = gateway.plant.query("SELECT says FROM change WHERE kind=0 LIMIT 1")[0][0]
    others, told = gateway.opened(False), len(gateway.plant.query("SELECT 1 FROM notice WHERE contact='duty'"))
    began = time.monotonic()
    gateway.back()
    wait_until(f'{gateway.name}: the end', gateway.cleared, 70)
    ended = time.monotonic() - began
    time.sleep(WATCHED)
    late, again = gateway.opened(False), gateway.opened(True)
    print(f'{gateway.name}: told {took:.1f} s after the last answer: {said}; {told} notices, {others} other alarms; cleared {ended:.1f} s after it was back,'
          f' then {late} others and {again - 1} again')
    return took < AFTER + INTERVAL + 3 and took > AFTER - 1 and told == 1 and others == 0 and late == 0 and again == 1


def lives(gateway, dead):
    gateway.dead = set(dead)
    time.sleep(200)
    read = gateway.plant.query('SELECT count(DISTINCT series) FROM reading WHERE received > ?', int((time.time() - 12) * 1000))[0][0]
    print(f'{gateway.name}: {gateway.opened(True)} alarms of the gateway, {gateway.opened(False)} others; {read} series read in the last 12 s')
    return gateway.opened(True) == 0 and gateway.opened(False) == len(gateway.dead) and read == 2 * (UNITS - len(gateway.dead))


def dies_bit_by_bit(gateway):
    """All but one, ten a time; the one that is left is read all the while."""
    for upto in range(10, UNITS, 10):
        gateway.dead = set(range(1, upto + 1))
        time.sleep(6)
    return lives(gateway, range(1, UNITS))


results = {}
cases = {'silent': lambda g: falls(g, False), 'refuses': lambda g: falls(g, True),
         'half of it': lambda g: lives(g, range(1, UNITS // 2 + 1)), 'all but one': dies_bit_by_bit}


def play(name):
    gateway = Gateway(name)
    try:
        results[name] = cases[name](gateway)
    finally:
        gateway.plant.kill(15)


threads = [threading.Thread(target=play, args=(name,)) for name in (sys.argv[1:] or (cases if LONG else ['silent', 'refuses']))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(results)
sys.exit(0 if len(results) == len(threads) and all(results.values()) else 1)
