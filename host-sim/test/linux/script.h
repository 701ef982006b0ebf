/* SPDX-License-Identifier: BSD-2-Clause */
/* script.h - what one program does with its sockets, as a line of words.
 *
 * Words are separated by blanks, arguments by colons; WORD!EXXX means that the operation has to
 * fail with that error, WORD!EXXX|EYYY with one of them.
 *
 *   listen:PORT[:BACKLOG]  then says "up"        accept          the next connection
 *   connect:PORT           slowest time is kept  close           the connection
 *   buffer:BYTES           later queues, at most  keep            the connection stays open, unseen
 *   send:N[:CHUNK]         pattern               recv:N[:CHUNK]  exactly N bytes, compared
 *   eof                    nothing comes         drain           until nothing comes, compared
 *   hello                  own number as seed    greet           take the seed from the peer
 *   echo                   until nothing comes   duplex:N        send and recv at once
 *   shut:r|w|rw
 *   bind:PORT              datagrams; says "up"  sendto:PORT:N   recvfrom:N
 *   sleep:MS               mark:TEXT             die             by SIGKILL
 *   wait                   for SIGUSR1
 *   loop:N                 the rest, N times     par:N           the rest in N processes at once
 *   each:N                 N times the next word, and for each a process with the rest
 */
#ifndef HOST_SIM_TEST_LINUX_SCRIPT_H
#define HOST_SIM_TEST_LINUX_SCRIPT_H

#include "place.h"

/* A script that was forgotten ends by itself. */
#define SCRIPT_LIMIT_S 600

/* Carry text out and end the process: exit code 0 when all went as the words say.
 * Lines on report_fd: "up ID", "mark ID TEXT", and last "done ID ok rx=BYTES:HASH tx=BYTES:HASH
 * ms=N slowest=N" or "done ID fail WORD: REASON". */
_Noreturn void script_run(const struct place *place, int report_fd, unsigned id, const char *text);

#endif
