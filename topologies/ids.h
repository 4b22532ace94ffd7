/*
 * ids: find things by their id, in constant time, while a file is read; and say what a wrong id was
 * probably meant to be.
 */
#ifndef TOPOLOGIES_IDS_H
#define TOPOLOGIES_IDS_H

#include <stddef.h>
#include <stdint.h>

struct faults;
struct xml_node;

/* Ids numbered 0, 1, … in the order of their adding. {0} is empty and ready; release it with
 * ids_fini. The texts are borrowed. */
struct ids {
    const char **names;
    size_t count;
    size_t capacity;
    int32_t *slots; /* index + 1 of a name, by hash; 0: free */
    size_t slot_count;
};

/* The new id's number, or -1 when it is there already. */
int ids_add(struct ids *ids, const char *id);

/* Its number, or -1. */
int ids_find(const struct ids *ids, const char *id);

/*
 * As ids_find, for a reference made by an attribute of node: an id that is not there is a fault,
 * with the nearest one that is: "there is no such site; did you mean oregon?".
 */
int ids_resolve(const struct ids *ids, const char *id, const char *kind,
    const struct xml_node *node, const char *attribute, struct faults *faults);

void ids_fini(struct ids *ids);

#endif
