/* SPDX-License-Identifier: Apache-2.0 */
/* wqctl decode hj212: one JSON object a frame, whatever stands around the frames. Constant memory. */
#include "commands.h"

#include "wq/decimal.h"
#include "wq/hj212.h"

#include <argp.h>
#include <errno.h>
#include <iconv.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const profiles[] = { "2005", "2017", "2025", "surface-water" };

struct request {
	const char *protocol, *profile, *file;
};

static const struct argp_option options[] = {
	{ "profile", 'p', "P", 0, "2005, 2017, 2025 or surface-water (default): how the station speaks", 0 },
	{ 0 },
};

static void check_profile(struct argp_state *state, const char *name)
{
	for (size_t i = 0; i < sizeof profiles / sizeof *profiles; i++)
		if (strcmp(profiles[i], name) == 0)
			return;
	argp_error(state, "--profile is 2005, 2017, 2025 or surface-water, not '%s'", name);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct request *request = state->input;

	switch (key) {
	case 'p':
		check_profile(state, arg);
		request->profile = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num == 0)
			request->protocol = arg;
		else if (state->arg_num == 1)
			request->file = arg;
		else
			argp_error(state, "'%s' is one argument too many", arg);
		return 0;
	case ARGP_KEY_END:
		if (request->protocol == NULL || strcmp(request->protocol, "hj212") != 0)
			argp_error(state, "say what to decode: hj212");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = { options, parse, "hj212 [FILE|-]",
	"Prints one JSON object for each HJ 212 frame of a file or of standard input.", NULL, NULL, NULL };

/* -- texts: UTF-8 as the standard has it, or GB 18030 as much station software does -- */

static json_t *from_gb18030(struct wq_text text)
{
	char out[4096];
	char *in = (char *)text.at, *to = out;
	size_t in_left = text.length, out_left = sizeof out;
	iconv_t converter = iconv_open("UTF-8", "GB18030");

	if (converter == (iconv_t)-1)
		return NULL;
	size_t r = iconv(converter, &in, &in_left, &to, &out_left);

	iconv_close(converter);
	return r != (size_t)-1 && in_left == 0 ? json_stringn(out, (size_t)(to - out)) : NULL;
}

/* What is neither has '?' for its bytes above ASCII. */
static json_t *string(struct wq_text text)
{
	if (text.at == NULL)
		return json_null();
	json_t *value = json_stringn(text.at, text.length);

	if (value == NULL)
		value = from_gb18030(text);
	char *copy = value == NULL ? malloc(text.length + 1) : NULL;

	for (size_t i = 0; copy != NULL && i < text.length; i++)
		copy[i] = (unsigned char)text.at[i] < 0x80 ? text.at[i] : '?';
	if (copy != NULL)
		value = json_stringn(copy, text.length);
	free(copy);
	return value != NULL ? value : json_null();
}

/* -- objects -- */

static json_t *value_of(const struct wq_hj212_item *item)
{
	char copy[64];
	double value;

	if (item->missing)
		return json_null();
	if (!item->measured || item->value.length >= sizeof copy)
		return string(item->value);
	memcpy(copy, item->value.at, item->value.length);
	copy[item->value.length] = '\0';
	return wq_value_parse(copy, &value, NULL) == 0 ? json_real(value) : json_null();
}

static json_t *items_of(const struct wq_hj212_record *record)
{
	json_t *items = json_array();

	for (size_t i = 0; i < record->count; i++) {
		const struct wq_hj212_item *item = &record->items[i];

		json_array_append_new(items,
		        json_pack("{s:o, s:o, s:o, s:o}", "code", string(item->code), "suffix", string(item->suffix), "value",
		                value_of(item), "flag", string(item->flag)));
	}
	return items;
}

/* "len_mismatch, no_cp_end"; null when all is as it should be. */
static json_t *problem_of(const struct wq_hj212_frame *frame, unsigned problems)
{
	char text[512] = "";
	size_t used = 0;

	for (int i = 0; i < WQ_HJ212_PROBLEMS; i++) {
		unsigned bit = problems & 1u << i;

		if (bit == 0)
			continue;
		used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", used > 0 ? ", " : "",
		        wq_hj212_problem_name((enum wq_hj212_problem)bit));
		if (bit == WQ_HJ212_LENGTH)
			used += (size_t)snprintf(text + used, sizeof text - used, " (declared %zu, found %zu)",
			        frame->declared, frame->segment.length);
	}
	return used > 0 ? json_string(text) : json_null();
}

