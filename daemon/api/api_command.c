/* SPDX-License-Identifier: Apache-2.0 */
/* A person has a device do what the configuration lists. The record is committed before anything is sent:
 *
 *     asked for ──▶ recorded (commit) ──▶ with the bus's worker ──▶ outcome recorded
 *        └─ denied: recorded too
 *
 * Nothing is ever sent late (FRESH) or twice. */
#include "api_parts.h"
#include "clock.h"
#include "config/suggest.h"
#include "wq/err.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* So long after it was asked for it may still be sent. */
#define FRESH WQ_SECONDS(4)
/* So long a person waits for the outcome. */
#define PATIENCE WQ_SECONDS(8)

/* One command of one bus: it stays for as long as the daemon, since it must not be sent too often. */
struct commanding {
	struct commanding *next;
	uint32_t source; /* of the site */
	size_t index;    /* among the commands of its bus */
	enum { IDLE, RECORDING, SENT } state;
	const struct flight *flight; /* that its record goes with */
	struct store_command record;
	wq_ms asked, sent; /* boot clock; sent: WQ_NO_TIME: not yet */
	struct command *person; /* who waits; NULL: nobody does any more */
};

static const char *const outcomes[] = { [STORE_UNDER_WAY] = "under way", [STORE_DONE] = "done", [STORE_REFUSED] = "refused",
	[STORE_NOT_SENT] = "not sent", [STORE_UNKNOWN] = "unknown", [STORE_DENIED] = "denied" };

/* -- the record -- */

/* A name as it was given, for a column. */
static void cut(const char *text, char *to, size_t cap)
{
	log_quote(text != NULL ? text : "", to, cap);
}

static int64_t draw(void)
{
	uint64_t id = 0;
	if (getrandom(&id, sizeof id, GRND_NONBLOCK) < 0)
		id = (uint64_t)clock_now() << 16 ^ (uint64_t)clock_boot();
	return (int64_t)(id >> 1) | 1;
}

static struct store_command record_of(const struct command *command, const char *bus, const char *name)
{
	struct store_command record = { .id = draw(), .at = clock_now(), .ended = WQ_NO_TIME };
	cut(command->user, record.who, sizeof record.who);
	cut(bus, record.bus, sizeof record.bus);
	cut(name, record.name, sizeof record.name);
	return record;
}

static void tell(const struct store_command *record)
{
	char values[8 * WQ_COMMAND_VALUES] = "";
	size_t length = 0;
	for (size_t i = 0; i < record->count; i++)
		length += (size_t)snprintf(values + length, 8, "%s%u", i > 0 ? "," : "", record->values[i]);
	log_notice("command: %s, bus %s, %s (unit %u, function %u, address %u, values %s), asked for by %s: %s%s%s",
		record->outcome == STORE_UNDER_WAY ? "to be sent" : "over", record->bus, record->name, record->unit,
		record->function, record->address, values[0] != '\0' ? values : "-", record->who, outcomes[record->outcome],
		record->text[0] != '\0' ? ": " : "", record->text);
}

/* Into the group that is being filled; NULL: no memory. */
static const struct flight *write_down(struct daemon *daemon, const struct store_command *record)
{
	struct flight *flight = handover_current(&daemon->handover);
	tell(record);
	if (flight == NULL || !handover_command(flight, record)) {
		log_error("command: no memory to record it");
		return NULL;
	}
	handover_submit(&daemon->handover, clock_boot(), false);
	return flight;
}

static void deny(struct daemon *daemon, struct command *command, struct store_command *record, int status, const char *why)
{
	record->outcome = STORE_DENIED;
	record->ended = record->at;
	snprintf(record->text, sizeof record->text, "%.*s", (int)sizeof record->text - 1, why);
	write_down(daemon, record);
	api_refuse(command, status, why);
}

/* -- what is asked for -- */

static struct source *source_named(const struct daemon *daemon, const char *name)
{
	for (size_t i = 0; i < daemon->source_count; i++)
		if (strcmp(source_bus(daemon->sources[i])->bus.name, name) == 0)
			return daemon->sources[i];
	return NULL;
}

