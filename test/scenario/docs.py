#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the pages promise: links lead somewhere, and the analyst's queries run on a history as wqd makes it."""
import os, re, signal, sqlite3, subprocess, sys, tempfile, time

source, bin_ = os.environ['WQ_SOURCE'], os.environ['WQ_BIN']
bad = []
pages = [os.path.join(source, n) for n in ('README.md', 'README.zh-CN.md')] + \
        [os.path.join(source, 'docs', n) for n in os.listdir(os.path.join(source, 'docs')) if n.endswith('.md')]
links = 0
for page in pages:
    text = open(page, encoding='utf-8').read()
    for target in re.findall(r'\]\(([^)#\s]+)(?:#[^)]*)?\)', text):
        if '://' in target or target.startswith('mailto:'):
            continue
        links += 1
        if not os.path.exists(os.path.join(os.path.dirname(page), target)):
            bad.append(f'{os.path.relpath(page, source)}: {target} is not there')
with tempfile.TemporaryDirectory() as folder:
    conf = os.path.join(folder, 'wqd.conf')
    with open(conf, 'w') as f:
        f.write(f'site {{ name = "docs" database = "{folder}/wqd.db" socket = "{folder}/wqd.sock" }}\n'
                'mqtt "b" { broker = "tcp://127.0.0.1:9" topic = "wq/{station}" client_id = "docs" }\n'
                'station "q" { kind = "national" point "tp" { bus = "b" unit = "mg/L" } }\n')
    wqd = subprocess.Popen([os.path.join(bin_, 'wqd'), '--config', conf], stderr=subprocess.DEVNULL)
    end = time.monotonic() + 20
    while not os.path.exists(f'{folder}/wqd.sock') and wqd.poll() is None and time.monotonic() < end:
        time.sleep(0.02)
    wqd.send_signal(signal.SIGTERM)
    wqd.wait(30)
    queries = re.findall(r'```sql\n(.*?)```', open(os.path.join(source, 'docs/analyst.md'), encoding='utf-8').read(), re.S)
    db = sqlite3.connect(f'{folder}/wqd.db')
    for query in queries:
        try:
            db.execute(query).fetchall()
        except sqlite3.Error as e:
            bad.append(f'analyst.md: {e}: {query.strip()[:80]}')
    db.close()
print(f'{len(pages)} pages, {links} links, {len(queries)} queries', *bad, sep='\n')
sys.exit(1 if bad or len(queries) < 10 or links == 0 else 0)
