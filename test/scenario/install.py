#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What README tells to install lands where the unit looks for it."""
import os, re, subprocess, sys, tempfile

build = sys.argv[1]
with tempfile.TemporaryDirectory() as root:
    subprocess.run(['cmake', '--install', build, '--prefix', root], check=True, capture_output=True)
    wanted = ['bin/wqd', 'bin/wqctl', 'lib/systemd/system/wqd.service', 'lib/sysusers.d/wqd.conf', 'lib/tmpfiles.d/wqd.conf',
              'share/doc/wqd/docs/wqd.conf', 'share/wqd/modbus/national-surface.profile', 'share/doc/wqd/README.md']
    missing = [name for name in wanted if not os.path.isfile(os.path.join(root, name))]
    stray = [name for name in os.listdir(os.path.join(root, 'bin')) if name not in ('wqd', 'wqctl')]
    unit = open(os.path.join(root, 'lib/systemd/system/wqd.service')).read() if not missing else ''
    program = re.search(r'^ExecStart=(\S+)', unit, re.M)
    version = subprocess.run([os.path.join(root, 'bin/wqd'), '--version'], capture_output=True, text=True) if not missing else None
print('missing:', missing, 'stray:', stray, 'unit starts:', program and program[1], version and version.stdout.strip())
sys.exit(1 if missing or stray or not program or not program[1].endswith('/bin/wqd') or version.returncode != 0 else 0)
