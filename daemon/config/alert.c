/* SPDX-License-Identifier: Apache-2.0 */
/* Who is told: channels, contacts, groups. */
#include "fill.h"
#include "load.h"
#include "suggest.h"

#include "wq/err.h"

#include <ctype.h>
#include <string.h>

/* What every channel has; by itself, where the section says nothing. */
static void fill_pace(struct loader *l, const struct section *section, struct config_channel *use)
{
	struct channel_settings given;

	fill_settings(section, schema_channel, &given, l->arena, l->report);
	use->rate = (uint32_t)(given.rate == INT64_MIN ? use->channel->rate : given.rate);
	use->burst = (uint32_t)use->channel->burst;
	use->catch_up = given.catch_up == CATCH_UP_AUTO ? use->channel->catch_up : given.catch_up == CATCH_UP_TRUE;
	if (given.catch_up == CATCH_UP_TRUE && use->channel->recipient != NULL)
		load_warning(l, section, "catch_up",
		        "catch_up = true: %s rings people; after it has failed they are rung for all that reached them otherwise",
		        use->channel->name);
	use->jitter = given.jitter == WQ_NO_TIME ? use->channel->jitter : given.jitter;
	use->jitter_alarm = given.jitter_alarm == WQ_NO_TIME ? use->channel->jitter_alarm : given.jitter_alarm;
	use->link = section_entry(section, "link") == NULL ? use->channel->link == WQ_LINK_USUAL : given.link;
	if (use->link && use->channel->link == WQ_LINK_NEVER)
		load_error(l, section, "link", 0, "link = true: messages of %s cannot carry a link", use->channel->name);
}

void load_channels(struct loader *l)
{
	const size_t count = load_count(l, SECTION_CHANNEL);
	struct config_channel *channels = arena_array(l->arena, count, sizeof *channels);
	size_t n = 0;

	l->channel_names = names_new(l, count);
	for (const struct section *s = load_next(l, SECTION_CHANNEL, NULL); s != NULL;
	        s = load_next(l, SECTION_CHANNEL, s)) {
		const size_t errors = l->report->error_count;
		const struct wq_channel *channel = s->kind->plugin;
		struct wq_err err;

		channels[n] = (struct config_channel){ .name = s->title,
			.channel = channel,
			.settings = fill_new(
			        s, channel->options, channel->settings_size, l->arena, l->report) };
		fill_pace(l, s, &channels[n]);
		if (l->report->error_count == errors && !s->damaged && channel->check != NULL &&
		        channel->check(channels[n].settings, &err) < 0)
			load_error(l, s, NULL, 0, "%s", err.text);
		l->channel_names.items[n++] = s->title;
	}
	l->channel_names.count = n;
	l->config->channels = channels;
	l->config->channel_count = n;
}

static void check_phone(struct loader *l, const struct section *section, const char *phone)
{
	const char *digits = phone == NULL ? NULL : phone[0] == '+' ? phone + 1 : phone;
	size_t length;

	if (digits == NULL)
		return;
	for (length = 0; isdigit((unsigned char)digits[length]); length++)
		;
	if (digits[length] != '\0' || length < 3 || length > 15)
		load_error(l, section, "phone", 0,
		        "phone = %.24s: must be 3 to 15 digits, a leading + allowed", phone);
}

/* A channel that needs an address must be able to use the one that is given. */
static void check_recipient(
        struct loader *l, const struct section *section, const struct config_contact *contact)
{
	for (size_t i = 0; i < contact->channel_count; i++) {
		const struct config_channel *use = &l->config->channels[contact->channels[i]];
		struct wq_err err;

		const char *key = contact->phone == NULL ? "channels" : "phone";
		int r = use->channel->recipient == NULL ? 0 : use->channel->recipient(contact->phone, &err);

		if (r == 0 && use->channel->mailbox != NULL) {
			key = contact->email == NULL ? "channels" : "email";
			r = use->channel->mailbox(contact->email, &err);
		}
		if (r == 0)
			continue;
		load_error(l, section, key, 0, "%s (channel '%s' sends to it)", err.text, use->name);
		return;
	}
}

