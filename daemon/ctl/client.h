/* SPDX-License-Identifier: Apache-2.0 */
/* How wqctl talks to the running daemon: JSON over HTTP on its Unix socket. The only file of wqctl
 * that knows libcurl. One thread. */
#ifndef WQ_CTL_CLIENT_H
#define WQ_CTL_CLIENT_H

#include <argp.h>
#include <jansson.h>
#include <stddef.h>

struct wq_err;

#define CTL_DEFAULT_SOCKET "/run/wqd/wqd.sock"

/* Longest the client waits for an answer; the daemon itself answers or gives up within 5 s. */
#define CTL_CLIENT_TIMEOUT_MS 10000L

/* Longest answer that is taken. */
#define CTL_CLIENT_ANSWER_MAX (8u << 20)

/* Where the daemon is, as the command line says it. Zero-initialise. */
struct ctl_target {
	const char *socket; /* --socket */
	const char *config; /* --config; asked only when there is no --socket */
};

/* The options --socket and --config, for the `children` of a subcommand's argp; its parser sets
 * state->child_inputs[0] to a struct ctl_target (on ARGP_KEY_INIT). */
extern const struct argp ctl_target_argp;

struct ctl_answer {
	int status;   /* HTTP status */
	json_t *json; /* what was answered; NULL when it is not JSON. Owned; ctl_answer_free() */
};

void ctl_answer_free(struct ctl_answer *answer); /* zeroed or half-filled is fine */

/* One call. `body` is borrowed and may be NULL (GET has none). 0 on success, whatever the HTTP
 * status says; WQ_E_IO or WQ_E_TIMEOUT: the daemon cannot be reached; WQ_E_PROTOCOL: what answers
 * is not wqd; WQ_E_INVALID: the path of the socket is impossible. */
int ctl_call(const char *socket, const char *method, const char *path, const json_t *body,
        struct ctl_answer *answer, struct wq_err *err);

/* The whole of a subcommand's conversation: finds the socket, calls, says on stderr what went
 * wrong. CTL_DONE with *answer filled, status 2xx and JSON (free it with ctl_answer_free());
 * CTL_WRONG when the daemon said no or the configuration is wrong; CTL_UNREACHABLE. */
int ctl_ask(const struct ctl_target *target, const char *method, const char *path,
        const json_t *body, struct ctl_answer *answer);

#endif
