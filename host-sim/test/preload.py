# SPDX-License-Identifier: BSD-2-Clause
"""preload.py CASE [CID] [PORT]: what a program sees of AF_VSOCK. Run by preload.sh."""
import errno
import fcntl
import hashlib
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

VSOCK = socket.AF_VSOCK


def connect(cid, port):
    s = socket.socket(VSOCK, socket.SOCK_STREAM)
    s.settimeout(10)
    s.connect((cid, port))
    return s


def fails(error, call, *args):
    try:
        call(*args)
    except OSError as e:
        assert e.errno == error, (e, errno.errorcode[error])
        return
    raise AssertionError('no error, expected ' + errno.errorcode[error])


def exchange(s, data):
    """Send all and the end, receive until the end."""
    def send():
        s.sendall(data)
        s.shutdown(socket.SHUT_WR)
    t = threading.Thread(target=send)
    t.start()
    got = bytearray()
    while True:
        piece = s.recv(65536)
        if not piece:
            break
        got += piece
    t.join()
    return bytes(got)


def streams(cid, port):
    with open('/dev/vsock', 'rb') as f:
        raw = fcntl.ioctl(f, socket.IOCTL_VM_SOCKETS_GET_LOCAL_CID, b'\0' * 4)
        assert struct.unpack('I', raw)[0] == 2
    s = socket.socket(VSOCK, socket.SOCK_STREAM)
    assert s.getsockname() == (socket.VMADDR_CID_ANY, socket.VMADDR_PORT_ANY)
    fails(errno.ENOTCONN, s.getpeername)
    fails(errno.ENOTCONN, s.shutdown, socket.SHUT_RD)
    fails(errno.EINVAL, s.listen, 1)
    assert s.getsockopt(socket.SOL_SOCKET, socket.SO_DOMAIN) == VSOCK
    assert s.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE) == socket.SOCK_STREAM
    size = socket.SO_VM_SOCKETS_BUFFER_SIZE
    assert s.getsockopt(VSOCK, size) == 262144
    s.setsockopt(VSOCK, size, 1)
    assert s.getsockopt(VSOCK, size) == 128
    fails(errno.ENOPROTOOPT, s.getsockopt, VSOCK, 3)
    s.settimeout(10)
    s.connect((cid, port))
    assert s.getpeername() == (cid, port)
    assert s.getsockname()[0] == 2 and s.getsockname()[1] >= 1024
    fails(errno.EISCONN, s.connect, (cid, port))
    for n in (1, 4095, 65536, 262143, 262144, 1000003):
        s = connect(cid, port)
        data = os.urandom(n)
        assert hashlib.sha256(exchange(s, data)).digest() == hashlib.sha256(data).digest(), n
    s = connect(cid, port)
    poll = select.poll()
    poll.register(s, select.POLLIN)
    assert poll.poll(50) == []
    s.send(b'x')
    assert poll.poll(5000)
    fails(errno.ESOCKTNOSUPPORT, socket.socket, VSOCK, socket.SOCK_SEQPACKET)
    # One's own port, and one that is taken.
    own = socket.socket(VSOCK, socket.SOCK_STREAM)
    own.bind((socket.VMADDR_CID_ANY, 4321))
    own.settimeout(10)
    own.connect((cid, port))
    assert own.getsockname() == (2, 4321), own.getsockname()
    other = socket.socket(VSOCK, socket.SOCK_STREAM)
    fails(errno.EADDRNOTAVAIL, other.bind, (cid, 4322))
    # Programs of this host reach each other.
    listener = socket.socket(VSOCK, socket.SOCK_STREAM)
    listener.bind((socket.VMADDR_CID_ANY, socket.VMADDR_PORT_ANY))
    listener.listen(5)
    fails(errno.EADDRINUSE, other.bind, listener.getsockname())
    a = connect(2, listener.getsockname()[1])
    b, _ = listener.accept()
    a.send(b'near')
    assert b.recv(10) == b'near'
    # What a child does with its descriptors is no matter of ours.
    name = listener.getsockname()
    subprocess.run(['true'], stdin=a, stdout=b, close_fds=True)
    assert listener.getsockname() == name and a.getpeername() == (2, name[1])
    # A socket whose connect failed can be used again.
    again = socket.socket(VSOCK, socket.SOCK_STREAM)
    fails(errno.ECONNRESET, again.connect, (cid, 59999))
    again.connect((cid, port))
    again.send(b'y')
    assert again.recv(1) == b'y'


