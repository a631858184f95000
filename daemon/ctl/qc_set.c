/* SPDX-License-Identifier: Apache-2.0 */
/* The parameters of a QARTOD test on the command line. */
#include "qc.h"

#include "wq/err.h"
#include "wq/instant.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct setting {
	enum wq_qc_test test;
	const char *key;
	int (*take)(struct wq_qc_request *request, const struct setting *setting, const char *value,
	        struct wq_err *err);
	size_t offset; /* of a number or a span */
	const char *form;
};

static bool number(const char *text, const char *end, double *value)
{
	char *stop;

	if (*text == '\0' || strspn(text, "0123456789+-.eE") < (size_t)(end - text))
		return false;
	errno = 0;
	*value = strtod(text, &stop);
	return stop == end && isfinite(*value);
}

static int wrong(const struct setting *setting, const char *value, struct wq_err *err)
{
	return wq_fail(
	        err, WQ_E_INVALID, "%s=%.60s: %s is wanted", setting->key, value, setting->form);
}

static int take_number(struct wq_qc_request *request, const struct setting *setting,
        const char *value, struct wq_err *err)
{
	double *to = (double *)(void *)((char *)request + setting->offset);

	return number(value, value + strlen(value), to) ? 0 : wrong(setting, value, err);
}

static bool span(const char *text, struct wq_qc_span *out)
{
	const char *colon = strchr(text, ':');

	return colon != NULL && number(text, colon, &out->low) &&
	        number(colon + 1, text + strlen(text), &out->high);
}

static int take_span(struct wq_qc_request *request, const struct setting *setting,
        const char *value, struct wq_err *err)
{
	struct wq_qc_span *to = (struct wq_qc_span *)(void *)((char *)request + setting->offset);

	return span(value, to) ? 0 : wrong(setting, value, err);
}

static int word(const char *const *words, int count, const char *value)
{
	for (int i = 0; i < count; i++)
		if (words[i] != NULL && strcmp(words[i], value) == 0)
			return i;
	return -1;
}

static int take_method(struct wq_qc_request *request, const struct setting *setting,
        const char *value, struct wq_err *err)
{
	static const char *const words[] = { "average", "differential" };
	const int i = word(words, 2, value);

	if (i < 0)
		return wrong(setting, value, err);
	request->method = (enum wq_qc_method)i;
	return 0;
}

static int take_check(struct wq_qc_request *request, const struct setting *setting,
        const char *value, struct wq_err *err)
{
	static const char *const words[] = { "std", "range" };
	const int i = word(words, 2, value);

	if (i < 0)
		return wrong(setting, value, err);
	request->check_type = (enum wq_qc_check)i;
	return 0;
}

/* -- climatology: tspan begins a member, what follows belongs to it -- */

static bool instants(const char *value, const struct wq_zone *zone, struct wq_qc_span *out)
{
	const char *slash = strchr(value, '/');
	char first[WQ_INSTANT_TEXT];
	wq_ms from, to;

	if (slash == NULL || (size_t)(slash - value) >= sizeof first)
		return false;
	memcpy(first, value, (size_t)(slash - value));
	first[slash - value] = '\0';
	if (wq_instant_parse(first, zone, &from, NULL) < 0 ||
	        wq_instant_parse(slash + 1, zone, &to, NULL) < 0)
		return false;
	*out = (struct wq_qc_span){ (double)from, (double)to };
	return true;
}

static int take_tspan(struct wq_qc_request *request, const struct setting *setting,
        const char *value, struct wq_err *err)
{
	static const struct wq_qc_span none = { NAN, NAN };
	struct wq_qc_member member = { .period = WQ_QC_MONTH, .vspan = none, .fspan = none };

	if (instants(value, request->zone, &member.tspan))
		member.period = WQ_QC_ALWAYS;
	else if (!span(value, &member.tspan))
		return wrong(setting, value, err);
	if (request->member_count == WQ_QC_MEMBERS)
		return wq_fail(
		        err, WQ_E_FULL, "more than %d members of a climatology", WQ_QC_MEMBERS);
	request->members[request->member_count++] = member;
	return 0;
}

static struct wq_qc_member *member_of(
        struct wq_qc_request *request, const struct setting *setting, struct wq_err *err)
{
	if (request->member_count > 0)
		return &request->members[request->member_count - 1];
	wq_fail(err, WQ_E_INVALID,
	        "%s belongs to a member of the climatology: give its tspan before it",
	        setting->key);
	return NULL;
}

static int take_member_span(struct wq_qc_request *request, const struct setting *setting,
        const char *value, struct wq_err *err)
{
	struct wq_qc_member *member = member_of(request, setting, err);

	if (member == NULL)
		return WQ_E_INVALID;
	return span(value, (struct wq_qc_span *)(void *)((char *)member + setting->offset))
	        ? 0
	        : wrong(setting, value, err);
}

