/* SPDX-License-Identifier: Apache-2.0 */
/* See person.h. */
#include "person.h"

#include <jansson.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { KEY_WHO = 'w' };

static const struct argp_option options[] = {
	{ "who", KEY_WHO, "NAME", 0, "who says so (default: your login name)", 0 },
	{ 0 },
};

const char *person_text(struct argp_state *state, const char *what, const char *text, size_t max)
{
	json_t *utf8 = json_string(text);
	size_t length = strlen(text);

	if (!utf8)
		argp_error(state, "%s: not UTF-8", what);
	json_decref(utf8);
	if (length == 0 || length > max)
		argp_error(state, "%s: %zu bytes, 1 to %zu are allowed (a Chinese character has 3)",
		        what, length, max);
	return text;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	const char **who = state->input;

	if (key != KEY_WHO)
		return ARGP_ERR_UNKNOWN;
	*who = person_text(state, "--who", arg, WQ_PERSON_TEXT - 1);
	return 0;
}

const struct argp person_argp = { options, parse, NULL, NULL, NULL, NULL, NULL };

/* The login name survives su and sudo, which matter less than who acted. */
const char *person_name(const char *who, char login[WQ_PERSON_TEXT])
{
	const struct passwd *entry;

	if (who)
		return who;
	if (getlogin_r(login, WQ_PERSON_TEXT) == 0 && login[0])
		return login;
	entry = getpwuid(getuid());
	if (entry)
		snprintf(login, WQ_PERSON_TEXT, "%s", entry->pw_name);
	else
		snprintf(login, WQ_PERSON_TEXT, "uid %u", (unsigned int)getuid());
	return login;
}
