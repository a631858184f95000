#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Figures, each with its reference in the same run: wqd on one core, load and broker on the other.

    cmake --build build && WQ_BIN=build/bin test/bench/run.py [ROUNDS [speed|latency|memory ...]]

speed: readings/s, MQTT JSON with 20 values a message -> judged -> committed, receipt durable and fast, from the first message sent
to the last commit, against SQLite alone (WAL, synchronous=FULL, the same folder) in groups of the size that wqd formed, through
Python as ever and through C; with receipt durable also against SQLite alone with a transaction a message, which is what a receiver
does that commits before it acknowledges; what the MQTT library alone takes of the same messages; what SQLite alone does with wqd's own
rows; what mosquitto_sub takes of them; what collectd takes and writes to a CSV file, of messages of its own form with 20 values
(no JSON, no sync, nothing judged). collectd and mosquitto_sub are left out loudly where they are not installed.
latency: arrival -> notice committed at 1,000 readings/s. memory: own private memory, idle, against a program that initialises the
same libraries. Nothing is asserted: the machine decides the absolute numbers, read the ratios. Where others compute on the same
cores, readings a second of a program's own processor time say more than those a second of the clock."""
import json, os, select, shutil, socket, sqlite3, statistics, subprocess, sys, threading, time
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'live', 'wqd'))
from plant import Plant, wait_until

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 3
PARTS = sys.argv[2:] or ['speed', 'latency', 'memory']
os.sched_setaffinity(0, {1 % os.cpu_count()})
PARAMETERS = 20
TOOLS = os.path.abspath(os.path.join(os.environ['WQ_BIN'], '..', 'test'))
SLOW_SYNC = os.path.join(TOOLS, 'slow_sync.so')
LIBRARIES = os.path.join(TOOLS, 'bench_libraries')


def spread(values, unit=''):
    return f'{min(values):,.0f} / {statistics.median(values):,.0f} / {max(values):,.0f}{unit}'


