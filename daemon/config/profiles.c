/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles: days of every year on which rules may differ, such as the flood season. */
#include "fill.h"
#include "load.h"

#include <stdio.h>
#include <string.h>

bool load_date(const char *text, uint8_t *month, uint8_t *day)
{
	static const unsigned lengths[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	unsigned m = 0, d = 0;
	int used = 0;

	if (sscanf(text, "%2u-%2u%n", &m, &d, &used) != 2 || used != 5 || text[5] != '\0' || m < 1 || m > 12 || d < 1 ||
	        d > lengths[m - 1])
		return false;
	*month = (uint8_t)m;
	*day = (uint8_t)d;
	return true;
}

static void take_date(struct loader *l, const struct section *section, const char *key, const char *text,
        uint8_t *month, uint8_t *day)
{
	if (text != NULL && !load_date(text, month, day))
		load_error(l, section, key, 0, "%s = \"%.20s\": must be a month and a day such as \"05-01\"", key, text);
}

void load_profiles(struct loader *l)
{
	const size_t count = load_count(l, SECTION_PROFILE);
	struct wq_profile *profiles = arena_array(l->arena, count, sizeof *profiles);
	struct wq_site *site = &l->config->site;

	l->profile_names = names_new(l, count);
	for (const struct section *s = load_next(l, SECTION_PROFILE, NULL); s != NULL;
	        s = load_next(l, SECTION_PROFILE, s)) {
		struct wq_profile *profile = &profiles[site->profile_count];
		struct profile_settings settings;

		if (site->profile_count == WQ_PROFILES) {
			load_error(l, s, NULL, 0, "is one too many: at most %d profiles", WQ_PROFILES);
			break;
		}
		fill_settings(s, schema_profile, &settings, l->arena, l->report);
		profile->name = s->title;
		take_date(l, s, "from", settings.from, &profile->from_month, &profile->from_day);
		take_date(l, s, "to", settings.to, &profile->to_month, &profile->to_day);
		l->profile_names.items[l->profile_names.count++] = s->title;
		site->profile_count++;
	}
	site->profiles = profiles;
}

uint32_t load_profile_bits(struct loader *l, const struct section *section, const char *key,
        const struct wq_list *list)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < list->count; i++) {
		const uint32_t index =
		        load_reference(l, section, key, i, "profile", list->items[i], &l->profile_names);

		if (index != WQ_NONE)
			bits |= UINT32_C(1) << index;
	}
	return bits;
}
