/* SPDX-License-Identifier: Apache-2.0 */
/* Short messages by a modem: one file a message into the spool of smstools (smsd), which works when
 * the network does not. The file's name is the notice's id, so that what is handed over twice is
 * one file. */
#include "notify/link.h"
#include "phone.h"
#include "short.h"
#include "smsfate.h"
#include "notify/text_en.h"

#include "wq/channel.h"
#include "wq/err.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PATH_TEXT   256
#define NAME_TEXT   (WQ_NOTICE_ID + 8)
#define HEAD_TEXT   160
#define PREFIX      "wqd-"
#define GETA        0x3013 /* 〓: stands for a character that UCS-2 does not have */
/* As smsd's own copies are: Debian runs it with group dialout, to which nothing else would let it
 * in. */
#define FILE_MODE 0644
#define UNSENT    3 /* so many times longer than in the spool a message may be on its way in smsd */

#define LOOK      WQ_SECONDS(3) /* until it is looked again what became of a message */

struct sms_settings {
	const char *spool, *queue, *incoming;
	int64_t parts, backlog;
	wq_ms fetched_within, sent_within;
};

struct sms {
	char spool[PATH_TEXT], queue[32];
	size_t parts, backlog;
	wq_ms fetched_within, sent_within;
	bool replies;
};

static const struct wq_option options[] = {
	{ .key = "spool",
	        .type = WQ_OPT_TEXT,
	        .min = 2,
	        .max = PATH_TEXT - 1,
	        .fallback = "/var/spool/sms/outgoing",
	        .offset = offsetof(struct sms_settings, spool),
	        .help = "directory that smsd fetches from: `outgoing` of smsd.conf" },
	{ .key = "parts",
	        .type = WQ_OPT_INTEGER,
	        .min = 1,
	        .max = 5,
	        .fallback = "2",
	        .offset = offsetof(struct sms_settings, parts),
	        .help = "longest message in parts of 67 characters (1: 70); an alarm is always one "
	                "part" },
	{ .key = "queue",
	        .type = WQ_OPT_TEXT,
	        .min = 1,
	        .max = 31,
	        .offset = offsetof(struct sms_settings, queue),
	        .help = "queue of smsd.conf to use; default: smsd decides by the number" },
	{ .key = "backlog",
	        .type = WQ_OPT_INTEGER,
	        .min = 1,
	        .max = 1000,
	        .fallback = "100",
	        .offset = offsetof(struct sms_settings, backlog),
	        .help = "messages that may wait in the spool; with more the channel fails" },
	{ .key = "fetched_within",
	        .type = WQ_OPT_SPAN,
	        .min = 30000,
	        .max = 86400000,
	        .fallback = "5m",
	        .offset = offsetof(struct sms_settings, fetched_within),
	        .help = "a message that lies in the spool for longer means that smsd does not run: "
	                "the "
	                "channel fails" },
	{ .key = "sent_within",
	        .type = WQ_OPT_SPAN,
	        .min = 30000,
	        .max = 86400000,
	        .fallback = "3m",
	        .offset = offsetof(struct sms_settings, sent_within),
	        .help = "a message that smsd has had for longer, while it sent nothing, goes to the "
	                "contact's next channel" },
	{ .key = "incoming",
	        .type = WQ_OPT_TEXT,
	        .min = 2,
	        .max = PATH_TEXT - 1,
	        .offset = offsetof(struct sms_settings, incoming),
	        .help = "folder of smsd.conf into which answers come: they acknowledge; default: nobody reads "
	                "them" },
	WQ_OPTION_END,
};

static int sms_check(const void *settings, struct wq_err *err)
{
	const struct sms_settings *s = settings;

	if (s->spool[0] != '/')
		return wq_fail(
		        err, WQ_E_INVALID, "spool = %.80s: must be an absolute path", s->spool);
	if (s->incoming != NULL && s->incoming[0] != '/')
		return wq_fail(err, WQ_E_INVALID, "incoming = %.80s: must be an absolute path", s->incoming);
	for (const char *c = s->queue; c != NULL && *c != '\0'; c++)
		if (*c <= ' ' || *c >= 0x7f || *c == ':')
			return wq_fail(err, WQ_E_INVALID,
			        "queue = %s: only visible ASCII without ':' is allowed", s->queue);
	return 0;
}

