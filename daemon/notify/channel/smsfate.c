/* SPDX-License-Identifier: Apache-2.0 */
/* Looks into smsd's folders; changes nothing there. */
#include "smsfate.h"

#include "notify/text.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PLACE_TEXT (WQ_NOTICE_ID + 32)
#define HEAD_TEXT  2048

static const char *const folders[] = {
	[SMSFATE_OUTGOING] = ".",
	[SMSFATE_CHECKED] = "../checked",
	[SMSFATE_SENT] = "../sent",
	[SMSFATE_FAILED] = "../failed",
};

bool smsfate_visible(int spool)
{
	return faccessat(spool, folders[SMSFATE_SENT], R_OK | X_OK, 0) == 0 &&
	        faccessat(spool, folders[SMSFATE_FAILED], R_OK | X_OK, 0) == 0;
}

/* When something last came into a folder, or left it; 0: unknown. */
static int64_t moved_at(int spool, enum smsfate_place place)
{
	struct stat info;

	return fstatat(spool, folders[place], &info, 0) == 0 ? info.st_mtim.tv_sec : 0;
}

/* For how long the file has waited while nothing was sent and nothing failed. */
static int64_t idle(int spool, int64_t since, wq_ms now)
{
	int64_t sent = moved_at(spool, SMSFATE_SENT), failed = moved_at(spool, SMSFATE_FAILED);
	int64_t last = sent > failed ? sent : failed;

	last = since > last ? since : last;
	return now / 1000 > last ? now / 1000 - last : 0;
}

static void read_reason(int spool, const char *path, char out[SMSFATE_REASON])
{
	char head[HEAD_TEXT], line[160];
	int fd = openat(spool, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, head, sizeof head - 1) : -1;

	out[0] = '\0';
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return;
	head[n] = '\0'; /* what is behind the head is UCS-2, and its first NUL ends the search */
	const char *end = strstr(head, "\n\n");
	const char *found = strstr(head, "Fail_reason:");

	if (found == NULL || (end != NULL && found > end))
		return;
	found += strlen("Fail_reason:");
	found += strspn(found, " ");
	snprintf(line, sizeof line, "%.*s", (int)(strcspn(found, "\r\n") < 150 ? strcspn(found, "\r\n") : 150), found);
	text_clean(line, out, SMSFATE_REASON);
}

/* In the order in which smsd moves it, so that what moves meanwhile is found later. */
void smsfate_look(int spool, const char *name, wq_ms now, struct smsfate *out)
{
	char path[PLACE_TEXT + 16];
	struct stat info;

	*out = (struct smsfate){ .place = SMSFATE_NOWHERE };
	for (int place = SMSFATE_OUTGOING; place <= SMSFATE_FAILED; place++) {
		snprintf(path, sizeof path, "%s/%.*s", folders[place], PLACE_TEXT, name);
		if (fstatat(spool, path, &info, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(info.st_mode))
			continue;
		out->place = (enum smsfate_place)place;
		if (place <= SMSFATE_CHECKED)
			out->idle_s = idle(spool, info.st_mtim.tv_sec, now);
		if (place == SMSFATE_FAILED)
			read_reason(spool, path, out->reason);
		return;
	}
}

enum wq_result_kind smsfate_meaning(const char *reason)
{
	static const struct {
		long from, to;
		enum wq_result_kind kind;
	} rows[] = {
		{ 1, 1, WQ_DROP },       /* unassigned number */
		{ 8, 10, WQ_DROP },      /* barred */
		{ 21, 21, WQ_DROP },     /* refused by the telephone */
		{ 28, 30, WQ_DROP },     /* unknown subscriber */
		{ 50, 50, WQ_CONFIG },   /* the card may not send */
		{ 69, 69, WQ_CONFIG },   /* it cannot send at all */
		{ 302, 303, WQ_CONFIG }, /* not allowed, not supported */
		{ 310, 318, WQ_CONFIG }, /* no card, its PIN, its fault */
		{ 330, 330, WQ_CONFIG }, /* no service centre */
	};
	const char *at = strstr(reason, "CMS ERROR:");
	long code = at != NULL ? strtol(at + strlen("CMS ERROR:"), NULL, 10) : -1;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (code >= rows[i].from && code <= rows[i].to)
			return rows[i].kind;
	return WQ_FAILED;
}
