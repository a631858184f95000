# SPDX-License-Identifier: Apache-2.0
"""A platform above: subscribes, stores every record in SQLite, drops repeats by key, and says what it has committed."""
import json, os, sqlite3, subprocess, sys, threading, time


class Receiver:
    """commit: it publishes its word on 'committed' after each transaction."""

    def __init__(self, port, path, commit=False):
        self.port, self.path, self.commit = port, path, commit
        self.lock = threading.Lock()
        self.order, self.notes, self.repeats, self.broken, self.received = [], [], 0, [], 0
        self.stopping = False
        db = sqlite3.connect(path)
        db.execute('PRAGMA journal_mode=WAL')
        db.execute('CREATE TABLE IF NOT EXISTS record(station, incarnation, sequence, time, body, PRIMARY KEY(station, incarnation, sequence, time))')
        db.execute('CREATE TABLE IF NOT EXISTS note(incarnation, note, body, PRIMARY KEY(incarnation, note))')
        db.commit()
        db.close()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.stopping:
            # A persistent session: what the broker has for us while we are away it keeps, as far as it keeps anything.
            sub = self.sub = subprocess.Popen(['mosquitto_sub', '-p', str(self.port), '-q', '1', '-c', '-i', 'centre', '-t', 'up/#', '-F', '%t\t%p'],
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            pub = subprocess.Popen(['mosquitto_pub', '-p', str(self.port), '-q', '1', '-t', 'committed', '-l'],
                                   stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) if self.commit else None
            db = sqlite3.connect(self.path)
            db.execute('PRAGMA synchronous=NORMAL')  # it is never cut off from power here
            for line in sub.stdout:
                self.take(db, line, pub)
            db.close()
            sub.wait()
            if pub:
                pub.kill()
                pub.wait()
            time.sleep(0.1)  # the broker is away: it is looked for again

    def take(self, db, line, pub):
        topic, _, body = line.decode().rstrip('\n').partition('\t')
        try:
            m = json.loads(body)
            if m['kind'] == 'readings':
                key = (m['station'], m['incarnation'], m['sequence'], m['time'])
                word = dict(zip(('station', 'incarnation', 'sequence', 'time'), key))
                new = db.execute('INSERT OR IGNORE INTO record VALUES(?,?,?,?,?)', (*key, body)).rowcount
            else:
                key = (m['incarnation'], m['note'])
                word = dict(zip(('incarnation', 'note'), key))
                new = db.execute('INSERT OR IGNORE INTO note VALUES(?,?,?)', (*key, body)).rowcount
        except (ValueError, KeyError) as why:
            self.broken.append((line[:200], repr(why)))
            return
        db.commit()
        with self.lock:
            self.received += 1
            self.repeats += not new
            if new:
                (self.order if m['kind'] == 'readings' else self.notes).append(key)
        if pub:
            try:
                pub.stdin.write(json.dumps(word).encode() + b'\n')
                pub.stdin.flush()
            except OSError:
                pass

    def count(self):
        with self.lock:
            return len(self.order)

    def stop(self):
        self.stopping = True
        self.sub.terminate()
        self.thread.join(10)
