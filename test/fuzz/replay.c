/* SPDX-License-Identifier: Apache-2.0 */
/* Gives each file named on the command line to a fuzz target once, where there is no fuzzer. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LARGEST ((size_t)1 << 20)

int main(int argc, char **argv)
{
	uint8_t *data = malloc(LARGEST);
	for (int i = 1; i < argc && data != NULL; i++) {
		FILE *file = fopen(argv[i], "rbe");
		if (file == NULL) {
			perror(argv[i]);
			return EXIT_FAILURE;
		}
		LLVMFuzzerTestOneInput(data, fread(data, 1, LARGEST, file));
		fclose(file);
	}
	printf("%d seeds\n", argc - 1);
	free(data);
	return argc > 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
