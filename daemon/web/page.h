/* SPDX-License-Identifier: Apache-2.0 */
/* The pages: short Chinese HTML, complete in itself, without script or anything from elsewhere. Pure. */
#ifndef WQ_PAGE_H
#define WQ_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#define PAGE_TEXT 8192

enum page_kind {
	PAGE_ASK,      /* the alarm, and a button */
	PAGE_DONE,     /* it is acknowledged, committed */
	PAGE_ANSWERED, /* it had been already */
	PAGE_AGAIN,    /* likewise, and the alarm was told anew since: a newer message has a newer link */
	PAGE_OVER,     /* there is no such open alarm */
	PAGE_EXPIRED,
	PAGE_INVALID, /* whatever is no link of ours: one page for all of them */
	PAGE_BUSY,    /* main does not answer; nothing is known to be changed */
	PAGE_UNSURE,  /* it was asked to acknowledge, and did not say that it did */
	PAGE_OFTEN,
	PAGE_METHOD,
	PAGE_LARGE,
	PAGE_FORM, /* a body that the form does not send */
};
#define PAGE_KINDS 13

/* What a page may tell; NULL and "" are left out. Plain text: it is escaped here. */
struct page_facts {
	const char *number;  /* W20260305-007 */
	const char *station, *parameter, *level, *opened, *text;
	const char *contact; /* who is asked */
	const char *by, *at; /* who acknowledged it, when */
};

int page_status(enum page_kind kind); /* of HTTP */

/* The length. What rules and people wrote is cut where it would not fit; the button stays. */
size_t page_write(enum page_kind kind, const struct page_facts *facts, char out[PAGE_TEXT]);

/* The value of Content-Security-Policy that goes with every page. */
extern const char page_policy[];
/* The text of the one style sheet, whose hash is in it. */
extern const char page_style[];

#endif
