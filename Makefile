# SPDX-License-Identifier: BSD-2-Clause
#
# The only build file. `make help` lists what it can do. Each part lists its sources in <part>/part.mk;
# this file says how they are compiled, linked and tested. Objects of one source live in several trees:
#
#   $(O)/host       programs as they are used          $(O)/san       gcc, address and undefined sanitizers
#   $(O)/free-gcc   core and engine, freestanding      $(O)/sanclang  clang, the same sanitizers
#   $(O)/free-clang the same by clang                  $(O)/mut       with deliberate faults compiled in
#   $(O)/efi        for the EFI application            $(O)/fuzz      clang with libFuzzer's coverage
#
# The object of core/queue/ring.c in tree T is $(O)/T/core/queue/ring.o. A generated source $(O)/gen/x.c
# becomes $(O)/T/gen/x.o.

# ---- Variables that people set -----------------------------------------------------------------------

O        ?= build
CLANG    ?= clang-19
CLANG_FORMAT ?= clang-format-19
CLANG_TIDY   ?= clang-tidy-19
OBJCOPY  ?= objcopy
LD       ?= ld
JOBS     ?= $(shell nproc 2>/dev/null || echo 2)
V        ?=
# The seconds that each fuzz target runs in `make test` and `make fuzz`.
FUZZ_SECONDS ?= 20
# `make run`: the register model, the place of the suite, and which vectors.
BAR1     ?= 256k
DEVICE   ?=
SOCKET   ?=
ONLY     ?=
ROLE     ?=
# A QEMU with vfio-user-pci and a firmware; empty means: find or make one (.ci/qemu).
QEMU     ?=
OVMF     ?=

ifeq ($(origin CC),default)
CC = gcc
endif

# ---- Flags -------------------------------------------------------------------------------------------

CFLAGS_COMMON = -std=c11 -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-g -O2 -Icore/include -Iconformance/engine -Iconformance/monitor
SAN      = -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
HOSTED   = $(CFLAGS_COMMON) -D_GNU_SOURCE
FREE     = $(CFLAGS_COMMON) -ffreestanding
MUT      = $(HOSTED) -DVMCI_FAULTS
FUZZ     = $(HOSTED) -DVMCI_FUZZ -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all

EFI_ARCH = x86_64
EFI_INC  = /usr/include/efi
EFI_LIB  = /usr/lib
# GNU_EFI_USE_MS_ABI: with gnu-efi 3.0.18 the library is built for it and fails silently without.
EFICFLAGS = $(CFLAGS_COMMON) -DGNU_EFI_USE_MS_ABI -DVMCI_EFI -fpic -ffreestanding -fno-stack-protector \
	-fshort-wchar -mno-red-zone -isystem $(EFI_INC) -isystem $(EFI_INC)/$(EFI_ARCH)
# Without "-z defs" a missing function is found by the firmware, as a jump to nowhere.
EFILDFLAGS = -nostdlib -znocombreloc -shared -Bsymbolic -z defs -T $(EFI_LIB)/elf_$(EFI_ARCH)_efi.lds -L$(EFI_LIB)
# .rodata must be in the list: with gnu-efi 3.0.18 it is a section of its own.
EFISECTIONS = $(foreach s,.text .sdata .data .rodata .dynamic .dynsym .rel .rela .rel.* .rela.* .reloc,-j '$s')

# ---- Parts -------------------------------------------------------------------------------------------
#
# What a part.mk may set (sources as paths from the root):
#   CORE_COMMON_SRC CORE_QUEUE_SRC CORE_GUEST_SRC CORE_DEVICE_SRC CORE_SOCKET_SRC ENGINE_SRC SPECC_SRC RUN_SRC
#   SIM_SRC EFI_SRC        sources of each product; .c, or .S where bytes are embedded
#   SPECC_LIBS RUN_LIBS SIM_LIBS                             libraries of a product
#   CFLAGS_<part>, CFLAGS_<path without .c>                  extra flags (CFLAGS_host-sim, CFLAGS_efi/main)
#   UNIT_TESTS             cmocka sources; <name>_OBJS: what each is linked with, as paths of sources or of
#                          objects without their tree (default: all of core and the engine); <name>_LIBS
#   SCRIPT_TESTS           executables that print TAP, run from the root with O, QEMU_RUN ... in the environment
#   TEST_DEPS              files that script tests need (built before any test runs)
#   FUZZ_TARGETS           libFuzzer sources; <name>_OBJS as above; seeds in <dir of source>/corpus/<name>/
#   GENERATED              files made before anything else is compiled

