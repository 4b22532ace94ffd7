/*
 * catalog_file: a catalog that stands in a file of its own, as the one that Wattyard ships.
 */
#ifndef TOPOLOGIES_CATALOG_FILE_H
#define TOPOLOGIES_CATALOG_FILE_H

#include "topologies/catalog.h"

struct arena;
struct faults;

struct catalog_file {
    struct catalog catalog;
    struct arena *arena; /* owns all of it */
};

/* Read a file whose root is <catalog>. NULL with faults. Release with catalog_file_destroy. */
struct catalog_file *catalog_file_load(
    const char *path, const char *data_folder, struct faults *faults);
void catalog_file_destroy(struct catalog_file *file);

#endif
