/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon: builds everything from the configuration, owns it, runs the main loop, tears down in reverse. */
#ifndef WQ_DAEMON_H
#define WQ_DAEMON_H

#include "config/config.h"
#include "handover.h"
#include "intake/inbox.h"
#include "log.h"
#include "notify/deliver/deliverer.h"
#include "intake/receipts.h"
#include "api/replies.h"
#include "selfwatch.h"
#include "intake/source.h"
#include "uplink/uplink.h"
#include "wq/engine.h"
#include "wq/err.h"

#include <stdbool.h>

struct wq_err;
struct ctl_server;
struct duty;
struct importer;
struct web;
struct sd_event;


/* Notices that the deliverer has no room for wait here; more than this many stay in the outbox on disk and are
 * read from there when there is room for their contact. */
#define DAEMON_WAITING 1024

struct waiting_notice {
	struct waiting_notice *next;
	uint32_t attempts;
	struct wq_notice notice;
};

/* The newest of something measured, ms. */
struct delays {
	wq_ms newest[1024];
	size_t count;
};

void delays_note(struct delays *delays, wq_ms delay);

struct daemon {
	const char *config_file;
	struct config *config;
	struct wq_engine *engine;
	struct store *store; /* main's until the writer starts, and after it has stopped */
	uint64_t incarnation;
	struct inbox *inbox;
	struct receipts *receipts;
	struct importer *importer;
	struct wq_batch *held; /* taken from the inbox, for want of memory not judged yet */
	struct handover handover;
	struct hold *hold; /* what people are not told at once */
	struct deliverer *deliverer;
	struct pool *pool; /* that serves the sources which are polled */
	struct replies *replies; /* NULL: no channel has any */
	size_t source_count;
	struct source **sources;
	size_t uplink_count;
	struct uplink **uplinks;
	bool left_behind; /* a thread hangs: what it uses stays */
	struct ctl_server *ctl;
	struct web *web; /* NULL: the configuration has no links */
	struct sd_event *event;
	struct waiting_notice *waiting, **waiting_last;
	size_t waiting_count;
	uint64_t sent, failed; /* attempts */
	struct offer_queue *queues; /* by contact (offer.c) */
	struct catchup *catchups;   /* by channel (catchup.c) */
	bool unstored;     /* notices left before the commit that they are in */
	bool behind;       /* more notices of some contact are in the outbox on disk */
	bool asked_outbox; /* the writer reads it */
	struct letter *outbox_end; /* what it ends that with; its thread's own meanwhile */
	uint64_t batches;
	uint64_t shed; /* samples judged and not stored, for want of memory */
	struct log_gate shed_gate, vacant_gate;
	struct selfwatch selfwatch;
	struct channel_trouble *channels; /* by channel of the configuration */
	struct duty *duty; /* what is told by the clock */
	struct commanding *commandings; /* commands to devices (api_command.c) */
	struct channel_test *channel_tests; /* that people wait for (api_channel.c) */
	char trouble[WQ_ERR_TEXT]; /* why commits fail; "" when they work */
	bool stalled;              /* told in the log */
	bool lost;                 /* at the end something could not be stored */
	bool reload;               /* SIGHUP with a configuration that holds */
	wq_ms started, started_boot;
	wq_ms looked_wall, looked_boot; /* both clocks, at the last look */
	bool clock_known;               /* it was trusted once: at the start, or since */
	bool clock_doubted;             /* the engine was told so */
	struct delays latencies; /* arrival to notice committed */
	struct delays ticks;     /* how late the main loop's timer was */
	wq_ms tick_due;          /* boot clock */
};

/* Builds and starts everything. On failure daemon_close() still has to be called. */
int daemon_open(struct daemon *daemon, const char *config_file, struct config *config, struct wq_err *err);

/* Runs until SIGTERM or SIGINT (0), or until SIGHUP with a good new configuration (0 and daemon->reload). */
int daemon_run(struct daemon *daemon, struct wq_err *err);

/* Stops sources, commits what is left, and frees everything; half-built is fine. */
/* False: something that waited could not be stored, as the log said. */
bool daemon_close(struct daemon *daemon);

/* A report on the configuration, as lines of the log. */
void daemon_log_report(const struct config_report *report, const char *consequence);

/* main's half of a command (api.c). */
void api_open(void *daemon, struct letter *letter);

/* Takes an attempt that belongs to the test of a channel: true, and the person is answered. At the end, whoever still
 * waits is told so. */
bool api_channel_tested(struct daemon *daemon, const struct store_delivery *delivery);
void api_channel_drop(struct daemon *daemon);

/* Commands to devices: what was recorded is sent, its outcome recorded; who waits is not kept waiting for too long. At the end
 * who waits is told so, and when all is over they are freed. */
void api_commands_landed(struct daemon *daemon, const struct flight *flight);
void api_commanded(struct daemon *daemon, const struct source_commanded *commanded);
void api_commands_tick(struct daemon *daemon);
void api_commands_drop(struct daemon *daemon);
void api_commands_free(struct daemon *daemon);

#endif
