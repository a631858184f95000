/* SPDX-License-Identifier: Apache-2.0 */
/* wqsim inbox: the far end of a webhook. Verifies Standard Webhooks signatures with code of its
 * own, drops what comes twice, and prints what an officer would see, one line a notice. */
#include "sim.h"

#include <argp.h>
#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <microhttpd.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>
#include <search.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BODY_MAX  (64 * 1024)
#define KEYS      4
#define KEY_MAX   64
#define TOLERANCE 300 /* s between the sender's clock and ours, as the specification advises */

struct key {
	unsigned char bytes[KEY_MAX + 3];
	int length;
};

struct options {
	struct sockaddr_in listen;
	const char *port_file, *secret_file, *log_file;
	long fail, status, delay_ms, retry_after;
	bool hang, quiet;
};

struct inbox {
	struct options options;
	struct key keys[KEYS];
	int key_count;
	FILE *log;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	bool stopping; /* all below: under the mutex */
	void *seen;    /* ids taken, a tsearch tree of strings */
	long requests, notices, again, refused, failed;
};

/* One request while its body comes in. */
struct exchange {
	size_t length;
	bool too_long;
	char body[BODY_MAX + 1];
};

/* ---- keys and signatures ---- */

static int parse_key(const char *text, size_t length, struct key *key)
{
	static const char prefix[] = "whsec_";
	size_t skip = sizeof prefix - 1, pad = 0;

	if (length <= skip || memcmp(text, prefix, skip) != 0)
		return -1;
	text += skip;
	length -= skip;
	if (length % 4 != 0 || length / 4 * 3 > sizeof key->bytes)
		return -1;
	while (pad < 2 && text[length - 1 - pad] == '=')
		pad++;
	key->length =
	        EVP_DecodeBlock(key->bytes, (const unsigned char *)text, (int)length) - (int)pad;
	return key->length >= 24 && key->length <= KEY_MAX ? 0 : -1;
}

static int read_keys(struct inbox *inbox)
{
	char text[1024];
	const char *path = inbox->options.secret_file;
	FILE *file = fopen(path, "re");

	if (file == NULL) {
		fprintf(stderr, "wqsim inbox: %s: %s\n", path, strerror(errno));
		return -1;
	}
	text[fread(text, 1, sizeof text - 1, file)] = '\0';
	fclose(file);
	for (char *word = strtok(text, " \t\r\n"); word != NULL; word = strtok(NULL, " \t\r\n"))
		if (inbox->key_count == KEYS ||
		        parse_key(word, strlen(word), &inbox->keys[inbox->key_count++]) < 0) {
			fprintf(stderr,
			        "wqsim inbox: %s: 'whsec_' and base64 of 24 to 64 bytes expected, "
			        "at most %d of them\n",
			        path, KEYS);
			return -1;
		}
	OPENSSL_cleanse(text, sizeof text);
	return inbox->key_count > 0 ? 0 : (fprintf(stderr, "wqsim inbox: %s is empty\n", path), -1);
}

/* The signature that one key gives. */
static bool sign(const struct key *key, const char *id, const char *timestamp,
        const struct exchange *x, char out[64])
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned int length = 0;
	size_t head = strlen(id) + strlen(timestamp) + 2;
	char *signed_bytes = malloc(head + 1 + x->length);

	if (signed_bytes == NULL)
		return false;
	snprintf(signed_bytes, head + 1, "%s.%s.", id, timestamp);
	memcpy(signed_bytes + head, x->body, x->length);
	bool good = HMAC(EVP_sha256(), key->bytes, key->length, (const unsigned char *)signed_bytes,
	                    head + x->length, sum, &length) != NULL;

	free(signed_bytes);
	memcpy(out, "v1,", 3);
	if (good)
		EVP_EncodeBlock((unsigned char *)out + 3, sum, (int)length);
	return good;
}

static bool matches(const char *expected, const char *list)
{
	size_t length = strlen(expected);
	bool found = false;

	while (*list != '\0') {
		size_t n = strcspn(list, " ");

		if (n == length && CRYPTO_memcmp(expected, list, n) == 0)
			found = true;
		list += n + strspn(list + n, " ");
	}
	return found;
}

/* NULL when the request is authentic, else what is wrong with it. */
static const char *verify(const struct inbox *inbox, const char *id, const char *timestamp,
        const char *signature, const struct exchange *x)
{
	char expected[64], *end;
	bool good = false;

	if (id == NULL || *id == '\0' || timestamp == NULL || signature == NULL)
		return "webhook-id, webhook-timestamp or webhook-signature is missing";
	long long seconds = strtoll(timestamp, &end, 10);
	long long skew = (long long)time(NULL) - seconds;

	if (*end != '\0' || end == timestamp)
		return "webhook-timestamp is no number";
	if (skew > TOLERANCE || skew < -TOLERANCE)
		return "webhook-timestamp is more than 5 minutes from this clock";
	for (int i = 0; i < inbox->key_count; i++)
		if (sign(&inbox->keys[i], id, timestamp, x, expected) &&
		        matches(expected, signature))
			good = true;
	return good ? NULL : "the signature does not match";
}

