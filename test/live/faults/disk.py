# SPDX-License-Identifier: Apache-2.0
"""The disk full, slow, failing, stopped. Sampling and alarms go on; when the disk is back everything accepted is stored."""
import os, shutil, signal, subprocess, time
from fault import Ground, Untested, fault, must, run, sanitized, until


class Small(Ground):
    """Its history lies on a tmpfs of a few megabytes."""

    def __init__(self, size='3m'):
        super().__init__()
        if os.geteuid() != 0:
            raise Untested('mounting a small file system needs root')
        self.disk = self.path('disk')
        os.mkdir(self.disk)
        done = subprocess.run(['mount', '-t', 'tmpfs', '-o', f'size={size}', 'tmpfs', self.disk], capture_output=True)
        if done.returncode != 0:
            self.close()
            raise Untested('no tmpfs can be mounted here: ' + done.stderr.decode().strip())
        self.configure(change=lambda t: t.replace('/wqd.db"', '/disk/wqd.db"'))
        os.symlink('disk/wqd.db', self.path('wqd.db'))  # where the queries look; WAL and lock lie beside the true file

    def query(self, sql, *values):
        true, self.path = self.path, lambda name: os.path.join(self.disk, name) if name == 'wqd.db' else true(name)
        try:
            return super().query(sql, *values)
        finally:
            del self.path

    def fill(self):
        # Unbuffered: what a buffer still holds would be written, in vain, when the file is closed.
        with open(os.path.join(self.disk, 'ballast'), 'ab', buffering=0) as f:
            for size in (65536, 1):
                try:
                    while f.write(b'x' * size) == size:
                        pass
                except OSError:
                    pass

    def free(self):
        os.remove(os.path.join(self.disk, 'ballast'))

    def close(self):
        for process in self.running:
            process.kill()
            process.wait()
        if os.path.ismount(getattr(self, 'disk', '')):
            subprocess.run(['umount', '-l', self.disk])
        super().close()


def on(ground_class, *arguments):
    def wrap(test):
        def inner(ground):
            small = ground_class(*arguments)
            try:
                said = test(small)
                log = small.log()
                if os.environ.get('WQ_SHOW'):
                    print(log[-3000:])
                if not small.ended():
                    small.kill(15)
                must('Sanitizer' not in small.log() and 'runtime error' not in small.log(), small.log()[-500:])
                return log + (said or '')
            finally:
                small.close()
        return inner
    return wrap


@fault('full, then free', 'fills a small file system under a running wqd for 9 s with readings and an alarm, then frees it',
       'disk is full.*notices leave from memory, marked.*commits work again',
       'the alarm is told meanwhile; everything accepted is stored afterwards; wqctl answers')
@on(Small)
def full(ground):
    ground.daemon()
    for _ in range(10):
        ground.send()
    ground.settle()
    ground.fill()
    for _ in range(3):
        ground.send(0.5)
    until('the alarm told while the disk is full', ground.told_ids, 15)
    began = time.monotonic()
    while time.monotonic() - began < 3:
        ground.send(0.5)
        ground.send(0.1, 'q1')
        time.sleep(0.02)
    ground.alive()
    ground.says('disk is full')
    must(ground.status()['store']['state'] == 'trouble', 'status does not tell of the trouble')
    ground.free()
    ground.settle(30)
    ground.all_told(30)


@fault('full at start', 'starts wqd on a full file system', r'full|No space left', 'ends with 1 and says so; starts when there is room')
@on(Small)
def full_at_start(ground):
    ground.fill()
    ground.launch()
    code = ground.expect_end()
    must(code == 1, f'ended with {code}')
    ground.free()
    ground.daemon()
    ground.send()
    ground.settle()


@fault('full, stopped, free, started', 'SIGTERM while the disk is full', 'could not be stored|are lost|waits? with the broker|not stored',
       'it says what it could not store, and ends with 1 or leaves the messages with the broker')
@on(Small)
def full_then_stopped(ground):
    ground.daemon()
    ground.send()
    ground.settle()
    ground.fill()
    for _ in range(3):
        ground.send(0.1)
    ground.says('disk is full')
    time.sleep(6)
    ground.kill(15)
    ground.free()
    ground.daemon()
    lost = len(ground.missing())
    time.sleep(3)
    if ground.missing():
        return f'{lost} missing'


