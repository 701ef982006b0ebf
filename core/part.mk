# SPDX-License-Identifier: BSD-2-Clause
# Sources and tests of the core. Variables: see the Makefile.

# ---- queue and guest ---------------------------------------------------------------------------------

CORE_QUEUE_SRC += core/queue/ring.c
CORE_GUEST_SRC += $(addprefix core/guest/, guest.c transfer.c receive.c datagram.c event.c doorbell.c \
	pages.c queuepair.c localpair.c)

UNIT_TESTS += core/test/test_ring.c
test_ring_OBJS = core/queue/ring.c

# ---- common and device -------------------------------------------------------------------------------

CORE_COMMON_SRC += core/common/error.c
CORE_DEVICE_SRC += \
	core/device/broker.c \
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
	core/device/table.c \
	core/device/watch.c
