/* SPDX-License-Identifier: Apache-2.0 */
/* One thread for all folders: waits for a file to come, reads it, asks main. */
#include "replies.h"

#include "clock.h"
#include "log.h"
#include "notify/channel/phone.h"
#include "notify/channel/reply.h"
#include "wq/alarm.h"
#include "wq/err.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MOST   4096
#define FILES_MOST  1000   /* of one look */
#define LOOK_SOON   1000
#define LOOK_ANYWAY 10000  /* ms: what could not be done is tried again, and a folder may come to be */
#define NOTE        "短信回复"

struct replies {
	const struct config *config;
	ctl_handle *ask;
	void *owner;
	pthread_t thread;
	int stop, watch;
	bool soon; /* a file may still be written: look again at once */
};

static const char *folder_of(const struct config_channel *use)
{
	return use->channel->replies != NULL ? use->channel->replies(use->settings) : NULL;
}

static const struct config_contact *contact_of(const struct config *config, const char *from)
{
	char number[PHONE_TEXT];
	struct wq_err err;

	for (size_t i = 0; i < config->contact_count; i++)
		if (phone_number(config->contacts[i].phone, number, &err) == 0 &&
			strcmp(phone_domestic(number), phone_domestic(from)) == 0)
			return &config->contacts[i];
	return NULL;
}

/* Asks main as the control socket does. The answer's status, 0: none; *answer: what it says, or NULL. */
static int ask(const struct replies *r, const char *method, const char *path, const char *body, json_t **answer)
{
	struct ctl_reply reply = { .status = 200 };
	const struct ctl_request request = { .method = method, .path = path, .body = body, .body_length = strlen(body),
		.uid = getuid(), .pid = getpid(), .user = "sms" };
	int result = r->ask(r->owner, &request, &reply);

	*answer = result == 0 && reply.body != NULL ? json_loads(reply.body, 0, NULL) : NULL;
	free(reply.body);
	return result == 0 ? reply.status : 0;
}

/* True: it is settled, for good or not at all. */
static bool acknowledge(const struct replies *r, const char *name, const struct config_contact *contact)
{
	char path[64];
	json_t *answer, *body = json_pack("{s:s, s:s}", "who", contact->name, "note", NOTE);
	char *text = json_dumps(body, JSON_COMPACT);

	snprintf(path, sizeof path, "/v1/alarms/%s/acknowledge", name);
	int status = text != NULL ? ask(r, "POST", path, text, &answer) : 0;

	json_decref(body);
	free(text);
	if (status == 200)
		log_notice("replies: %s acknowledged %s by short message", contact->id, name);
	else if (status >= 400 && status < 500)
		log_notice("replies: %s wants to acknowledge %s: %s", contact->id, name,
			json_string_value(json_object_get(answer, "error")));
	if (status != 0)
		json_decref(answer);
	return status >= 200 && status < 500;
}

static bool is_meant(const json_t *alarm, enum reply_meaning meaning, int64_t number)
{
	const char *name = json_string_value(json_object_get(alarm, "alarm"));

	if (name == NULL)
		return false;
	if (meaning == REPLY_SHORT)
		return wq_alarm_id(name) % 100000 == number;
	return !json_is_true(json_object_get(alarm, "acknowledged"));
}

/* Of the open alarms those that are meant; of several with one day's number the newest. */
static bool choose_and_acknowledge(const struct replies *r, const struct config_contact *contact, enum reply_meaning meaning,
	int64_t number)
{
	json_t *answer = NULL, *alarm;
	char newest[WQ_ALARM_NAME] = "";
	size_t i, count = 0;
	bool settled = ask(r, "GET", "/v1/alarms", "", &answer) == 200;

	json_array_foreach (json_object_get(answer, "alarms"), i, alarm) {
		const char *name = json_string_value(json_object_get(alarm, "alarm"));

		if (!is_meant(alarm, meaning, number))
			continue;
		count++;
		if (meaning == REPLY_ALL)
			settled = acknowledge(r, name, contact) && settled;
		else if (newest[0] == '\0' || wq_alarm_id(name) > wq_alarm_id(newest))
			snprintf(newest, sizeof newest, "%s", name);
	}
	json_decref(answer);
	if (!settled)
		return false;
	if (count == 0 || (meaning == REPLY_ONE && count > 1))
		log_warning("replies: %s: it is not clear which alarm is meant, %zu wait; nothing was acknowledged", contact->id,
			count);
	else if (meaning != REPLY_ALL)
		return acknowledge(r, newest, contact);
	return true;
}

