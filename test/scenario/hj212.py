#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""wqctl decode hj212 over frames that were really seen and over odd ones: every valid one is read, every odd one comes out as
the table below says.

    WQ_BIN=build/bin WQ_SHARED=../shared test/scenario/hj212.py"""

import json
import os
import subprocess
import sys

WQCTL = os.path.join(os.environ["WQ_BIN"], "wqctl")
VECTORS = os.path.join(os.environ.get("WQ_SHARED", ""), "vectors")

# id: for each frame (ok, checksum, problem, how many items); not listed: the frame is as it should be.
CRC, LENGTH = "crc", "len_mismatch"
ODD = {
    "O01": [(False, "bad", CRC, 1)], "O02": [(False, "bad", CRC, 3)], "O03": [(False, "bad", CRC, 6)],
    "O04": [(False, "bad", CRC, 7)], "O05": [(False, "bad", CRC, 5)], "O06": [(True, "hj212", None, 2)],
    "O07": [(True, "hj212", LENGTH, 8)], "O08": [(True, "hj212", LENGTH, 13)],
    "O09": [(False, "bad", f"{CRC}, {LENGTH}", 10)], "O10": [(True, "hj212", None, 12)],
    "O11": [(True, "hj212", None, 1)], "O12": [(True, "hj212", f"{LENGTH}, no_cp_end", 1)],
    "O13": [(False, "bad", f"{CRC}, {LENGTH}", 17)], "O14": [(False, "bad", f"{CRC}, {LENGTH}", 12)],
    "O15": [(False, "bad", f"{CRC}, {LENGTH}, bad_item", 1)], "O16": [], "O19": [],
    "O22": [(True, "hj212", None, 1)], "O23": [(True, "hj212", None, 2)], "O25": [(True, "hj212", None, 0)],
    "O27": [(True, "hj212", None, 3)], "O28": [(True, "hj212", None, 1)] * 2, "O31": [(True, "hj212", None, 1)],
    "O36": [(True, "hj212", None, 1)], "O42": [(True, "hj212", None, 2)], "O48": [(True, "hj212", None, 1)],
    "O51": [(True, "hj212", None, 4)], "O54": [(True, "hj212", "bad_number", 2)], "O59": [(True, "hj212", None, 1)],
    "O60": [(True, "hj212", None, 1)], "O61": [(False, "hj212", "bad_time", 1)], "O63": [(True, "hj212", "clock", 1)],
    "O64": [(True, "hj212", None, 2)], "O69": [(True, "hj212", None, 1)], "O73": [(True, "hj212", None, 1)],
    "O74": [(True, "hj212", None, 1)], "O75": [(True, "hj212", "bad_parts", 1)], "O76": [(True, "hj212", None, 1)],
    "O81": [(True, "hj212", None, 1)],
}
# Values that must come out of them.
VALUES = {
    "O12": [("a34001", "Avg", 92.0, "N")],
    "O27": [("w01018", "SampleTime", "20160801070000", "N"), ("w01018", "Rtd", 2.2, "N"), ("w01018", "EFlag", "A01", None)],
    "O42": [("PolId", "", "w01018", None), ("i11001", "Info", "//清洗管路//", None)],
    "O48": [("w01018", "Rtd", None, "D")],
    "O54": [("w21003", "Rtd", 0.001, None), ("w21011", "Rtd", None, None)],
    "O64": [("w21003", "Avg", 0.31, "hd"), ("w21011", "Avg", 0.09, "lw")],
    "O69": [("i11001", "Info", "//a=b;c,d//", None)],
}
bad = []


def decode(bytes_):
    done = subprocess.run([WQCTL, "decode", "hj212", "--profile", "surface-water", "-"], input=bytes_, capture_output=True)
    if done.returncode not in (0, 1):
        bad.append(f"exit status {done.returncode}: {done.stderr.decode()}")
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


def short(problem):
    """Without what stands in brackets."""
    return problem and problem.split(" (")[0] + "".join(p.partition(")")[2] for p in problem.split(" (")[1:])


def check_valid():
    count = 0
    for line in open(os.path.join(VECTORS, "hj212_valid.txt"), encoding="utf-8"):
        if line.startswith("#") or "\t" not in line:
            continue
        id_, _, frame = line.rstrip("\r\n").split("\t")
        count += 1
        got = decode((frame + "\r\n").encode())
        segment = frame[6:-4].encode()
        if len(got) != 1 or not got[0]["ok"] or got[0]["problem"] or got[0]["declared"] != got[0]["length"] != len(segment):
            bad.append(f"{id_}: {got}")
            continue
        head, _, content = frame[6:-4].partition("CP=&&")
        fields = dict(f.split("=", 1) for f in head.split(";") if "=" in f)
        for key in ("QN", "ST", "CN", "MN"):
            if got[0][key.lower()] != fields.get(key):
                bad.append(f"{id_}: {key} is {got[0][key.lower()]}, not {fields.get(key)}")
        values = [i for i in content.removesuffix("&&").replace(";", ",").split(",")
                  if i and not i.startswith("DataTime") and "Flag=" not in i.replace("EFlag=", "")]
        if "//" not in content and len(values) != len(got[0]["items"]):
            bad.append(f"{id_}: {len(got[0]['items'])} items of {len(values)}")
    return count


def check_odd():
    count = 0
    for line in open(os.path.join(VECTORS, "hj212_odd.tsv"), encoding="utf-8"):
        id_, _, title, text = line.rstrip("\n").split("\t")
        count += 1
        got = decode(text.encode().decode("unicode_escape").encode("latin1"))
        said = [(g["ok"], g["checksum"], short(g["problem"]), len(g["items"])) for g in got]
        if id_ not in ODD:
            bad.append(f"{id_} ({title}): no row says what is expected: {said}")
        elif said != ODD[id_]:
            bad.append(f"{id_} ({title}): {said}, not {ODD[id_]}")
        values = [(i["code"], i["suffix"], i["value"], i["flag"]) for g in got for i in g["items"]]
        if id_ in VALUES and values != VALUES[id_]:
            bad.append(f"{id_} ({title}): {values}")
    return count


if not os.path.exists(os.path.join(VECTORS, "hj212_valid.txt")):
    print("SKIPPED, NOT TESTED: there are no vectors in", VECTORS or "$WQ_SHARED")
    sys.exit(77)
valid, odd = check_valid(), check_odd()
if valid < 50 or odd < 30:
    bad.append(f"only {valid} valid and {odd} odd frames found")
print(f"{valid} valid and {odd} odd frames", *bad, sep="\n")
print(f"{len(bad)} failures" if bad else "PASS")
sys.exit(1 if bad else 0)
