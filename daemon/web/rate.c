/* SPDX-License-Identifier: Apache-2.0 */
/* A leaky bucket a row: each request costs STEP, time pays it back. */
#include "rate.h"

#include <arpa/inet.h>
#include <string.h>

#define STEP (WQ_MINUTES(1) / RATE_MINUTE)

static void key_of(const char *text, uint8_t key[16])
{
	struct in6_addr six;
	struct in_addr four;

	memset(key, 0, 16);
	if (inet_pton(AF_INET, text, &four) == 1) {
		key[10] = key[11] = 0xff;
		memcpy(key + 12, &four, 4);
	} else if (inet_pton(AF_INET6, text, &six) == 1) {
		memcpy(key, &six, IN6_IS_ADDR_V4MAPPED(&six) ? 16 : 8);
		key[15] = IN6_IS_ADDR_V4MAPPED(&six) ? key[15] : 1;
	} else {
		key[0] = 0xff; /* multicast: nobody's address */
	}
}

bool rate_take(struct rate *rate, const char *address, wq_ms now)
{
	uint8_t key[16];
	size_t row = 0;

	key_of(address, key);
	for (size_t i = 0; i < RATE_ADDRESSES; i++) {
		if (memcmp(rate->rows[i].address, key, sizeof key) == 0) {
			row = i;
			break;
		}
		if (rate->rows[i].at < rate->rows[row].at)
			row = i;
	}
	if (memcmp(rate->rows[row].address, key, sizeof key) != 0) {
		memcpy(rate->rows[row].address, key, sizeof key);
		rate->rows[row].at = now;
		rate->rows[row].spent = 0;
	}
	wq_ms passed = now - rate->rows[row].at, spent = rate->rows[row].spent;

	spent = passed < 0 ? spent : passed >= spent ? 0 : spent - passed;
	rate->rows[row].at = now;
	rate->rows[row].spent = spent;
	if (spent + STEP > RATE_BURST * STEP)
		return false;
	rate->rows[row].spent = spent + STEP;
	return true;
}
