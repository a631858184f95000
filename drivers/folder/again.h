/* SPDX-License-Identifier: Apache-2.0 */
/* A file that somebody kept open and wrote to after it was put away: it grew in done/ or refused/ and is read again there. */
#ifndef FOLDER_AGAIN_H
#define FOLDER_AGAIN_H

#include "take.h"

/* `where`: place->done or place->refused. FOLDER_GONE: its report is about it as it is, or it has none. */
enum folder_result folder_take_again(const struct folder_place *place, int where, const char *name, struct wq_err *err);

/* Looks through both. FOLDER_STOPPED, or FOLDER_STUCK with *err of the last that cannot be read, or FOLDER_TAKEN. */
enum folder_result folder_take_all_again(const struct folder_place *place, struct wq_err *err);

#endif
