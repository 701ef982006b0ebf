#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Tests of specc, as TAP. Run from the root; O is the build directory.
#
# errors/NAME.md   chapters with mistakes; errors/expected.txt has what specc says about each
# good/            a book with each kind of everything; expected.dump and expected.h are what it becomes
set -uo pipefail
export LC_ALL=C

root=$PWD
O=${O:-build}
case $O in /*) ;; *) O=$root/$O ;; esac
specc=${SPECC:-$O/san/bin/specc}
here=$root/conformance/specc/test
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
n=0

# point NAME: the exit code of what ran before decides; $tmp/why is shown when it failed.
point() {
	local rc=$?
	n=$((n + 1))
	if [ $rc -eq 0 ]; then
		echo "ok $n $1"
	else
		[ -s "$tmp/why" ] && sed 's/^/# /' "$tmp/why"
		echo "not ok $n $1"
	fi
	: >"$tmp/why"
}

# same WANT HAVE: two files are equal; shows the difference.
same() {
	diff -u "$1" "$2" >"$tmp/why" 2>&1
}

# says CODE PATTERN COMMAND...: the command ends with CODE and says PATTERN somewhere.
says() {
	local code=$1 pattern=$2 rc=0
	shift 2
	"$@" >"$tmp/out" 2>&1 || rc=$?
	if [ "$rc" -ne "$code" ] || ! grep -qF -- "$pattern" "$tmp/out"; then
		{ echo "exit $rc, want $code and '$pattern':"; head -20 "$tmp/out"; } >"$tmp/why"
		return 1
	fi
	: >"$tmp/why"
}

# ---- Mistakes are found, all of them, at their places ----

cd "$here" || exit 2
for f in errors/*.md; do
	rc=0
	"$specc" check --spec "$tmp/none" "$f" 2>&1 | grep -v 'requirements.lock' >"$tmp/have" || rc=$?
	grep -F "$f:" errors/expected.txt >"$tmp/want"
	same "$tmp/want" "$tmp/have" && [ -s "$tmp/have" ]
	point "${f%.md}"
done
cut -d: -f1 errors/expected.txt | sort -u >"$tmp/want"
printf '%s\n' errors/*.md >"$tmp/have"
same "$tmp/want" "$tmp/have"
point "every fixture has a mistake"
says 2 "unknown name CAPZ" "$specc" check errors/unknown-name.md
point "mistakes give exit code 2"
says 2 "cannot be read" "$specc" check errors/nowhere.md
point "a chapter that is not there"

# ---- What is right is compiled as it should be ----

cd good || exit 2
says 0 "no errors" "$specc" check --strict ./*.md
point "the good book has no mistakes, not even warnings"
"$specc" dump --spec . ./10-first.md ./20-second.md >"$tmp/dump" 2>"$tmp/why" && same expected.dump "$tmp/dump"
point "compiled form of every verb and pattern"
"$specc" table --spec . -o "$tmp/a" ./*.md && "$specc" table --spec . -o "$tmp/b" ./*.md && cmp "$tmp/a" "$tmp/b" >"$tmp/why" 2>&1
point "the table depends on nothing but the chapters"
"$specc" dump "$tmp/a" -o "$tmp/text" && same expected.dump "$tmp/text" &&
	"$specc" undump "$tmp/text" -o "$tmp/b" && cmp "$tmp/a" "$tmp/b" >"$tmp/why" 2>&1
point "table to text to table gives the same bytes"
"$specc" defs --spec . ./*.md >"$tmp/defs.h" && same expected.h "$tmp/defs.h"
point "defs.h"
{ cat "$tmp/defs.h"; echo '_Static_assert(VMCI_SUM == 32 && VMCI_NEGATIVE < 0 && VMCI_DATAGRAM_SRC == 8, "");'; } >"$tmp/d.c"
"${CC:-gcc}" -std=c11 -Wall -Wextra -Werror -fsyntax-only "$tmp/d.c" >"$tmp/why" 2>&1
point "defs.h compiles"
"$specc" defs --spec . --check expected.h ./*.md >"$tmp/why" 2>&1
point "defs --check: equal"
sed 's/VMCI_HEX  .*/VMCI_HEX 3/; /VMCI_CAPS_ADDR/d; $a #define VMCI_MORE 1' expected.h >"$tmp/other.h"
says 1 "VMCI_HEX is 3, the chapters say 0x1f" "$specc" defs --spec . --check "$tmp/other.h" ./*.md &&
	grep -q 'VMCI_CAPS_ADDR is missing' "$tmp/out" && grep -q 'VMCI_MORE is in no chapter' "$tmp/out"
point "defs --check: each difference is named"

# ---- Damaged tables are refused ----

bad=0
size=$(stat -c %s "$tmp/a")
for at in 0 4 8 12 20 24 28 40 60 68 72 100 $((size / 2)) $((size - 9)); do
	cp "$tmp/a" "$tmp/c"
	printf '\x5a' | dd of="$tmp/c" bs=1 seek="$at" conv=notrunc 2>/dev/null
	cmp -s "$tmp/a" "$tmp/c" && continue
	says 2 "is no table" "$specc" dump "$tmp/c" || bad=1
done
for len in 0 1 79 80 $((size - 1)); do
	head -c "$len" "$tmp/a" >"$tmp/c"
	says 2 "is no table" "$specc" dump "$tmp/c" || bad=1
done
[ $bad -eq 0 ]
point "damaged tables are refused"
sed '5s/line=/lime=/' expected.dump >"$tmp/c"
says 2 "$tmp/c:5: expected 'line='" "$specc" undump "$tmp/c" -o "$tmp/d"
point "a mistake in the text form has a place"

# ---- The book ----

# links DIR: every relative link leads to a page and an anchor that exist.
links() {
	(
		cd "$1" || exit 1
		for f in *.html; do
			grep -o ' id="[^"]*"' "$f" | sed "s|.* id=\"\(.*\)\"|$f#\1|"
			echo "$f"
		done | sort -u >"$tmp/ids"
		for f in *.html; do
			grep -o 'href="[^"]*"' "$f" | sed "s|href=\"\(.*\)\"|\1|; s|^#|$f#|"
		done | grep -v '^http\|^book.css' | sort -u >"$tmp/refs"
		sed -n 's/^\["[a-z]*","[^"]*","\([^"]*\)".*/\1/p' search-index.js >>"$tmp/refs"
		sort -u "$tmp/refs" | comm -23 - "$tmp/ids"
	) >"$tmp/why"
	[ ! -s "$tmp/why" ]
}

