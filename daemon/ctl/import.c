/* SPDX-License-Identifier: Apache-2.0 */
/* wqctl import: readings of a file, or what people measured, to the running daemon. It alone writes the history: what is
 * imported is judged, corrects days and is told as any late reading is. */
#include "client.h"
#include "commands.h"
#include "complaint.h"
#include "import_send.h"

#include "config/config.h"
#include "wq/err.h"
#include "wq/table.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define DEFAULT_CONFIG "/etc/wqd/wqd.conf"
#define NAMES_MAX      64

struct arguments {
	struct ctl_target target;
	const char *file, *kind;
	bool dry;
	struct wq_table_wish wish;
	struct wq_table_name maps[NAMES_MAX], units[NAMES_MAX];
};

enum { KEY_STATION = 'S', KEY_KIND = 'k', KEY_FORMAT = 'f', KEY_MAP = 'm', KEY_UNIT = 'u', KEY_YEAR = 'y', KEY_BELOW = 'b', KEY_DRY = 'n' };

static const struct argp_option options[] = {
	{ "kind", KEY_KIND, "KIND", 0, "automatic (default): readings of analysers; manual: of a laboratory, 人工复测", 0 },
	{ "station", KEY_STATION, "ID", 0, "of a file without a column for it", 0 },
	{ "format", KEY_FORMAT, "FORM", 0, "auto (default), wide, long, national", 0 },
	{ "map", KEY_MAP, "HEADING=PARAMETER", 0, "what a heading means; nothing behind = leaves the column out", 0 },
	{ "unit", KEY_UNIT, "PARAMETER=UNIT", 0, "of values whose heading names none", 0 },
	{ "year", KEY_YEAR, "YEAR", 0, "of the first time without one (default: by the file's date)", 0 },
	{ "below", KEY_BELOW, "half", 0, "take half the limit for 0.01L and <0.01; otherwise they are refused", 0 },
	{ "dry-run", KEY_DRY, NULL, 0, "read and check only; the daemon is not asked", 0 },
	{ 0 },
};

static void add_name(struct argp_state *state, struct wq_table_name *names, size_t *count, char *arg, const char *option)
{
	char *equals = strchr(arg, '=');

	if (equals == NULL || equals == arg)
		argp_error(state, "%s takes NAME=NAME, not '%s'", option, arg);
	if (*count == NAMES_MAX)
		argp_error(state, "%s is given more than %d times", option, NAMES_MAX);
	*equals = '\0';
	names[(*count)++] = (struct wq_table_name){ arg, equals + 1 };
}

static int year_of(struct argp_state *state, const char *arg)
{
	char *end;
	long year = strtol(arg, &end, 10);

	if (*end != '\0' || year < 1970 || year > 2199)
		argp_error(state, "--year: '%s'; 1970 to 2199 are allowed", arg);
	return (int)year;
}

static error_t parse_form(struct argp_state *state, struct arguments *a, const char *arg)
{
	int form = wq_table_form_parse(arg);

	if (form < 0)
		argp_error(state, "--format: '%s'; auto, wide, long and national are allowed", arg);
	a->wish.form = (enum wq_table_form)form;
	return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->target;
		return 0;
	case KEY_KIND:
		if (strcmp(arg, "automatic") != 0 && strcmp(arg, "manual") != 0)
			argp_error(state, "--kind: '%s'; automatic and manual are allowed", arg);
		a->kind = arg;
		return 0;
	case KEY_STATION:
		a->wish.station = arg;
		return 0;
	case KEY_FORMAT:
		return parse_form(state, a, arg);
	case KEY_MAP:
		add_name(state, a->maps, &a->wish.map_count, arg, "--map");
		return 0;
	case KEY_UNIT:
		add_name(state, a->units, &a->wish.unit_count, arg, "--unit");
		return 0;
	case KEY_YEAR:
		a->wish.year = year_of(state, arg);
		return 0;
	case KEY_BELOW:
		if (strcmp(arg, "half") != 0)
			argp_error(state, "--below: '%s'; half is allowed", arg);
		a->wish.below_half = true;
		return 0;
	case KEY_DRY:
		a->dry = true;
		return 0;
	case ARGP_KEY_ARG:
		if (a->file != NULL)
			argp_error(state, "one file at a time, '%s' is one too many", arg);
		a->file = arg;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "the file is missing; - is standard input");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = { { &ctl_target_argp, 0, NULL, 0 }, { 0 } };
static const struct argp argp = { options, parse, "FILE|-",
	"Gives the readings of a CSV to the daemon, or what people measured. The same file twice changes nothing.\v"
	"Examples:\n"
	"  wqctl import --dry-run export.csv\n"
	"  wqctl import --station yigan --map 磷=tp --unit tp=ug/L logger.csv\n"
	"  wqctl import --kind manual lab.csv\n"
	"\nExit status: 0 all of it was taken, 1 something was refused, 2 usage, 3 the daemon does not answer.",
	children, NULL, NULL };

