#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# docs.sh
#
# What the documents say is so. Prints TAP:
#   links     a relative link leads to a file, and its fragment to a heading there
#   commands  each console block of the pages is run, and prints what stands there
#   make      a target that a page names exists
#   options   what --help lists is in the man page, and what the man page lists the program takes
#   man       the man pages are well formed (where a formatter is installed)
#
# In a console block "$ " begins a command, "> " continues it, the rest is its output. A line "..." stands for
# any lines, "..." at the end of a line for the rest of it. Numbers and blanks may differ: how many
# vectors there are changes every week.
#
# Variables: O (build).
set -uo pipefail
export LC_ALL=C NO_COLOR=1

cd "$(dirname "$0")/../.." || exit 2
export O=${O:-build}
pages=(README.md docs/*.md)
programs="vmci-conform:conformance/run/vmci-conform.1 vmci-sim:host-sim/vmci-sim.1 specc:conformance/specc/specc.1"
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT

n=0
failed=0
# point NAME FILE: passes when FILE, the complaints, is empty.
point() {
	n=$((n + 1))
	if [ -s "$2" ]; then
		echo "not ok $n - $1"
		head -n 20 "$2" | sed 's/^/# /'
		failed=1
	else
		echo "ok $n - $1"
	fi
}

# ---- Links -------------------------------------------------------------------------------------------

# The anchors that a page's headings make, one a line.
anchors() {
	awk '
	/^```/ { fence = !fence }
	!fence && /^#+ / {
		sub(/^#+ +/, ""); $0 = tolower($0)
		gsub(/[^a-z0-9 _-]/, ""); gsub(/ /, "-"); print
	}' "$1"
}

# Links of a page: "LINE TARGET" each, none from fenced blocks.
links() {
	awk '
	/^```/ { fence = !fence }
	!fence {
		s = $0
		gsub(/`[^`]*`/, "", s)
		while (match(s, /\]\([^)]+\)/)) {
			print FNR, substr(s, RSTART + 2, RLENGTH - 3)
			s = substr(s, RSTART + RLENGTH)
		}
	}' "$1"
}

check_links() {
	local page line target file fragment
	for page in "${pages[@]}" CHANGES.md; do
		while read -r line target; do
			case $target in
			http://* | https://* | mailto:*) continue ;;
			esac
			file=${target%%#*}
			fragment=
			case $target in *'#'*) fragment=${target#*#} ;; esac
			if [ -z "$file" ]; then file=$page; else file=$(dirname "$page")/$file; fi
			if [ ! -e "$file" ]; then
				echo "$page:$line: $target: no such file"
			elif [ -n "$fragment" ] && ! anchors "$file" | grep -qxF -- "$fragment"; then
				echo "$page:$line: $target: no such heading"
			fi
		done < <(links "$page")
	done
}

# ---- Commands ----------------------------------------------------------------------------------------

# Splits the console blocks of page $1 into files $2/BLOCK.NR.cmd and .want; prints "BLOCK LINE COUNT".
split_blocks() {
	awk -v dir="$2" '
	function end() { if (cmd) close(cmd); if (want) close(want) }
	/^```console/ { block++; nr = 0; at = FNR; on = 1; next }
	/^```/ && on { end(); print block, at, nr; on = 0; next }
	!on { next }
	/^\$ / {
		end(); nr++
		cmd = dir "/" block "." nr ".cmd"; want = dir "/" block "." nr ".want"
		printf "" > want
		print substr($0, 3) > cmd; next
	}
	/^> / && nr { print substr($0, 3) > cmd; next }
	nr { print > want }' "$1"
}

# Runs the commands $1.1.cmd ... $1.$2.cmd in one shell; output of each into .got.
run_block() {
	local i previous=0 socket j
	for ((i = 1; i <= $2; i++)); do
		if grep -q '&$' "$1.$i.cmd"; then
			eval "$(cat "$1.$i.cmd")" >"$1.$i.got" 2>&1
			socket=$(sed -n 's/.*--socket[ =]\([^ ]*\).*/\1/p' "$1.$i.cmd")
			for ((j = 0; j < 100; j++)); do
				if [ -S "$socket" ] && [ -s "$1.$i.got" ]; then break; fi
				sleep 0.05
			done
			previous=0
			continue
		fi
		(exit "$previous")
		eval "$(cat "$1.$i.cmd")" >"$1.$i.got" 2>&1 </dev/null
		previous=$?
	done
	# shellcheck disable=SC2046  # process ids
	[ -z "$(jobs -p)" ] || kill $(jobs -p) 2>/dev/null
	wait
}

