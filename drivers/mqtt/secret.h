/* SPDX-License-Identifier: Apache-2.0 */
/* Files that others must not read: passwords and keys. Looked at anew at every attempt to connect, so
 * that what is changed needs no restart. */
#ifndef MQTT_SECRET_H
#define MQTT_SECRET_H

struct wq_err;

#define MQTT_PASSWORD_BYTES 256

/* The first line of the file. `key` names the setting. WQ_E_INVALID; the sentence never holds what is in it.
 * The caller wipes it. */
int mqtt_secret_read(const char *key, const char *path, char password[MQTT_PASSWORD_BYTES + 1],
        struct wq_err *err);

/* The same of "credential:NAME" in `directory`, or in $CREDENTIALS_DIRECTORY when that is NULL. */
int mqtt_secret_credential(const char *directory, const char *reference,
        char password[MQTT_PASSWORD_BYTES + 1], struct wq_err *err);

/* Whether a file is there and can be read, and, when `secret`, others can neither read nor write it. WQ_E_INVALID. */
int mqtt_secret_check(const char *key, const char *path, int secret, struct wq_err *err);

#endif
