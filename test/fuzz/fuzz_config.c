/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a configuration file: refused with a reason or taken, with the program's own
 * plug-ins. Every eighth input, chosen by its bytes, is read twice and must be told the same words:
 * what lies about from an earlier reading must not show. */
#include "arena.h"
#include "load.h"
#include "zone.h"

#include "wq/err.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const struct wq_zone *__real_zone_by_name(
        const char *name, struct arena *arena, struct wq_err *err);
const struct wq_zone *__wrap_zone_by_name(
        const char *name, struct arena *arena, struct wq_err *err);

#define ZONES   256
#define SHARE   8
#define LARGEST ((size_t)64 * 1024)

struct known {
	char name[64];
	struct wq_zone zone;
};

/* To look up every day until 2200 takes as long as a hundred inputs, and depends on nothing but the
 * name: each of the first ZONES names is looked up once. */
static struct wq_zone *remember(const char *name, const struct wq_zone *zone)
{
	static struct known known[ZONES];
	static size_t count;
	struct wq_zone_row *rows;

	for (size_t i = 0; i < count; i++) {
		if (strcmp(known[i].name, name) == 0)
			return &known[i].zone;
	}
	if (zone == NULL || count == ZONES || strlen(name) >= sizeof known[0].name)
		return NULL;
	rows = malloc(zone->count * sizeof *rows);
	if (rows == NULL)
		abort();
	memcpy(rows, zone->rows, zone->count * sizeof *rows);
	strcpy(known[count].name, name);
	known[count++].zone = (struct wq_zone){ .count = zone->count, .rows = rows };
	return NULL;
}

const struct wq_zone *__wrap_zone_by_name(const char *name, struct arena *arena, struct wq_err *err)
{
	const bool fixed = strncmp(name, "UTC", 3) == 0; /* no look-up, and there are many */
	const struct wq_zone *zone = fixed ? NULL : remember(name, NULL);

	if (fixed)
		return __real_zone_by_name(name, arena, err);
	if (zone == NULL) {
		zone = __real_zone_by_name(name, arena, err);
		remember(name, zone);
	}
	return zone;
}

/* FNV-1a: the same input is always read as often. */
static bool read_twice(const uint8_t *data, size_t size)
{
	uint32_t hash = 2166136261U;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ data[i]) * 16777619U;
	return (hash ^ hash >> 16) % SHARE == 0;
}

static void load(const uint8_t *data, size_t size, struct config_report *report)
{
	const struct config_tables tables = { wq_drivers, wq_rules, wq_channels, wq_uplinks };
	struct config *config = config_load_text((const char *)data, size, "fuzz", &tables, report);

	if ((config == NULL) != (report->error_count > 0))
		abort();
	config_free(config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct config_report first, second;

	if (size > LARGEST)
		return 0;
	load(data, size, &first);
	if (!read_twice(data, size))
		return 0;
	load(data, size, &second);
	if (first.error_count != second.error_count || first.warning_count != second.warning_count)
		abort();
	for (size_t i = 0; i < CONFIG_PROBLEMS; i++)
		if (strcmp(first.problems[i].text, second.problems[i].text) != 0)
			abort();
	return 0;
}
