/* SPDX-License-Identifier: Apache-2.0 */
/* A day in figures. */
#include "store/figures.h"

#include "store/reader.h"

#include "wq/err.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

struct reading {
	const struct wq_site *site;
	bool *delivered;
	struct figures *figures;
};

static int no_head(void *owner, const char *const *names, size_t count, struct wq_err *err)
{
	(void)owner, (void)names, (void)count, (void)err;
	return 0;
}

/* station, readings */
static int take_station(void *owner, const struct reader_cell *cells, size_t count, struct wq_err *err)
{
	struct reading *r = owner;

	(void)count, (void)err;
	const uint32_t station = wq_site_station(r->site, cells[0].text);

	r->figures->readings += cells[1].integer;
	if (station != WQ_NONE && cells[1].integer > 0)
		r->delivered[station] = true;
	return 0;
}

/* station, day, code, mean, mean_raw, valid, expected, below */
static int take_day(void *owner, const struct reader_cell *cells, size_t count, struct wq_err *err)
{
	struct reading *r = owner;

	(void)count, (void)err;
	r->figures->valid += cells[5].integer < cells[6].integer ? cells[5].integer : cells[6].integer;
	r->figures->expected += cells[6].integer;
	return 0;
}

/* valid, received */
static int take_unasked(void *owner, const struct reader_cell *cells, size_t count, struct wq_err *err)
{
	struct figures *figures = ((struct reading *)owner)->figures;

	(void)count, (void)err;
	figures->taken += cells[0].integer < cells[1].integer ? cells[0].integer : cells[1].integer;
	figures->received += cells[1].integer;
	return 0;
}

static int take_channel(void *owner, const struct reader_cell *cells, size_t count, struct wq_err *err)
{
	struct figures *figures = ((struct reading *)owner)->figures;
	struct figures_channel *channel = &figures->channels[figures->channel_count];

	(void)count, (void)err;
	if (figures->channel_count == FIGURES_CHANNELS)
		return 0;
	figures->channel_count++;
	snprintf(channel->name, sizeof channel->name, "%s", cells[0].text);
	channel->sent = cells[1].integer;
	channel->failed = cells[2].integer;
	return 0;
}

static int take_opened(void *owner, const struct reader_cell *cells, size_t count, struct wq_err *err)
{
	(void)count, (void)err;
	((struct reading *)owner)->figures->opened = cells[0].integer;
	return 0;
}

static int read_readings(struct reader *reader, struct reading *r, wq_ms from, wq_ms to, struct wq_err *err)
{
	const struct reader_sink sink = { r, no_head, take_station };
	char sql[900];

	/* Each of the two tables by its own order. */
	snprintf(sql, sizeof sql,
	        "SELECT s.key,coalesce(o.n,0)+(SELECT count(*) FROM series e CROSS JOIN sample r WHERE e.station=s.id"
	        " AND r.series=e.id AND r.at>=%" PRId64 " AND r.at<%" PRId64 " AND r.newest=1 AND r.value IS NOT NULL)"
	        " FROM station s LEFT JOIN (SELECT e.station AS station,count(*) AS n FROM sample_open r CROSS JOIN series e"
	        " WHERE e.id=r.series AND r.at>=%" PRId64 " AND r.at<%" PRId64 " AND r.newest=1 AND r.value IS NOT NULL"
	        " GROUP BY e.station) o ON o.station=s.id",
	        from, to, from, to);
	return reader_sql(reader, sql, &sink, err);
}

/* Closed items of which nobody knows how many readings there should be. */
static int read_unasked(struct reader *reader, struct reading *r, wq_day day, wq_ms from, wq_ms to, struct wq_err *err)
{
	const struct reader_sink sink = { r, no_head, take_unasked };
	char sql[1000];

	snprintf(sql, sizeof sql,
	        "SELECT d.valid,"
	        "(SELECT count(*) FROM sample r WHERE r.series=e.id AND r.at>=%" PRId64 " AND r.at<%" PRId64
	        " AND r.newest=1 AND r.value IS NOT NULL)+coalesce(o.n,0)"
	        " FROM day d CROSS JOIN series e ON e.station=d.station AND e.parameter=d.parameter"
	        " LEFT JOIN (SELECT series,count(*) AS n FROM sample_open WHERE at>=%" PRId64 " AND at<%" PRId64
	        " AND newest=1 AND value IS NOT NULL GROUP BY series) o ON o.series=e.id"
	        " WHERE d.day=%lld AND d.expected=0 AND d.revision=(SELECT max(n.revision) FROM day n"
	        " WHERE n.station=d.station AND n.day=d.day AND n.parameter=d.parameter)",
	        from, to, from, to, (long long)day);
	return reader_sql(reader, sql, &sink, err);
}

static int read_channels(struct reader *reader, struct reading *r, wq_ms from, wq_ms to, struct wq_err *err)
{
	const struct reader_sink sink = { r, no_head, take_channel };
	char sql[400];

	snprintf(sql, sizeof sql,
	        "SELECT channel,sum(kind=%d),sum(kind IN(%d,%d,%d,%d)) FROM delivery"
	        " WHERE seq>(SELECT coalesce(max(seq),0) FROM delivery)-%d AND at>=%" PRId64 " AND at<%" PRId64
	        " GROUP BY channel ORDER BY channel",
	        WQ_SENT, WQ_RETRY, WQ_CONFIG, WQ_DROP, WQ_FAILED, FIGURES_ATTEMPTS, from, to);
	return reader_sql(reader, sql, &sink, err);
}

static int read_opened(struct reader *reader, struct reading *r, wq_day day, struct wq_err *err)
{
	const struct reader_sink sink = { r, no_head, take_opened };
	char sql[160], text[WQ_INSTANT_TEXT];
	const long long first = atoll(wq_day_format_compact(day, text)) * 100000;

	snprintf(sql, sizeof sql, "SELECT count(*) FROM alarm WHERE id>=%lld AND id<%lld", first, first + 100000);
	return reader_sql(reader, sql, &sink, err);
}

static void read_sizes(const char *path, struct figures *figures)
{
	char log[4096];
	struct statvfs room;
	struct stat st;

	if (stat(path, &st) == 0)
		figures->bytes = (uint64_t)st.st_size;
	if (snprintf(log, sizeof log, "%s-wal", path) < (int)sizeof log && stat(log, &st) == 0)
		figures->bytes += (uint64_t)st.st_size;
	if (statvfs(path, &room) == 0) {
		figures->disk_free = (uint64_t)room.f_bavail * room.f_frsize;
		figures->disk_size = (uint64_t)room.f_blocks * room.f_frsize;
	}
}

int figures_read(const char *path, const struct wq_site *site, wq_day day, bool *delivered, struct figures *figures,
        struct wq_err *err)
{
	const wq_ms from = wq_day_start(site->zone, day), to = wq_day_start(site->zone, day + 1);
	struct reading reading = { site, delivered, figures };
	const struct reader_sink days = { &reading, no_head, take_day };
	struct reader *reader = NULL;

	*figures = (struct figures){ 0 };
	read_sizes(path, figures);
	int r = reader_open(path, &reader, err);

	if (r == 0)
		r = read_readings(reader, &reading, from, to, err);
	if (r == 0)
		r = reader_days(reader, day, day, &days, err);
	if (r == 0)
		r = read_unasked(reader, &reading, day, from, to, err);
	if (r == 0)
		r = read_opened(reader, &reading, day, err);
	if (r == 0)
		r = read_channels(reader, &reading, from, to, err);
	reader_close(reader);
	return r;
}
