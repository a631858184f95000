# SPDX-License-Identifier: Apache-2.0
"""Messages that no station should send. Each row has a connection of its own, so that each refusal is told at once
(a connection tells one a minute); a true reading follows every hostile message and must be stored."""
import collections, json, re, sys, time
from fault import Ground, fault, must, run, sanitized, until

NOW = int(time.time() * 1000)
deep = b'{"tp":' + b'[' * 100 + b'1' + b']' * 100 + b'}'

# name, payload, what the log must say of it; None: it is taken, and the value's quality must be that given.
MALFORMED, UNKNOWN, VALUE, TIME = 'not the format', 'unknown station or parameter', 'not a value', 'not a usable time'
HOSTILE = [
    ('garbage', bytes(range(256)) * 4, MALFORMED),
    ('empty', b'', MALFORMED),
    ('truncated', b'{"time":1772668800,"tp":0.1', MALFORMED),
    ('trailing', b'{"tp":0.1}{"tp":0.2}', MALFORMED),
    ('a list', b'[0.1,0.2]', MALFORMED),
    ('a number', b'42', MALFORMED),
    ('nested 100 deep', deep, 'nested deeper than 16'),
    ('unclosed 100000 deep', b'{"tp":' + b'[' * 100000, 'nested deeper than 16'),
    ('1 MB', b'{"tp":0.1,"pad":"' + b'x' * (1 << 20) + b'"}', '104859. bytes; allowed are 262144'),
    ('257 values', json.dumps({f'p{i}': i for i in range(257)}).encode(), '257 values; allowed are 1 to 256'),
    ('no values', b'{"time":1772668800}', '0 values'),
    ('member twice', b'{"tp":0.1,"tp":9}', 'duplicate'),
    ('invalid UTF-8', b'{"tp":0.1,"n":"\xff\xfe\xc0\x80"}', 'unable to decode byte 0xff'),
    ('UTF-16', '{"tp":0.1}'.encode('utf-16'), MALFORMED),
    ('NUL byte', b'{"tp":0.1,"n":"\x00"}', MALFORMED),
    ('escaped NUL', b'{"tp":0.1,"n\\u0000":1}', MALFORMED),
    ('NaN', b'{"tp":NaN}', MALFORMED),
    ('Infinity', b'{"tp":-Infinity}', MALFORMED),
    ('1e999', b'{"tp":1e999}', 'overflow'),
    ('1e999 as text', b'{"tp":"1e999"}', VALUE),
    ('NaN as text', b'{"tp":"NaN"}', VALUE),
    ('hexadecimal text', b'{"tp":"0x10"}', VALUE),
    ('true', b'{"tp":true}', VALUE),
    ('a list as value', b'{"tp":[1,2]}', VALUE),
    ('object without value', b'{"tp":{"v":1}}', 'no member .value.'),
    ('flag of a number', b'{"tp":{"value":1,"flag":7}}', 'flag must be text'),
    ('flag too long', b'{"tp":{"value":1,"flag":"ABCDEFGHIJ"}}', 'flag must be text'),
    ('values a list', b'{"values":[1]}', 'of a list has no .name. that is text'),
    ('another station', b'{"station":"other","tp":0.1}', 'says station .other. on the topic of'),
    ('station a number', b'{"station":7,"tp":0.1}', 'is not text'),
    ('unknown parameter', b'{"unobtainium":0.1}', 'no parameter .unobtainium.'),
    ('unit as parameter', b'{"tp_mgL":0.1}', 'no parameter .tp_mgL.'),
    ('time in 1970', b'{"time":12345,"tp":9}', 'time 12345 is not believed'),
    ('time 0', b'{"time":0,"tp":9}', TIME),
    ('time negative', b'{"time":-1772668800,"tp":9}', TIME),
    ('time in microseconds', b'{"time":1772668800000000,"tp":9}', TIME),
    ('time null', b'{"time":null,"tp":9}', 'neither text nor a number'),
    ('time an object', b'{"time":{},"tp":9}', 'neither text nor a number'),
    ('time 9999-12-31', b'{"time":"9999-12-31T23:59:59Z","tp":9}', TIME),
    ('time 1970 as text', b'{"time":"1970-01-01T00:00:00Z","tp":9}', TIME),
    ('time 31 February', b'{"time":"2026-02-31T00:00:00Z","tp":9}', TIME),
    ('time 25 o\'clock', b'{"time":"2026-02-03T25:00:00Z","tp":9}', TIME),
    ('time in words', '{"time":"昨天下午","tp":9}'.encode(), TIME),
    ('time US style', b'{"time":"03/05/2026 08:00","tp":9}', TIME),
]
# name, payload, quality in the history; a fourth member is what must be said of the rest of the message
TAKEN = [
    ('sentinel -9999', b'{"tp":-9999}', 'bad'),
    ('sentinel 99999', b'{"tp":99999}', 'bad'),
    ('1e308', b'{"tp":1e308}', 'bad'),
    ('1e-320', b'{"tp":1e-320}', 'good'),
    ('null', b'{"tp":null}', 'missing'),
    ('dashes', b'{"tp":"--"}', 'missing'),
    ('number as text', b'{"tp":"0.153"}', 'good'),
    ('far future', b'{"time":"2150-01-01T00:00:00Z","tp":0.1}', 'bad'),
    ('an hour ahead', json.dumps({'time': NOW + 3600000, 'tp': 9}).encode(), 'bad'),
    ('time without zone', b'{"time":"2026-03-05 08:00:00","tp":0.1}', 'good'),
    ('time of a leap day', b'{"time":"2024-02-29T08:00:00+08:00","tp":0.1}', 'good'),
    ('time with fraction', b'{"time":1772668800.125,"tp":0.1}', 'good'),
    ('alias and code', b'{"tp":0.1,"w21011":9}', 'good', 'given twice, by alias and code'),
    ('an unknown beside a known one', b'{"tp":0.1,"unobtainium":9}', 'good', 'no parameter .unobtainium.'),
    ('controls in a name', b'{"tp":0.1,"\\u0007\\n\\u001b[31m":1}', 'good', 'no parameter .*31m'),
]
ROWS = [(n, p, s, None) for n, p, s in HOSTILE] + [(n, p, s[0] if s else '', q) for n, p, q, *s in TAKEN]


