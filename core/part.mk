# SPDX-License-Identifier: BSD-2-Clause
# Sources and tests of the core. Variables: see the Makefile.

# ---- queue and guest ---------------------------------------------------------------------------------

CORE_QUEUE_SRC += $(addprefix core/queue/, ring.c ring_index.c ring_memory.c)
CORE_GUEST_SRC += $(addprefix core/guest/, guest.c transfer.c receive.c datagram.c event.c doorbell.c \
	pages.c queuepair.c localpair.c)

UNIT_TESTS += core/test/test_ring.c core/test/test_guest.c core/test/test_guest_hostile.c \
	core/test/test_guest_delivery.c core/test/test_guest_pairs.c
test_ring_OBJS = $(CORE_QUEUE_SRC)
test_guest_OBJS = core/test/fake_device.c $(CORE_GUEST_SRC) $(CORE_QUEUE_SRC)
test_guest_hostile_OBJS = $(test_guest_OBJS)
test_guest_delivery_OBJS = $(test_guest_OBJS)
test_guest_pairs_OBJS = $(test_guest_OBJS)

# Two threads need another sanitizer than the unit tests.
SCRIPT_TESTS += core/test/stress_ring.sh
TEST_DEPS += $(O)/tsan/core/test/stress_ring

$(O)/tsan/core/test/stress_ring: core/test/stress_ring.c $(CORE_QUEUE_SRC) $(wildcard core/include/vmci/*.h core/queue/*.h)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(HOSTED) -fsanitize=thread -o $@ $(filter %.c,$^) -pthread

FUZZ_TARGETS += core/fuzz/fuzz_ring.c core/fuzz/fuzz_guest.c
fuzz_ring_OBJS = $(CORE_QUEUE_SRC)
fuzz_guest_OBJS = $(CORE_GUEST_SRC) $(CORE_QUEUE_SRC)

# ---- common and device -------------------------------------------------------------------------------

CORE_COMMON_SRC += core/common/error.c core/common/table.c
CORE_DEVICE_SRC += \
	core/device/broker.c \
	core/device/broker_check.c \
	core/device/broker_life.c \
	core/device/context.c \
	core/device/device.c \
	core/device/dgqueue.c \
	core/device/dma.c \
	core/device/doorbell.c \
	core/device/endpoint.c \
	core/device/event.c \
	core/device/guestmem.c \
	core/device/hub.c \
	core/device/hypercall.c \
	core/device/irq.c \
	core/device/pages.c \
	core/device/pair.c \
	core/device/port_stream.c \
	core/device/regs.c \
	core/device/reset.c \
	core/device/route.c \
	core/device/watch.c

DEVICE_ALL = $(CORE_COMMON_SRC) $(CORE_QUEUE_SRC) $(CORE_DEVICE_SRC)
DEVICE_TESTS = test_device_hub test_device_limits test_device_memory test_device_reset test_device_stream test_device_watch
UNIT_TESTS += $(DEVICE_TESTS:%=core/test/%.c)
$(foreach t,$(DEVICE_TESTS),$(eval $t_OBJS = $$(DEVICE_ALL) core/test/device_world.c))

DEVICE_FUZZ = fuzz_regs fuzz_dg_port fuzz_dg_dma fuzz_hypercall
FUZZ_TARGETS += $(DEVICE_FUZZ:%=core/fuzz/%.c)
$(foreach t,$(DEVICE_FUZZ),$(eval $t_OBJS = $$(DEVICE_ALL) core/test/device_world.c core/fuzz/device_fuzz.c))

# ---- sockets -----------------------------------------------------------------------------------------

CORE_SOCKET_SRC += $(addprefix core/socket/, calls.c connections.c dgram.c errors.c handshake.c incoming.c \
	io.c listen.c notify.c numbers.c options.c owed.c packet.c pair.c ports.c stack.c stream.c timers.c transport.c transport_context.c transport_guest.c)

SOCKET_ALL = $(CORE_COMMON_SRC) $(CORE_QUEUE_SRC) $(CORE_GUEST_SRC) $(CORE_DEVICE_SRC) $(CORE_SOCKET_SRC)
SOCKET_TESTS = test_socket_calls test_socket_client test_socket_end test_socket_notice test_socket_server test_socket_storm test_socket_stream
UNIT_TESTS += $(SOCKET_TESTS:%=core/test/%.c)
$(foreach t,$(SOCKET_TESTS),$(eval $t_OBJS = $$(SOCKET_ALL) core/test/socket_world.c core/test/socket_scene.c))

# ---- GuestRPC ----------------------------------------------------------------------------------------

CORE_SOCKET_SRC += core/socket/guestrpc.c core/socket/rpcframe.c

UNIT_TESTS += core/test/test_rpcframe.c core/test/test_guestrpc.c
test_rpcframe_OBJS = core/socket/rpcframe.c
# Its sockets are those of the test.
test_guestrpc_OBJS = core/socket/guestrpc.c core/socket/rpcframe.c
UNIT_TESTS += core/test/test_guestrpc_live.c
test_guestrpc_live_OBJS = $(SOCKET_ALL) core/test/socket_world.c
FUZZ_TARGETS += core/fuzz/fuzz_rpcframe.c
fuzz_rpcframe_OBJS = core/socket/rpcframe.c

SCRIPT_TESTS += core/test/stress_socket.sh
TEST_DEPS += $(O)/tsan/core/test/stress_socket

# The order between guest and host is the ring's matter, tested there; here one lock guards everything.
$(O)/tsan/core/test/stress_socket: core/test/stress_socket.c core/test/socket_world.c $(SOCKET_ALL) \
		$(wildcard core/include/vmci/*.h core/*/*.h)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(HOSTED) -Wno-tsan -fsanitize=thread -o $@ $(filter %.c,$^) -pthread

FUZZ_TARGETS += core/fuzz/fuzz_socket.c
fuzz_socket_OBJS = $(SOCKET_ALL) core/test/socket_world.c
