# SPDX-License-Identifier: Apache-2.0
"""Deadlines of escalation against clocks: the wall clock steps (../faults/step_clock.c) while the daemon runs, while it is down,
before a kill; the machine sleeps; it starts anew with a clock that is wrong. Whatever happens, an alarm that nobody acknowledges
escalates once, not before its deadline in real time and not long after it."""
import concurrent.futures, json, os, signal, sqlite3, struct, subprocess, sys, threading, time
from receivers import Receivers
from peers import Publisher
from plant import Plant, reachable, skip, wait_until

LIBRARY = os.environ.get('WQ_CLOCK_LIBRARY', '')
AFTER, PROMPT = 7.0, 3.0  # s until it escalates; how much later it may
HOUR = 3600
if not os.path.exists(LIBRARY):
    skip('no $WQ_CLOCK_LIBRARY')
building = threading.Lock()


class Stepped(Plant):
    def __init__(self):
        with building:
            super().__init__()
            self.receivers = Receivers(1, ill=0)
            wait_until('the broker', lambda: reachable(self.mqtt_port))
            self.publisher = Publisher(self.mqtt_port, 'water')
        self.set_clock()
        text = self.head().split('webhook "hook"')[0] + f'''
webhook "hook" {{ url = "http://127.0.0.1:{self.receivers.port}/hook" secret = "credential:hook" timeout = "1s" }}
contact "duty" {{ name = "值班员" channels = {{ "hook" }} }}
group "lead" {{ name = "牵头" members = {{ "duty" }} }}
route "all" {{ min_level = "info" lead = "lead" escalate_after = "{AFTER:.0f}s" }}
mqtt "broker" {{ broker = "tcp://127.0.0.1:{self.mqtt_port}" topic = "wq/{{station}}" client_id = "wqd" receipt = "durable" }}
station "s0" {{ kind = "national" cycle = "0" interval = "1h" late_after = "7d"
  point "tp" {{ bus = "broker" unit = "mg/L" }} }}
limit "tp" {{ parameters = {{ "tp" }} above = 0.2 readings = 1 first_level = "alarm" level = "alarm" }}
'''
        with open(self.path('wqd.conf'), 'w') as f:
            f.write(text)

    def set_clock(self, step=0, slept=0):
        """Seconds that the wall clock is off by; seconds that passed while nobody was awake."""
        with open(self.path('step'), 'r+b' if os.path.exists(self.path('step')) else 'wb') as f:
            f.write(struct.pack('=qqq', step, slept * 1000, 0))
        self.off = step + slept

    def begin(self):
        log = open(self.path('wqd.log'), 'ab')
        self.wqd = subprocess.Popen([self.bin('wqd'), '--config', self.path('wqd.conf')], stdout=log, stderr=log,
                                    env=os.environ | {'LD_PRELOAD': LIBRARY, 'WQ_CLOCK_STEP': self.path('step'),
                                                      'ASAN_OPTIONS': 'verify_asan_link_order=0:' + os.environ.get('ASAN_OPTIONS', '')})
        self.running.append(self.wqd)
        wait_until('wqd to answer', lambda: self.status() or self.ended())

    def exceed(self):
        """An alarm opens; the instant before which it cannot have been decided."""
        wait_until('the link', lambda: any(b['state'] == 'up' for b in self.status()['buses']))
        before = time.monotonic()
        self.publisher.publish('wq/s0', json.dumps({'time': int((time.time() + self.off) * 1000), 'tp': 0.9}))
        wait_until('the alarm', lambda: self.requests('opened'))
        return before

    def requests(self, kind):
        return [r for r in self.receivers.requests if r.data['change'] == kind]

    def escalated(self):
        return self.requests('escalated')

    def other_boot(self, trusted=0):
        """As if the machine had started anew: the time since boot begins again, under another name."""
        with sqlite3.connect(self.path('wqd.db')) as db:
            db.execute("UPDATE meta SET machine='another', boot=boot-1000000000, trusted=?", (trusted,))


