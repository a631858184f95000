/* SPDX-License-Identifier: Apache-2.0 */
/* The one call that knows the program's own drivers, rules and channels. */
#include "config.h"

#include "load.h"

#include <string.h>

static const struct config_tables program = {
	.drivers = wq_drivers, .rules = wq_rules, .channels = wq_channels, .uplinks = wq_uplinks
};

struct config *config_plain(enum wq_water water)
{
	static struct config_report report;
	const char *text = water == WQ_LAKE
	        ? "site { name = \"-\" }\nstation \"*\" { kind = national water = lake }\n"
	        : "site { name = \"-\" }\nstation \"*\" { kind = national water = river }\n";

	return config_load_text(text, strlen(text), "(defaults)", &program, &report);
}

struct config *config_load(const char *path, struct config_report *report)
{
	return config_load_file(path, &program, report);
}
