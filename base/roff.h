/*
 * roff: text for man pages, in man(7) macros. Lines that would be requests, backslashes and hyphens
 * are escaped.
 */
#ifndef BASE_ROFF_H
#define BASE_ROFF_H

#include <stddef.h>
#include <stdio.h>

void roff_print(const char *text, FILE *stream);
/* The first `count` bytes of it. */
void roff_print_bytes(const char *text, size_t count, FILE *stream);

/* The .TH line; name is written in capitals. */
void roff_print_title(const char *name, int section, FILE *stream);

/* Paragraphs, separated by empty lines. One that begins with a blank stays as it is written. */
void roff_print_paragraphs(const char *text, FILE *stream);

/* What the exit statuses mean, a section of every page of a command. */
void roff_print_exit_status(FILE *stream);

#endif