def case(test):
    cases.append(test)
    return test


cases = []


@case
def nothing_happens(p):
    pass


@case
def forward_while_it_runs(p):
    p.set_clock(HOUR)


@case
def back_while_it_runs(p):
    p.set_clock(-HOUR)


@case
def forward_by_less_than_a_minute(p):
    p.set_clock(30)


@case
def back_by_less_than_a_minute(p):
    p.set_clock(-30)


@case
def there_and_back_again_and_again(p):
    for step in (HOUR, 0, -HOUR, 0, 20, 0):
        p.set_clock(step)
        time.sleep(0.4)


@case
def forward_and_then_killed(p):
    p.set_clock(HOUR)
    time.sleep(2.2)  # noticed and committed
    p.kill()
    p.begin()


@case
def back_and_then_killed(p):
    p.set_clock(-HOUR)
    time.sleep(2.2)
    p.kill()
    p.begin()


@case
def back_and_killed_twice(p):
    p.set_clock(-HOUR)
    for _ in range(2):
        time.sleep(1.2)
        p.kill()
        p.begin()


@case
def forward_and_killed_before_it_is_noticed(p):
    p.wqd.send_signal(signal.SIGSTOP)
    p.set_clock(HOUR)
    p.kill()
    p.begin()


@case
def forward_while_it_is_down(p):
    p.kill()
    p.set_clock(HOUR)
    p.begin()


@case
def back_while_it_is_down(p):
    p.kill()
    p.set_clock(-HOUR)
    p.begin()


@case
def forward_stopped_in_order_and_started_thrice(p):
    p.set_clock(HOUR)
    for _ in range(3):
        time.sleep(1)
        p.kill(signal.SIGTERM)
        p.begin()


@case
def another_boot(p):
    p.kill(signal.SIGTERM)
    p.other_boot()
    p.begin()


@case
def the_machine_sleeps_for_an_hour(p):
    p.set_clock(0, HOUR)
    return -1  # its time is over when it wakes


@case
def the_machine_is_off_for_an_hour(p):
    p.kill(signal.SIGTERM)
    p.other_boot()
    p.set_clock(0, HOUR)
    p.begin()
    return -1


@case
def another_boot_with_a_clock_that_is_not_known_to_be_right(p):
    """It was known before. It is an hour ahead now: nothing is counted by it but what this life has seen."""
    p.kill(signal.SIGTERM)
    p.other_boot(trusted=1)
    p.set_clock(HOUR)
    p.begin()
    return 'untrusted'


def run(test):
    p = Stepped()
    try:
        p.begin()
        before = p.exceed()
        time.sleep(1)
        way = test(p)
        born = time.monotonic()
        wait_until('the escalation', p.escalated, AFTER + PROMPT + 20)
        took = time.monotonic() - before
        if way == 'untrusted' and p.status()['clock_trusted']:
            return test.__name__, 'not asked: this machine knows its time', True
        due = -1 if way == -1 else AFTER
        latest = born - before + PROMPT if way == -1 else born - before + AFTER + PROMPT if way == 'untrusted' else AFTER + PROMPT
        time.sleep(1.2)
        good = due <= took <= latest and len(p.escalated()) == 1 and len(p.requests('opened')) == 1
        return test.__name__, f'escalated after {took:.1f} s, {len(p.escalated())} times, wanted {due} to {latest:.1f}', good
    except (SystemExit, Exception) as why:
        return test.__name__, f'{why!r}; {p.read("wqd.log")[-600:]}', False
    finally:
        p.receivers.stop()
        p.close()


wanted = sys.argv[1:]
with concurrent.futures.ThreadPoolExecutor(6) as pool:
    results = list(pool.map(run, [c for c in cases if not wanted or c.__name__ in wanted]))
for name, what, good in results:
    print('ok ' if good else 'BAD', name.replace('_', ' ') + ':', what)
sys.exit(not all(good for *_, good in results))