/* ---- what is shown and logged ---- */

static const char *text_of(json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

static void now_text(char out[16])
{
	struct tm local;
	time_t now = time(NULL);

	localtime_r(&now, &local);
	strftime(out, 16, "%H:%M:%S", &local);
}

/* Terminals obey control characters; officers shall not. */
static void print_clean(const char *text)
{
	for (; *text != '\0'; text++)
		putchar((unsigned char)*text < 0x20 || *text == 0x7f ? ' ' : *text);
}

static void show(json_t *body, int status, bool again)
{
	static const char *const levels[] = { "-", "提示", "关注", "预警", "报警" };
	json_t *data = json_object_get(body, "data");
	json_int_t level = json_integer_value(json_object_get(data, "level"));
	char time[16];

	now_text(time);
	printf("%s %s ", time, level >= 0 && level <= 4 ? levels[level] : "?");
	print_clean(text_of(data, "contact"));
	fputs(strcmp(text_of(data, "role"), "assist") == 0 ? "(配合) " : "(牵头) ", stdout);
	print_clean(text_of(data, "text"));
	if (status < 200 || status > 299)
		printf(" (answered %d)", status);
	puts(again ? " (again)" : "");
}

static void show_refused(const char *why)
{
	char time[16];

	now_text(time);
	printf("%s refused: %s\n", time, why);
}

static void write_log(struct inbox *inbox, const char *id, const char *timestamp, int status,
        bool again, const char *why, json_t *body)
{
	struct timespec now;

	if (inbox->log == NULL)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	json_t *entry = json_pack("{s:I, s:s, s:s, s:i, s:b, s:s?, s:O?}", "received",
	        (json_int_t)now.tv_sec * 1000 + (json_int_t)(now.tv_nsec / 1000000), "id",
	        id != NULL ? id : "", "timestamp", timestamp != NULL ? timestamp : "", "status",
	        status, "again", (int)again, "refused", why, "body", body);

	if (entry != NULL)
		json_dumpf(entry, inbox->log, JSON_COMPACT | JSON_REAL_PRECISION(15));
	json_decref(entry);
	fputc('\n', inbox->log);
	fflush(inbox->log);
}

/* ---- requests ---- */

/* True when the id was taken before; a new one is remembered when `take`. */
static bool is_known(struct inbox *inbox, const char *id, bool take)
{
	int (*const compare)(const void *, const void *) =
	        (int (*)(const void *, const void *))strcmp;

	if (tfind(id, &inbox->seen, compare) != NULL)
		return true;
	char *copy = take ? strdup(id) : NULL;

	if (copy != NULL && tsearch(copy, &inbox->seen, compare) == NULL)
		free(copy);
	return false;
}

/* Decides on a request, counts, shows and logs it. Returns the status to answer. */
static int judge(struct inbox *inbox, struct MHD_Connection *connection, struct exchange *x)
{
	const char *id = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "webhook-id");
	const char *timestamp =
	        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "webhook-timestamp");
	const char *signature =
	        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "webhook-signature");
	const struct options *options = &inbox->options;
	json_t *body = json_loadb(x->body, x->length, JSON_REJECT_DUPLICATES, NULL);
	const char *why = verify(inbox, id, timestamp, signature, x);
	bool again = false;
	int status = why != NULL ? 401 : 204;

	if (x->too_long) {
		why = "the body is longer than 64 KiB";
		status = 413;
	} else if (why == NULL && !json_is_object(json_object_get(body, "data"))) {
		why = "the body is not {\"type\":…,\"timestamp\":…,\"data\":{…}}";
		status = 400;
	}
	pthread_mutex_lock(&inbox->mutex);
	inbox->requests++;
	if (why == NULL && inbox->requests <= options->fail)
		status = 500;
	else if (why == NULL && options->status != 0)
		status = (int)options->status;
	if (why == NULL)
		again = is_known(inbox, id, status >= 200 && status <= 299);
	inbox->refused += why != NULL;
	inbox->again += again;
	inbox->failed += why == NULL && (status < 200 || status > 299);
	inbox->notices += why == NULL && !again && status >= 200 && status <= 299;
	if (!options->quiet && why != NULL)
		show_refused(why);
	else if (!options->quiet)
		show(body, status, again);
	fflush(stdout);
	write_log(inbox, id, timestamp, status, again, why, body);
	pthread_mutex_unlock(&inbox->mutex);
	json_decref(body);
	return status;
}

