// SPDX-License-Identifier: BSD-2-Clause
// boost.cc - boost::lockfree::spsc_queue as a yardstick; built where the header is installed.
#include <boost/lockfree/spsc_queue.hpp>
#include <cstdlib>
#include <cstring>
#include <new>

extern "C" {
#include "bench.h"
extern const struct subject bench_boost;
}

namespace
{
template <size_t N> struct message {
	uint8_t b[N];
};

template <size_t N> struct pipe {
	boost::lockfree::spsc_queue<message<N>> queue;
	message<N> in, out;

	pipe() : queue(BENCH_QUEUE / N)
	{
		std::memset(&in, 2, sizeof(in));
		std::memset(&out, 3, sizeof(out));
	}
	static void put_take(void *arg, uint64_t n)
	{
		pipe *p = static_cast<pipe *>(arg);
		for (; n; n--)
			if (!p->queue.push(p->in) || !p->queue.pop(p->out))
				std::abort();
	}
	static void produce(void *arg, uint64_t n)
	{
		pipe *p = static_cast<pipe *>(arg);
		unsigned turns = 0;
		while (n) {
			if (p->queue.push(p->in)) {
				n--;
				turns = 0;
			} else {
				bench_wait(&turns);
			}
		}
	}
	static void consume(void *arg, uint64_t n)
	{
		pipe *p = static_cast<pipe *>(arg);
		unsigned turns = 0;
		while (n) {
			if (p->queue.pop(p->out)) {
				n--;
				turns = 0;
			} else {
				bench_wait(&turns);
			}
		}
	}
};

struct any {
	void *p;
	void (*destroy)(void *);
	void (*put_take)(void *, uint64_t);
	void (*produce)(void *, uint64_t);
	void (*consume)(void *, uint64_t);
};

template <size_t N> void *make()
{
	return new any{ new pipe<N>, [](void *p) { delete static_cast<pipe<N> *>(p); },
			pipe<N>::put_take, pipe<N>::produce, pipe<N>::consume };
}

void *open_boost(size_t n)
{
	switch (n) {
	case 16:
		return make<16>();
	case 64:
		return make<64>();
	case 256:
		return make<256>();
	case 1024:
		return make<1024>();
	case 4096:
		return make<4096>();
	case 16384:
		return make<16384>();
	default:
		return make<65536>();
	}
}

void close_boost(void *arg)
{
	any *a = static_cast<any *>(arg);
	a->destroy(a->p);
	delete a;
}

void put_take_boost(void *arg, uint64_t n)
{
	any *a = static_cast<any *>(arg);
	a->put_take(a->p, n);
}

void produce_boost(void *arg, uint64_t n)
{
	any *a = static_cast<any *>(arg);
	a->produce(a->p, n);
}

void consume_boost(void *arg, uint64_t n)
{
	any *a = static_cast<any *>(arg);
	a->consume(a->p, n);
}
} // namespace

const struct subject bench_boost = { "boost spsc_queue", open_boost,	close_boost,
				     put_take_boost,	 produce_boost, consume_boost };
