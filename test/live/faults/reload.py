# SPDX-License-Identifier: Apache-2.0
"""SIGHUP with configurations that do not hold, that hold but cannot be run, and that hold; signals and kills."""
import os, re, signal, subprocess, threading, time
from fault import Ground, fault, must, run, until


def write(ground, text):
    with open(ground.path('wqd.conf'), 'wb') as f:
        f.write(text if isinstance(text, bytes) else text.encode())


def hup(ground):
    ground.wqd.send_signal(signal.SIGHUP)


def started(ground):
    return len(re.findall('watching', ground.log()))


def reloaded(ground, times):
    until('the new start', lambda: started(ground) >= times)
    ground.linked()


BROKEN = [
    ('a typing error', b'sight { }', "unknown (section|key)|sight"),
    ('empty', b'', 'running configuration is unchanged'),
    ('binary', bytes(range(256)) * 20, 'running configuration is unchanged'),
    ('cut in the middle', None, 'running configuration is unchanged'),
    ('gone', False, 'No such file'),
    ('a directory', True, 'not a regular file'),
]


@fault('broken configurations', 'SIGHUP with six files that do not hold, a reading after each', '',
       'the old configuration goes on, and it is said what is wrong')
def broken(ground):
    ground.daemon()
    with open(ground.path('wqd.conf'), 'rb') as f:
        good = f.read()
    for name, content, says in BROKEN:
        since = len(ground.log())
        os.remove(ground.path('wqd.conf'))
        if content is True:
            os.mkdir(ground.path('wqd.conf'))
        elif content is not False:
            write(ground, good[:len(good) // 2] if content is None else content)
        hup(ground)
        ground.says(says, 5, since)
        ground.says('the running configuration is unchanged', 5, since)
        ground.send()
        ground.settle()
        if content is True:
            os.rmdir(ground.path('wqd.conf'))
        write(ground, good)
    must(started(ground) == 1, 'it started anew')


@fault('a station comes, one goes', 'SIGHUP that adds q2, then one that removes q0, with an alarm open and acknowledged', '',
       'alarm and acknowledgement stay, history stays, the new station is heard at once, nobody is told twice')
def stations(ground):
    ground.daemon()
    ground.send(0.5)
    name = until('the alarm', lambda: ground.query("SELECT alarm FROM v_alarm"))[0][0]
    ground.all_told()
    must(ground.ctl('ack', name, '--socket', ground.path('wqd.sock')).returncode == 0, 'not acknowledged')
    ground.configure(stations=('q0', 'q1', 'q2'))
    hup(ground)
    reloaded(ground, 2)
    ground.send(0.1, 'q2')
    ground.send(0.5)
    ground.settle()
    alarms = ground.get('/v1/alarms')['alarms']
    must([(a['alarm'], a['acknowledged']) for a in alarms] == [(name, True)], f'open alarms are {alarms}')
    ground.configure(stations=('q1', 'q2'))
    hup(ground)
    reloaded(ground, 3)
    ground.send(0.1, 'q2')
    ground.settle()
    ground.configure()
    hup(ground)
    reloaded(ground, 4)
    ground.send(0.1)
    until('the alarm cleared', lambda: ground.query("SELECT 1 FROM v_alarm WHERE alarm=? AND change='cleared'", name))
    ground.all_told()
    told = ground.told_ids()
    must(len(told) == len(set(told)), 'told twice')
    kinds = [k for (k,) in ground.query('SELECT change FROM v_alarm')]
    must(kinds == ['opened', 'acknowledged', 'cleared'], f'changes are {kinds}')


@fault('holds but cannot be run: database', 'SIGHUP with a database in a directory that is not there',
       r'unchanged|cannot', 'watching goes on with the old configuration')
def no_database(ground):
    ground.daemon()
    ground.configure(change=lambda t: t.replace('/wqd.db"', '/nowhere/wqd.db"'))
    hup(ground)
    time.sleep(3)
    must(not ground.ended(), 'wqd is gone: ' + ground.log()[-300:])
    ground.configure()
    ground.send()
    ground.settle()


@fault('holds but cannot be run: socket', 'SIGHUP with a socket path that is taken by a file', r'unchanged|something else of that name',
       'watching goes on with the old configuration')
def no_socket(ground):
    ground.daemon()
    ground.configure(change=lambda t: t.replace('/wqd.sock"', '/wqd.conf"'))
    hup(ground)
    time.sleep(3)
    must(not ground.ended(), 'wqd is gone: ' + ground.log()[-300:])
    ground.configure()
    ground.send()
    ground.settle()


@fault('ten at once', 'ten SIGHUP within a second, readings meanwhile', '', 'nothing lost; it runs in the end')
def ten(ground):
    ground.daemon()
    for _ in range(10):
        ground.send()
        hup(ground)
        time.sleep(0.1)
    for _ in range(20):
        ground.send()
        time.sleep(0.02)
    ground.ready()
    ground.settle(40)


@fault('a reload while people ask', 'SIGHUP three times while eight clients ask without a pause', '',
       'nobody who asks holds it up: the new start within 3 s')
def asked(ground):
    ground.daemon()
    stop = threading.Event()

    def ask():
        while not stop.is_set():
            try:
                ground.get('/v1/status')
            except (OSError, ValueError, IndexError):
                time.sleep(0.002)
    threads = [threading.Thread(target=ask, daemon=True) for _ in range(8)]
    for t in threads:
        t.start()
    try:
        for times in (2, 3, 4):
            time.sleep(0.3)
            began = time.monotonic()
            hup(ground)
            until('the new start', lambda: started(ground) >= times)
            must(time.monotonic() - began < 3, f'it took {time.monotonic() - began:.1f} s')
    finally:
        stop.set()
        for t in threads:
            t.join()
    ground.ready()


@fault('HUP then TERM', 'SIGHUP and SIGTERM at once', '', 'it ends with 0, whatever came first')
def hup_term(ground):
    ground.daemon()
    hup(ground)
    ground.wqd.send_signal(signal.SIGTERM)
    code = ground.expect_end(30)
    must(code == 0, f'ended with {code}')


@fault('stopped for 5 s', 'SIGSTOP, readings meanwhile, SIGCONT after 5 s', '', 'nothing lost, alarms told')
def stopped(ground):
    ground.daemon()
    ground.wqd.send_signal(signal.SIGSTOP)
    for _ in range(20):
        ground.send(0.1)
    ground.send(0.5)
    time.sleep(5)
    ground.wqd.send_signal(signal.SIGCONT)
    ground.settle()
    ground.all_told()
    must(ground.told_ids(), 'the alarm was not told')


@fault('kill -9 and again', 'kill -9 right after readings, five times', '', 'nothing lost, nothing twice; socket and lock do not stand in the way')
def killed(ground):
    ground.daemon()
    for i in range(5):
        for _ in range(20):
            ground.send()
        ground.kill()
        ground.send(0.5 if i % 2 else 0.1)
        ground.daemon()
    ground.settle()
    ground.all_told()


@fault('log that nobody reads', 'its log is a pipe that is full', '', 'sampling, alarms and wqctl go on')
def full_pipe(ground):
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    try:
        while True:
            os.write(writing, b'x' * 4096)
    except BlockingIOError:
        pass
    os.set_blocking(writing, True)
    ground.wqd = subprocess.Popen([ground.bin('wqd'), '--config', ground.path('wqd.conf')], stdout=writing, stderr=writing)
    ground.running.append(ground.wqd)
    try:
        ground.ready(8)
        ground.linked(8)
        ground.publish('wq/q0', b'garbage')
        ground.send(0.5)
        ground.settle(8)
    finally:
        os.close(reading)


@fault('log that is closed', 'its log is a pipe whose reader is gone', '', 'sampling and alarms go on')
def broken_pipe(ground):
    reading, writing = os.pipe()
    os.close(reading)
    ground.wqd = subprocess.Popen([ground.bin('wqd'), '--config', ground.path('wqd.conf')], stdout=writing, stderr=writing)
    ground.running.append(ground.wqd)
    os.close(writing)
    ground.ready()
    ground.linked()
    ground.publish('wq/q0', b'garbage')
    ground.send(0.5)
    ground.settle()
    ground.all_told()


if __name__ == '__main__':
    run()
