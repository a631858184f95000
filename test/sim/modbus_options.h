/* SPDX-License-Identifier: Apache-2.0 */
/* What `wqsim modbus` is told on its command line. */
#ifndef WQ_SIM_MODBUS_OPTIONS_H
#define WQ_SIM_MODBUS_OPTIONS_H

#include "slave.h"

#include "wq/instant.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

struct modbus_options {
	struct sockaddr_in listen;
	const char *scenario, *csv, *port_file, *units, *counts;
	const char *hung, *unreachable; /* stations, by commas; NULL: none */
	const char **stations;
	size_t station_count;
	wq_ms step;
	struct slave_faults faults;
	struct slave_line line;
	bool separate, on_request, exit_at_end, print_map, verbose;
};

/* Fills *options; prints what is wrong and ends the program with status 2 as argp does. The
 * stations' array is the caller's to free. */
void modbus_options_parse(struct modbus_options *options, int argc, char **argv);

#endif
