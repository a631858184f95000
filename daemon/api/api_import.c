/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/import over the control socket: a piece of a file.
 *
 *   { "file": "lab.csv", "began": ms, "kind": "manual", "rows": [[station, parameter, ms, value, flag], …] }
 *   { "taken": n, "repeated": n, "revised": n, "refused": [[index, why], …] }
 *
 * Who gave it is what the kernel says of the peer. */
#include "api_parts.h"
#include "config/config.h"
#include "intake/importer.h"
#include "wq/err.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH "/v1/import"

bool import_is_meant(const struct ctl_request *request)
{
	return strcmp(request->path, PATH) == 0 && strcmp(request->method, "POST") == 0;
}

static int answer(struct ctl_reply *reply, int status, json_t *body)
{
	reply->status = status;
	reply->body = api_print(body);
	return reply->body != NULL ? 0 : WQ_E_MEMORY;
}

static int refuse(struct ctl_reply *reply, int status, const char *text)
{
	return answer(reply, status, json_pack("{s:s}", "error", text));
}

static bool read_origin(const json_t *body, const struct ctl_request *request, struct wq_import *origin)
{
	const char *file = json_string_value(json_object_get(body, "file"));
	const char *kind = json_string_value(json_object_get(body, "kind"));
	const json_t *began = json_object_get(body, "began");
	*origin = (struct wq_import){ .manual = kind != NULL && strcmp(kind, "manual") == 0 };
	if (file == NULL || *file == '\0' || strlen(file) >= sizeof origin->file || !json_is_integer(began) || kind == NULL ||
		(!origin->manual && strcmp(kind, "automatic") != 0))
		return false;
	origin->began = json_integer_value(began);
	if (!importer_time_is_one(origin->began))
		return false;
	snprintf(origin->who, sizeof origin->who, "%s", request->user);
	memcpy(origin->file, file, strlen(file) + 1);
	return true;
}

static bool read_row(const struct wq_site *site, const json_t *row, struct wq_named *value)
{
	const char *station = json_string_value(json_array_get(row, 0)), *parameter = json_string_value(json_array_get(row, 1));
	const json_t *at = json_array_get(row, 2), *number = json_array_get(row, 3);
	const char *flag = json_string_value(json_array_get(row, 4));
	int found = parameter != NULL ? wq_parameter_find(site->parameters, site->parameter_count, parameter) : -1;
	if (station == NULL || found < 0 || !json_is_integer(at) || !json_is_number(number) ||
		!isfinite(json_number_value(number)) || (flag != NULL && strlen(flag) >= sizeof value->flag))
		return false;
	*value = (struct wq_named){ .station = station, .parameter = (uint32_t)found, .at = json_integer_value(at),
		.value = json_number_value(number) };
	if (flag != NULL)
		memcpy(value->flag, flag, strlen(flag));
	return true;
}

/* The values of the rows; NULL: one is none, or they are too many. */
static struct wq_named *read_rows(const struct wq_site *site, const json_t *rows, size_t *count)
{
	*count = json_array_size(rows);
	struct wq_named *values = *count > 0 && *count <= WQ_NAMED_MAX ? calloc(*count, sizeof *values) : NULL;
	for (size_t i = 0; values != NULL && i < *count; i++)
		if (!read_row(site, json_array_get(rows, i), &values[i])) {
			free(values);
			values = NULL;
		}
	return values;
}

static void note_refused(void *to, size_t index, const char *why)
{
	json_array_append_new(to, json_pack("[I, s]", (json_int_t)index, why));
}

static int take(struct importer *importer, const struct wq_site *site, const struct wq_import *origin,
	const struct wq_named *values, size_t count, struct ctl_reply *reply)
{
	struct wq_fate fate = { 0 };
	json_t *refused = json_array();
	int r = importer_take(importer, config_import_source(site), origin, values, count, note_refused, refused, &fate);
	if (r == 0)
		return answer(reply, 200,
			json_pack("{s:I, s:I, s:I, s:o}", "taken", (json_int_t)fate.taken, "repeated",
				(json_int_t)fate.repeated, "revised", (json_int_t)fate.revised, "refused", refused));
	json_decref(refused);
	return refuse(reply, 503,
		r == WQ_E_STATE ? "the daemon is stopping; give the same values again"
				: "the store is behind: these values are not committed yet; give them again, what is stored by then is "
				  "only counted");
}

int import_serve(struct importer *importer, const struct wq_site *site, const struct ctl_request *request,
	struct ctl_reply *reply)
{
	struct wq_import origin;
	size_t count = 0;
	int r;
	json_t *body = json_loadb(request->body, request->body_length, JSON_REJECT_DUPLICATES, NULL);
	if (body == NULL || !read_origin(body, request, &origin)) {
		json_decref(body);
		return refuse(reply, 400, "\"file\" (1 to 127 bytes), \"began\" (ms), \"kind\" (automatic, manual) and \"rows\" are needed; "
					  "nothing was taken");
	}
	struct wq_named *values = read_rows(site, json_object_get(body, "rows"), &count);
	r = values != NULL ? take(importer, site, &origin, values, count, reply)
			   : refuse(reply, 400,
				     "\"rows\" takes 1 to 512 of [station, parameter, ms, number, flag]; nothing was taken");
	free(values);
	json_decref(body);
	return r;
}
