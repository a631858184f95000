/* SPDX-License-Identifier: Apache-2.0 */
/* What other threads have to say to main: made there, opened here. */
#include "letters.h"

#include "catchup.h"

#include "clock.h"
#include "api/command.h"
#include "conclude.h"
#include "daemon.h"
#include "duty/duty.h"
#include "intake/importer.h"
#include "log.h"
#include "wq/err.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct attempt_letter {
	struct letter letter;
	struct store_delivery delivery;
};

struct channel_letter {
	struct letter letter;
	char channel[WQ_NAME_TEXT];
	char text[192]; /* "": it works again */
};

struct outage_letter {
	struct letter letter;
	struct store_outage outage;
};

struct commanded_letter {
	struct letter letter;
	struct source_commanded commanded;
};

struct acknowledged_letter {
	struct letter letter;
	struct store_uplink where;
};

struct trouble_letter {
	struct letter letter;
	char text[WQ_ERR_TEXT];
};

static void landed_open(void *daemon, struct letter *letter)
{
	struct flight *flight = (struct flight *)((char *)letter - offsetof(struct flight, letter));
	api_commands_landed(daemon, flight);
	conclude_landed(daemon, flight);
}

/* Writer thread: senders may be told before main hears of it. */
void letters_on_committed(void *owner, struct commit_group *group, struct store_answer *answers, size_t count)
{
	struct daemon *daemon = owner;
	struct flight *flight = (struct flight *)group;
	flight->answers = answers;
	flight->answer_count = count;
	flight->letter.open = landed_open;
	importer_committed(daemon->importer, group);
	receipts_committed(daemon->receipts, group->last_sequence);
	inbox_post(daemon->inbox, &flight->letter);
}

static void trouble_open(void *owner, struct letter *letter)
{
	struct daemon *daemon = owner;
	struct trouble_letter *trouble = (struct trouble_letter *)letter;
	memcpy(daemon->trouble, trouble->text, sizeof daemon->trouble);
	if (trouble->text[0] != '\0')
		log_error("store: %s; what was concluded waits in memory and is tried again", trouble->text);
	else
		log_notice("store: commits work again; readings that could not wait and were not stored since the start: "
			   "%" PRIu64,
			daemon->shed);
	free(trouble);
}

void letters_on_trouble(void *owner, const char *text)
{
	struct daemon *daemon = owner;
	struct trouble_letter *letter = calloc(1, sizeof *letter);
	if (letter == NULL)
		return;
	letter->letter.open = trouble_open;
	snprintf(letter->text, sizeof letter->text, "%s", text != NULL ? text : "");
	inbox_post(daemon->inbox, &letter->letter);
}

static void attempt_open(void *owner, struct letter *letter)
{
	struct daemon *daemon = owner;
	const struct store_delivery *delivery = &((struct attempt_letter *)letter)->delivery;
	if (api_channel_tested(daemon, delivery)) {
		free(letter);
		return;
	}
	drill_delivered(daemon, delivery);
	struct flight *flight = handover_current(&daemon->handover);
	bool failed = delivery->kind != WQ_SENT && delivery->kind != WQ_TAKEN;
	daemon->sent += delivery->kind == WQ_SENT;
	daemon->failed += failed;
	if (failed)
		log_warning("notice %s: channel %s, attempt %u: %s%s", delivery->id, delivery->channel,
			delivery->attempt, delivery->text, delivery->done ? "; given up" : "; it is tried again");
	catchup_note(daemon, flight, delivery);
	if (flight == NULL || !handover_delivery(flight, delivery))
		log_error("notice %s: no memory to record the attempt; it may be sent again after a restart",
			delivery->id);
	handover_submit(&daemon->handover, clock_boot(), false);
	conclude_offer_waiting(daemon);
	free(letter);
}

void letters_on_attempt(void *owner, const struct store_delivery *delivery)
{
	struct daemon *daemon = owner;
	struct attempt_letter *letter = calloc(1, sizeof *letter);
	if (letter == NULL)
		return;
	letter->letter.open = attempt_open;
	letter->delivery = *delivery;
	inbox_post(daemon->inbox, &letter->letter);
}

static void channel_open(void *owner, struct letter *letter)
{
	const struct channel_letter *channel = (struct channel_letter *)letter;
	selfwatch_channel(owner, channel->channel, channel->text);
	if (channel->text[0] != '\0')
		log_error("channel %s: %s; notices go to the contacts' next channels and are tried again",
			channel->channel, channel->text);
	else
		log_notice("channel %s: works again", channel->channel);
	free(letter);
}

