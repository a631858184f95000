/* SPDX-License-Identifier: Apache-2.0 */
/* Publishing that can be counted on: a window of unacknowledged messages, reconnection, and a line
 * for every message that the broker has acknowledged. One thread sends. */
#ifndef WQ_PUBLISHER_H
#define WQ_PUBLISHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct publisher;

struct publisher_options {
	const char *broker, *client_id;
	const char *username, *password; /* NULL: none */
	long qos;
	FILE *acked;   /* gets a line per acknowledged message; NULL: nobody wants to know */
	long patience; /* seconds without a connection after which it gives up */
};

/* Connects; NULL when that fails for longer than the patience, told on stderr. Options stay the
 * caller's. */
struct publisher *publisher_open(const struct publisher_options *options);

/* Sends one message, waiting for room in the window and, when the connection is lost, for a new
 * one. `mark` is the line for the acknowledgement, without a newline. false: given up. */
bool publisher_send(struct publisher *publisher, const char *topic, const char *payload,
        size_t length, const char *mark);

/* Waits until everything sent is acknowledged; false: given up. */
bool publisher_drain(struct publisher *publisher);

long publisher_sent(const struct publisher *publisher);
long publisher_acked(struct publisher *publisher);

void publisher_close(struct publisher *publisher); /* NULL is fine */

#endif
