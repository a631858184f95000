/* SPDX-License-Identifier: Apache-2.0 */
/* Opens the port or the socket. */
#include "listen.h"

#include "http.h"

#include "wq/err.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static socklen_t address_of(const struct config_links *links, struct sockaddr_storage *out)
{
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(links->port) };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(links->port) };

	memset(out, 0, sizeof *out);
	if (inet_pton(AF_INET, links->host, &four.sin_addr) == 1) {
		memcpy(out, &four, sizeof four);
		return sizeof four;
	}
	if (inet_pton(AF_INET6, links->host, &six.sin6_addr) != 1)
		return 0;
	memcpy(out, &six, sizeof six);
	return sizeof six;
}

int listen_open(const struct config_links *links, struct ctl_place *place, struct wq_err *err)
{
	struct sockaddr_storage address;
	int fd, on = 1;

	*place = (struct ctl_place){ 0 };
	if (links->path != NULL)
		return ctl_place_open(place, links->path, 0666, "links: socket", HTTP_CONNECTIONS, err);
	socklen_t length = address_of(links, &address);

	fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
		bind(fd, (struct sockaddr *)&address, length) == 0 && listen(fd, HTTP_CONNECTIONS) == 0)
		return fd;
	wq_fail(err, WQ_E_IO, "links: %s: %s", links->listen, strerror(errno));
	if (fd >= 0)
		close(fd);
	return WQ_E_IO;
}
