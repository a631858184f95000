# SPDX-License-Identifier: Apache-2.0
"""Descriptors, memory, threads and file sizes exhausted: a clear end at the start, no end at all while it runs."""
import os, resource, time
from fault import Ground, Untested, fault, must, run, sanitized, until
from peers import Slave, good


def begin(ground, *limits):
    """limits: as prlimit(1) writes them; with a colon at the end the hard limit stays, so that it can be lifted."""
    ground.launch('prlimit', *limits)


def many_buses(ground, count=20):
    slave = Slave(good)
    extra = ''
    for i in range(count):
        extra += f'modbus "m{i}" {{ host = "127.0.0.1" port = {slave.port} interval = "500ms" timeout = "500ms" }}\n'
        extra += f'station "m{i}" {{ kind = "national" cycle = "0" point "tp" {{ bus = "m{i}" unit = "mg/L" unit_id = 1 address = 0 }} }}\n'
    ground.configure(extra=extra)
    return slave


def outcome(ground, seconds=15):
    """Runs, or has ended with 1 and a sentence."""
    until('wqd to watch or to end', lambda: ground.ended() or 'watching' in ground.log(), seconds)
    time.sleep(0.3)  # with nothing left for wqctl it may run all the same
    if not ground.ended():
        return 'runs'
    must(ground.wqd.returncode == 1, f'ended with {ground.wqd.returncode}: {ground.log()[-300:]}')
    lines = [line for line in ground.log().splitlines() if line.startswith('<3>')]
    must(lines, 'ended without a word: ' + ground.log()[-300:])
    return lines[-1]


@fault('descriptors at start', 'starts with 3 to 40 descriptors allowed', '', 'it runs, or ends with 1 and says why: no crash, no hang')
def descriptors_at_start(ground):
    seen = []
    for allowed in (4, 6, 8, 10, 12, 14, 16, 18, 20, 24, 40):
        open(ground.path('wqd.log'), 'w').close()
        begin(ground, f'--nofile={allowed}')
        said = outcome(ground)
        seen.append((allowed, said[:100]))
        if not ground.ended():
            ground.kill(15)
        else:
            ground.running.remove(ground.wqd)
    if os.environ.get('WQ_SHOW'):
        print(*seen, sep='\n')
    must(any(said == 'runs' for _, said in seen), 'it never ran')
    open(ground.path('wqd.log'), 'w').close()


@fault('descriptors while running', 'twenty buses, an alarm, wqctl, then only as many descriptors as are in use; later more again', '',
       'true readings stored; all is well when there are descriptors again')
def descriptors_running(ground):
    slave = many_buses(ground)
    ground.daemon()
    until('the polls', lambda: len(ground.query('SELECT DISTINCT series FROM reading')) >= 20)
    used = max(int(n) for n in os.listdir(f'/proc/{ground.wqd.pid}/fd'))
    soft, hard = resource.prlimit(ground.wqd.pid, resource.RLIMIT_NOFILE)
    in_use = len(os.listdir(f'/proc/{ground.wqd.pid}/fd'))
    resource.prlimit(ground.wqd.pid, resource.RLIMIT_NOFILE, (min(used, in_use), hard))
    for connection in slave.open:
        connection.close()
    ground.send(0.5)
    ground.settle()
    ground.status()
    time.sleep(1)
    must(not ground.ended(), 'it ended: ' + ground.log()[-300:])
    resource.prlimit(ground.wqd.pid, resource.RLIMIT_NOFILE, (soft, hard))
    ground.ready()
    until('all buses up', lambda: all(b['state'] == 'up' for b in ground.status()['buses']), 30)
    ground.send(0.1)
    ground.settle()
    ground.all_told(30)
    slave.stop()


@fault('memory at start', 'starts with 16 to 400 MB of address space', '', 'it runs, or ends with 1 and says why')
def memory_at_start(ground):
    if sanitized():
        raise Untested('a sanitizer needs terabytes of address space')
    seen = []
    for megabytes in (40, 60, 80, 100, 120, 140, 160, 180, 200, 250, 300, 400):
        begin(ground, f'--as={megabytes << 20}')
        until('wqd to answer or to end', lambda: ground.ended() or ground.status(), 15)
        if ground.ended():
            seen.append((megabytes, ground.wqd.returncode, ground.log()[-120:]))
            must(ground.wqd.returncode in (1, 127), f'{megabytes} MB: ended with {ground.wqd.returncode}: {ground.log()[-300:]}')
            ground.running.remove(ground.wqd)
        else:
            seen.append((megabytes, 'runs'))
            ground.kill(15)
    if os.environ.get('WQ_SHOW'):
        print(*seen, sep='\n')
    must(seen[-1][1] == 'runs', f'not even with 400 MB: {seen[-1]}')
    open(ground.path('wqd.log'), 'w').close()


@fault('memory while running', 'no more address space than in use, 300 messages, an alarm, wqctl; then memory again', '',
       'accepted readings are stored; it does not crash')