static struct source *source_of(const struct daemon *daemon, uint32_t source)
{
	for (size_t i = 0; i < daemon->source_count; i++)
		if (source_bus(daemon->sources[i])->source == source)
			return daemon->sources[i];
	return NULL;
}

/* Index of the command, or SIZE_MAX with a sentence. */
static size_t find_command(const struct source *source, const char *name, struct store_command *record, char text[WQ_ERR_TEXT])
{
	struct suggest names = { .wanted = name };
	char end[SUGGEST_TEXT];
	size_t count;
	bool able;
	const struct wq_command *list = source_commands(source, &count, &able);
	for (size_t i = 0; i < count; i++) {
		suggest_offer(&names, list[i].name);
		if (strcmp(list[i].name, name) != 0)
			continue;
		record->unit = list[i].unit;
		record->function = list[i].function;
		record->address = list[i].address;
		record->count = list[i].count;
		memcpy(record->values, list[i].values, list[i].count * sizeof *list[i].values);
		return i;
	}
	if (!able)
		snprintf(text, WQ_ERR_TEXT,
			"nothing was sent: this wqd cannot write to devices of bus %.63s: only Modbus can, built with cmake "
			"-DWQ_MODBUS_WRITE=ON",
			source_bus(source)->bus.name);
	else if (count == 0)
		snprintf(text, WQ_ERR_TEXT, "nothing was sent: bus %.63s lists no commands", source_bus(source)->bus.name);
	else
		snprintf(text, WQ_ERR_TEXT, "nothing was sent: bus %.63s has no command \"%.63s\"%s", source_bus(source)->bus.name,
			record->name, suggest_end(&names, end));
	return SIZE_MAX;
}

static struct commanding *remembered(struct daemon *daemon, uint32_t source, size_t index)
{
	struct commanding *c = daemon->commandings;
	while (c != NULL && (c->source != source || c->index != index))
		c = c->next;
	if (c != NULL)
		return c;
	c = calloc(1, sizeof *c);
	if (c == NULL)
		return NULL;
	*c = (struct commanding){ .next = daemon->commandings, .source = source, .index = index, .sent = WQ_NO_TIME };
	daemon->commandings = c;
	return c;
}

/* Whether it may be sent now; false with a sentence. */
static bool is_due(const struct daemon *daemon, const struct commanding *wish, wq_ms interval, char text[WQ_ERR_TEXT])
{
	wq_ms now = clock_boot();
	for (const struct commanding *c = daemon->commandings; c != NULL; c = c->next)
		if (c->source == wish->source && c->state != IDLE) {
			snprintf(text, WQ_ERR_TEXT, "nothing was sent: %.63s of this bus is under way; wait for its outcome",
				c->record.name);
			return false;
		}
	if (wish->sent == WQ_NO_TIME || now - wish->sent >= interval)
		return true;
	snprintf(text, WQ_ERR_TEXT,
		"nothing was sent: it was sent %lld s ago, and is sent every %lld s (interval of the bus) at most; try again in %lld s",
		(long long)((now - wish->sent) / 1000), (long long)((interval + 999) / 1000),
		(long long)((wish->sent + interval - now + 999) / 1000));
	return false;
}

/* Records it; it is sent when that is committed. */
static void begin(struct daemon *daemon, struct command *command, struct commanding *wish, const struct store_command *record)
{
	wish->record = *record;
	wish->flight = write_down(daemon, record);
	if (wish->flight == NULL) {
		api_refuse(command, 503, "nothing was sent: there is no memory to record it");
		return;
	}
	wish->state = RECORDING;
	wish->asked = clock_boot();
	wish->person = command;
}

static void ask(struct daemon *daemon, struct command *command, const char *bus, const char *name, struct store_command *record)
{
	struct source *source = source_named(daemon, bus);
	char text[WQ_ERR_TEXT];
	if (source == NULL) {
		snprintf(text, sizeof text, "nothing was sent: there is no bus \"%.63s\"", record->bus);
		deny(daemon, command, record, 404, text);
		return;
	}
	size_t index = find_command(source, name, record, text);
	struct commanding *wish = index != SIZE_MAX ? remembered(daemon, source_bus(source)->source, index) : NULL;
	if (index == SIZE_MAX)
		deny(daemon, command, record, 404, text);
	else if (wish == NULL)
		deny(daemon, command, record, 503, "nothing was sent: no memory");
	else if (!is_due(daemon, wish, source_interval(source), text))
		deny(daemon, command, record, 409, text);
	else
		begin(daemon, command, wish, record);
}

