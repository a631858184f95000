/* SPDX-License-Identifier: Apache-2.0 */
/* The list of drivers: one line each. */
#include "wq/driver.h"

extern const struct wq_driver wq_driver_modbus, wq_driver_mqtt, wq_driver_hj212, wq_driver_folder;

const struct wq_driver *const wq_drivers[] = {
	&wq_driver_modbus,
	&wq_driver_mqtt,
	&wq_driver_hj212,
	&wq_driver_folder,
	NULL,
};
