/*
 * store_place: the folder that the state lives in: on a disk of this machine, and one process's at
 * a time.
 */
#ifndef SCHEDULER_STORE_PLACE_H
#define SCHEDULER_STORE_PLACE_H

struct err;

/*
 * What kind of network or cluster file system that is (by statfs's magic number and, for FUSE, the
 * type in /proc/self/mountinfo; "" unknown); NULL: none, SQLite's locks and syncs hold there.
 */
const char *store_place_network(unsigned long magic, const char *type);

/* Make the folder if it is not there (0700; its parent must be); refuse a network file system. */
int store_place_prepare(const char *folder, struct err *err);

/*
 * Take the folder's lock, held until the file is closed or the process ends. Returns the file, or
 * -1: ERR_STATE names the process that has it, ERR_IO a folder that can't be written.
 */
int store_place_lock(const char *folder, struct err *err);
void store_place_unlock(int fd);

#endif
