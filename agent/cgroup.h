/*
 * cgroup: control groups (version 2) for tasks, where this process may make them: found by
 * mountinfo and /proc/self/cgroup. Each controller is used only where it is; without any the group
 * still kills all of a task at once.
 */
#ifndef AGENT_CGROUP_H
#define AGENT_CGROUP_H

#include <stddef.h>

/* Folder under which groups of tasks may be made; NULL: none. Gives (mem_free). Where systemd
 * delegates the unit's group, this process moves to a leaf of its own first. */
char *cgroup_find(void);

/* A group for one task: memory_bytes 0, cpuset "": not limited. NULL: it can't be made. Gives. */
char *cgroup_make(const char *base, const char *name, double memory_bytes, const char *cpuset);

/* Kill what is in it and remove it, if it is there. */
void cgroup_end(const char *group);

#endif
