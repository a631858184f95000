/* SPDX-License-Identifier: Apache-2.0 */
/* The driver as the daemon sees it: keys, check, and a watch for each folder. */
#include "keys.h"
#include "watch.h"

#include "wq/driver.h"
#include "wq/err.h"
#include "wq/parameter.h"
#include "wq/table.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

extern const struct wq_driver wq_driver_folder;

static const struct wq_choice kinds[] = { { "automatic", 0 }, { "manual", 1 }, { NULL, 0 } };
static const struct wq_choice formats[] = { { "auto", WQ_TABLE_AUTO }, { "wide", WQ_TABLE_WIDE }, { "long", WQ_TABLE_LONG },
	{ "national", WQ_TABLE_NATIONAL }, { NULL, 0 } };
static const struct wq_choice dones[] = { { "move", 0 }, { "keep", 1 }, { NULL, 0 } };
static const struct wq_choice belows[] = { { "refuse", 0 }, { "half", 1 }, { NULL, 0 } };

#define BUS(field) offsetof(struct folder_settings, field)

static const struct wq_option bus_options[] = {
	{ .key = "path",
	        .type = WQ_OPT_TEXT,
	        .required = true,
	        .min = 1,
	        .max = 1024,
	        .offset = BUS(path),
	        .help = "the folder; done/ and refused/ are made in it" },
	{ .key = "pattern",
	        .type = WQ_OPT_TEXT,
	        .min = 1,
	        .max = 255,
	        .fallback = "*.csv",
	        .offset = BUS(pattern),
	        .help = "names of the files that are taken; small and capital letters are the same" },
	{ .key = "kind",
	        .type = WQ_OPT_CHOICE,
	        .fallback = "automatic",
	        .choices = kinds,
	        .offset = BUS(kind),
	        .help = "readings of analysers, or what people measured" },
	{ .key = "format",
	        .type = WQ_OPT_CHOICE,
	        .fallback = "auto",
	        .choices = formats,
	        .offset = BUS(format),
	        .help = "how the tables are made" },
	{ .key = "done",
	        .type = WQ_OPT_CHOICE,
	        .fallback = "move",
	        .choices = dones,
	        .offset = BUS(done),
	        .help = "what was read is moved to done/ or refused/, or stays where it is" },
	{ .key = "station",
	        .type = WQ_OPT_TEXT,
	        .min = 1,
	        .max = 63,
	        .offset = BUS(station),
	        .help = "id or name of the station of files that have no column for it" },
	{ .key = "map",
	        .type = WQ_OPT_LIST,
	        .min = 0,
	        .max = 64,
	        .offset = BUS(map),
	        .help = "what headings mean: \"HEADING=PARAMETER\", nothing behind = leaves a column out" },
	{ .key = "units",
	        .type = WQ_OPT_LIST,
	        .min = 0,
	        .max = 64,
	        .offset = BUS(units),
	        .help = "units of values whose heading names none: \"PARAMETER=UNIT\"" },
	{ .key = "below",
	        .type = WQ_OPT_CHOICE,
	        .fallback = "refuse",
	        .choices = belows,
	        .offset = BUS(below),
	        .help = "values such as 0.01L and <0.01: refused, or half of the limit" },
	{ .key = "rescan",
	        .type = WQ_OPT_SPAN,
	        .min = 1000,
	        .max = 86400000,
	        .fallback = "30s",
	        .offset = BUS(rescan),
	        .help = "the folder is looked through this often, beside what the kernel tells" },
	{ .key = "settle",
	        .type = WQ_OPT_SPAN,
	        .min = 500,
	        .max = 3600000,
	        .fallback = "10s",
	        .offset = BUS(settle),
	        .help = "a file that a look finds is taken when it has not changed for this long" },
	{ .key = "largest",
	        .type = WQ_OPT_INTEGER,
	        .min = 1,
	        .max = 1024,
	        .fallback = "64",
	        .unit = "MiB",
	        .offset = BUS(largest),
	        .help = "larger files are refused" },
	WQ_OPTION_END,
};

static const struct wq_option point_options[] = { WQ_OPTION_END };

