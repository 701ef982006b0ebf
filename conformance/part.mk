# SPDX-License-Identifier: BSD-2-Clause
# Sources and tests of the conformance tools. Variables: see the Makefile.

# ---- engine and vmci-conform -------------------------------------------------------------------------

ENGINE_SRC += $(sort $(wildcard conformance/engine/*.c))
RUN_SRC += $(sort $(wildcard conformance/run/*.c)) conformance/run/vectors.S
VFU_CLIENT_SRC = conformance/run/vfu_call.c $(sort $(wildcard conformance/run/vfu_client*.c))
# The protocol monitor: no part of the engine, as freestanding.
MONITOR_SRC += $(sort $(wildcard conformance/monitor/*.c))
RUN_SRC += $(MONITOR_SRC)
UNIT_TESTS += $(addprefix conformance/monitor/test/, test_monitor.c test_monitor_objects.c test_monitor_sockets.c)
test_monitor_OBJS = $(MONITOR_SRC) $(addprefix conformance/monitor/test/, world.c cases.c) \
	conformance/engine/text.c conformance/engine/table.c core/common/error.c
test_monitor_objects_OBJS = $(test_monitor_OBJS)
test_monitor_sockets_OBJS = $(test_monitor_OBJS)

# The compiled vectors are part of the program.
$(O)/host/conformance/run/vectors.o $(O)/san/conformance/run/vectors.o $(O)/mut/conformance/run/vectors.o: \
	$(O)/spec/vectors.bin

# What of the engine needs nothing of the core but names of errors.
ENGINE_ALONE = $(sort $(wildcard $(addprefix conformance/engine/, basics*.c code*.c engine.c mailbox.c needs.c \
	paths.c pci.c peer_wire.c probe.c report.c rings.c start.c step_*.c table.c text.c tidy.c xport.c))) \
	core/common/error.c
UNIT_TESTS += conformance/engine/test/test_code.c conformance/engine/test/test_table.c \
	conformance/engine/test/test_xport.c
test_code_OBJS = $(ENGINE_ALONE) conformance/engine/test/build_table.c
test_table_OBJS = $(ENGINE_ALONE) conformance/engine/test/build_table.c
test_xport_OBJS = $(ENGINE_ALONE)

SCRIPT_TESTS += conformance/monitor/test/monitor.sh conformance/run/test/conform.sh conformance/run/test/mutants.sh
TEST_DEPS += $(O)/bin/vmci-conform $(O)/san/bin/vmci-conform $(O)/mut/bin/vmci-conform

# ---- bench -------------------------------------------------------------------------------------------

# boost's queue is measured too where its headers happen to be installed.
BENCH_SRC   = $(wildcard conformance/run/bench/*.c) conformance/run/guest_ram.c
BENCH_BOOST = $(wildcard /usr/include/boost/lockfree/spsc_queue.hpp)
CFLAGS_BENCH_BOOST = $(if $(BENCH_BOOST),-DBENCH_BOOST)
CFLAGS_conformance/run/bench/threads = $(CFLAGS_BENCH_BOOST)

$(O)/host/conformance/run/bench/boost.o: conformance/run/bench/boost.cc conformance/run/bench/bench.h
	$(call say,CXX,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CXX) -std=c++17 -O2 -g -Wall -Wextra -Werror $(CFLAGS_BENCH_BOOST) -c -o $@ $<

$(O)/bin/bench: $(patsubst %.c,$(O)/host/%.o,$(BENCH_SRC) $(CORE_COMMON_SRC) $(CORE_QUEUE_SRC) $(CORE_GUEST_SRC) \
		$(CORE_DEVICE_SRC) $(CORE_SOCKET_SRC)) $(if $(BENCH_BOOST),$(O)/host/conformance/run/bench/boost.o)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(if $(BENCH_BOOST),$(CXX),$(CC)) -o $@ $(filter %.o,$^) -lm -pthread

$(O)/bin/bench-served: $(patsubst %.c,$(O)/host/%.o,conformance/run/bench/served/main.c $(VFU_CLIENT_SRC))
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -o $@ $(filter %.o,$^)

bench: $(O)/bin/bench $(O)/bin/bench-served $(O)/bin/vmci-conform $(O)/bin/vmci-sim $(O)/efi/vmci.efi ## Measure the core beside memcpy, other rings and sockets; table and plot
	$(Q)conformance/run/bench/bench.sh

# ---- specc -------------------------------------------------------------------------------------------

SPECC_SRC += $(sort $(wildcard conformance/specc/*.c)) conformance/specc/assets.S
SPECC_LIBS += -ljansson
SCRIPT_TESTS += conformance/specc/test/run.sh
TEST_DEPS += $(O)/san/bin/specc
# The style sheet and the script are part of the program.
$(foreach t,host san sanclang,$(O)/$t/conformance/specc/assets.o): conformance/specc/book.css conformance/specc/book.js