void letters_on_channel(void *owner, const char *channel, const char *text)
{
	struct daemon *daemon = owner;
	struct channel_letter *letter = calloc(1, sizeof *letter);
	if (letter == NULL)
		return;
	letter->letter.open = channel_open;
	snprintf(letter->channel, sizeof letter->channel, "%s", channel);
	snprintf(letter->text, sizeof letter->text, "%s", text != NULL ? text : "");
	inbox_post(daemon->inbox, &letter->letter);
}

static void outage_open(void *owner, struct letter *letter)
{
	struct daemon *daemon = owner;
	struct flight *flight = handover_current(&daemon->handover);
	if (flight == NULL || !handover_outage(flight, &((struct outage_letter *)letter)->outage))
		log_error("store: no memory to record an outage");
	handover_submit(&daemon->handover, clock_boot(), false);
	free(letter);
}

void letters_on_outage(void *owner, const struct source_outage *outage)
{
	struct daemon *daemon = owner;
	struct outage_letter *letter = calloc(1, sizeof *letter);
	if (letter == NULL)
		return;
	letter->letter.open = outage_open;
	letter->outage = (struct store_outage){ .source = outage->source, .from = outage->from, .to = outage->to };
	snprintf(letter->outage.unit, sizeof letter->outage.unit, "%s", outage->unit);
	snprintf(letter->outage.reason, sizeof letter->outage.reason, "%s", outage->reason);
	inbox_post(daemon->inbox, &letter->letter);
}

static void commanded_open(void *owner, struct letter *letter)
{
	api_commanded(owner, &((struct commanded_letter *)letter)->commanded);
	free(letter);
}

void letters_on_commanded(void *owner, const struct source_commanded *commanded)
{
	struct daemon *daemon = owner;
	struct commanded_letter *letter = calloc(1, sizeof *letter);
	if (letter == NULL) {
		log_error("command: no memory to record its outcome; it stays under way until the next start");
		return;
	}
	letter->letter.open = commanded_open;
	letter->commanded = *commanded;
	inbox_post(daemon->inbox, &letter->letter);
}

static void acknowledged_open(void *owner, struct letter *letter)
{
	struct daemon *daemon = owner;
	const struct store_uplink *where = &((struct acknowledged_letter *)letter)->where;
	struct flight *flight = handover_current(&daemon->handover);
	if (flight == NULL || !handover_uplink(flight, where))
		log_warning("uplink %s: no memory to record what was acknowledged; it may be sent again after a restart",
			where->name);
	handover_submit(&daemon->handover, clock_boot(), false);
	free(letter);
}

void letters_on_acknowledged(void *owner, const struct store_uplink *where)
{
	struct daemon *daemon = owner;
	struct acknowledged_letter *letter = calloc(1, sizeof *letter);
	if (letter == NULL)
		return;
	letter->letter.open = acknowledged_open;
	letter->where = *where;
	inbox_post(daemon->inbox, &letter->letter);
}

/* Nothing to decide: only the log hears of it. */
void letters_on_uplink(void *owner, const char *name, const char *text)
{
	(void)owner;
	if (text != NULL)
		log_warning("uplink %s: %s; nothing is lost, it is tried again", name, text);
	else
		log_notice("uplink %s: forwards", name);
}

int letters_on_command(void *owner, const struct ctl_request *request, struct ctl_reply *reply)
{
	struct daemon *daemon = owner;
	/* Values of a file do not pass main as a command: they wait for room and for the disk as those of a station do. */
	if (import_is_meant(request))
		return import_serve(daemon->importer, &daemon->config->site, request, reply);
	return command_ask(daemon->inbox, api_open, request, reply);
}

void letters_open(struct daemon *daemon)
{
	for (struct letter *letter = inbox_letters(daemon->inbox), *next; letter != NULL; letter = next) {
		next = letter->next;
		letter->open(daemon, letter);
	}
}

void letters_drop(struct daemon *daemon)
{
	for (struct letter *letter = inbox_letters(daemon->inbox), *next; letter != NULL; letter = next) {
		next = letter->next;
		if (letter->open == api_open)
			command_answer((struct command *)letter, 503, NULL);
		else if (letter->open != landed_open)
			free(letter);
		else
			free(((struct flight *)((char *)letter - offsetof(struct flight, letter)))->answers);
	}
}
