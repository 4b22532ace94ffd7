/*
 * keeper: places that outlive the document they come from. `struct where` borrows its file name
 * from the document; what is loaded keeps a copy of its own.
 */
#ifndef BASE_KEEPER_H
#define BASE_KEEPER_H

#include "base/faults.h"

struct arena;

/* {.arena = ...} is ready; nothing to release. One copy is made for each run of places that stand
 * in one file. */
struct keeper {
    struct arena *arena;
    const char *seen_file; /* the document's name last asked about, and our copy of it */
    const char *kept_file;
};

/* The same place, with a file name that lives as long as the arena. The documents that places come
 * from must all be alive while the keeper is used. */
struct where keeper_where(struct keeper *keeper, struct where where);

#endif
