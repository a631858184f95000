#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An instrument with the national surface-water map, and holes: `wqctl probe` finds its numbers, `wqctl plan` says what it will be
asked, and wqd stores each analysis once, with the station's flag.

    WQ_BIN=build/bin WQ_SOURCE=. test/scenario/instrument.py"""

import datetime
import os
import signal
import socketserver
import sqlite3
import struct
import subprocess
import sys
import tempfile
import threading
import time
import tty

BIN = os.environ["WQ_BIN"]
CHINA = datetime.timezone(datetime.timedelta(hours=8))
bad = []


def check(true, what):
    if not true:
        bad.append(what)


def swapped(value):
    high, low = struct.unpack(">HH", struct.pack(">f", value))
    return [low, high]


def bcd(at):
    return [int(at.strftime(f), 16) for f in ("%y%m", "%d%H", "%M%S")]


def text(flag):
    raw = flag.encode().ljust(12, b"\0")
    return list(struct.unpack(">6H", raw))


class Instrument:
    """Registers by address; what is not there is a hole."""

    def __init__(self):
        self.lock = threading.Lock()
        self.registers, self.functions, self.asked = {}, set(), []
        self.measure(0.2, datetime.datetime.now(CHINA) - datetime.timedelta(minutes=30), "N")
        self.put(0x1010, bcd(datetime.datetime.now(CHINA)) + swapped(9.9) + text("sc"))  # a check of the standard
        self.put(0x1083, [0, 2, 0, 0])

    def put(self, address, values):
        with self.lock:
            self.registers.update({address + i: v for i, v in enumerate(values)})

    def measure(self, value, at, flag):
        self.at = at.replace(microsecond=0)
        self.put(0x1005, bcd(at) + swapped(value) + text(flag))

    def answer(self, request):
        unit, function, address, count = struct.unpack(">BBHH", request)
        with self.lock:
            self.functions.add(function)
            self.asked.append((address, count))
            found = [self.registers.get(address + i) for i in range(count)]
        if unit != 5 or function != 3 or None in found:
            return struct.pack(">BBB", unit, function | 0x80, 2)
        return struct.pack(f">BBB{count}H", unit, function, 2 * count, *found)


instrument = Instrument()


class Connection(socketserver.StreamRequestHandler):
    def handle(self):
        while len(header := self.rfile.read(6)) == 6:
            answer = instrument.answer(self.rfile.read(struct.unpack(">H", header[4:])[0]))
            self.wfile.write(header[:4] + struct.pack(">H", len(answer)) + answer)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


server = Server(("127.0.0.1", 0), Connection)
threading.Thread(target=server.serve_forever, daemon=True).start()
port = server.server_address[1]


def wqctl(*arguments):
    r = subprocess.run([f"{BIN}/wqctl", *arguments], capture_output=True, text=True, timeout=120)
    return r.returncode, r.stdout, r.stderr


def check_probe():
    code, out, err = wqctl("probe", f"127.0.0.1:{port}", "--unit", "5", "--address", "0x1000", "--count", "32",
                           "--parameter", "tp")
    lines = out.splitlines()
    check(code == 0, f"probe: status {code}: {err}")
    check(lines[0] == "  4096 to 4100: exception 2, illegal data address", f"the hole before is {lines[0]}")
    check(lines[-1] == "  4123 to 4127: exception 2, illegal data address", f"the hole behind is {lines[-1]}")
    check(len(lines) == 2 + 22, f"{len(lines)} lines")
    check(any("0x1005" in x and f"bcd {instrument.at.isoformat()}*" in x for x in lines), "the time is not marked")
    check(any("0x1008" in x and "CDAB 0.2*" in x for x in lines), "the value is not marked")
    check(any('"N.' in x and "0x100A" in x for x in lines), "the flag is not shown")
    code, out, err = wqctl("probe", f"127.0.0.1:{port}", "--unit", "6", "--address", "0", "--count", "4")
    check(code == 1 and "0 to 3: exception 2" in out, f"a device that refuses all: {code} {out}")


def crc(message):
    value = 0xFFFF
    for byte in message:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return struct.pack("<H", value)


def serve_line(master):
    """The same instrument on a serial line."""
    message = b""
    while True:
        message += os.read(master, 256)
        if len(message) == 8 and crc(message[:6]) == message[6:]:
            answer = instrument.answer(message[:6])
            os.write(master, answer + crc(answer))
            message = b""


def check_line():
    master, slave = os.openpty()
    tty.setraw(master)
    threading.Thread(target=serve_line, args=(master,), daemon=True).start()
    code, out, err = wqctl("probe", os.ttyname(slave), "--baud", "19200", "--unit", "5",
                           "--address", "0x1004", "--count", "8", "--parameter", "tp")
    check(code == 0 and "CDAB 0.2*" in out, f"probe of a serial line: {code} {out} {err}")
    check(out.startswith("  4100 to 4100: exception 2"), f"a hole on a serial line: {out}")
    code, out, err = wqctl("probe", os.ttyname(slave), "--baud", "12345", "--address", "0")
    check(code == 1 and "no speed of a serial line" in err, f"a speed that is none: {code} {err}")


def write_config(folder):
    path = f"{folder}/wqd.conf"
    with open(path, "w", encoding="utf-8") as f:
        f.write(f"""site {{ name = "x" database = "{folder}/wqd.db" socket = "{folder}/wqd.sock" }}
