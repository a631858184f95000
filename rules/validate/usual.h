/* SPDX-License-Identifier: Apache-2.0 */
/* The median of the newest numbers. Memory is the caller's. */
#ifndef WQ_VALIDATE_USUAL_H
#define WQ_VALIDATE_USUAL_H

#include <stddef.h>

struct usual {
	size_t count, first;
	double numbers[]; /* [room] as they came, a ring; [room] sorted */
};

size_t usual_size(size_t room);

/* O(room). `room` is the same for all calls on one; numbers are finite. */
void usual_add(struct usual *usual, size_t room, double number);

/* count must be > 0; of an even count the mean of the middle two. */
double usual_median(const struct usual *usual, size_t room);

#endif
