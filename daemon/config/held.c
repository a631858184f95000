/* SPDX-License-Identifier: Apache-2.0 */
/* What a contact is not told at once: quiet hours, digest times, gathering, and how many messages it takes. */
#include "fill.h"
#include "load.h"

#include <string.h>

#define GATHER_PEOPLE WQ_MINUTES(1)
#define MOST_PEOPLE   10

/* "22:00-07:00". */
static bool read_quiet(const char *text, wq_ms *from, wq_ms *to)
{
	char first[6], second[6];

	if (strlen(text) != 11 || text[5] != '-')
		return false;
	memcpy(first, text, 5);
	memcpy(second, text + 6, 5);
	first[5] = second[5] = '\0';
	return load_time_of_day(first, from) && load_time_of_day(second, to) && *from != *to;
}

static void load_digests(struct loader *l, const struct section *section, const struct wq_list *list, struct config_hold *hold)
{
	for (size_t i = 0; i < list->count && i < CONFIG_HOLD_DIGESTS; i++) {
		if (load_time_of_day(list->items[i], &hold->digests[hold->digest_count]))
			hold->digest_count++;
		else
			load_error(l, section, "digest", i, "digest = \"%.20s\": is not a time of day like \"08:00\"", list->items[i]);
	}
}

/* Whether a person reads any of its channels, and whether one of them can carry a digest. */
static void look_at_channels(const struct config *config, const struct config_contact *contact, bool *person, bool *digests)
{
	*person = *digests = false;
	for (size_t i = 0; i < contact->channel_count; i++) {
		const struct wq_channel *channel = config->channels[contact->channels[i]].channel;

		*person = *person || !channel->machine;
		*digests = *digests || channel->memos == WQ_MEMOS_ALL;
	}
}

void load_hold(struct loader *l, const struct section *section, const struct contact_settings *settings, struct config_contact *contact)
{
	static const char *const keys[] = { "quiet", "digest", "gather", "most" };
	struct config_hold *hold = &contact->hold;
	bool person, digests;

	look_at_channels(l->config, contact, &person, &digests);
	*hold = (struct config_hold){ .digest_level = (enum wq_level)settings->digest_level,
		.gather = settings->gather != WQ_NO_TIME ? settings->gather : person ? GATHER_PEOPLE : 0,
		.most = settings->most != INT64_MIN ? (uint64_t)settings->most : person ? MOST_PEOPLE : 0,
		.most_within = settings->most_within };
	if (settings->quiet != NULL && !read_quiet(settings->quiet, &hold->quiet_from, &hold->quiet_to)) {
		load_error(l, section, "quiet", 0, "quiet = \"%.20s\": must be two different times of day, \"22:00-07:00\"",
		        settings->quiet);
		hold->quiet_from = hold->quiet_to = 0;
	}
	load_digests(l, section, &settings->digest, hold);
	for (size_t i = 0; !digests && contact->channel_count > 0 && i < sizeof keys / sizeof *keys; i++)
		if (section_entry(section, keys[i]) != NULL)
			load_warning(l, section, keys[i],
			        "%s has no effect: none of its channels can carry what is told together (a template, a call)", keys[i]);
}