/* Waits for span ms (0: for ever), or until the inbox stops. */
static void wait_for(struct inbox *inbox, long span)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += span / 1000 + (until.tv_nsec + span % 1000 * 1000000) / 1000000000;
	until.tv_nsec = (until.tv_nsec + span % 1000 * 1000000) % 1000000000;
	pthread_mutex_lock(&inbox->mutex);
	int r = 0;

	while (!inbox->stopping && r == 0)
		r = span > 0 ? pthread_cond_timedwait(&inbox->changed, &inbox->mutex, &until)
		             : pthread_cond_wait(&inbox->changed, &inbox->mutex);
	pthread_mutex_unlock(&inbox->mutex);
}

static enum MHD_Result answer(struct inbox *inbox, struct MHD_Connection *connection, int status)
{
	char after[32];
	struct MHD_Response *response =
	        MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);

	if (response == NULL)
		return MHD_NO;
	snprintf(after, sizeof after, "%ld", inbox->options.retry_after);
	if (inbox->options.retry_after > 0 && status >= 400)
		MHD_add_response_header(response, "Retry-After", after);
	enum MHD_Result r = MHD_queue_response(connection, (unsigned)status, response);

	MHD_destroy_response(response);
	return r;
}

static enum MHD_Result on_request(void *owner, struct MHD_Connection *connection, const char *url,
        const char *method, const char *version, const char *bytes, size_t *count, void **context)
{
	struct inbox *inbox = owner;
	struct exchange *x = *context;

	(void)url, (void)version;
	if (x == NULL) {
		*context = x = calloc(1, sizeof *x);
		return x != NULL ? MHD_YES : MHD_NO;
	}
	if (*count > 0) {
		size_t n = *count < BODY_MAX - x->length ? *count : BODY_MAX - x->length;

		x->too_long = x->too_long || n < *count;
		memcpy(x->body + x->length, bytes, n);
		x->length += n;
		*count = 0;
		return MHD_YES;
	}
	if (strcmp(method, "POST") != 0)
		return answer(inbox, connection, 405);
	if (inbox->options.hang) {
		wait_for(inbox, 0);
		return MHD_NO;
	}
	if (inbox->options.delay_ms > 0)
		wait_for(inbox, inbox->options.delay_ms);
	return answer(inbox, connection, judge(inbox, connection, x));
}

static void on_completed(void *owner, struct MHD_Connection *connection, void **context,
        enum MHD_RequestTerminationCode code)
{
	(void)owner, (void)connection, (void)code;
	free(*context);
	*context = NULL;
}

/* ---- the program ---- */

static int write_port(const struct inbox *inbox, struct MHD_Daemon *daemon)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);
	unsigned port = info != NULL ? info->port : 0;
	char temporary[4096], address[INET_ADDRSTRLEN];
	const char *path = inbox->options.port_file;

	inet_ntop(AF_INET, &inbox->options.listen.sin_addr, address, sizeof address);
	if (!inbox->options.quiet)
		printf("inbox: listening on http://%s:%u/\n", address, port);
	fflush(stdout);
	if (path == NULL)
		return 0;
	snprintf(temporary, sizeof temporary, "%s.new", path);
	FILE *file = fopen(temporary, "we");

	/* Renamed into place: whoever waits for the file never reads half a number. */
	if (file == NULL || fprintf(file, "%u\n", port) < 0 || fclose(file) != 0 ||
	        rename(temporary, path) < 0) {
		fprintf(stderr, "wqsim inbox: %s: %s\n", path, strerror(errno));
		return -1;
	}
	return 0;
}

static struct MHD_Daemon *serve(struct inbox *inbox)
{
	struct MHD_Daemon *daemon = MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION |
	                MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL | MHD_USE_ITC,
	        0, NULL, NULL, on_request, inbox, MHD_OPTION_SOCK_ADDR,
	        (struct sockaddr *)&inbox->options.listen, MHD_OPTION_NOTIFY_COMPLETED,
	        on_completed, inbox, MHD_OPTION_CONNECTION_LIMIT, 64u,
	        MHD_OPTION_CONNECTION_TIMEOUT, 60u, MHD_OPTION_END);

	if (daemon == NULL)
		fprintf(stderr, "wqsim inbox: cannot listen on port %u: %s\n",
		        ntohs(inbox->options.listen.sin_port), strerror(errno));
	return daemon;
}

