/*
 * data_folder: where the shipped files are (catalog, schemas, topologies): for programs to find.
 */
#ifndef BASE_DATA_FOLDER_H
#define BASE_DATA_FOLDER_H

/* $WATTYARD_DATA, else beside the program where it is installed or built, else NULL. Gives
 * (mem_free). */
char *data_folder_find(void);

#endif
