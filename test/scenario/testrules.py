#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`wqctl test-rules`: the example of the documents passes; what a test asks for in vain is told with what came; a file that
is wrong is told whole, by line.

    WQ_BIN=build/bin WQ_SOURCE=. test/scenario/testrules.py"""
import os, subprocess, sys, tempfile

SOURCE, BIN = os.environ['WQ_SOURCE'], os.environ['WQ_BIN']
DOCS = os.path.join(os.path.abspath(SOURCE), 'docs')
folder = tempfile.TemporaryDirectory()
bad = []


def run(*arguments):
    done = subprocess.run([os.path.join(BIN, 'wqctl'), 'test-rules', *arguments], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def write(text, name='a.test'):
    with open(os.path.join(folder.name, name), 'w', encoding='utf-8') as f:
        f.write(text)
    return f.name


def check(what, holds, *seen):
    print('ok  ' if holds else 'BAD ', what, *(() if holds else seen))
    if not holds:
        bad.append(what)


RULES = os.path.join(os.path.abspath(SOURCE), 'test', 'scenario', 'tested.conf')
HEAD = f'defaults {{ config = "{RULES}" start = "2026-03-05T00:00" step = "4h" station = "q" rules = {{ "class3" }} }}\n'


def failures(text):
    """Lines of what failed in one test whose body begins on line 3."""
    status, out, err = run(write(HEAD + 'test "t" {\n' + text + '\n}\n'))
    return status, out.replace(os.path.join(folder.name, 'a.test'), 'F').splitlines(), err


status, out, err = run('--verbose', os.path.join(DOCS, 'rules.test'))
check('the example passes', status == 0 and out.count('passed') == 7 and '7 tests, 0 failed' in out, status, out, err)

page = open(os.path.join(DOCS, 'backtest.md'), encoding='utf-8').read()
example = page[page.index('```\ndefaults') + 4:].split('```', 1)[0].replace('"backtest.conf"', f'"{DOCS}/backtest.conf"')
status, out, err = run(write(example))
check('and that of the page', status == 0 and '1 tests, 0 failed' in out, status, out, err)

# -- every way to fail --
SERIES = 'series { parameter = "tp" values = "0.1 0.3 0.1x3" }\n'
GOOD = 'alarm { at = "4h" change = "opened" level = "watch" parameter = "tp" value = 0.3 limit = 0.2 text = "0.5倍" }\nalarm { at = "12h" change = "cleared" }\n'
check('as it is', failures(SERIES + GOOD)[:2] == (0, ['1 tests, 0 failed']), failures(SERIES + GOOD))
for what, old, new, said in [
        ('another time', 'at = "4h"', 'at = "8h"', 'T08:00'), ('another change', 'change = "opened"', 'change = "raised"', 'raised'),
        ('another level', '"watch"', '"alarm"', 'alarm'), ('another parameter', 'parameter = "tp" value', 'parameter = "ph" value', ' ph '),
        ('another value', 'value = 0.3', 'value = 0.31', 'value 0.31'), ('another limit', 'limit = 0.2', 'limit = 0.1', 'limit 0.1'),
        ('another text', '0.5倍', '0.6倍', '…0.6倍…')]:
    status, lines, _ = failures(SERIES + GOOD.replace(old, new, 1))
    check(what, status == 1 and lines[0] == 'F:4: [test "t" alarm] did not come' and said in lines[1] and lines[1].startswith('    expected: ') and
          lines[2] == '    got:      2026-03-05T04:00:00+08:00 opened watch class3 q tp value 0.3 limit 0.2 总磷0.3mg/L,超Ⅲ类限值(0.2)0.5倍,待下次读数确认' and
          lines[3] == '1 tests, 1 failed', status, lines)
status, lines, _ = failures(SERIES + GOOD.split('\n')[0])
check('what was not to come', status == 1 and lines[0] == 'F:2: [test "t"] was not to come' and ' cleared ' in lines[1], lines)
status, lines, _ = failures(SERIES.replace('0.3', '0.1') + GOOD)
check('what did not come at all', status == 1 and lines.count('    got:      nothing like it') == 2, lines)
status, lines, _ = failures(SERIES + GOOD + 'alarm { at = "4h" change = "opened" }')
check('what came once is not expected twice', status == 1 and lines[0] == 'F:6: [test "t" alarm] did not come', lines)
DAY = 'series { parameter = "tp" values = "0.24x6" }\nalarm { at = "0" }\nalarm { at = "4h" }\nday { day = "2026-03-05" parameter = "tp" %s }'
check('a day as it is', failures(DAY % 'class = 4 verdict = "exceeds" mean = 0.24')[0] == 0)
for key in ('class = 3', 'verdict = "meets"', 'mean = 0.2'):
    status, lines, _ = failures(DAY % key)
    check(f'a day with {key}', status == 1 and lines[0] == 'F:6: [test "t" day] is another' and 'got:      2026-03-05 tp class 4 exceeds mean 0.24' in lines[2], lines)
status, lines, _ = failures((DAY % 'class = 4').replace('day = "2026-03-05"', 'day = "2026-03-04"'))
check('a day that was not judged', status == 1 and lines[0] == 'F:6: [test "t" day] was not judged', lines)

status, lines, _ = failures('series { parameter = "tp" values = "' + '0.1x2 0.3x2 ' * 30 + '" }')
check('a flood of failures is counted', status == 1 and len([l for l in lines if l.startswith('F:2:')]) == 20 and any(l.startswith('… and ') for l in lines), lines[-3:])

# -- files that are wrong --
status, out, err = run(write(f'''defaults {{ config = "{RULES}" step = "4h" rules = {{ "clas3" }} }}
test "one" {{
	series {{ parameter = "tpp" values = "0.1" }}
	series {{ station = "q" parameter = "tp" valus = "0.1" }}
	series {{ station = "q" parameter = "ph" values = "0.1 0.2y" }}
	alarm {{ station = "q" at = "soon" rule = "class4" level = "loud" }}
	day {{ station = "q" day = "yesterday" class = 9 }}
	day {{ station = "q" day = "2026-03-05" }}
	alarm "x" {{ at = "0" }}
}}
test "two" {{ start = "then" }}
test "two" {{ }}
alarm {{ at = "0" }}
nonsense = 1
test "three" {{ config = "absent.conf" start = "2026-03-05T00:00" series {{ station = "q" parameter = "tp" values = "1" }} }}
test "far" {{ station = "q" start = "2190-01-01" step = "31d" series {{ parameter = "tp" values = "1x1000" }} }}
test "four" {{ station = "q" series {{ parameter = "tp" values = "1" }}
	series {{ parameter = "w21011" values = "1" }} }}
'''))
for line, said in [(2, "did you mean 'class3'"), (3, 'station is missing'), (3, "did you mean 'tp'"), (4, "did you mean 'values'"), (5, "'0.2y' is none of"),
                   (6, 'soon'), (6, "did you mean 'class3'"), (6, 'must be one of info'), (7, 'is no date'), (7, 'between 0 and 6'), (8, 'asks for nothing'),
                   (9, 'no title'), (11, 'is no time'), (11, 'no series'), (12, 'given twice'), (13, 'belongs inside a test'), (14, 'outside of any section'),
                   (15, 'absent.conf'), (16, 'beyond 2199'), (17, 'start is missing'), (18, 'tp of q is given on line 17')]:
    check(f'line {line}: {said}', any(l.startswith(f'{folder.name}/a.test:{line}:') and said in l for l in err.splitlines()))
check('and nothing is run', status == 1 and out == '' and 'no test was run' in err, status, out)
if bad:
    print(err)
status, out, err = run(write('test "x" {\n\tseries { parameter = "tp"\n'))
check('a block that is not closed', status == 1 and 'a.test:' in err, err)
status, out, err = run(write('# nothing\n'))
check('an empty file tests nothing and says so', status == 1 and 'no test in it' in err, err)
status, out, err = run('/nonexistent.test')
check('a file that is not there', status == 1 and '/nonexistent.test' in err, err)
for wrong in ([], ['a', 'b'], ['--nonsense', 'a']):
    check(f'a wrong command line is 2: {wrong}', run(*wrong)[0] == 2)

print(f'{len(bad)} failures' if bad else 'PASS')
sys.exit(1 if bad else 0)
