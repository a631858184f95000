/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets: "credential:NAME" in the configuration, the text in a file of that name. */
#ifndef WQ_SECRET_H
#define WQ_SECRET_H

#include <stddef.h>
#include <stdint.h>

struct wq_err;

/* Longest secret, NUL included. */
#define SECRET_TEXT 4096

/* Reads the credential that `reference` names from `directory`, or from $CREDENTIALS_DIRECTORY (set
 * by systemd, LoadCredential=) when directory is NULL. Newlines at its end are stripped. NAME:
 * letters, digits,
 * '.', '_', '-', not beginning with '.'.
 *
 * WQ_E_MISSING: no such credential, no directory, an empty file. WQ_E_INVALID: not a reference, a
 * file that everybody may read, longer than cap - 1, or with a NUL in it. The sentence in *err
 * names the file, never what is in it. The caller wipes buf (explicit_bzero) when done with it; on
 * failure it is wiped already. */
int secret_read(
        const char *directory, const char *reference, char *buf, size_t cap, struct wq_err *err);

/* Tells one text of a credential from another without reading it. Compared byte by byte. */
struct secret_stamp {
	uint64_t device, inode, size;
	int64_t changed_s, changed_ns;
};

/* All zero when there is no such file. */
void secret_stamp(const char *directory, const char *reference, struct secret_stamp *stamp);

#endif
