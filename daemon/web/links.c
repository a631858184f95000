/* SPDX-License-Identifier: Apache-2.0 */
/* Keys under a mutex that nobody holds while the disk is read. */
#include "links.h"

#include "notify/channel/secret.h"
#include "notify/channel/signature.h"
#include "token.h"

#include "wq/err.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct links {
	const struct config *config;
	struct links_clock clock;
	uint64_t incarnation;
	const char **contacts; /* ids, as in the configuration */
	struct secret_stamp stamp; /* of the refreshing thread */
	bool looked, failed;       /* likewise */
	pthread_mutex_t mutex;
	struct signature_keys keys; /* under the mutex */
};

struct links *links_new(const struct config *config, uint64_t incarnation, const struct links_clock *clock, struct wq_err *err)
{
	struct links *links = calloc(1, sizeof *links);

	if (links != NULL)
		links->contacts = calloc(config->contact_count + 1, sizeof *links->contacts);
	if (links == NULL || links->contacts == NULL) {
		free(links);
		wq_fail(err, WQ_E_MEMORY, "no memory for the links");
		return NULL;
	}
	links->config = config;
	links->clock = *clock;
	links->incarnation = incarnation;
	for (size_t i = 0; i < config->contact_count; i++)
		links->contacts[i] = config->contacts[i].id;
	pthread_mutex_init(&links->mutex, NULL);
	return links;
}

void links_free(struct links *links)
{
	if (links == NULL)
		return;
	pthread_mutex_destroy(&links->mutex);
	signature_keys_wipe(&links->keys);
	free(links->contacts);
	free(links);
}

static int read_keys(const struct links *links, struct signature_keys *keys, struct wq_err *err)
{
	char text[SECRET_TEXT];
	int r = secret_read(links->config->paths.credentials, links->config->links->secret, text, sizeof text, err);

	if (r == 0)
		r = signature_keys_parse(text, keys, err);
	explicit_bzero(text, sizeof text);
	return r;
}

bool links_refresh(struct links *links, char why[LINKS_WHY])
{
	struct secret_stamp stamp;
	struct signature_keys keys;
	struct wq_err err = { 0 };
	bool failed = links->failed;

	/* Remembered before it is read: what is written meanwhile makes it another one. */
	secret_stamp(links->config->paths.credentials, links->config->links->secret, &stamp);
	if (links->looked && memcmp(&stamp, &links->stamp, sizeof stamp) == 0)
		return false;
	links->stamp = stamp;
	links->looked = true;
	links->failed = read_keys(links, &keys, &err) < 0;
	snprintf(why, LINKS_WHY, "%.*s", LINKS_WHY - 1, links->failed ? err.text : "");
	if (!links->failed) {
		pthread_mutex_lock(&links->mutex);
		links->keys = keys;
		pthread_mutex_unlock(&links->mutex);
		signature_keys_wipe(&keys);
	}
	return links->failed || failed;
}

static struct signature_keys keys_of(struct links *links)
{
	pthread_mutex_lock(&links->mutex);
	struct signature_keys keys = links->keys;

	pthread_mutex_unlock(&links->mutex);
	return keys;
}

static wq_ms expiry_of(const struct links *links, wq_ms created)
{
	wq_ms valid = links->config->links->valid, now = links->clock.wall();

	if (!links->clock.trusted())
		return 0;
	return (created > now || now - created > valid / 2 ? now : created) + valid;
}

void links_write(struct links *links, const struct wq_notice *notice, char out[WQ_LINK_TEXT])
{
	const struct token token = { .alarm = notice->alarm,
		.change = notice->number,
		.expires = expiry_of(links, notice->created) };
	struct signature_keys keys = keys_of(links);
	char text[TOKEN_TEXT];
	bool known = false;

	for (size_t i = 0; i < links->config->contact_count && !known; i++)
		known = strcmp(links->contacts[i], notice->contact) == 0;
	if (!known || !token_make(&keys, links->incarnation, notice->contact, &token, text) ||
	        snprintf(out, WQ_LINK_TEXT, "%s/a/%s", links->config->links->url, text) >= WQ_LINK_TEXT)
		out[0] = '\0';
	signature_keys_wipe(&keys);
}

bool links_open(struct links *links, const char *text, struct links_found *found)
{
	struct signature_keys keys = keys_of(links);
	struct token token;
	int who = token_open(&keys, links->incarnation, links->contacts, links->config->contact_count, text, &token);

	signature_keys_wipe(&keys);
	if (who < 0)
		return false;
	*found = (struct links_found){ .contact = &links->config->contacts[who],
		.alarm = token.alarm,
		.change = token.change,
		.expired = token.expires > 0 && links->clock.trusted() && links->clock.wall() >= token.expires };
	return true;
}
