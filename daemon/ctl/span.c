/* SPDX-License-Identifier: Apache-2.0 */
/* Halving around holes. */
#include "span.h"

#include <stdbool.h>
#include <string.h>

/* Some devices answer a wrong address with 3 or 4. Others do not get better by asking for less. */
static bool of_address(int code)
{
	return code >= 2 && code <= 4;
}

static int take(span_read *read, void *owner, uint16_t address, uint16_t count,
        uint16_t *registers, uint8_t *codes, struct wq_err *err)
{
	const uint16_t half = count / 2;
	int r = read(owner, address, count, registers, err), first, second;

	if (r < 0)
		return r;
	memset(codes, r, count);
	if (r == 0 || count == 1 || !of_address(r))
		return 1;
	first = take(read, owner, address, half, registers, codes, err);
	if (first < 0)
		return first;
	second = take(read, owner, (uint16_t)(address + half), (uint16_t)(count - half),
	        registers + half, codes + half, err);
	return second < 0 ? second : 1 + first + second;
}

int span_take(span_read *read, void *owner, uint16_t address, size_t count, uint16_t block,
        uint16_t *registers, uint8_t *codes, struct wq_err *err)
{
	int requests = 0;

	for (size_t done = 0; done < count;) {
		const uint16_t part = (uint16_t)(count - done < block ? count - done : block);
		const int r = take(read, owner, (uint16_t)(address + done), part, registers + done,
		        codes + done, err);

		if (r < 0)
			return r;
		requests += r;
		done += part;
	}
	return requests;
}
