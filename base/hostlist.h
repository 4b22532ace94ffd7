/*
 * hostlist: the ranges that HPC users know, "r[01-04]-t[1,3]": many names in one text, zeros kept.
 */
#ifndef BASE_HOSTLIST_H
#define BASE_HOSTLIST_H

#include <stddef.h>

struct err;
struct str;

enum { HOSTLIST_NAMES_MAX = 1000000, HOSTLIST_NAME_SIZE = 128 };

/* Names made by a hostlist, in order. Owned by the struct; hostlist_fini releases them. */
struct hostlist {
    char **names;
    size_t count;
};

/*
 * "r[01-10]" -> r01 … r10; commas inside brackets and between lists; several brackets multiply.
 * Letters, digits, '.', '_', '-' in names. At most `max` names (up to HOSTLIST_NAMES_MAX). An error
 * says what is wrong with the text; *out is untouched then.
 */
int hostlist_expand(const char *text, size_t max, struct hostlist *out, struct err *err);

/* The shortest usual form of the names, in their order: runs that differ in the last number alone
 * are folded ("r01", "r02", "r04" -> "r[01-02,04]"). Appended to out. */
void hostlist_compress(const char *const *names, size_t count, struct str *out);

void hostlist_fini(struct hostlist *list);

#endif
