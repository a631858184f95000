/* SPDX-License-Identifier: Apache-2.0 */
/* What a command looks like on the wire and what a device says to it (Modbus Application Protocol V1.1b3, §6.5, §6.6,
 * §6.12): functions 5 (one coil), 6 (one register) and 16 (several registers), told by `function`, `address` and
 * `values` of the request; `count` is how many values, 1 for 5 and 6. The answer repeats what was asked, word for word.
 * Requests that read go the same way as ever. Pure and thread-safe. */
#ifndef WQ_MODBUS_WRITE_H
#define WQ_MODBUS_WRITE_H

#include "link.h"

enum { WRITE_COIL = 5, WRITE_REGISTER = 6, WRITE_REGISTERS = 16 };

/* For a link (link.h). read() of the answer to a command: 0: the echo is right, nothing is put into registers;
 * 1 … 255: exception; WQ_E_PROTOCOL: not its answer, and the sentence says what differs. */
extern const struct link_framing write_tcp_framing, write_rtu_framing;

#endif
