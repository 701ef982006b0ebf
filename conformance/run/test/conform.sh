#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Tests of vmci-conform, as TAP. Run from the root; O is the build directory.
#
# golden/   a small book with a vector for each outcome, and what is printed about it in each format.
#           UPDATE=1 writes those files anew; look at the difference before committing it.
set -uo pipefail
export LC_ALL=C NO_COLOR=1

root=$PWD
O=${O:-build}
case $O in /*) ;; *) O=$root/$O ;; esac
conform=${CONFORM:-$O/bin/vmci-conform}
checked=${CONFORM_SAN:-$O/san/bin/vmci-conform}
specc=${SPECC:-$O/san/bin/specc}
here=$root/conformance/run/test
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
		[ -s "$tmp/why" ] && head -n 40 "$tmp/why" | sed 's/^/# /'
		echo "not ok $n $1"
	fi
	: >"$tmp/why"
}

# gives CODE COMMAND...: it ends with CODE; what it says is kept in $tmp/out and $tmp/why.
gives() {
	local code=$1 rc=0
	shift
	"$@" >"$tmp/out" 2>"$tmp/why" || rc=$?
	[ $rc -eq "$code" ] || { echo "exit code $rc, not $code: $*" >>"$tmp/why" && return 1; }
}

# says CODE TEXT COMMAND...: the same, and exactly one line on the error output, which contains TEXT.
says() {
	local code=$1 text=$2
	shift 2
	gives "$code" "$@" || return
	[ "$(wc -l <"$tmp/why")" -eq 1 ] && grep -qF -- "$text" "$tmp/why"
}

run() {
	"$conform" run --results '' "$@"
}

# ---- golden outputs ----------------------------------------------------------------------------------

(cd "$here/golden" && "$specc" table --quiet -o "$tmp/gold.bin" ./10-golden.md) 2>"$tmp/why"
point "the golden book compiles"

gold() {
	run --table "$tmp/gold.bin" --target core:8k --implementation golden "$@"
}

# What changes from build to build: CRC of the table, version of the core.
settled() {
	sed -E -e 's/("table":"|table )[0-9a-f]{8}/\1CRC/' -e 's/("version":"|version )[0-9][0-9.]*/\1N/' \
		-e 's|\./10-golden|10-golden|g'
}

for format in text tap jsonl junit; do
	file=$here/golden/results.$format
	gold --format "$format" >"$tmp/raw" 2>"$tmp/why"
	[ $? -eq 1 ] && settled <"$tmp/raw" >"$tmp/have"
	[ -z "${UPDATE:-}" ] || cp "$tmp/have" "$file"
	diff -u "$file" "$tmp/have" >"$tmp/why" 2>&1
	point "golden $format"
done

gives 1 gold --verbose && grep -q '^pass *gold/pass@1' "$tmp/out" && grep -q '^skip *gold/skip: device lacks bar.mmio' "$tmp/out"
point "--verbose lists what passed and was skipped"

# ---- what others say about our formats ---------------------------------------------------------------

gold --format tap >"$tmp/gold.tap"
printf '#!/bin/sh\ncat "%s"\n' "$tmp/gold.tap" >"$tmp/cat" && chmod +x "$tmp/cat"
prove -v --exec sh "$tmp/cat" >"$tmp/proved" 2>&1
grep -q 'Failed 5/9 subtests' "$tmp/proved" && grep -q '(less 1 skipped subtest: 3 okay)' "$tmp/proved"
point "prove reads the KTAP and counts as we do"

gold --format junit >"$tmp/gold.xml"
xmllint --noout "$tmp/gold.xml" 2>"$tmp/why" &&
	[ "$(xmllint --xpath 'count(//testcase)' "$tmp/gold.xml")" = 9 ] &&
	[ "$(xmllint --xpath 'count(//failure[@type="missing"])' "$tmp/gold.xml")" = 1 ]
point "xmllint reads the JUnit report"

gold --format jsonl >"$tmp/gold.jsonl"
jq -e -s 'length == 9 and all(.[]; .schema == 1 and (.covers | length) > 0)' "$tmp/gold.jsonl" >/dev/null 2>"$tmp/why"
point "jq reads the JSON lines"

run --format jsonl >"$tmp/all.jsonl" 2>"$tmp/why"
if python3 -c 'import jsonschema' 2>/dev/null; then
	python3 - conformance/run/results.schema.json "$tmp/gold.jsonl" "$tmp/all.jsonl" 2>"$tmp/why" <<'EOF'
