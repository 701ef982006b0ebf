# SPDX-License-Identifier: BSD-2-Clause
# Sources and tests of the core. Variables: see the Makefile.

# ---- queue and guest ---------------------------------------------------------------------------------

CORE_QUEUE_SRC += core/queue/ring.c
CORE_GUEST_SRC += $(addprefix core/guest/, guest.c transfer.c receive.c datagram.c event.c doorbell.c \
	pages.c queuepair.c localpair.c)

UNIT_TESTS += core/test/test_ring.c
test_ring_OBJS = core/queue/ring.c
