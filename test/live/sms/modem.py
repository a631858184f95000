#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A GSM modem on a pseudo-terminal: it answers the AT commands of a sender, decodes every SMS-SUBMIT it is given
(3GPP TS 23.040) and keeps what an officer's telephone would show.

As a program: modem.py --link PATH [--log FILE]: prints one JSON line a part. Standard input at its end stops it."""
import argparse
import json
import os
import select
import sys
import threading
import time
import tty

CTRL_Z, ESCAPE = b"\x1a", b"\x1b"


class BadPdu(Exception):
    """The PDU is not what TS 23.040 allows in UCS-2."""


def semi_octets(octets, digits):
    text = "".join(f"{octet & 15:X}{octet >> 4:X}" for octet in octets)
    return text[:digits]


def decode(line, announced):
    """One PDU as the modem gets it -> number, text of this part, reference, parts, which part."""
    raw = bytes.fromhex(line)
    tpdu = raw[1 + raw[0]:]  # without the address of the service centre
    if len(tpdu) != announced:
        raise BadPdu(f"AT+CMGS announced {announced} octets, {len(tpdu)} came")
    first, digits = tpdu[0], tpdu[2]
    if first & 3 != 1:
        raise BadPdu("no SMS-SUBMIT")
    at = 4 + (digits + 1) // 2
    number = ("+" if tpdu[3] == 0x91 else "") + semi_octets(tpdu[4:at], digits)
    if tpdu[at + 1] & 0x0C != 0x08:
        raise BadPdu(f"data coding 0x{tpdu[at + 1]:02x} is not UCS-2")
    at += 2 + {0: 0, 2: 1}[first >> 3 & 3]
    length, body = tpdu[at], tpdu[at + 1:]
    if length != len(body) or length > 140:
        raise BadPdu(f"{length} octets said, {len(body)} came, 140 are allowed")
    part = {"number": number, "reference": 0, "parts": 1, "part": 1, "flash": tpdu[at - 2] & 0x10 != 0}
    if first & 0x40:
        header, body = body[1:1 + body[0]], body[1 + body[0]:]
        if header[:2] != b"\x00\x03":
            raise BadPdu("a header that is no concatenation")
        part.update(reference=header[2], parts=header[3], part=header[4])
    part["text"] = body.decode("utf-16-be")
    return part


def swapped(digits):
    """Digits as half octets, the second of each first."""
    digits += "F" * (len(digits) % 2)
    return "".join(digits[i + 1] + digits[i] for i in range(0, len(digits), 2))


def packed(text):
    """ASCII in the default alphabet: septets one behind the other."""
    bits = 0
    for i, character in enumerate(text):
        bits |= ord(character) << 7 * i
    return bits.to_bytes((7 * len(text) + 7) // 8, "little")


def delivered(sender, text, at=None):
    """An SMS-DELIVER as the card keeps it: in the default alphabet where the text is ASCII, as telephones send it, else in UCS-2.
    sender: digits with country code."""
    plain = all(" " <= c <= "z" and c not in "@$[\\]^_`" for c in text)
    body = packed(text) if plain else text.encode("utf-16-be")
    stamp = time.strftime("%y%m%d%H%M%S", time.gmtime((at or time.time()) + 8 * 3600)) + "23"  # +08:00 is 32 quarters: 0x23 swapped
    tpdu = (f"04{len(sender):02X}91{swapped(sender)}00{'00' if plain else '08'}{swapped(stamp[:12])}{stamp[12:]}"
            f"{len(text) if plain else len(body):02X}{body.hex().upper()}")
    return "00" + tpdu, len(tpdu) // 2


class Modem:
    """Answers on a thread of its own until close(). fail: this many messages are refused first, with +CMS ERROR: `error`.
    gone: it answers nothing."""

    def __init__(self, link, fail=0):
        self.error, self.gone = 38, False
        self.master, slave = os.openpty()
        tty.setraw(slave)
        self.slave, self.link, self.fail = slave, link, fail
        os.symlink(os.ttyname(slave), link)
        self.parts, self.problems, self.commands = [], [], []
        self.card = {}  # place on the card -> (PDU, octets of it)
        self.changed = threading.Condition()
        self.stopping = False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def close(self):
        self.stopping = True
        self.thread.join()
        os.close(self.master)
        os.close(self.slave)
        if os.path.lexists(self.link):
            os.unlink(self.link)

    def run(self):
        held, announced = b"", None
        while not self.stopping:
            if not select.select([self.master], [], [], 0.1)[0]:
                continue
            held += os.read(self.master, 4096)
            if self.gone:
                held, announced = b"", None
                continue
            while True:
                end = CTRL_Z if announced is not None else b"\r"
                at = held.find(end)
                if at < 0:
                    break
                line, held = held[:at].replace(ESCAPE, b"").decode("ascii", "replace").strip(), held[at + 1:]
                if announced is not None:
                    self.submit(line, announced)
                    announced = None
                elif line:
                    announced = self.command(line)

    def say(self, text):
        os.write(self.master, text.encode())

    def receive(self, sender, text):
        """A message comes in; it lies on the card until it is deleted."""
        with self.changed:
            place = next(i for i in range(1, 20) if i not in self.card)
            self.card[place] = delivered(sender, text)

    def of_card(self, line):
        """The answer to a command that is about the card; None: it is about something else."""
        name, _, argument = line.upper().partition("=")
        with self.changed:
            if name == "AT+CPMS?" or name == "AT+CPMS":
                used = f'{len(self.card)},20'
                return "+CPMS: " + ",".join(f'"SM",{used}' if name == "AT+CPMS?" else used for _ in range(3))
            if name == "AT+CMGR" and argument:
                pdu, octets = self.card.get(int(argument), ("", 0))
                return f"+CMGR: 0,,{octets}\r\n{pdu}" if pdu else ""
            if name == "AT+CMGL":
                return "\r\n".join(f"+CMGL: {i},0,,{n}\r\n{pdu}" for i, (pdu, n) in sorted(self.card.items()))
            if name == "AT+CMGD" and argument:
                self.card.pop(int(argument.split(",")[0]), None)
                return ""
        return None

    def command(self, line):
        with self.changed:
            self.commands.append(line)
        about = self.of_card(line)
        if about is not None:
            self.say(f"\r\n{about}\r\n\r\nOK\r\n" if about else "\r\nOK\r\n")
            return None
        if line.upper().startswith("AT+CMGS="):
            self.say("\r\n> ")
            return int(line[8:])
        answers = {"AT+CPIN?": "+CPIN: READY", "AT+CREG?": "+CREG: 0,1", "AT+CSQ": "+CSQ: 20,99",
                   "AT+CIMI": "460001234567890", "AT+CGSN": "490154203237518"}
        text = answers.get(line.upper())
        self.say(f"\r\n{text}\r\n\r\nOK\r\n" if text else "\r\nOK\r\n")
        return None

    def submit(self, line, announced):
        with self.changed:
            if self.fail > 0:
                self.fail -= 1
                self.say(f"\r\n+CMS ERROR: {self.error}\r\n")
                return
            try:
                self.parts.append(decode(line, announced))
            except (BadPdu, ValueError, IndexError, KeyError) as problem:
                self.problems.append(f"{problem!r}: {line}")
            self.say(f"\r\n+CMGS: {len(self.parts) & 255}\r\n\r\nOK\r\n")
            self.changed.notify_all()

    def messages(self):
        """What telephones show: complete messages as (number, text, parts), in order of their last part."""
        held, whole = {}, []
        for part in self.parts:
            key = part["number"], part["reference"], part["parts"]
            held.setdefault(key, {})[part["part"]] = part["text"]
            if len(held[key]) == part["parts"]:
                texts = held.pop(key)
                whole.append((part["number"], "".join(texts[n] for n in sorted(texts)), part["parts"]))
        return whole

    def wait(self, count, seconds):
        """Waits until `count` messages are complete; returns what there is by then."""
        until = time.monotonic() + seconds
        with self.changed:
            while len(self.messages()) < count and time.monotonic() < until:
                self.changed.wait(max(0.0, until - time.monotonic()))
            return self.messages()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--link", required=True, help="where the device shall appear")
    parser.add_argument("--fail", type=int, default=0, help="refuse this many parts first")
    options = parser.parse_args()
    modem = Modem(options.link, options.fail)
    sys.stdin.read()
    modem.close()
    for part in modem.parts:
        print(json.dumps(part, ensure_ascii=False))
    for problem in modem.problems:
        print(problem, file=sys.stderr)
    return 1 if modem.problems else 0


if __name__ == "__main__":
    sys.exit(main())
