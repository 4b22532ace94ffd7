/* What a fleet must keep to as a whole: ids and host names that are unique, and power that covers
 * what stands idle. */
#include "topologies/fleet_private.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/units.h"

#include <stdlib.h>
#include <string.h>

/* A node by what must be unique: its id among the children of its parent, or a whole name. */
struct named_node {
    int parent; /* -1: none */
    const char *name;
    int index;
    struct where where;
};

static int compare_named(const void *a, const void *b)
{
    const struct named_node *left = a;
    const struct named_node *right = b;
    int order = (left->parent > right->parent) - (left->parent < right->parent);

    if (order == 0)
        order = strcmp(left->name, right->name);
    return order != 0 ? order : (left->index > right->index) - (left->index < right->index);
}

static bool is_twin(const struct named_node *a, const struct named_node *b)
{
    return a->parent == b->parent && str_equal(a->name, b->name);
}

/* Sorts the nodes, and says which have the id of one before them. */
static int check_ids(
    struct named_node *nodes, int count, const char *element, struct faults *faults)
{
    int rc = 0;

    qsort(nodes, (size_t)count, sizeof *nodes, compare_named);
    for (int i = 1; i < count; i++)
        if (is_twin(&nodes[i - 1], &nodes[i]))
            rc = faults_error(faults, nodes[i].where,
                "<%s id=\"%s\">: there is one of that id in the same place, in line %ld; ids are "
                "unique within their parent",
                element, nodes[i].name, nodes[i - 1].where.line);
    return rc;
}

static int check_sites(const struct fleet *fleet, struct faults *faults)
{
    struct named_node *nodes = mem_zero((size_t)fleet->site_count, sizeof *nodes);
    int rc;

    for (int i = 0; i < fleet->site_count; i++)
        nodes[i] = (struct named_node){-1, fleet->sites[i].id, i, fleet->sites[i].where};
    rc = check_ids(nodes, fleet->site_count, "site", faults);
    mem_free(nodes);
    return rc;
}

static int check_halls(const struct fleet *fleet, struct faults *faults)
{
    struct named_node *nodes = mem_zero((size_t)fleet->hall_count, sizeof *nodes);
    int rc;

    for (int i = 0; i < fleet->hall_count; i++)
        nodes[i] = (struct named_node){
            fleet->halls[i].site, fleet->halls[i].id, i, fleet->halls[i].where};
    rc = check_ids(nodes, fleet->hall_count, "hall", faults);
    mem_free(nodes);
    return rc;
}

static int check_feeds(const struct fleet *fleet, struct faults *faults)
{
    struct named_node *nodes = mem_zero((size_t)fleet->feed_count, sizeof *nodes);
    int rc;

    for (int i = 0; i < fleet->feed_count; i++)
        nodes[i] = (struct named_node){
            fleet->feeds[i].hall, fleet->feeds[i].id, i, fleet->feeds[i].where};
    rc = check_ids(nodes, fleet->feed_count, "feed", faults);
    mem_free(nodes);
    return rc;
}

/* Racks by the start of their hosts' names: ids may hold '-', so that two racks of different
 * parents can come to the same. */
static int check_racks(const struct fleet *fleet, struct faults *faults)
{
    struct named_node *nodes = mem_zero((size_t)fleet->rack_count, sizeof *nodes);
    struct arena *scratch = arena_create();
    char name[FLEET_NAME_SIZE];
    int rc = 0;

    for (int i = 0; i < fleet->rack_count; i++)
        nodes[i] = (struct named_node){-1,
            arena_copy_text(scratch, fleet_rack_host_prefix(fleet, i, name)), i,
            fleet->racks[i].where};
    qsort(nodes, (size_t)fleet->rack_count, sizeof *nodes, compare_named);
    for (int i = 1; i < fleet->rack_count; i++)
        if (is_twin(&nodes[i - 1], &nodes[i]))
            rc = faults_error(faults, nodes[i].where,
                "<rack id=\"%s\">: hosts of this rack and of the one in line %ld would both be "
                "named %s-t01; ids must be unique within their parent, and so must the names",
                fleet->racks[nodes[i].index].id, nodes[i - 1].where.line, nodes[i].name);
    arena_destroy(scratch);
    mem_free(nodes);
    return rc;
}

int fleet_check_names(const struct fleet *fleet, struct faults *faults)
{
    int rc = check_sites(fleet, faults) | check_halls(fleet, faults) | check_feeds(fleet, faults);

    return rc != 0 ? -1 : check_racks(fleet, faults);
}

/* One warning for all nodes of a range: the place says which, the text names none. */
static void check_idle(
    const char *element, double idle_kw, double power_kw, struct where where, struct faults *faults)
{
    if (!units_power_holds(idle_kw, power_kw))
        faults_warning(faults, where,
            "<%s>: power-kw is %.9g, and what stands there draws %.9g kW when idle: no job can "
            "start on it",
            element, power_kw, idle_kw);
}

void fleet_check_power(const struct fleet *fleet, struct faults *faults)
{
    for (int s = 0; s < fleet->site_count; s++) {
        const struct fleet_site *site = &fleet->sites[s];
        double site_kw = 0;

        for (int h = site->first_hall; h < site->first_hall + site->hall_count; h++) {
            const struct fleet_hall *hall = &fleet->halls[h];
            double hall_kw = 0;

            for (int f = hall->first_feed; f < hall->first_feed + hall->feed_count; f++) {
                const struct fleet_feed *feed = &fleet->feeds[f];
                double feed_kw = 0;

                for (int r = feed->first_rack; r < feed->first_rack + feed->rack_count; r++) {
                    double idle_kw = fleet_rack_system(fleet, r)->idle_kw;

                    check_idle(
                        "rack", idle_kw, fleet->racks[r].power_kw, fleet->racks[r].where, faults);
                    feed_kw += idle_kw;
                }
                check_idle("feed", feed_kw, feed->power_kw, feed->where, faults);
                hall_kw += feed_kw;
            }
            check_idle("hall", hall_kw, hall->power_kw, hall->where, faults);
            site_kw += hall_kw;
        }
        check_idle("site", site_kw * site->pue, site->power_kw, site->where, faults);
    }
}
