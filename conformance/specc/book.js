/* SPDX-License-Identifier: BSD-2-Clause */
/* Search, the contents on narrow screens, and vectors that open when they are the target. */
"use strict";
(function () {
	const input = document.getElementById("search");
	const found = document.getElementById("found");
	const weight = { constant: 5, register: 6, field: 4, layout: 6, clause: 5, section: 6, vector: 2, text: 0 };
	const names = { text: "prose" };
	let chosen = -1;

	function words(s) {
		return s.toLowerCase().split(/\s+/).filter(Boolean);
	}

	/* Every word has to occur; a hit in the title counts more, at its start more still. */
	function score(entry, terms) {
		const title = entry[1].toLowerCase(), text = entry[3].toLowerCase();
		let sum = weight[entry[0]] || 0;

		for (const t of terms) {
			const bare = title.replace(/^vmci_/, "");

			if (title === t || bare === t)
				sum += 100;
			else if (title.startsWith(t) || bare.startsWith(t))
				sum += 40;
			else if (title.includes(t))
				sum += 20;
			else if (new RegExp("\\b" + t.replace(/[^\w]/g, "\\$&")).test(text))
				sum += 8;
			else if (text.includes(t))
				sum += 3;
			else
				return 0;
		}
		return sum + 6 / (1 + title.length / 12);
	}

	function marked(parent, s, terms) {
		const low = s.toLowerCase();
		let at = 0;

		while (at < s.length) {
			let best = -1, len = 0;

			for (const t of terms) {
				const i = low.indexOf(t, at);

				if (i >= 0 && (best < 0 || i < best || (i === best && t.length > len))) {
					best = i;
					len = t.length;
				}
			}
			if (best < 0)
				break;
			parent.append(s.slice(at, best));
			const m = document.createElement("mark");
			m.textContent = s.slice(best, best + len);
			parent.append(m);
			at = best + len;
		}
		parent.append(s.slice(at));
	}

	function snippet(text, terms) {
		const low = text.toLowerCase();
		let at = text.length;

		for (const t of terms) {
			const i = low.indexOf(t);

			if (i >= 0 && i < at)
				at = i;
		}
		if (at === text.length || at < 70)
			at = 0;
		else
			at = text.indexOf(" ", at - 60) + 1;
		return (at ? "… " : "") + text.slice(at, at + 170) + (text.length > at + 170 ? " …" : "");
	}

	function show() {
		const terms = words(input.value);

		found.textContent = "";
		chosen = -1;
		found.hidden = !terms.length;
		if (!terms.length)
			return;
		const hits = [];
		for (const entry of window.bookIndex || []) {
			const s = score(entry, terms);

			if (s)
				hits.push([s, entry]);
		}
		hits.sort((a, b) => b[0] - a[0]);
		for (const [, e] of hits.slice(0, 40)) {
			const a = document.createElement("a"), kind = document.createElement("span");
			const title = document.createElement("b"), snip = document.createElement("span");

			a.href = e[2];
			kind.className = "kind";
			kind.textContent = names[e[0]] || e[0];
			marked(title, e[1], terms);
			snip.className = "snip";
			marked(snip, snippet(e[3], terms), terms);
			a.append(kind, title, snip);
			found.append(a);
		}
		if (!hits.length) {
			const p = document.createElement("p");
			p.textContent = "Nothing has all of these words.";
			found.append(p);
		}
	}

	function choose(step) {
		const list = found.querySelectorAll("a");

		if (!list.length)
			return;
		if (chosen >= 0)
			list[chosen].classList.remove("on");
		chosen = (chosen + step + list.length) % list.length;
		list[chosen].classList.add("on");
		list[chosen].scrollIntoView({ block: "nearest" });
	}

	input.addEventListener("input", show);
	input.addEventListener("focus", show);
	input.addEventListener("keydown", function (ev) {
		const list = found.querySelectorAll("a");

		if (ev.key === "ArrowDown" || ev.key === "ArrowUp") {
			choose(ev.key === "ArrowDown" ? 1 : -1);
			ev.preventDefault();
		} else if (ev.key === "Enter" && list.length) {
			location.href = list[Math.max(chosen, 0)].href;
			found.hidden = true;
			input.blur();
		} else if (ev.key === "Escape") {
			found.hidden = true;
			input.blur();
		}
	});
	found.addEventListener("click", () => { found.hidden = true; });
	document.addEventListener("click", function (ev) {
		if (!ev.target.closest(".search"))
			found.hidden = true;
	});
	document.addEventListener("keydown", function (ev) {
		if (ev.key === "/" && document.activeElement !== input && !ev.ctrlKey && !ev.metaKey) {
			input.focus();
			input.select();
			ev.preventDefault();
		}
	});

	const menu = document.getElementById("menu"), side = document.getElementById("side");
	menu.addEventListener("click", function () {
		menu.setAttribute("aria-expanded", String(side.classList.toggle("open")));
	});
	side.addEventListener("click", function (ev) {
		if (ev.target.closest("a")) {
			side.classList.remove("open");
			menu.setAttribute("aria-expanded", "false");
		}
	});
	const here = side.querySelector("a.here");
	if (here && here.offsetTop > side.clientHeight - 80)
		side.scrollTop = here.offsetTop - 120;

	/* A link to a vector opens it. */
	function reveal() {
		const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));

		if (!target)
			return;
		if (target.tagName === "DETAILS")
			target.open = true;
		target.scrollIntoView();
	}
	window.addEventListener("hashchange", reveal);
	reveal();

	const vectors = document.querySelectorAll("article details.vector");
	const title = document.querySelector("article h1");
	if (vectors.length > 1 && title) {
		const all = document.createElement("button");

		all.type = "button";
		all.className = "all";
		all.textContent = "Open all vectors";
		all.addEventListener("click", function () {
			const open = !vectors[0].open;

			vectors.forEach((v) => { v.open = open; });
			all.textContent = open ? "Close all vectors" : "Open all vectors";
		});
		title.before(all);
	}
	if (location.search.startsWith("?q=")) {
		input.value = decodeURIComponent(location.search.slice(3));
		show();
	}
	window.addEventListener("beforeprint", () => vectors.forEach((v) => { v.open = true; }));
}());