def raw(folder, per_commit, rows):
    path = os.path.join(folder, f'raw-{per_commit}.db')
    os.sched_setaffinity(0, {0})
    db = sqlite3.connect(path, isolation_level=None)
    db.execute('PRAGMA journal_mode=WAL')
    db.execute('PRAGMA synchronous=FULL')
    db.execute('CREATE TABLE IF NOT EXISTS sample(at INTEGER, series INTEGER, revision INTEGER, value REAL, quality INTEGER, '
               'source INTEGER, received INTEGER, sequence INTEGER, PRIMARY KEY(at, series, revision)) WITHOUT ROWID')
    first = db.execute('SELECT coalesce(max(at), 0) FROM sample').fetchone()[0] + 1
    commits, began, cpu = [], time.perf_counter(), time.process_time()
    per_commit = max(20, per_commit // 20 * 20)
    for at in range(first, first + rows // 20, per_commit // 20):
        group = [(t, s, 1, 1.234, 0, 1, t, t) for t in range(at, at + per_commit // 20) for s in range(20)]
        start = time.perf_counter()
        db.execute('BEGIN IMMEDIATE')
        db.executemany('INSERT INTO sample VALUES(?,?,?,?,?,?,?,?)', group)
        db.execute('COMMIT')
        commits.append((time.perf_counter() - start) * 1000)
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    db.close()
    os.sched_setaffinity(0, {1 % os.cpu_count()})
    commits.sort()
    stored = len(commits) * per_commit
    return stored / took, stored / cpu, commits[len(commits) // 2], commits[len(commits) * 99 // 100]


def site(receipt, swing=False, stations=('warm', 'load'), slow_ms=0):
    plant = Plant()
    text = plant.head().replace('receipt = "durable"', f'receipt = "{receipt}"')
    for station in stations:
        text += f'station "{station}" {{ kind = "national" cycle = "0" interval = "1s" late_after = "1d"\n'
        for name in ('ph do codmn nh3n tp temp ec turbidity tn chla algae cod bod5 cu zn f se as hg cd').split():
            unit = UNITS.get(name, 'mg/L')
            text += f'  point "{name}" {{ bus = "broker" unit = "{unit}" low = -1000000000 high = 1000000000 }}\n'
        text += '}\n'
    # The values swing between 1 and 2 every 1,000 messages; each limit is crossed twice, each parameter at another time.
    limits = [f'above = 1.{k:02d}' for k in range(5, 100, 5)] if swing else ['']
    for i, limit in enumerate(limits):
        text += (f'limit "limit-{i}" {{ parameters = {{ "ph", "do", "codmn", "nh3n", "tp" }} {limit} readings = 1 '
                 'first_level = "watch" level = "watch" }\n')
    open(plant.path('wqd.conf'), 'w').write(text)
    if slow_ms:
        os.environ.update(LD_PRELOAD=SLOW_SYNC, SLOW_SYNC_MS=str(slow_ms))
    plant.daemon()
    os.environ.pop('LD_PRELOAD', None)
    wait_until('the link to the broker', lambda: plant.status()['buses'][0]['state'] == 'up')
    os.sched_setaffinity(plant.wqd.pid, {0})
    for task in os.listdir(f'/proc/{plant.wqd.pid}/task'):
        os.sched_setaffinity(int(task), {0})
    return plant


UNITS = {'ph': '-', 'temp': '℃', 'ec': 'μS/cm', 'turbidity': 'NTU', 'algae': 'cells/L'}


def load(plant, messages, rate=0, series=PARAMETERS, stations=('load',)):
    command = [plant.bin('wqsim'), 'mqtt', '--broker', f'tcp://127.0.0.1:{plant.mqtt_port}', '--topic', 'wq/{station}']
    for station in stations:
        command += ['--station', station]
    command += ['--load', str(messages), '--series', str(series)] + (['--rate', str(rate)] if rate else [])
    before = plant.status()['store']['committed']
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    wait_until('the last commit', lambda: plant.status()['store']['committed'] - before >= messages * series, 120)
    return messages * series / (time.perf_counter() - began)


def private(pid):
    return sum(int(line.split()[1]) for line in open(f'/proc/{pid}/smaps_rollup') if line.startswith('Private_Dirty'))


def cpu_seconds(pid):
    fields = open(f'/proc/{pid}/stat').read().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def committed(plant):
    """Readings committed and groups so far; asked without a program of its own, which would take the broker's time."""
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(plant.path('wqd.sock'))
        s.sendall(b'GET /v1/status HTTP/1.1\r\nHost: wqd\r\nConnection: close\r\n\r\n')
        reply = b''.join(iter(lambda: s.recv(65536), b''))
    store = json.loads(reply.split(b'\r\n\r\n', 1)[1])['store']
    return store['committed'], store['groups']


def start_load(plant, messages):
    loader = subprocess.Popen([os.path.join(TOOLS, 'bench_load'), str(plant.mqtt_port), str(messages)],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert loader.stdout.readline() == 'ready\n'
    loader.stdin.write('go\n')
    loader.stdin.flush()
    return loader


def flood(plant, messages):
    """Readings/s from the first message to the last commit, the same of wqd's processor time, rows a commit."""
    rows, groups = committed(plant)
    cpu = cpu_seconds(plant.wqd.pid)
    loader = start_load(plant, messages)
    began = time.perf_counter()
    loader.wait()
    wait_until('the last commit', lambda: committed(plant)[0] - rows >= messages * PARAMETERS, 120)
    took = time.perf_counter() - began
    readings = messages * PARAMETERS
    return (readings / took, readings / (cpu_seconds(plant.wqd.pid) - cpu), readings / (committed(plant)[1] - groups))


def receive_alone(plant, messages):
    """The MQTT library alone: readings/s by the clock (the broker decides), and of its processor time."""
    receiver = subprocess.Popen(['taskset', '-c', '0', os.path.join(TOOLS, 'bench_receive'),
                                 f'tcp://127.0.0.1:{plant.mqtt_port}', str(messages)], stdout=subprocess.PIPE, text=True)
    assert receiver.stdout.readline() == 'ready\n'
    start_load(plant, messages).wait()
    wall, cpu = (messages * PARAMETERS / float(seconds) for seconds in receiver.stdout.readline().split())
    receiver.wait()
    return wall, cpu


def sqlite_alone(plant, per_commit, rows):
    """SQLite through C: rows/s by the clock and of its processor time, of eight numbers and of wqd's own rows."""
    done = subprocess.run(['taskset', '-c', '0', os.path.join(TOOLS, 'bench_sqlite'), plant.dir, str(per_commit), str(rows),
                           plant.path('wqd.db')], check=True, capture_output=True, text=True)
    return tuple(float(word) for word in done.stdout.split())


def subscriber_alone(plant, messages):
    """mosquitto_sub, which prints a letter a message: readings/s, and of its processor time."""
    if not shutil.which('mosquitto_sub'):
        print('mosquitto_sub is not installed: NOT MEASURED')
        return 0, 0
    sub = subprocess.Popen(['taskset', '-c', '0', 'mosquitto_sub', '-p', str(plant.mqtt_port), '-q', '1', '-t', 'wq/load', '-F', 'x', '-C',
                            str(messages + 1)], stdout=subprocess.PIPE)
    while not select.select((sub.stdout,), (), (), 0)[0]:  # until the subscription stands
        subprocess.run(['mosquitto_pub', '-p', str(plant.mqtt_port), '-q', '1', '-t', 'wq/load', '-m', 'x'], check=True)
        select.select((sub.stdout,), (), (), 0.5)
    os.read(sub.stdout.fileno(), 2)
    cpu, last = cpu_seconds(sub.pid), [0.0]

    def drain():
        while os.read(sub.stdout.fileno(), 65536):
            last[0] = cpu_seconds(sub.pid)
    reader = threading.Thread(target=drain)
    loader = start_load(plant, messages)
    began = time.perf_counter()
    reader.start()
    reader.join()
    took = time.perf_counter() - began
    loader.wait()
    sub.wait()
    readings = messages * PARAMETERS
    return readings / took, readings / max(0.01, last[0] - cpu)


COLLECTD = '''Hostname "bench"
FQDNLookup false
BaseDir "{dir}"
PIDFile "{dir}/collectd.pid"
TypesDB "/usr/share/collectd/types.db" "{dir}/types.db"
LoadPlugin mqtt
LoadPlugin csv
<Plugin mqtt>
  <Subscribe "load">
    Host "127.0.0.1"
    Port "{port}"
    Topic "collectd/#"
    QoS 1
  </Subscribe>
</Plugin>
<Plugin csv>
  DataDir "{dir}/csv"
  StoreRates false
</Plugin>
'''


def collectd_alone(plant, messages):
    """collectd's own mqtt and csv plugins: readings/s into its file, and of its processor time."""
    if not shutil.which('collectd') or not os.path.exists('/usr/lib/collectd/mqtt.so'):
        print('collectd with its mqtt plugin is not installed: NOT MEASURED')
        return 0, 0
    folder, topic = plant.path('collectd'), 'collectd/bench/load/water'
    os.mkdir(folder)
    with open(os.path.join(folder, 'types.db'), 'w') as f:
        f.write('water ' + ', '.join(f'v{k}:GAUGE:U:U' for k in range(PARAMETERS)) + '\n')
    with open(os.path.join(folder, 'collectd.conf'), 'w') as f:
        f.write(COLLECTD.format(dir=folder, port=plant.mqtt_port))
    daemon = plant.start('collectd', 'taskset', '-c', '0', 'collectd', '-f', '-C', os.path.join(folder, 'collectd.conf'))
    values = ':'.join(f'{1 + k / 100:.3f}' for k in range(PARAMETERS))

    def rows():
        count = 0
        for path, _, names in os.walk(os.path.join(folder, 'csv')):
            for name in names:
                with open(os.path.join(path, name), 'rb') as f:
                    count += sum(block.count(b'\n') for block in iter(lambda: f.read(1 << 20), b'')) - 1
        return count

    def publish(lines):
        subprocess.run(['mosquitto_pub', '-p', str(plant.mqtt_port), '-q', '1', '-t', topic, '-l'], input=lines.encode(), check=True)
    now = time.time() - messages / 1000 - 10
    for i in range(100):  # until the subscription stands
        publish(f'{now - 1000 + i:.3f}:{values}\n')
        time.sleep(0.05)
        if rows() > 0:
            break
    before, cpu, began = rows(), cpu_seconds(daemon.pid), time.perf_counter()
    publish(''.join(f'{now + i / 1000:.3f}:{values}\n' for i in range(messages)))
    try:
        wait_until('collectd', lambda: rows() - before >= messages, 60)
    except SystemExit:
        print(f'collectd wrote {rows() - before} of {messages} messages in 60 s')
    written, took = (rows() - before) * PARAMETERS, time.perf_counter() - began
    figures = written / took, written / max(0.01, cpu_seconds(daemon.pid) - cpu)
    daemon.terminate()
    daemon.wait(15)
    plant.running.remove(daemon)
    return figures


def speed_of(receipt, messages):
    """One round: all that is measured, by name."""
    plant = site(receipt)
    load(plant, 200, stations=('warm',))
    wall, cpu, group = flood(plant, messages)
    plant.kill(15)
    rows = messages * PARAMETERS if receipt == 'fast' else 40000
    python, python_cpu = raw(plant.dir, int(group), rows)[:2]
    library, library_cpu = receive_alone(plant, messages)
    eight, eight_cpu, own, own_cpu = sqlite_alone(plant, int(group), rows)
    single = {}
    if receipt == 'durable':
        one, one_cpu = raw(plant.dir, PARAMETERS, rows)[:2]
        one_c, one_c_cpu = sqlite_alone(plant, PARAMETERS, rows)[:2]
        single = {'SQLite in Python, a message a commit': (one, one_cpu), 'SQLite in C, a message a commit': (one_c, one_c_cpu),
                  'wqd : a message a commit, Python': (wall / one, cpu / one_cpu),
                  'wqd : a message a commit, C': (wall / one_c, cpu / one_c_cpu)}
    beside = {'mosquitto_sub': subscriber_alone(plant, messages), 'collectd, mqtt to csv': collectd_alone(plant, min(messages, 20000))}
    plant.close()
    bound = 1 / (1 / library_cpu + 1 / eight_cpu)
    return {'wqd': (wall, cpu), 'rows a commit': (group,), 'SQLite in Python, 8 numbers': (python, python_cpu),
            'SQLite in C, 8 numbers': (eight, eight_cpu), 'SQLite in C, the rows of wqd': (own, own_cpu),
            'MQTT library': (library, library_cpu), 'library and 8 numbers in C, no more': (0, bound),
            'wqd : SQLite in Python': (wall / python, cpu / python_cpu), 'wqd : SQLite in C': (wall / eight, cpu / eight_cpu),
            'bound : SQLite in C': (0, bound / eight_cpu), **single, **beside}


def shown(values):
    if not any(values):
        return '-'
    places = 0 if max(values) > 10 else 2
    return ' / '.join(f'{v:,.{places}f}' for v in (min(values), statistics.median(values), max(values)))


def speed():
    for receipt, messages in (('durable', 6000), ('fast', 30000)):
        rounds = [speed_of(receipt, messages) for _ in range(ROUNDS)]
        print(f'receipt {receipt}, readings/s (min / median / max of {ROUNDS})')
        print(f'  {"":<36}{"by the clock":<33}of its own processor time')
        for name in rounds[0]:
            print(f'  {name:<36}' + ''.join(f'{shown(values):<33}' for values in zip(*(r[name] for r in rounds))).rstrip())


def late(name, figures):
    print(f"  {name:<38}p50 {figures['p50']}, p99 {figures['p99']}, max {figures['max']} over {figures['count']}")


def decided(plant):
    """Arrival of a reading -> the change of an alarm that it made, ms."""
    rows = sorted(row[0] for row in plant.query('SELECT c.decided-r.received FROM change c JOIN reading r ON '
                                                'r.series=c.series AND r.at=c.time WHERE c.kind IN(0,4)'))
    return {'p50': rows[len(rows) // 2], 'p99': rows[len(rows) * 99 // 100], 'max': rows[-1], 'count': len(rows)}


def latency():
    plant = site('durable', swing=True)
    load(plant, 6000, rate=200, series=5)
    noticed = plant.status()['latency_ms']
    _, _, p50, p99 = raw(plant.dir, 20, 40000)
    print('1,000 readings/s (200 messages/s of 5) for 30 s, ms')
    late('wqd, arrival -> notice committed', noticed)
    print(f'  {"SQLite, a commit of 20 rows":<38}p50 {p50:.2f}, p99 {p99:.2f}')
    plant.close()

    for slow_ms in (0, 100):
        plant = site('fast', swing=True, slow_ms=slow_ms)
        load(plant, 6000, rate=200, series=5)
        print(f'the same with fast receipt, every sync {slow_ms} ms slower, ms')
        late('wqd, arrival -> alarm decided', decided(plant))
        late('wqd, timer late', plant.status()['timer_late_ms'])
        late('wqd, arrival -> notice committed', plant.status()['latency_ms'])
        plant.close()


def memory():
    print('Private_Dirty (KiB)')
    for count in (1, 200):
        names = tuple(f's{k}' for k in range(count))
        plant = site('fast', stations=names)
        libraries = subprocess.Popen([LIBRARIES, plant.dir, f'tcp://127.0.0.1:{plant.mqtt_port}'], stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, text=True)
        base = private(int(libraries.stdout.readline()))
        idle = private(plant.wqd.pid)
        load(plant, 20 * count, stations=names)
        time.sleep(2)
        after = private(plant.wqd.pid)
        time.sleep(65)  # rooms that the load made are looked at every 30 s
        print(f'  {20 * count} series: libraries alone {base}; wqd idle {idle}, own {idle - base}; after {400 * count:,} readings '
              f'{after}, after a minute of rest {private(plant.wqd.pid)}')
        libraries.communicate()
        plant.close()


for part in PARTS:
    {'speed': speed, 'latency': latency, 'memory': memory}[part]()
