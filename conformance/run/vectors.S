/* SPDX-License-Identifier: BSD-2-Clause */
/* vectors.S - the compiled vectors as part of the program; VMCI_VECTORS names the file. */
	.section .rodata
	.balign 16
	.globl vmci_vectors
	.globl vmci_vectors_end
vmci_vectors:
	.incbin VMCI_VECTORS
vmci_vectors_end:
	.byte 0
	.section .note.GNU-stack, "", @progbits
