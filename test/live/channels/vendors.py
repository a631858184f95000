# SPDX-License-Identifier: Apache-2.0
"""Stand-ins for the vendors' services: strict about signature, time, shape and limits, and as rude as asked to be. What
they check is written from the vendors' pages, with Python's hmac: nothing of it is shared with what is tested."""
import base64
import calendar
import hashlib
import hmac
import http.server
import json
import threading
import time
import urllib.parse

PHONE = '13800138000'


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


def mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


class Refused(Exception):
    """The request is not what the vendor takes: (status, body)."""


class Vendors:
    """One server for all of them. mode[vendor] is a callable that answers in its place: (status, headers, body), or a name
    of `rude`. seen: what was taken, as (vendor, request as an object)."""

    def __init__(self, secrets):
        self.secrets, self.mode, self.seen, self.nonces, self.refused = secrets, {}, [], set(), []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def log_message(self, *_):
                pass

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get('content-length', 0)))
                outer.answer(self, body)

        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, handler, body):
        url = urllib.parse.urlsplit(handler.path)
        query = urllib.parse.parse_qs(url.query, keep_blank_values=True, strict_parsing=bool(url.query))
        vendor = self.vendor_of(url.path, handler.headers)
        try:
            seen = getattr(self, vendor)(handler, url, {k: v[0] for k, v in query.items()}, body)
            fine = self.FINE[vendor]
        except Refused as refused:
            self.refused.append((vendor, refused.args))
            self.send(handler, *refused.args)
            return
        mode = self.mode.get(vendor)
        if mode == 'hang':
            time.sleep(20)
            return
        if mode == 'trickle':
            self.trickle(handler)
            return
        if mode is not None:
            self.send(handler, *mode)
            return
        self.seen.append((vendor, seen))
        self.send(handler, 200, fine)

    @staticmethod
    def send(handler, status, answer, headers=()):
        text = answer.encode() if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False).encode()
        handler.send_response(status)
        for name, value in headers:
            handler.send_header(name, value)
        handler.send_header('Content-Length', str(len(text)))
        handler.end_headers()
        handler.wfile.write(text)

    @staticmethod
    def trickle(handler):
        handler.send_response(200)
        handler.send_header('Content-Length', '1000')
        handler.end_headers()
        for _ in range(40):
            try:
                handler.wfile.write(b' ')
                handler.wfile.flush()
            except OSError:
                return
            time.sleep(0.5)

    @staticmethod
    def vendor_of(path, headers):
        if 'x-acs-action' in headers:
            return {'SendSms': 'aliyun', 'SingleCallByTts': 'voice'}[headers['x-acs-action']]
        if 'x-tc-action' in headers:
            return 'tencent'
        return {'/robot/send': 'dingtalk', '/cgi-bin/webhook/send': 'wecom', '/alertmanager': 'alertmanager'}.get(path, 'feishu')

    FINE = {'dingtalk': {'errcode': 0, 'errmsg': 'ok'}, 'wecom': {'errcode': 0, 'errmsg': 'ok'},
            'feishu': {'StatusCode': 0, 'StatusMessage': 'success', 'code': 0, 'data': {}, 'msg': 'success'},
            'aliyun': {'Code': 'OK', 'Message': 'OK', 'BizId': '1', 'RequestId': 'r'},
            'voice': {'Code': 'OK', 'Message': 'OK', 'CallId': '1', 'RequestId': 'r'},
            'tencent': {'Response': {'SendStatusSet': [{'SerialNo': '1', 'PhoneNumber': '+86' + PHONE, 'Fee': 1,
                                                        'Code': 'Ok', 'Message': 'send success'}], 'RequestId': 'r'}},
            'alertmanager': ''}

    @staticmethod
    def json_of(handler, body, refusal):
        if not handler.headers.get('content-type', '').startswith('application/json'):
            raise Refused(*refusal)
        text = body.decode('utf-8')
        assert '\\u' not in text, 'raw UTF-8 is wanted'
        return json.loads(text)

    def dingtalk(self, handler, _, query, body):
        refusal = (200, {'errcode': 310000, 'errmsg': 'sign not match, more: [https://ding-doc.dingtalk.com]'})
        if query.get('access_token') != self.secrets['ding-token']:
            raise Refused(200, {'errcode': 300005, 'errmsg': 'token is not exist'})
        secret = self.secrets['ding-secret']
        wanted = base64.b64encode(mac(secret.encode(), f"{query['timestamp']}\n{secret}")).decode()
        if query.get('sign') != wanted or abs(int(query['timestamp']) / 1000 - time.time()) > 3600:
            raise Refused(*refusal)
        message = self.json_of(handler, body, (200, {'errcode': 43004, 'errmsg': 'invalid content-type'}))
        if set(message) != {'msgtype', 'text', 'at'} or message['msgtype'] != 'text' or not message['text']['content']:
            raise Refused(200, {'errcode': 40035, 'errmsg': 'missing json'})
        assert all('@' + number in message['text']['content'] for number in message['at']['atMobiles'])
        return message

    def wecom(self, handler, _, query, body):
        if query != {'key': self.secrets['wecom-key']}:
            raise Refused(200, {'errcode': 93000, 'errmsg': 'invalid webhook url, hint: [1]'})
        message = self.json_of(handler, body, (200, {'errcode': 40008, 'errmsg': 'invalid message type'}))
        if len(message['text']['content'].encode()) > 2048:
            raise Refused(200, {'errcode': 40058, 'errmsg': 'exceed max length 2048'})
        assert set(message['text']) <= {'content', 'mentioned_list', 'mentioned_mobile_list'}
        return message

    def feishu(self, handler, url, _, body):
        if url.path != '/open-apis/bot/v2/hook/' + self.secrets['feishu-hook']:
            raise Refused(200, {'code': 19001, 'msg': 'param invalid: incoming webhook access token invalid'})
        message = self.json_of(handler, body, (400, {'code': 9499, 'msg': 'Bad Request'}))
        key = f"{message['timestamp']}\n{self.secrets['feishu-secret']}".encode()
        if message['sign'] != base64.b64encode(mac(key, '')).decode() or abs(int(message['timestamp']) - time.time()) > 3600:
            raise Refused(200, {'code': 19021, 'msg': 'sign match fail or timestamp is not within one hour'})
        if message['msg_type'] != 'text' or len(body) > 20480 or '<at' in message['content']['text']:
            raise Refused(400, {'code': 9499, 'msg': 'Bad Request'})
        return message

    def acs3(self, handler, url, query, body):
        headers = {name.lower(): value.strip() for name, value in handler.headers.items()}
        scheme, rest = headers['authorization'].split(' ', 1)
        parts = dict(part.split('=', 1) for part in rest.split(','))
        names = parts['SignedHeaders'].split(';')
        quote = lambda text: urllib.parse.quote(text, safe='~')
        canonical = '\n'.join(['POST', '/', '&'.join(f'{quote(k)}={quote(query[k])}' for k in sorted(query)),
                               *(f'{name}:{headers[name]}' for name in names), '', parts['SignedHeaders'],
                               hashlib.sha256(body).hexdigest()])
        wanted = mac(self.secrets['aliyun'].encode(), f'ACS3-HMAC-SHA256\n{sha(canonical)}').hex()
        at = calendar.timegm(time.strptime(headers['x-acs-date'], '%Y-%m-%dT%H:%M:%SZ'))
        if scheme != 'ACS3-HMAC-SHA256' or parts['Credential'] != 'LTAItest' or parts['Signature'] != wanted:
            raise Refused(400, {'Code': 'SignatureDoesNotMatch', 'Message': 'Specified signature does not match'})
        if not {'host', 'x-acs-date', 'x-acs-action', 'x-acs-version', 'x-acs-signature-nonce',
                'x-acs-content-sha256'} <= set(names) or abs(at - time.time()) > 900:
            raise Refused(400, {'Code': 'InvalidTimeStamp.Expired', 'Message': 'expired'})
        if headers['x-acs-signature-nonce'] in self.nonces:
            raise Refused(400, {'Code': 'SignatureNonceUsed', 'Message': 'used'})
        self.nonces.add(headers['x-acs-signature-nonce'])

    @staticmethod
    def variables(text):
        values = json.loads(text)
        for value in values.values():
            if not isinstance(value, str):
                raise Refused(200, {'Code': 'isv.INVALID_JSON_PARAM', 'Message': 'strings are wanted'})
            if not 1 <= len(value) <= 35 or any(c in value for c in '【】①②※→•²³Ⅲ'):
                raise Refused(200, {'Code': 'isv.PARAM_LENGTH_LIMIT', 'Message': 'too long'})
        return values

    def aliyun(self, handler, url, query, body):
        self.acs3(handler, url, query, body)
        if set(query) != {'PhoneNumbers', 'SignName', 'TemplateCode', 'TemplateParam', 'OutId'}:
            raise Refused(400, {'Code': 'MissingParameter', 'Message': 'missing'})
        if query['PhoneNumbers'] != PHONE:
            raise Refused(200, {'Code': 'isv.MOBILE_NUMBER_ILLEGAL', 'Message': 'bad number'})
        query['TemplateParam'] = self.variables(query['TemplateParam'])
        return query

    def voice(self, handler, url, query, body):
        self.acs3(handler, url, query, body)
        assert query['CalledNumber'] == PHONE and 1 <= int(query['PlayTimes']) <= 3 and len(query['OutId']) <= 15
        query['TtsParam'] = self.variables(query['TtsParam'])
        return query

    def tencent(self, handler, _, query, body):
        def refuse(code):
            raise Refused(200, {'Response': {'Error': {'Code': code, 'Message': code}, 'RequestId': 'r'}})
        headers = {name.lower(): value.strip() for name, value in handler.headers.items()}
        stamp = int(headers['x-tc-timestamp'])
        if abs(stamp - time.time()) > 300:
            refuse('AuthFailure.SignatureExpire')
        day = time.strftime('%Y-%m-%d', time.gmtime(stamp))
        names = 'content-type;host;x-tc-action'
        canonical = '\n'.join(['POST', '/', '', *(f'{name}:{headers[name].lower()}' for name in names.split(';')), '', names,
                               hashlib.sha256(body).hexdigest()])
        key = ('TC3' + self.secrets['tencent']).encode()
        for step in (day, 'sms', 'tc3_request'):
            key = mac(key, step)
        sign = mac(key, f'TC3-HMAC-SHA256\n{stamp}\n{day}/sms/tc3_request\n{sha(canonical)}').hex()
        if headers['authorization'] != (f'TC3-HMAC-SHA256 Credential=AKIDtest/{day}/sms/tc3_request, SignedHeaders={names}, '
                                        f'Signature={sign}'):
            refuse('AuthFailure.SignatureFailure')
        if headers['x-tc-version'] != '2021-01-11' or not headers['x-tc-region']:
            refuse('UnsupportedRegion')
        message = self.json_of(handler, body, (200, {'Response': {'Error': {'Code': 'InvalidParameter', 'Message': ''}}}))
        if len(message['TemplateParamSet']) != 3 or not all(isinstance(v, str) for v in message['TemplateParamSet']):
            refuse('FailedOperation.TemplateParamSetNotMatchApprovedTemplate')
        assert message['PhoneNumberSet'] == ['+86' + PHONE] and len(message['SessionContext']) < 512
        return message

    def alertmanager(self, handler, _, query, body):
        if handler.headers.get('authorization') != self.secrets['oncall']:
            raise Refused(401, 'no')
        message = self.json_of(handler, body, (400, 'no'))
        assert set(message) == {'receiver', 'status', 'alerts', 'groupLabels', 'commonLabels', 'commonAnnotations',
                                'externalURL', 'version', 'groupKey', 'truncatedAlerts'}, set(message)
        for alert in message['alerts']:
            assert set(alert) == {'status', 'labels', 'annotations', 'startsAt', 'endsAt', 'generatorURL', 'fingerprint'}
            assert len(alert['fingerprint']) == 16 and alert['status'] in ('firing', 'resolved')
            assert all(isinstance(v, str) for v in [*alert['labels'].values(), *alert['annotations'].values()])
        return message
