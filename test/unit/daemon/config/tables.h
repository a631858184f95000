/* SPDX-License-Identifier: Apache-2.0 */
/* Small plug-ins for the tests of the configuration: one polled driver, one pushed driver, rules of
 * each scope, one channel. */
#ifndef WQ_TEST_TABLES_H
#define WQ_TEST_TABLES_H

#include "load.h"

extern const struct config_tables tables;

struct serial_settings {
	const char *host;
	wq_ms interval;
	int64_t port;
};

struct serial_point {
	int64_t address;
	int type;
	double scale;
};

struct post_point {
	const char *field;
};

struct above_settings {
	double above;
	int64_t readings;
	int level;
	struct wq_list notes;
	bool strict;
};

struct horn_settings {
	const char *url, *secret;
};

#endif
