/*
 * output_file: a file that is written piece by piece and is there whole or not at all: a temporary
 * file beside it, synced and renamed at the end. For outputs too large to hold in memory
 * (base/file.h writes those that are not).
 */
#ifndef PLANNER_OUTPUT_FILE_H
#define PLANNER_OUTPUT_FILE_H

#include <stdio.h>

struct err;
struct output_file;

/* Start writing `path`. What is no regular file (a pipe, a device) is written directly. NULL with
 * ERR_IO, path included. End it with output_file_commit or output_file_abandon. */
struct output_file *output_file_create(const char *path, struct err *err);

/* Where to write; owned by the output_file. */
FILE *output_file_stream(const struct output_file *file);

/* Put the file in its place; releases `file` in any case. -1 with ERR_IO if anything could not be
 * written since the start; `path` is then as it was before. */
int output_file_commit(struct output_file *file, struct err *err);

/* Leave `path` as it was before; releases `file`. NULL is fine. */
void output_file_abandon(struct output_file *file);

#endif
