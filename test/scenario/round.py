#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`wqctl round` as a user meets it: both views, what stays as it is, messages and exit status.

    round.py [WQCTL]        WQCTL defaults to $WQ_BIN/wqctl"""

import os
import subprocess
import sys

WQCTL = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.environ.get("WQ_BIN", "build/bin"), "wqctl")
failures = []


def run(*args, stdin=""):
    done = subprocess.run([WQCTL, "round", *args], input=stdin.encode(), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def expect(what, found, wanted):
    if found != wanted:
        failures.append(what)
        print(f"FAIL: {what}\n  found  {found!r}\n  wanted {wanted!r}")


# parameter, as measured, displayed, for evaluation
CELLS = [
    ("ph", "7.995", "8.00", "8"),
    ("ph", "7.5", "7.50", "8"),
    ("ph", "8.5", "8.50", "8"),
    ("do", "7.2", "7.20", "7.2"),
    ("do", "4.95", "4.95", "5.0"),
    ("do", "12", "12.00", "12.0"),
    ("codmn", "6.04", "6.04", "6.0"),
    ("codmn", "6.05", "6.05", "6.0"),
    ("codmn", "6.0500000000000000000001", "6.05", "6.1"),
    ("nh3n", "0.1505", "0.150", "0.15"),
    ("nh3n", "0.0004", "0.0004", "0.0004"),
    ("nh3n", "0.0006", "0.001", "0.0006"),
    ("tp", "0.0325", "0.032", "0.032"),
    ("tp", "0.0335", "0.034", "0.034"),
    ("tp", "0.00046", "0.0005", "0.0005"),
    ("tp", "6.3E-06", "0.000006", "0.000006"),
    ("tp", "0", "0", "0"),
    ("tp", "0.000", "0", "0"),
    ("tp", "-0.0004", "-0.0004", "-0.0004"),
    ("ec", "393.45", "393.4", "393.4"),
    ("algae", "1234567.5", "1234568", "1234568"),
    ("hg", "0.0000512", "0.0000512", "0.00005"),
    ("tp", " 0.0325 ", "0.032", "0.032"),
    ("tp", "--", "--", "--"),
    ("tp", "*", "*", "*"),
    ("tp", "", "", ""),
]


def each_cell():
    for parameter, measured, displayed, evaluated in CELLS:
        for view, wanted in (("displayed", displayed), ("evaluation", evaluated)):
            expect(f"{parameter} {measured!r} {view}", run("--view", view, "-", stdin=f"{parameter},x\n{measured},1.23456\n"),
                   (0, f"{parameter},x\n{wanted},1.23456\n", ""))


def the_rest_of_a_row_stays():
    text = '\ufeff名称,Time,总磷,note,w01001\r\n"a, ""b""",2021-04-01,0.1, x ,7\r\n中,,--,"two\nlines",*\r\n'
    wanted = '名称,Time,总磷,note,w01001\n"a, ""b""",2021-04-01,0.100, x ,7.00\n中,,--,"two\nlines",*\n'
    expect("texts, CRLF, BOM, quotes", run("--view=displayed", "-", stdin=text), (0, wanted, ""))


def wrong_cells_are_named_and_kept():
    status, out, err = run("-v", "displayed", "-", stdin="id,tp,do\na,abc,8\nb,7\nc,<0.01,1e200\nd,0.1,8\n")
    expect("wrong cells: status", status, 1)
    expect("wrong cells: rows", out.splitlines(), ["id,tp,do", "a,abc,8.00", "c,<0.01,1e200", "d,0.100,8.00"])
    expect("wrong cells: messages", err.splitlines(), [
        "stdin:2: tp = 'abc': not a number", "stdin:3: 2 columns where the header has 3",
        "stdin:4: tp = '<0.01': not a number", "stdin:4: do = '1e200': too large or too small to be rounded",
        "stdin: 4 cells or rows could not be rounded"])


def what_cannot_be_done_is_said():
    for what, args, stdin, status, said in [
            ("no such file", ("-v", "displayed", "/nonexistent.csv"), "", 1, "/nonexistent.csv"),
            ("empty file", ("-v", "displayed", "-"), "", 1, "stdin:1: empty"),
            ("no parameter", ("-v", "displayed", "-"), "a,b\n1,2\n", 1, "no column of a parameter"),
            ("no view", ("-",), "tp\n1\n", 2, "--view"),
            ("raw is no rounding", ("-v", "raw", "-"), "tp\n1\n", 2, "'raw'"),
            ("no file", ("-v", "displayed"), "", 2, "FILE"),
            ("two files", ("-v", "displayed", "a", "b"), "", 2, "one FILE")]:
        found, out, err = run(*args, stdin=stdin)
        expect(f"{what}: status", found, status)
        expect(f"{what}: nothing written", out, "")
        expect(f"{what}: message", said in err, True)


each_cell()
the_rest_of_a_row_stays()
wrong_cells_are_named_and_kept()
what_cannot_be_done_is_said()
print(f"{len(failures)} failures" if failures else "PASS")
sys.exit(1 if failures else 0)
