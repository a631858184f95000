#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`wqctl classify` as a user meets it: input, output, messages and exit status.

    classify.py [WQCTL]        WQCTL defaults to $WQ_BIN/wqctl"""

import os
import subprocess
import sys
import tempfile

WQCTL = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.environ.get("WQ_BIN", "build/bin"), "wqctl")
HEADER = "id,ph,do,codmn,nh3n,tp"
failures = []


def run(*args, stdin=b""):
    done = subprocess.run([WQCTL, "classify", *args], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def expect(what, found, wanted):
    if found != wanted:
        failures.append(what)
        print(f"FAIL: {what}\n  found  {found!r}\n  wanted {wanted!r}")


# what, water, view, one row, what is appended
ROWS = [
    ("all at Class I", "river", "raw", "1,7,7.5,2,0.15,0.02", "1,,"),
    ("phosphorus at the limit of Class III meets it", "river", "raw", "1,7,8,2,0.1,0.2", "3,tp,"),
    ("phosphorus just over it does not", "river", "raw", "1,7,8,2,0.1,0.2000001", "4,tp,tp:5E-7"),
    ("a multiple of two places, half to even", "river", "raw", "1,7,8,2,0.1,0.263", "4,tp,tp:0.32"),
    ("the same phosphorus in a lake", "lake", "raw", "1,7,8,2,0.1,0.2", "5,tp,tp:3"),
    ("two items share the worst class", "river", "raw", "1,7,8,6.6,0.1,0.3", "4,codmn;tp,codmn:0.1;tp:0.5"),
    ("worse than V has no multiple for pH", "river", "raw", "1,9.4,8,2,0.1,0.1", "6,ph,"),
    ("rounding for evaluation lets pH 9.4 pass", "river", "evaluation", "1,9.4,8,2,0.1,0.1", "2,tp,"),
    ("rounding for evaluation, dissolved oxygen", "river", "evaluation", "1,7,4.95,2,0.1,0.02", "3,do,"),
    ("unrounded it is Class IV", "river", "raw", "1,7,4.95,2,0.1,0.02", "4,do,"),
    ("rounding for evaluation, CODMn", "river", "evaluation", "1,7,8,6.04,0.1,0.02", "3,codmn,"),
    ("a missing item leaves no class", "river", "raw", "1,7,8,2,--,0.3", ",,tp:0.5"),
    ("an empty item neither", "river", "raw", "1,7,8,2,,0.1", ",,"),
    ("an item that is not measured does not matter", "river", "raw", "1,7,8,2,*,0.1", "2,tp,"),
    ("nothing measured, no class", "river", "raw", "1,*,*,*,*,*", ",,"),
    ("scientific notation and spaces", "river", "raw", "1, 7 ,8,2,1.5E-01,6.3e-06", "1,,"),
]


def one_row():
    for what, water, view, row, appended in ROWS:
        text = f"{HEADER}\n{row}\n"
        wanted = f"{HEADER},class,determining,exceedance\n{row},{appended}\n".replace("5E-7", "0.0000005")
        expect(what, run("--water", water, "--view", view, "-", stdin=text.encode()), (0, wanted, ""))


def remarks_name_what_is_missing():
    header = "id,temp,ph,do,codmn,nh3n"
    rows = [("1,20,7,8,2,0.1", "1,,,,tp,88.2"), ("2,20,7,8,--,*", ",,,codmn,nh3n;tp,88.2"), ("3,--,7,8,x,0.1", ",,,codmn,tp,"),
            ("4,20,7,*,2,0.1", "1,,,,do;tp,"), ("5,0,7,14.62,2,0.1", "1,,,,tp,98.7")]
    text = header + "\n" + "".join(row + "\n" for row, _ in rows)
    wanted = header + ",class,determining,exceedance,lacking,unmeasured,saturation\n" + "".join(f"{row},{more}\n" for row, more in rows)
    status, out, _ = run("--water", "river", "--remarks", "-", stdin=text.encode())
    expect("remarks", (status, out), (1, wanted))


def rows_keep_their_order_and_texts():
    text = ('\ufeff名称,Time,总磷,note\r\n"a, ""b""",2021-04-01,0.1, x \r\n\r\n中,,0.3,"two\nlines"\r\nlast,,0.2,')
    wanted = ('名称,Time,总磷,note,class,determining,exceedance\n"a, ""b""",2021-04-01,0.1, x ,2,tp,\n'
              '中,,0.3,"two\nlines",4,tp,tp:0.5\nlast,,0.2,,3,tp,\n')
    expect("texts, CRLF, BOM, quotes", run("--water=river", "-", stdin=text.encode()), (0, wanted, ""))


def wrong_cells_are_named_and_the_rest_is_done():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "in.csv")
        with open(path, "w", encoding="utf-8") as f:
            f.write(f"{HEADER}\na,7,8,2,0.1,abc\nb,7,8,2,-1,0.1\nc,7\nd,7,8,2,0.1,0.1\n")
        status, out, err = run("--water", "river", path)
        expect("wrong cells: status", status, 1)
        expect("wrong cells: rows", out.splitlines()[1:],
               ["a,7,8,2,0.1,abc,,,", "b,7,8,2,-1,0.1,,,", "d,7,8,2,0.1,0.1,2,tp,"])
        expect("wrong cells: messages", err.splitlines()[:3], [
            f"{path}:2: tp = 'abc': not a number",
            f"{path}:3: nh3n = '-1': negative",
            f"{path}:4: 2 columns where the header has 6"])


