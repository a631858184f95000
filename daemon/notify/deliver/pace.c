/* SPDX-License-Identifier: Apache-2.0 */
/* Two windows over one ring. */
#include "pace.h"

#include <stdlib.h>

bool pace_open(struct pace *pace, uint32_t rate, uint32_t burst)
{
	uint32_t room = rate > burst ? rate : burst;

	*pace = (struct pace){ 0 };
	if (room == 0)
		return true;
	pace->times = calloc(room, sizeof *pace->times);
	if (pace->times == NULL)
		return false;
	pace->rate = rate;
	pace->burst = burst;
	pace->room = room;
	return true;
}

void pace_close(struct pace *pace)
{
	free(pace->times);
	*pace = (struct pace){ 0 };
}

void pace_note(struct pace *pace, wq_ms now)
{
	if (pace->room > 0)
		pace->times[pace->count++ % pace->room] = now;
}

/* When the use that is `most` back leaves a window of `span`. */
static wq_ms leaves(const struct pace *pace, uint32_t most, wq_ms span)
{
	if (most == 0 || pace->count < most)
		return INT64_MIN;
	return pace->times[(pace->count - most) % pace->room] + span;
}

wq_ms pace_opens(const struct pace *pace)
{
	wq_ms minute = leaves(pace, pace->rate, WQ_MINUTES(1)),
	      second = leaves(pace, pace->burst, WQ_SECONDS(1));

	return minute > second ? minute : second;
}
