#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""bridge.py: vmci-sim --vsock-uds between programs of the host and a guest without a machine, with
real processes, real sockets and the real protocol. Prints TAP. Variables: O (build),
SIM (another vmci-sim)."""
import hashlib
import os
import random
import select
import shutil
import signal
import socket
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
TICKS = os.sysconf('SC_CLK_TCK')
running = []


def spawn(*args, **more):
    p = subprocess.Popen(args, **more)
    running.append(p)
    return p


def wait_for(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, 'timed out'
        time.sleep(0.01)


def start_sim(*more):
    p = spawn(SIM, 'serve', '--socket', 's', '--vsock-uds', 'v', *more, stdout=subprocess.DEVNULL,
              stderr=open('sim.err', 'w'))
    wait_for(lambda: os.path.exists('v_dgram'))
    return p


def start_guest(*args, **more):
    p = spawn(GUEST, 's', *args, stderr=open('guest.err', 'w'), **more)
    if args[0] != 'connect':
        wait_for(lambda: 'ready' in open('guest.err').read())
    return p


def end(p, sig=signal.SIGTERM):
    if p.poll() is None:
        p.send_signal(sig)
    running.remove(p)
    return p.wait(10)


def cpu_s(p):
    with open('/proc/%d/stat' % p.pid) as f:
        fields = f.read().rsplit(') ', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def own_kib(p):
    """Memory of its own, without the guest's."""
    with open('/proc/%d/status' % p.pid) as f:
        return next(int(l.split()[1]) for l in f if l.startswith('RssAnon'))


def descriptors(p):
    return len(os.listdir('/proc/%d/fd' % p.pid))


def connect(port):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(20)
    s.connect('v')
    s.sendall(b'CONNECT %d\n' % port)
    line = b''
    while not line.endswith(b'\n'):
        c = s.recv(1)
        if not c:
            raise ConnectionResetError
        line += c
    assert line.startswith(b'OK '), line
    return s


def receive_all(s):
    got = bytearray()
    while True:
        piece = s.recv(1 << 18)
        if not piece:
            return bytes(got)
        got += piece


def exchange(s, data):
    def send():
        s.sendall(data)
        s.shutdown(socket.SHUT_WR)
    t = threading.Thread(target=send)
    t.start()
    got = receive_all(s)
    t.join()
    return got


def same(a, b):
    assert hashlib.sha256(a).digest() == hashlib.sha256(b).digest(), (len(a), len(b))


SIZES = [1, 2, 63, 64, 65, 4095, 4096, 4097, 65535, 65536, 65537, 262142, 262143, 262144, 262145,
         1 << 20, (16 << 20) - 1, 16 << 20]


def to_the_guest():
    """1 byte to 16 MiB to a guest that listens and back, equal by hash, half-closes included"""
    g = start_guest('echo', '80')
    for n in SIZES:
        data = random.randbytes(n)
        same(exchange(connect(80), data), data)
    end(g)


def from_the_guest():
    """1 byte to 16 MiB from a guest that connects and back"""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind('v_7')
    listener.listen()

    def serve():
        for _ in SIZES:
            c, _ = listener.accept()
            c.settimeout(20)
            while True:
                piece = c.recv(1 << 16)
                if not piece:
                    break
                c.sendall(piece)
            c.close()
    t = threading.Thread(target=serve)
    t.start()
    for n in SIZES:
        data = random.randbytes(n)
        got = subprocess.run([GUEST, 's', 'connect', '7'], input=data, stdout=subprocess.PIPE,
                             timeout=60, check=True).stdout
        same(got, data)
    t.join()
    listener.close()
    os.unlink('v_7')


def refused():
    """nobody there is refused at once, in either direction"""
    g = start_guest('echo', '80')
    start = time.monotonic()
    try:
        connect(81)
        raise AssertionError
    except ConnectionResetError:
        pass
    assert time.monotonic() - start < 0.2
    end(g)
    start = time.monotonic()
    r = subprocess.run([GUEST, 's', 'connect', '99'], stderr=subprocess.PIPE, timeout=20)
    assert r.returncode == 1 and b'reset by peer' in r.stderr, r
    assert time.monotonic() - start < 1.9  # the time-out of a connect is 2 s


