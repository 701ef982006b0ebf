# SPDX-License-Identifier: BSD-2-Clause
# The documents are tested: links, commands, man pages, the example of docs/porting.md.

.PHONY: check-docs
check-docs: all $(O)/mut/bin/vmci-conform ## Links, commands and options in the documents are real
	$(Q)docs/test/docs.sh

SCRIPT_TESTS += docs/test/docs.sh
TEST_DEPS += $(O)/mut/bin/vmci-conform

# An example that does not run is none.
UNIT_TESTS += core/test/example_guest.c
example_guest_OBJS = core/test/example_device.c $(DEVICE_ALL) $(CORE_GUEST_SRC)
