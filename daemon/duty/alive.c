/* SPDX-License-Identifier: Apache-2.0 */
/* The ping: somebody outside hears regularly that all is well, and notices when he hears nothing more. */
#include "duty/duty.h"

#include "clock.h"
#include "daemon.h"
#include "log.h"
#include "notify/deliver/pinger.h"
#include "selfwatch.h"
#include "wq/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A main loop that is later than this is not punctual. */
#define LATE WQ_SECONDS(5)

const char *alive_fault(bool stored, wq_ms late, size_t channels, size_t failing)
{
	if (!stored)
		return "nothing can be stored";
	if (late > LATE)
		return "the main loop is late";
	if (channels > 0 && failing >= channels)
		return "no channel works";
	return NULL;
}

/* -- answers -- */

struct answer {
	struct letter letter;
	bool good;
	char trouble[192];
};

static void open_answer(void *owner, struct letter *letter)
{
	struct daemon *daemon = owner;
	const struct answer *answer = (struct answer *)letter;
	struct alive *alive = &daemon->duty->alive;
	alive->asked++;
	alive->failed += !answer->good;
	if (answer->good) {
		if (alive->failing != WQ_NO_TIME)
			log_notice("ping: taken again");
		alive->failing = WQ_NO_TIME;
		alive->last = clock_now();
		alive->trouble[0] = '\0';
	} else {
		if (alive->failing == WQ_NO_TIME) {
			log_warning("ping: %s; it is tried again every time, and told after fail_after", answer->trouble);
			alive->failing = clock_boot();
		}
		snprintf(alive->trouble, sizeof alive->trouble, "%s", answer->trouble);
	}
	free(letter);
}

/* The thread of the pinger. */
static void on_answer(void *owner, bool alive, const char *trouble)
{
	struct daemon *daemon = owner;
	struct answer *answer = calloc(1, sizeof *answer);
	(void)alive;
	if (answer == NULL)
		return;
	answer->letter.open = open_answer;
	answer->good = trouble == NULL;
	snprintf(answer->trouble, sizeof answer->trouble, "%s", trouble != NULL ? trouble : "");
	inbox_post(daemon->inbox, &answer->letter);
}

/* -- the daemon's glue -- */

int alive_start(struct daemon *daemon, struct wq_err *err)
{
	const struct pinger_events events = { .owner = daemon, .answered = on_answer };
	struct alive *alive = &daemon->duty->alive;
	*alive = (struct alive){ .failing = WQ_NO_TIME, .last = WQ_NO_TIME };
	if (daemon->config->ping == NULL)
		return 0;
	alive->pinger = pinger_start(daemon->config->ping, daemon->config->paths.credentials, &events, err);
	return alive->pinger != NULL ? 0 : WQ_E_MEMORY;
}

bool alive_stop(struct daemon *daemon, wq_ms patience)
{
	struct alive *alive = &daemon->duty->alive;
	bool ended = pinger_stop(alive->pinger, patience);
	alive->pinger = NULL;
	return ended;
}

static const char *fault_of(const struct daemon *daemon, wq_ms boot)
{
	size_t failing = 0;
	for (size_t i = 0; i < daemon->config->channel_count; i++)
		failing += daemon->channels[i].since != WQ_NO_TIME;
	return alive_fault(!daemon->stalled && daemon->trouble[0] == '\0', daemon->tick_due > 0 ? boot - daemon->tick_due : 0,
		daemon->config->channel_count, failing);
}

void alive_tick(struct daemon *daemon)
{
	const struct config_ping *ping = daemon->config->ping;
	struct alive *alive = &daemon->duty->alive;
	wq_ms boot = clock_boot();
	if (alive->pinger == NULL)
		return;
	const char *fault = fault_of(daemon, boot);
	if ((fault == NULL) != (alive->fault == NULL)) {
		if (fault != NULL)
			log_warning("ping: %s: %s", fault, ping->url_fail != NULL ? "url_fail is asked" : "it is left out");
		else
			log_notice("ping: all is well again");
		/* What is wrong is said at once. */
		alive->next = fault != NULL && ping->url_fail != NULL ? boot : alive->next;
	}
	alive->fault = fault;
	if (boot < alive->next)
		return;
	alive->next = boot + ping->every;
	if (fault == NULL || ping->url_fail != NULL)
		pinger_ask(alive->pinger, fault == NULL);
	else
		alive->left_out++;
}

void alive_facts(const struct daemon *daemon, wq_ms boot, struct selfwatch_facts *facts)
{
	const struct alive *alive = daemon->duty != NULL ? &daemon->duty->alive : NULL;
	const struct config_ping *ping = daemon->config->ping;
	facts->pings = ping != NULL && ping->fail_after > 0 && alive != NULL;
	if (!facts->pings)
		return;
	facts->ping_good = alive->failing == WQ_NO_TIME && alive->last != WQ_NO_TIME;
	facts->ping_failing = alive->failing != WQ_NO_TIME ? boot - alive->failing : 0;
	facts->ping_lasts = facts->ping_failing >= ping->fail_after;
	facts->ping = alive->trouble;
}