def a_thousand_streams():
    """1000 streams at once carry their own bytes each"""
    g = start_guest('echo', '80', '4096')
    streams = [connect(80) for _ in range(1000)]
    for turn in range(3):
        for i, s in enumerate(streams):
            s.sendall(b'%d:%d ' % (turn, i) * 50)
        for i, s in enumerate(streams):
            want = b'%d:%d ' % (turn, i) * 50
            got = b''
            while len(got) < len(want):
                piece = s.recv(len(want) - len(got))
                assert piece
                got += piece
            assert got == want
    for s in streams:
        s.close()
    end(g)


def a_storm():
    """300 programs that connect at once are all let in"""
    g = start_guest('echo', '80', '4096')
    streams = []
    for _ in range(300):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(20)
        s.connect('v')
        s.sendall(b'CONNECT 80\nhello')
        streams.append(s)
    for s in streams:
        got = b''
        while not got.endswith(b'hello'):
            piece = s.recv(100)
            assert piece
            got += piece
        assert got.startswith(b'OK ')
        s.close()
    end(g)


def a_stalled_reader():
    """a reader that stalls stops the writer, costs nothing, and misses nothing"""
    g = start_guest('echo', '80')
    s = connect(80)
    s.setblocking(False)
    data = random.randbytes(8 << 20)
    sent = 0
    quiet = time.monotonic()
    while time.monotonic() - quiet < 0.5:
        try:
            sent += s.send(data[sent:sent + 65536])
            quiet = time.monotonic()
        except BlockingIOError:
            time.sleep(0.01)
    assert sent < 4 << 20, sent
    before, memory = cpu_s(sim), own_kib(sim)
    time.sleep(2)
    used = cpu_s(sim) - before
    assert used <= 0.04, used
    print('# %d bytes until the writer stopped, %.2f s of CPU in 2 s, %d KiB' % (sent, used, memory))
    got = bytearray()
    while len(got) < sent:
        select.select([s], [], [], 10)
        got += s.recv(1 << 16)
    same(bytes(got), data[:sent])
    # A second one is not kept waiting by the first.
    end(g)