import json, sys
import jsonschema
schema = json.load(open(sys.argv[1]))
jsonschema.Draft7Validator.check_schema(schema)
check = jsonschema.Draft7Validator(schema)
for name in sys.argv[2:]:
    for nr, line in enumerate(open(name), 1):
        for error in check.iter_errors(json.loads(line)):
            sys.exit(f"{name}:{nr}: {error.message}")
EOF
	point "the schema holds for every result"
else
	n=$((n + 1))
	echo "ok $n the schema holds for every result # SKIP python3-jsonschema is not installed"
fi

# ---- runs --------------------------------------------------------------------------------------------

gives 0 run --expect conformance/expect/openvmci.txt
point "the core passes all vectors in both roles"

same_results() {
	[ -s "$1" ] && diff <(sort "$1") <(sort "$2") >"$tmp/why"
}
for i in 1 2 3; do run --shard $i/3 --format jsonl; done >"$tmp/shards.jsonl" 2>"$tmp/why"
same_results "$tmp/all.jsonl" "$tmp/shards.jsonl"
point "three shards together are one whole run"

run --seed 7 --format jsonl >"$tmp/seed1" 2>"$tmp/why" && run --seed 7 --format jsonl >"$tmp/seed2" && cmp "$tmp/seed1" "$tmp/seed2" >"$tmp/why"
point "the same seed gives the same bytes"
! cmp -s "$tmp/seed1" "$tmp/all.jsonl" && jq -e -s 'all(.[]; .outcome != "fail" and .outcome != "error")' "$tmp/seed1" >/dev/null
point "another order gives other bytes and no failure"

gives 0 "$conform" null
point "no vector passes without a device"
gives 0 "$conform" perturb
point "every expectation turned round fails"

for seed in 1 2 3 4 5 6; do
	rc=0
	timeout 120 "$checked" run --results '' --target null:chaos --seed $seed >"$tmp/out" 2>"$tmp/why" || rc=$?
	[ $rc -eq 1 ] || break
done
[ "$rc" -eq 1 ]
point "the engine survives a device that answers at random"

# ---- reports -----------------------------------------------------------------------------------------

closing() {
	tail -n 1 "$1"
}
gold >"$tmp/direct"
gives 1 "$conform" report --table "$tmp/gold.bin" "$tmp/gold.tap" && [ "$(closing "$tmp/out")" = "$(closing "$tmp/direct")" ]
point "report of KTAP has the sums of the run"
gives 1 "$conform" report --table "$tmp/gold.bin" "$tmp/gold.jsonl" && [ "$(closing "$tmp/out")" = "$(closing "$tmp/direct")" ] &&
	grep -q 'want 0x0000002a or -6' "$tmp/out"
point "report of JSON lines has the sums and the failures"
printf '\033[2J\033[01;01HBdsDxe: loading\r\n' >"$tmp/noisy.log"
sed -e 's/$/\r/' -e 's/^# run/\x1b[0m&/' "$tmp/gold.tap" >>"$tmp/noisy.log"
gives 1 "$conform" report --table "$tmp/gold.bin" "$tmp/noisy.log" && [ "$(closing "$tmp/out")" = "$(closing "$tmp/direct")" ]
point "report reads through the noise of a console"
sed '/^# run gold.fail-value/q' "$tmp/gold.tap" >"$tmp/short.tap"
gives 2 "$conform" report --table "$tmp/gold.bin" "$tmp/short.tap" && grep -q 'ends after 2 of 9 results, in gold/fail-value' "$tmp/why" &&
	grep -q '^error *gold/fail-value.*: the log ends in this vector' "$tmp/out"
point "a log that ends early is an error of the vector that ran"
sed '/^ok 2 /d' "$tmp/gold.tap" >"$tmp/hole.tap"
says 2 'result 3 where 2 should stand' "$conform" report --table "$tmp/gold.bin" "$tmp/hole.tap"
point "a log with a hole is refused"
gives 1 "$conform" report --table "$tmp/gold.bin" --format jsonl "$tmp/gold.tap" && jq -e -s 'length == 9' "$tmp/out" >/dev/null
point "report turns KTAP into JSON lines"
echo '{"schema":1,"id":"x","outcome":"maybe"}' >"$tmp/odd.jsonl"
says 2 'odd.jsonl:1: not a result of schema 1' "$conform" report "$tmp/odd.jsonl"
point "report refuses an unknown outcome"
: >"$tmp/empty"
says 2 'no results in it' "$conform" report "$tmp/empty"
point "report refuses an empty file"

# ---- kept results ------------------------------------------------------------------------------------

