/* SPDX-License-Identifier: Apache-2.0 */
/* The transports of uplinks: a new one is one file here and one line below. */
#include "wq/uplink.h"

extern const struct wq_uplink wq_uplink_mqtt, wq_uplink_hj212;

const struct wq_uplink *const wq_uplinks[] = { &wq_uplink_mqtt, &wq_uplink_hj212, NULL };
