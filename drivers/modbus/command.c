/* SPDX-License-Identifier: Apache-2.0 */
/* One command on its way: the device's identity where one is known, then the command, once. */
#include "command.h"

#include "modbus_settings.h"
#include "polling.h"
#include "rtu.h"
#include "write.h"

#include "wq/err.h"

#include <stdlib.h>

int command_set_open(struct command_set *set, const struct wq_list *texts, struct poll *poll, struct wq_err *err)
{
	int r = 0;

	set->poll = poll;
	set->list = calloc(texts->count + 1, sizeof *set->list);
	set->shown = calloc(texts->count + 1, sizeof *set->shown);
	if (!set->list || !set->shown)
		return wq_fail(err, WQ_E_MEMORY, "no memory for %zu commands", texts->count);
	for (; set->count < texts->count && r == 0; set->count++) {
		r = command_parse(texts->items[set->count], &set->list[set->count], err);
		set->shown[set->count] = set->list[set->count].shown;
	}
	return r;
}

void command_set_close(struct command_set *set)
{
	free(set->list);
	free(set->shown);
	*set = (struct command_set){ 0 };
}

const struct link_framing *command_framing(bool rtu)
{
	return rtu ? &write_rtu_framing : &write_tcp_framing;
}

static size_t command_listed(const void *state, const struct wq_command **commands)
{
	const struct command_set *set = command_set_of(state);

	*commands = set->shown;
	return set->count;
}

static struct frame_request command_request(const struct command_set *set)
{
	const struct wq_command *c = &set->shown[set->current];

	return (struct frame_request){ .unit_id = (uint8_t)c->unit,
		.function = (uint8_t)c->function,
		.address = (uint16_t)c->address,
		.count = (uint16_t)c->count,
		.values = c->values };
}

static void command_begin(void *state, size_t command, wq_ms now)
{
	struct command_set *set = command_set_of(state);

	(void)now;
	set->current = command;
	set->asked = set->reconnected = false;
	poll_begin(set->poll, (uint8_t)set->shown[command].unit);
}

/* What an exception means: 5 says that it is being carried out, 11 that a gateway passed it on and heard nothing. */
static enum wq_commanded command_refused(int code, struct wq_err *err)
{
	wq_fail(err, WQ_E_REFUSED, "exception %d, %s", code, frame_exception(code));
	return code == 5 || code == FRAME_GATEWAY_TARGET ? WQ_COMMAND_UNKNOWN : WQ_COMMAND_REFUSED;
}

/* Sends it. Only where not a byte has left, a connection that had broken is made anew, once. */
static int command_send(struct command_set *set, wq_ms now, struct wq_err *err)
{
	const struct frame_request request = command_request(set);
	struct link *link = set->poll->link;
	uint16_t nothing[FRAME_REGISTERS];
	int r;

	if (!set->asked) {
		if (link->options.owed && owed_is(link->options.owed, &request))
			return wq_fail(err, WQ_E_STATE,
			        "the device still owes the answer to an earlier command; when it has answered a poll "
			        "it may be tried again");
		set->reconnected = set->reconnected || !link_is_open(link);
		link_ask(link, &request, now);
		set->asked = true;
	}
	r = link_step(link, nothing, now, err);
	if (r != WQ_E_IO || link->went || set->reconnected)
		return r;
	set->reconnected = true;
	link_ask(link, &request, now);
	return link_step(link, nothing, now, err);
}

static int command_step(void *state, const struct wq_sink *sink, wq_ms now, enum wq_commanded *became, struct wq_err *err)
{
	struct command_set *set = command_set_of(state);
	int r = set->asked ? 0 : poll_identify(set->poll, sink, now, err);

	if (r == WQ_UNDERWAY)
		return r;
	*became = WQ_COMMAND_NOT_SENT;
	if (r < 0)
		return 0;
	r = command_send(set, now, err);
	if (r == LINK_UNDERWAY)
		return WQ_UNDERWAY;
	if (r > 0)
		*became = command_refused(r, err);
	else if (r == 0)
		*became = WQ_COMMAND_DONE;
	else if (set->asked && set->poll->link->went)
		*became = WQ_COMMAND_UNKNOWN;
	return 0;
}

const struct wq_commanding command_commanding = {
	.list = command_listed,
	.begin = command_begin,
	.step = command_step,
};
