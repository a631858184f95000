/* SPDX-License-Identifier: Apache-2.0 */
/* Block after block, until the first that is not answered: a device's first timeout ends its poll,
 * and other devices behind the connection are not kept waiting. */
#include "polling.h"

#include "complaint.h"
#include "modbus_settings.h"

#include "wq/err.h"

#include <stdio.h>

/* Told when it begins and when it changes, not at each poll. */
static void tell_exception(const struct poll *p, int code, const struct wq_sink *sink)
{
	const struct plan_block *b = &p->readings->plan.blocks[p->block];
	char what[160];
	int n;

	if (p->told[p->block] == code)
		return;
	p->told[p->block] = (uint8_t)code;
	if (code == 0)
		return;
	n = snprintf(what, sizeof what, "unit %u: ", b->unit_id);
	complaint_block(b, code, what + n, sizeof what - (size_t)n);
	sink->refuse(sink->owner, WQ_REFUSED_VALUE, what);
}

/* Whether a block is to be read in this pass. */
static bool wants(const struct poll *p, size_t block)
{
	const struct plan_block *b = &p->readings->plan.blocks[block];

	if (b->unit_id != p->unit_id || b->check != (p->pass != POLL_VALUES))
		return false;
	return p->pass != POLL_TIMES_AFTER || p->readings->states[block] == BLOCK_READ;
}

/* From p->block on; false: no block is left. */
static bool find_block(struct poll *p)
{
	for (; p->pass < POLL_PASSES; p->pass++) {
		for (; p->block < p->readings->plan.block_count; p->block++)
			if (wants(p, p->block))
				return true;
		p->block = 0;
	}
	return false;
}

static void ask(struct poll *p, wq_ms now)
{
	const struct plan_block *b = &p->readings->plan.blocks[p->block];
	const struct frame_request request = {
		.unit_id = b->unit_id,
		.function = b->table == MODBUS_INPUT ? 4 : 3,
		.address = b->address,
		.count = b->registers,
	};

	if (!link_is_open(p->link))
		p->reconnected = true;
	link_ask(p->link, &request, now);
	p->asked = true;
}

/* A connection that broke since the last poll (the device restarted, a firewall forgot it) is made
 * anew once and the request repeated: reading twice harms nothing. */
static int exchange(struct poll *p, wq_ms now, struct wq_err *err)
{
	uint16_t *to = readings_buffer(p->readings, p->block, p->pass == POLL_TIMES_AFTER);
	int r;

	if (!p->asked)
		ask(p, now);
	r = link_step(p->link, to, now, err);
	if (r != WQ_E_IO || p->reconnected)
		return r;
	ask(p, now);
	return link_step(p->link, to, now, err);
}

static int take(struct poll *p, int answer, const struct wq_sink *sink, struct wq_err *err)
{
	if (answer < 0)
		return answer;
	if (answer == FRAME_GATEWAY_PATH || answer == FRAME_GATEWAY_TARGET)
		return wq_fail(err, WQ_E_TIMEOUT, "the gateway answers for it: exception %d, %s",
		        answer, frame_exception(answer));
	p->readings->states[p->block] = answer == 0 ? BLOCK_READ : BLOCK_REFUSED;
	tell_exception(p, answer, sink);
	p->asked = false;
	p->block++;
	return 0;
}

/* A device that refuses every block does not serve. */
static int check_served(const struct poll *p, struct wq_err *err)
{
	const struct plan *plan = &p->readings->plan;
	int code = 0;

	for (size_t i = 0; i < plan->block_count; i++) {
		if (plan->blocks[i].unit_id != p->unit_id || plan->blocks[i].check)
			continue;
		if (p->readings->states[i] == BLOCK_READ)
			return 0;
		code = p->told[i];
	}
	return wq_fail(err, WQ_E_REFUSED, "refuses all that is asked for: exception %d, %s", code,
	        frame_exception(code));
}

void poll_begin(struct poll *poll, uint8_t unit_id)
{
	poll->unit_id = unit_id;
	poll->pass = POLL_TIMES_BEFORE;
	poll->block = 0;
	poll->asked = poll->reconnected = false;
	readings_begin(poll->readings, unit_id);
}

int poll_step(struct poll *poll, const struct wq_sink *sink, wq_ms now, struct wq_err *err)
{
	while (find_block(poll)) {
		int r = exchange(poll, now, err);

		if (r == LINK_UNDERWAY)
			return WQ_UNDERWAY;
		r = take(poll, r, sink, err);
		if (r < 0)
			return r;
	}
	return check_served(poll, err);
}