# Ids once a page, and well-formed pages.
pages() {
	xmllint --noout "$1"/*.html >"$tmp/why" 2>&1 || return 1
	for f in "$1"/*.html; do
		grep -o ' id="[^"]*"' "$f" | sort | uniq -d | sed "s|^|$f|" >>"$tmp/why"
	done
	[ ! -s "$tmp/why" ]
}

result() {
	printf '{"schema":1,"implementation":"%s","version":"1","target":"core","role":"device","table":"0","id":"%s","outcome":"%s","line":"x.md:1","want":"<1>","saw":"2"}\n' "$@"
}
{ result acme all/choice differs; result acme all/host fail; result acme all/host pass; result acme all/gone pass; result zeta all/host fail; } >"$tmp/r.jsonl"
"$specc" book --spec . -o "$tmp/book/deep" ./*.md --results "$tmp/r.jsonl" >"$tmp/why" 2>&1 && pages "$tmp/book/deep"
point "pages are well-formed and ids unique"
links "$tmp/book/deep"
point "all links and search entries lead somewhere"
grep -q 'class="cell differs"' "$tmp/book/deep/matrix.html" && grep -q 'class="cell fail"' "$tmp/book/deep/matrix.html"
point "results are in the matrix"
grep -q 'want <code>&lt;1&gt;</code>' "$tmp/book/deep/10-first.html" && ! grep -q 'all/gone' "$tmp/book/deep"/*.html
point "results are at the vectors, those of unknown ids nowhere"
grep -q '<a href="20-second.html">chapter 20</a>' "$tmp/book/deep/10-first.html" &&
	grep -q '<a href="10-first.html#ALL.WRITE.2">ALL.WRITE.2</a>' "$tmp/book/deep/10-first.html" &&
	grep -q '<a href="10-first.html#VMCI_CAPS_ADDR"><code>CAPS</code></a>' "$tmp/book/deep/10-first.html"
point "prose links chapters, clauses and names"
find "$tmp/book/deep" -type f -exec touch -d '2001-01-01' {} +
"$specc" book --spec . -o "$tmp/book/deep" ./*.md --results "$tmp/r.jsonl" && [ -z "$(find "$tmp/book/deep" -newermt 2001-01-02 -type f)" ]
point "what did not change is not written again"
echo '{"id":' >"$tmp/r.jsonl"
says 2 "$tmp/r.jsonl:1: is no JSON" "$specc" book --spec . -o "$tmp/book" ./*.md --results "$tmp/r.jsonl"
point "a damaged results file has a place"
says 2 "cannot be read" "$specc" book --spec . -o "$tmp/book" ./*.md --results "$tmp/nowhere.jsonl"
point "a results file that is not there"
says 2 "cannot be made" "$specc" book --spec . -o /dev/null/book ./*.md
point "a directory that cannot be made"

# ---- The lock ----

cp -r . "$tmp/lock" && cd "$tmp" || exit 2
sed -i 's/MUST NOT give up/MUST NOT give up early/' lock/10-first.md
says 2 "lock/10-first.md:48: clause ALL.WRITE.2: the sentence changed" "$specc" check --spec lock
point "a changed sentence stops"
"$specc" stamp --spec lock ALL.WRITE.2 >/dev/null && says 0 "no errors" "$specc" check --spec lock
point "until it is stamped"
says 2 "unknown clause ALL.WRITE.22 (did you mean ALL.WRITE.2?)" "$specc" stamp --spec lock ALL.WRITE.22
point "only a clause can be stamped"
sed -i 's/^OLD.*/ALL.WRITE.3/' lock/retired.txt
says 2 "clause ALL.WRITE.3: this id is retired" "$specc" check --spec lock
point "a retired id is not used again"
echo 'ALL.GONE.1 00000000' >>lock/requirements.lock
says 2 "clause ALL.GONE.1 is gone" "$specc" check --spec lock
point "a removed id must be retired"

# ---- Commands ----

cd "$here/good" || exit 2
says 1 "R-002 R-006 R-007 R-008" "$specc" coverage --spec . --rows 1-11 ./*.md
point "coverage names missing rows"
says 2 "expected numbers" "$specc" coverage --spec . --rows 5-1 ./*.md
point "coverage: a malformed list"
says 0 "ALL.WRITE.5	MAY	device	choice	1 vectors" "$specc" list --spec . ./*.md
point "list"
says 2 "unknown command 'chekc'" "$specc" chekc
point "unknown command"
says 2 "-o FILE is missing" "$specc" table ./*.md
point "missing option"
says 2 "is no option of this command" "$specc" check --rows 1 ./*.md
point "foreign option"
"$specc" --help >"$tmp/out" && [ "$(wc -l <"$tmp/out")" -le 30 ] && [ "$(wc -L <"$tmp/out")" -le 90 ]
point "--help fits a screen"

# ---- The real book ----

cd "$root" || exit 2
says 0 "no errors" "$specc" check --quiet spec/[0-9][0-9]-*.md
point "the chapters of the specification have no mistakes"
"$specc" table --quiet --keep-going -o "$tmp/a" 2>/dev/null && "$specc" dump "$tmp/a" -o "$tmp/text" &&
	"$specc" undump "$tmp/text" -o "$tmp/b" && cmp "$tmp/a" "$tmp/b" >"$tmp/why" 2>&1
point "their table survives the round trip"
"$specc" book --quiet --keep-going -o "$tmp/real" 2>/dev/null; pages "$tmp/real" && links "$tmp/real"
point "their book is well-formed and its links lead somewhere"

echo "1..$n"
