/*
 * file: whole files in and out, within limits.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stddef.h>

struct err;

/*
 * Read a regular file of at most max_bytes. Gives a NUL-terminated buffer (mem_free) and its
 * length. A folder, a device, a pipe, a missing, unreadable or too large file is an error that says
 * so, without the path (the caller knows it). Never waits for the other end of a pipe.
 */
int file_read(
    const char *path, size_t max_bytes, char **out_bytes, size_t *out_count, struct err *err);

/*
 * Write bytes to `path` so that either the old or the whole new content is there: a temporary file
 * beside it, synced, renamed. A file that is replaced keeps its permissions, and a link its target;
 * a device or pipe is written to as it is. Errors name the path.
 */
int file_write(const char *path, const char *bytes, size_t count, struct err *err);

/* Make the folder if it is not there (its parent must be). Errors name the path. */
int file_make_folder(const char *path, struct err *err);

/* "dir/name" of path and a name relative to it: the folder of path, then name. Gives (mem_free). */
char *file_beside(const char *path, const char *name);

#endif