static int run(struct inbox *inbox)
{
	sigset_t ends;
	int number;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	pthread_sigmask(SIG_BLOCK, &ends, NULL);
	signal(SIGPIPE, SIG_IGN);
	struct MHD_Daemon *daemon = serve(inbox);

	if (daemon == NULL)
		return 1;
	int r = write_port(inbox, daemon);

	if (r == 0)
		sigwait(&ends, &number);
	pthread_mutex_lock(&inbox->mutex);
	inbox->stopping = true;
	pthread_cond_broadcast(&inbox->changed);
	pthread_mutex_unlock(&inbox->mutex);
	MHD_stop_daemon(daemon);
	printf("inbox: %ld requests: %ld notices, %ld again, %ld refused, %ld answered with a "
	       "failure\n",
	        inbox->requests, inbox->notices, inbox->again, inbox->refused, inbox->failed);
	return r == 0 ? 0 : 1;
}

static int parse_listen(const char *text, struct sockaddr_in *to)
{
	char host[INET_ADDRSTRLEN], *end;
	const char *colon = strrchr(text, ':');

	if (colon == NULL || (size_t)(colon - text) >= sizeof host)
		return -1;
	memcpy(host, text, (size_t)(colon - text));
	host[colon - text] = '\0';
	long port = strtol(colon + 1, &end, 10);

	if (end == colon + 1 || *end != '\0' || port < 0 || port > 65535)
		return -1;
	to->sin_port = htons((uint16_t)port);
	return inet_pton(AF_INET, host, &to->sin_addr) == 1 ? 0 : -1;
}

static const struct argp_option rows[] = {
	{ "listen", 'l', "ADDRESS:PORT", 0,
	        "IPv4 address; port 0 takes a free one (default 127.0.0.1:0)", 0 },
	{ "port-file", 'p', "FILE", 0, "write the port here once it is open", 0 },
	{ "secret-file", 's', "FILE", 0, "signing key, 'whsec_…'; several while keys are exchanged",
	        0 },
	{ "log", 'o', "FILE", 0, "append a JSON object a request", 0 },
	{ "fail", 'f', "N", 0, "answer the first N requests with 500", 0 },
	{ "status", 't', "CODE", 0, "answer every request with this status", 0 },
	{ "retry-after", 'r', "SECONDS", 0, "add this header to answers of 400 and above", 0 },
	{ "delay", 'd', "MS", 0, "wait before each answer", 0 },
	{ "hang", 'h' + 256, NULL, 0, "take requests and never answer", 0 },
	{ "quiet", 'q', NULL, 0, "print the counts at the end only", 0 },
	{ 0 },
};

static error_t number(struct argp_state *state, const char *text, long low, long high, long *to)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (end == text || *end != '\0' || value < low || value > high)
		argp_error(state, "'%s' must be a number from %ld to %ld", text, low, high);
	*to = value;
	return 0;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'l':
		if (parse_listen(text, &options->listen) < 0)
			argp_error(state, "'%s' must be like 127.0.0.1:8080", text);
		return 0;
	case 'p':
		options->port_file = text;
		return 0;
	case 's':
		options->secret_file = text;
		return 0;
	case 'o':
		options->log_file = text;
		return 0;
	case 'f':
		return number(state, text, 0, 1000000, &options->fail);
	case 't':
		return number(state, text, 200, 599, &options->status);
	case 'r':
		return number(state, text, 1, 100000, &options->retry_after);
	case 'd':
		return number(state, text, 0, 600000, &options->delay_ms);
	case 'h' + 256:
		options->hang = true;
		return 0;
	case 'q':
		options->quiet = true;
		return 0;
	case ARGP_KEY_END:
		if (options->secret_file == NULL)
			argp_error(state, "--secret-file is required");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int sim_inbox(int argc, char **argv)
{
	static const struct argp argp = { rows, parse, NULL,
		"Receives webhooks, verifies their signatures and prints what an officer would "
		"see.",
		NULL, NULL, NULL };
	static char name[] = "wqsim inbox";
	struct inbox inbox = { .options.listen = { .sin_family = AF_INET } };
	pthread_condattr_t attributes;

	inbox.options.listen.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	argv[0] = name;
	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, &inbox.options);
	if (read_keys(&inbox) < 0)
		return 1;
	if (inbox.options.log_file != NULL &&
	        (inbox.log = fopen(inbox.options.log_file, "ae")) == NULL) {
		fprintf(stderr, "wqsim inbox: %s: %s\n", inbox.options.log_file, strerror(errno));
		return 1;
	}
	pthread_mutex_init(&inbox.mutex, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&inbox.changed, &attributes);
	int status = run(&inbox);

	if (inbox.log != NULL)
		fclose(inbox.log);
	tdestroy(inbox.seen, free);
	pthread_cond_destroy(&inbox.changed);
	pthread_mutex_destroy(&inbox.mutex);
	OPENSSL_cleanse(inbox.keys, sizeof inbox.keys);
	return status;
}