static void load_contacts(struct loader *l)
{
	const size_t count = load_count(l, SECTION_CONTACT);
	struct config_contact *contacts = arena_array(l->arena, count, sizeof *contacts);
	size_t n = 0;

	l->contact_names = names_new(l, count);
	for (const struct section *s = load_next(l, SECTION_CONTACT, NULL); s != NULL;
	        s = load_next(l, SECTION_CONTACT, s)) {
		const size_t errors = l->report->error_count;
		struct contact_settings settings;
		struct config_contact *contact = &contacts[n];

		fill_settings(s, schema_contact, &settings, l->arena, l->report);
		check_phone(l, s, settings.phone);
		if (s->title[0] == '@' || s->title[0] == '#')
			load_error(l, s, NULL, 0, "a contact's title must not begin with %c: in a group that is a %s", s->title[0],
			        s->title[0] == '@' ? "roster" : "department");
		*contact = (struct config_contact){ .id = s->title,
			.name = settings.name,
			.phone = settings.phone,
			.email = settings.email,
			.department = settings.department,
			.english = settings.language == 1 };
		contact->channels = load_references(l, s, "channels", "channel", &settings.channels,
		        &l->channel_names, &contact->channel_count);
		load_hold(l, s, &settings, contact);
		if (l->report->error_count == errors)
			check_recipient(l, s, contact);
		l->contact_names.items[n++] = s->title;
	}
	l->contact_names.count = n;
	l->config->contacts = contacts;
	l->config->contact_count = n;
}

static void add_member(uint32_t *members, struct config_group *group, uint32_t contact)
{
	for (size_t i = 0; i < group->member_count; i++)
		if (members[i] == contact)
			return;
	members[group->member_count++] = contact;
}

/* Everybody of a department is a member; what the contacts say is all that is known of departments. */
static void add_department(struct loader *l, const struct section *section, size_t item, const char *wanted,
        uint32_t *members, struct config_group *group)
{
	struct suggest suggest = { .wanted = wanted };
	char end[SUGGEST_TEXT];
	bool found = false;

	for (uint32_t i = 0; i < l->config->contact_count; i++) {
		const char *department = l->config->contacts[i].department;

		if (department == NULL)
			continue;
		suggest_offer(&suggest, department);
		if (strcmp(department, wanted) != 0)
			continue;
		found = true;
		add_member(members, group, i);
	}
	if (!found && l->document.lost_count == 0)
		load_error(l, section, "members", item, "members = \"#%.63s\": no contact is of this department%s", wanted,
		        suggest_end(&suggest, end));
}

/* Members are contacts; with an @ before it the title of a roster: who is on duty then; with a # a department. */
static void load_members(
        struct loader *l, const struct section *section, const struct wq_list *list, struct config_group *group)
{
	uint32_t *members = arena_array(l->arena, list->count + l->config->contact_count, sizeof *members);
	uint32_t *rosters = arena_array(l->arena, list->count, sizeof *rosters);

	for (size_t i = 0; i < list->count; i++) {
		const char *name = list->items[i];
		const bool duty = name[0] == '@';
		uint32_t index;

		if (name[0] == '#') {
			add_department(l, section, i, name + 1, members, group);
			continue;
		}
		index = duty ? load_reference(l, section, "members", i, "roster", name + 1, &l->roster_names)
		             : load_reference(l, section, "members", i, "contact", name, &l->contact_names);
		if (index == WQ_NONE)
			continue;
		if (duty)
			rosters[group->roster_count++] = index;
		else
			add_member(members, group, index);
	}
	group->members = members;
	group->rosters = rosters;
}

static void load_groups(struct loader *l)
{
	const size_t count = load_count(l, SECTION_GROUP);
	struct config_group *groups = arena_array(l->arena, count, sizeof *groups);
	size_t n = 0;

	l->group_names = names_new(l, count);
	for (const struct section *s = load_next(l, SECTION_GROUP, NULL); s != NULL;
	        s = load_next(l, SECTION_GROUP, s)) {
		struct group_settings settings;
		struct config_group *group = &groups[n];

		fill_settings(s, schema_group, &settings, l->arena, l->report);
		*group = (struct config_group){ .id = s->title,
			.name = settings.name == NULL ? s->title : settings.name };
		load_members(l, s, &settings.members, group);
		l->group_names.items[n++] = s->title;
	}
	l->group_names.count = n;
	l->config->groups = groups;
	l->config->group_count = n;
}

static void warn_unused_rosters(struct loader *l)
{
	uint32_t r = 0;

	for (const struct section *s = load_next(l, SECTION_ROSTER, NULL); s != NULL; s = load_next(l, SECTION_ROSTER, s), r++) {
		bool used = false;

		for (size_t g = 0; g < l->config->group_count; g++)
			for (size_t i = 0; i < l->config->groups[g].roster_count; i++)
				used = used || l->config->groups[g].rosters[i] == r;
		if (!used && l->document.lost_count == 0)
			load_warning(l, s, NULL, "is used by no group: members = { \"@%.60s\" } tells who is on duty", s->title);
	}
}

void load_people(struct loader *l)
{
	load_contacts(l);
	load_rosters(l);
	load_groups(l);
	load_routes(l);
	warn_untold(l);
	warn_unused_rosters(l);
}
