/* SPDX-License-Identifier: Apache-2.0 */
/* One channel as a configuration makes it, opened with secrets that are given, for tests through
 * the contract. */
#ifndef WQ_TEST_KIT_H
#define WQ_TEST_KIT_H

#include "config/config.h"

#include "wq/channel.h"
#include "wq/err.h"

#include <jansson.h>

struct kit {
	struct config *config;
	const struct wq_channel *channel;
	void *state;
};

/* `section`: one channel's section as it stands in a file. Every credential is "KEY-" and its name,
 * or what kit_secret() said last. Fails the test when the configuration does not load or the
 * channel does not open. */
struct kit kit_open(const char *section);
void kit_close(struct kit *kit);
void kit_secret(const char *text); /* NULL: as above again */

/* What the configuration's check says of a section: "" when it is right. Valid until the next call.
 */
const char *kit_problem(const char *section);

/* The verdict on an answer of this body. */
struct wq_result kit_judge(const struct kit *kit, int status, const char *body, wq_ms now);

/* 一干河 total phosphorus: a notice with data, text, number W20260305-007, for 13800138000. */
struct wq_notice kit_notice(void);

/* The shared vectors; skips the test, loudly, where there are none. */
json_t *kit_vectors(void);
const char *kit_text(json_t *object, const char *key);

#endif