def prepare():
    ground = Ground()
    buses = stations = ''
    for i in range(len(ROWS)):
        buses += (f'mqtt "b{i}" {{ broker = "tcp://127.0.0.1:{ground.mqtt_port}" topic = "h{i}/{{station}}" '
                  f'client_id = "wqd-{i}" receipt = "durable" }}\n')
        stations += (f'station "s{i}" {{ kind = "national" cycle = "0" interval = "1h" late_after = "1h"\n'
                     f' point "tp" {{ bus = "b{i}" unit = "mg/L" }} }}\n')
    ground.configure(extra=buses + stations)
    ground.daemon()
    until('every connection', lambda: all(b['state'] == 'up' for b in ground.status()['buses']), 60)
    return ground


def attack(ground, i, payload, says, quality):
    since = len(ground.log())
    ground.publish(f'h{i}/s{i}', payload)
    at = ground.now() + 5000  # not the instant of arrival that the other may have got
    ground.publish(f'h{i}/s{i}', json.dumps({'time': at, 'tp': 0.125}))
    ground.accepted[f's{i}', at] = 0.125
    until('the true reading behind it', lambda: (f's{i}', at) in ground.stored())
    if says:
        ground.says(f'bus b{i}: refused, .*{says}', 5, since)
        line = next(l for l in ground.log()[since:].splitlines() if f'bus b{i}: refused' in l)
        must(len(line) < 600, f'{len(line)} bytes of log')
        must(all(c >= ' ' for c in line), 'control characters in the log')
    if quality is None:
        must(len(ground.query('SELECT 1 FROM sample_row WHERE station=?', f's{i}')) == 1, 'something of it was stored')
    else:
        rows = ground.query('SELECT quality FROM sample_row WHERE station=? AND at<>?', f's{i}', at)
        must(rows == [(quality,)], f'expected one reading that is {quality}, found {rows}')


def declare(i, name, payload, says, quality):
    fault(name, f'publishes {payload[:60]!r}', says, 'the true reading that follows')(
        lambda ground: attack(ground, i, payload, says, quality))


for number, row in enumerate(ROWS):
    declare(number, *row)


@fault('unknown station', 'publishes for a station that is not configured', '', 'what is refused is not stored')
def unknown_station(ground):
    since = len(ground.log())
    ground.publish('wq/nowhere', '{"tp":9}')
    ground.says("bus broker: refused, unknown station or parameter: .*no station 'nowhere'", 5, since)


@fault('no alarm of any of them', 'looks for alarms after all of the above', '', 'nobody was rung for nonsense')
def no_alarms(ground):
    alarms = ground.query('SELECT station, value, text FROM v_alarm')
    must(not alarms, f'alarms of hostile messages: {alarms[:3]}')


@fault('the future does not blind', 'a reading of 2150 and one of an hour ahead came; then the limit is exceeded', '',
       'the exceedance is told')
def not_blinded(ground):
    for name in ('far future', 'an hour ahead'):
        i = next(i for i, row in enumerate(ROWS) if row[0] == name)
        ground.publish(f'h{i}/s{i}', json.dumps({'time': ground.now() + 6000, 'tp': 0.5}))
        until(f'the alarm after "{name}"', lambda: ground.query("SELECT 1 FROM v_alarm WHERE station=? AND change='opened'", f's{i}'))
    ground.all_told()


@fault('a flood of garbage', 'publishes 3000 hostile messages on one connection', r'refused', 'no flood of log, true readings stored')
def flood(ground):
    since = len(ground.log())
    count = 300 if sanitized() else 3000
    before = next(b['refused'] for b in ground.status()['buses'] if b['name'] == 'broker')
    for i in range(count):
        ground.publish('wq/q0', HOSTILE[i % len(HOSTILE)][1] if i % len(HOSTILE) not in (7, 8) else b'{')
    ground.send()
    ground.settle(60)
    refused = next(b['refused'] for b in ground.status()['buses'] if b['name'] == 'broker') - before
    must(refused >= count, f'{refused} of {count} counted as refused')
    # Each kind of refusal is quoted once a minute, and nothing else is said.
    said = collections.Counter(kind.group(1) if (kind := re.search(r'refused, ([^:]*):', line)) else line
                               for line in ground.log()[since:].splitlines())
    must(max(said.values(), default=0) <= 2 and len(said) <= 4, f'the log is flooded: {said}')
    return 'refused'


if __name__ == '__main__':
    run(prepare())
