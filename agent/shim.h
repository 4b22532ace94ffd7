/*
 * shim: a small program (wattyard-shim) that stands over one task and outlives the agent. It holds
 * the task ready, lets it go once, keeps its wall limit and lease, stops it and all that it
 * started, and writes how it ended. Statically linked: it starts in a fraction of a millisecond.
 *
 * The task's folder:
 *   spec     what to run: NUL-ended "key=value" texts (shim_spec.h); written before the shim starts
 *   socket   where the shim listens; agents connect, also those that come later
 *   shim     which process it is, for later agents: "BOOT_ID PID START" (process.h)
 *   started  made with O_EXCL and synced before exec: where it is nothing is ever executed again
 *   exit     how it ended, written aside, synced, renamed: "STATE STATUS SIGNAL STARTED ENDED WHY";
 *            by the agent where no shim is left to do it: "lost", "prolog-failed", "not-started"
 *   closed   the agent's: it is over, its epilog too; holds why
 *
 * Packets on the socket (SOCK_SEQPACKET), to the shim: "go ADDRESS PORT", "stop", "lease BOOT_MS".
 * From it, on connecting and at each change: "ready", "running STARTED_MS", "stopping STARTED_MS
 * KILL_AT" (boot ms).
 * Its end is the end of the process, with `exit` in the folder.
 */
#ifndef AGENT_SHIM_H
#define AGENT_SHIM_H

enum {
    SHIM_PACKET_BYTES = 512,
    SHIM_SPEC_BYTES = 1024 * 1024,
    SHIM_SOCKET_FD = 3, /* the listening socket, as the launcher made it */
    SHIM_FOLDER_FD = 4  /* the task's folder */
};

#define SHIM_SPEC_FILE "spec"
#define SHIM_SOCKET_FILE "socket"
#define SHIM_SELF_FILE "shim"
#define SHIM_STARTED_FILE "started"
#define SHIM_EXIT_FILE "exit"

/* STATE in `exit`. */
#define SHIM_ENDED "ended"
#define SHIM_NOT_STARTED "not-started"

#endif
