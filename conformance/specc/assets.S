/* SPDX-License-Identifier: BSD-2-Clause */
/* Style sheet and script of the book, carried inside the program. */
	.section .rodata
	.globl book_css, book_css_end, book_js, book_js_end
book_css:
	.incbin "conformance/specc/book.css"
book_css_end:
	.byte 0
book_js:
	.incbin "conformance/specc/book.js"
book_js_end:
	.byte 0
	.section .note.GNU-stack, "", %progbits
