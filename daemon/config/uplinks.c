/* SPDX-License-Identifier: Apache-2.0 */
/* Where records are forwarded to. */
#include "fill.h"
#include "load.h"
#include "suggest.h"

#include "wq/err.h"

#include <string.h>

static const struct wq_uplink *find_kind(struct loader *l, const struct section *section, const char *kind)
{
	const struct wq_uplink *const *known = l->tables->uplinks;
	struct suggest suggest = { .wanted = kind };
	char end[SUGGEST_TEXT];

	for (size_t i = 0; known != NULL && known[i] != NULL; i++) {
		if (strcmp(known[i]->name, kind) == 0)
			return known[i];
		suggest_offer(&suggest, known[i]->name);
	}
	load_error(l, section, "kind", 0, "kind = \"%.20s\": there is no such kind of uplink%s", kind,
	        suggest_end(&suggest, end));
	return NULL;
}

static bool has_key(const struct wq_option *rows, const char *key)
{
	for (; rows->key != NULL; rows++) {
		if (strcmp(rows->key, key) == 0)
			return true;
	}
	return false;
}

/* Keys are those of all kinds together when the file is read; here each is held against its own. */
static void check_foreign_keys(struct loader *l, const struct section *section, const struct wq_uplink *transport)
{
	for (size_t i = 0; i < section->entry_count; i++) {
		const char *key = section->entries[i].key;

		if (!has_key(schema_uplink, key) && !has_key(transport->options, key))
			load_error(l, section, key, 0, "'%s' is no key of an uplink of kind %s", key, transport->name);
	}
}

/* "*" or nothing: all. */
static void uplink_stations(struct loader *l, const struct section *section, const struct wq_list *list,
        struct config_uplink *uplink)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i], "*") == 0)
			return;
	}
	uplink->stations = load_references(
	        l, section, "stations", "station", list, &l->station_names, &uplink->station_count);
}

static bool forwards(const struct config_uplink *uplink, uint32_t station)
{
	for (size_t i = 0; i < uplink->station_count; i++) {
		if (uplink->stations[i] == station)
			return true;
	}
	return uplink->station_count == 0;
}

static void check_uplink(struct loader *l, const struct section *section, const struct config_uplink *uplink)
{
	const struct wq_uplink *transport = uplink->transport;
	struct wq_err err;

	if (transport->check != NULL && transport->check(uplink->settings, &err) < 0) {
		load_error(l, section, NULL, 0, "%s", err.text);
		return;
	}
	for (uint32_t i = 0; transport->station != NULL && i < l->config->site.station_count; i++) {
		if (forwards(uplink, i) &&
		        transport->station(uplink->settings, l->config->site.stations[i].id, &err) < 0)
			load_error(l, section, "stations", 0, "%s", err.text);
	}
}

static void load_uplink(struct loader *l, const struct section *section, struct config_uplink *uplink)
{
	const size_t errors = l->report->error_count;
	struct uplink_settings settings;

	fill_settings(section, schema_uplink, &settings, l->arena, l->report);
	*uplink = (struct config_uplink){ .name = section->title,
		.alarms = settings.alarms,
		.days = settings.days,
		.window = settings.window,
		.rate = settings.rate,
		.patience = settings.patience,
		.lag_alarm = settings.lag_alarm };
	uplink_stations(l, section, &settings.stations, uplink);
	uplink->transport = settings.kind != NULL ? find_kind(l, section, settings.kind) : NULL;
	if (uplink->transport == NULL)
		return;
	check_foreign_keys(l, section, uplink->transport);
	uplink->settings = fill_new(section, uplink->transport->options, uplink->transport->settings_size, l->arena,
	        l->report);
	if (l->report->error_count == errors && !section->damaged)
		check_uplink(l, section, uplink);
}

void load_uplinks(struct loader *l)
{
	const size_t count = load_count(l, SECTION_UPLINK);
	struct config_uplink *uplinks = arena_array(l->arena, count, sizeof *uplinks);
	const char **names = arena_array(l->arena, count, sizeof *names);
	size_t n = 0;

	for (const struct section *s = load_next(l, SECTION_UPLINK, NULL); s != NULL;
	        s = load_next(l, SECTION_UPLINK, s)) {
		load_uplink(l, s, &uplinks[n]);
		names[n++] = s->title;
	}
	l->config->uplinks = uplinks;
	l->config->uplink_names = names;
	l->config->uplink_count = n;
}
