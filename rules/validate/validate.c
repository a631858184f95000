/* SPDX-License-Identifier: Apache-2.0 */
/* Quality of a single sample. */
#include "wq/validate.h"

#include <math.h>
#include <string.h>

bool wq_flag_listed(const struct wq_list *list, const char flag[WQ_FLAG_TEXT])
{
	for (size_t i = 0; flag[0] != '\0' && i < list->count; i++)
		if (strncmp(list->items[i], flag, WQ_FLAG_TEXT) == 0)
			return true;
	return false;
}

enum wq_quality wq_validate(const struct wq_station *station, const struct wq_series *series,
	const struct wq_sample *sample, bool maintained, wq_ms now, wq_ms tolerance)
{
	if (sample->quality == WQ_MISSING || isnan(sample->value))
		return WQ_MISSING;
	if (isinf(sample->value) || sample->at - now > tolerance)
		return WQ_BAD;
	if (maintained || sample->quality == WQ_MAINTENANCE ||
		wq_flag_listed(&station->maintenance_flags, sample->flag))
		return WQ_MAINTENANCE;
	if (sample->quality == WQ_BAD || wq_flag_listed(&station->bad_flags, sample->flag))
		return WQ_BAD;
	if (sample->value < series->low || sample->value > series->high)
		return WQ_BAD;
	return sample->quality == WQ_SUSPECT ? WQ_SUSPECT : WQ_GOOD;
}
