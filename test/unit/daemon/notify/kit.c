/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *given;
static struct config_report report;

static struct config *load(const char *section)
{
	char path[] = "/tmp/wq_kit_XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	FILE *file = fdopen(fd, "w");

	fprintf(file,
	        "site { name = \"试验\" }\nstation \"*\" { name = \"任一\" kind = national }\n%s\n",
	        section);
	fclose(file);
	struct config *config = config_load(path, &report);

	unlink(path);
	return config;
}

void kit_secret(const char *text)
{
	given = text;
}

static int give(void *owner, const char *reference, char *buf, size_t cap, struct wq_err *err)
{
	(void)owner, (void)err;
	const char *name = strchr(reference, ':');

	assert_non_null(name);
	if (given != NULL)
		snprintf(buf, cap, "%s", given);
	else
		snprintf(buf, cap, "KEY-%s", name + 1);
	return 0;
}

struct kit kit_open(const char *section)
{
	struct kit kit = { .config = load(section) };
	struct wq_err err = { 0 };

	if (kit.config == NULL)
		fail_msg("%s", report.problems[0].text);
	assert_int_equal(kit.config->channel_count, 1);
	kit.channel = kit.config->channels[0].channel;
	kit.state = calloc(1, kit.channel->state_size);
	if (kit.channel->open(kit.state, kit.config->channels[0].settings, give, NULL, &err) < 0)
		fail_msg("%s", err.text);
	return kit;
}

void kit_close(struct kit *kit)
{
	if (kit->channel->close != NULL)
		kit->channel->close(kit->state);
	free(kit->state);
	config_free(kit->config);
}

const char *kit_problem(const char *section)
{
	struct config *config = load(section);

	if (config == NULL)
		return report.problems[0].text;
	config_free(config);
	return "";
}

struct wq_result kit_judge(const struct kit *kit, int status, const char *body, wq_ms now)
{
	struct wq_result result = { .kind = WQ_DROP };
	const struct wq_response response = { .status = status,
		.body = body,
		.body_length = strlen(body),
		.retry_after = WQ_NO_TIME,
		.date = now };

	kit->channel->judge(kit->state, &response, now, &result);
	return result;
}

struct wq_notice kit_notice(void)
{
	return (struct wq_notice){ .id = "abc-W20260305-007-1-zhang",
		.alarm = 2026030500007,
		.number = 1,
		.kind = WQ_OPENED,
		.level = WQ_LEVEL_WARNING,
		.time = 1772697600000,
		.contact = "zhang",
		.address = "13800138000",
		.text = "【水质预警】一干河03-05 "
		        "16:00总磷0.263mg/L,超Ⅲ类限值(0.2)0.32倍。编号W20260305-007",
		.data = "{\"alarm\":\"W20260305-007\",\"time\":\"2026-03-05T16:00:00+08:00\","
		        "\"station\":{\"id\":\"yigan\","
		        "\"name\":\"一干河\"},\"parameter\":{\"alias\":\"tp\",\"code\":\"w21011\","
		        "\"name\":\"总磷\",\"unit\":"
		        "\"mg/L\"},\"value\":0.263,\"limit\":0.2,\"rule\":\"tp-iii\"}" };
}

json_t *kit_vectors(void)
{
	const char *shared = getenv("WQ_SHARED");
	char path[4096];

	snprintf(path, sizeof path, "%s/vectors/channels.json", shared != NULL ? shared : "");
	json_t *vectors = json_load_file(path, 0, NULL);

	if (vectors == NULL) {
		print_message("SKIPPED: no %s\n", path);
		skip();
	}
	return vectors;
}

const char *kit_text(json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}
