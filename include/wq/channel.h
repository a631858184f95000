/* SPDX-License-Identifier: Apache-2.0 */
/* The channel contract: how a notice leaves.
 *
 * HTTP channels are pure: they build a request and judge the answer, the deliverer does the transfer
 * (curl_multi, one slot a channel, so that no channel waits for another). A channel that is not HTTP
 * (the modem's spool) gives send() instead. A new channel is one file and one line in
 * daemon/notify/channel/registry.c. */
#ifndef WQ_CHANNEL_H
#define WQ_CHANNEL_H

#include "wq/alarm.h"
#include "wq/instant.h"
#include "wq/option.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wq_err;

#define WQ_NOTICE_ID   96
#define WQ_NAME_TEXT   64
#define WQ_NOTICE_TEXT 768
#define WQ_NOTICE_DATA 4096
#define WQ_LINK_TEXT   192

/* What a notice is about. Stored as these numbers: new ones go to the end. */
enum wq_topic {
	WQ_TOPIC_ALARM,     /* a change of an alarm; all others are memos, which belong to no alarm */
	WQ_TOPIC_DIGEST,    /* changes of alarms that were held back for a contact, told together */
	WQ_TOPIC_HANDOVER,  /* to who comes on duty: what is open (交接班) */
	WQ_TOPIC_HEARTBEAT, /* that we live, with yesterday's figures (系统自检) */
	WQ_TOPIC_DRILL,     /* a test on schedule (通道测试) */
};
#define WQ_TOPICS 5

/* Why a notice does not leave by itself. Stored as these numbers. */
enum wq_hold {
	WQ_HOLD_NO,
	WQ_HOLD_SOON,  /* others of the same cause, or too many, left just now */
	WQ_HOLD_LATER, /* of a low level: its contact has quiet hours, or wants them told at certain times */
};

/* "alarm" "digest" "handover" "heartbeat" "drill" */
const char *wq_topic_name(enum wq_topic topic);

/* What one contact shall be told of one change of an alarm through one channel, or a memo. Plain data: copied between
 * threads and stored in the outbox. */
struct wq_notice {
	char id[WQ_NOTICE_ID]; /* unique per (alarm, change, contact); the same on every attempt and channel */
	enum wq_topic topic;
	int64_t alarm; /* 0: a memo */
	uint32_t number; /* of the change within the alarm: notices of one alarm leave in this order */
	enum wq_change_kind kind;
	enum wq_level level;
	bool assist; /* in copy (配合), not in the lead (牵头) */
	wq_ms time;    /* event time */
	wq_ms created; /* our clock */
	wq_ms expires; /* no attempt after this */
	wq_ms deadline; /* span: a channel that has not taken it by then gives way to the contact's next; 0: none */
	enum wq_hold hold; /* not NO: its contact hears of it in a digest */
	int64_t held;      /* then: ascending over all that are held back */
	wq_ms since; /* our clock: when it was first tried on `channel`, in an earlier life; 0: not yet */
	char contact[WQ_NAME_TEXT]; /* id of the contact; "" for an endpoint that is no person */
	char channel[WQ_NAME_TEXT]; /* title of the channel's section: the one to begin with */
	char address[WQ_NAME_TEXT]; /* what the channel sends to (phone), "" where the channel knows */
	char text[WQ_NOTICE_TEXT];  /* the message in Chinese */
	char data[WQ_NOTICE_DATA];  /* JSON object for machines */
	/* Not stored: filled in where it is sent. */
	uint64_t cause; /* what it has in common with others: the station, or the rule where there is none; 0: nothing */
	char email[WQ_NAME_TEXT]; /* of the contact, "" where there is none */
	bool history; /* another channel delivered it: told to `channel` afterwards, for the record */
	char link[WQ_LINK_TEXT]; /* by which the contact acknowledges the alarm, visible ASCII without '"' and '\\'; "": none */
	bool taken; /* `channel` had handed it on (WQ_TAKEN), and that was the last heard of it */
	bool urgent; /* it may be none itself: a later change of its alarm is, which waits for it */
	bool test; /* a person tries the channel: attempted once, at once */
};

enum wq_result_kind {
	/* Stored as these numbers: new ones go to the end. */
	WQ_SENT,     /* the channel's own word that it was taken */
	WQ_RETRY,    /* network, 5xx, busy */
	WQ_THROTTLE, /* told to wait: not before `until` */
	WQ_CONFIG,   /* bad key, signature, template: hammering will not help; fail over at once */
	WQ_DROP,     /* this recipient cannot be reached this way */
	WQ_TAKEN,    /* handed on, and not yet known whether it arrives: the channel is asked again at `until` */
	WQ_FAILED,   /* whoever it was handed on to tried, and gave up: the contact's next channel at once */
};