modbus "rs485" {{ host = "127.0.0.1" port = {port} interval = "200ms" }}
station "a" {{
	kind = "national"
	point "tp" {{ bus = "rs485" unit_id = 5 profile = "national-surface" unit = "mg/L" cycle = "4h" }}
}}
""")
    return path


def check_plan(path):
    code, out, err = wqctl("plan", "--baud", "9600", "--answer", "0", path)
    check("unit 5 function 3: 4101 to 4111\n" in out and "unit 5 function 3: 4229 to 4230\n" in out, f"plan: {out}")
    # 8 + 5 + 22 and 8 + 5 + 4 characters of 11 bits, 4 silences of 3.5.
    check("2 requests, 13 registers, 68 bytes, line 76 ms = 37.8 % of 200ms" in out, f"plan: {out}")
    check(code == 0, f"plan: status {code}: {err}")
    check(wqctl("plan", "--baud", "1200", path)[0] == 1, "a line that is too slow is not told")


def stored(folder, count):
    """The samples once there are `count`, or after 30 s."""
    rows = []
    for _ in range(300):
        try:
            with sqlite3.connect(f"file:{folder}/wqd.db?mode=ro", uri=True) as db:
                rows = db.execute("SELECT at, value, quality, flag FROM reading WHERE newest = 1 ORDER BY at").fetchall()
        except sqlite3.Error:
            rows = []
        if len(rows) >= count:
            break
        time.sleep(0.1)
    return rows


def check_daemon(folder, path):
    wqd = subprocess.Popen([f"{BIN}/wqd", "--config", path], stderr=subprocess.PIPE)
    first = instrument.at
    rows = stored(folder, 1)
    polls = len(instrument.asked)
    while len(instrument.asked) < polls + 10:  # the same analysis, held
        time.sleep(0.05)
    instrument.measure(0.31, first + datetime.timedelta(minutes=10), "D")
    rows = stored(folder, 2)
    instrument.put(0x1086, [1])
    instrument.measure(0.32, first + datetime.timedelta(minutes=20), "N")
    rows = stored(folder, 3)
    wqd.send_signal(signal.SIGTERM)
    said = wqd.communicate(timeout=30)[1].decode(errors="replace")
    check(wqd.returncode == 0, f"wqd ended with {wqd.returncode}: {said}")
    at = int(first.timestamp() * 1000)
    check([r[1] for r in rows] == [0.2, 0.31, 0.32], f"stored: {rows}")
    check([r[0] for r in rows] == [at, at + 600000, at + 1200000], f"stored: {rows}")
    check([r[3] for r in rows] == ["N", "D", "N"], f"flags: {rows}")
    check(len(rows) == 3 and rows[1][2] == rows[2][2] != rows[0][2], f"flag and fault are not bad alike: {rows}")
    check(instrument.functions == {3}, f"functions asked: {instrument.functions}")


check_probe()
check_line()
with tempfile.TemporaryDirectory() as where:
    config = write_config(where)
    check_plan(config)
    instrument.asked.clear()
    check_daemon(where, config)
    check(set(instrument.asked) == {(0x1005, 11), (0x1085, 2)}, f"asked: {set(instrument.asked)}")
print(*bad, sep="\n")
print(f"{len(bad)} failures" if bad else "PASS")
sys.exit(1 if bad else 0)
