/* SPDX-License-Identifier: Apache-2.0 */
/* wqctl load: what the alarms ask of people (alarm system performance, in the words of ISA-18.2 and EEMUA 191): how many
 * messages each officer gets a day, how soon somebody answers, what chatters, what stands. From the history alone. */
#include "commands.h"
#include "query.h"
#include "table.h"

#include "store/reader.h"
#include "wq/err.h"
#include "wq/instant.h"

#include <argp.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAYS_BY_ITSELF 30
#define SQL_ROOM       3000

enum { KEY_JSON = 'j' };

static const struct argp_option options[] = {
	{ "json", KEY_JSON, NULL, 0, "as one JSON object", 0 },
	{ 0 },
};

struct request {
	struct query query; /* which history, from and to */
	bool json;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct request *request = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &request->query;
		return 0;
	case KEY_JSON:
		request->json = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is one argument too many", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = { { &query_span_argp, 0, NULL, 0 }, { 0 } };
static const struct argp argp = { options, parse, NULL,
	"Shows what the alarms ask of people: messages per officer and day by level, how soon alarms are acknowledged, which "
	"rules chatter, what stands open, how many alarms escalated.\v"
	"By itself of the last 30 days. Works whether or not the daemon runs; only reads. Only notices that were delivered "
	"count as messages.",
	children, NULL, NULL };

/* -- the questions; @from and @to stand for the span, ms -- */

static const struct part {
	const char *name, *heading, *sql;
} parts[] = {
	{ "messages", "messages told, per officer and day",
	        "SELECT n.contact AS officer,strftime('%Y-%m-%d',(n.created+m.zone_offset)/1000,'unixepoch') AS day,"
	        "count(*) AS messages,sum(n.level=4) AS alarm,sum(n.level=3) AS warning,sum(n.level=2) AS watch,"
	        "sum(n.level=1) AS info,sum(n.assist) AS in_copy,sum(n.kind=11) AS reminders"
	        " FROM notice n JOIN meta m WHERE n.state=1 AND n.created>=@from AND n.created<@to"
	        " GROUP BY n.contact,day ORDER BY day,messages DESC,n.contact" },
	{ "answers", "time to acknowledge, minutes, from when it was last told as new",
	        "WITH told AS (SELECT a.alarm,a.level,a.decided-(SELECT max(b.decided) FROM change b WHERE b.alarm=a.alarm"
	        " AND b.number<a.number AND b.kind IN (0,1,8,10) AND b.hush=0) AS took FROM change a WHERE a.kind=3"
	        " AND a.decided>=@from AND a.decided<@to), ranked AS (SELECT level,took,row_number() OVER (PARTITION BY level"
	        " ORDER BY took) AS rank,count(*) OVER (PARTITION BY level) AS n FROM told WHERE took IS NOT NULL)"
	        " SELECT CASE level WHEN 1 THEN 'info' WHEN 2 THEN 'watch' WHEN 3 THEN 'warning' ELSE 'alarm' END AS level,"
	        "max(n) AS answers,round(min(CASE WHEN rank>=0.5*n THEN took END)/60000.0,1) AS p50,"
	        "round(min(CASE WHEN rank>=0.9*n THEN took END)/60000.0,1) AS p90 FROM ranked GROUP BY ranked.level"
	        " ORDER BY ranked.level DESC" },
	{ "chattering", "rules that open most often, ten at most",
	        "SELECT u.name AS rule,s.key AS station,p.alias AS parameter,count(*) AS openings,"
	        "sum(c.hush<>0) AS not_told FROM change c JOIN alarm a ON a.id=c.alarm JOIN rule u ON u.id=a.rule"
	        " LEFT JOIN station s ON s.id=a.station LEFT JOIN series e ON e.id=a.series"
	        " LEFT JOIN parameter p ON p.id=e.parameter WHERE c.kind IN (0,8) AND c.decided>=@from AND c.decided<@to"
	        " GROUP BY a.rule,a.station,a.series HAVING count(*)>1 ORDER BY openings DESC,rule,station LIMIT 10" },
	{ "standing", "alarms open for more than a day",
	        "SELECT printf('W%08d-%03d',a.id/100000,a.id%100000) AS alarm,u.name AS rule,s.key AS station,"
	        "p.alias AS parameter,round((@to-a.opened)/86400000.0,1) AS days,"
	        "iif(EXISTS (SELECT 1 FROM change c WHERE c.alarm=a.id AND c.kind=3 AND c.decided<@to),'yes','no') AS acknowledged"
	        " FROM alarm a JOIN rule u ON u.id=a.rule LEFT JOIN station s ON s.id=a.station LEFT JOIN series e ON e.id=a.series"
	        " LEFT JOIN parameter p ON p.id=e.parameter WHERE a.opened<=@to-86400000 AND (SELECT c.kind FROM change c"
	        " WHERE c.alarm=a.id AND c.decided<@to ORDER BY c.number DESC LIMIT 1) NOT IN (4,5) ORDER BY a.opened" },
	{ "escalated", "alarms by the highest level they were told at",
	        "SELECT CASE x.level WHEN 1 THEN 'info' WHEN 2 THEN 'watch' WHEN 3 THEN 'warning' ELSE 'alarm' END AS level,"
	        "count(*) AS alarms,sum(x.acknowledged) AS acknowledged,sum(x.escalated) AS escalated,sum(x.reminded) AS reminded"
	        " FROM (SELECT c.alarm,max(c.level) AS level,max(c.kind=3) AS acknowledged,max(c.kind=2) AS escalated,"
	        "max(c.kind=11) AS reminded FROM change c WHERE c.hush=0 AND c.alarm IN (SELECT b.alarm FROM change b"
	        " WHERE b.kind IN (0,8) AND b.hush=0 AND b.decided>=@from AND b.decided<@to) GROUP BY c.alarm) x"
	        " GROUP BY x.level ORDER BY x.level DESC" },
};

/* The question with its instants written in: they are numbers of ours, nobody's text. */
static void write_sql(const char *sql, wq_ms from, wq_ms to, char out[SQL_ROOM])
{
	size_t used = 0;

	out[0] = '\0';
	for (const char *at = sql; *at != '\0' && used + 24 < SQL_ROOM;) {
		const bool begin = strncmp(at, "@from", 5) == 0, end = strncmp(at, "@to", 3) == 0;

		if (begin || end) {
			used += (size_t)snprintf(out + used, SQL_ROOM - used, "%" PRId64, begin ? from : to);
			at += begin ? 5 : 3;
		} else {
			out[used++] = *at++;
		}
	}
	out[used] = '\0';
}

/* -- the answers -- */

struct answer {
	json_t *rows; /* of objects, in the order of the columns */
	size_t columns;
	char *kept[CTL_TABLE_COLUMNS];
	struct ctl_table table;
	bool json;
};

static int head(void *owner, const char *const *names, size_t count, struct wq_err *err)
{
	struct answer *a = owner;

	if (count > CTL_TABLE_COLUMNS)
		return wq_fail(err, WQ_E_INVALID, "%zu columns are too many", count);
	a->columns = count;
	for (size_t i = 0; i < count; i++)
		if ((a->kept[i] = strdup(names[i])) == NULL)
			return wq_fail(err, WQ_E_MEMORY, "no memory for the names of the columns");
	if (!a->json)
		ctl_table_begin(&a->table, count, names);
	return 0;
}

static json_t *json_of(const struct reader_cell *cell)
{
	switch (cell->type) {
	case READER_INTEGER:
		return json_integer(cell->integer);
	case READER_REAL:
		return json_real(cell->real);
	case READER_TEXT:
		return json_string(cell->text);
	default:
		return json_null();
	}
}

static int row(void *owner, const struct reader_cell *cells, size_t count, struct wq_err *err)
{
	struct answer *a = owner;
	char numbers[CTL_TABLE_COLUMNS][40];
	const char *texts[CTL_TABLE_COLUMNS];
	json_t *object = a->json ? json_object() : NULL;

	for (size_t i = 0; i < count && i < CTL_TABLE_COLUMNS; i++) {
		if (a->json) {
			json_object_set_new(object, a->kept[i], json_of(&cells[i]));
			continue;
		}
		if (cells[i].type == READER_INTEGER)
			snprintf(numbers[i], sizeof numbers[i], "%" PRId64, cells[i].integer);
		else if (cells[i].type == READER_REAL)
			snprintf(numbers[i], sizeof numbers[i], "%.1f", cells[i].real);
		texts[i] = cells[i].type == READER_NULL ? NULL : cells[i].type == READER_TEXT ? cells[i].text : numbers[i];
	}
	if (a->json && json_array_append_new(a->rows, object) < 0)
		return wq_fail(err, WQ_E_MEMORY, "no memory for the rows");
	if (!a->json)
		ctl_table_row(&a->table, texts);
	return 0;
}

static int ask(struct reader *reader, const struct part *part, wq_ms from, wq_ms to, json_t *whole, struct wq_err *err)
{
	struct answer a = { .json = whole != NULL, .rows = whole != NULL ? json_array() : NULL };
	const struct reader_sink sink = { &a, head, row };
	char sql[SQL_ROOM];
	int r;

	write_sql(part->sql, from, to, sql);
	r = reader_sql(reader, sql, &sink, err);
	if (r >= 0 && whole != NULL) {
		json_object_set(whole, part->name, a.rows);
	} else if (r >= 0) {
		printf("%s:%s\n", part->heading, a.table.count <= a.columns ? " none" : "");
		if (!ctl_table_print(&a.table, stdout))
			r = wq_fail(err, WQ_E_MEMORY, "memory ran out, the table is not complete");
		printf("\n");
	}
	for (size_t i = 0; i < a.columns; i++)
		free(a.kept[i]);
	json_decref(a.rows);
	ctl_table_free(&a.table);
	return r;
}

static bool instant(const char *what, const char *text, const struct wq_zone *zone, wq_ms *at)
{
	struct wq_err err;

	if (text == NULL || wq_instant_parse(text, zone, at, &err) == 0)
		return true;
	fprintf(stderr, "wqctl load: %s: %s\n", what, err.text);
	return false;
}

static int answer_all(struct reader *reader, const struct request *request, wq_ms from, wq_ms to)
{
	const struct wq_zone *zone = reader_zone(reader);
	char first[WQ_INSTANT_TEXT], last[WQ_INSTANT_TEXT];
	json_t *whole = NULL;
	struct wq_err err;
	int r = 0;

	wq_instant_format(zone, from, first);
	wq_instant_format(zone, to, last);
	if (request->json)
		whole = json_pack("{s:s, s:s}", "from", first, "to", last);
	else
		printf("%s to %s\n\n", first, last);
	for (size_t i = 0; i < sizeof parts / sizeof *parts && r >= 0; i++)
		r = ask(reader, &parts[i], from, to, whole, &err);
	if (r < 0)
		fprintf(stderr, "wqctl load: %s\n", err.text);
	else if (whole != NULL && json_dumpf(whole, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(15)) == 0)
		printf("\n");
	json_decref(whole);
	return r < 0 ? CTL_WRONG : CTL_DONE;
}

static int no_span(const struct reader *reader, wq_ms from, wq_ms to)
{
	char first[WQ_INSTANT_TEXT], last[WQ_INSTANT_TEXT];

	fprintf(stderr, "wqctl load: --from %s is not before --to %s; nothing lies between\n",
	        wq_instant_format(reader_zone(reader), from, first), wq_instant_format(reader_zone(reader), to, last));
	return CTL_USAGE;
}

int ctl_load(int argc, char **argv)
{
	struct request request = { 0 };
	struct reader *reader = NULL;
	wq_ms to = WQ_SECONDS(time(NULL)), from = WQ_NO_TIME;
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &request);
	status = query_open(&request.query, &reader);
	if (status != CTL_DONE)
		return status;
	if (!instant("--to", request.query.to, reader_zone(reader), &to) ||
	        !instant("--from", request.query.from, reader_zone(reader), &from)) {
		status = CTL_USAGE;
	} else {
		if (from == WQ_NO_TIME)
			from = to - WQ_DAYS(DAYS_BY_ITSELF);
		if (from < to)
			status = answer_all(reader, &request, from, to);
		else
			status = no_span(reader, from, to);
	}
	reader_close(reader);
	return status;
}
