/* SPDX-License-Identifier: Apache-2.0 */
/* A program that the test talks to: started, waited for, ended by its own process id. */
#ifndef WQ_TEST_MODBUS_PEER_H
#define WQ_TEST_MODBUS_PEER_H

#include <sys/types.h>

/* Runs argv (NULL at its end) with its output thrown away; -1: it could not be started. It dies
 * with the test. */
pid_t peer_start(const char *const *argv);

/* Its exit status when it ends by itself within ms (otherwise it is killed: -1). */
int peer_wait(pid_t pid, int ms);

/* Ends it with SIGTERM; its exit status, or -1 when it did not end by itself within 5 s. */
int peer_stop(pid_t pid);

/* A port of 127.0.0.1 that was free a moment ago. */
int peer_free_port(void);

/* The number in a file that appears within 10 s; -1: it did not. */
int peer_read_port(const char *path);

void peer_nap(int ms);

#endif