CORE_COMMON_SRC :=
CORE_QUEUE_SRC  :=
CORE_GUEST_SRC  :=
CORE_DEVICE_SRC :=
CORE_SOCKET_SRC :=
ENGINE_SRC      :=
SPECC_SRC       :=
RUN_SRC         :=
SIM_SRC         :=
EFI_SRC         :=
UNIT_TESTS      :=
SCRIPT_TESTS    :=
TEST_DEPS       :=
FUZZ_TARGETS    :=
GENERATED       :=
SPECC_LIBS       = -lcmark-gfm-extensions -lcmark-gfm
RUN_LIBS         =
SIM_LIBS         =

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:

-include core/part.mk conformance/part.mk host-sim/part.mk efi/part.mk spec/part.mk docs/part.mk

CORE_SRC = $(CORE_COMMON_SRC) $(CORE_QUEUE_SRC) $(CORE_GUEST_SRC) $(CORE_DEVICE_SRC) $(CORE_SOCKET_SRC)

# objects of sources: $(call objs,TREE,sources)
objs = $(addprefix $(O)/$1/,$(sort $(addsuffix .o,$(basename $(patsubst $(O)/%,%,$2)))))

PARTS    = core conformance host-sim efi
C_FILES  = $(sort $(shell find $(PARTS) -name '*.[ch]' 2>/dev/null))
SH_FILES = $(sort $(wildcard .ci/*) $(shell find $(PARTS) spec docs -name '*.sh' 2>/dev/null))

ifeq ($(V),)
Q = @
say = @printf '  %-7s %s\n' '$1' '$(patsubst $(O)/%,%,$2)'
else
Q =
say =
endif

# ---- What to make ------------------------------------------------------------------------------------

.PHONY: all run test check conform efi book bench fuzz mutants clean setup help \
	check-spec check-defs check-freestanding check-includes check-format check-lint format test-build FORCE

all: $(O)/bin/vmci-conform $(O)/bin/vmci-sim $(O)/efi/vmci.efi book ## Build the programs, the EFI application and the book

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-20s %s\n", $$1, $$2}' $(filter Makefile %.mk,$(MAKEFILE_LIST))
	@echo '  Variables: O=DIR CC= CLANG= V=1 JOBS=N; for run: BAR1=8k|256k DEVICE=loop SOCKET=PATH ONLY=PATTERN'
	@echo '  ROLE=device|guest QEMU=PROGRAM OVMF=FILE|DIR; for fuzz and test: FUZZ_SECONDS=N'

setup: ## Install the Debian packages that are missing
	$(Q).ci/setup

efi: $(O)/efi/vmci.efi ## Build the EFI application

# ---- Compiling ---------------------------------------------------------------------------------------

# Extra flags of a source: those of its part, those of the file.
extra = $(CFLAGS_$(firstword $(subst /, ,$*))) $(CFLAGS_$*)

# $(call tree,NAME,compiler,flags): the three pattern rules of an object tree.
define tree
$(O)/$1/%.o: %.c | $$(GENERATED)
	$$(call say,CC,$$@)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$2 $3 $$(extra) -MMD -MP -c -o $$@ $$<

$(O)/$1/%.o: $(O)/%.c
	$$(call say,CC,$$@)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$2 $3 $$(extra) -MMD -MP -c -o $$@ $$<

$(O)/$1/%.o: %.S
	$$(call say,AS,$$@)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$2 $(filter-out -std=c11,$3) -DVMCI_VECTORS='"$(O)/spec/vectors.bin"' -MMD -MP -c -o $$@ $$<
endef

$(eval $(call tree,host,$(CC),$(HOSTED)))
$(eval $(call tree,san,$(CC),$(HOSTED) $(SAN)))
$(eval $(call tree,sanclang,$(CLANG),$(HOSTED) $(SAN)))
$(eval $(call tree,free-gcc,$(CC),$(FREE)))
$(eval $(call tree,free-clang,$(CLANG),$(FREE)))
$(eval $(call tree,mut,$(CC),$(MUT)))
$(eval $(call tree,fuzz,$(CLANG),$(FUZZ)))
$(eval $(call tree,efi,$(CC),$(EFICFLAGS)))

-include $(shell find $(O) -path $(O)/qemu -prune -o -type f -name '*.d' -print 2>/dev/null)

# ---- Linking -----------------------------------------------------------------------------------------

# $(call program,path,sources,tree,link command,libraries)
define program
$1: $$(call objs,$3,$2)
	$$(call say,LD,$$@)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$4 -o $$@ $$(filter %.o,$$^) $5 -pthread
endef

SPECC_ALL = $(SPECC_SRC)
RUN_ALL   = $(RUN_SRC) $(ENGINE_SRC) $(CORE_SRC)
SIM_ALL   = $(SIM_SRC) $(ENGINE_SRC) $(CORE_SRC)
EFI_ALL   = $(EFI_SRC) $(ENGINE_SRC) $(CORE_SRC)

$(eval $(call program,$(O)/bin/specc,$(SPECC_ALL),host,$(CC),$(SPECC_LIBS)))
$(eval $(call program,$(O)/bin/vmci-conform,$(RUN_ALL),host,$(CC),$(RUN_LIBS)))
$(eval $(call program,$(O)/bin/vmci-sim,$(SIM_ALL),host,$(CC),$(SIM_LIBS)))
# The same programs under sanitizers, for tests.
$(eval $(call program,$(O)/san/bin/specc,$(SPECC_ALL),san,$(CC) $(SAN),$(SPECC_LIBS)))
$(eval $(call program,$(O)/san/bin/vmci-conform,$(RUN_ALL),san,$(CC) $(SAN),$(RUN_LIBS)))
$(eval $(call program,$(O)/san/bin/vmci-sim,$(SIM_ALL),san,$(CC) $(SAN),$(SIM_LIBS)))
# With deliberate faults that a run can switch on, one at a time.
$(eval $(call program,$(O)/mut/bin/vmci-conform,$(RUN_ALL),mut,$(CC),$(RUN_LIBS)))

$(O)/efi/vmci.so: $(call objs,efi,$(EFI_ALL))
	$(call say,LD,$@)
	$(Q)$(LD) $(EFILDFLAGS) $(EFI_LIB)/crt0-efi-$(EFI_ARCH).o $(filter %.o,$^) -o $@ -lefi -lgnuefi

$(O)/efi/vmci.efi: $(O)/efi/vmci.so
	$(call say,EFI,$@)
	$(Q)$(OBJCOPY) $(EFISECTIONS) --target efi-app-$(EFI_ARCH) $< $@

# ---- Running -----------------------------------------------------------------------------------------

# The package list is looked at again when it or the machine's package database changed.
$(O)/setup.stamp: .ci/setup .ci/packages $(wildcard /var/lib/dpkg/status)
	$(Q).ci/setup
	$(Q)mkdir -p $(@D) && touch $@

# A second make, because compilers and libraries may exist only now; parallel unless the caller chose.
submake = $(MAKE) --no-print-directory $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(JOBS))

export O CC CLANG BAR1 DEVICE SOCKET ONLY ROLE QEMU OVMF

run: $(O)/setup.stamp ## Boot OVMF in QEMU against our device, run the suite, print the verdict
	+$(Q)$(submake) $(O)/bin/vmci-conform $(O)/bin/vmci-sim $(O)/efi/vmci.efi book
	+$(Q).ci/run-efi; code=$$?; $(submake) -s book >/dev/null 2>&1; exit $$code

conform: $(O)/bin/vmci-conform ## Run all vectors in process, both roles
	$(Q)$(O)/bin/vmci-conform run $(if $(ONLY),--only '$(ONLY)') $(if $(ROLE),--role $(ROLE))

mutants: $(O)/mut/bin/vmci-conform ## Break the device on purpose, one fault at a time; a vector must name each
	$(Q)$(O)/mut/bin/vmci-conform mutants $(if $(ONLY),--only '$(ONLY)')

# ---- Tests -------------------------------------------------------------------------------------------

unit_objs = $(if $(filter undefined,$(origin $(notdir $(basename $1))_OBJS)),\
	$(CORE_SRC) $(ENGINE_SRC),$(patsubst $(O)/%,%,$($(notdir $(basename $1))_OBJS)))

# $(call unit,source,tree,compiler)
define unit
$(O)/$2/$(basename $1): $(call objs,$2,$1 $(unit_objs))
	$$(call say,LD,$$@)
	$$(Q)$3 $(SAN) -o $$@ $$^ -lcmocka $($(notdir $(basename $1))_LIBS) -pthread
endef
$(foreach t,$(UNIT_TESTS),$(eval $(call unit,$t,san,$(CC))))
$(foreach t,$(UNIT_TESTS),$(eval $(call unit,$t,sanclang,$(CLANG))))

# $(call fuzzer,source)
define fuzzer
$(O)/fuzz/$(basename $1): $(call objs,fuzz,$1 $(unit_objs))
	$$(call say,LD,$$@)
	$$(Q)$(CLANG) -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -o $$@ $$^ \
		$($(notdir $(basename $1))_LIBS) -pthread
endef
$(foreach t,$(FUZZ_TARGETS),$(eval $(call fuzzer,$t)))

UNIT_BINS = $(foreach t,$(UNIT_TESTS),$(O)/san/$(basename $t) $(O)/sanclang/$(basename $t))
FUZZ_BINS = $(foreach t,$(FUZZ_TARGETS),$(O)/fuzz/$(basename $t))

test-build: all $(O)/san/bin/vmci-sim $(UNIT_BINS) $(FUZZ_BINS) $(TEST_DEPS)

# The suite in OVMF: both register models, and the device built into the application.
EFI_RUNS     = 256k 8k loop
EFI_RUN_256k = BAR1=256k DEVICE= SOCKET= ROLE= ONLY=
EFI_RUN_8k   = BAR1=8k DEVICE= SOCKET= ROLE= ONLY=
EFI_RUN_loop = DEVICE=loop SOCKET= ROLE= ONLY=

# One line a test: kind (tap: prints TAP; plain: its exit code counts), seconds allowed, name, command.
define test_list
$(foreach c,$(CHECKS),plain 1800 check/$c $(MAKE) --no-print-directory -s -k check-$c
)tap 60 build/checks .ci/test-checks
tap 600 build/run-efi .ci/test-run-efi
tap 600 vfio-user/256k .ci/test-vfio-user 256k
tap 600 vfio-user/8k .ci/test-vfio-user 8k
$(foreach b,$(EFI_RUNS),tap 2400 efi/$b OUT=$(O)/test-efi/$b $(EFI_RUN_$b) .ci/run-efi --tap
)$(foreach t,$(UNIT_BINS),tap 120 $(patsubst $(O)/%,%,$t) $t
)$(foreach t,$(SCRIPT_TESTS),tap $(or $($(notdir $(basename $t))_TIMEOUT),600) $(basename $t) $t
)$(foreach t,$(FUZZ_TARGETS),plain 300 $(basename $t) .ci/fuzz $t $(FUZZ_SECONDS)
)
endef

test: $(O)/setup.stamp ## Every test; ends with "N passed, N failed"
	+$(Q)$(submake) test-setup
	+$(Q)$(submake) -k test-build || echo 'The build is incomplete; what is missing counts as failed.'
	+$(Q)$(submake) -j1 test-run

.PHONY: test-setup test-run
test-setup:
	$(Q).ci/qemu

test-run:
	$(file >$(O)/tests.list,$(test_list))
	+$(Q).ci/run-tests --jobs $(JOBS) --logs $(O)/test-logs $(O)/tests.list

fuzz: $(FUZZ_BINS) ## Run every fuzz target for FUZZ_SECONDS each
	$(Q)for t in $(FUZZ_TARGETS); do .ci/fuzz $$t $(FUZZ_SECONDS) || exit 1; done

# ---- Checks ------------------------------------------------------------------------------------------

CHECKS = lint spec defs freestanding includes format

check: $(addprefix check-,$(CHECKS)) ## Spec, defs.h, freestanding, include graph, format, lint

FREE_SRC = $(filter %.c,$(CORE_SRC) $(ENGINE_SRC) $(MONITOR_SRC))

check-freestanding: $(call objs,free-gcc,$(FREE_SRC)) $(call objs,free-clang,$(FREE_SRC)) ## core/ and engine call only mem*, hold no state
	$(Q).ci/check-freestanding $(O)/free-gcc $(call objs,free-gcc,$(FREE_SRC))
	$(Q).ci/check-freestanding $(O)/free-clang $(call objs,free-clang,$(FREE_SRC))

check-includes: ## Each part includes only what stands below it
	$(Q).ci/check-includes

# Not what specc writes.
FORMAT_FILES = $(filter-out core/include/vmci/defs.h %/expected.h,$(C_FILES))

check-format: ## Formatting is that of .clang-format
	$(Q)$(CLANG_FORMAT) --dry-run -Werror $(FORMAT_FILES)

format: ## Format all C sources in place
	$(Q)$(CLANG_FORMAT) -i $(FORMAT_FILES)

# Not the tests: the analyzer does not know that an assertion of cmocka ends the test. Not efi/: its headers
# need flags of their own. Fault points are compiled in, else what they guard looks redundant.
TIDY_SRC = $(filter-out efi/%,$(filter %.c,$(foreach f,$(C_FILES),$(if $(findstring /test/,$f)$(findstring /fuzz/,$f),,$f))))

$(O)/tidy/%.ok: %.c .clang-tidy
	$(call say,TIDY,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG_TIDY) --quiet $< -- $(MUT) $(extra) 2>$(@:.ok=.log) || { cat $(@:.ok=.log); exit 1; }
	$(Q)touch $@

check-lint: $(TIDY_SRC:%.c=$(O)/tidy/%.ok) ## clang-tidy and shellcheck find nothing
	$(Q)shellcheck $(filter-out .ci/packages,$(SH_FILES))

clean: ## Remove what was built; keep the private QEMU
	$(Q)find $(O) -mindepth 1 -maxdepth 1 ! -name qemu -exec rm -rf {} + 2>/dev/null || true
