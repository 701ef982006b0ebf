#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# linux.sh
#
# TAP: one Linux guest, one mode, fewer bytes than `make linux`.
cd "$(dirname "$0")/../.." || exit 2
QUICK=1 exec host-sim/test/linux/run.sh
