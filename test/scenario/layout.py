#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who may know whom: what the include paths of the build cannot enforce by themselves.

    layout.py [ROOT]

Every folder has its words; an outside library is known to one file or folder; rules know no clock, drivers none but for
deadlines; every source says its licence. Prints one line for each breach. Before it looks at ROOT (default
$WQ_SOURCE) it makes sure that it finds a breach of each kind in trees made for that purpose.
Exit status: 0 all is as it should be, 1 a breach, 2 this check itself is broken."""

import os
import re
import sys
import tempfile

# Which paths (as prefixes) may include which headers (as prefixes). Tests other than the simulator are free.
LIBRARIES = [
    ("sqlite3.h", ["daemon/store/"]),
    ("modbus", []),
    ("MQTT", ["drivers/mqtt/", "test/sim/"]),
    ("csv.h", ["drivers/csv/"]),
    ("iconv.h", ["drivers/csv/text.c", "daemon/ctl/decode.c"]),
    ("curl/", ["daemon/notify/deliver/lines.c", "daemon/notify/deliver/pinger.c", "daemon/ctl/client.c"]),
    ("microhttpd.h", ["daemon/ctl/server.c", "daemon/web/http.c", "test/sim/inbox.c"]),
    ("confuse.h", ["daemon/config/"]),
    ("jansson.h", ["drivers/mqtt/", "daemon/", "test/sim/"]),
    ("openssl/", ["daemon/", "drivers/hj212/cipher.c", "test/sim/"]),
    ("systemd/", ["daemon/"]),
    ("cmocka.h", []),
]
FREE = re.compile(r"test/(unit|fake|scenario|fuzz|live|bench)/")

# The C library's headers without I/O by itself, time or threads: all that rules and the shared words may see.
PURE = {"assert.h", "ctype.h", "errno.h", "float.h", "inttypes.h", "limits.h", "math.h", "stdarg.h",
        "stdbool.h", "stddef.h", "stdint.h", "stdio.h", "stdlib.h", "string.h"}

CALLS = {
    "rules/": re.compile(r"\b(?:time|clock|clock_gettime|gettimeofday|localtime|localtime_r|timespec_get|"
                         r"sleep|usleep|nanosleep|fopen|open|socket|system|getenv|printf|puts|exit|abort)\s*\("),
    "drivers/": re.compile(r"\b(?:(?:time|gettimeofday|localtime|localtime_r|timespec_get|exit|abort|system)\s*\(|"
                           r"CLOCK_REALTIME\w*)"),
}

LITERAL = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)


def sources(root):
    for top in ("include", "rules", "drivers", "daemon", "test"):
        for folder, _, names in sorted(os.walk(os.path.join(root, top))):
            for name in sorted(names):
                if name.endswith((".c", ".h")):
                    yield os.path.relpath(os.path.join(folder, name), root)


def quoted(root, path, header):
    """Why this file may not include "header", or None."""
    if ".." in header.split("/"):
        return f'"{header}": no folder is reached through ..'
    top = path.split("/")[0]
    if top == "include":
        return None if header.startswith("wq/") else f'"{header}": the shared words know only each other'
    if top not in ("rules", "drivers"):
        return None
    if header.startswith("wq/"):
        return None
    # A protocol is a room of its own; the rooms of rules/ see each other where the build says so.
    room = "/".join(path.split("/")[:2]) if top == "drivers" and path.count("/") > 1 else top
    if any(os.path.basename(header) in names for _, _, names in os.walk(os.path.join(root, room))):
        return None
    return f'"{header}": not of {room}/ and not of include/wq'


def bracketed(path, header):
    """Why this file may not include <header>, or None."""
    if path.startswith(("rules/", "include/")) and header not in PURE:
        return f"<{header}>: {path.split('/')[0]}/ may see " + ", ".join(sorted(PURE))
    if FREE.match(path):
        return None
    for library, homes in LIBRARIES:
        if header.startswith(library) and not path.startswith(tuple(homes)):
            return f"<{header}>: known only to {', '.join(homes) or 'tests'}"
    return None


def breaches(root):
    for path in sources(root):
        with open(os.path.join(root, path), encoding="utf-8") as file:
            text = file.read()
        if "SPDX-License-Identifier: Apache-2.0" not in text.split("\n", 1)[0]:
            yield path, 1, "the first line is not the SPDX line"
        for match in INCLUDE.finditer(text):
            why = quoted(root, path, match[2]) if match[1] == '"' else bracketed(path, match[2])
            if why:
                yield path, text.count("\n", 0, match.start()) + 1, why
        calls = next((calls for top, calls in CALLS.items() if path.startswith(top)), None)
        if calls:
            # Comments and literals go, line breaks stay.
            bare = LITERAL.sub(lambda m: "\n" * m[0].count("\n"), text)
            for match in calls.finditer(bare):
                yield path, bare.count("\n", 0, match.start()) + 1, f"{match[0].rstrip('( ')}: not in {path.split('/')[0]}/"


SPDX = "/* SPDX-License-Identifier: Apache-2.0 */\n"
# (path, text, how many breaches)
EXAMPLES = [
    ("rules/a.c", SPDX + '#include "wq/rule.h"\n#include <math.h>\n/* the time (UTC) */\nint on_time(int x);\n', 0),
    ("rules/a.c", "int x;\n", 1),
    ("rules/a.c", SPDX + '#include "../daemon/clock.h"\n', 1),
    ("rules/a.c", SPDX + '#include "clock.h"\n', 1),
    ("rules/a.c", SPDX + "#include <time.h>\n", 1),
    ("rules/a.c", SPDX + "#include <sqlite3.h>\n", 1),
    ("rules/a.c", SPDX + "long f(void) { return time(0); }\n", 1),
    ("rules/a.c", SPDX + 'const char *f = "time(0)"; /* clock_gettime(x) */\n', 0),
    ("rules/a.c", SPDX + "void f(void) { clock_gettime(0, 0); }\n", 1),
    ("drivers/csv/a.c", SPDX + "#include <csv.h>\n#include <stdio.h>\n", 0),
    ("drivers/csv/a.c", SPDX + "#include <modbus/modbus.h>\n", 1),
    ("drivers/modbus/a.c", SPDX + "#include <modbus/modbus.h>\n", 1),
    ("drivers/csv/a.c", SPDX + '#include "topic.h"\n', 1),
    ("drivers/csv/a.c", SPDX + "void f(void) { clock_gettime(CLOCK_MONOTONIC, 0); }\n", 0),
    ("drivers/csv/a.c", SPDX + "void f(void) { clock_gettime(CLOCK_REALTIME, 0); }\n", 1),
    ("daemon/main.c", SPDX + "#include <sqlite3.h>\n#include <curl/curl.h>\n#include <microhttpd.h>\n", 3),
    ("daemon/store/a.c", SPDX + "#include <sqlite3.h>\n#include <confuse.h>\n", 1),
    ("daemon/ctl/query.c", SPDX + "#include <curl/curl.h>\n", 1),
    ("include/wq/a.h", SPDX + '#include "store/store.h"\n#include <pthread.h>\n', 2),
    ("test/unit/a.c", SPDX + "#include <sqlite3.h>\n#include <cmocka.h>\n", 0),
    ("test/sim/a.c", SPDX + "#include <cmocka.h>\n", 1),
]


def check_the_check():
    for path, text, expected in EXAMPLES:
        with tempfile.TemporaryDirectory() as root:
            os.makedirs(os.path.join(root, os.path.dirname(path)))
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(text)
            found = list(breaches(root))
            if len(found) != expected:
                print(f"layout.py: expected {expected} breaches, found {found} in {path}:\n{text}", file=sys.stderr)
                return False
    return True


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("WQ_SOURCE", ".")
    if not check_the_check():
        return 2
    if sum(1 for _ in sources(root)) < 50:
        print(f"layout.py: {root} does not hold the sources", file=sys.stderr)
        return 2
    found = list(breaches(root))
    for path, line, why in found:
        print(f"{path}:{line}: {why}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
