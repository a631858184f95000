/* SPDX-License-Identifier: Apache-2.0 */
/* What was wrong with a file, as lines an editor can jump to. */
#include "report.h"

#include <stdarg.h>
#include <string.h>

static struct config_problem *room(struct config_report *report, bool warning)
{
	const size_t kept = report->error_count + report->warning_count - report->more;

	if (kept < CONFIG_PROBLEMS)
		return &report->problems[kept];
	report->more++;
	if (warning)
		return NULL;
	for (size_t i = CONFIG_PROBLEMS; i-- > 0;) {
		if (report->problems[i].warning)
			return &report->problems[i];
	}
	return NULL;
}

/* Cuts at a character: the text may be Chinese. */
static void cut(char *text)
{
	size_t end = strlen(text);

	while (end > 0 && ((unsigned char)text[end - 1] & 0xC0U) == 0x80U)
		end--;
	if (end > 0 && (unsigned char)text[end - 1] >= 0xC0U)
		text[end - 1] = '\0';
}

__attribute__((format(printf, 6, 0))) static void add(struct config_report *report,
        const char *file, int line, bool warning, const char *where, const char *format,
        va_list args)
{
	struct config_problem *problem = room(report, warning);
	int used;

	if (warning)
		report->warning_count++;
	else
		report->error_count++;
	if (problem == NULL)
		return;
	problem->line = line;
	problem->warning = warning;
	snprintf(problem->file, sizeof problem->file, "%s", file == NULL ? "" : file);
	used = snprintf(
	        problem->text, sizeof problem->text, "%s%s", where, where[0] == '\0' ? "" : " ");
	if (used >= 0 && (size_t)used < sizeof problem->text) {
		const size_t left = sizeof problem->text - (size_t)used;

		if (vsnprintf(problem->text + used, left, format, args) >= (int)left)
			cut(problem->text);
	}
}

void report_add(struct config_report *report, int line, bool warning, const char *where,
        const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(report, NULL, line, warning, where, format, args);
	va_end(args);
}

void report_add_in(struct config_report *report, const char *file, int line, bool warning,
        const char *where, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(report, file, line, warning, where, format, args);
	va_end(args);
}

static bool after(const struct config_problem *a, const struct config_problem *b)
{
	const int other = strcmp(a->file, b->file);

	return other > 0 || (other == 0 && a->line > b->line);
}

void report_sort(struct config_report *report)
{
	const size_t kept = report->error_count + report->warning_count - report->more;

	for (size_t i = 1; i < kept; i++) {
		const struct config_problem problem = report->problems[i];
		size_t j = i;

		for (; j > 0 && after(&report->problems[j - 1], &problem); j--)
			report->problems[j] = report->problems[j - 1];
		report->problems[j] = problem;
	}
}

static void print_counts(const struct config_report *report, FILE *to)
{
	if (report->error_count > 0)
		fprintf(to, "%zu error%s", report->error_count,
		        report->error_count == 1 ? "" : "s");
	if (report->error_count > 0 && report->warning_count > 0)
		fputs(", ", to);
	if (report->warning_count > 0)
		fprintf(to, "%zu warning%s", report->warning_count,
		        report->warning_count == 1 ? "" : "s");
}

void config_report_print(const struct config_report *report, const char *consequence, FILE *to)
{
	const size_t all = report->error_count + report->warning_count;

	for (size_t i = 0; i < all - report->more; i++) {
		const struct config_problem *problem = &report->problems[i];

		if (problem->file[0] != '\0')
			fputs(problem->file, to);
		else
			fputs(report->file == NULL ? "?" : report->file, to);
		if (problem->line > 0)
			fprintf(to, ":%d", problem->line);
		fprintf(to, ": %s%s\n", problem->warning ? "warning: " : "", problem->text);
	}
	if (report->more > 0)
		fprintf(to, "… and %zu more\n", report->more);
	print_counts(report, to);
	if (consequence != NULL)
		fprintf(to, "%s%s", all > 0 ? "; " : "", consequence);
	if (all > 0 || consequence != NULL)
		fputc('\n', to);
}

static void print_remark(const struct config *config, const struct config_bus *bus, const char *text, FILE *to)
{
	fprintf(to, "%s: note: [%s \"%s\"] %s.\n", config->file, bus->driver->name, bus->bus.name, text);
}

void config_remarks_print(const struct config *config, FILE *to)
{
	for (size_t i = 0; i < config->bus_count; i++) {
		const struct config_bus *bus = &config->buses[i];
		const char *texts[8];
		size_t count = 0;

		if (bus->driver->remark != NULL)
			print_remark(config, bus, bus->driver->remark, to);
		if (bus->driver->remarks != NULL)
			count = bus->driver->remarks(&bus->bus, texts, sizeof texts / sizeof *texts);
		for (size_t k = 0; k < count; k++)
			print_remark(config, bus, texts[k], to);
	}
}
