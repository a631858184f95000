# SPDX-License-Identifier: Apache-2.0
"""A Modbus slave of another make, for test_peers.c and rtu.py: pymodbus packs the registers.

Usage: pymodbus_slave.py PORT [rtu]; rtu: RTU over TCP. Unit 7, holding registers:
   0 … 15   123456.0 and 0.2 as float32, in the orders ABCD CDAB BADC DCBA
  20 … 25   int16 -2, uint16 65534, int32 -70000, uint32 4000000000 (ABCD)
  30 … 33   float32 0.157 and its time as an epoch (2021-04-01T08:00:00+08:00)
  40 … 47   float32 7.86 and its time as year month day hour minute second
Input registers: 0 … 1 float32 21.6.
"""
import sys
import types

# pymodbus imports its serial side too; Debian only suggests what that needs, and TCP does not use it.
for name in ("serial", "serial_asyncio"):
    try:
        __import__(name)
    except ImportError:
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].create_serial_connection = None

from pymodbus.constants import Endian
from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.payload import BinaryPayloadBuilder
from pymodbus.server import StartTcpServer
from pymodbus.transaction import ModbusRtuFramer, ModbusSocketFramer

EPOCH = 1617235200
# byteorder and wordorder of pymodbus that make the four orders
ORDERS = [(Endian.Big, Endian.Big), (Endian.Big, Endian.Little), (Endian.Little, Endian.Big),
          (Endian.Little, Endian.Little)]


def packed(values, byteorder=Endian.Big, wordorder=Endian.Big):
    builder = BinaryPayloadBuilder(byteorder=byteorder, wordorder=wordorder)
    for kind, value in values:
        getattr(builder, "add_" + kind)(value)
    return [int.from_bytes(word, "big") for word in builder.build()]


def main():
    holding = [0] * 60
    for i, (byteorder, wordorder) in enumerate(ORDERS):
        holding[4 * i:4 * i + 4] = packed([("32bit_float", 123456.0), ("32bit_float", 0.2)],
                                          byteorder, wordorder)
    holding[20:26] = packed([("16bit_int", -2), ("16bit_uint", 65534), ("32bit_int", -70000),
                             ("32bit_uint", 4000000000)])
    holding[30:34] = packed([("32bit_float", 0.157), ("32bit_uint", EPOCH)])
    holding[40:48] = packed([("32bit_float", 7.86)]) + [2021, 4, 1, 8, 0, 0]
    unit = ModbusSlaveContext(hr=ModbusSequentialDataBlock(0, holding),
                              ir=ModbusSequentialDataBlock(0, packed([("32bit_float", 21.6)])),
                              zero_mode=True)
    StartTcpServer(context=ModbusServerContext(slaves={7: unit}, single=False),
                   address=("127.0.0.1", int(sys.argv[1])),
                   framer=ModbusRtuFramer if sys.argv[2:] == ["rtu"] else ModbusSocketFramer)


main()
