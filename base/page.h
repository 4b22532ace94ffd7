/*
 * page: HTML pages in one file that open offline: a template with its data and charts (Chart.js)
 * put in.
 */
#ifndef BASE_PAGE_H
#define BASE_PAGE_H

#include <stddef.h>
#include <stdio.h>

struct err;
struct json_writer;

/*
 * Write the template with "{{title}}" (escaped), "{{chart.js}}" (the library) and "{{data}}" (the
 * JSON, safe inside a script element) replaced, each as often as it stands. -1 with ERR_IO.
 */
int page_write(FILE *stream, const char *template, const char *title,
    const struct json_writer *data, struct err *err);

#endif