/* Touches nothing: a spool that is not there today may be there tomorrow. */
static int sms_open(void *state, const void *settings,
        int (*secret)(
                void *owner, const char *reference, char *buf, size_t cap, struct wq_err *err),
        void *owner, struct wq_err *err)
{
	const struct sms_settings *s = settings;
	struct sms *sms = state;

	(void)secret, (void)owner, (void)err;
	snprintf(sms->spool, sizeof sms->spool, "%s", s->spool);
	snprintf(sms->queue, sizeof sms->queue, "%s", s->queue != NULL ? s->queue : "");
	sms->parts = (size_t)s->parts;
	sms->backlog = (size_t)s->backlog;
	sms->fetched_within = s->fetched_within;
	sms->sent_within = s->sent_within;
	sms->replies = s->incoming != NULL;
	return 0;
}

/* A result that is tried again. */
__attribute__((format(printf, 2, 3))) static bool fail(
        struct wq_result *result, const char *format, ...)
{
	va_list args;

	result->kind = WQ_RETRY;
	va_start(args, format);
	vsnprintf(result->text, sizeof result->text, format, args);
	va_end(args);
	return false;
}

static bool fail_errno(struct wq_result *result, const char *what, const char *path, int error)
{
	return fail(result, "%s %.100s: %s", what, path, strerrordesc_np(error));
}

/* What lies in a directory of smsd. */
struct survey {
	size_t count;
	time_t newest; /* 0: there is none */
	time_t oldest; /* of those that we put there; 0: there is none */
	bool same;     /* a message about the same alarm to the same contact is among it */
};

/* Whether a file is about the same alarm and for the same contact: names differ in the number only.
 */
static bool is_same(const char *file, const char *name, const struct wq_notice *notice)
{
	char alarm[WQ_ALARM_NAME];
	const char *at = strstr(name, wq_alarm_name(notice->alarm, alarm));

	if (at == NULL || notice->topic != WQ_TOPIC_ALARM)
		return false;
	size_t front = (size_t)(at - name) + strlen(alarm) + 1;

	if (strncmp(file, name, front) != 0)
		return false;
	const char *ours = name + front, *theirs = file + front;

	ours += strspn(ours, "0123456789");
	theirs += strspn(theirs, "0123456789");
	return strcmp(ours, theirs) == 0;
}

/* Looks at no more than `most` files. 0, or an errno. */
static int survey(
        int fd, size_t most, const char *name, const struct wq_notice *notice, struct survey *out)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;
	struct stat info;

	*out = (struct survey){ 0 };
	if (directory == NULL) {
		int error = errno;

		if (copy >= 0)
			close(copy);
		return error;
	}
	while (out->count < most && (entry = readdir(directory)) != NULL) {
		if (entry->d_name[0] == '.' || strcmp(entry->d_name, name) == 0 ||
		        fstatat(fd, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) < 0 ||
		        !S_ISREG(info.st_mode))
			continue;
		out->count++;
		if (strncmp(entry->d_name, PREFIX, sizeof PREFIX - 1) == 0 &&
		        (out->oldest == 0 || info.st_mtime < out->oldest))
			out->oldest = info.st_mtime;
		if (info.st_mtime > out->newest)
			out->newest = info.st_mtime;
		out->same = out->same || is_same(entry->d_name, name, notice);
	}
	closedir(directory);
	return 0;
}