kept="$tmp/results"
gives 1 "$conform" run --table "$tmp/gold.bin" --target core:8k --results "$kept" &&
	gives 0 "$conform" run --table "$tmp/gold.bin" --target core:8k --results "$kept" --only gold/pass &&
	[ "$(wc -l <"$kept/core-8k.jsonl")" -eq 9 ]
point "results of a part of the vectors replace only those"
gives 0 "$conform" explain --table "$tmp/gold.bin" --results "$kept" gold/fail-value && grep -q 'last result on core-8k: fail, step 2' "$tmp/out" &&
	grep -q 'GOLD.BAD.1 (MUST, device)' "$tmp/out"
point "explain shows a vector with its last result"
gives 0 "$conform" explain --table "$tmp/gold.bin" --results "$kept" GOLD.BAD.2 && grep -q 'gold/fail-value' "$tmp/out"
point "explain shows a clause with its vectors"
gives 0 "$conform" list --table "$tmp/gold.bin" 'gold/fail*' && [ "$(wc -l <"$tmp/out")" -eq 4 ]
point "list takes a pattern"
gives 0 "$conform" list --clauses --table "$tmp/gold.bin" && grep -q '^GOLD.CHOICE.1 *SHOULD *device *1 vectors' "$tmp/out"
point "list --clauses counts vectors"

# ---- expectation lists -------------------------------------------------------------------------------

list="$tmp/list.txt"
cat >"$list" <<'EOF'
# of the golden book
gold/differs fail-is-no-class  # no
EOF
says 2 'list.txt:2: expected fail, differs, error or timeout, not: fail-is-no-class' gold --expect "$list"
point "a list with an unknown outcome"
cat >"$list" <<'EOF'
gold/differs differs:value@1  # asked upstream
gold/error error  # fixed in May
gold/fail-* fail  # known
EOF
gives 0 gold --expect "$list"
point "a list that holds makes the run good"
sed -i 's/value@1/value@2/' "$list"
says 1 'list.txt:1: does not hold: gold/differs is differs:value@1' gold --expect "$list"
point "a failure at another step is unexpected"
printf 'gold/pass@* fail  # was broken\n' >"$list"
gives 1 gold --expect "$list" && grep -q 'list.txt:1: does not hold: gold/pass@2 is pass@1' "$tmp/why"
point "a pass that the list does not know is unexpected"
printf 'gold/fail-value fail\n' >"$list"
says 2 'list.txt:1: no reason behind #, for: gold/fail-value' gold --expect "$list"
point "a line without a reason"
printf 'gold/fail-value fail  # TODO\n' >"$list"
says 2 'no reason behind #' gold --expect "$list"
point "TODO is no reason"
printf 'gold/nothing fail  # x\n' >"$list"
says 2 'no vector of that name: gold/nothing' gold --expect "$list"
point "a line about no vector"
printf '* fail  # x\n' >"$list"
says 2 'no vector of that name: *' gold --expect "$list"
point "a star stands for one part of a name"
printf 'gold/fail-value fail  # x\ngold/error error  # x\n' >"$list"
says 2 'not in sorted order: gold/error' gold --expect "$list"
point "a list out of order"

# ---- usage -------------------------------------------------------------------------------------------

says 2 "no command 'walk'" "$conform" walk
point "an unknown command"
says 2 '--target=moon: expected core' "$conform" run --target moon
point "an unknown target"
says 2 '--shard=3/2: expected I/N' "$conform" run --shard 3/2
point "a shard that is not there"
says 2 '--format=xml: expected text, tap, jsonl or junit' "$conform" run --format xml
point "an unknown format"
says 2 "run: what is 'db/ring'?" "$conform" run db/ring
point "an argument too many"
says 2 'No such file' "$conform" run --table "$tmp/none.bin"
point "a table that is not there"
head -c 1000 "$tmp/gold.bin" >"$tmp/cut.bin"
says 2 'cut.bin: the table is' "$conform" run --table "$tmp/cut.bin"
point "a table that is cut"
says 2 'no guest to test' "$conform" run --target null:zeros --role guest
point "a role that the target has not"
says 4 'no vector matches nothing/*' "$conform" run --only 'nothing/*'
point "a pattern that matches nothing"
says 2 'none.sock' "$conform" run --target "vfio-user:$tmp/none.sock"
point "a server that is not there"
gives 0 "$conform" --help && [ "$(wc -l <"$tmp/out")" -le 40 ] && [ "$(wc -L <"$tmp/out")" -le 100 ]
point "--help fits a screen"
gives 4 run --table "$tmp/gold.bin" --target core:8k --only gold/skip
point "nothing could run: exit code 4"

echo "1..$n"
