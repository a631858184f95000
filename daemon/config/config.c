/* SPDX-License-Identifier: Apache-2.0 */
/* The one call that knows the program's own drivers, rules and channels. */
#include "config.h"

#include "load.h"

struct config *config_load(const char *path, struct config_report *report)
{
	const struct config_tables tables = {
		.drivers = wq_drivers, .rules = wq_rules, .channels = wq_channels
	};

	return config_load_file(path, &tables, report);
}
