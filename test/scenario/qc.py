#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`wqctl qc` as a user meets it: the form of the answer, what goes in, what is refused.

    qc.py [BIN]          BIN defaults to $WQ_BIN

The flags themselves: test/unit/rules/validate. Exit status: 0 passed, 1 failed."""

import os
import subprocess
import sys
import tempfile

BIN = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("WQ_BIN", "build/bin")
failures = []


def expect(what, found, wanted):
    if found != wanted:
        failures.append(what)
        print(f"FAIL: {what}\n  found  {found!r}\n  wanted {wanted!r}")


def run(*args, stdin=""):
    done = subprocess.run([os.path.join(BIN, "wqctl"), "qc", *args], input=stdin, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, encoding="utf-8", check=False)
    return done.returncode, done.stdout, done.stderr


def reference(test, text, *sets):
    return run("--csv", "-", "--parameter", "tp", "--reference", "ioos_qc", "--test", test,
               *(a for s in sets for a in ("--set", s)), stdin=text)


RANGE = ("fail_span=0:5", "suspect_span=0:1")


def rows_are_printed_as_they_came():
    text = "station,time,tp\nA,2021-04-01 08:00,0.20\nA,2021-04-01T12:00Z,1.3\nA,2021-04-01T22:00,inf\nA,2021-04-02,--\n"
    expect("as it came", reference("gross_range", text, *RANGE)[:2],
           (0, "time,value,flag\n2021-04-01 08:00,0.20,1\n2021-04-01T12:00Z,1.3,3\n2021-04-01T22:00,inf,4\n2021-04-02,--,9\n"))


def a_header_alone_and_one_row_are_accepted():
    sets = {"gross_range": RANGE, "climatology": ("tspan=1:12", "vspan=0:1"), "spike": ("fail_threshold=1",),
            "rate_of_change": ("threshold=1",), "flat_line": ("suspect_threshold=60", "fail_threshold=90"),
            "attenuated_signal": ("suspect_threshold=1", "fail_threshold=.5", "test_period=60"), "gap": ()}
    for test, given in sets.items():
        expect(f"{test}: header", reference(test, "time,tp\n", *given)[:2], (0, "time,value,flag\n"))
        status, out, _ = reference(test, "time,tp\n2021-04-01,0.2\n", *given)
        expect(f"{test}: one row", (status, out.splitlines()[1][:-1]), (0, "2021-04-01,0.2,"))


def a_bad_key_or_value_says_what_is_allowed():
    one = "time,tp\n2021-04-01,1\n"
    for test, given, word in (("gross_range", "fail_spam=0:5", "fail_span, suspect_span"),
                              ("gross_range", "fail_span=5", "LOW:HIGH"), ("gross_range", "fail_span", "fail_span"),
                              ("gross_range", "fail_span=0:nan", "LOW:HIGH"), ("gross_range", "fail_span=0:", "LOW:HIGH"),
                              ("spike", "method=median", "average or differential"),
                              ("attenuated_signal", "check_type=var", "std or range"),
                              ("rate_of_change", "threshold=1e999", "number"), ("rate_of_change", "threshold=0x1", "number"),
                              ("climatology", "vspan=0:1", "tspan"), ("climatology", "tspan=2021-13-01/2021-04-02", "DATE"),
                              ("gap", "fail_span=soon", "hours")):
        status, out, err = reference(test, one, given)
        expect(f"{test} {given}", (status, out, word in err), (2, "", True))
    for args, word in ((("--reference", "saqc"), "ioos_qc"), (("--reference", "ioos_qc", "--test", "spikes", "-p", "tp"), "gross_range"),
                       (("--test", "spike"), "--reference"), ((), "--settings")):
        status, out, err = run("--csv", "-", *args, stdin=one)
        expect(f"{args}", (status, out, word in err), (2, "", True))
    status, out, err = reference("gross_range", one, "fail_span=0:5", "suspect_span=-1:2")
    expect("suspect outside fail", (status, out, "inside" in err), (2, "", True))
    expect("nothing given", reference("gross_range", one)[0], 2)


def what_is_wrong_in_the_file_is_named():
    for text, word in (("time,tp\n2021-04-01,much\n", ":2: 'much'"), ("time,tp\nnever,1\n", ":2: 'never'"), ("time,ph\n", "column 'tp'"),
                       ("time,tp\n2021-04-02,1\n2021-04-01,1\n", ":3:"), ("tp\n1\n", "time"), ("", "stdin")):
        status, out, err = reference("gross_range", text, *RANGE)
        expect(f"{text!r}", (status, out, word in err), (1, "", True))


def our_own_tests_judge_columns_row_by_row():
    head = "time,parameter,value,flag,test\n"
    quiet = "".join(f"2021-04-01T{i // 4:02}:{i % 4 * 15:02},{10 + i % 2 * .01:.2f},7\n" for i in range(40))
    sets = ("x.low=0", "x.high=50", "x.spike=level", "x.floor=0.1", "y.with=x")
    text = "time,x,y\n" + quiet + "2021-04-02T00:00,15,7\n2021-04-02T00:15,99,7\n2021-04-02T00:30,10,--\n2021-04-02T00:45,15,7\n"
    status, out, err = run("--csv", "-", *(a for s in sets for a in ("--set", s)), stdin=text)
    expect("status", (status, err), (0, ""))
    expect("one flag a value", len(out.splitlines()), 1 + 2 * 44)
    expect("the end", out[len(head):].split("\n", 80)[80],
           "2021-04-02T00:00:00+08:00,y,7,1,\n2021-04-02T00:15:00+08:00,x,99,4,range\n2021-04-02T00:15:00+08:00,y,7,4,with\n"
           "2021-04-02T00:00:00+08:00,x,15,3,spike\n2021-04-02T00:30:00+08:00,x,10,1,\n2021-04-02T00:30:00+08:00,y,,9,missing\n"
           "2021-04-02T00:45:00+08:00,y,7,1,\n2021-04-02T00:45:00+08:00,x,15,2,spike\n")
    with tempfile.NamedTemporaryFile("w", suffix=".qc") as f:
        f.write("# a remark\n\n  x.low=0  # another\nx.high=50\r\n")
        f.flush()
        expect("settings", run("--csv", "-", "--settings", f.name, "-s", "x.high=9", stdin="time,x\n2021-04-01,10\n")[:2],
               (0, head + "2021-04-01T00:00:00+08:00,x,10,4,range\n"))
    expect("header alone", run("--csv", "-", "-s", "x.low=0", stdin="time,x\n")[:2], (0, head))
    expect("a wrong cell", run("--csv", "-", "-s", "x.low=0", stdin="time,x\n2021-04-01,ten\n")[0], 1)
    expect("no such column", run("--csv", "-", "-s", "z.low=0", stdin="time,x\n")[0], 1)
    for given, word in (("x.lower=0", "like, low, high, above"), ("low=0", "COLUMN.KEY"), ("x.low=much", "number"), ("x.spike=peak", "level"), ("x.like=stage", "turbidity"),
                        ("x.spike=step", "floor"), ("x.memory=-1", "whole"), ("x.gap=12", "span"), ("x.with=y", "'y'"),
                        ("x.with=x", "'x'"), ("x.memory=99999", "2048"), ("x.trust=3", "from 8"), ("x.unlike=x", "'x'"), (".low=0", "names")):
        status, out, err = run("--csv", "-", "-s", given, stdin="time,x\n")
        expect(given, (status, out, word in err), (2, "", True))
    expect("no such file", run("--csv", "-", "--settings", "/nonexistent")[0], 2)


for test in (rows_are_printed_as_they_came, a_header_alone_and_one_row_are_accepted, a_bad_key_or_value_says_what_is_allowed,
             what_is_wrong_in_the_file_is_named, our_own_tests_judge_columns_row_by_row):
    test()
print(f"{len(failures)} failures" if failures else "PASS")
sys.exit(1 if failures else 0)