def what_cannot_be_done_is_said():
    for what, args, stdin, status, said in [
            ("no such file", ("--water", "river", "/nonexistent.csv"), b"", 1, "/nonexistent.csv"),
            ("empty file", ("--water", "river", "-"), b"", 1, "stdin:1: empty"),
            ("none of the five", ("--water", "river", "-"), b"a,b\n1,2\n", 1, "ph do codmn nh3n tp"),
            ("one item twice", ("--water", "river", "-"), b"tp,w21011\n1,2\n", 1, "columns 1 'tp' and 2 'w21011'"),
            ("no water", ("-",), b"tp\n1\n", 2, "--water"),
            ("wrong water", ("--water", "pond", "-"), b"tp\n1\n", 2, "pond"),
            ("wrong view", ("--water", "lake", "--view", "x", "-"), b"tp\n1\n", 2, "--view"),
            ("no file", ("--water", "lake"), b"", 2, "FILE"),
            ("two files", ("--water", "lake", "a", "b"), b"", 2, "one FILE"),
            ("unknown option", ("--wat", "-"), b"", 2, "")]:
        found, out, err = run(*args, stdin=stdin)
        expect(f"{what}: status", found, status)
        expect(f"{what}: nothing written", out, "")
        expect(f"{what}: message", said in err, True)
    expect("--help: status", run("--help")[0], 0)


def another_standard_is_judged_by():
    with tempfile.TemporaryDirectory() as folder:
        limits, conf = os.path.join(folder, "limits.csv"), os.path.join(folder, "x.conf")
        with open(limits, "w", encoding="utf-8") as f:
            f.write("# name: lakes with nitrogen\nitem_code,unit,direction,I,II,III,IV,V,applies,evaluated\n"
                    "tn,mg/L,max,0.2,0.5,1,1.5,2,lake,yes\ntp,ug/L,max,20,50,100,300,400,river,\n")
        with open(conf, "w", encoding="utf-8") as f:
            f.write('site { name = "x" }\nevaluation { standard = "limits.csv" }\nstation "*" { kind = national }\n')
        text = b"tn,ph,do,codmn,nh3n,tp\n1.6,7,8,2,0.1,0.01\n1.6,7,8,2,0.1,0.15\n--,7,8,2,0.1,0.01\n"
        for water, wanted in (("lake", ["5,tn,tn:0.6", "5,tp;tn,tp:2;tn:0.6", ",,"]), ("river", ["1,,", "4,tp,tp:0.5", "1,,"])):
            status, out, err = run("--water", water, "--config", conf, "-", stdin=text)
            expect(f"another standard, {water}", (status, err), (0, ""))
            expect(f"another standard, {water}: classes", [",".join(r.split(",")[6:]) for r in out.splitlines()[1:]], wanted)
        with open(limits, "a", encoding="utf-8") as f:
            f.write("xyz,mg/L,max,1,2,3,4,5,both,\n")
        status, out, err = run("--water", "lake", "--config", conf, "-", stdin=text)
        expect("a wrong file of limits: status", (status, out), (1, ""))
        expect("a wrong file of limits: named", "limits.csv:5: item_code 'xyz'" in err, True)


def a_long_file_takes_no_memory():
    row = b"1,7,8,2,0.1,0.2\n"
    done = subprocess.run(["sh", "-c", 'ulimit -v 65536; exec "$0" classify --water river -', WQCTL],
                          input=HEADER.encode() + b"\n" + row * 2_000_000, stdout=subprocess.PIPE, check=False)
    expect("2,000,000 rows within 64 MiB", (done.returncode, done.stdout.count(b"\n")), (0, 2_000_001))


def sanitized():
    """Address sanitizer needs more address space than any limit would leave."""
    with open(WQCTL, "rb") as f:
        return b"__asan_init" in f.read()


def a_full_disk_is_an_error():
    with open("/dev/full", "wb") as full:
        done = subprocess.run([WQCTL, "classify", "--water", "river", "-"], input=b"tp\n0.1\n", stdout=full,
                              stderr=subprocess.PIPE, check=False)
    expect("full disk: status", done.returncode, 1)
    expect("full disk: message", b"cannot be written" in done.stderr, True)


one_row()
remarks_name_what_is_missing()
rows_keep_their_order_and_texts()
wrong_cells_are_named_and_the_rest_is_done()
what_cannot_be_done_is_said()
another_standard_is_judged_by()
a_full_disk_is_an_error()
if sanitized():
    print("SKIPPED: the memory limit, under address sanitizer")
else:
    a_long_file_takes_no_memory()
print(f"{len(failures)} failures" if failures else "PASS")
sys.exit(1 if failures else 0)
