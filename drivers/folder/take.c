/* SPDX-License-Identifier: Apache-2.0 */
/* A file is put away only when all of it is committed and its report lies there. A kill before that leaves it where it is;
 * it is read again then, and what is known already is counted, not stored: never lost, never twice. */
#include "take.h"

#include "report.h"
#include "wq/err.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIECE     256
#define NAMES_MAX 64
#define STATION   64
/* NAME.2 … are looked for up to here. */
#define NUMBERED_MAX 100

/* One file on its way. */
struct passage {
	const struct folder_place *place;
	const char *name;
	char shown[WQ_IMPORT_FILE]; /* the name as it is written down */
	struct stat about;
	struct wq_import origin;
	struct report report;
	struct wq_fate fate;
	int to;       /* the folder that it was put into; -1: none */
	char target[NAME_MAX + 16];
	size_t count; /* values that wait */
	struct wq_named values[PIECE];
	size_t lines[PIECE];
	char stations[PIECE][STATION];
};

static void copy_shown(const char *name, char shown[WQ_IMPORT_FILE])
{
	size_t n = strnlen(name, WQ_IMPORT_FILE - 1);

	while (name[n] != '\0' && n > 0 && ((unsigned char)name[n] & 0xC0) == 0x80)
		n--;
	for (size_t i = 0; i < n; i++)
		shown[i] = (unsigned char)name[i] < 0x20 || name[i] == 0x7F ? '?' : name[i];
	shown[n] = '\0';
}

static void name_owner(uid_t uid, char who[WQ_IMPORT_WHO])
{
	struct passwd entry, *found = NULL;
	char room[2048];

	if (getpwuid_r(uid, &entry, room, sizeof room, &found) == 0 && found != NULL)
		snprintf(who, WQ_IMPORT_WHO, "%s", found->pw_name);
	else
		snprintf(who, WQ_IMPORT_WHO, "uid %u", (unsigned)uid);
}

/* Waits a while for a store that is behind; false: it is time to stop. */
static bool rest(const struct folder_place *place, int ms)
{
	struct pollfd stop = { .fd = place->stop, .events = POLLIN };

	return poll(&stop, 1, ms) <= 0;
}

static void on_refused(void *to, size_t index, const char *why)
{
	struct passage *p = to;
	char text[WQ_ERR_TEXT + WQ_IMPORT_FILE];

	snprintf(text, sizeof text, "%s:%zu: %s", p->shown, p->lines[index], why);
	report_row(&p->report, text);
}

/* Gives what waits to the sink, for as long as it takes. False: stopping. */
static bool flush(struct passage *p)
{
	const struct wq_sink *sink = p->place->sink;
	int pause = 100, r = WQ_E_FULL;

	while (p->count > 0 && r < 0) {
		size_t rows = p->report.rows;
		long at = (fflush(p->report.to), ftell(p->report.to));

		r = sink->import(sink->owner, &p->origin, p->values, p->count, on_refused, p, &p->fate);
		atomic_fetch_add(p->place->progress, 1);
		if (r == 0)
			break;
		/* The same rows are refused again: told once. */
		p->report.rows = rows;
		if (at >= 0)
			fseek(p->report.to, at, SEEK_SET);
		if (r == WQ_E_STATE || !rest(p->place, pause))
			return false;
		pause = pause < 3000 ? pause * 2 : pause;
	}
	p->count = 0;
	return true;
}

static bool add(struct passage *p, const struct wq_table_reading *reading)
{
	struct wq_named *value = &p->values[p->count];

	snprintf(p->stations[p->count], STATION, "%s", reading->station);
	*value = (struct wq_named){ .station = p->stations[p->count],
		.parameter = reading->parameter,
		.at = reading->at,
		.value = reading->value };
	memcpy(value->flag, reading->flag, sizeof value->flag);
	p->lines[p->count++] = reading->line;
	return p->count < PIECE || flush(p);
}

/* "HEADING=PARAMETER" -> a pair; `room` holds the texts. */
static size_t split_names(const struct wq_list *list, char room[][STATION * 2], struct wq_table_name *names)
{
	size_t n = 0;

	for (size_t i = 0; i < list->count && n < NAMES_MAX; i++) {
		snprintf(room[n], STATION * 2, "%s", list->items[i]);
		char *equals = strchr(room[n], '=');

		if (equals == NULL)
			continue;
		*equals = '\0';
		names[n] = (struct wq_table_name){ room[n], equals + 1 };
		n++;
	}
	return n;
}

