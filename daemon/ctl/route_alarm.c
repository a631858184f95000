/* SPDX-License-Identifier: Apache-2.0 */
/* The changes of one alarm, followed as the engine follows them. */
#include "route_alarm.h"

#include "store/reader.h"
#include "wq/err.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { NUMBER, KIND, HUSH, LEVEL, TIME, DECIDED, OPEN, RULE, STATION, PARAMETER, CELLS };

static const char select_changes[] =
        "SELECT c.number,c.kind,c.hush,c.level,c.time,c.decided,a.open,u.name,s.key,p.alias FROM change c"
        " JOIN alarm a ON a.id=c.alarm JOIN rule u ON u.id=a.rule LEFT JOIN station s ON s.id=a.station"
        " LEFT JOIN series e ON e.id=a.series LEFT JOIN parameter p ON p.id=e.parameter"
        " WHERE c.alarm=%" PRId64 " ORDER BY c.number";

static int head(void *owner, const char *const *names, size_t count, struct wq_err *err)
{
	(void)owner, (void)names;
	return count == CELLS ? 0 : wq_fail(err, WQ_E_INVALID, "the history is of another form");
}

static void take_text(char *to, size_t size, const struct reader_cell *cell)
{
	snprintf(to, size, "%s", cell->type == READER_TEXT ? cell->text : "");
}

static int row(void *owner, const struct reader_cell *cells, size_t count, struct wq_err *err)
{
	struct route_alarm *out = owner;
	const enum wq_change_kind kind = (enum wq_change_kind)cells[KIND].integer;

	(void)count, (void)err;
	if (cells[KIND].integer < 0 || cells[KIND].integer >= WQ_CHANGE_KINDS)
		return wq_fail(err, WQ_E_INVALID, "change %" PRId64 " is of a kind that this program does not know",
		        cells[NUMBER].integer);
	wq_alarm_follow(&out->alarm, kind, (enum wq_level)cells[LEVEL].integer, cells[TIME].integer, cells[DECIDED].integer,
	        (enum wq_hush)cells[HUSH].integer);
	out->open = cells[OPEN].integer != 0;
	if (kind == WQ_SHELVED || kind == WQ_UNSHELVED)
		out->shelved = kind == WQ_SHELVED;
	take_text(out->rule, sizeof out->rule, &cells[RULE]);
	take_text(out->station, sizeof out->station, &cells[STATION]);
	take_text(out->parameter, sizeof out->parameter, &cells[PARAMETER]);
	return 0;
}

int route_alarm_read(const char *database, int64_t id, struct route_alarm *out, struct wq_err *err)
{
	struct reader_sink sink = { out, head, row };
	struct reader *reader;
	char sql[sizeof select_changes + 24], name[WQ_ALARM_NAME];
	int r = reader_open(database, &reader, err);

	*out = (struct route_alarm){ .alarm = { .id = id } };
	if (r < 0)
		return r;
	snprintf(sql, sizeof sql, select_changes, id);
	r = reader_sql(reader, sql, &sink, err);
	reader_close(reader);
	if (r >= 0 && out->rule[0] == '\0')
		return wq_fail(err, WQ_E_MISSING, "%s knows no alarm %s", database, wq_alarm_name(id, name));
	return r;
}