def a_killed_program():
    """a host program that is killed ends the guest's stream, its last bytes arrive"""
    code = ("import socket,sys,time; l=socket.socket(socket.AF_UNIX); l.bind('v_8'); l.listen(); "
            "c,_=l.accept(); c.sendall(b'x'*100000); print('sent', flush=True); time.sleep(60)")
    p = spawn(sys.executable, '-c', code, stdout=subprocess.PIPE)
    wait_for(lambda: os.path.exists('v_8'))
    time.sleep(0.1)
    g = start_guest('connect', '8', stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert p.stdout.readline() == b'sent\n'
    end(p, signal.SIGKILL)
    os.unlink('v_8')
    assert len(g.communicate(timeout=20)[0]) == 100000
    running.remove(g)


def no_growth():
    """10000 streams that come and go leave no memory and no descriptor behind"""
    g = start_guest('echo', '80', '4096')

    def one(i):
        s = connect(80)
        if i % 2:
            s.sendall(b'x')
            assert s.recv(1) == b'x'
        s.close()
    for i in range(1000):
        one(i)
    time.sleep(1.5)
    fds, memory = descriptors(sim), own_kib(sim)
    start = time.monotonic()
    for i in range(10000):
        one(i)
    seconds = time.monotonic() - start
    time.sleep(1.5)
    print('# %.0f streams a second; descriptors %d -> %d; memory %d -> %d KiB' %
          (10000 / seconds, fds, descriptors(sim), memory, own_kib(sim)))
    assert descriptors(sim) == fds
    assert own_kib(sim) < memory + 512
    end(g)


def idle():
    """200 idle streams cost less than 1 % of a processor"""
    g = start_guest('echo', '80', '65536')
    streams = [connect(80) for _ in range(200)]
    for s in streams:
        s.sendall(b'x')
        assert s.recv(1) == b'x'
    os.kill(g.pid, signal.SIGSTOP)
    time.sleep(0.5)
    before = cpu_s(sim)
    time.sleep(5)
    used = (cpu_s(sim) - before) / 5
    print('# %.2f %%' % (used * 100))
    assert used < 0.01
    os.kill(g.pid, signal.SIGCONT)
    for s in streams:
        s.close()
    end(g)


def a_guest_that_dies():
    """a guest that is killed ends every stream; the next one is served"""
    g = start_guest('echo', '80', '65536')
    streams = [connect(80) for _ in range(20)]
    end(g, signal.SIGKILL)
    for s in streams:
        try:
            assert receive_all(s) == b''
        except ConnectionResetError:
            pass
    fds = descriptors(sim)
    g = start_guest('echo', '80')
    s = connect(80)
    s.sendall(b'again')
    assert s.recv(10) == b'again'
    end(g)
    wait_for(lambda: descriptors(sim) < fds + 2)


def throughput():
    """throughput and round trips, for the record"""
    g = start_guest('echo', '80')
    s = connect(80)
    data = bytes(64 << 20)
    start = time.monotonic()
    exchange(s, data)
    seconds = time.monotonic() - start
    s = connect(80)
    begin = time.monotonic()
    for _ in range(2000):
        s.sendall(b'x' * 64)
        s.recv(64)
    print('# 64 MiB there and back: %.0f MB/s each way; %.0f round trips of 64 bytes a second' %
          (64 * 1.048576 / seconds, 2000 / (time.monotonic() - begin)))
    end(g)


def the_end():
    """at the end nothing is left: sockets, open streams or not"""
    global sim
    g = start_guest('echo', '80')
    s = connect(80)
    assert end(sim) == 0
    sim = None
    assert [n for n in os.listdir('.') if n == 's' or n.startswith('v')] == []
    assert open('sim.err').read() == ''
    try:
        assert s.recv(1) == b''
    except ConnectionResetError:
        pass
    end(g)


def few_descriptors():
    """without descriptors one line says so, and streams are served as others end"""
    p = spawn('bash', '-c', 'ulimit -n 40; exec "$0" serve --socket s --vsock-uds v', SIM,
              stdout=subprocess.DEVNULL, stderr=open('sim.err', 'w'))
    wait_for(lambda: os.path.exists('v_dgram'))
    g = start_guest('echo', '80', '4096')
    streams = []
    for _ in range(60):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(20)
        s.connect('v')
        s.sendall(b'CONNECT 80\n')
        streams.append(s)
    wait_for(lambda: open('sim.err').read() != '')
    before = cpu_s(p)
    time.sleep(1)
    assert cpu_s(p) - before < 0.03
    for s in streams:
        assert s.recv(3) == b'OK '
        s.close()
    lines = open('sim.err').read().splitlines()
    assert 'ulimit -n' in lines[0] and '40' in lines[0], lines
    end(g)
    assert end(p) == 0


def bad_paths():
    """a path that cannot be used: one line, exit code 2, and no socket left"""
    os.mkdir('open', 0o777)
    os.chmod('open', 0o777)
    open('file', 'w').close()
    for path, what in (('x' * 97, '1 to 96 bytes'), ('', '1 to 96 bytes'),
                       ('open/v', 'other users may write'), ('no/v', 'No such file'),
                       ('file', 'is no socket')):
        r = subprocess.run([SIM, 'serve', '--socket', 's', '--vsock-uds', path], timeout=10,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        text = r.stderr.decode()
        assert r.returncode == 2 and what in text and text.count('\n') == 1, (path, r)
        assert not os.path.exists('s') and r.stdout == b''


home = tempfile.mkdtemp()
os.chdir(home)
sim = start_sim()
tests = [to_the_guest, from_the_guest, refused, a_thousand_streams, a_storm, a_stalled_reader,
         a_killed_program, no_growth, idle, a_guest_that_dies, throughput, the_end, few_descriptors,
         bad_paths]
if len(sys.argv) > 1:
    tests = [t for t in tests if t.__name__ in sys.argv[1:]]
failed = 0
for number, test in enumerate(tests, 1):
    try:
        test()
        print('ok %d - %s' % (number, test.__doc__), flush=True)
    except Exception:
        failed = 1
        print('not ok %d - %s' % (number, test.__doc__))
        for line in traceback.format_exc().splitlines() + open('sim.err').read().splitlines():
            print('# ' + line)
        sys.stdout.flush()
        for p in [p for p in running if p is not sim]:
            end(p, signal.SIGKILL)
print('1..%d' % len(tests))
for p in list(running):
    end(p, signal.SIGKILL)
shutil.rmtree(home)
sys.exit(failed)
