/* SPDX-License-Identifier: Apache-2.0 */
/* The median of the newest numbers. */
#include "usual.h"

#include <string.h>

size_t usual_size(size_t room)
{
	return sizeof(struct usual) + 2 * room * sizeof(double);
}

/* How many of the sorted numbers are below. Which half it is in is a number, not a jump: no jump can be foreseen here. */
static size_t place_of(const double *sorted, size_t count, double number)
{
	const double *from = sorted;

	if (count == 0)
		return 0;
	while (count > 1) {
		const size_t half = count / 2;

		from += (size_t)(from[half - 1] < number) * half;
		count -= half;
	}
	return (size_t)(from - sorted) + (size_t)(*from < number);
}

/* The oldest leaves and the new one comes: only what lies between their places moves. */
static void replace(double *sorted, size_t count, double old, double number)
{
	const size_t out = place_of(sorted, count, old), in = place_of(sorted, count, number);

	if (in > out) {
		memmove(sorted + out, sorted + out + 1, (in - 1 - out) * sizeof *sorted);
		sorted[in - 1] = number;
	} else {
		memmove(sorted + in + 1, sorted + in, (out - in) * sizeof *sorted);
		sorted[in] = number;
	}
}

void usual_add(struct usual *usual, size_t room, double number)
{
	double *ring = usual->numbers, *sorted = ring + room;
	size_t place;

	if (usual->count == room) {
		replace(sorted, room, ring[usual->first], number);
		ring[usual->first] = number;
		usual->first = (usual->first + 1) % room;
		return;
	}
	ring[(usual->first + usual->count) % room] = number;
	place = place_of(sorted, usual->count, number);
	memmove(sorted + place + 1, sorted + place, (usual->count - place) * sizeof *sorted);
	sorted[place] = number;
	usual->count++;
}

double usual_median(const struct usual *usual, size_t room)
{
	const double *sorted = usual->numbers + room;

	return (sorted[(usual->count - 1) / 2] + sorted[usual->count / 2]) / 2;
}
