/* SPDX-License-Identifier: Apache-2.0 */
/* What the libraries of wqd take before wqd does anything: the same ones, initialised the same way, and then nothing.
 * The reference for the daemon's own private memory. Prints its process id and waits until its input ends.
 *
 *   bench_libraries FOLDER BROKER */
#include <MQTTAsync.h>
#include <confuse.h>
#include <csv.h>
#include <curl/curl.h>
#include <jansson.h>
#include <microhttpd.h>
#include <openssl/evp.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-event.h>
#include <unistd.h>

static void must(int good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "bench_libraries: %s failed\n", what);
	exit(1);
}

static void use_sqlite(const char *folder)
{
	char path[512];
	sqlite3 *db;

	snprintf(path, sizeof path, "%s/libraries.db", folder);
	must(sqlite3_open(path, &db) == SQLITE_OK, "sqlite3_open");
	must(sqlite3_exec(db,
	             "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;"
	             "CREATE TABLE IF NOT EXISTS t(at INTEGER PRIMARY KEY,value REAL);"
	             "INSERT INTO t(value) VALUES(1.5)",
	             NULL, NULL, NULL) == SQLITE_OK,
		"sqlite3_exec");
}

static int on_message(void *context, char *topic, int length, MQTTAsync_message *message)
{
	(void)context, (void)length;
	MQTTAsync_freeMessage(&message);
	MQTTAsync_free(topic);
	return 1;
}

static void use_mqtt(const char *broker)
{
	MQTTAsync_connectOptions options = MQTTAsync_connectOptions_initializer;
	MQTTAsync client;

	must(MQTTAsync_create(&client, broker, "bench-libraries", MQTTCLIENT_PERSISTENCE_NONE, NULL) ==
	             MQTTASYNC_SUCCESS,
		"MQTTAsync_create");
	must(MQTTAsync_setCallbacks(client, NULL, NULL, on_message, NULL) == MQTTASYNC_SUCCESS, "MQTTAsync_setCallbacks");
	must(MQTTAsync_connect(client, &options) == MQTTASYNC_SUCCESS, "MQTTAsync_connect");
	for (int i = 0; i < 500 && !MQTTAsync_isConnected(client); i++)
		nanosleep(&(struct timespec){ 0, 10000000 }, NULL);
	must(MQTTAsync_isConnected(client), "the connection");
}

static void use_curl(void)
{
	CURLM *multi;
	CURL *easy;

	must(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK, "curl_global_init");
	must((multi = curl_multi_init()) != NULL, "curl_multi_init");
	must((easy = curl_easy_init()) != NULL, "curl_easy_init");
	must(curl_multi_add_handle(multi, easy) == CURLM_OK, "curl_multi_add_handle");
}

static enum MHD_Result refuse(void *owner, struct MHD_Connection *connection, const char *url, const char *method,
	const char *version, const char *data, size_t *size, void **context)
{
	(void)owner, (void)connection, (void)url, (void)method, (void)version, (void)data, (void)size, (void)context;
	return MHD_NO;
}

static void use_microhttpd(const char *folder)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%.80s/libraries.sock", folder);
	unlink(address.sun_path);
	must(bind(listener, (struct sockaddr *)&address, sizeof address) == 0 && listen(listener, 8) == 0, "listen");
	must(MHD_start_daemon(MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_ITC, 0, NULL,
	             NULL, refuse, NULL, MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_END) != NULL,
		"MHD_start_daemon");
}

static void use_the_small_ones(void)
{
	cfg_opt_t options[] = { CFG_STR("name", NULL, CFGF_NONE), CFG_END() };
	unsigned char digest[EVP_MAX_MD_SIZE];
	struct csv_parser table;
	sd_event *event;

	must(sd_event_new(&event) >= 0, "sd_event_new");
	must(csv_init(&table, 0) == 0, "csv_init");
	must(json_pack("{s:i}", "a", 1) != NULL, "json_pack");
	must(cfg_parse_buf(cfg_init(options, CFGF_NONE), "name = a\n") == CFG_SUCCESS, "cfg_parse_buf");
	must(EVP_Digest("a", 1, digest, NULL, EVP_sha256(), NULL) == 1, "EVP_Digest");
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fputs("usage: bench_libraries FOLDER BROKER\n", stderr);
		return 2;
	}
	use_sqlite(argv[1]);
	use_mqtt(argv[2]);
	use_curl();
	use_microhttpd(argv[1]);
	use_the_small_ones();
	printf("%d\n", (int)getpid());
	fflush(stdout);
	while (getchar() != EOF)
		;
	return 0;
}