/* Whether smsd has the message already: it keeps a file's name when it moves it. */
static bool is_with_smsd(int spool, const char *name)
{
	static const char *const places[] = { "../checked/", "../sent/" };
	char path[NAME_TEXT + 16];

	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		snprintf(path, sizeof path, "%s%s", places[i], name);
		if (faccessat(spool, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			return true;
	}
	return false;
}

/* Next character of UTF-8 that text_clean() made; what UCS-2 has not becomes 〓. */
static unsigned next_character(const unsigned char **at)
{
	unsigned c = *(*at)++;
	int more = c < 0x80 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;

	c &= more == 0 ? 0x7fu : 0x3fu >> more;
	while (more-- > 0 && (**at & 0xc0) == 0x80)
		c = c << 6 | (*(*at)++ & 0x3fu);
	return c > 0xffff || (c >= 0xd800 && c < 0xe000) ? GETA : c;
}

/* One message: what is in its file, and what there is to say about it. */
struct message {
	char name[NAME_TEXT];
	char number[PHONE_TEXT];
	size_t parts, length;
	char bytes[HEAD_TEXT + 2 * LINK_TEXT];
};

/* "并回复" becomes "并回复7", "and answer" "and answer 7": what to answer, where there is room for it. */
static void add_code(int64_t alarm, size_t room, char *text)
{
	const bool english = text_is_english(text);
	const char *ask = english ? "and answer" : "并回复";
	char code[24], *at = strstr(text, ask);
	int n = snprintf(code, sizeof code, "%s%lld", english ? " " : "", (long long)(alarm % 100000));

	if (at == NULL || short_length(text) + (size_t)n > room || strlen(text) + (size_t)n >= WQ_NOTICE_TEXT)
		return;
	at += strlen(ask);
	memmove(at + n, at, strlen(at) + 1);
	memcpy(at, code, (size_t)n);
}

/* Of a digest that asks: how to acknowledge all of it, where there is room. */
static void add_all(size_t room, char *text)
{
	const bool english = text_is_english(text);
	const char *ask = english ? "Please check." : "请核查。", *how = english ? "Please check; answer ALL to acknowledge all." : "请核查,回复全部即全部确认。";
	char *at = strstr(text, ask);

	if (at != NULL && at[strlen(ask)] == '\0' && short_length(text) + short_length(how) - short_length(ask) <= room &&
	        strlen(text) + strlen(how) < WQ_NOTICE_TEXT)
		snprintf(at, strlen(how) + 1, "%s", how);
}

static void write_message(
        const struct sms *sms, const struct wq_notice *notice, bool urgent, struct message *m)
{
	char text[LINK_TEXT];
	size_t most = notice->level >= WQ_LEVEL_ALARM ? 1 : sms->parts;
	bool queue = sms->queue[0] != '\0';

	/* An English message in the telephone's own alphabet has more than twice the room. */
	const bool gsm = short_gsm(notice->text);

	short_text(notice->text, gsm ? short_gsm_room(notice->text, most) : short_room(most), text, WQ_NOTICE_TEXT);
	m->parts = gsm ? short_gsm_parts(text) : short_parts(short_length(text));
	const size_t room = gsm ? short_gsm_room(text, m->parts) : short_room(m->parts);

	if (sms->replies && notice->topic == WQ_TOPIC_ALARM)
		add_code(notice->alarm, room, text);
	if (sms->replies && notice->topic == WQ_TOPIC_DIGEST)
		add_all(room, text);
	link_add(notice, text); /* whoever asked for it pays for a part more */
	m->parts = gsm ? short_gsm_parts(text) : short_parts(short_length(text));
	m->length = (size_t)snprintf(m->bytes, HEAD_TEXT, "To: %s\n%s%s%s%s%sAlphabet: %s\n\n",
	        m->number, queue ? "Queue: " : "", sms->queue, queue ? "\n" : "",
	        m->parts > 1 ? "Autosplit: 3\n" : "", urgent ? "Priority: HIGH\n" : "", gsm ? "ISO" : "UCS");
	if (gsm) {
		memcpy(m->bytes + m->length, text, strlen(text));
		m->length += strlen(text);
		return;
	}
	for (const unsigned char *at = (const unsigned char *)text; *at != '\0';) {
		unsigned c = next_character(&at);

		m->bytes[m->length++] = (char)(c >> 8);
		m->bytes[m->length++] = (char)(c & 0xff);
	}
}

static int write_all(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t n = write(fd, bytes, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? errno : EIO;
		bytes += n;
		length -= (size_t)n;
	}
	return 0;
}

/* Writes the file under a name that smsd passes over, to the disk; 0, or an errno. smsd sends the
 * oldest first and counts in seconds: `stamp` keeps the order. */
static int write_file(int spool, const char *temporary, const struct message *m, time_t stamp)
{
	const struct timespec times[2] = { { .tv_sec = stamp }, { .tv_sec = stamp } };

	unlinkat(spool, temporary, 0); /* of a life that ended in here */
	int fd = openat(
	        spool, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);

	if (fd < 0)
		return errno;
	int error = write_all(fd, m->bytes, m->length);

	if (error == 0 && (fchmod(fd, FILE_MODE) < 0 || futimens(fd, times) < 0 || fsync(fd) < 0))
		error = errno;
	if (close(fd) < 0 && error == 0)
		error = errno;
	return error;
}

static bool put(const struct sms *sms, int spool, const struct message *m, time_t stamp,
        struct wq_result *result)
{
	char temporary[NAME_TEXT + 8];

	snprintf(temporary, sizeof temporary, ".%s.tmp", m->name);
	int error = write_file(spool, temporary, m, stamp);

	if (error == 0 && renameat(spool, temporary, spool, m->name) < 0)
		error = errno;
	if (error != 0) {
		unlinkat(spool, temporary, 0);
		return fail_errno(result, "cannot write into the spool", sms->spool, error);
	}
	if (fsync(spool) < 0)
		return fail_errno(result, "cannot sync the spool", sms->spool, errno);
	return true;
}

static long long waits(const struct survey *found, wq_ms now)
{
	return found->oldest > 0 ? (long long)(now / 1000 - (wq_ms)found->oldest) : 0;
}

/* Whether the spool is one that somebody empties, and the modem one that sends. */
static bool is_alive(const struct sms *sms, const struct survey *spool,
        const struct survey *checked, wq_ms now, struct wq_result *result)
{
	long long limit = sms->fetched_within / 1000;

	if (waits(spool, now) > limit)
		return fail(result, "a message has waited in %.80s for %lld s: does smsd run?",
		        sms->spool, waits(spool, now));
	if (waits(checked, now) > UNSENT * limit)
		return fail(result,
		        "smsd took a message %lld s ago and has not sent it: does the modem work?",
		        waits(checked, now));
	if (spool->count + checked->count >= sms->backlog)
		return fail(result, "%zu messages wait for the modem: it does not keep up",
		        spool->count + checked->count);
	return true;
}

/* What smsd has taken and not sent yet; nothing where that cannot be seen. */
static void survey_checked(const struct sms *sms, int spool, const char *name,
        const struct wq_notice *notice, struct survey *out)
{
	int fd = openat(spool, "../checked", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*out = (struct survey){ 0 };
	if (fd < 0)
		return;
	survey(fd, sms->backlog, name, notice, out);
	close(fd);
}

static bool hand_over(const struct sms *sms, int spool, const struct wq_notice *notice, wq_ms now,
        struct message *m, struct wq_result *result)
{
	struct survey waiting, checked;
	int error = survey(spool, sms->backlog, m->name, notice, &waiting);

	if (error != 0)
		return fail_errno(result, "cannot read the spool", sms->spool, error);
	survey_checked(sms, spool, m->name, notice, &checked);
	if (!is_alive(sms, &waiting, &checked, now, result))
		return false;
	/* High ones overtake; within an alarm nothing may. */
	write_message(
	        sms, notice, notice->level >= WQ_LEVEL_ALARM && !waiting.same && !checked.same, m);
	time_t newest = waiting.newest > checked.newest ? waiting.newest : checked.newest;
	time_t stamp = (time_t)(now / 1000);

	return put(sms, spool, m, newest >= stamp ? newest + 1 : stamp, result);
}

static void file_name(const char *id, char out[NAME_TEXT])
{
	snprintf(out, NAME_TEXT, PREFIX "%s", id);
	for (char *c = out; *c != '\0'; c++)
		if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
		            (*c >= '0' && *c <= '9') || *c == '-' || *c == '_'))
			*c = '_';
}