struct wq_result {
	enum wq_result_kind kind;
	wq_ms until;    /* with THROTTLE and TAKEN: our clock */
	char text[192]; /* one line for the log; never holds a secret */
};

#define WQ_HEADERS 12

struct wq_request {
	const char *url;          /* valid until the next call on this channel's state */
	size_t header_count;
	const char *headers[WQ_HEADERS]; /* "name: value", likewise */
	const char *body;         /* likewise; sent byte for byte */
	size_t body_length;
	const char *ca_file;      /* PEM, the authorities that sign the peer's certificate; NULL: the system's. Always the same */
	wq_ms timeout;            /* span for the whole exchange; 0: the deliverer's own */
	/* Mail, with a url of smtp:// or smtps://: the envelope; user and password may be NULL. */
	const char *mail_from, *mail_to, *user, *password;
	bool plain; /* smtp:// without TLS is allowed; else it must be offered and used */
};

struct wq_response {
	int status;         /* of HTTP, or the last reply of SMTP; 0: no answer, see `failure` */
	const char *body;   /* not NULL, NUL-terminated, at most 64 KiB */
	size_t body_length;
	wq_ms retry_after;  /* span; WQ_NO_TIME: not given */
	wq_ms date;         /* their clock, as the answer says it; WQ_NO_TIME: it does not */
	const char *failure; /* why there is no answer; NULL when there is one */
};

/* Which notices that belong to no alarm a channel carries: all, drills, none. */
enum wq_memos { WQ_MEMOS_ALL, WQ_MEMOS_DRILL, WQ_MEMOS_NONE };

/* Whether messages carry the notice's link. */
enum wq_link_use {
	WQ_LINK_NEVER, /* they cannot: templates refuse links, and nobody opens one by telephone */
	WQ_LINK_ASKED, /* with `link = true` in the section */
	WQ_LINK_USUAL, /* without `link = false` */
};

struct wq_channel {
	const char *name; /* the section in the configuration: "webhook" */
	const char *help;
	const struct wq_option *options;
	size_t settings_size;
	size_t state_size; /* the deliverer allocates it zeroed */

	/* What holds where the section says nothing; 0: no bound. Vendors' own limits are kept below. */
	int rate;       /* attempts within any minute: key `rate` */
	int burst;      /* attempts within any second */
	wq_ms jitter;   /* a new notice waits for up to this by chance, key `jitter`: many stations sample on the hour */
	wq_ms jitter_alarm; /* likewise, of level alarm */

	/* Whether it is posted afterwards what other channels delivered in its place, key `catch_up`: a record for machines
	 * should be complete. It rings nobody then. */
	bool catch_up;
	enum wq_link_use link; /* without the site's section `links` there is none */

	int (*check)(const void *settings, struct wq_err *err); /* may be NULL */

	/* Which memos it carries. A contact's memos begin with its first channel that does. */
	enum wq_memos memos;
	bool machine; /* no person reads it: by itself nothing is gathered or bounded for a contact that has only such */

	/* Whether it can send to what a contact's section gives as `phone` (NULL: nothing); the sentence begins with
	 * "phone". NULL: the channel needs no address. */
	int (*recipient)(const char *phone, struct wq_err *err);

	/* The folder into which short messages come back (files of smstools), by which alarms are acknowledged; NULL: none. */
	const char *(*replies)(const void *settings);

	/* Likewise with a contact's `email`; the sentence begins with "email". */
	int (*mailbox)(const char *email, struct wq_err *err);

	/* `secret` resolves a "credential:NAME" reference to a NUL-terminated text (WQ_E_MISSING when there is
	 * none); the channel keeps a copy and wipes it in close(). When the text of a secret changes, a new state is opened
	 * and takes the place of the old one between two attempts. */
	int (*open)(void *state, const void *settings,
		int (*secret)(void *owner, const char *reference, char *buf, size_t cap, struct wq_err *err),
		void *owner, struct wq_err *err);
	void (*close)(void *state);

	/* HTTP and SMTP: builds the request for one attempt at `now`, and judges the answer. Pure, but for the chance
	 * in a nonce. WQ_E_STATE: it does not carry such notices, the contact's next channel does; other errors are of
	 * the settings. */
	int (*prepare)(void *state, const struct wq_notice *notice, wq_ms now, struct wq_request *request,
		struct wq_err *err);
	void (*judge)(void *state, const struct wq_response *response, wq_ms now, struct wq_result *result);

	/* Not HTTP: hands the notice over. Runs on a thread of its own, one call at a time; may take as long as a
	 * disk does. */
	void (*send)(void *state, const struct wq_notice *notice, wq_ms now, struct wq_result *result);
};

/* NULL-terminated: daemon/notify/channel/registry.c. */
extern const struct wq_channel *const wq_channels[];

#endif
