/*
 * tempdir: a folder of a test's own, for the files that it needs.
 */
#ifndef TESTS_SUPPORT_TEMPDIR_H
#define TESTS_SUPPORT_TEMPDIR_H

#include <stddef.h>

/* A new empty folder, in TMPDIR, else in build/. Gives its absolute path (mem_free) to
 * tempdir_remove. */
char *tempdir_create(void);

/* Remove it with all that is in it, and release the path. NULL is fine. */
void tempdir_remove(char *folder);

/* The path of a file or folder in it. Gives (mem_free). */
char *tempdir_path(const char *folder, const char *name);

/* Write a file in it; folders in `name` are made. Gives its path (mem_free). */
char *tempdir_write(const char *folder, const char *name, const char *bytes, size_t count);

/* The same with a text. */
char *tempdir_write_text(const char *folder, const char *name, const char *text);

#endif
