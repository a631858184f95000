#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every channel of a running daemon, tried by `wqctl channel test` and by an alarm: strict stand-ins of the vendors, a real
broker, a real mail server, a program. Every answer that the vendors give has its verdict, no key is ever in the log."""
import json
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), 'wqd')]
from plant import Plant, free_port, reachable, skip, wait_until
from vendors import PHONE, Vendors

SECRETS = {'ding-token': 'dingtoken5f3a', 'ding-secret': 'SECdingsecret77', 'wecom-key': '693a91f6-7eee-4bc4',
           'feishu-hook': 'feishuhook-91', 'feishu-secret': 'feishusecret-42', 'aliyun': 'aliyunsecret88',
           'tencent': 'tencentsecret99', 'oncall': 'Bearer oncall-token-3'}

CODE = lambda code: (200, {'errcode': code, 'errmsg': 'm'})
ALI = lambda code: (200, {'Code': code, 'Message': 'm', 'RequestId': 'r'})
TEN = lambda code: (200, {'Response': {'SendStatusSet': [{'Code': code, 'Message': 'm'}], 'RequestId': 'r'}})
HOOK = lambda code: (200, {'code': code, 'msg': 'm'})

# vendor, how it answers, what wqctl prints of it
ANSWERS = [
    ('dingtalk', CODE(130101), 'told to wait: 130101'), ('dingtalk', CODE(310000), 'misconfigured: 310000'),
    ('dingtalk', CODE(-1), 'failed: -1'), ('dingtalk', (200, 'no JSON'), 'failed: HTTP 200'),
    ('dingtalk', (500, 'x'), 'failed: HTTP 500'), ('dingtalk', (429, 'x', [('Retry-After', '7')]), 'told to wait: HTTP 429'),
    ('dingtalk', (302, 'x', [('Location', 'http://127.0.0.1:1/')]), 'misconfigured: HTTP 302'),
    ('wecom', CODE(45009), 'told to wait: 45009'), ('wecom', CODE(93000), 'misconfigured: 93000'),
    ('feishu', HOOK(11232), 'told to wait: 11232'), ('feishu', HOOK(19021), 'misconfigured: 19021'),
    ('feishu', (400, {'code': 9499, 'msg': 'm'}), 'misconfigured: 9499'),
    ('aliyun', ALI('isv.BUSINESS_LIMIT_CONTROL'), 'told to wait: isv.BUSINESS_LIMIT_CONTROL'),
    ('aliyun', ALI('isv.MOBILE_NUMBER_ILLEGAL'), 'unreachable this way: isv.MOBILE'),
    ('aliyun', ALI('isp.SYSTEM_ERROR'), 'failed: isp.SYSTEM_ERROR'),
    ('tencent', TEN('LimitExceeded.PhoneNumberThirtySecondLimit'), 'told to wait: LimitExceeded'),
    ('tencent', TEN('FailedOperation.PhoneNumberInBlacklist'), 'unreachable this way: FailedOperation'),
    ('tencent', (200, {'Response': {'Error': {'Code': 'AuthFailure.SignatureExpire', 'Message': 'm'}}}), 'misconfigured: AuthFailure'),
    ('voice', ALI('isv.OUT_OF_SERVICE'), 'misconfigured: isv.OUT_OF_SERVICE'),
    ('alertmanager', (503, 'x', [('Retry-After', '3')]), 'told to wait: HTTP 503'),
    ('wecom', 'trickle', 'failed: no answer'), ('feishu', 'hang', 'failed: no answer'),
]

MAIL_SERVER = '''
import asyncio, sys
from aiosmtpd.controller import Controller
class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"
    async def handle_DATA(self, server, session, envelope):
        with open(sys.argv[2], "ab") as f:
            f.write(envelope.content + b"\\n===\\n")
        return "250 OK"
Controller(Handler(), hostname="127.0.0.1", port=int(sys.argv[1])).start()
asyncio.new_event_loop().run_forever()
'''


def put_secret(plant, name, text):
    path = plant.path('credentials/' + name)
    with open(path + '.new', 'w', opener=lambda p, f: os.open(p, f, 0o600)) as f:
        f.write(text + '\n')
    os.rename(path + '.new', path)


def write_config(plant, vendors, mail_port):
    url = f'url = "http://127.0.0.1:{vendors.port}" allow_plain = true timeout = "2s"'
    named = '{ "station = station", "value = value", "id = number" }'
    channels = f'''
dingtalk "dingtalk" {{ token = "credential:ding-token" secret = "credential:ding-secret" {url} }}
wecom "wecom" {{ key = "credential:wecom-key" {url} }}
feishu "feishu" {{ hook = "credential:feishu-hook" secret = "credential:feishu-secret" {url} jitter = "0s" }}
aliyun_sms "aliyun" {{ key_id = "LTAItest" key_secret = "credential:aliyun" signature = "测试" template = "SMS_1" variables = {named} {url} }}
voice "voice" {{ key_id = "LTAItest" key_secret = "credential:aliyun" template = "TTS_1" variables = {{ "station = station" }} {url} }}
tencent_sms "tencent" {{ key_id = "AKIDtest" key_secret = "credential:tencent" app = "1400" signature = "测试" template = "9"
  variables = {{ station, parameter, number }} {url} }}
alertmanager "alertmanager" {{ url = "http://127.0.0.1:{vendors.port}/alertmanager" allow_plain = true authorization = "credential:oncall" }}
mail "mail" {{ url = "smtp://127.0.0.1:{mail_port}" from = "wqd@station.example" allow_plain = true timeout = "5s" }}
mqtt_topic "topic" {{ broker = "mqtt://127.0.0.1:{plant.mqtt_port}" topic = "out/alarms" allow_plain = true }}
exec "program" {{ program = "/bin/sh" arguments = {{ "-c", "cat >> {plant.path('exec.jsonl')}" }} }}
contact "all" {{ name = "张工" phone = "{PHONE}" email = "zhang@bureau.example" channels = {{ "feishu" }} gather = "0" most = 0 }}
contact "nobody" {{ name = "无" email = "nobody@bureau.example" channels = {{ "mail" }} }}
station "s0" {{ name = "一干河自动站" kind = "national" cycle = "0" interval = "1h" late_after = "1d"
  point "tp" {{ bus = "broker" unit = "mg/L" }}
}}
limit "tp" {{ parameters = {{ "tp" }} class = 3 readings = 1 first_level = "warning" level = "warning" clear_readings = 1 }}
'''
    with open(plant.path('wqd.conf'), 'w') as f:
        f.write(plant.head().replace('members = { "duty" }', 'members = { "duty", "all" }') + channels)


def try_channel(plant, channel, contact='all'):
    done = subprocess.run([plant.bin('wqctl'), 'channel', 'test', channel, '--to', contact, '--socket', plant.path('wqd.sock')],
                          capture_output=True, text=True, timeout=20)
    return done.returncode, done.stdout + done.stderr


def everything_is_taken(plant, vendors, subscribed):
    for channel in Vendors.FINE:
        code, said = try_channel(plant, channel)
        assert code == 0 and f'{channel} to all: sent: ' in said, (channel, said, vendors.refused)
    seen = dict(vendors.seen)
    assert set(seen) == set(Vendors.FINE), set(seen)
    number = time.strftime('W%Y%m%d-000', time.gmtime(time.time() + 8 * 3600))
    for vendor, request in seen.items():
        said = json.dumps(request, ensure_ascii=False)
        assert number in said or '【测试】' in said, (vendor, request)
        assert f'编号{number}' not in said, (vendor, request)
    code, said = try_channel(plant, 'mail')
    assert code == 0 and 'sent: SMTP 250' in said, said
    text = plant.read('mail.txt')
    assert 'Message-ID: <test-' in text and 'Subject: =?UTF-8?B?' in text, text
    code, said = try_channel(plant, 'topic')
    assert code == 0 and 'PUBACK' in said, said
    wait_until('the message on the topic', lambda: '【测试】' in plant.read('sub.log'), 10)
    assert subscribed.poll() is None
    code, said = try_channel(plant, 'program')
    assert code == 0 and 'exit status 0' in said, said
    assert json.loads(plant.read('exec.jsonl'))['address'] == PHONE
    print(f'{len(Vendors.FINE) + 3} channels took a marked message, each in its own shape')


def every_answer_has_its_verdict(plant, vendors):
    for vendor, answer, wanted in ANSWERS:
        vendors.mode[vendor] = answer
        code, said = try_channel(plant, vendor)
        vendors.mode.pop(vendor)
        assert code == 1 and wanted in said, (vendor, answer, said)
    code, said = try_channel(plant, 'mail', 'nobody')
    assert code == 1 and 'unreachable this way: SMTP 550' in said, said
    code, said = try_channel(plant, 'aliyun', 'nobody')
    assert code == 1 and 'phone' in said, said
    print(f'{len(ANSWERS) + 2} answers, each with its verdict')


def a_wrong_key_is_refused_and_a_right_one_taken_without_a_restart(plant, vendors):
    for name, vendor, said_so in (('ding-secret', 'dingtalk', '310000'), ('feishu-secret', 'feishu', '19021'),
                                  ('aliyun', 'aliyun', 'SignatureDoesNotMatch'), ('tencent', 'tencent', 'AuthFailure')):
        put_secret(plant, name, 'SECwrong')
        code, said = try_channel(plant, vendor)
        assert code == 1 and said_so in said, said
        put_secret(plant, name, SECRETS[name])
        code, said = try_channel(plant, vendor)
        assert code == 0, said
    print('four wrong keys refused by signature, the right ones taken over without a restart')


def an_alarm_goes_through(plant, vendors):
    vendors.seen.clear()
    stamp = time.strftime('%Y-%m-%dT%H:%M:%S+00:00', time.gmtime(time.time() - 60))
    subprocess.run(['mosquitto_pub', '-h', '127.0.0.1', '-p', str(plant.mqtt_port), '-q', '1', '-t', 'wq/s0', '-m',
                    f'{{"time":"{stamp}","tp":0.31}}'], check=True)
    told = wait_until('the alarm in Feishu', lambda: [r for v, r in vendors.seen if v == 'feishu'], 30)
    text = plant.query("SELECT text FROM notice WHERE contact='all'")[0][0]
    assert told[0]['content']['text'] == text, (told, text)
    assert not plant.query("SELECT 1 FROM delivery WHERE notice LIKE 'test-%'")
    wait_until('its record', lambda: plant.query("SELECT 1 FROM delivery WHERE channel='feishu' AND kind=0"), 10)
    print('an alarm reached its channel word for word; of the tests nothing is on record')


def what_waits_is_listed(plant, vendors):
    vendors.mode['feishu'] = CODE(19021)[0], {'code': 19021, 'msg': 'sign match fail'}
    stamp = time.strftime('%Y-%m-%dT%H:%M:%S+00:00', time.gmtime(time.time() - 30))
    subprocess.run(['mosquitto_pub', '-h', '127.0.0.1', '-p', str(plant.mqtt_port), '-q', '1', '-t', 'wq/s0', '-m',
                    f'{{"time":"{stamp}","tp":0.1}}'], check=True)
    wait_until('a refusal on record', lambda: plant.query("SELECT 1 FROM delivery WHERE channel='feishu' AND kind=3"), 30)
    done = subprocess.run([plant.bin('wqctl'), 'outbox', '--database', plant.path('wqd.db')], capture_output=True, text=True)
    assert done.returncode == 0 and 'misconfigured: 19021' in done.stdout and 'waits' in done.stdout, done
    print('what waits is listed with its reason')


def main():
    probe = subprocess.run([sys.executable, '-c', 'import aiosmtpd'], capture_output=True)
    if probe.returncode != 0:
        skip('no mail server (package python3-aiosmtpd)')
    plant = Plant()
    try:
        vendors, mail_port = Vendors(SECRETS), free_port()
        for name, text in SECRETS.items():
            put_secret(plant, name, text)
        with open(plant.path('mail.py'), 'w') as f:
            f.write(MAIL_SERVER)
        plant.start('mail', sys.executable, plant.path('mail.py'), str(mail_port), plant.path('mail.txt'))
        subscribed = plant.start('sub', 'mosquitto_sub', '-h', '127.0.0.1', '-p', str(plant.mqtt_port), '-q', '1', '-t', 'out/#')
        wait_until('the mail server', lambda: reachable(mail_port))
        write_config(plant, vendors, mail_port)
        plant.daemon()
        everything_is_taken(plant, vendors, subscribed)
        every_answer_has_its_verdict(plant, vendors)
        a_wrong_key_is_refused_and_a_right_one_taken_without_a_restart(plant, vendors)
        an_alarm_goes_through(plant, vendors)
        what_waits_is_listed(plant, vendors)
        log = plant.read('wqd.log')
        assert not [text for text in SECRETS.values() if text in log], 'a secret is in the log'
        assert 'SECwrong' not in log
        assert plant.kill(15) == 0
    finally:
        plant.close()


main()
