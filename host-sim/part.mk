# SPDX-License-Identifier: BSD-2-Clause
# The simulator: the device served over vfio-user.

VFU_SRC = host-sim/vfu.c host-sim/vfu_dispatch.c host-sim/vfu_link.c host-sim/json_check.c \
	host-sim/guestmem.c host-sim/guestfault.c host-sim/irqs.c
CONFIG_SRC = host-sim/peerbox.c conformance/engine/pci_function.c

# The device as a thing that can be served; vmci-conform serves it too, to a guest under test.
SIMDEV_SRC = $(VFU_SRC) $(addprefix host-sim/, peerbox.c listener.c simdev.c trace_text.c trace_names.c)
BRIDGE_SRC = $(addprefix host-sim/, bridge.c bridge_begin.c bridge_bulk.c bridge_dgram.c bridge_line.c \
	bridge_stream.c fdmap.c loop.c)
SIM_SRC += $(SIMDEV_SRC) $(BRIDGE_SRC) $(addprefix host-sim/, main.c connect.c server.c options.c sandbox.c peer_link.c output.c \
	guestinfo.c guestservice.c)
RUN_SRC += $(SIMDEV_SRC)
SIM_SRC += host-sim/check.c host-sim/pcap.c $(MONITOR_SRC) conformance/run/vectors.S
SIM_LIBS += -lseccomp
UNIT_TESTS += host-sim/test/test_pcap.c
test_pcap_OBJS = host-sim/pcap.c
SCRIPT_TESTS += host-sim/test/watch.sh

UNIT_TESTS += host-sim/test/test_vfu.c host-sim/test/test_guestmem.c host-sim/test/test_irqs.c \
	host-sim/test/test_config.c host-sim/test/test_peerbox.c host-sim/test/test_sandbox.c \
	host-sim/test/test_simdev.c
test_vfu_OBJS = $(VFU_SRC) $(CONFIG_SRC)
test_guestmem_OBJS = $(VFU_SRC) $(CONFIG_SRC)
test_irqs_OBJS = $(VFU_SRC) $(CONFIG_SRC)
test_config_OBJS = conformance/engine/pci_function.c
test_peerbox_OBJS = $(CONFIG_SRC)

FUZZ_TARGETS += host-sim/fuzz/fuzz_vfu.c
fuzz_vfu_OBJS = $(VFU_SRC) $(CONFIG_SRC)
FUZZ_TARGETS += host-sim/fuzz/fuzz_peer.c
fuzz_peer_OBJS = $(SIMDEV_SRC) host-sim/peer_link.c $(CORE_SRC) $(ENGINE_SRC)

# The client of vmci-conform against this server.
UNIT_TESTS += conformance/run/test/test_vfu_client.c
test_vfu_client_OBJS = $(VFU_SRC) $(CONFIG_SRC) $(VFU_CLIENT_SRC)

# Linux guests: one program on both sides, linked for an initial file system that has nothing else.
LINUX_PEER_SRC = $(addprefix host-sim/test/linux/, main.c script.c ops.c place.c pattern.c guest.c modules.c \
	net.c machine.c line.c report.c suite.c cases_machine.c cases_stream.c cases_end.c cases_load.c)
LINUX_NEEDS = $(O)/bin/vmci-sim $(O)/linux/vsock-peer

$(O)/linux/vsock-peer: $(LINUX_PEER_SRC:%.c=$(O)/host/%.o)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -static -o $@ $^

export KERNEL IRQ VECTORS QUICK TRACE

.PHONY: linux linux-all linux-vsock-test
linux: $(LINUX_NEEDS) ## Boot Debian's kernel; its sockets against programs of the host: KERNEL= BAR1= IRQ= VECTORS=
	$(Q).ci/qemu && host-sim/test/linux/run.sh

linux-all: $(LINUX_NEEDS) ## The same with every kernel, register model and kind of interrupt; a table at the end
	$(Q).ci/qemu && host-sim/test/linux/run.sh all

linux-vsock-test: $(LINUX_NEEDS) $(O)/lib/libvmci-vsock.so ## The kernel's own tests of vsock, guest against host
	$(Q).ci/qemu && host-sim/test/linux/vsock-test.sh