/* All rows. 0; WQ_E_INVALID with *err: nothing of it can be understood; WQ_E_STATE: stopping. */
static int read_table(struct passage *p, FILE *from, struct wq_err *err)
{
	const struct folder_settings *settings = p->place->settings;
	char map_room[NAMES_MAX][STATION * 2], unit_room[NAMES_MAX][STATION * 2];
	struct wq_table_name maps[NAMES_MAX], units[NAMES_MAX];
	const struct wq_table_wish wish = { .form = (enum wq_table_form)settings->format,
		.parameters = p->place->bus->parameters,
		.parameter_count = p->place->bus->parameter_count,
		.zone = p->place->bus->zone,
		.station = settings->station,
		.reference = (wq_ms)p->about.st_mtim.tv_sec * 1000,
		.below_half = settings->below == 1,
		.maps = maps,
		.map_count = split_names(&settings->map, map_room, maps),
		.units = units,
		.unit_count = split_names(&settings->units, unit_room, units) };
	struct wq_table_reading reading;
	struct wq_table *table = wq_table_open(from, p->shown, &wish, err);
	int r = 1;

	if (table == NULL)
		return err->code;
	while (r != 0) {
		r = wq_table_next(table, &reading, err);
		atomic_fetch_add(p->place->progress, 1);
		if (r == 1 && !add(p, &reading))
			r = WQ_E_STATE;
		if (r < 0 && r != WQ_E_INVALID)
			break;
		if (r < 0) {
			report_row(&p->report, err->text);
			p->fate.refused++;
		}
	}
	wq_table_close(table);
	return r == 0 && !flush(p) ? WQ_E_STATE : r;
}

/* The name that a file gets where it is put away: its own, or NAME.2, NAME.3 … where that is taken; of one that comes again
 * for ever, the moment when it was put here. */
static void find_free(const char *name, const struct stat *file, int to, char target[NAME_MAX + 16])
{
	struct stat about;
	int i = 2;

	snprintf(target, NAME_MAX + 16, "%s", name);
	for (; i <= NUMBERED_MAX + 1 && fstatat(to, target, &about, AT_SYMLINK_NOFOLLOW) == 0; i++)
		snprintf(target, NAME_MAX + 16, "%.*s.%d", NAME_MAX - 6, name, i);
	if (i <= NUMBERED_MAX + 1)
		return;
	snprintf(target, NAME_MAX + 16, "%.*s.%lld%09ld", NAME_MAX - 24, name, (long long)file->st_ctim.tv_sec,
	        file->st_ctim.tv_nsec);
}

static int put_away(const struct folder_place *place, const char *name, int to, const char *target, struct wq_err *err)
{
	if (renameat2(place->here, name, to, target, RENAME_NOREPLACE) != 0)
		return wq_fail(err, WQ_E_IO, "%s cannot be moved: %s", name, strerrordesc_np(errno));
	fsync(to);
	fsync(place->here);
	return 0;
}

/* Writes the report and puts the file away. */
static enum folder_result finish(struct passage *p, bool refused, const char *why, struct wq_err *err)
{
	const struct folder_place *place = p->place;
	const struct wq_sink *sink = place->sink;
	int to = refused ? place->refused : place->done;
	/* What lies there already is read again where it lies. */
	const bool keep = place->settings->done == 1 || to == place->here;
	char head[WQ_ERR_TEXT + WQ_IMPORT_FILE + 200], *target = p->target;

