/* SPDX-License-Identifier: BSD-2-Clause */
/* report.h - results of a run: KTAP on standard output as they come, KTAP and JUnit in files. */
#ifndef HOST_SIM_TEST_LINUX_REPORT_H
#define HOST_SIM_TEST_LINUX_REPORT_H

#include <stdint.h>

enum verdict {
	PASSED,
	FAILED,
	SKIPPED
};

/* base: path of the files without .ktap and .xml; name: of the run. Exits with code 2 when they
 * cannot be written. */
void report_open(const char *base, const char *name, unsigned plan);
/* text: what was measured or why not; may be empty. */
void report_case(const char *name, enum verdict verdict, uint64_t ms, const char *text);
/* A line that is no result. */
void report_note(const char *text);
/* Returns the number of failed cases. */
unsigned report_close(void);

#endif
