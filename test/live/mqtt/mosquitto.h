/* SPDX-License-Identifier: Apache-2.0 */
/* A mosquitto of our own: on a free loopback port, in a directory of its own, gone when the test
 * ends. */
#ifndef TEST_LIVE_MOSQUITTO_H
#define TEST_LIVE_MOSQUITTO_H

#include "live.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>

struct mosquitto {
	char folder[64];
	int port;
	pid_t process;
};

static inline bool mosquitto_there(void)
{
	return access("/usr/sbin/mosquitto", X_OK) == 0 &&
	        access("/usr/bin/mosquitto_pub", X_OK) == 0;
}

/* `extra`: lines of its configuration after the listener, or NULL: anybody may do anything. */
static inline int mosquitto_prepare(struct mosquitto *m, const char *extra)
{
	char path[96];

	snprintf(m->folder, sizeof m->folder, "/tmp/wq-mosquitto-XXXXXX");
	if (mkdtemp(m->folder) == NULL)
		return -1;
	m->port = live_free_port();
	m->process = -1;
	snprintf(path, sizeof path, "%s/conf", m->folder);
	FILE *file = fopen(path, "w");
	if (file == NULL)
		return -1;
	fprintf(file,
	        "listener %d 127.0.0.1\n%s\nuser root\npersistence true\npersistence_location %s/\n"
	        "max_queued_messages 0\nlog_dest none\n",
	        m->port, extra != NULL ? extra : "allow_anonymous true", m->folder);
	return fclose(file);
}

static inline bool mosquitto_answers(const struct mosquitto *m)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)m->port) };
	int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool answers = connect(probe, (struct sockaddr *)&address, sizeof address) == 0;

	close(probe);
	return answers;
}

static inline int mosquitto_start(struct mosquitto *m)
{
	char path[96];

	snprintf(path, sizeof path, "%s/conf", m->folder);
	m->process = fork();
	if (m->process == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (freopen("/dev/null", "w", stderr) == NULL)
			_exit(126);
		execl("/usr/sbin/mosquitto", "mosquitto", "-c", path, (char *)NULL);
		_exit(127);
	}
	for (wq_ms until = live_now() + 5000; live_now() < until; live_pause(20))
		if (mosquitto_answers(m))
			return 0;
	return -1;
}

static inline void mosquitto_stop(struct mosquitto *m)
{
	if (m->process <= 0)
		return;
	kill(m->process, SIGTERM);
	waitpid(m->process, NULL, 0);
	m->process = -1;
}

static inline void mosquitto_remove(struct mosquitto *m)
{
	char command[128];

	mosquitto_stop(m);
	snprintf(command, sizeof command, "rm -rf %s", m->folder);
	if (system(command) != 0)
		fprintf(stderr, "%s stays behind\n", m->folder);
}

/* Publishes values first … last of wq/yigan with mosquitto_pub at QoS 1, a second apart by their
 * stamps. 0: all were acknowledged. */
static inline int mosquitto_publish(
        const struct mosquitto *m, const char *options, int first, int last)
{
	char command[512];

	snprintf(command, sizeof command,
	        "for i in $(seq %d %d); do echo \"{\\\"time\\\":$((1772668800 + "
	        "i)),\\\"tp\\\":$i}\"; done |"
	        " mosquitto_pub -h 127.0.0.1 -p %d -q 1 -t wq/yigan -l %s",
	        first, last, m->port, options);
	return system(command);
}

#endif
