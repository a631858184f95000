/* SPDX-License-Identifier: Apache-2.0 */
/* Token, then main, then a page. */
#include "answer.h"

#include "form.h"

#include "log.h"
#include "wq/alarm.h"
#include "wq/verdict.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct asker {
	ctl_handle *ask;
	void *owner;
};

/* The status, 0: there was no answer; *answer: what it says, or NULL. */
static int ask_main(const struct asker *asker, const char *method, const char *path, const char *body, json_t **answer)
{
	struct ctl_reply reply = { .status = 200 };
	const struct ctl_request request = { .method = method, .path = path, .body = body, .body_length = strlen(body),
		.uid = getuid(), .pid = getpid(), .user = "link" };
	int r = asker->ask(asker->owner, &request, &reply);

	*answer = r == 0 && reply.body != NULL ? json_loads(reply.body, 0, NULL) : NULL;
	free(reply.body);
	return r == 0 ? reply.status : 0;
}

/* The alarm as it is now; NULL: main does not say. The caller releases it. */
static json_t *state_of(const struct asker *asker, const char *name)
{
	char path[64];
	json_t *answer;

	snprintf(path, sizeof path, "/v1/alarms/%s/state", name);
	int status = ask_main(asker, "GET", path, "", &answer);

	if (status == 200 && json_is_object(answer))
		return answer;
	json_decref(answer);
	return NULL;
}

static const char *text_of(const json_t *state, const char *key)
{
	return json_string_value(json_object_get(state, key));
}

static const char *level_of(const json_t *state)
{
	const char *name = text_of(state, "level");

	if (json_is_true(json_object_get(state, "device")))
		return "设备告警";
	for (int level = WQ_LEVEL_INFO; name != NULL && level <= WQ_LEVEL_ALARM; level++)
		if (strcmp(name, wq_level_name((enum wq_level)level)) == 0)
			return wq_level_chinese((enum wq_level)level);
	return NULL;
}

/* "2026-03-05T08:00:00.000+08:00" as people write it; out has room for 17 bytes. */
static const char *minute_of(const char *time, char out[32])
{
	if (time == NULL || strlen(time) < 16)
		return NULL;
	snprintf(out, 32, "%.10s %.5s", time, time + 11);
	return out;
}

/* What the alarm has become for whoever holds this link. */
static enum page_kind stand_of(const json_t *state, uint32_t change)
{
	const char *life = text_of(state, "state");
	bool answered = json_integer_value(json_object_get(state, "answered")) >= (json_int_t)change;

	if (life == NULL || strcmp(life, wq_life_name(WQ_LIFE_NORMAL)) == 0)
		return PAGE_OVER;
	if (strcmp(life, wq_life_name(WQ_LIFE_ACKNOWLEDGED)) == 0)
		return PAGE_ANSWERED;
	return answered ? PAGE_AGAIN : PAGE_ASK;
}

static size_t show(enum page_kind kind, const char *name, const struct links_found *found, const json_t *state,
	char page[PAGE_TEXT])
{
	char opened[32], at[32];
	const struct page_facts facts = { .number = name,
		.station = text_of(state, "station_name"),
		.parameter = text_of(state, "parameter_name"),
		.level = level_of(state),
		.opened = minute_of(text_of(state, "opened"), opened),
		.text = text_of(state, "text"),
		.contact = found->contact->name,
		.by = text_of(state, "acknowledged_by"),
		.at = minute_of(text_of(state, "acknowledged_at"), at) };

	return page_write(kind, &facts, page);
}

static enum page_kind acknowledge(const struct asker *asker, const char *name, const struct links_found *found, const char *note)
{
	char path[64], whole[sizeof WEB_NOTE + FORM_NOTE + 8], change[16];
	json_t *answer = NULL;

	snprintf(path, sizeof path, "/v1/alarms/%s/acknowledge", name);
	snprintf(whole, sizeof whole, WEB_NOTE "%s%s", note[0] != '\0' ? ":" : "", note);
	snprintf(change, sizeof change, "%u", (unsigned)found->change);
	json_t *body = json_pack("{s:s, s:s, s:s}", "who", found->contact->name, "note", whole, "change", change);
	char *text = json_dumps(body, JSON_COMPACT);
	int status = text != NULL ? ask_main(asker, "POST", path, text, &answer) : 0;

	json_decref(body);
	free(text);
	json_decref(answer);
	if (status == 200)
		log_notice("links: %s acknowledged %s", found->contact->id, name);
	return status == 200 ? PAGE_DONE : status == 404 || status == 409 ? PAGE_AGAIN : PAGE_UNSURE;
}

/* A link of ours that holds. */
static enum page_kind serve(const struct asker *asker, const struct links_found *found, bool post, const char *note,
	char page[PAGE_TEXT], size_t *length)
{
	char name[WQ_ALARM_NAME];
	json_t *state = state_of(asker, wq_alarm_name(found->alarm, name));
	enum page_kind kind = state != NULL ? stand_of(state, found->change) : PAGE_BUSY;

	if (kind == PAGE_ASK && post)
		kind = acknowledge(asker, name, found, note);
	/* Somebody was faster. */
	if (post && kind == PAGE_AGAIN) {
		json_decref(state);
		state = state_of(asker, name);
		kind = state != NULL ? stand_of(state, found->change) : PAGE_BUSY;
		kind = kind == PAGE_ASK ? PAGE_UNSURE : kind;
	}
	*length = show(kind, name, found, state, page);
	json_decref(state);
	return kind;
}

/* The last part of "…/a/TOKEN": a proxy may have put something before it. NULL: it is no such path. */
static const char *token_in(const char *path)
{
	const char *last = strrchr(path, '/');

	return last != NULL && last - path >= 2 && strncmp(last - 2, "/a", 2) == 0 ? last + 1 : NULL;
}

enum page_kind web_answer(struct links *links, ctl_handle *ask, void *owner, const struct web_request *request,
	char page[PAGE_TEXT], size_t *length)
{
	const struct asker asker = { ask, owner };
	const char *token = token_in(request->path);
	bool post = strcmp(request->method, "POST") == 0;
	char note[FORM_NOTE] = "";
	struct links_found found;
	enum page_kind kind = PAGE_ASK;

	if (!post && strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0)
		kind = PAGE_METHOD;
	else if (token == NULL || !links_open(links, token, &found))
		kind = PAGE_INVALID;
	else if (found.expired)
		kind = PAGE_EXPIRED;
	else if (post && (!request->form || !form_note(request->body, request->length, note)))
		kind = PAGE_FORM;
	if (kind == PAGE_ASK)
		return serve(&asker, &found, post, note, page, length);
	*length = page_write(kind, NULL, page);
	return kind;
}
