/* SPDX-License-Identifier: Apache-2.0 */
/* S and the slopes of all pairs of a long series. */
#include "pairs.h"

#include <string.h>

static int64_t merge(const double *x, double *to, size_t from, size_t middle, size_t end)
{
	size_t i = from, j = middle;
	int64_t inversions = 0;

	for (size_t k = from; k < end; k++) {
		if (i < middle && (j == end || x[i] <= x[j])) {
			to[k] = x[i++];
		} else {
			inversions += (int64_t)(middle - i);
			to[k] = x[j++];
		}
	}
	return inversions;
}

int64_t pairs_sort(double *x, double *scratch, size_t n)
{
	double *from = x, *to = scratch, *turned;
	int64_t inversions = 0;

	for (size_t width = 1; width < n; width *= 2) {
		for (size_t i = 0; i < n; i += 2 * width) {
			const size_t middle = i + width < n ? i + width : n;
			const size_t end = middle + width < n ? middle + width : n;

			inversions += merge(from, to, i, middle, end);
		}
		turned = from;
		from = to;
		to = turned;
	}
	if (from != x)
		memcpy(x, from, n * sizeof *x);
	return inversions;
}

/* The ties of a sorted group. */
static void count_ties(const double *x, size_t n, struct pairs *pairs)
{
	size_t run = 1;

	for (size_t i = 1; i <= n; i++) {
		if (i < n && x[i] == x[i - 1]) {
			run++;
			continue;
		}
		pairs->tied += (int64_t)(run * (run - 1) / 2);
		pairs->variance -= (double)run * (double)(run - 1) * (2 * (double)run + 5);
		run = 1;
	}
}

void pairs_count(const struct groups *groups, double *a, double *b, struct pairs *pairs)
{
	memset(pairs, 0, sizeof *pairs);
	for (size_t g = 0; g < groups->count; g++) {
		const size_t n = groups->first[g + 1] - groups->first[g];
		const double m = (double)n;
		const int64_t before = pairs->tied;
		int64_t here = (int64_t)n * ((int64_t)n - 1) / 2;

		if (n < 2)
			continue;
		memcpy(a, groups->x + groups->first[g], n * sizeof *a);
		pairs->s -= 2 * pairs_sort(a, b, n);
		pairs->variance += m * (m - 1) * (2 * m + 5);
		count_ties(a, n, pairs);
		pairs->pairs += here;
		pairs->s += here - (pairs->tied - before);
	}
	pairs->variance /= 18; /* only now: whole numbers until here */
}

/* -- selection of slopes -- */

/* The order of doubles as that of unsigned integers; -0 counts as 0. */
static uint64_t key_of(double slope)
{
	uint64_t bits;

	slope += 0.0;
	memcpy(&bits, &slope, sizeof bits);
	return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

static double slope_of(uint64_t key)
{
	double slope;

	key = key >> 63 ? key & ~(UINT64_C(1) << 63) : ~key;
	memcpy(&slope, &key, sizeof slope);
	return slope;
}

/* Counts the next 16 bits of the slopes that begin as those searched for do. */
static void count_digits(const struct groups *groups, const uint64_t known[SLOPES_RANKS],
        unsigned shift, struct slopes_room *room)
{
	const uint64_t mask = shift == 48 ? 0 : UINT64_MAX << (shift + 16);

	memset(room, 0, sizeof *room);
	for (size_t g = 0; g < groups->count; g++) {
		for (size_t i = groups->first[g]; i < groups->first[g + 1]; i++) {
			const double t = groups->t[i], x = groups->x[i];

			for (size_t j = i + 1; j < groups->first[g + 1]; j++) {
				const uint64_t key =
				        key_of((groups->x[j] - x) / (groups->t[j] - t));

				for (int r = 0; r < SLOPES_RANKS; r++)
					if ((key & mask) == known[r])
						room->counts[r][key >> shift & 0xFFFF]++;
			}
		}
	}
}

void slopes_select(const struct groups *groups, const int64_t ranks[SLOPES_RANKS],
        struct slopes_room *room, double slopes[SLOPES_RANKS])
{
	uint64_t known[SLOPES_RANKS] = { 0 };
	int64_t left[SLOPES_RANKS];

	memcpy(left, ranks, sizeof left);
	for (unsigned pass = 0, shift = 48; pass < 4; pass++, shift -= 16) {
		count_digits(groups, known, shift, room);
		for (int r = 0; r < SLOPES_RANKS; r++) {
			uint64_t digit = 0;

			while (left[r] >= room->counts[r][digit])
				left[r] -= room->counts[r][digit++];
			known[r] |= digit << shift;
		}
	}
	for (int r = 0; r < SLOPES_RANKS; r++)
		slopes[r] = slope_of(known[r]);
}
