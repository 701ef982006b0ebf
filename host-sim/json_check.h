/* SPDX-License-Identifier: BSD-2-Clause */
/* json_check.h - is this text one JSON object? */
#ifndef HOST_SIM_JSON_CHECK_H
#define HOST_SIM_JSON_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#define JSON_CHECK_DEPTH 16 /* of nested values; deeper is refused */

/* True when text[0..len) is exactly one JSON object with blanks around it. Nothing is
 * kept: the server needs no value a client announces. */
bool json_check_object(const char *text, size_t len);

#endif
