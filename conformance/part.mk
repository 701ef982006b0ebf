# SPDX-License-Identifier: BSD-2-Clause
# Sources and tests of the conformance tools. Variables: see the Makefile.

# ---- engine and vmci-conform -------------------------------------------------------------------------

ENGINE_SRC += $(addprefix conformance/engine/, code.c engine.c mailbox.c pci.c peer_wire.c report.c rings.c \
	start.c step_actor.c step_device.c step_look.c table.c text.c xport.c)

# ---- specc -------------------------------------------------------------------------------------------

SPECC_SRC += $(sort $(wildcard conformance/specc/*.c))
SPECC_LIBS += -ljansson
