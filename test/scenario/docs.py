#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the pages promise: links and their anchors lead somewhere, every page is in the index, every command and request has its
row and every option its place, and the SQL of all pages runs on a history as wqd makes it.

    WQ_BIN=build/bin WQ_SOURCE=. test/scenario/docs.py"""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

SOURCE, BIN = os.environ["WQ_SOURCE"], os.environ["WQ_BIN"]
DOCS = os.path.join(SOURCE, "docs")
bad = []


def pages():
    names = ["README.md", "README.zh-CN.md"]
    names += sorted(f"docs/{n}" for n in os.listdir(DOCS) if n.endswith(".md"))
    return {n: open(os.path.join(SOURCE, n), encoding="utf-8").read() for n in names}


def anchors(text):
    """As forges make them of headings: small letters, no punctuation, hyphens for spaces, -1 … where one comes again."""
    found = set()
    for heading in re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", text, flags=re.S), re.M):
        name = re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
        n = 0
        while (f"{name}-{n}" if n else name) in found:
            n += 1
        found.add(f"{name}-{n}" if n else name)
    return found


def check_links(texts):
    count = 0
    for page, text in texts.items():
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if "://" in target or target.startswith("mailto:"):
                continue
            count += 1
            path, _, anchor = target.partition("#")
            there = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
            if not os.path.exists(os.path.join(SOURCE, there)):
                bad.append(f"{page}: {target} is not there")
            elif anchor and there in texts and anchor not in anchors(texts[there]):
                bad.append(f"{page}: {target}: {there} has no such heading")
    return count


def check_index(texts):
    for page in texts:
        name = os.path.basename(page)
        if page.startswith("docs/") and name != "README.md" and f"]({name})" not in texts["docs/README.md"]:
            bad.append(f"docs/README.md: does not name {name}")


def check_commands(text):
    """Each command of wqctl, and each request that the daemon answers, has a row of a table."""
    said = subprocess.run([os.path.join(BIN, "wqctl"), "--help"], capture_output=True, text=True, check=True).stdout
    commands = re.findall(r"^  ([a-z-]+) +\S", said.split("Commands:")[1], re.M)
    requests = []
    for folder, _, names in os.walk(os.path.join(SOURCE, "daemon")):
        for name in {"api.c", "api_import.c"}.intersection(names):
            with open(os.path.join(folder, name), encoding="utf-8") as f:
                requests += re.findall(r'"(/v1/[a-z-]*/?)"(?:, "(/?[a-z]*)")?', f.read())
    for name in commands:
        if not re.search(rf"^\| \[{name}\b[^\]]*\]\(", text, re.M):
            bad.append(f"docs/wqctl.md: the table of commands has no row '{name}'")
    for before, after in requests:
        path = before + ("NAME" if after else "") + after
        if not re.search(rf"^\| `.*{re.escape(path)}`.* \|", text, re.M):
            bad.append(f"docs/wqctl.md: the table of requests has no row '{path}'")
    if len(commands) < 20 or len(requests) < 15:
        bad.append(f"{len(commands)} commands, {len(requests)} requests found: there are more")


def check_options(text):
    """Each option that a command explains stands in its section (of decode: in hj212.md), but for where the daemon is."""
    sections = dict(part.split("\n", 1) for part in re.split(r"(?m)^## ", text)[1:])
    said = subprocess.run([os.path.join(BIN, "wqctl"), "--help"], capture_output=True, text=True, check=True).stdout
    count = 0
    for name in re.findall(r"^  ([a-z-]+) +\S", said.split("Commands:")[1], re.M):
        shown = subprocess.run([os.path.join(BIN, "wqctl"), name, "--help"], capture_output=True, text=True, check=True).stdout
        page = "".join(body for title, body in sections.items() if re.search(rf"\b{name}\b", title))
        page = page or open(os.path.join(DOCS, "hj212.md"), encoding="utf-8").read()
        for option in sorted(set(re.findall(r"--([a-z][a-z-]+)", shown)) - {"help", "usage", "version", "socket", "config"}):
            count += 1
            if not re.search(rf"--{option}\b", page):
                bad.append(f"docs/wqctl.md: {name} has --{option}, its section has not")
    if count < 80:
        bad.append(f"{count} options found: there are more")


def make_history(folder):
    """An empty history by the program itself; needs no network: the broker is not there."""
    conf = os.path.join(folder, "wqd.conf")
    with open(conf, "w", encoding="utf-8") as f:
        f.write(f'site {{ name = "docs" database = "{folder}/wqd.db" socket = "{folder}/wqd.sock" }}\n'
                'mqtt "b" { broker = "tcp://127.0.0.1:9" topic = "wq/{station}" client_id = "docs" }\n'
                'station "q" { kind = "national" point "tp" { bus = "b" unit = "mg/L" } }\n')
    wqd = subprocess.Popen([os.path.join(BIN, "wqd"), "--config", conf], stderr=subprocess.PIPE)
    end = time.monotonic() + 20
    while not os.path.exists(f"{folder}/wqd.sock") and wqd.poll() is None and time.monotonic() < end:
        time.sleep(0.02)
    if wqd.poll() is None:
        wqd.send_signal(signal.SIGTERM)
    try:
        said = wqd.communicate(timeout=30)[1].decode(errors="replace")
    except subprocess.TimeoutExpired:
        wqd.kill()
        said = wqd.communicate()[1].decode(errors="replace") + "it did not stop"
    if wqd.returncode != 0:
        bad.append(f"wqd ended with {wqd.returncode}: {said}")
    return f"{folder}/wqd.db"


def check_tables(db, texts):
    """docs/store.md has the version, each table and view, and each column of the tables in a row that begins with the table's name,
    or, of the readings, in their own table; docs/analyst.md has each view that begins with v_."""
    page = texts["docs/store.md"]
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if f"(now {version})" not in page:
        bad.append(f"docs/store.md: the history has version {version}")
    for name, kind in db.execute("SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'"):
        where = texts["docs/analyst.md"] if name.startswith("v_") else page
        if f"`{name}`" not in where and f"**{name}**" not in where:
            bad.append(f"docs: {name} is in no page")
        if kind == "view":
            continue
        rows = page if name.startswith("sample") else "\n".join(re.findall(rf"^\| `{name}` .*$", page, re.M))
        for column in (row[1] for row in db.execute(f"PRAGMA table_info({name})")):
            if f"`{column}`" not in rows:
                bad.append(f"docs/store.md: {name} has a column {column}")


def check_queries(texts):
    count = 0
    with tempfile.TemporaryDirectory() as folder:
        db = sqlite3.connect(f"file:{make_history(folder)}?mode=ro", uri=True)
        check_tables(db, texts)
        for page, text in texts.items():
            for query in re.findall(r"```sql\n(.*?)```", text, re.S):
                count += 1
                try:
                    db.execute(query).fetchall()
                except sqlite3.Error as e:
                    bad.append(f"{page}: {e}: {query.strip()[:80]}")
        db.close()
    if count < 10:
        bad.append(f"{count} queries found: at least the analyst's ten are expected")
    return count


texts = pages()
links = check_links(texts)
check_index(texts)
check_commands(texts["docs/wqctl.md"])
check_options(texts["docs/wqctl.md"])
queries = check_queries(texts)
if links < 20:
    bad.append(f"{links} links found: the pages have more")
print(f"{len(texts)} pages, {links} links, {queries} queries", *bad, sep="\n")
print(f"{len(bad)} failures" if bad else "PASS")
sys.exit(1 if bad else 0)