static int check_pairs(const struct wq_list *list, const char *key, struct wq_err *err)
{
	for (size_t i = 0; i < list->count; i++) {
		const char *equals = strchr(list->items[i], '=');

		if (equals == NULL || equals == list->items[i] || strlen(list->items[i]) >= 128)
			return wq_fail(err, WQ_E_INVALID, "%s: \"%.60s\" is no NAME=NAME of at most 127 bytes", key, list->items[i]);
	}
	return 0;
}

/* A unit that its parameter cannot have would refuse every file. */
static int check_units(const struct wq_bus *bus, const struct folder_settings *settings, struct wq_err *err)
{
	for (size_t i = 0; i < settings->units.count; i++) {
		const char *item = settings->units.items[i], *equals = strchr(item, '=');
		struct wq_decimal factor;
		char name[128];

		memcpy(name, item, (size_t)(equals - item));
		name[equals - item] = '\0';
		int found = wq_parameter_find(bus->parameters, bus->parameter_count, name);
		if (found < 0)
			return wq_fail(err, WQ_E_INVALID, "units: \"%.60s\" is no parameter", name);
		if (wq_unit_factor(&bus->parameters[found], equals + 1, &factor, err) < 0)
			return WQ_E_INVALID;
	}
	return 0;
}

static int check(const struct wq_bus *bus, size_t *bad, struct wq_err *err)
{
	const struct folder_settings *settings = bus->settings;

	*bad = SIZE_MAX;
	if (settings->path == NULL || settings->path[0] != '/')
		return wq_fail(err, WQ_E_INVALID, "path is written from the root, /…");
	if (strchr(settings->pattern, '/') != NULL)
		return wq_fail(err, WQ_E_INVALID, "pattern \"%.60s\" is of names, without /", settings->pattern);
	int r = check_pairs(&settings->map, "map", err);
	if (r == 0)
		r = check_pairs(&settings->units, "units", err);
	return r == 0 ? check_units(bus, settings, err) : r;
}

/* Of a path that is written in another way (links) the kernel knows. */
static bool takes(const struct wq_bus *bus, const char *path)
{
	const struct folder_settings *settings = bus->settings;
	const char *name = strrchr(path, '/');
	struct stat own, folder;
	char parent[1024];

	if (name == NULL || settings->done != 0 || fnmatch(settings->pattern, name + 1, FNM_PERIOD | FNM_CASEFOLD) != 0)
		return false;
	snprintf(parent, sizeof parent, "%.*s", name == path ? 1 : (int)(name - path), path);
	if (strcmp(parent, settings->path) == 0)
		return true;
	return stat(parent, &own) == 0 && stat(settings->path, &folder) == 0 && own.st_dev == folder.st_dev &&
	        own.st_ino == folder.st_ino;
}

struct state {
	struct folder_watch *watch;
};

static size_t state_size(const struct wq_bus *bus)
{
	(void)bus;
	return sizeof(struct state);
}

static int open_bus(void *state, const struct wq_bus *bus, struct wq_err *err)
{
	struct wq_err own = { .code = WQ_E_MEMORY };

	err = err != NULL ? err : &own;
	((struct state *)state)->watch = folder_watch_open(bus, err);
	return ((struct state *)state)->watch != NULL ? 0 : err->code;
}

static void close_bus(void *state)
{
	folder_watch_close(((struct state *)state)->watch);
	((struct state *)state)->watch = NULL;
}

static int start(void *state, const struct wq_sink *sink, struct wq_err *err)
{
	return folder_watch_start(((struct state *)state)->watch, sink, err);
}

static void stop(void *state)
{
	folder_watch_stop(((struct state *)state)->watch);
}

static uint64_t progress(const void *state)
{
	return folder_watch_progress(((const struct state *)state)->watch);
}

const struct wq_driver wq_driver_folder = {
	.name = "folder",
	.help = "files that are put into a folder",
	.bus_options = bus_options,
	.bus_settings_size = sizeof(struct folder_settings),
	.point_options = point_options,
	.by_name = true,
	.check = check,
	.takes = takes,
	.state_size = state_size,
	.open = open_bus,
	.close = close_bus,
	.start = start,
	.stop = stop,
	.progress = progress,
};
