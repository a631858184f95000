/* SPDX-License-Identifier: Apache-2.0 */
/* Opens files that hold secrets, and refuses those that are none. */
#include "secret.h"

#include "wq/err.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OTHERS 07

/* A descriptor, or WQ_E_INVALID. */
static int open_file(const char *key, const char *path, int secret, struct wq_err *err)
{
	struct stat status;
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (descriptor < 0)
		return wq_fail(
		        err, WQ_E_INVALID, "%s %s: %s", key, path, strerrordesc_np(errno));
	if (fstat(descriptor, &status) < 0 || !S_ISREG(status.st_mode)) {
		close(descriptor);
		return wq_fail(err, WQ_E_INVALID, "%s %s: not a regular file", key, path);
	}
	if (secret && (status.st_mode & OTHERS) != 0) {
		close(descriptor);
		return wq_fail(err, WQ_E_INVALID,
		        "%s %s: must be a file that others can neither read nor write, and has mode "
		        "%04o (chmod 0640)",
		        key, path, (unsigned)status.st_mode & 07777);
	}
	return descriptor;
}

int mqtt_secret_check(const char *key, const char *path, int secret, struct wq_err *err)
{
	int descriptor = open_file(key, path, secret, err);

	if (descriptor < 0)
		return descriptor;
	close(descriptor);
	return 0;
}

int mqtt_secret_read(const char *key, const char *path, char password[MQTT_PASSWORD_BYTES + 1],
        struct wq_err *err)
{
	int descriptor = open_file(key, path, 1, err);

	if (descriptor < 0)
		return descriptor;
	ssize_t length = read(descriptor, password, MQTT_PASSWORD_BYTES);
	int why = errno;
	close(descriptor);
	if (length < 0)
		return wq_fail(
		        err, WQ_E_INVALID, "%s %s: %s", key, path, strerrordesc_np(why));
	password[length] = '\0';
	password[strcspn(password, "\r\n")] = '\0';
	return 0;
}

int mqtt_secret_credential(const char *directory, const char *reference,
        char password[MQTT_PASSWORD_BYTES + 1], struct wq_err *err)
{
	const char *name = strchr(reference, ':'); /* "credential:NAME" says the configuration */
	char path[PATH_MAX];

	if (directory == NULL)
		directory = secure_getenv("CREDENTIALS_DIRECTORY");
	if (name == NULL || strchr(name, '/') != NULL)
		return wq_fail(err, WQ_E_INVALID, "password: not of the form credential:NAME");
	if (directory == NULL || directory[0] == '\0')
		return wq_fail(err, WQ_E_INVALID,
		        "password: credential '%s' has no place: site has no `credentials` and "
		        "$CREDENTIALS_DIRECTORY is not set",
		        name + 1);
	if (snprintf(path, sizeof path, "%s/%s", directory, name + 1) >= (int)sizeof path)
		return wq_fail(err, WQ_E_INVALID, "password: the path of the credential is too long");
	return mqtt_secret_read("password", path, password, err);
}
