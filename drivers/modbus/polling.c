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

static struct frame_request next_request(const struct poll *p)
{
	const struct plan_block *b = &p->readings->plan.blocks[p->block];

	if (p->identity)
		return (struct frame_request){ .unit_id = p->unit_id,
			.function = p->identity->function,
			.address = p->identity->address,
			.count = 1 };
	return (struct frame_request){
		.unit_id = b->unit_id,
		.function = modbus_function(b->table),
		.address = b->address,
		.count = b->registers,
	};
}

static void ask(struct poll *p, wq_ms now)
{
	const struct frame_request request = next_request(p);

	if (!link_is_open(p->link))
		p->reconnected = true;
	link_ask(p->link, &request, now);
	p->asked = true;
}

/* A connection that broke since the last poll (the device restarted, a firewall forgot it) is made
 * anew once and the request repeated: reading twice harms nothing. */
static int exchange(struct poll *p, uint16_t *to, wq_ms now, struct wq_err *err)
{
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
	poll->identity = NULL;
	for (size_t i = 0; i < poll->identity_count; i++)
		if (poll->identities[i].unit_id == unit_id)
			poll->identity = &poll->identities[i];
	readings_begin(poll->readings, unit_id);
}

/* Answers that came too late are told, and that none of them was taken. */
static void tell_late(struct poll *p, const struct wq_sink *sink)
{
	const struct owed *owed = p->link->options.owed;
	char what[160];

	if (!owed)
		return;
	for (; p->late < owed->late; p->late++) {
		snprintf(what, sizeof what,
		        "unit %u answered %lld ms after it was asked, timeout is %lld ms",
		        owed->late_unit, (long long)owed->late_by,
		        (long long)p->link->options.timeout);
		sink->refuse(sink->owner, WQ_REFUSED_TIME, what);
	}
	for (; p->doubt < owed->doubt; p->doubt++) {
		snprintf(what, sizeof what,
		        "unit %u refuses to be asked for other lengths: an answer later than %d "
		        "timeouts "
		        "could be mixed up; give it an identity",
		        p->unit_id, LINK_GUARD + 1);
		sink->refuse(sink->owner, WQ_REFUSED_TIME, what);
	}
}

/* 0: it is the device that is meant. */
static int compare(
        struct poll *p, uint16_t found, const struct wq_sink *sink, wq_ms now, struct wq_err *err)
{
	const struct modbus_identity *id = p->identity;
	char what[200];

	p->asked = false;
	p->identity = NULL;
	if (found == id->value)
		return 0;
	link_distrust(p->link, now);
	snprintf(what, sizeof what,
	        "its identity, %s register %u, is %u (0x%04X) and must be %u (0x%04X): another "
	        "device, "
	        "or answers out of step; nothing of this poll is taken",
	        id->function == 4 ? "input" : "holding", id->address, found, found, id->value,
	        id->value);
	sink->refuse(sink->owner, WQ_REFUSED_VALUE, what);
	return wq_fail(err, WQ_E_PROTOCOL, "%s", what);
}

static int identify(struct poll *p, const struct wq_sink *sink, wq_ms now, struct wq_err *err)
{
	uint16_t found = 0;
	int r = exchange(p, &found, now, err);

	if (r == LINK_UNDERWAY || r < 0)
		return r;
	if (r > 0)
		return wq_fail(err, WQ_E_REFUSED,
		        "refuses its identity, register %u: exception %d, %s", p->identity->address,
		        r, frame_exception(r));
	return compare(p, found, sink, now, err);
}

int poll_identify(struct poll *poll, const struct wq_sink *sink, wq_ms now, struct wq_err *err)
{
	int r;

	if (!poll->identity)
		return 0;
	r = identify(poll, sink, now, err);
	tell_late(poll, sink);
	return r == LINK_UNDERWAY ? WQ_UNDERWAY : r;
}

int poll_step(struct poll *poll, const struct wq_sink *sink, wq_ms now, struct wq_err *err)
{
	int known = poll_identify(poll, sink, now, err);

	if (known != 0)
		return known;
	while (find_block(poll)) {
		uint16_t *to = readings_buffer(
		        poll->readings, poll->block, poll->pass == POLL_TIMES_AFTER);
		int r = exchange(poll, to, now, err);

		tell_late(poll, sink);
		if (r == LINK_UNDERWAY)
			return WQ_UNDERWAY;
		r = take(poll, r, sink, err);
		if (r < 0)
			return r;
	}
	return check_served(poll, err);
}
