/* SPDX-License-Identifier: Apache-2.0 */
/* What the ids of notices are made of: no '.', at most WQ_NOTICE_ID with everything. Pure and thread-safe. */
#ifndef WQ_NOTICE_ID_H
#define WQ_NOTICE_ID_H

#define NOTICE_ID_CONTACT 48

/* The contact's part: its id, or where that is of more than 40 bytes, or of other characters than letters, digits, '_' and
 * '-', "h_" and its FNV-1a hash. Returns out. */
char *notice_id_contact(const char *contact, char out[NOTICE_ID_CONTACT]);

#endif
