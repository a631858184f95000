/* SPDX-License-Identifier: Apache-2.0 */
/* A number in JSON output: null where there is none, for JSON has no NaN and no infinity. */
#ifndef WQ_CTL_NUMBER_H
#define WQ_CTL_NUMBER_H

#include <jansson.h>
#include <math.h>

/* Owned by the caller. */
static inline json_t *ctl_number(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

#endif
