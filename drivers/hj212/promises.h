/* SPDX-License-Identifier: Apache-2.0 */
/* Acknowledgements that wait for the commit of what they acknowledge. The server's thread makes promises and goes on; a
 * thread of its own waits for the commits in their order, so that nobody else has to. */
#ifndef HJ212_PROMISES_H
#define HJ212_PROMISES_H

#include "wq/driver.h"

#define HJ212_PROMISES 4096
#define HJ212_ANSWER   320 /* longest acknowledgement, bytes */

struct hj212_promise {
	uint64_t ticket;
	uint64_t connection;
	int rc; /* of await() */
	size_t length;
	char frame[HJ212_ANSWER];
};

struct hj212_promises;

/* wake: an eventfd that is rung when a promise is due. NULL: no memory. */
struct hj212_promises *hj212_promises_new(int wake);
void hj212_promises_free(struct hj212_promises *promises); /* after the end */

/* Starts the thread; sink is copied. 0 or WQ_E_MEMORY. */
int hj212_promises_start(struct hj212_promises *promises, const struct wq_sink *sink);
void hj212_promises_end(struct hj212_promises *promises); /* waits for the thread; what is not due is dropped */

/* The server's thread only. */
bool hj212_promises_room(struct hj212_promises *promises);
void hj212_promises_add(struct hj212_promises *promises, const struct hj212_promise *promise); /* there is room */
bool hj212_promises_due(struct hj212_promises *promises, struct hj212_promise *promise); /* the oldest that is decided */

#endif
