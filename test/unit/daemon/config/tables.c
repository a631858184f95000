/* SPDX-License-Identifier: Apache-2.0 */
/* Small plug-ins for the tests of the configuration. */
#include "tables.h"

#include "wq/err.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define ROW(kind, s, f, text, ...)                                                                 \
	{                                                                                          \
		.key = text, .type = WQ_OPT_##kind, .offset = offsetof(struct s, f), __VA_ARGS__   \
	}

static const struct wq_choice types[] = { { "float32", 1 }, { "uint16", 2 }, { NULL, 0 } };
static const struct wq_choice levels[] = { { "watch", 2 }, { "alarm", 4 }, { NULL, 0 } };

static const struct wq_option serial_rows[] = {
	ROW(TEXT, serial_settings, host, "host", .required = true, .help = "address"),
	ROW(SPAN, serial_settings, interval, "interval", .fallback = "60s", .min = 200,
	        .max = 86400000, .help = "time between polls"),
	ROW(INTEGER, serial_settings, port, "port", .fallback = "502", .min = 1, .max = 65535,
	        .help = "TCP port"),
	WQ_OPTION_END,
};

static const struct wq_option serial_point_rows[] = {
	ROW(INTEGER, serial_point, address, "address", .required = true, .min = 0, .max = 65535,
	        .help = "register"),
	ROW(CHOICE, serial_point, type, "type", .fallback = "float32", .choices = types,
	        .help = "what it holds"),
	ROW(NUMBER, serial_point, scale, "scale", .fallback = "1", .min = 0.001, .max = 1000,
	        .unit = "mg/L", .help = "factor"),
	WQ_OPTION_END,
};

static const struct wq_option post_rows[] = { WQ_OPTION_END };

static const struct wq_option post_point_rows[] = {
	ROW(TEXT, post_point, field, "field", .help = "member"),
	WQ_OPTION_END,
};

static int serial_check(const struct wq_bus *bus, size_t *bad, struct wq_err *err)
{
	*bad = SIZE_MAX;
	for (size_t i = 0; i < bus->point_count; i++) {
		const struct serial_point *point = bus->points[i].settings;

		if (point->address == 13) {
			*bad = i;
			return wq_fail(err, WQ_E_INVALID, "register 13 brings bad luck");
		}
	}
	return 0;
}

static const char *serial_claims(const struct wq_bus *bus)
{
	const char *host = ((const struct serial_settings *)bus->settings)->host;

	return host[0] == '/' ? host : NULL;
}

static void serial_advise(const struct wq_bus *bus, char *text, size_t cap)
{
	const char *host = ((const struct serial_settings *)bus->settings)->host;

	snprintf(text, cap, "%s", strcmp(host, "/dev/loose") == 0 ? "that port is loose" : "");
}

static const struct wq_driver serial = {
	.name = "serial",
	.bus_options = serial_rows,
	.bus_settings_size = sizeof(struct serial_settings),
	.point_options = serial_point_rows,
	.point_settings_size = sizeof(struct serial_point),
	.check = serial_check,
	.advise = serial_advise,
	.claims = serial_claims,
};

static const struct wq_driver post = {
	.name = "post",
	.bus_options = post_rows,
	.bus_settings_size = sizeof(int),
	.point_options = post_point_rows,
	.point_settings_size = sizeof(struct post_point),
};

static const struct wq_option above_rows[] = {
	ROW(NUMBER, above_settings, above, "above", .min = 0, .max = 100, .unit = "mg/L",
	        .help = "limit"),
	ROW(INTEGER, above_settings, readings, "readings", .fallback = "2", .min = 1, .max = 63,
	        .help = "in a row"),
	ROW(CHOICE, above_settings, level, "level", .fallback = "alarm", .choices = levels,
	        .help = "level"),
	ROW(LIST, above_settings, notes, "notes", .min = 1, .max = 3, .fallback = "a, b",
	        .help = "up to three"),
	ROW(SWITCH, above_settings, strict, "strict", .help = "a switch"),
	WQ_OPTION_END,
};

/* Judges nutrients only, and refuses 66 altogether. */
static int above_check(const void *settings, const struct wq_site *site,
        const struct wq_parameter *parameter, struct wq_err *err)
{
	const struct above_settings *s = settings;

	(void)site;
	if (s->above == 66)
		return wq_fail(err, WQ_E_INVALID, "66 is refused");
	if (strcmp(parameter->alias, "tp") != 0 && strcmp(parameter->alias, "nh3n") != 0)
		return wq_fail(err, WQ_E_INVALID, "has no limit");
	return 0;
}

static const struct wq_rule above = {
	.name = "above",
	.scope = WQ_SCOPE_SERIES,
	.options = above_rows,
	.settings_size = sizeof(struct above_settings),
	.check = above_check,
};

static const struct wq_option day_rows[] = { WQ_OPTION_END };

static const struct wq_rule day = {
	.name = "day", .scope = WQ_SCOPE_STATION, .options = day_rows, .settings_size = 8
};

static const struct wq_rule whole = {
	.name = "whole", .scope = WQ_SCOPE_NETWORK, .options = day_rows, .settings_size = 8
};

static const struct wq_option horn_rows[] = {
	ROW(TEXT, horn_settings, url, "url", .required = true, .help = "address"),
	ROW(SECRET, horn_settings, secret, "secret", .help = "key"),
	WQ_OPTION_END,
};

static int horn_check(const void *settings, struct wq_err *err)
{
	const struct horn_settings *s = settings;

	if (strncmp(s->url, "http", 4) != 0) /* crashes when handed half-filled settings */
		return wq_fail(err, WQ_E_INVALID, "url: must begin with http");
	return 0;
}

static const struct wq_channel horn = {
	.name = "horn",
	.options = horn_rows,
	.settings_size = sizeof(struct horn_settings),
	.check = horn_check,
};

static const struct wq_option bell_rows[] = { WQ_OPTION_END };

static int bell_recipient(const char *phone, struct wq_err *err)
{
	if (phone == NULL || strcmp(phone, "110") == 0)
		return wq_fail(err, WQ_E_INVALID, "phone: cannot be rung");
	return 0;
}

/* Rings numbers, but not 110. */
static const struct wq_channel bell = {
	.name = "bell", .options = bell_rows, .settings_size = 8, .recipient = bell_recipient,
	.memos = WQ_MEMOS_DRILL
};

static const struct wq_driver *const drivers[] = { &serial, &post, NULL };
static const struct wq_rule *const rules[] = { &above, &day, &whole, NULL };
static const struct wq_channel *const channels[] = { &horn, &bell, NULL };

const struct config_tables tables = { .drivers = drivers, .rules = rules, .channels = channels };
