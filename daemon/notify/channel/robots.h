/* SPDX-License-Identifier: Apache-2.0 */
/* What the signatures of the group robots are, byte for byte. Pure and thread-safe. */
#ifndef WQ_ROBOTS_H
#define WQ_ROBOTS_H

#include "wq/instant.h"

#include <stdbool.h>
#include <stddef.h>

#define ROBOT_SIGN 160

/* DingTalk: base64 of HMAC-SHA256, keyed by the secret, over "milliseconds\nsecret", percent-encoded. */
bool dingtalk_sign(const char *secret, wq_ms now, char out[ROBOT_SIGN]);

/* Feishu: base64 of HMAC-SHA256, keyed by "seconds\nsecret", over nothing. It is not DingTalk's way with another unit. */
bool feishu_sign(const char *secret, int64_t seconds, char out[ROBOT_SIGN]);

#endif
