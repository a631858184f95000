/* SPDX-License-Identifier: Apache-2.0 */
/* wqsim: picks the subcommand. */
#include "sim.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{ "modbus", sim_modbus, "play stations as Modbus TCP slaves" },
	{ "mqtt", sim_mqtt, "play stations as MQTT publishers" },
	{ "hj212", sim_hj212, "play stations that speak HJ 212 over TCP" },
	{ "inbox", sim_inbox, "receive webhooks, verify signatures, print what an officer would see" },
};

static int usage(FILE *to, int status)
{
	fputs("usage: wqsim COMMAND [OPTION…]   (wqsim COMMAND --help)\n\n", to);
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		fprintf(to, "  %-8s %s\n", commands[i].name, commands[i].help);
	return status;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return usage(stderr, 2);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return usage(stdout, 0);
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	fprintf(stderr, "wqsim: no command '%s'\n", argv[1]);
	return usage(stderr, 2);
}
