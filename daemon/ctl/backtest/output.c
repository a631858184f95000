/* SPDX-License-Identifier: Apache-2.0 */
/* Conclusions as lines of text. */
#include "output.h"

#include "ctl/number.h"

#include "wq/csv.h"
#include "wq/decimal.h"
#include "wq/err.h"
#include "wq/health.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

static void write_number(FILE *to, double value)
{
	char text[WQ_DECIMAL_TEXT];
	if (isfinite(value))
		fputs(wq_value_format(value, text), to);
}

/* A multiple as sentences have it: two places, half to even, one significant digit where they would be 0. */
static void write_multiple(FILE *to, double value)
{
	char text[WQ_DECIMAL_TEXT];
	struct wq_decimal rounded;
	/* Twelve digits: sixths have no decimal of their own, and a tie is still a tie. */
	snprintf(text, sizeof text, "%.12g", value);
	if (wq_decimal_parse_evaluate(text, 2, &rounded, NULL) == 0)
		write_number(to, wq_decimal_to_double(rounded));
}

static const char *time_text(struct output *output, const struct wq_zone *zone, wq_ms at)
{
	if (output->zone != zone || output->at != at)
		wq_instant_format(zone, at, output->at_text);
	output->zone = zone;
	output->at = at;
	return output->at_text;
}

static void write_sample(void *owner, const struct wq_site *site, const struct wq_sample *given,
        const struct wq_stored *s)
{
	struct output *output = owner;
	FILE *to = output->samples;
	output->sample_count++;
	if (to == NULL)
		return;
	const struct wq_series *series = &site->series[s->series];
	const struct wq_station *station = &site->stations[series->station];
	fputs(time_text(output, station->zone, given->at), to);
	fputc(',', to);
	wq_csv_write(to, station->id);
	fputc(',', to);
	fputs(site->parameters[series->parameter].alias, to);
	fputc(',', to);
	write_number(to, given->value);
	fputc(',', to);
	fputs(wq_quality_name(s->quality), to);
	fputs(s->event ? ",1," : ",0,", to);
	write_number(to, s->score);
	fputc(',', to);
	fputs(wq_health_test_name(s->test), to);
	fputc('\n', to);
}

/* All but the evidence, which is JSON already. */
static json_t *change_json(const struct wq_site *site, const struct wq_change *c)
{
	char time[WQ_INSTANT_TEXT], alarm[WQ_ALARM_NAME];
	const struct wq_station *station =
	        c->station != WQ_NONE ? &site->stations[c->station] : NULL;
	return json_pack("{s:s, s:s, s:s, s:i, s:s, s:s?, s:s?, s:s, s:o, s:o, s:s}", "time",
	        wq_instant_format(station != NULL ? station->zone : site->zone, c->time, time),
	        "alarm", wq_alarm_name(c->alarm, alarm), "change", wq_change_name(c->kind),
	        "number", (int)c->number, "rule", site->rules[c->rule].name, "station",
	        station != NULL ? station->id : NULL, "parameter",
	        c->series != WQ_NONE ? site->parameters[site->series[c->series].parameter].alias
	                             : NULL,
	        "level", wq_level_name(c->level), "value", ctl_number(c->value), "limit",
	        ctl_number(c->limit), "text", c->says);
}

static void write_change(void *owner, const struct wq_site *site, const struct wq_change *change)
{
	struct output *output = owner;
	FILE *to = output->alarms;
	output->changes[change->kind]++;
	if (to == NULL)
		return;
	json_t *object = change_json(site, change);
	fputc('{', to);
	json_dumpf(object, to, JSON_EMBED | JSON_COMPACT | JSON_REAL_PRECISION(15));
	fprintf(to, ",\"evidence\":%s}\n", change->evidence);
	json_decref(object);
}

static void write_day(FILE *to, const struct wq_site *site, const struct wq_day_row *row)
{
	char day[WQ_INSTANT_TEXT];
	fprintf(to, "%s,", wq_day_format(row->day, day));
	wq_csv_write(to, site->stations[row->station].id);
	fprintf(to, ",%s,",
	        row->parameter == WQ_NONE ? "all" : site->parameters[row->parameter].alias);
	write_number(to, row->mean);
	fprintf(to, ",%" PRId32 ",", row->valid);
	if (row->expected > 0)
		fprintf(to, "%" PRId32, row->expected);
	fputc(',', to);
	if (row->class_ > 0)
		fprintf(to, "%d", row->class_);
	fprintf(to, ",%s,", wq_day_verdict_name(row->verdict));
	write_multiple(to, row->exceedance);
	fputc('\n', to);
}

static void take_day(void *owner, const struct wq_site *site, const struct wq_day_row *row)
{
	struct output *output = owner;
	if (row->parameter == WQ_NONE)
		output->verdicts[row->verdict]++;
	if (output->days != NULL)
		write_day(output->days, site, row);
}

struct replay_listener output_listener(struct output *output)
{
	return (struct replay_listener){ output, write_sample, write_change, take_day };
}

static int open_one(const char *path, const char *header, FILE **to, struct wq_err *err)
{
	if (path == NULL)
		return 0;
	*to = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");
	if (*to == NULL)
		return wq_fail(err, WQ_E_IO, "%s: %s", path, strerror(errno));
	fputs(header, *to);
	return 0;
}

static int close_one(const char *path, FILE *to, struct wq_err *err)
{
	if (to == NULL)
		return 0;
	int bad = fflush(to) != 0 || ferror(to);
	if (to != stdout)
		bad |= fclose(to) != 0;
	return bad ? wq_fail(err, WQ_E_IO, "%s: not written whole: %s", path, strerror(errno)) : 0;
}

int output_open(struct output *output, const struct output_paths *paths, struct wq_err *err)
{
	*output = (struct output){ .paths = paths };
	int r = open_one(paths->samples, "time,station,parameter,value,quality,event,score,test\n",
	        &output->samples, err);
	if (r == 0)
		r = open_one(paths->alarms, "", &output->alarms, err);
	if (r == 0)
		r = open_one(paths->days,
		        "day,station,parameter,mean,valid,expected,class,verdict,exceedance\n",
		        &output->days, err);
	return r;
}

int output_close(struct output *output, struct wq_err *err)
{
	int r = close_one(output->paths->samples, output->samples, err);
	int s = close_one(output->paths->alarms, output->alarms, err);
	int t = close_one(output->paths->days, output->days, err);
	return r < 0 ? r : s < 0 ? s : t;
}

void output_summary(const struct output *output, const struct readings *readings)
{
	const size_t *days = output->verdicts;
	fprintf(stderr, "%zu stations, %zu rows, %zu samples; alarms:", readings->id_count,
	        readings->row_count, output->sample_count);
	for (int k = 0; k < WQ_CHANGE_KINDS; k++)
		if (output->changes[k] > 0)
			fprintf(stderr, " %zu %s", output->changes[k],
			        wq_change_name((enum wq_change_kind)k));
	fprintf(stderr, "; days: %zu meet, %zu exceed, %zu not assessable\n", days[WQ_DAY_MEETS],
	        days[WQ_DAY_EXCEEDS], days[WQ_DAY_NOT_ASSESSABLE]);
}
