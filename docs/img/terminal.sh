#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# terminal.sh <TEXT >PICTURE.svg
#
# Draws text as a terminal would show it. docs/img/run.svg is the output of `make run`, without the
# lines that README.md also leaves out.
set -euo pipefail
export LC_ALL=C

expand | awk '
function esc(s) { gsub(/&/, "\\&amp;", s); gsub(/</, "\\&lt;", s); gsub(/>/, "\\&gt;", s); gsub(/ /, "\\&#160;", s); return s }
{ line[NR] = $0; if (length($0) > width) width = length($0) }
END {
	w = int(width * 7.25) + 40; h = NR * 17 + 44
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\">\n", w, h, w, h
	print "<title>Output of make run</title>"
	printf "<rect width=\"%d\" height=\"%d\" rx=\"8\" fill=\"#1d2430\"/>\n", w, h
	print "<g fill=\"#3b4658\"><circle cx=\"20\" cy=\"16\" r=\"5\"/><circle cx=\"36\" cy=\"16\" r=\"5\"/><circle cx=\"52\" cy=\"16\" r=\"5\"/></g>"
	print "<g font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" font-size=\"12\" fill=\"#d5dbe5\">"
	for (i = 1; i <= NR; i++) {
		if (line[i] == "") continue
		colour = ""
		if (line[i] ~ /^\$ /) colour = "#ffffff"
		else if (line[i] ~ /^(chapter|all) | (pass|fail) +(fail|diff)/) colour = "#9fc6ff"
		else if (line[i] ~ /PASSED|^[0-9]+ passed, 0 failed/) colour = "#8fd694"
		else if (line[i] ~ /^(fail|error)|FAILED|^[0-9]+ passed/) colour = "#ff9b8f"
		printf "<text x=\"20\" y=\"%d\"%s>%s</text>\n", 28 + i * 17, colour ? " fill=\"" colour "\"" : "", esc(line[i])
	}
	print "</g>\n</svg>"
}'
