#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""stop.py: vmci-sim ends when it is told to, whatever it does at that moment. Prints TAP.
Variables: O (build), SIM (another vmci-sim), STOP_ROUNDS (60): how often it is stopped under load."""
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback

root = os.path.realpath(os.path.join(os.path.dirname(__file__), '../..'))
O = os.path.realpath(os.path.join(root, os.environ.get('O', 'build')))
SIM = os.path.join(root, os.environ.get('SIM', O + '/bin/vmci-sim'))
GUEST = O + '/host-sim/vsock_guest'
ROUNDS = int(os.environ.get('STOP_ROUNDS', '60'))
GENEROUS = 30  # seconds; what hangs, hangs for ever
SIGNALS = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP]
running = []


def spawn(*args, **more):
    p = subprocess.Popen(args, **more)
    running.append(p)
    return p


def wait_for(condition):
    end = time.monotonic() + GENEROUS
    while not condition():
        assert time.monotonic() < end, 'timed out'
        time.sleep(0.002)


def start_sim(*more, **kind):
    p = spawn(SIM, 'serve', '--socket', 's', '--vsock-uds', 'v', *more, stderr=open('sim.err', 'w'),
              **{'stdout': subprocess.DEVNULL, **kind})
    wait_for(lambda: os.path.exists('v_dgram') or p.poll() is not None)
    return p


def start_guest(*args):
    return spawn(GUEST, 's', *args, stdout=subprocess.DEVNULL, stderr=open('guest.err', 'w'))


def ended(p, expected='', *sigs):
    """It goes with 0, takes its sockets along and says what is expected."""
    for s in sigs:
        if p.poll() is None:
            p.send_signal(s)
    try:
        code = p.wait(GENEROUS)
    except subprocess.TimeoutExpired:
        raise AssertionError('still there %d s after %s' % (GENEROUS, sigs)) from None
    running.remove(p)
    said = open('sim.err').read()
    assert code == 0, 'exit code %d, %s' % (code, said)
    assert (expected in said) if expected else not said, said
    left = [f for f in os.listdir('.') if f in ('s', 'v', 'v_dgram')]
    assert not left, left


def forget(p):
    p.kill()
    p.wait()
    running.remove(p)


# ---- programs that keep it busy ------------------------------------------------------------------

def exchange(s, port):
    data = bytes(65536)
    s.sendall(b'CONNECT %d\n' % port)
    while s.recv(1) not in (b'\n', b''):
        pass
    s.setblocking(False)
    for _ in range(random.choice([1, 20, 10000])):
        try:
            s.send(data)
        except BlockingIOError:
            time.sleep(0)
        try:
            if not s.recv(65536):
                break
        except BlockingIOError:
            pass


def stream(port):
    """Sends and reads what comes back, again and again until there is nobody."""
    while True:
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(GENEROUS)
            try:
                s.connect('v')
            except OSError:
                return
            try:
                exchange(s, port)
            except OSError:
                time.sleep(0.002)


def datagrams():
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
            s.connect('v_dgram')
            while True:
                s.send(struct.pack('<IIII', 1, 16, 9, 0) + bytes(100))
    except OSError:
        pass


def under_load(more, sigs, pause):
    sim = start_sim(*more)
    guest = start_guest('echo', '1')
    threads = [threading.Thread(target=t, args=a)
               for t, a in [(stream, (1,)), (stream, (1,)), (datagrams, ())]]
    for t in threads:
        t.start()
    time.sleep(pause)
    try:
        ended(sim, '', *sigs)
    finally:
        if sim in running:
            forget(sim)
        forget(guest)
        for t in threads:
            t.join(GENEROUS)
            assert not t.is_alive()


# ---- tests ---------------------------------------------------------------------------------------

def test_at_any_moment():
    random.seed(1)
    for i in range(ROUNDS):
        more = random.choice([[], [], ['--trace', 'trace'], ['--pcap', 'pcap']])
        sigs = random.choices(SIGNALS, k=random.choice([1, 1, 2, 5]))
        # The guest needs some 30 ms to be there.
        pause = random.uniform(0, 0.12)
        try:
            under_load(more, sigs, pause)
        except AssertionError as e:
            raise AssertionError('round %d, %s, %s after %.3f s: %s' % (i, more, sigs, pause, e)) from e


def test_nobody_reads_the_trace():
    os.mkfifo('fifo')
    pipe = os.open('fifo', os.O_RDWR | os.O_NONBLOCK)
    try:
        while True:
            os.write(pipe, bytes(4096))
    except BlockingIOError:
        pass
    sim = start_sim('--trace', 'fifo')
    guest = start_guest('echo', '1')
    time.sleep(0.1)
    ended(sim, 'nobody read', signal.SIGTERM)
    forget(guest)
    os.close(pipe)


def test_a_slow_reader_gets_the_whole_trace():
    sim = start_sim('--trace', '-', stdout=subprocess.PIPE)
    text = []

    def read():
        while True:
            more = os.read(sim.stdout.fileno(), 4096)
            if not more:
                break
            text.append(more)
            time.sleep(0.001)

    t = threading.Thread(target=read)
    t.start()
    guest = start_guest('send', '77', 'x')
    guest.wait(GENEROUS)
    running.remove(guest)
    ended(sim, '', signal.SIGTERM)
    t.join(GENEROUS)
    all_of_it = b''.join(text)
    assert all_of_it.endswith(b'\n') and b'client gone' in all_of_it, all_of_it[-200:]


def message(number, command, body):
    return struct.pack('<HHIII', number, command, 16 + len(body), 0, 0) + body


def test_a_client_takes_no_reply():
    sim = start_sim()
    with socket.socket(socket.AF_UNIX) as s:
        s.connect('s')
        s.sendall(message(0, 1, struct.pack('<HH', 0, 0)))
        s.settimeout(1)
        s.recv(65536)
        s.setblocking(False)
        # Reads of the whole configuration space until the server does not take more either.
        read = message(1, 9, struct.pack('<QII', 0, 7, 256))
        full = 0
        while full < 20:
            try:
                s.send(read * 16)
                full = 0
            except BlockingIOError:
                full += 1
                time.sleep(0.005)
        ended(sim, '', signal.SIGTERM)


def test_a_client_that_says_half_a_message():
    sim = start_sim()
    with socket.socket(socket.AF_UNIX) as s:
        s.connect('s')
        s.sendall(message(0, 1, struct.pack('<HH', 0, 0))[:9])
        ended(sim, '', signal.SIGINT, signal.SIGTERM)


def test_before_anybody_came():
    for sig in SIGNALS:
        ended(start_sim(), '', sig)


def main():
    tests = [(n, f) for n, f in globals().items() if n.startswith('test_')]
    failed = 0
    print('1..%d' % len(tests))
    for i, (name, f) in enumerate(tests, 1):
        work = tempfile.mkdtemp()
        os.chdir(work)
        try:
            f()
            print('ok %d - %s' % (i, name[5:].replace('_', ' ')))
        except Exception:  # pylint: disable=broad-except
            failed = 1
            print('not ok %d - %s' % (i, name[5:].replace('_', ' ')))
            print(''.join('# ' + l + '\n' for l in traceback.format_exc().splitlines()), end='')
        for p in list(running):
            forget(p)
        os.chdir('/')
        shutil.rmtree(work)
        sys.stdout.flush()
    return failed


if __name__ == '__main__':
    sys.exit(main())