static json_t *object_of(const struct wq_hj212_frame *frame)
{
	static struct wq_hj212_record record;
	char time[WQ_INSTANT_TEXT];

	wq_hj212_read(frame->segment, &wq_zone_china, &record);
	unsigned problems = frame->problems | record.problems;

	return json_pack("{s:b, s:s, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "ok",
	        (problems & WQ_HJ212_REFUSED) == 0, "checksum", wq_hj212_checksum_name(frame->checksum), "declared",
	        (json_int_t)frame->declared, "length", (json_int_t)frame->segment.length, "qn", string(record.qn), "st",
	        string(record.st), "cn", string(record.cn), "mn", string(record.mn), "flag",
	        record.flag_number >= 0 ? json_integer(record.flag_number) : json_null(), "time",
	        record.time != WQ_NO_TIME ? json_string(wq_instant_format(&wq_zone_china, record.time, time))
	                                  : json_null(),
	        "items", items_of(&record), "problem", problem_of(frame, problems));
}

/* -- the stream -- */

struct job {
	const char *name;
	size_t frames, refused, junk;
	size_t count; /* bytes in the buffer */
	char bytes[2 * WQ_HJ212_FRAME_MAX];
};

static void print_frame(struct job *job, const struct wq_hj212_frame *frame)
{
	json_t *object = object_of(frame);

	job->frames++;
	job->refused += !json_is_true(json_object_get(object, "ok"));
	json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(15));
	putchar('\n');
	json_decref(object);
}

static void take_frames(struct job *job, bool ended)
{
	size_t at = 0, used, junk;
	struct wq_hj212_frame frame;
	enum wq_hj212_found found;

	do {
		found = wq_hj212_next(job->bytes + at, job->count - at, ended, &frame, &used, &junk);
		job->junk += junk;
		at += used;
		if (found == WQ_HJ212_FRAME)
			print_frame(job, &frame);
	} while (found == WQ_HJ212_FRAME);
	memmove(job->bytes, job->bytes + at, job->count - at);
	job->count -= at;
}

static int decode(struct job *job, FILE *from)
{
	size_t n;

	while ((n = fread(job->bytes + job->count, 1, sizeof job->bytes - job->count, from)) > 0) {
		job->count += n;
		take_frames(job, false);
	}
	bool unread = ferror(from) != 0;

	take_frames(job, true);
	if (unread)
		fprintf(stderr, "%s: %s\n", job->name, strerror(errno));
	if (job->junk > 0)
		fprintf(stderr, "%s: %zu bytes belong to no frame\n", job->name, job->junk);
	fprintf(stderr, "%s: %zu frames, %zu refused\n", job->name, job->frames, job->refused);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "output cannot be written: %s\n", strerror(errno));
		return CTL_WRONG;
	}
	return unread || job->refused > 0 ? CTL_WRONG : CTL_DONE;
}

int ctl_decode(int argc, char **argv)
{
	struct request request = { .profile = "surface-water", .file = "-" };
	static struct job job;

	if (argp_parse(&argp, argc, argv, 0, NULL, &request) != 0)
		return CTL_USAGE;
	job = (struct job){ .name = "stdin" };
	if (strcmp(request.file, "-") == 0)
		return decode(&job, stdin);
	FILE *from = fopen(request.file, "re");

	if (from == NULL) {
		fprintf(stderr, "%s: %s\n", request.file, strerror(errno));
		return CTL_WRONG;
	}
	job.name = request.file;
	int status = decode(&job, from);

	fclose(from);
	return status;
}
