/* SPDX-License-Identifier: Apache-2.0 */
/* A listening Unix socket and its file. */
#ifndef WQ_CTL_PLACE_H
#define WQ_CTL_PLACE_H

#include <sys/stat.h>
#include <sys/un.h>

struct wq_err;

struct ctl_place {
	struct sockaddr_un address;
	dev_t device; /* of the socket file, so that only our own is removed */
	ino_t inode;
};

/* Makes the socket with this mode and listens. A socket file that nobody listens on is replaced; WQ_E_STATE when somebody does,
 * WQ_E_INVALID when the path is something else than a socket or too long, WQ_E_IO for what the system refuses; the sentence
 * begins with `what`. The descriptor (the caller's), or negative, and the path is then as it was found. */
int ctl_place_open(struct ctl_place *place, const char *path, mode_t mode, const char *what, int backlog, struct wq_err *err);

/* Removes the socket file if it is still the one that was made. */
void ctl_place_close(const struct ctl_place *place);

#endif
