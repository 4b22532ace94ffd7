/*
 * bad_disk: a disk that fails when told. A test that uses it has its own pwrite, write, ftruncate,
 * fsync and fdatasync in place of the C library's, for this process and all libraries in it;
 * syncs are counted and can fail, but nothing waits for a disk.
 *
 * Only what is done to files below the folder given is counted and fails; tests run one thread.
 */
#ifndef TESTS_SUPPORT_BAD_DISK_H
#define TESTS_SUPPORT_BAD_DISK_H

enum bad_disk_way {
    BAD_DISK_FULL,   /* half is written, then ENOSPC; syncs go well */
    BAD_DISK_BROKEN, /* EIO, syncs too */
    BAD_DISK_KILL    /* half is written, and the process is killed */
};

/* From the `first`-th change or sync on (from 1), `count` of them fail. */
void bad_disk_set(const char *folder, enum bad_disk_way way, int first, int count);
/* All is well again. Returns how many changes and syncs there were since bad_disk_set. */
int bad_disk_clear(void);

#endif