static bool handle(const struct replies *r, const struct reply *reply, const struct config_contact *contact)
{
	char name[WQ_ALARM_NAME];
	int64_t number = 0;
	enum reply_meaning meaning = reply_meaning(reply->text, &number);

	if (meaning == REPLY_NAMED)
		return acknowledge(r, wq_alarm_name(number, name), contact);
	if (meaning != REPLY_NOTHING)
		return choose_and_acknowledge(r, contact, meaning, number);
	log_warning("replies: a message of %s is not understood; nothing was acknowledged", contact->id);
	return true;
}

/* Puts aside what is nobody's we know: under a name that is passed over from now on. */
static void put_aside(int folder, const char *name, const char *from)
{
	char hidden[300];
	size_t n = strlen(from);

	snprintf(hidden, sizeof hidden, ".%.250s", name);
	log_warning("replies: a message of an unknown number (…%s) is ignored", n > 4 ? from + n - 4 : from);
	if (renameat(folder, name, folder, hidden) < 0)
		log_warning("replies: cannot put %.100s aside: %s", name, strerrordesc_np(errno));
}

/* False: main did not settle it, it stays for the next look. */
static bool read_file(struct replies *r, int folder, const char *name)
{
	char bytes[FILE_MOST];
	struct reply reply;
	int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat info;

	if (fd < 0)
		return true;
	ssize_t n = fstat(fd, &info) == 0 && S_ISREG(info.st_mode) ? read(fd, bytes, sizeof bytes) : -1;

	close(fd);
	bool young = n >= 0 && clock_now() / 1000 - info.st_mtim.tv_sec <= 1 &&
		clock_now() / 1000 - info.st_mtim.tv_sec >= -1;

	r->soon = r->soon || young;
	if (n <= 0 || young)
		return true;
	const struct config_contact *contact =
		reply_parse(bytes, (size_t)n, &reply) ? contact_of(r->config, reply.from) : NULL;

	if (contact == NULL)
		put_aside(folder, name, reply.from);
	else if (!handle(r, &reply, contact))
		return false;
	else if (unlinkat(folder, name, 0) < 0)
		put_aside(folder, name, reply.from);
	return true;
}

static bool is_stopping(const struct replies *r)
{
	struct pollfd stop = { .fd = r->stop, .events = POLLIN };

	return poll(&stop, 1, 0) > 0;
}

static void look(struct replies *r, const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry;
	int count = 0;

	if (folder == NULL && fd >= 0)
		close(fd);
	/* Only what is read counts: what was put aside stays for ever, and would hide the rest. */
	while (folder != NULL && count < FILES_MOST && (entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		count++;
		if (is_stopping(r) || !read_file(r, fd, entry->d_name))
			break;
	}
	if (folder != NULL)
		closedir(folder);
}

/* Until a file comes, it is told to stop, or it is time to look anyway. */
static void wait_for_news(struct replies *r)
{
	char events[4096];
	struct pollfd both[] = { { .fd = r->stop, .events = POLLIN }, { .fd = r->watch, .events = POLLIN } };

	if (poll(both, 2, r->soon ? LOOK_SOON : LOOK_ANYWAY) > 0 && both[1].revents != 0)
		while (read(r->watch, events, sizeof events) > 0)
			;
	r->soon = false;
}

static void *run(void *owner)
{
	struct replies *r = owner;

	while (!is_stopping(r)) {
		for (size_t i = 0; i < r->config->channel_count; i++) {
			const char *folder = folder_of(&r->config->channels[i]);

			if (folder == NULL)
				continue;
			inotify_add_watch(r->watch, folder, IN_MOVED_TO | IN_CLOSE_WRITE);
			look(r, folder);
		}
		wait_for_news(r);
	}
	return NULL;
}

static void release(struct replies *r)
{
	if (r->stop >= 0)
		close(r->stop);
	if (r->watch >= 0)
		close(r->watch);
	free(r);
}

struct replies *replies_start(const struct config *config, ctl_handle *asker, void *owner, struct wq_err *err)
{
	bool any = false;

	err->code = 0;
	for (size_t i = 0; i < config->channel_count; i++)
		any = any || folder_of(&config->channels[i]) != NULL;
	struct replies *r = any ? calloc(1, sizeof *r) : NULL;

	if (!any)
		return NULL;
	if (r != NULL) {
		*r = (struct replies){ .config = config, .ask = asker, .owner = owner };
		r->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		r->watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
		if (r->stop >= 0 && r->watch >= 0 && pthread_create(&r->thread, NULL, run, r) == 0) {
			pthread_setname_np(r->thread, "replies");
			return r;
		}
		release(r);
	}
	wq_fail(err, WQ_E_MEMORY, "replies: no memory, descriptor or thread for them");
	return NULL;
}

void replies_stop(struct replies *r)
{
	if (r != NULL)
		eventfd_write(r->stop, 1);
}

bool replies_ended(struct replies *r)
{
	if (r == NULL)
		return true;
	if (pthread_tryjoin_np(r->thread, NULL) != 0)
		return false;
	release(r);
	return true;
}
