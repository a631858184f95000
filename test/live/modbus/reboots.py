#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Gateways that restart at random while the whole daemon reads them: killed, their connections reset, half-open, refusing, for
random spans. Each time data resume within one poll and the back-off that is being waited. Time is short by the interval (200 ms).
50 gateways; each restarts once, with WQ_LONG=1 twenty times."""
import asyncio, os, random, socket, struct, sys, time
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'wqd'))
from plant import Plant, wait_until

GATEWAYS = 50
ROUNDS = 20 if os.environ.get('WQ_LONG') else int(os.environ.get('WQ_ROUNDS', 1))
INTERVAL, TIMEOUT = 0.2, 0.1
BACK_OFF = [INTERVAL, 2.0, 5.0, 10.0]  # the first is 1 s, or the interval where that is shorter
SLACK = 0.7  # a busy machine
HEALTHY = 5.0  # long enough for earlier trouble to be lived down: two good polls a failure


class Gateway:
    def __init__(self, number):
        self.number, self.port, self.server = number, 0, None
        self.connections, self.mute, self.stale = set(), False, set()
        self.answered, self.last, self.event = 0, 0.0, asyncio.Event()

    async def listen(self):
        self.server = await asyncio.start_server(self.serve, '127.0.0.1', self.port, reuse_address=True)
        self.port = self.server.sockets[0].getsockname()[1]

    async def serve(self, reader, writer):
        self.connections.add(writer)
        try:
            while True:
                request = await reader.readexactly(12)
                if writer in self.stale:  # it knows nothing of this connection any more
                    self.reset(writer)
                    return
                if self.mute:
                    continue
                count = struct.unpack('>H', request[10:12])[0]
                value = struct.pack('>f', self.answered + 1)
                writer.write(request[:4] + struct.pack('>H', 3 + 2 * count) + request[6:8] + bytes([2 * count])
                             + (value + bytes(250))[:2 * count])
                self.answered, self.last = self.answered + 1, time.monotonic()
                self.event.set()
        except (asyncio.IncompleteReadError, asyncio.CancelledError, OSError):
            pass
        finally:
            self.connections.discard(writer)
            self.stale.discard(writer)
            writer.close()

    @staticmethod
    def reset(writer):
        writer.get_extra_info('socket').setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        writer.transport.abort()

    async def fault(self, kind, span):
        """One restart; returns when it is over."""
        if kind in ('kill', 'reset'):
            for writer in list(self.connections):
                self.reset(writer)
        if kind == 'refuse':
            for writer in list(self.connections):
                writer.close()
        if kind in ('kill', 'refuse'):
            self.server.close()
        self.mute = kind == 'half-open'
        if kind != 'reset':
            await asyncio.sleep(span)
        if kind == 'half-open':
            self.stale |= self.connections
        self.mute = False
        if kind in ('kill', 'refuse'):
            await self.listen()


def allowed(down):
    """The longest that may pass after a fault of this length: what is being waited when it ends, a poll, a machine that is busy."""
    passed, wait = 0.0, BACK_OFF[0]
    for next_wait in BACK_OFF:
        if passed > down + TIMEOUT:  # a request under way when it ends still fails
            break
        wait, passed = next_wait, passed + next_wait
    return wait + INTERVAL + 2 * TIMEOUT + SLACK


async def live(gateway, random_of, results):
    await asyncio.sleep(random_of.random() * 2)
    for _ in range(ROUNDS):
        kind = random_of.choice(('kill', 'reset', 'half-open', 'refuse'))
        span = 0.0 if kind == 'reset' else 0.02 * (100 ** random_of.random())  # 20 ms to 2 s
        began = time.monotonic()
        await gateway.fault(kind, span)
        over = time.monotonic()
        gateway.event.clear()
        limit = allowed(over - began)
        try:
            await asyncio.wait_for(gateway.event.wait(), 30)
        except asyncio.TimeoutError:
            pass
        took = time.monotonic() - over
        results.append((took, limit, kind, span, gateway.number, gateway.answered))
        await asyncio.sleep(HEALTHY)


async def main():
    plant = Plant()
    gateways = [Gateway(i) for i in range(GATEWAYS)]
    for gateway in gateways:
        await gateway.listen()
    with open(plant.path('wqd.conf'), 'w') as f:
        f.write(plant.head())
        for g in gateways:
            f.write(f'modbus "g{g.number}" {{ host = "127.0.0.1" port = {g.port} interval = "200ms" timeout = "100ms" }}\n'
                    f'station "s{g.number}" {{ kind = "national" cycle = "0" interval = "1s"\n  point "temp" {{ bus = "g{g.number}" '
                    'unit = "℃" address = 0 low = -1 high = 100000000 } }\n')
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, plant.daemon)
    while not all(g.answered > 5 for g in gateways):
        await asyncio.sleep(0.1)
    results, seed = [], int(os.environ.get('WQ_SEED', time.time_ns() % 1000000))
    await asyncio.gather(*(live(g, random.Random(seed + g.number), results) for g in gateways))
    await asyncio.sleep(1)
    stored = {(name, int(value)) for name, value in await loop.run_in_executor(None, lambda: plant.query(
        'SELECT station, value FROM v_sample'))}
    late = [r for r in results if r[0] > r[1]]
    for kind in ('kill', 'reset', 'half-open', 'refuse'):
        took = sorted(r[0] for r in results if r[2] == kind)
        if took:
            print(f'{kind:10} {len(took):4} times: data again after {took[0]:.2f} to {took[-1]:.2f} s, half of them within '
                  f'{took[len(took) // 2]:.2f} s')
    print(f'{len(results)} restarts of {GATEWAYS} gateways, seed {seed}: {len(late)} resumed too late')
    lost = [r for r in results if not any((f's{r[4]}', n) in stored for n in (r[5], r[5] + 1))]
    print(f'the first value after the restart, or the next, is in the store: {len(results) - len(lost)} of {len(results)}')
    for r in late[:10] + lost[:10]:
        print('  BAD: after %.2f s, allowed %.2f s: %s for %.2f s, gateway %d, answer %d' % r)
    plant.close()
    return 1 if late or lost or len(results) != GATEWAYS * ROUNDS else 0


sys.exit(asyncio.run(main()))
