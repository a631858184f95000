/* SPDX-License-Identifier: Apache-2.0 */
/* S and the slopes of all pairs of a long series. */
#include "pairs.h"

#include "select.h"

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
	/* All bits turn of negative ones, the sign of others; a branch would be guessed wrong half
	 * of the time. */
	return bits ^ ((0 - (bits >> 63)) | UINT64_C(1) << 63);
}

static double slope_of(uint64_t key)
{
	double slope;

	key = key >> 63 ? key & ~(UINT64_C(1) << 63) : ~key;
	memcpy(&slope, &key, sizeof slope);
	return slope;
}

/* Of each slope searched for: the bits that are settled, its rank among the slopes that begin so,
 * and how many these are. */
struct search {
	uint64_t mask; /* of the settled bits */
	uint64_t known[SLOPES_RANKS];
	int64_t rank[SLOPES_RANKS], candidates[SLOPES_RANKS];
};

typedef void visitor(
        const struct search *search, struct slopes_room *room, uint64_t key, unsigned shift);

static inline void count_digit(
        const struct search *search, struct slopes_room *room, uint64_t key, unsigned shift)
{
	for (int r = 0; r < SLOPES_RANKS; r++)
		if ((key & search->mask) == search->known[r])
			room->counts[r][key >> shift & 0xFFFF]++;
}

static inline void keep(
        const struct search *search, struct slopes_room *room, uint64_t key, unsigned shift)
{
	(void)shift;
	for (int r = 0; r < SLOPES_RANKS; r++)
		if ((key & search->mask) == search->known[r])
			room->kept[r][room->count[r]++] = slope_of(key);
}

/* Inline, so that the visitor is too: this is where the time goes. */
static inline void visit_all(const struct groups *groups, visitor *visit,
        const struct search *search, struct slopes_room *room, unsigned shift)
{
	const double *const x = groups->x, *const t = groups->t;

	for (size_t g = 0; g < groups->count; g++) {
		const size_t end = groups->first[g + 1];

		for (size_t i = groups->first[g]; i < end; i++)
			for (size_t j = i + 1; j < end; j++)
				visit(search, room, key_of((x[j] - x[i]) / (t[j] - t[i])), shift);
	}
}

/* Settles 16 more bits of each slope. */
static void narrow(const struct groups *groups, struct search *search, struct slopes_room *room,
        unsigned shift)
{
	memset(room->counts, 0, sizeof room->counts);
	visit_all(groups, count_digit, search, room, shift);
	for (int r = 0; r < SLOPES_RANKS; r++) {
		uint64_t digit = 0;

		while (search->rank[r] >= room->counts[r][digit])
			search->rank[r] -= room->counts[r][digit++];
		search->known[r] |= digit << shift;
		search->candidates[r] = room->counts[r][digit];
	}
	search->mask |= UINT64_C(0xFFFF) << shift;
}

static bool fit_in(const struct search *search)
{
	for (int r = 0; r < SLOPES_RANKS; r++)
		if (search->candidates[r] > SLOPES_KEPT)
			return false;
	return true;
}

void slopes_select(const struct groups *groups, int64_t pairs, const int64_t ranks[SLOPES_RANKS],
        struct slopes_room *room, double slopes[SLOPES_RANKS])
{
	struct search search = { .candidates = { pairs, pairs } };
	unsigned shift = 64;

	memcpy(search.rank, ranks, sizeof search.rank);
	while (shift > 0 && !fit_in(&search)) {
		shift -= 16;
		narrow(groups, &search, room, shift);
	}
	if (shift > 0) {
		memset(room->count, 0, sizeof room->count);
		visit_all(groups, keep, &search, room, 0);
	}
	for (int r = 0; r < SLOPES_RANKS; r++)
		slopes[r] = shift > 0
		        ? select_rank(room->kept[r], room->count[r], (size_t)search.rank[r])
		        : slope_of(search.known[r]);
}