@fault('full and killed', 'kill -9 while the disk is full, freed, started again', '', 'what was not yet acknowledged comes again from the broker')
@on(Small)
def full_and_killed(ground):
    ground.configure(change=lambda t: t.replace('/wqd.db"', '/disk/wqd.db"').replace('site {', 'site {\n receipt_timeout = "30s"'))
    ground.daemon()
    ground.send()
    ground.settle()
    ground.fill()
    for _ in range(20):
        ground.send(0.5)
    ground.says('disk is full')
    ground.kill()
    ground.free()
    ground.daemon()
    ground.settle(30)
    ground.all_told(30)


def strace(*what):
    if not shutil.which('strace'):
        raise Untested('no strace')
    probe = subprocess.run(['strace', '-e', 'trace=none', 'true'], capture_output=True)
    if probe.returncode != 0:
        raise Untested('strace may not trace here: ' + probe.stderr.decode()[:80])
    return ['strace', '-f', '-qq', '-o', '/dev/null', *what]


def attach(ground, *what):
    tracer = subprocess.Popen([*strace(*what), '-p', str(ground.wqd.pid)], stderr=subprocess.PIPE, text=True)
    ground.running.append(tracer)

    def traced():
        with open(f'/proc/{ground.wqd.pid}/status') as f:
            return f'TracerPid:\t{tracer.pid}\n' in f.read()
    until('strace to be attached', traced)
    return tracer


def detach(ground, tracer):
    tracer.send_signal(signal.SIGINT)
    tracer.wait(timeout=40)  # it lets go when the delayed call is over
    ground.running.remove(tracer)


@fault('slow', 'every fdatasync takes 100 ms longer', '', 'every reading stored, the alarm told within 6 s')
def slow(ground):
    ground.daemon()
    tracer = attach(ground, '-e', 'trace=fdatasync,fsync', '-e', 'inject=fdatasync,fsync:delay_enter=100000')
    for i in range(40):
        ground.send(0.1, 'q1')
    began = time.monotonic()
    ground.send(0.5)
    until('the alarm', ground.told_ids, 10)
    took = time.monotonic() - began
    must(took < (10 if sanitized() else 6), f'the alarm took {took:.1f} s')
    ground.settle(60)
    detach(ground, tracer)


@fault('hangs 8 s', 'a sync hangs for 8 s, an alarm is due', 'a commit has taken .* notices leave from memory, marked.*commits work again',
       'the alarm is told meanwhile, marked; everything stored afterwards')
def hangs(ground):
    ground.daemon()
    ground.send()
    ground.settle()
    tracer = attach(ground, '-e', 'trace=fdatasync,fsync', '-e', 'inject=fdatasync,fsync:delay_enter=8000000:when=1')
    ground.send(0.5)
    for _ in range(5):
        ground.send(0.1, 'q1')
    until('the alarm told meanwhile', ground.told_ids, 7.8)
    must(ground.status(), 'wqctl is not answered meanwhile')
    ground.settle(30)
    detach(ground, tracer)
    ground.all_told()


@fault('fails for a while', 'every write and sync of the history fails with EIO for 3 s', 'disk I/O error.*commits work again',
       'everything accepted is stored afterwards, without a restart')
def fails(ground):
    ground.daemon()
    ground.send()
    ground.settle()
    tracer = attach(ground, '-e', 'trace=pwrite64,fdatasync,fsync,ftruncate', '-e', 'inject=pwrite64,fdatasync,fsync,ftruncate:error=EIO')
    for i in range(10):
        ground.send(0.5 if i % 2 else 0.1)
    ground.says('disk I/O error')
    time.sleep(2)
    detach(ground, tracer)
    ground.settle(30)
    ground.all_told(30)


@fault('hangs while stopping', 'a sync hangs for 20 s, SIGTERM', 'the disk hangs; leaving without it', 'it ends within 15 s; the messages come again')
def hangs_stopping(ground):
    ground.configure(change=lambda t: t.replace('site {', 'site {\n receipt_timeout = "30s"'))
    ground.daemon()
    ground.send()
    ground.settle()
    tracer = attach(ground, '-e', 'trace=fdatasync,fsync', '-e', 'inject=fdatasync,fsync:delay_enter=20000000:when=1')
    for _ in range(3):
        ground.send()
    time.sleep(1)
    began = time.monotonic()
    ground.wqd.send_signal(signal.SIGTERM)
    until('it to say that it leaves', lambda: 'leaving without it' in ground.log(), 20)
    must(time.monotonic() - began < 15, 'too late')
    tracer.kill()  # what it delays goes on
    tracer.wait()
    ground.running.remove(tracer)
    ground.expect_end(25)
    ground.daemon()
    ground.settle(30)


if __name__ == '__main__':
    run()
