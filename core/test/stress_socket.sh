#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Sockets closed under waiting threads, under the thread sanitizer. A report of it makes the exit code 66.
exec "${O:-build}/tsan/core/test/stress_socket"
