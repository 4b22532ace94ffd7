/*
 * program: run another program to its end and see what it prints.
 */
#ifndef TESTS_SUPPORT_PROGRAM_H
#define TESTS_SUPPORT_PROGRAM_H

/* Run argv[0], looked for in PATH, with its output and errors in one text. Fails the test when it
 * cannot be run. Gives the text (mem_free); *status is its exit status, or -1 after a signal. */
char *program_run(const char *const *argv, int *status);

#endif
