/* SPDX-License-Identifier: Apache-2.0 */
/* See faults.h. The methods of a file are copied and two of them replaced; the file itself stays
 * SQLite's. */
#include "faults.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define KINDS 8

static struct {
	pthread_mutex_t mutex;
	pthread_cond_t released;
	sqlite3_vfs vfs, *real;
	/* SQLite has a table of methods for each way of locking. */
	const sqlite3_io_methods *original[KINDS];
	sqlite3_io_methods wrapped[KINDS];
	int write_code, writes_left, sync_code, syncs_left, syncs;
	bool held;
} faults = { .mutex = PTHREAD_MUTEX_INITIALIZER, .released = PTHREAD_COND_INITIALIZER };

static const sqlite3_io_methods *original_of(sqlite3_file *file)
{
	return faults.original[file->pMethods - faults.wrapped];
}

static int code_now(int code, int *left)
{
	if (code == 0)
		return SQLITE_OK;
	if (*left > 0) {
		(*left)--;
		return SQLITE_OK;
	}
	return code;
}

static int fault_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 at)
{
	pthread_mutex_lock(&faults.mutex);
	int code = code_now(faults.write_code, &faults.writes_left);
	pthread_mutex_unlock(&faults.mutex);
	return code != SQLITE_OK ? code : original_of(file)->xWrite(file, data, size, at);
}

static int fault_sync(sqlite3_file *file, int flags)
{
	pthread_mutex_lock(&faults.mutex);
	while (faults.held)
		pthread_cond_wait(&faults.released, &faults.mutex);
	int code = code_now(faults.sync_code, &faults.syncs_left);
	faults.syncs++;
	pthread_mutex_unlock(&faults.mutex);
	return code != SQLITE_OK ? code : original_of(file)->xSync(file, flags);
}

static int fault_open(
        sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *flags_out)
{
	(void)vfs;
	int rc = faults.real->xOpen(faults.real, name, file, flags, flags_out);
	if (file->pMethods == NULL)
		return rc;
	pthread_mutex_lock(&faults.mutex);
	int i = 0;
	while (i < KINDS && faults.original[i] != NULL && faults.original[i] != file->pMethods)
		i++;
	if (i == KINDS)
		abort();
	if (faults.original[i] == NULL) {
		faults.wrapped[i] = *file->pMethods;
		faults.wrapped[i].xWrite = fault_write;
		faults.wrapped[i].xSync = fault_sync;
		faults.original[i] = file->pMethods;
	}
	file->pMethods = &faults.wrapped[i];
	pthread_mutex_unlock(&faults.mutex);
	return rc;
}

void faults_install(void)
{
	faults.real = sqlite3_vfs_find(NULL);
	faults.vfs = *faults.real;
	faults.vfs.zName = "faults";
	faults.vfs.pNext = NULL;
	faults.vfs.xOpen = fault_open;
	sqlite3_vfs_register(&faults.vfs, 1);
}

void faults_writes(int code, int after)
{
	pthread_mutex_lock(&faults.mutex);
	faults.write_code = code;
	faults.writes_left = after;
	pthread_mutex_unlock(&faults.mutex);
}

void faults_syncs(int code, int after)
{
	pthread_mutex_lock(&faults.mutex);
	faults.sync_code = code;
	faults.syncs_left = after;
	pthread_mutex_unlock(&faults.mutex);
}

void faults_hold(bool hold)
{
	pthread_mutex_lock(&faults.mutex);
	faults.held = hold;
	if (!hold)
		pthread_cond_broadcast(&faults.released);
	pthread_mutex_unlock(&faults.mutex);
}

int faults_sync_count(void)
{
	pthread_mutex_lock(&faults.mutex);
	int count = faults.syncs;
	faults.syncs = 0;
	pthread_mutex_unlock(&faults.mutex);
	return count;
}
