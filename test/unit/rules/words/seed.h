/* SPDX-License-Identifier: Apache-2.0 */
/* Random numbers for property tests: the seed is printed, WQ_SEED repeats a run. */
#ifndef WQ_TEST_SEED_H
#define WQ_TEST_SEED_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct seed {
	uint64_t state;
};

static inline struct seed seed_new(void)
{
	const char *given = getenv("WQ_SEED");
	uint64_t value = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);

	printf("WQ_SEED=%" PRIu64 "\n", value);
	return (struct seed){ value * 2 + 1 };
}

/* splitmix64 */
static inline uint64_t seed_next(struct seed *seed)
{
	uint64_t z = seed->state += UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

/* 0 … below - 1 */
static inline int64_t seed_below(struct seed *seed, int64_t below)
{
	return (int64_t)(seed_next(seed) % (uint64_t)below);
}

#endif