__attribute__((format(printf, 4, 5))) static bool say(struct wq_result *result, enum wq_result_kind kind,
        wq_ms until, const char *format, ...)
{
	va_list args;

	result->kind = kind;
	result->until = until;
	va_start(args, format);
	vsnprintf(result->text, sizeof result->text, format, args);
	va_end(args);
	return true;
}

/* smsd says no, and why. */
static bool tell_failure(const struct smsfate *fate, struct wq_result *result)
{
	return say(result, smsfate_meaning(fate->reason), WQ_NO_TIME, "smsd gave it up: %s",
	        fate->reason[0] != '\0' ? fate->reason : "it does not say why");
}

/* It lies there for too long. What smsd has not fetched is taken back, so that it does not come late. */
static bool tell_stuck(int spool, const char *name, const struct smsfate *fate, struct wq_result *result)
{
	if (fate->place == SMSFATE_OUTGOING) {
		unlinkat(spool, name, 0);
		return say(result, WQ_FAILED, WQ_NO_TIME,
		        "it waited in the spool for %lld s, taken back: does smsd run?", (long long)fate->idle_s);
	}
	return say(result, WQ_FAILED, WQ_NO_TIME,
	        "smsd has had it for %lld s and sent nothing: does the modem work?", (long long)fate->idle_s);
}

