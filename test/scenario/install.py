#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What README tells to install lands where the unit looks for it. And no program needs both clients of the MQTT library: they export
the same names, and the one would write into the other's tables."""
import os, re, subprocess, sys, tempfile

build = sys.argv[1]


def clients(program):
    """Which clients of the MQTT library a program is loaded with, by whatever way."""
    loaded = subprocess.run(['ldd', program], check=True, capture_output=True, text=True).stdout
    return sorted(set(re.findall(r'libpaho-mqtt3\w+', loaded)))


with tempfile.TemporaryDirectory() as root:
    subprocess.run(['cmake', '--install', build, '--prefix', root], check=True, capture_output=True)
    wanted = ['bin/wqd', 'bin/wqctl', 'lib/systemd/system/wqd.service', 'lib/sysusers.d/wqd.conf', 'lib/tmpfiles.d/wqd.conf',
              'share/doc/wqd/docs/wqd.conf', 'share/wqd/modbus/national-surface.profile', 'share/doc/wqd/README.md']
    missing = [name for name in wanted if not os.path.isfile(os.path.join(root, name))]
    stray = [name for name in os.listdir(os.path.join(root, 'bin')) if name not in ('wqd', 'wqctl')]
    unit = open(os.path.join(root, 'lib/systemd/system/wqd.service')).read() if not missing else ''
    program = re.search(r'^ExecStart=(\S+)', unit, re.M)
    programs = [os.path.join(root, 'bin', name) for name in ('wqd', 'wqctl')] + [os.path.join(build, 'bin', name) for name in os.listdir(os.path.join(build, 'bin'))]
    mixed = [(os.path.basename(p), clients(p)) for p in programs if os.path.isfile(p) and len(clients(p)) > 1]
    daemon = clients(os.path.join(root, 'bin/wqd')) if not missing else []
    version = subprocess.run([os.path.join(root, 'bin/wqd'), '--version'], capture_output=True, text=True) if not missing else None
print('missing:', missing, 'wqd loads:', daemon, 'both clients:', mixed, 'stray:', stray, 'unit starts:', program and program[1], version and version.stdout.strip())
sys.exit(1 if missing or stray or mixed or daemon != ['libpaho-mqtt3as'] or not program or not program[1].endswith('/bin/wqd') or version.returncode != 0 else 0)
