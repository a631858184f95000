#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whether this build can write to Modbus devices is a matter of what is in it: without WQ_MODBUS_WRITE there is no such code in any program, and
the key `commands` is refused with the way to get it; with it both are there (so that the names looked for are the right ones).

    WQ_BIN=build/bin WQ_SOURCE=. WQ_MODBUS_WRITE=OFF test/scenario/writing.py"""

import os
import re
import subprocess
import sys
import tempfile

SOURCE, BIN = os.environ["WQ_SOURCE"], os.environ["WQ_BIN"]
WRITES = os.environ["WQ_MODBUS_WRITE"].upper() in ("ON", "1", "TRUE", "YES")
ROOM = os.path.join(SOURCE, "drivers/modbus")
FILES = ("command.c", "command_list.c", "write.c")
bad = []


def functions():
    """What the writing files define, read off them; names that other files have too tell nothing."""
    pattern = re.compile(r"^(?:static )?(?:const )?(?:struct )?\w+ \*?(\w+)(?:\(| = \{)", re.M)
    mine, others = set(), set()
    for top in ("drivers", "daemon", "rules"):
        for folder, _, names in os.walk(os.path.join(SOURCE, top)):
            for name in (n for n in names if n.endswith(".c")):
                found = pattern.findall(open(os.path.join(folder, name), encoding="utf-8").read())
                writes = folder == ROOM and name in FILES
                (mine if writes else others).update(found)
    return mine - others


def symbols(program):
    said = subprocess.run(["nm", program], capture_output=True, text=True, check=True).stdout
    return {re.sub(r"\..*", "", line.split()[-1]) for line in said.splitlines()}


def check_program(name, wanted):
    path = os.path.join(BIN, name)
    there = symbols(path)
    text = open(path, "rb").read()
    if "frame_tcp" not in there:
        bad.append(f"{name}: nm does not even find what reads")
    found = sorted(wanted & there)
    echo = b"the device's echo tells" in text
    if not WRITES and (found or echo):
        bad.append(f"{name}: built without writing and has {', '.join(found) or 'its sentences'}")
    if WRITES and (not {"write_tcp_framing", "write_rtu_framing", "command_step", "write_pdu"} <= set(found) or not echo):
        bad.append(f"{name}: built with writing and has only {', '.join(found)}")
    return len(found)


def check_key():
    with tempfile.TemporaryDirectory() as folder:
        conf = os.path.join(folder, "wqd.conf")
        with open(conf, "w", encoding="utf-8") as f:
            f.write(f'site {{ name = "t" database = "{folder}/wqd.db" socket = "{folder}/wqd.sock" }}\n'
                    'modbus "b" { host = "127.0.0.1" commands = { "start 3 6 110 1" } }\n'
                    'station "s" { kind = "national" point "tp" { bus = "b" unit = "mg/L" unit_id = 3 address = 0 } }\n')
        done = subprocess.run([os.path.join(BIN, "wqctl"), "check", conf], capture_output=True, text=True)
        said = done.stdout + done.stderr
        if WRITES and done.returncode != 0:
            bad.append(f"commands are refused: {said}")
        if not WRITES and (done.returncode == 0 or "was built without writing" not in said or "-DWQ_MODBUS_WRITE=ON" not in said):
            bad.append(f"commands are not refused as they should be: {said}")


names = functions()
if len(names) < 15:
    bad.append(f"only {len(names)} functions were found in {', '.join(FILES)}")
counts = [check_program(p, names) for p in ("wqd", "wqctl")]
check_key()
print(f"writing {'ON' if WRITES else 'OFF'}: {len(names)} names looked for, found {counts[0]} in wqd, {counts[1]} in wqctl", *bad, sep="\n")
print("FAIL" if bad else "PASS")
sys.exit(1 if bad else 0)
