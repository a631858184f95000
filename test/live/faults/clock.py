# SPDX-License-Identifier: Apache-2.0
"""The wall clock stepped while wqd runs (step_clock.c, preloaded; the other clocks stay true): forward, back, to 1970.
Whatever the clock says: nothing lost, nobody rung for it, intervals go on, notices are delivered."""
import json, os, re, signal, struct, time
from fault import Bad, Ground, Untested, fault, must, run, until
from peers import Hook, Slave, registers

LIBRARY = os.environ.get('WQ_CLOCK_LIBRARY', '')
RULES = 'daily "day" { level = "warning" }\ntrend "rise" { parameters = { "tp" } readings = 8 }\n'
SILENT = 'missing "silent" { after = "30m" level = "watch" }\n'
HOUR, DAY = 3600, 86400


class Stepped(Ground):
    """wqd lives by a clock of its own; a slave is polled twice a second."""

    def __init__(self, start=0, rules=RULES):
        super().__init__()
        if not os.path.exists(LIBRARY):
            self.close()
            raise Untested('no $WQ_CLOCK_LIBRARY')
        self.polls = 0
        self.level = 0.125
        self.slave = Slave(self.answer)
        extra = (f'modbus "plc" {{ host = "127.0.0.1" port = {self.slave.port} interval = "500ms" timeout = "500ms" }}\n'
                 'station "m" { kind = "national" cycle = "0" interval = "1m" point "tp" { bus = "plc" unit = "mg/L" unit_id = 1 address = 0 } }\n')
        self.hook = Hook(None)  # wqsim's inbox would refuse signatures of another day, and rightly
        self.hook.mend()
        self.configure(extra=extra + rules, change=lambda t: t.replace(f'127.0.0.1:{self.inbox_port}/', f'127.0.0.1:{self.hook.port}/'))
        self.offset = 0
        self.step(start)
        self.begin()

    def begin(self):
        self.launch(env=os.environ | {'LD_PRELOAD': LIBRARY, 'WQ_CLOCK_STEP': self.path('step'),
                                      'ASAN_OPTIONS': 'verify_asan_link_order=0:' + os.environ.get('ASAN_OPTIONS', '')})
        self.ready()
        self.linked()

    def answer(self, request):
        self.polls += 1
        high, low = struct.unpack('>HH', struct.pack('>f', self.level))
        return registers(request, {0: high, 1: low})

    def step(self, offset):
        self.offset = offset
        with open(self.path('step'), 'r+b' if os.path.exists(self.path('step')) else 'wb') as f:
            f.write(struct.pack('=q', offset))

    def theirs(self):
        """Milliseconds as wqd's clock shows."""
        return self.now() + self.offset * 1000

    def polled(self, seconds=2):
        before = self.polls
        time.sleep(seconds)
        must(self.polls - before >= 2 * seconds - 2, f'{self.polls - before} polls in {seconds} s, expected {2 * seconds}')

    def changes(self):
        return self.query("SELECT rule, station, change, text FROM v_alarm")

    def told_ids(self):
        return [i for i, _ in self.hook.told]

    def close(self):
        if hasattr(self, 'slave'):
            self.slave.stop()
            self.hook.stop()
        super().close()


def stepping(name, does, steps, keeps='readings are stored, polls go on, no alarm of its own, an exceedance is told at once'):
    @fault(name, does, '', keeps)
    def test(_):
        ground = Stepped(steps[0])
        try:
            first = int(time.time()) + steps[0]
            until('a stored reading', lambda: ground.query("SELECT 1 FROM v_sample WHERE station='m'"))
            stamp = ground.query("SELECT max(received) FROM reading")[0][0] // 1000
            must(abs(stamp - first) < 60, f'the clock is not the one given: {stamp} is not {first}')
            for offset in steps[1:]:
                ground.step(offset)
                ground.polled()
                ground.send(0.1, at=ground.theirs())
                ground.settle()
                ground.alive()
            false = [c for c in ground.changes() if c[0] != 'tp3']
            must(not false, f'{len(false)} changes of alarms for a step of the clock: {false[:4]}')
            ring(ground)
            must(len(ground.log().splitlines()) < 40, 'the log is flooded')
            code = ground.kill(signal.SIGTERM)
            must(code == 0, f'ended with {code}')
            must(ground.query('PRAGMA integrity_check') == [('ok',)], 'integrity')
        finally:
            if os.environ.get('WQ_SHOW'):
                print(ground.log()[-2000:], ground.changes()[:10])
            ground.close()
    return test