def memory_running(ground):
    if sanitized():
        raise Untested('a sanitizer needs terabytes of address space')
    ground.daemon()
    for _ in range(20):
        ground.send()
    ground.settle()
    with open(f'/proc/{ground.wqd.pid}/statm') as f:
        in_use = int(f.read().split()[0]) * resource.getpagesize()
    hard = resource.prlimit(ground.wqd.pid, resource.RLIMIT_AS)[1]
    resource.prlimit(ground.wqd.pid, resource.RLIMIT_AS, (in_use, hard))
    for i in range(300):
        ground.send(0.5 if i % 50 == 0 else 0.1)
    for _ in range(20):
        ground.publish('wq/q0', b'{"tp":0.1,"pad":"' + b'x' * 200000 + b'"}')
    for _ in range(5):
        ground.ctl('status', '--socket', ground.path('wqd.sock'))
    time.sleep(2)
    must(not ground.ended(), f'it ended with {ground.wqd.poll()}: ' + ground.log()[-400:])
    resource.prlimit(ground.wqd.pid, resource.RLIMIT_AS, (hard, hard))
    ground.ready()
    ground.linked(40)
    ground.send(0.1)
    ground.settle(60)
    ground.all_told(40)


def as_user(ground, user, *before):
    """Threads are counted by user: one that nobody else is."""
    if os.geteuid() != 0:
        raise Untested('needs a user of its own')
    for path, _, names in os.walk(ground.dir):
        for name in ['.'] + names:
            os.chown(os.path.join(path, name), user, user)
    os.chmod(ground.dir, 0o755)
    ground.launch(*before, user=user, group=user, extra_groups=[])


@fault('no threads', 'as many threads as it has, no more', '', 'wqctl is refused or served; readings are stored, alarms told')
def threads(ground):
    as_user(ground, 65433)
    ground.ready()
    ground.linked()
    with open(f'/proc/{ground.wqd.pid}/status') as f:
        count = int(next(line for line in f if line.startswith('Threads')).split()[1])
    ground.kill(15)
    as_user(ground, 65433, 'prlimit', f'--nproc={count}')
    until('the connection to the broker', lambda: 'watching' in ground.log(), 10)
    time.sleep(2)
    ground.send(0.5)
    ground.settle()
    refused = ground.ctl('status', '--socket', ground.path('wqd.sock'))
    must(refused.returncode in (0, 3), f'wqctl ended with {refused.returncode}')
    must(not ground.ended(), 'it ended: ' + ground.log()[-300:])
    ground.all_told(30)


@fault('no threads at start', 'no thread may be started', 'thread', 'it ends with 1 and says why')
def threads_at_start(ground):
    as_user(ground, 65432, 'prlimit', '--nproc=1')
    code = ground.expect_end()
    must(code == 1, f'ended with {code}')


@fault('file size', 'files may not grow beyond 300 kB (ulimit -f)', r'disk I/O error|full|File too large', 'no crash by SIGXFSZ; alarms are told')
def file_size(ground):
    begin(ground, f'--fsize={300 << 10}:')
    ground.ready()
    ground.linked()
    for i in range(60):
        ground.send(0.1)
        if i % 10 == 0:
            time.sleep(0.1)
    ground.send(0.5)
    until('the alarm told', ground.told_ids, 15)
    must(not ground.ended(), f'it ended with {ground.wqd.poll()}')
    for i in range(200):
        ground.send(0.1, 'q1')
    ground.says('disk I/O error|full|too large')
    resource.prlimit(ground.wqd.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    ground.settle(30)


@fault('without standard streams', 'starts with 0, 1 and 2 closed', '', 'no message ends up in the history; readings stored')
def no_streams(ground):
    pid = os.fork()
    if pid == 0:
        os.closerange(0, 3)
        os.execv(ground.bin('wqd'), ['wqd', '--config', ground.path('wqd.conf')])
    class Process:  # what Plant needs of a Popen
        args, returncode = ['wqd'], None
        def poll(self):
            done, status = os.waitpid(pid, os.WNOHANG) if self.returncode is None else (0, 0)
            if done:
                self.returncode = os.waitstatus_to_exitcode(status)
            return self.returncode
        def send_signal(self, how): os.kill(pid, how)
        def terminate(self): self.poll() is None and os.kill(pid, 15)
        def kill(self): self.poll() is None and os.kill(pid, 9)
        def wait(self, timeout=30):
            until('its end', lambda: self.poll() is not None, timeout)
    ground.wqd = Process()
    ground.wqd.pid = pid
    ground.running.append(ground.wqd)
    ground.ready()
    ground.linked()
    ground.publish('wq/q0', b'garbage')
    ground.send(0.5)
    ground.settle()
    with open(ground.path('wqd.db'), 'rb') as f:
        must(f.read(15) == b'SQLite format 3', 'the log was written into the history')
    must(ground.query('PRAGMA integrity_check') == [('ok',)], 'integrity')
    ground.all_told()


if __name__ == '__main__':
    run()
