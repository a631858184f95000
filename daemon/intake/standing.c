/* SPDX-License-Identifier: Apache-2.0 */
/* A sample of devices speaks for the bus. */
#include "standing.h"

/* One part in this many is the sample, of a bus that has served and of one that has not. */
#define SAMPLE       8
#define SAMPLE_FIRST 2
#define SAMPLE_LEAST 16
/* Failures that are further apart are not one stretch: nobody was asked meanwhile. */
#define PAUSE WQ_SECONDS(1)

void standing_open(struct standing *standing, size_t count)
{
	*standing = (struct standing){ .waiting = count };
}

static void fell(struct standing *standing, bool counts, wq_ms began, wq_ms ended)
{
	if (counts && (standing->fallen == 0 || began - standing->last > PAUSE))
		standing->since = began;
	standing->fallen += counts;
	standing->last = ended;
	standing->failed = true;
}

void standing_polled(struct standing *standing, bool first, bool was_up, bool up, wq_ms began, wq_ms ended)
{
	standing->waiting -= first;
	standing->up += (size_t)up - (size_t)was_up;
	if (!up) {
		fell(standing, first || was_up, began, ended);
		return;
	}
	standing->fallen = 0;
	standing->failed = false;
	standing->served = true;
}

/* Enough fell for all others to be taken for silent as well. */
static bool sampled(const struct standing *standing)
{
	size_t all = standing->up + standing->waiting + standing->fallen;
	size_t sample = all / (standing->served ? SAMPLE : SAMPLE_FIRST);
	return standing->fallen >= (sample > SAMPLE_LEAST ? sample : SAMPLE_LEAST);
}

bool standing_state(const struct standing *standing, enum wq_bus_state *state)
{
	bool none = standing->up == 0 || sampled(standing);
	*state = !standing->failed ? WQ_BUS_UP : none ? WQ_BUS_DOWN : WQ_BUS_DOUBTFUL;
	return standing->up > 0 || standing->waiting == 0 || sampled(standing);
}
