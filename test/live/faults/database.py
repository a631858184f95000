# SPDX-License-Identifier: Apache-2.0
"""The history file newer, foreign, locked, damaged, read-only, gone. Damage never stops the watching; what was accepted
is in the new or in the old file, or the daemon says what it could not do and ends."""
import glob, os, shutil, sqlite3, subprocess, time
from fault import Ground, fault, must, run, until

ROOT = os.geteuid() == 0


def fill(ground, count=5):
    """A history with something in it, closed cleanly."""
    ground.daemon()
    for _ in range(count):
        ground.send()
    ground.settle()
    ground.kill(15)


def refused(ground):
    ground.launch()
    code = ground.expect_end()
    must(code == 1, f'ended with {code}, expected 1')


def sql(ground, text):
    db = sqlite3.connect(ground.path('wqd.db'))
    db.executescript(text)
    db.close()


def content(ground):
    with open(ground.path('wqd.db'), 'rb') as f:
        return f.read()


@fault('newer', 'sets user_version to 99', r'version 99, this program knows versions up to \d+; install the newer wqd', 'the file is unchanged')
def newer(ground):
    fill(ground)
    sql(ground, 'PRAGMA user_version=99')
    before = content(ground)
    refused(ground)
    must(content(ground) == before, 'the file was changed')


@fault('of another program', 'gives a database with a foreign application id', 'is a database of another program', 'the file is unchanged')
def foreign(ground):
    sql(ground, 'PRAGMA application_id=7; CREATE TABLE precious(x); INSERT INTO precious VALUES(1)')
    before = content(ground)
    refused(ground)
    must(content(ground) == before, 'the file was changed')


@fault('a text file', 'puts a letter where the history should be', 'no SQLite database.*it is kept as', 'the letter is kept, watching begins')
def letter(ground):
    with open(ground.path('wqd.db'), 'w') as f:
        f.write('Dear colleague, ' * 1000)
    ground.daemon()
    ground.send()
    ground.settle()
    kept = glob.glob(ground.path('wqd.db.damaged-*'))
    must(len(kept) == 1 and open(kept[0]).read().startswith('Dear'), f'the letter is not kept: {kept}')


@fault('empty file', 'puts an empty file there', '', 'watching begins')
def empty(ground):
    open(ground.path('wqd.db'), 'w').close()
    ground.daemon()
    ground.send()
    ground.settle()


@fault('header damaged at start', 'overwrites the first 100 bytes', 'damaged.*it is kept as .*damaged-', 'the old file is kept, watching goes on')
def header(ground):
    fill(ground)
    with open(ground.path('wqd.db'), 'r+b') as f:
        f.write(b'\xa5' * 100)
    ground.accepted.clear()  # they are in the file that was set aside
    ground.daemon()
    ground.send()
    ground.settle()
    must(len(glob.glob(ground.path('wqd.db.damaged-*'))) == 1, 'the old file is not kept')


@fault('page damaged at start', 'overwrites a page in the middle', 'damaged.*it is kept as .*damaged-', 'the old file is kept, watching goes on')
def page(ground):
    fill(ground)
    size = os.path.getsize(ground.path('wqd.db'))
    with open(ground.path('wqd.db'), 'r+b') as f:
        for at in range(4096, size, 4096):
            f.seek(at)
            f.write(b'\xa5' * 4096)
    ground.accepted.clear()
    ground.daemon()
    ground.send(0.5)
    ground.settle()
    ground.all_told()


