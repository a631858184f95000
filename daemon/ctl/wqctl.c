/* SPDX-License-Identifier: Apache-2.0 */
/* wqctl: picks the subcommand. */
#include "commands.h"

#include <argp.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{ "check", ctl_check, "check a configuration file" },
	{ "probe", ctl_probe, "read registers of a Modbus device and print what they could mean" },
	{ "plan", ctl_plan, "print what the Modbus buses of a configuration will be asked" },
	{ "classify", ctl_classify, "append the GB 3838 class to the rows of a CSV" },
	{ "round", ctl_round, "print a CSV with its values as displayed or as evaluated" },
	{ "backtest", ctl_backtest, "run the rules of a configuration over a CSV" },
	{ "test-rules", ctl_test_rules, "test the rules of a configuration on readings made up for it" },
	{ "decode", ctl_decode, "read HJ 212 frames and print them as JSON" },
	{ "evaluate", ctl_evaluate, "evaluate stations and groups over a day, week, month, year" },
	{ "trend", ctl_trend, "test a series for a trend, and when it will be at a limit" },
	{ "import", ctl_import, "give readings from a file, or laboratory results, to the daemon" },
	{ "qc", ctl_qc, "judge the values of a series: of the water, or of the instrument" },
	{ "learnt", ctl_learnt, "list what the rule health learnt to be usual of each series" },
	{ "query", ctl_query, "read the history database" },
	{ "alarms", ctl_alarms, "list alarms" },
	{ "status", ctl_status, "show how the daemon is and what it reads" },
	{ "ack", ctl_ack, "acknowledge an alarm" },
	{ "close", ctl_close, "close an alarm with its cause and the measure taken" },
	{ "channel", ctl_channel, "try a channel with a marked message" },
	{ "command", ctl_command, "have a device do what the configuration lists" },
	{ "outbox", ctl_outbox, "list the notices that wait and those that were given up" },
	{ "drill", ctl_drill, "list what the last drills of the channels came to" },
	{ "shelve", ctl_shelve, "put an alarm aside for a while: it is recorded, nobody is told" },
	{ "unshelve", ctl_unshelve, "end that before its time" },
	{ "shelved", ctl_shelved, "list what is shelved" },
	{ "profile", ctl_profile, "turn a profile on or off by hand, or list them" },
	{ "maintain", ctl_maintain, "announce that a station is being worked on, or that it is done" },
	{ "roster", ctl_roster, "show who is on duty, until when, and who is next" },
	{ "load", ctl_load, "show what the alarms ask of people" },
	{ "route", ctl_route, "explain who would be told of an alarm, why, and how" },
};

const char *argp_program_version = "wqctl " WQ_VERSION;

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

/* argp's help ends with the list of subcommands, made from the table. */
static char *list_commands(int key, const char *text, void *input)
{
	char *list = NULL;
	size_t length = 0;
	FILE *to;

	(void)input;
	if (key != ARGP_KEY_HELP_EXTRA)
		return (char *)text; /* argp wants back what it gave */
	to = open_memstream(&list, &length);
	if (!to)
		return NULL;
	fputs("Commands:\n", to);
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		fprintf(to, "  %-10s %s\n", commands[i].name, commands[i].help);
	fputs("\nExit status: 0 done, 1 what was checked is wrong, 2 usage, 3 the daemon does not "
	      "answer.\n",
	        to);
	fclose(to);
	return list;
}

struct choice {
	const struct command *command;
	int first; /* index of its name in argv */
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct choice *choice = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		choice->command = find(arg);
		if (!choice->command)
			argp_error(state, "no command '%s'", arg);
		choice->first = state->next - 1;
		state->next = state->argc; /* the rest is the subcommand's */
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_usage(state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = { NULL, parse, "COMMAND [OPTION...]",
	"Operates wqd, the water-quality early-warning daemon, and reads its history.\v"
	"'wqctl COMMAND --help' explains one command.",
	NULL, list_commands, NULL };

/* A result that could not be written (a full disk) must not pass for one that was. */
static int finish(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	perror("wqctl: standard output");
	return status == CTL_DONE ? CTL_WRONG : status;
}

int main(int argc, char **argv)
{
	struct choice choice = { 0 };
	char title[32];

	setlocale(LC_CTYPE, "C.UTF-8");
	argp_err_exit_status = CTL_USAGE;
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &choice);
	snprintf(title, sizeof title, "wqctl %s", choice.command->name);
	argv[choice.first] = title; /* what argp calls the program in its messages */
	return finish(choice.command->run(argc - choice.first, argv + choice.first));
}
