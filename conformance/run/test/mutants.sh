#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Tests that the vectors notice a broken core, as TAP. Run from the root; O is the build directory.
# The mistakes are those of VMCI_FAULT("name") in the sources and of `catches` in the book.
set -uo pipefail
export LC_ALL=C NO_COLOR=1

O=${O:-build}
broken=${CONFORM_MUT:-$O/mut/bin/vmci-conform}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
n=0

# point NAME FILE: it holds when the file is empty; else the file says why not.
point() {
	n=$((n + 1))
	if [ -s "$2" ]; then
		head -n 40 "$2" | sed 's/^/# /'
		echo "not ok $n $1"
	else
		echo "ok $n $1"
	fi
}

find core conformance/engine -name '*.[ch]' ! -path core/include/vmci/fault.h -print0 |
	xargs -0 grep -ohE 'VMCI_FAULT\("[^"]*"\)' | sed 's/.*("//; s/").*//' | sort -u >"$tmp/made"
grep -hE '^catches[[:blank:]]' spec/*.md | sed 's/^catches//' | tr -s '[:blank:]' '\n' |
	grep . | sort -u >"$tmp/named"
comm -23 "$tmp/named" "$tmp/made" >"$tmp/out"
point "each mistake that a vector names can be made" "$tmp/out"
comm -13 "$tmp/named" "$tmp/made" >"$tmp/out"
point "each mistake that can be made is named by a vector" "$tmp/out"

# A vector that pauses the machine and fails: what it stands on is looked at without the pause.
"$broken" run --fault pause.touches-memory --role device --only 'qp/paused-*' --results= --format tap \
	>"$tmp/paused" 2>&1
cp "$tmp/paused" "$tmp/out"
if grep -q '^not ok' "$tmp/paused" && ! grep -q '# SKIP' "$tmp/paused"; then
	: >"$tmp/out"
fi
point "a paused machine hides no failure" "$tmp/out"
"$broken" run --fault broker.state-map --role device --only 'qp/*' --results= >"$tmp/out" 2>&1
[ $? -ne 1 ] || : >"$tmp/out"
point "a wrong state of a pair lets a run come to its end" "$tmp/out"

# told FAULT CLAUSE...: with this mistake some vectors fail, all for one of these clauses.
told() {
	local clauses
	"$broken" run --fault "$1" --role device --results= --format tap >"$tmp/told" 2>&1
	shift
	clauses=$(sed -n '/^# run /{n;s/^# \([A-Z]*\.[A-Z]*\.[0-9]*\) .*/\1/p;}' "$tmp/told" | sort -u | xargs)
	[ "$clauses" = "$*" ] || echo "told: $clauses" >>"$tmp/out"
}
: >"$tmp/out"
told icr.idle-ones DEV.ICR.1 DEV.ICR.2
told pair.header-handle QP.MEM.1
told detach.unknown-accepted QP.DETACH.3
point "a mistake in what many vectors stand on is told by the vectors about it" "$tmp/out"

"$broken" mutants >"$tmp/mutants" 2>"$tmp/why"
rc=$?
grep -E '^no such mistake: ' "$tmp/mutants" >"$tmp/out"
point "the suite reaches the place of each mistake" "$tmp/out"
grep -E '^(not caught|nobody looks for): ' "$tmp/mutants" >"$tmp/out"
point "each mistake is noticed by every vector that names it" "$tmp/out"
grep -E '^no mistake shows: ' "$tmp/mutants" >"$tmp/out"
point "each binding clause with a vector has a mistake that shows" "$tmp/out"
: >"$tmp/rc"
[ $rc -eq 0 ] || { cat "$tmp/why" && echo "exit code $rc"; } >"$tmp/rc"
echo "# $(tail -n 1 "$tmp/mutants")"
point "mutants ends with 0" "$tmp/rc"
echo "1..$n"
