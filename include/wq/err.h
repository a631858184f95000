/* SPDX-License-Identifier: Apache-2.0 */
/* One failure: a code that decides what happens next, and the sentence for a person. */
#ifndef WQ_ERR_H
#define WQ_ERR_H

/* Bytes of the sentence, terminating NUL included; longer ones are cut at a character. */
#define WQ_ERR_TEXT 384

/* Every call that can fail returns 0 (or a count) on success and one of these otherwise. */
enum wq_code {
	WQ_OK = 0,
	WQ_E_INVALID = -1,  /* what was given is wrong: trying again will not help */
	WQ_E_TIMEOUT = -2,  /* nothing came in time */
	WQ_E_IO = -3,       /* disk or network refused */
	WQ_E_PROTOCOL = -4, /* the peer spoke, but not what the protocol allows */
	WQ_E_REFUSED = -5,  /* the peer understood and said no (a Modbus exception) */
	WQ_E_FULL = -6,     /* a bounded place is full */
	WQ_E_MEMORY = -7,   /* no memory */
	WQ_E_STATE = -8,    /* not now: closed, stopping, not yet open */
	WQ_E_MISSING = -9,  /* no such thing */
};

struct wq_err {
	int code; /* enum wq_code */
	char text[WQ_ERR_TEXT];
};

/* Writes code and sentence into *err and returns code, so that a failure is one line:
 * `return wq_fail(err, WQ_E_TIMEOUT, "unit %d: no answer within %d ms", …)`.
 * err may be NULL. The sentence says what was found and what is allowed; it names no
 * file unless the caller knows one, and ends without a newline. Thread-safe. */
int wq_fail(struct wq_err *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
