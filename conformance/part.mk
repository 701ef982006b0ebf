# SPDX-License-Identifier: BSD-2-Clause
# Sources and tests of the conformance tools. Variables: see the Makefile.

# ---- engine and vmci-conform -------------------------------------------------------------------------

ENGINE_SRC += $(sort $(wildcard conformance/engine/*.c))
RUN_SRC += $(sort $(wildcard conformance/run/*.c)) conformance/run/vectors.S

# The compiled vectors are part of the program.
$(O)/host/conformance/run/vectors.o $(O)/san/conformance/run/vectors.o $(O)/mut/conformance/run/vectors.o: \
	$(O)/spec/vectors.bin

ENGINE_ALONE = $(addprefix conformance/engine/, code.c engine.c mailbox.c pci.c peer_wire.c report.c rings.c \
	start.c step_actor.c step_device.c step_look.c table.c text.c xport.c) core/common/error.c
UNIT_TESTS += conformance/engine/test/test_code.c conformance/engine/test/test_table.c \
	conformance/engine/test/test_xport.c
test_code_OBJS = $(ENGINE_ALONE) conformance/engine/test/build_table.c
test_table_OBJS = $(ENGINE_ALONE) conformance/engine/test/build_table.c
test_xport_OBJS = $(ENGINE_ALONE)

SCRIPT_TESTS += conformance/run/test/conform.sh
TEST_DEPS += $(O)/bin/vmci-conform $(O)/san/bin/vmci-conform

# ---- specc -------------------------------------------------------------------------------------------

SPECC_SRC += $(sort $(wildcard conformance/specc/*.c)) conformance/specc/assets.S
SPECC_LIBS += -ljansson
SCRIPT_TESTS += conformance/specc/test/run.sh
TEST_DEPS += $(O)/san/bin/specc
# The style sheet and the script are part of the program.
$(foreach t,host san sanclang,$(O)/$t/conformance/specc/assets.o): conformance/specc/book.css conformance/specc/book.js