SCRIPT_TESTS += host-sim/test/linux.sh
linux_TIMEOUT = 600
TEST_DEPS += $(O)/linux/vsock-peer

SCRIPT_TESTS += host-sim/test/cli.sh
test_sandbox_OBJS = $(VFU_SRC) $(CONFIG_SRC) host-sim/sandbox.c
test_sandbox_LIBS = -lseccomp
test_simdev_OBJS = $(SIMDEV_SRC) host-sim/peer_link.c $(CORE_SRC) $(ENGINE_SRC)

# ---- VMware's tools as a client ----------------------------------------------------------------------

UNIT_TESTS += host-sim/test/test_guestinfo.c
test_guestinfo_OBJS = host-sim/guestinfo.c
FUZZ_TARGETS += host-sim/fuzz/fuzz_guestinfo.c
fuzz_guestinfo_OBJS = host-sim/guestinfo.c

export SUITE SECONDS_OF_SERVICE

.PHONY: linux-tools
linux-tools: $(O)/bin/vmci-sim $(O)/linux/vsock-peer ## VMware's tools, as Debian packages them, in a guest: SUITE= SECONDS_OF_SERVICE=
	$(Q).ci/qemu && host-sim/test/linux/tools.sh

# The bridge, with a stack that has no protocol.
UNIT_TESTS += host-sim/test/test_bridge.c host-sim/test/test_bridge_bulk.c host-sim/test/test_bridge_dgram.c
test_bridge_OBJS = $(BRIDGE_SRC) host-sim/listener.c host-sim/test/fake_sockets.c
test_bridge_bulk_OBJS = $(test_bridge_OBJS)
test_bridge_dgram_OBJS = $(test_bridge_OBJS)

# A guest without a machine, for tests of the bridge and of the preload library.
VGUEST_SRC = $(VFU_CLIENT_SRC) host-sim/test/vguest.c
$(O)/host-sim/vsock_guest: $(patsubst %.c,$(O)/host/%.o,host-sim/test/vsock_guest.c $(VGUEST_SRC) $(CORE_COMMON_SRC) \
		$(CORE_QUEUE_SRC) $(CORE_GUEST_SRC) $(CORE_DEVICE_SRC) $(CORE_SOCKET_SRC))
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -o $@ $(filter %.o,$^)

# Gives programs AF_VSOCK on the sockets of the bridge; from position-independent objects of its own.
all: $(O)/lib/libvmci-vsock.so
PRELOAD_SRC = $(wildcard host-sim/preload/*.c) host-sim/bridge_line.c
$(O)/lib/libvmci-vsock.so: $(PRELOAD_SRC) $(wildcard host-sim/preload/*.h host-sim/bridge_*.h)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(HOSTED) -fPIC -shared -fvisibility=hidden -Wl,-z,defs -o $@ $(filter %.c,$^) -ldl -pthread

SCRIPT_TESTS += host-sim/test/preload.sh
TEST_DEPS += $(O)/lib/libvmci-vsock.so $(O)/host-sim/vsock_guest

SCRIPT_TESTS += host-sim/test/bridge.py host-sim/test/stop.py

FUZZ_TARGETS += host-sim/fuzz/fuzz_bridge.c
fuzz_bridge_OBJS = $(test_bridge_OBJS)

# ---- What sockets cost, beside virtio-vsock ------------------------------------------------------------

SOCK_BENCH_SRC = $(addprefix host-sim/test/linux-bench/, main.c flow.c guest.c)
$(O)/linux/sock-bench: $(SOCK_BENCH_SRC:%.c=$(O)/host/%.o)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -static -o $@ $^

export ROUNDS VHOST

.PHONY: bench-sockets
bench-sockets: $(O)/bin/vmci-sim $(O)/linux/vsock-peer $(O)/linux/sock-bench ## A Linux guest's streams beside virtio-vsock in one QEMU: KERNEL= ROUNDS= QUICK= VHOST=
	$(Q).ci/qemu && host-sim/test/linux-bench/bench.sh