/* What is known of a message that was handed over before; false: it has to be handed over (again). The file of a
 * failure stays with smsd: it is news only of what the last attempt handed over. */
static bool is_known(const struct sms *sms, int spool, const struct wq_notice *notice, const char *name, wq_ms now,
        struct wq_result *result)
{
	struct smsfate fate;

	smsfate_look(spool, name, now, &fate);
	if (fate.place == SMSFATE_SENT)
		return say(result, WQ_SENT, WQ_NO_TIME, "sent by smsd");
	if (fate.place == SMSFATE_FAILED)
		return notice->taken && tell_failure(&fate, result);
	if (fate.place == SMSFATE_NOWHERE)
		return false;
	wq_ms within = fate.place == SMSFATE_OUTGOING ? sms->fetched_within : sms->sent_within;

	if (fate.idle_s > within / 1000)
		return tell_stuck(spool, name, &fate, result);
	return say(result, WQ_TAKEN, now + LOOK, "with smsd");
}

static void send_through(const struct sms *sms, int spool, const struct wq_notice *notice, wq_ms now,
        struct message *m, struct wq_result *result)
{
	bool visible = smsfate_visible(spool);

	if (visible && is_known(sms, spool, notice, m->name, now, result))
		return;
	if (!visible && is_with_smsd(spool, m->name))
		say(result, WQ_SENT, WQ_NO_TIME, "smsd has it already");
	else if (hand_over(sms, spool, notice, now, m, result))
		say(result, visible ? WQ_TAKEN : WQ_SENT, now + LOOK, "in the spool, %zu part%s", m->parts,
		        m->parts == 1 ? "" : "s");
}

static void sms_send(
        void *state, const struct wq_notice *notice, wq_ms now, struct wq_result *result)
{
	const struct sms *sms = state;
	struct message m;
	struct wq_err err;

	if (phone_number(notice->address, m.number, &err) < 0) {
		say(result, WQ_DROP, WQ_NO_TIME, "%.180s", err.text);
		return;
	}
	file_name(notice->id, m.name);
	int spool = open(sms->spool, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (spool < 0) {
		fail_errno(result, "cannot open the spool", sms->spool, errno);
		return;
	}
	send_through(sms, spool, notice, now, &m, result);
	close(spool);
}

static const char *sms_replies(const void *settings)
{
	return ((const struct sms_settings *)settings)->incoming;
}

const struct wq_channel sms_channel;
const struct wq_channel sms_channel = {
	.name = "sms",
	.help = "sends short messages by a modem, through the spool of smstools",
	.options = options,
	.settings_size = sizeof(struct sms_settings),
	.state_size = sizeof(struct sms),
	.link = WQ_LINK_ASKED,
	.check = sms_check,
	.recipient = phone_recipient,
	.replies = sms_replies,
	.open = sms_open,
	.send = sms_send,
};