static wq_ms now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (wq_ms)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Of a dry run: what the daemon would say. */
static bool known(const struct wq_site *site, const struct wq_table_reading *reading, const char **why)
{
	uint32_t station = wq_site_station(site, reading->station);

	for (uint32_t i = 0; station == WQ_NONE && i < site->station_count; i++)
		if (strcmp(site->stations[i].name, reading->station) == 0)
			station = i;
	*why = station == WQ_NONE ? "there is no such station" : "the station does not measure";
	return station != WQ_NONE && wq_site_series(site, station, reading->parameter) != WQ_NONE;
}

static int take(const struct arguments *a, const struct wq_site *site, struct import_sender *sender,
        const struct wq_table_reading *reading)
{
	const char *why;

	if (!a->dry)
		return import_add(sender, reading);
	if (known(site, reading, &why)) {
		sender->fate.taken++;
		return CTL_DONE;
	}
	sender->fate.refused++;
	ctl_complain(&sender->complaints, "%s:%zu: %s: %s %s", a->file, reading->line, why, reading->station,
	        site->parameters[reading->parameter].name);
	return CTL_DONE;
}

static int read_all(const struct arguments *a, const struct wq_site *site, struct wq_table *table, struct import_sender *sender)
{
	struct wq_table_reading reading;
	struct wq_err err;
	int status = CTL_DONE, r = 1;

	while (r != 0 && status == CTL_DONE) {
		r = wq_table_next(table, &reading, &err);
		if (r == 1) {
			status = take(a, site, sender, &reading);
		} else if (r == WQ_E_INVALID) {
			sender->fate.refused++;
			ctl_complain(&sender->complaints, "%s", err.text);
		} else if (r < 0) {
			fprintf(stderr, "wqctl: %s\n", err.text);
			status = CTL_WRONG;
		}
	}
	return status == CTL_DONE ? import_flush(sender) : status;
}

static const char *form_name(enum wq_table_form form)
{
	return form == WQ_TABLE_LONG ? "long" : form == WQ_TABLE_NATIONAL ? "national" : "wide";
}

static void say_sum(const struct arguments *a, const struct wq_table *table, const struct import_sender *sender)
{
	const char *ignored = wq_table_ignored(table);

	printf("%s: %zu rows (%s, %s): %zu %s, %zu repeated, %zu revised, %zu refused; %zu cells empty\n", a->file,
	        wq_table_rows(table), form_name(wq_table_form(table)), sender->kind, sender->fate.taken,
	        a->dry ? "would be given" : "taken", sender->fate.repeated, sender->fate.revised, sender->fate.refused,
	        wq_table_empty(table));
	if (ignored[0] != '\0')
		printf("%s: columns that were left out: %s\n", a->file, ignored);
}

static int run(const struct arguments *a, const struct config *config, FILE *from)
{
	struct wq_table_wish wish = a->wish;
	struct stat about;
	struct wq_err err;

	wish.maps = a->maps;
	wish.units = a->units;
	wish.parameters = config->site.parameters;
	wish.parameter_count = config->site.parameter_count;
	wish.zone = config->site.zone;
	wish.reference = fstat(fileno(from), &about) == 0 && S_ISREG(about.st_mode) ? (wq_ms)about.st_mtime * 1000 : now_ms();
	struct import_sender sender = { .file = a->file,
		.kind = a->kind,
		.parameters = wish.parameters,
		.began = now_ms(),
		.socket = a->target.socket != NULL ? a->target.socket
			: config->paths.socket != NULL ? config->paths.socket
						       : CTL_DEFAULT_SOCKET };
	struct wq_table *table = wq_table_open(from, a->file, &wish, &err);
	if (table == NULL) {
		fprintf(stderr, "wqctl: %s\n", err.text);
		return CTL_WRONG;
	}
	int status = read_all(a, &config->site, table, &sender);
	ctl_complained(sender.complaints);
	say_sum(a, table, &sender);
	if (status == CTL_UNREACHABLE)
		fprintf(stderr, "wqctl: the rest was not given; the same file can be given again, what is known is not taken twice\n");
	import_drop(&sender);
	wq_table_close(table);
	return status == CTL_DONE && sender.fate.refused > 0 ? CTL_WRONG : status;
}

static FILE *open_file(const char *file)
{
	FILE *from = strcmp(file, "-") == 0 ? stdin : fopen(file, "re");
	struct stat about;

	if (from != NULL && fstat(fileno(from), &about) == 0 && S_ISDIR(about.st_mode)) {
		fclose(from);
		errno = EISDIR;
		from = NULL;
	}
	if (from == NULL)
		fprintf(stderr, "wqctl: %s: %s\n", file, strerror(errno));
	return from;
}

int ctl_import(int argc, char **argv)
{
	static struct arguments arguments;
	struct config_report report = { 0 };

	arguments = (struct arguments){ .kind = "automatic" };
	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	struct config *config = config_load(arguments.target.config != NULL ? arguments.target.config : DEFAULT_CONFIG, &report);
	if (config == NULL) {
		config_report_print(&report, "nothing was imported", stderr);
		return CTL_WRONG;
	}
	FILE *from = open_file(arguments.file);
	int status = from != NULL ? run(&arguments, config, from) : CTL_WRONG;
	if (from != NULL && from != stdin)
		fclose(from);
	config_free(config);
	return status;
}
