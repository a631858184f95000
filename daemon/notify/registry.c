/* SPDX-License-Identifier: Apache-2.0 */
/* The channels that there are, one line each. */
#include "wq/channel.h"

extern const struct wq_channel webhook_channel, sms_channel;

const struct wq_channel *const wq_channels[] = {
	&webhook_channel,
	&sms_channel,
	NULL,
};
