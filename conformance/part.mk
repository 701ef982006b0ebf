# SPDX-License-Identifier: BSD-2-Clause
# Sources and tests of the conformance tools. Variables: see the Makefile.

# ---- engine and vmci-conform -------------------------------------------------------------------------

ENGINE_SRC += $(sort $(wildcard conformance/engine/*.c))
RUN_SRC += $(sort $(wildcard conformance/run/*.c)) conformance/run/vectors.S
# Configuration space of the device in process.
RUN_SRC += host-sim/config.c

# The compiled vectors are part of the program.
$(O)/host/conformance/run/vectors.o $(O)/san/conformance/run/vectors.o $(O)/mut/conformance/run/vectors.o: \
	$(O)/spec/vectors.bin

# ---- specc -------------------------------------------------------------------------------------------

SPECC_SRC += $(sort $(wildcard conformance/specc/*.c)) conformance/specc/assets.S
SPECC_LIBS += -ljansson
# The style sheet and the script are part of the program.
$(foreach t,host san sanclang,$(O)/$t/conformance/specc/assets.o): conformance/specc/book.css conformance/specc/book.js