# Compares output $2 with what page says, $1.
compare() {
	awk '
	function plain(s) {
		gsub(/\r/, "", s); gsub(/0x[0-9a-f]+/, "N", s); gsub(sum, "N", s); gsub(/[0-9]+/, "N", s)
		gsub(/[ \t]+/, " ", s); sub(/^ /, "", s); sub(/ $/, "", s); return s
	}
	function same(w, g) {
		if (w ~ /[^ ]\.\.\.$/ || w ~ / \.\.\.$/) {
			w = substr(w, 1, length(w) - 3); sub(/ $/, "", w)
			return substr(plain(g), 1, length(plain(w))) == plain(w)
		}
		return plain(w) == plain(g)
	}
	# Whether the lines from w on stand for those from g on; far and line w say how far it got.
	function match_from(w, g,   i) {
		if (w > nw) return g > ng
		if (want[w] == "...") {
			for (i = g; i <= ng + 1; i++) if (match_from(w + 1, i)) return 1
			return 0
		}
		if (g <= ng && same(want[w], got[g])) return match_from(w + 1, g + 1)
		if (w > far) { far = w; at = g }
		return 0
	}
	BEGIN { # a checksum of 8 digits
		sum = "[0-9a-f][0-9a-f][0-9a-f][0-9a-f]"
		sum = sum sum
	}
	FNR == NR { want[++nw] = $0; next }
	{ got[++ng] = $0 }
	END {
		while (nw && want[nw] == "") nw--
		while (ng && got[ng] == "") ng--
		if (match_from(1, 1)) exit
		print "  the page says: " (far ? want[far] : "nothing more")
		print "  the run said:  " (at <= ng ? got[far ? at : ng] : "nothing more")
	}' "$1" "$2"
}

check_page() {
	local page=$1 dir block line count i
	dir=$work/$(basename "$page" .md)
	mkdir -p "$dir"
	while read -r block line count; do
		sed -i "s#\\bbuild/#$O/#g" "$dir/$block".*.cmd
		(run_block "$dir/$block" "$count")
		for ((i = 1; i <= count; i++)); do
			sed -i "s#\\b$O/#build/#g" "$dir/$block.$i.got"
			compare "$dir/$block.$i.want" "$dir/$block.$i.got" >"$work/differs"
			if [ -s "$work/differs" ]; then
				echo "$page:$line: $(head -n 1 "$dir/$block.$i.cmd")"
				cat "$work/differs"
			fi
		done
	done < <(split_blocks "$page" "$dir")
}

# ---- Names -------------------------------------------------------------------------------------------

check_make() {
	local page line target
	awk -F ':.*## ' '/^[a-z-]+:.*## /{ print $1 }' Makefile ./*/part.mk | sort -u >"$work/targets"
	for page in "${pages[@]}"; do
		awk '
		/^```/ { fence = !fence }
		{
			s = $0
			while (match(s, fence ? "(^|[$`] ?)make [a-z][a-z-]+" : "`make [a-z][a-z-]+")) {
				t = substr(s, RSTART, RLENGTH); sub(/.*make /, "", t)
				s = substr(s, RSTART + RLENGTH)
				if (substr(s, 1, 1) != "/") print FNR, t
			}
		}' "$page" |
			while read -r line target; do
				grep -qxF -- "$target" "$work/targets" || echo "$page:$line: make $target: no such target"
			done
	done
}

# Long options in text, one a line.
options_in() {
	grep -oE -- '--[a-z][a-z0-9-]+' | sort -u
}

check_options() {
	local pair program page
	for pair in $programs; do
		program=${pair%%:*}
		page=${pair#*:}
		if [ ! -r "$page" ]; then
			echo "$page is missing"
			continue
		fi
		"$O/bin/$program" --help | options_in >"$work/help"
		# In man macros a dash is \-, in mdoc the first of two belongs to the macro.
		sed -e 's/\\-/-/g' -e '/^\..*Fl /s/ -\([a-z]\)/ --\1/g' "$page" | options_in >"$work/page"
		comm -23 "$work/help" "$work/page" | sed "s#^#$page does not mention #"
		# The two that are allowed: a way past mistakes for makefiles, and another program's option.
		comm -13 "$work/help" "$work/page" | sed "s#^#$program #" |
			grep -vxE 'specc --(keep-going|format)' | sed "s#\$#: in $page, but not in --help#"
	done
}

check_man() {
	local pair page
	for pair in $programs; do
		page=${pair#*:}
		if command -v mandoc >/dev/null; then
			mandoc -Tlint -Wwarning "$page"
		else
			{ MANWIDTH=100 man --warnings -l "$page" >/dev/null; } 2>&1
		fi
	done
}

# ---- All of it ---------------------------------------------------------------------------------------

echo "1..$((4 + ${#pages[@]}))"
check_links >"$work/complaints"
point "relative links lead somewhere" "$work/complaints"
for p in "${pages[@]}"; do
	check_page "$p" >"$work/complaints"
	point "$p: its commands print what it says" "$work/complaints"
done
check_make >"$work/complaints"
point "targets of make exist" "$work/complaints"
check_options >"$work/complaints"
point "man pages and --help list the same options" "$work/complaints"
if command -v mandoc >/dev/null || command -v man >/dev/null; then
	check_man >"$work/complaints"
	point "man pages are well formed" "$work/complaints"
else
	n=$((n + 1))
	echo "ok $n - man pages are well formed # SKIP no mandoc and no man here"
fi
exit $failed
