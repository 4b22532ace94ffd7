/* A placement as text: names, not indices, so that it outlives changes of the fleet. */
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "scheduler/core_image.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *system_id(const struct fleet *fleet, const struct shape *shape, int index)
{
    const struct shape_system *system = &shape->systems[index];

    return system->row != NULL ? system->row->id : fleet->catalog.systems[system->system].id;
}

void placement_write(const struct fleet *fleet, const struct shape *shape,
    const struct placement *placement, struct str *out)
{
    char name[FLEET_NAME_SIZE];

    str_format(out, "%s %s\n", system_id(fleet, shape, placement->system),
        fleet->sites[placement->site].id);
    for (int i = 0; i < placement->task_count;) {
        const struct task_place *place = &placement->tasks[i];
        int run = 1;

        while (i + run < placement->task_count && place[run].host == place->host &&
               place[run].chips == place->chips && place->chips == 0)
            run++;
        str_format(out, "%s %" PRIx64, fleet_host_name(fleet, place->host, name), place->chips);
        str_format(out, run > 1 ? " x%d\n" : "\n", run);
        i += run;
    }
}

static int find_system(const struct fleet *fleet, const struct shape *shape, const char *id)
{
    for (int i = 0; i < shape->system_count; i++)
        if (str_equal(system_id(fleet, shape, i), id))
            return i;
    return -1;
}

static int find_site(const struct fleet *fleet, const char *id)
{
    for (int i = 0; i < fleet->site_count; i++)
        if (str_equal(fleet->sites[i].id, id))
            return i;
    return -1;
}

static int add_tasks(const struct fleet *fleet, char **words, size_t word_count,
    struct placement *out, size_t *capacity, struct err *err)
{
    int64_t run = 1;
    char *end = NULL;
    int host = word_count >= 2 ? fleet_find_host(fleet, words[0]) : -1;

    if (host < 0)
        return err_set(err, ERR_NOT_FOUND, "the fleet has no host %s", words[0]);
    if (word_count > 2 && (words[2][0] != 'x' || str_parse_int(words[2] + 1, &run) != 0))
        return err_set(err, ERR_INPUT, "a placement's line is damaged");
    for (int64_t i = 0; i < run && i < JOB_TASKS_MAX; i++) {
        out->tasks = mem_grow(out->tasks, (size_t)out->task_count, capacity, sizeof *out->tasks);
        out->tasks[out->task_count++] = (struct task_place){
            host, (uint64_t)strtoull(words[1], &end, 16)};
    }
    return 0;
}

/* Cuts the next line off; NULL: none is left. */
static char *next_line(char **text)
{
    char *line = *text;
    char *end = strchr(line, '\n');

    if (*line == '\0')
        return NULL;
    *text = end != NULL ? end + 1 : line + strlen(line);
    if (end != NULL)
        *end = '\0';
    return line;
}

int placement_read(const struct fleet *fleet, const struct shape *shape, const char *text,
    size_t count, struct placement *out, struct err *err)
{
    char *copy = mem_zero(count + 1, 1);
    char *next = copy;
    char *words[3];
    size_t capacity = 0;
    int rc = 0;

    memcpy(copy, text, count);
    *out = (struct placement){.system = -1, .site = -1};
    for (char *line = next_line(&next); line != NULL && rc == 0; line = next_line(&next)) {
        size_t found = str_split(line, words, 3);

        if (out->system < 0) {
            out->system = found == 2 ? find_system(fleet, shape, words[0]) : -1;
            out->site = found == 2 ? find_site(fleet, words[1]) : -1;
            if (out->system < 0 || out->site < 0)
                rc = err_set(err, ERR_NOT_FOUND,
                    "a stored placement names a system or site that the fleet does not have");
        } else if (found >= 2) {
            rc = add_tasks(fleet, words, found, out, &capacity, err);
        }
    }
    mem_free(copy);
    if (rc != 0)
        placement_fini(out);
    return rc;
}
