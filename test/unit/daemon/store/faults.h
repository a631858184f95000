/* SPDX-License-Identifier: Apache-2.0 */
/* A disk that fails when told to: the default VFS of SQLite with its writes and syncs wrapped. */
#ifndef WQ_TEST_STORE_FAULTS_H
#define WQ_TEST_STORE_FAULTS_H

#include <stdbool.h>

/* Installs the wrapper; before the first store is opened. Once a process. */
void faults_install(void);

/* From the n-th write (sync) on, counted from now, all fail with this SQLite code; 0: the disk is
 * well. Thread-safe. */
void faults_writes(int code, int after);
void faults_syncs(int code, int after);

/* Holds every sync until released. Thread-safe. */
void faults_hold(bool hold);

/* How many syncs were made since the last call. */
int faults_sync_count(void);

#endif
