/* SPDX-License-Identifier: Apache-2.0 */
/* One connection: what of an unfinished frame waits, what could not be sent yet, and what its peer has shown of itself.
 * Memory is held only while there is something to hold, and is bounded. */
#ifndef HJ212_CONN_H
#define HJ212_CONN_H

#include "peers.h"

#include "wq/instant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HJ212_HELD_MAX 4096 /* bytes of an unfinished frame */
#define HJ212_READ_MAX 8192 /* read at once: nobody keeps the others waiting */
#define HJ212_OUT_MAX  8192 /* bytes that a peer does not fetch */

struct hj212_conn {
	int fd; /* -1: none */
	uint32_t generation;
	struct hj212_peer peer;
	int target;      /* index into `connect`; -1: it connected to us */
	bool connecting; /* we are still trying */
	bool proven;     /* a frame of a known station came */
	bool blocked;    /* its frames wait for room in the inbox: nothing is read */
	bool over;       /* its peer has ended */
	bool doomed;     /* to be closed */
	const char *why; /* for the log */
	char *in, *out;
	uint32_t in_length, out_at, out_length;
	uint32_t junk, bad; /* since the last good frame */
	uint32_t strange;   /* frames of strangers */
	wq_ms opened, heard; /* since boot; heard: the last good frame */
	wq_ms partial;       /* since when an unfinished frame waits; WQ_NO_TIME: none does */
	wq_ms stuck;         /* since when `out` holds something; WQ_NO_TIME: it does not */
};

/* Keeps the bytes that are left, of those of `in` or others. False: no memory. */
bool hj212_conn_hold(struct hj212_conn *conn, const char *bytes, size_t length);

/* Sends, or keeps for later. What is too much, or an error, dooms the connection. */
void hj212_conn_send(struct hj212_conn *conn, const char *bytes, size_t length, wq_ms now);
void hj212_conn_flush(struct hj212_conn *conn);

void hj212_conn_doom(struct hj212_conn *conn, const char *why); /* the first reason stays */
void hj212_conn_release(struct hj212_conn *conn); /* closes and frees; the generation goes on */

#endif