void api_command(struct daemon *daemon, struct command *command, const char *path)
{
	json_t *body = api_body(command);
	(void)path;
	if (body == NULL)
		return;
	const char *bus = api_text(body, "bus"), *name = api_text(body, "command");
	struct store_command record = record_of(command, bus, name);
	if (bus == NULL || name == NULL || json_object_size(body) != 2)
		deny(daemon, command, &record, 400,
			"nothing was sent: \"bus\" and \"command\" are needed, and nothing else is taken: who asks is known");
	else
		ask(daemon, command, bus, name, &record);
	json_decref(body);
}

/* -- on its way -- */

static void answer(struct commanding *c, int status, const char *outcome, const char *text)
{
	if (c->person == NULL)
		return;
	command_answer(c->person, status, api_print(json_pack("{s:s, s:s}", "outcome", outcome, "text", text)));
	c->person = NULL;
}

static void finish(struct daemon *daemon, struct commanding *c, enum store_commanded outcome, const char *why)
{
	c->record.outcome = outcome;
	c->record.ended = clock_now();
	snprintf(c->record.text, sizeof c->record.text, "%s", why);
	if (outcome == STORE_NOT_SENT)
		c->sent = WQ_NO_TIME;
	c->state = IDLE;
	write_down(daemon, &c->record);
	answer(c, 200, outcomes[outcome], why);
}

static void send_off(struct daemon *daemon, struct commanding *c)
{
	struct source *source = source_of(daemon, c->source);
	wq_ms now = clock_boot();
	struct wq_err err;
	c->flight = NULL;
	if (source == NULL)
		finish(daemon, c, STORE_NOT_SENT, "wqd stops");
	else if (now - c->asked > FRESH)
		finish(daemon, c, STORE_NOT_SENT, "it could not be recorded in time: the store is behind");
	else if (source_command(source, c->index, c->asked + FRESH, &err) < 0)
		finish(daemon, c, STORE_NOT_SENT, err.text);
	else {
		c->state = SENT;
		c->sent = now;
	}
}

void api_commands_landed(struct daemon *daemon, const struct flight *flight)
{
	for (struct commanding *c = daemon->commandings; c != NULL; c = c->next)
		if (c->state == RECORDING && c->flight == flight)
			send_off(daemon, c);
}

void api_commanded(struct daemon *daemon, const struct source_commanded *commanded)
{
	static const enum store_commanded became[WQ_COMMANDED] = { [WQ_COMMAND_DONE] = STORE_DONE,
		[WQ_COMMAND_REFUSED] = STORE_REFUSED,
		[WQ_COMMAND_NOT_SENT] = STORE_NOT_SENT,
		[WQ_COMMAND_UNKNOWN] = STORE_UNKNOWN };
	for (struct commanding *c = daemon->commandings; c != NULL; c = c->next)
		if (c->state == SENT && c->source == commanded->source && c->index == commanded->command)
			finish(daemon, c, became[commanded->became], commanded->why);
}

void api_commands_tick(struct daemon *daemon)
{
	for (struct commanding *c = daemon->commandings; c != NULL; c = c->next)
		if (c->person != NULL && clock_boot() - c->asked >= PATIENCE)
			answer(c, 202, outcomes[STORE_UNDER_WAY], "its outcome will be in `wqctl query --commands`");
}

/* -- the end -- */

void api_commands_drop(struct daemon *daemon)
{
	for (struct commanding *c = daemon->commandings; c != NULL; c = c->next)
		answer(c, 202, outcomes[STORE_UNDER_WAY], "the daemon stops; its outcome will be in `wqctl query --commands`");
}

void api_commands_free(struct daemon *daemon)
{
	for (struct commanding *c = daemon->commandings, *next; c != NULL; c = next) {
		next = c->next;
		free(c);
	}
	daemon->commandings = NULL;
}
