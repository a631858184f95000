/* SPDX-License-Identifier: Apache-2.0 */
/* Starting and ending the other program. */
#include "peer.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

void peer_nap(int ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&t, NULL);
}

pid_t peer_start(const char *const *argv)
{
	pid_t pid = fork();
	int null;

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	null = open("/dev/null", O_RDWR);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	execvp(argv[0], (char *const *)(void *)argv);
	_exit(127);
}

int peer_wait(pid_t pid, int ms)
{
	int status;

	for (int i = 0; i <= ms; i += 10) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
		peer_nap(10);
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return -1;
}

int peer_stop(pid_t pid)
{
	kill(pid, SIGTERM);
	return peer_wait(pid, 5000);
}

int peer_free_port(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM, 0), port = -1;

	if (bind(fd, (struct sockaddr *)&address, size) == 0 &&
	        getsockname(fd, (struct sockaddr *)&address, &size) == 0)
		port = ntohs(address.sin_port);
	close(fd);
	return port;
}

int peer_read_port(const char *path)
{
	for (int i = 0; i < 1000; i++) {
		FILE *from = fopen(path, "r");
		int port = -1;

		if (from) {
			if (fscanf(from, "%d", &port) != 1)
				port = -1;
			fclose(from);
			return port;
		}
		peer_nap(10);
	}
	return -1;
}
