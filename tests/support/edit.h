/*
 * edit: inputs of tests made by changing one thing in a good file.
 */
#ifndef TESTS_SUPPORT_EDIT_H
#define TESTS_SUPPORT_EDIT_H

struct faults;

/* The text of a file; fails the test when it cannot be read. Gives (mem_free). */
char *edit_read(const char *path);

/* The text with its first `find` replaced; fails the test when there is none. Gives (mem_free). */
char *edit_replace(const char *text, const char *find, const char *replace);

/* In which line (from 1) the first `find` of text begins; fails the test when there is none. */
long edit_line_of(const char *text, const char *find);

/* The kept fault or warning that contains the text; NULL when there is none. */
const char *edit_find_fault(const struct faults *faults, const char *text);

/* All kept faults, a line each, for the message of a test that fails. Gives (mem_free). */
char *edit_list_faults(const struct faults *faults);

#endif
