# SPDX-License-Identifier: BSD-2-Clause
# What is made from the chapters: the compiled vectors, defs.h, the book.

SPEC_MD    = $(sort $(wildcard spec/[0-9][0-9]-*.md))
SPEC_FILES = $(SPEC_MD) $(wildcard spec/VERSION spec/requirements.lock spec/retired.txt)
# Results to be shown in the book: those of the last runs.
RESULTS   ?= $(sort $(wildcard $(O)/results/*.jsonl))

# SPECC_FLAGS=--keep-going leaves out vectors with mistakes instead of stopping.
SPECC_FLAGS ?=

.PHONY: defs spec-review

$(O)/spec/vectors.bin: $(O)/bin/specc $(SPEC_FILES)
	$(call say,SPECC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(O)/bin/specc table --quiet $(SPECC_FLAGS) -o $@ $(SPEC_MD)
	$(Q)touch $@

book: $(O)/bin/specc ## Build the specification as a book: $(O)/book/index.html
	$(call say,BOOK,$(O)/book)
	$(Q)$(O)/bin/specc book --quiet $(SPECC_FLAGS) -o $(O)/book $(SPEC_MD) $(if $(RESULTS),--results $(RESULTS))

defs: $(O)/bin/specc ## Write core/include/vmci/defs.h from the chapters
	$(Q)$(O)/bin/specc defs --quiet $(SPECC_FLAGS) -o core/include/vmci/defs.h $(SPEC_MD)

check-spec: $(O)/bin/specc ## The chapters have no mistakes
	$(Q)$(O)/bin/specc check $(SPEC_MD)

check-defs: $(O)/bin/specc ## defs.h is what the chapters say
	$(Q)$(O)/bin/specc defs --quiet --check core/include/vmci/defs.h $(SPEC_MD)

spec-review: $(O)/bin/specc ## Lock the sentence of a clause after a look at its vectors: ID=DG.SEND.3
	$(Q)$(O)/bin/specc stamp --spec spec $(ID)