	if (refused)
		snprintf(head, sizeof head, "%s: refused, nothing of it is stored: %s", p->shown, why);
	else
		snprintf(head, sizeof head, "%s (%s, %s): %zu taken, %zu repeated, %zu revised, %zu refused", p->shown,
		        p->origin.manual ? "manual" : "automatic", p->origin.who, p->fate.taken, p->fate.repeated,
		        p->fate.revised, p->fate.refused);
	if (refused || p->fate.refused > 0)
		sink->refuse(sink->owner, WQ_REFUSED_MALFORMED, head);
	if (keep)
		snprintf(target, sizeof p->target, "%s", p->name);
	else
		find_free(p->name, &p->about, to, target);
	if (report_write(&p->report, to, target, &p->about, head, err) < 0)
		return FOLDER_STUCK;
	/* Somebody else may have taken it away while it was read. */
	if (!keep && put_away(place, p->name, to, target, err) < 0)
		return faccessat(place->here, p->name, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ? FOLDER_STUCK : FOLDER_GONE;
	p->to = keep ? -1 : to;
	return FOLDER_TAKEN;
}

/* What is no plain file of a bearable size is not opened for reading at all. */
static const char *objection(const struct passage *p, char text[200])
{
	if (S_ISLNK(p->about.st_mode))
		return "a symbolic link is not followed";
	if (!S_ISREG(p->about.st_mode))
		return "it is no plain file";
	if (p->about.st_size <= (off_t)p->place->settings->largest * 1024 * 1024)
		return NULL;
	snprintf(text, 200, "%lld bytes; at most %lld MiB are allowed (largest)", (long long)p->about.st_size,
	        (long long)p->place->settings->largest);
	return text;
}

static bool differ(const struct stat *a, const struct stat *b)
{
	return a->st_size != b->st_size || a->st_mtim.tv_sec != b->st_mtim.tv_sec || a->st_mtim.tv_nsec != b->st_mtim.tv_nsec;
}

static enum folder_result take_open(struct passage *p, int fd, struct wq_err *err)
{
	FILE *from = fdopen(fd, "r");

	if (from == NULL) {
		close(fd);
		wq_fail(err, WQ_E_MEMORY, "no memory to read %s", p->shown);
		return FOLDER_STUCK;
	}
	struct stat now;
	int r = read_table(p, from, err);
	/* Who still writes to it closes it later, or it lies still for a while: then it is read whole. */
	bool grew = fstat(fd, &now) == 0 && differ(&now, &p->about);
	fclose(from);
	if (r == WQ_E_STATE)
		return FOLDER_STOPPED;
	if (r < 0 && r != WQ_E_INVALID)
		return FOLDER_STUCK;
	if (grew)
		return FOLDER_GROWS;
	const struct wq_err why = *err;
	return finish(p, r < 0, why.text, err);
}

static enum folder_result take(struct passage *p, struct wq_err *err)
{
	const struct folder_place *place = p->place;
	char text[200];

	if (fstatat(place->here, p->name, &p->about, AT_SYMLINK_NOFOLLOW) != 0)
		return FOLDER_GONE;
	const char *why = objection(p, text);
	if (why != NULL)
		return finish(p, true, why, err);
	int fd = openat(place->here, p->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return FOLDER_GONE;
	if (fd < 0 || fstat(fd, &p->about) != 0 || !S_ISREG(p->about.st_mode)) {
		wq_fail(err, WQ_E_IO, "%s cannot be read: %s; it stays and is tried again", p->shown,
		        fd < 0 ? strerrordesc_np(errno) : "it changed meanwhile");
		if (fd >= 0)
			close(fd);
		return FOLDER_STUCK;
	}
	name_owner(p->about.st_uid, p->origin.who);
	p->origin.manual = place->settings->kind == 1;
	p->origin.began = (wq_ms)p->about.st_mtim.tv_sec * 1000 + p->about.st_mtim.tv_nsec / 1000000;
	memcpy(p->origin.file, p->shown, sizeof p->origin.file);
	return take_open(p, fd, err);
}

enum folder_result folder_take(const struct folder_place *place, const char *name, struct wq_err *err)
{
	struct passage *p = calloc(1, sizeof *p);
	enum folder_result result = FOLDER_STUCK;

	if (p == NULL) {
		wq_fail(err, WQ_E_MEMORY, "no memory to read a file");
		return result;
	}
	p->place = place;
	p->name = name;
	p->to = -1;
	copy_shown(name, p->shown);
	if (report_open(&p->report, err) == 0)
		result = take(p, err);
	report_close(&p->report);
	/* Written to while its report was: read again where it lies now. */
	struct folder_place there = *place;
	struct stat now;
	char target[NAME_MAX + 16];

	there.here = p->to;
	memcpy(target, p->target, sizeof target);
	bool grew = p->to >= 0 && fstatat(p->to, target, &now, AT_SYMLINK_NOFOLLOW) == 0 && differ(&now, &p->about);
	free(p);
	return grew ? folder_take(&there, target, err) : result;
}

bool folder_reported(const struct folder_place *place, const char *name, const struct stat *about)
{
	return report_is_of(place->done, name, about) || report_is_of(place->refused, name, about);
}
