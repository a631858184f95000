/* SPDX-License-Identifier: Apache-2.0 */
/* A scripted HTTP endpoint on loopback for the tests: plain sockets, so that it can misbehave. */
#ifndef WQ_TEST_ENDPOINT_H
#define WQ_TEST_ENDPOINT_H

#include <stddef.h>
#include <stdint.h>

struct endpoint;

#define ENDPOINT_REQUEST 8192
#define ENDPOINT_HANG    "hang"  /* as an answer: none, until the peer gives up */
#define ENDPOINT_CLOSE   "close" /* as an answer: the connection is closed after the request */
#define ENDPOINT_FLOOD   "flood" /* 200 and a body without end */

/* Serves one connection at a time. The n-th request gets answers[n]; after the last one, the last
 * again. NULL on failure. */
struct endpoint *endpoint_open(const char *const *answers, size_t count);
void endpoint_close(struct endpoint *endpoint);

uint16_t endpoint_port(const struct endpoint *endpoint);

/* Requests that were complete, and a copy of the n-th (0-based, of the first 16). Thread-safe. */
size_t endpoint_requests(struct endpoint *endpoint);
void endpoint_request(struct endpoint *endpoint, size_t n, char out[ENDPOINT_REQUEST]);

#endif
