/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces over the socket. A daemon that is behind or restarts is waited for: a piece given twice is only counted. */
#include "import_send.h"

#include "client.h"
#include "commands.h"
#include "complaint.h"
#include "server.h"

#include "wq/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Of the body beside the rows, and of a row beside its station. */
#define BODY_ROOM 512
#define ROW_ROOM  120

/* How long a daemon is waited for that had answered before. */
#define PAUSE_FIRST_MS 250
#define PAUSE_ALL_MS   60000

void import_drop(struct import_sender *sender)
{
	json_decref(sender->rows);
	sender->rows = NULL;
	sender->bytes = 0;
}

static void take_answer(struct import_sender *sender, const json_t *answer)
{
	const json_t *refused = json_object_get(answer, "refused");

	sender->fate.taken += (size_t)json_integer_value(json_object_get(answer, "taken"));
	sender->fate.repeated += (size_t)json_integer_value(json_object_get(answer, "repeated"));
	sender->fate.revised += (size_t)json_integer_value(json_object_get(answer, "revised"));
	for (size_t i = 0; i < json_array_size(refused); i++) {
		const json_t *row = json_array_get(refused, i);
		size_t index = (size_t)json_integer_value(json_array_get(row, 0));
		const char *why = json_string_value(json_array_get(row, 1));

		sender->fate.refused++;
		ctl_complain(&sender->complaints, "%s:%zu: %s", sender->file, index < IMPORT_PIECE ? sender->lines[index] : 0,
		        why != NULL ? why : "refused");
	}
}

static void rest(long ms)
{
	struct timespec span = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&span, NULL);
}

static int say_no(const struct import_sender *sender, const struct ctl_answer *answer, const struct wq_err *err)
{
	const char *reason = json_string_value(json_object_get(answer->json, "error"));

	fprintf(stderr, "wqctl: %s: %s\n", sender->file,
	        answer->status == 0 ? err->text : reason != NULL ? reason : "the daemon's answer is not understood");
	return answer->status == 0 || answer->status == 503 ? CTL_UNREACHABLE : CTL_WRONG;
}

/* Sends it until it is answered; a daemon that never answered is not waited for. */
static int send(struct import_sender *sender, const json_t *body)
{
	bool known = sender->fate.taken + sender->fate.repeated + sender->fate.revised + sender->fate.refused > 0;
	long pause = PAUSE_FIRST_MS, waited = 0;

	for (;;) {
		struct ctl_answer answer;
		struct wq_err err = { .code = 0 };
		int r = ctl_call(sender->socket, "POST", "/v1/import", body, &answer, &err);

		if (r == 0 && answer.status == 200 && answer.json != NULL) {
			take_answer(sender, answer.json);
			ctl_answer_free(&answer);
			return CTL_DONE;
		}
		if (r < 0)
			answer.status = 0;
		known |= answer.status == 503;
		if (!known || (answer.status != 0 && answer.status != 503) || waited >= PAUSE_ALL_MS) {
			int status = say_no(sender, &answer, &err);

			ctl_answer_free(&answer);
			return status;
		}
		ctl_answer_free(&answer);
		rest(pause);
		waited += pause;
		pause = pause < 4000 ? pause * 2 : pause;
	}
}

int import_flush(struct import_sender *sender)
{
	int r = CTL_DONE;

	if (json_array_size(sender->rows) > 0) {
		const char *name = strrchr(sender->file, '/');
		char file[WQ_IMPORT_FILE];

		size_t length = (size_t)snprintf(file, sizeof file, "%s", name != NULL ? name + 1 : sender->file);
		/* A name that is cut is cut at a character. */
		for (size_t i = sizeof file - 1; length >= sizeof file && i > 0 && ((unsigned char)file[i - 1] & 0xC0) == 0x80; i--)
			file[i - 1] = '\0';
		json_t *body = json_pack("{s:s%, s:s, s:I, s:O}", "file", file, strnlen(file, sizeof file), "kind", sender->kind, "began",
		        (json_int_t)sender->began, "rows", sender->rows);

		if (body == NULL)
			fprintf(stderr, "wqctl: %s: no memory, or its name is no UTF-8\n", sender->file);
		r = body != NULL ? send(sender, body) : CTL_WRONG;
		json_decref(body);
	}
	import_drop(sender);
	return r;
}

int import_add(struct import_sender *sender, const struct wq_table_reading *reading)
{
	/* At its worst a byte of a name takes six of JSON. */
	size_t bytes = strlen(reading->station) * 6 + ROW_ROOM;

	if (sender->bytes + bytes + BODY_ROOM > CTL_SERVER_BODY_MAX || json_array_size(sender->rows) == IMPORT_PIECE) {
		int r = import_flush(sender);

		if (r != CTL_DONE)
			return r;
	}
	if (sender->rows == NULL)
		sender->rows = json_array();
	json_t *row = json_pack("[s, s, I, f, s]", reading->station, sender->parameters[reading->parameter].code,
	        (json_int_t)reading->at, reading->value, reading->flag);
	sender->lines[json_array_size(sender->rows)] = reading->line;
	sender->bytes += bytes;
	if (row == NULL || json_array_append_new(sender->rows, row) < 0) {
		fprintf(stderr, "wqctl: %s:%zu: no memory, or a name that is no text\n", sender->file, reading->line);
		return CTL_WRONG;
	}
	return CTL_DONE;
}
