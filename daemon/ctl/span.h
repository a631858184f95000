/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a range of a device that has holes. */
#ifndef WQ_CTL_SPAN_H
#define WQ_CTL_SPAN_H

#include <stddef.h>
#include <stdint.h>

struct wq_err;

/* Reads count registers from address: 0; 1 … 255: the device's exception; < 0: it did not answer. */
typedef int span_read(void *owner, uint16_t address, uint16_t count, uint16_t *registers,
        struct wq_err *err);

/* Reads registers[0 … count) from address in requests of at most `block`. Where one is refused with
 * an exception that an address can cause (2, 3, 4) it is halved, until what is refused is one
 * register: one hole hides nothing else. codes[i]: 0, registers[i] was read; otherwise the exception. The
 * number of requests, at most 2 × count; < 0: as `read`, what was read before stays. */
int span_take(span_read *read, void *owner, uint16_t address, size_t count, uint16_t block,
        uint16_t *registers, uint8_t *codes, struct wq_err *err);

#endif
