/* SPDX-License-Identifier: Apache-2.0 */
/* Whether values look measured. */
#include "trust.h"

#include "usual.h"

#include <math.h>
#include <string.h>

#define KNOWN  50    /* values before which what is usual is not known */
#define CALM   10    /* so many times less scatter than usual is no water's doing */
#define CHANCE 1e-12 /* of as many coarse values in a row, by the share of such before */
#define NEAR   1e-7  /* of a whole number */

struct trust {
	size_t count;                            /* values so far */
	double last, before;                     /* the two newest */
	double bends[TRUST_RECENT];              /* |x - 2 last + before|, a ring by count */
	uint8_t places[TRUST_RECENT];            /* likewise */
	bool moved[TRUST_RECENT];                /* likewise: not the value before */
	size_t told[TRUST_PLACES + 1], told_all; /* of those that left the ring */
	size_t same, changes; /* values in a row that are the other's, and how often they changed
	                         meanwhile */
	double other;         /* the one of these before */
	bool doubtful;        /* regular or coarse, as of the newest value */
	double rare;          /* share of which as many in a row are CHANCE; 0: not yet worked out */
};

/* The bends that left the ring: behind the struct. */
static struct usual *older_of(struct trust *t)
{
	return (struct usual *)(void *)(t + 1);
}

size_t trust_size(void)
{
	return sizeof(struct trust) + usual_size(TRUST_OLDER);
}

/* Decimals that the value is told with, TRUST_PLACES for more than are told apart. */
static uint8_t places_of(double value)
{
	uint8_t places = 0;

	for (double x = value; places < TRUST_PLACES; places++, x *= 10)
		if (fabs(x - round(x)) <= NEAR * fmax(1, fabs(x)))
			break;
	return places;
}

/* Values that stand still are flat, which others look after: most have to move, and hardly bend.
 * Usual are the bends that are any: of coarse values half are none. */
static bool regular(struct trust *t, size_t recent)
{
	const struct usual *older = older_of(t);
	double bends = 0;
	size_t moves = 0;

	if (older->count < KNOWN)
		return false;
	for (size_t i = 0; i < recent; i++) {
		bends += t->bends[i];
		moves += t->moved[i];
	}
	return moves * 4 >= recent * 3 &&
	        bends / (double)recent * CALM < usual_median(older, TRUST_OLDER);
}

static bool coarse(struct trust *t, size_t recent)
{
	size_t most = 0, as_coarse = 0;

	if (t->told_all < KNOWN)
		return false;
	for (size_t i = 0; i < recent; i++)
		most = t->places[i] > most ? t->places[i] : most;
	for (size_t i = 0; i <= most; i++)
		as_coarse += t->told[i];
	if (t->rare <= 0)
		t->rare = pow(CHANCE, 1 / (double)recent);
	return (double)(as_coarse + 1) < t->rare * (double)(t->told_all + 1);
}

static bool copied(struct trust *t, size_t recent, double value, double other)
{
	if (value != other) { /* NaN too */
		t->same = t->changes = 0;
		return false;
	}
	t->changes += t->same > 0 && value != t->other;
	t->same++;
	t->other = value;
	return t->same >= recent && t->changes * 2 >= recent;
}

/* The oldest of the recent ones leaves; while there is a doubt it is forgotten, or what is doubtful
 * would become usual. */
static void leave(struct trust *t, size_t slot, bool keep)
{
	if (!keep)
		return;
	if (t->bends[slot] > 0)
		usual_add(older_of(t), TRUST_OLDER, t->bends[slot]);
	t->told[t->places[slot]]++;
	t->told_all++;
}

enum trust_doubt trust_next(struct trust *t, size_t recent, double value, double other)
{
	const size_t slot = t->count % recent;
	const bool full = t->count >= recent + 2;
	enum trust_doubt doubt = TRUST_NONE;

	if (full)
		leave(t, slot, !t->doubtful);
	t->bends[slot] = t->count >= 2 ? fabs(value - 2 * t->last + t->before) : 0;
	t->places[slot] = places_of(value);
	t->moved[slot] = t->count >= 1 && value != t->last;
	t->before = t->last;
	t->last = value;
	t->count++;
	if (full && coarse(t, recent))
		doubt = TRUST_COARSE;
	else if (full && regular(t, recent))
		doubt = TRUST_REGULAR;
	t->doubtful = doubt != TRUST_NONE;
	return copied(t, recent, value, other) ? TRUST_COPIED : doubt;
}