def ring(ground):
    """Over the limit, told; under it, told."""
    for value, kind in ((0.5, 'opened'), (0.1, 'cleared')):
        ground.send(value, at=ground.theirs())
        until(f'"{kind}"', lambda: ground.query("SELECT 1 FROM v_alarm WHERE rule='tp3' AND station='q0' AND change=?", kind), 8)
    ground.all_told(8)


stepping('forward an hour', 'steps the clock forward by an hour', (0, HOUR))
stepping('back an hour', 'steps the clock back by an hour', (0, -HOUR))
stepping('forward a day', 'steps the clock forward by a day', (0, DAY))
stepping('back a day', 'steps the clock back by a day', (0, -DAY))
stepping('there and back', 'an hour forward and back, three times', (0, HOUR, 0, HOUR, 0, HOUR, 0))
stepping('a day there and back', 'a day forward and back', (0, DAY, 0))


@fault('begins in 1970, is set', 'starts with a clock of 1970, which is then set', '', 'readings with their own time are stored; alarms told; no storm when it is set')
def from_1970(_):
    ground = Stepped(-int(time.time()) + 60)
    try:
        time.sleep(2)
        ground.publish('wq/q0', json.dumps({'tp': 0.1}))
        time.sleep(1)
        must(not ground.get('/v1/status')['clock_trusted'], 'the clock of 1970 is trusted')
        ground.step(0)
        ground.polled()
        ground.send(0.1)
        ground.settle()
        must(not [c for c in ground.changes() if c[0] != 'tp3'], f'a storm: {ground.changes()[:4]}')
        ring(ground)
    finally:
        if os.environ.get('WQ_SHOW'):
            print(ground.log()[-2000:], ground.changes()[:10])
        ground.close()


@fault('falls back to 1970', 'steps the clock to 1970 and back again', '', 'what is measured meanwhile is stored, marked as not trusted; no storm')
def to_1970(_):
    ground = Stepped()
    try:
        ground.polled()
        ground.step(-int(time.time()) + 60)
        ground.polled(3)
        ground.alive()
        must(not ground.get('/v1/status')['clock_trusted'], 'the clock of 1970 is trusted')
        ground.step(0)
        ground.polled()
        early = ground.query('SELECT count(*), max(trusted) FROM reading WHERE received < 1000000000000')
        must(early[0][0] > 0 and early[0][1] == 0, f'readings of 1970 (count, trusted): {early}')
        must(not [c for c in ground.changes() if c[0] != 'tp3'], f'a storm: {ground.changes()[:4]}')
        ring(ground)
    finally:
        if os.environ.get('WQ_SHOW'):
            print(ground.log()[-2000:], ground.changes()[:10])
        ground.close()


@fault('restarted in the past', 'stops wqd, starts it with a clock a day earlier', '', 'what comes is stored; no alarm twice under one number')
def restarted_in_the_past(_):
    ground = Stepped()
    try:
        ring(ground)
        ground.kill(signal.SIGTERM)
        ground.step(-DAY)
        ground.begin()
        ground.send(0.1, at=ground.theirs())
        ground.settle()
        ground.polled()
        ground.alive()
    finally:
        ground.close()


def storm(name, does, steps):
    @fault(name, does, '', 'nobody is told of a silence that was not')
    def test(_):
        ground = Stepped(steps[0], SILENT)
        try:
            ground.polled()
            for station in ('q0', 'q1'):
                ground.publish(f'wq/{station}', json.dumps({'tp': 0.1, 'ph': 7}))
            time.sleep(1)
            for offset in steps[1:]:
                ground.step(offset)
                ground.polled()
            must(not ground.changes(), f'{len(ground.changes())} changes of alarms: {ground.changes()[:3]}')
        finally:
            ground.close()


storm('no silence: forward an hour', 'as above, with a rule that watches for 30 minutes of silence', (0, HOUR))
storm('no silence: out of 1970', 'a clock of 1970 that is set, with that rule', (-int(time.time()) + 60, 0))


@fault('silence after a step back', 'the clock goes back by an hour, then a station falls silent', '', 'the silence is told', long=True)
def silence_after(_):
    ground = Stepped(0, 'missing "silent" { parameters = { "tp" } stations = { "m" } after = "1m" level = "watch" }\n')
    try:
        ground.polled()
        ground.step(-HOUR)
        ground.polled()
        ground.slave.respond = lambda request: 'reset'
        until('the silence to be told', lambda: ground.changes(), 75)
    finally:
        ground.close()


if __name__ == '__main__':
    run()
