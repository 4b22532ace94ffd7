/*
 * input_kind: what kind of file an input is, told by its root element.
 */
#ifndef PLANNER_INPUT_KIND_H
#define PLANNER_INPUT_KIND_H

struct faults;

enum input_kind { INPUT_CATALOG, INPUT_SCENARIO, INPUT_FLEET, INPUT_JOBS };

/* 0 with *out set, or -1 with the fault: no such file, not XML, or a root that is none of ours. */
int input_kind_find(
    const char *path, const char *data_folder, enum input_kind *out, struct faults *faults);

#endif
