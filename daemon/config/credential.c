/* SPDX-License-Identifier: Apache-2.0 */
/* Credential files that are named and not there, or open to everybody: a warning, because a check needs no secrets. */
#include "load.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void check_reference(struct loader *l, const struct section *section, const char *key,
        const char *reference, const char *directory)
{
	const char *name = strncmp(reference, "credential:", 11) == 0 ? reference + 11 : NULL;
	char path[512];

	if (name == NULL || strchr(name, '/') != NULL)
		return; /* an error already */
	if (directory == NULL) {
		load_warning(l, section, key,
		        "credential '%s' was not looked for: site has no `credentials` and "
		        "$CREDENTIALS_DIRECTORY is not set",
		        name);
		return;
	}
	snprintf(path, sizeof path, "%s/%s", directory, name);
	struct stat file;

	if (stat(path, &file) != 0)
		load_warning(
		        l, section, key, "credential '%s' is not there: no file %s", name, path);
	else if ((file.st_mode & (S_IROTH | S_IWOTH)) != 0)
		load_warning(l, section, key,
		        "credential '%s' is open to everybody: %s has mode %04o; chmod o= takes it back", name, path,
		        (unsigned)file.st_mode & 07777);
}

static const char *directory_of(const struct loader *l)
{
	return l->config->paths.credentials != NULL ? l->config->paths.credentials : getenv("CREDENTIALS_DIRECTORY");
}

void load_credential(struct loader *l, const struct section *section, const char *key, const char *reference)
{
	check_reference(l, section, key, reference, directory_of(l));
}

void load_credentials(struct loader *l)
{
	const char *directory = directory_of(l);

	for (size_t i = 0; i < l->document.count; i++) {
		const struct section *section = &l->document.sections[i];

		for (size_t t = 0; section->kind->more != NULL && section->kind->more[t] != NULL;
		        t++) {
			for (const struct wq_option *row = section->kind->more[t]; row->key != NULL;
			        row++) {
				const struct entry *entry = section_entry(section, row->key);

				if (row->type == WQ_OPT_SECRET && entry != NULL)
					check_reference(
					        l, section, row->key, entry->items[0], directory);
			}
		}
	}
}
