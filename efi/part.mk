# SPDX-License-Identifier: BSD-2-Clause
# efi/part.mk - the EFI application.

EFI_SRC := efi/bench.c efi/cat.c efi/clock.c efi/console.c efi/echo.c efi/guest_port.c efi/guest_role.c \
	efi/info.c efi/interrupts.c efi/loop.c efi/machine_pci.c efi/main.c efi/medium.c efi/mem.c \
	efi/options.c efi/pci.c efi/sockets.c efi/suite.c efi/vectors.c conformance/run/vectors.S

SCRIPT_TESTS += efi/test/sockets.sh
TEST_DEPS += $(O)/efi/vmci.efi $(O)/bin/vmci-sim
UNIT_TESTS += efi/test/test_options.c
test_options_OBJS := efi/options.c

$(O)/efi/conformance/run/vectors.o: $(O)/spec/vectors.bin
