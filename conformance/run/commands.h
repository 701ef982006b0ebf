/* SPDX-License-Identifier: BSD-2-Clause */
/* commands.h - the commands of vmci-conform. Each takes the options and the open table and returns
 * the exit code (records.h). */
#ifndef CONFORM_COMMANDS_H
#define CONFORM_COMMANDS_H

#include "options.h"

int command_run(const struct options *o, const struct vct *t);
int command_list(const struct options *o, const struct vct *t);
int command_explain(const struct options *o, const struct vct *t);
int command_report(const struct options *o, const struct vct *t);
int command_perturb(const struct options *o, const struct vct *t);
int command_null(const struct options *o, const struct vct *t);
int command_mutants(const struct options *o, const struct vct *t);

#endif