def marks(cid, port):
    """SO_RCVLOWAT; the guest echoes."""
    s = connect(cid, port)
    mark = socket.SOL_SOCKET, socket.SO_RCVLOWAT
    fails(errno.EINVAL, s.setsockopt, *mark, 262145)
    fails(errno.EINVAL, s.setsockopt, *mark, -1)
    s.setsockopt(*mark, 100)
    assert s.getsockopt(*mark) == 100
    poll = select.poll()
    poll.register(s, select.POLLIN | select.POLLRDNORM)
    s.send(b'x' * 99)
    start = time.monotonic()
    assert poll.poll(200) == []
    assert 0.19 < time.monotonic() - start < 1
    # What comes while it waits, in pieces.
    threading.Timer(0.1, s.send, (b'y' * 60,)).start()
    assert poll.poll(5000) == [(s.fileno(), select.POLLIN | select.POLLRDNORM)]
    assert s.recv(60) == b'x' * 60
    assert poll.poll(50) == []
    # What is not bytes is not held back, and neither are others.
    poll.register(s, select.POLLIN | select.POLLOUT)
    assert poll.poll(5000) == [(s.fileno(), select.POLLOUT)]
    other = connect(cid, port)
    poll.register(s, select.POLLIN)
    poll.register(other, select.POLLIN)
    other.send(b'o')
    assert poll.poll(5000) == [(other.fileno(), select.POLLIN)]
    poll.unregister(other)
    # Behind the end nothing comes any more.
    s.shutdown(socket.SHUT_WR)
    assert poll.poll(5000)[0][1] & select.POLLIN
    assert s.recv(1000) == b'x' * 39 + b'y' * 60
    # A signal ends the call, and Python calls again.
    signal.signal(signal.SIGALRM, lambda *_: other.send(b'p' * 100))
    other.setsockopt(*mark, 101)
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    poll = select.poll()
    poll.register(other, select.POLLIN)
    assert poll.poll(5000)
    assert other.recv(1000) == b'o' + b'p' * 100


def deaf(cid, port):
    s = connect(cid, port)
    s.send(b'x' * 1000)
    assert select.select([s], [], [], 5)[0]
    s.shutdown(socket.SHUT_RD)
    assert s.recv(1000) == b''


def refused(cid, port):
    start = time.monotonic()
    fails(errno.ECONNRESET, connect, cid, port)
    assert time.monotonic() - start < 0.5


def unknown():
    fails(errno.ENODEV, connect, 99, 1)
    # Configured, and nobody there.
    start = time.monotonic()
    fails(errno.ETIMEDOUT, connect, 17, 1)
    assert 1.9 < time.monotonic() - start < 4


def many(cid, port):
    sockets = [connect(cid, port) for _ in range(100)]
    for i, s in enumerate(sockets):
        s.sendall(b'%d' % i)
    for i, s in enumerate(sockets):
        want = b'%d' % i
        got = b''
        while len(got) < len(want):
            got += s.recv(10)
        assert got == want


def dgrams(cid, port):
    s = socket.socket(VSOCK, socket.SOCK_DGRAM)
    s.settimeout(10)
    assert s.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE) == socket.SOCK_DGRAM
    for n in (0, 1, 100, 4096, 65536, 69608):
        data = os.urandom(n)
        assert s.sendto(data, (cid, port)) == n
        got, who = s.recvfrom(70000)
        assert got == data, n
        assert who == (cid, port), who
    fails(errno.EMSGSIZE, s.sendto, b'x' * 69609, (cid, port))
    s.sendto(b'truncated', (cid, port))
    got, _, flags, _ = s.recvmsg(4)
    assert got == b'trun' and flags & socket.MSG_TRUNC
    c = socket.socket(VSOCK, socket.SOCK_DGRAM)
    c.settimeout(10)
    fails(errno.EDESTADDRREQ, c.send, b'x')
    c.bind((socket.VMADDR_CID_ANY, 3456))
    assert c.getsockname() == (2, 3456)
    d = socket.socket(VSOCK, socket.SOCK_DGRAM)
    fails(errno.EADDRINUSE, d.bind, (socket.VMADDR_CID_ANY, 3456))
    c.connect((cid, port))
    os.write(c.fileno(), b'written')
    assert select.select([c], [], [], 5)[0]
    assert os.read(c.fileno(), 100) == b'written'
    assert select.select([c], [], [], 0.05)[0] == []


def server(port):
    s = socket.socket(VSOCK, socket.SOCK_STREAM)
    s.bind((socket.VMADDR_CID_ANY, port))
    s.listen(1)
    s.settimeout(15)
    c, (cid, _) = s.accept()
    print(cid)
    while c.recv(100):
        pass


def dgram_server(port):
    s = socket.socket(VSOCK, socket.SOCK_DGRAM)
    s.bind((socket.VMADDR_CID_ANY, port))
    print('bound', flush=True)
    s.settimeout(15)
    data, who = s.recvfrom(100)
    s.sendto(data.upper(), who)


case = sys.argv[1].replace('-', '_')
globals()[case](*[int(a) for a in sys.argv[2:]])