@fault('cut in half at start', 'truncates the file to half', 'damaged', 'the old file is kept, watching goes on')
def truncated(ground):
    fill(ground)
    os.truncate(ground.path('wqd.db'), os.path.getsize(ground.path('wqd.db')) // 8192 * 4096)
    ground.accepted.clear()
    ground.daemon()
    ground.send()
    ground.settle()


def spoil_pages(ground):
    size = os.path.getsize(ground.path('wqd.db'))
    with open(ground.path('wqd.db'), 'r+b') as f:
        f.seek(4096)
        f.write(b'\xa5' * (size - 4096))


def begun(ground):
    """Running, with a history whose log has been copied into the file."""
    fill(ground)
    ground.accepted.clear()
    ground.daemon()


@fault('damaged while running, unseen', 'overwrites every page but the first while it runs, alarms due, then restarts it',
       'malformed.*it is kept as .*damaged-', 'alarms are told; the damage is said at the next start, and watching goes on')
def running_page(ground):
    begun(ground)
    spoil_pages(ground)
    for i in range(5):
        ground.send(0.5 if i % 2 == 0 else 0.1)
    until('the first change told', lambda: len(set(ground.told_ids())) >= 2, 20)
    ground.kill(15)
    ground.accepted.clear()  # they lie in the file that is set aside
    ground.daemon()
    ground.send(0.5)
    ground.settle()
    ground.all_told()


@fault('damaged while running, seen', 'the same; and the file is locked for 7 s, so that it is opened anew',
       'malformed.*it is kept as .*a new history is begun', 'without a restart, everything accepted is stored in the new one')
def seen_page(ground):
    begun(ground)
    spoil_pages(ground)
    other = sqlite3.connect(ground.path('wqd.db'), isolation_level=None)
    other.execute('BEGIN EXCLUSIVE')
    ground.send(0.5)
    time.sleep(7)
    other.close()
    for i in range(5):
        ground.send(0.5 if i % 2 else 0.1)
    ground.settle(30)
    ground.all_told()


@fault('log damaged while running', 'overwrites the -wal of a running daemon, then restarts it', 'it is kept as .*damaged-',
       'the damage is said at the next start, and watching goes on')
def running_log(ground):
    ground.daemon()
    for _ in range(5):
        ground.send()
    ground.settle()
    with open(ground.path('wqd.db-wal'), 'r+b') as f:
        f.write(b'\xa5' * os.path.getsize(ground.path('wqd.db-wal')))
    ground.send(0.5)
    until('the alarm told', ground.told_ids)
    ground.kill(15)
    ground.accepted.clear()
    ground.daemon()
    ground.send()
    ground.settle()


@fault('locked for 10 s', 'another process holds BEGIN EXCLUSIVE for 10 s, an alarm is due',
       'database is locked.*commits work again', 'the alarm is told meanwhile, marked; all is stored afterwards')
def locked(ground):
    ground.daemon()
    ground.send()
    ground.settle()
    other = sqlite3.connect(ground.path('wqd.db'), isolation_level=None)
    other.execute('BEGIN EXCLUSIVE')
    began = time.monotonic()
    ground.send(0.5)
    until('the alarm told', lambda: ground.told_ids(), 9.5)
    must('尚未入库' in str(ground.told()[0]['body']), 'told, but not marked as not yet stored')
    for _ in range(20):
        ground.send(0.5)
    time.sleep(max(0, 10 - (time.monotonic() - began)))
    other.execute('ROLLBACK')
    ground.settle()
    ground.all_told()


@fault('locked at start', 'another process holds BEGIN EXCLUSIVE for 3 s while wqd starts', '', 'wqd waits and starts')
def locked_at_start(ground):
    fill(ground)
    other = sqlite3.connect(ground.path('wqd.db'), isolation_level=None)
    other.execute('BEGIN EXCLUSIVE')
    ground.launch()
    time.sleep(3)
    other.execute('ROLLBACK')
    ground.ready()
    ground.send()
    ground.settle()


@fault('locked at start for ever', 'another process holds the file in exclusive mode', 'database is locked', 'wqd ends with 1 and says why')
def locked_for_ever(ground):
    fill(ground)
    other = sqlite3.connect(ground.path('wqd.db'), isolation_level=None)
    other.execute('BEGIN EXCLUSIVE')
    refused(ground)
    other.execute('ROLLBACK')
    ground.daemon()
    ground.settle()


@fault('second wqd', 'starts a second wqd on the same history', 'another wqd is writing to it', 'the first one goes on')
def second(ground):
    ground.daemon()
    other = subprocess.run([ground.bin('wqd'), '--config', ground.path('wqd.conf')], capture_output=True, timeout=30)
    must(other.returncode == 1, f'the second ended with {other.returncode}')
    ground.send()
    ground.settle()
    ground.alive()
    return other.stderr.decode()


@fault('read-only file', 'chmod 0400 of the history, wqd not root', 'may not be written: Permission denied', 'nothing is changed')
def read_only(ground):
    fill(ground)
    as_nobody(ground, lambda: os.chmod(ground.path('wqd.db'), 0o400))


@fault('read-only directory', 'chmod 0500 of its directory, wqd not root', r'wqd\.db\.lock: cannot be opened: Permission denied', 'nothing is changed')
def read_only_directory(ground):
    os.mkdir(ground.path('store'))
    ground.configure(change=lambda t: t.replace('/wqd.db"', '/store/wqd.db"'))
    as_nobody(ground, lambda: os.chmod(ground.path('store'), 0o500))


def as_nobody(ground, forbid):
    if not ROOT:
        forbid()
        return refused(ground)
    for path, _, names in os.walk(ground.dir):
        for name in ['.'] + names:
            os.chown(os.path.join(path, name), 65534, 65534)
    os.chmod(ground.dir, 0o755)
    forbid()
    ground.launch(user=65534, group=65534, extra_groups=[])
    code = ground.expect_end()
    must(code == 1, f'ended with {code}, expected 1')


@fault('no such directory', 'names a directory that is not there', 'No such file or directory', 'wqd ends with 1')
def no_directory(ground):
    ground.configure(change=lambda t: t.replace('/wqd.db"', '/nowhere/wqd.db"'))
    refused(ground)


@fault('a directory', 'names a directory as the history', 'cannot be opened|is a directory', 'wqd ends with 1')
def directory(ground):
    os.mkdir(ground.path('wqd.db'))
    refused(ground)
    must(os.path.isdir(ground.path('wqd.db')), 'the directory was moved')


@fault('lock file is a link', 'puts a symbolic link where the lock is', 'wqd.db.lock', 'what it points to is untouched')
def lock_link(ground):
    with open(ground.path('precious'), 'w') as f:
        f.write('precious')
    os.symlink(ground.path('precious'), ground.path('wqd.db.lock'))
    refused(ground)
    must(ground.read('precious') == 'precious', 'it was changed')


@fault('removed while running', 'removes the history and its log while it runs', r'is gone|removed|moved|replaced|no longer',
       'it is said at once; what is accepted afterwards is in a file that is there')
def removed(ground):
    ground.daemon()
    ground.send()
    ground.settle()
    for name in ('wqd.db', 'wqd.db-wal', 'wqd.db-shm'):
        os.remove(ground.path(name))
    ground.accepted.clear()
    for i in range(5):
        ground.send(0.5 if i % 2 == 0 else 0.1)
        time.sleep(0.5)
    ground.settle(15)


@fault('replaced while running', 'puts an older copy in the place of the running history', r'is gone|removed|moved|replaced|no longer',
       'what is accepted afterwards is in the file that is there')
def replaced(ground):
    fill(ground)
    shutil.copy(ground.path('wqd.db'), ground.path('copy'))
    ground.daemon()
    ground.send()
    ground.settle()
    os.rename(ground.path('copy'), ground.path('wqd.db'))
    ground.accepted.clear()
    for _ in range(5):
        ground.send()
        time.sleep(0.5)
    ground.settle(15)


if __name__ == '__main__':
    run()
