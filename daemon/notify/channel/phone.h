/* SPDX-License-Identifier: Apache-2.0 */
/* Telephone numbers as those who send short messages want them. Pure and thread-safe. */
#ifndef WQ_PHONE_H
#define WQ_PHONE_H

#define PHONE_TEXT 20

struct wq_err;

/* A contact's `phone` with its country code, without the plus: "8613800138001". NULL or anything
 * but a Chinese mobile number or + and a number with country code: WQ_E_INVALID, the sentence
 * begins with "phone". */
int phone_number(const char *phone, char out[PHONE_TEXT], struct wq_err *err);

/* The same for what a notice carries: whoever has none is not reached this way (WQ_E_STATE). */
int phone_of_notice(const char *address, char out[PHONE_TEXT], struct wq_err *err);

/* The same, as a check only: wq_channel.recipient. */
int phone_recipient(const char *phone, struct wq_err *err);

/* As Chinese services have it: without 86 where it is a mobile number of the mainland. `number`: of
 * phone_number(). */
const char *phone_domestic(const char *number);

#endif