static int take_period(struct wq_qc_request *request, const struct setting *setting,
        const char *value, struct wq_err *err)
{
	static const char *const words[] = { [WQ_QC_YEAR] = "year",
		[WQ_QC_QUARTER] = "quarter",
		[WQ_QC_MONTH] = "month",
		[WQ_QC_WEEK] = "week",
		[WQ_QC_DAY_OF_YEAR] = "dayofyear",
		[WQ_QC_DAY_OF_WEEK] = "dayofweek",
		[WQ_QC_DAY] = "day",
		[WQ_QC_HOUR] = "hour" };
	struct wq_qc_member *member = member_of(request, setting, err);
	const int i =
	        strcmp(value, "weekofyear") == 0 ? WQ_QC_WEEK : word(words, WQ_QC_HOUR + 1, value);

	if (member == NULL)
		return WQ_E_INVALID;
	if (i < 0)
		return wrong(setting, value, err);
	if (member->period == WQ_QC_ALWAYS)
		return wq_fail(err, WQ_E_INVALID,
		        "period=%s: the tspan before it is of dates; with a period it is of "
		        "numbers, LOW:HIGH",
		        value);
	member->period = (enum wq_qc_period)i;
	return 0;
}

#define IN(field)     offsetof(struct wq_qc_request, field)
#define MEMBER(field) offsetof(struct wq_qc_member, field)
#define SPAN          "LOW:HIGH, two numbers,"
#define NUMBER        "a number"
#define SECONDS       "a number of seconds"

static const struct setting settings[] = {
	{ WQ_QC_GROSS_RANGE, "fail_span", take_span, IN(fail_span), SPAN },
	{ WQ_QC_GROSS_RANGE, "suspect_span", take_span, IN(suspect_span), SPAN },
	{ WQ_QC_CLIMATOLOGY, "tspan", take_tspan, 0, "DATE/DATE, or LOW:HIGH with a period," },
	{ WQ_QC_CLIMATOLOGY, "period", take_period, 0,
	        "year, quarter, month, week (weekofyear), dayofyear, dayofweek, day or hour" },
	{ WQ_QC_CLIMATOLOGY, "vspan", take_member_span, MEMBER(vspan), SPAN },
	{ WQ_QC_CLIMATOLOGY, "fspan", take_member_span, MEMBER(fspan), SPAN },
	{ WQ_QC_SPIKE, "method", take_method, 0, "average or differential" },
	{ WQ_QC_SPIKE, "suspect_threshold", take_number, IN(suspect_threshold), NUMBER },
	{ WQ_QC_SPIKE, "fail_threshold", take_number, IN(fail_threshold), NUMBER },
	{ WQ_QC_RATE_OF_CHANGE, "threshold", take_number, IN(threshold),
	        "a number of units a second" },
	{ WQ_QC_RATE_OF_CHANGE, "fail_threshold", take_number, IN(fail_threshold),
	        "a number of units a second" },
	{ WQ_QC_FLAT_LINE, "suspect_threshold", take_number, IN(suspect_threshold), SECONDS },
	{ WQ_QC_FLAT_LINE, "fail_threshold", take_number, IN(fail_threshold), SECONDS },
	{ WQ_QC_FLAT_LINE, "tolerance", take_number, IN(tolerance), NUMBER },
	{ WQ_QC_ATTENUATED_SIGNAL, "suspect_threshold", take_number, IN(suspect_threshold),
	        NUMBER },
	{ WQ_QC_ATTENUATED_SIGNAL, "fail_threshold", take_number, IN(fail_threshold), NUMBER },
	{ WQ_QC_ATTENUATED_SIGNAL, "test_period", take_number, IN(test_period), SECONDS },
	{ WQ_QC_ATTENUATED_SIGNAL, "min_obs", take_number, IN(min_obs), "a number of values" },
	{ WQ_QC_ATTENUATED_SIGNAL, "min_period", take_number, IN(min_period), SECONDS },
	{ WQ_QC_ATTENUATED_SIGNAL, "check_type", take_check, 0, "std or range" },
	{ WQ_QC_GAP, "fail_span", take_number, IN(gap_hours), "a number of hours" },
};

static void list(enum wq_qc_test test, char *to, size_t size)
{
	to[0] = '\0';
	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
		if (settings[i].test != test)
			continue;
		if (to[0] != '\0')
			strncat(to, ", ", size - strlen(to) - 1);
		strncat(to, settings[i].key, size - strlen(to) - 1);
	}
}

int qc_set(struct wq_qc_request *request, const char *text, struct wq_err *err)
{
	const char *equals = strchr(text, '=');
	const size_t length = equals != NULL ? (size_t)(equals - text) : strlen(text);
	char allowed[160];

	for (size_t i = 0; equals != NULL && i < sizeof settings / sizeof *settings; i++) {
		const struct setting *s = &settings[i];

		if (s->test == request->test && strlen(s->key) == length &&
		        strncmp(s->key, text, length) == 0)
			return s->take(request, s, equals + 1, err);
	}
	list(request->test, allowed, sizeof allowed);
	return wq_fail(err, WQ_E_INVALID, "'%.60s' is no KEY=VALUE of %s; its keys are %s", text,
	        wq_qc_test_name(request->test), allowed);
}
