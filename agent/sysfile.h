/*
 * sysfile: small files of /proc and /sys, whose size is not known before they are read. What is not
 * there, too long or no number is "not known", never an error.
 */
#ifndef AGENT_SYSFILE_H
#define AGENT_SYSFILE_H

#include <stdbool.h>
#include <stddef.h>

/* Its first `size` - 1 bytes as text, without a newline at the end. False when it can't be read. */
bool sysfile_read(const char *path, char *buffer, size_t size);

/* A number alone in its file: false with *out untouched when there is none. */
bool sysfile_number(const char *path, double *out);

#endif
