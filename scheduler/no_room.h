/*
 * no_room: what was found to have no room, by hosts and reservations alone, has none until hosts of
 * that kind come free or a reservation goes, and neither has what asks for no less. On a full floor
 * this spares most packings that would fail again. Power and money are left out: they change with
 * every event. Inside scheduler/ alone.
 */
#ifndef SCHEDULER_NO_ROOM_H
#define SCHEDULER_NO_ROOM_H

#include "scheduler/core_private.h"

struct no_room; /* opaque */

/* For a fleet's catalog; release with no_room_destroy. */
struct no_room *no_room_create(size_t system_count);
void no_room_destroy(struct no_room *memo);

/* Is it known that the gang has no room anywhere on that system of its shape? */
bool no_room_is_known(const struct core *core, const struct core_gang *gang, int shape_system);
/* It was looked for anywhere on that system, and the hosts not kept for others take too few of its
 * segments. */
void no_room_note(const struct core *core, const struct core_gang *gang, int shape_system);
/* Who is placed by more than its hosts (spread, a list of hosts) is not for this. */
bool no_room_is_for(const struct core_gang *gang);

#endif
