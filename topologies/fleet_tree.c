/* The floor: sites, halls, feeds and racks, each id a hostlist that makes one node a name. */
#include "topologies/fleet_private.h"

#include "base/err.h"
#include "base/hostlist.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/xml.h"

#include <math.h>
#include <string.h>

enum { ID_BYTES_MAX = 64 };

/* Attributes of every level; each level's table names those that it has. */
struct node_fields {
    const char *id;
    const char *region, *jurisdiction;
    double power_kw, pue, usd_per_mwh, reclaim_share, usd_per_hour;
    const char *system;
};

#define FIELD(attribute, type, need, member, low, high)                                            \
    {                                                                                              \
        attribute, type, need, offsetof(struct node_fields, member), low, high, NULL               \
    }
#define POWER_FIELD FIELD("power-kw", XML_NUMBER, XML_OPTIONAL, power_kw, 0, 1e9)
#define ID_FIELD FIELD("id", XML_TEXT, XML_REQUIRED, id, 0, 0)

static const struct xml_field SITE_FIELDS[] = {
    ID_FIELD,
    POWER_FIELD,
    FIELD("region", XML_ID, XML_OPTIONAL, region, 0, 0),
    FIELD("jurisdiction", XML_ID, XML_OPTIONAL, jurisdiction, 0, 0),
    FIELD("pue", XML_NUMBER, XML_OPTIONAL, pue, 1, 10),
    FIELD("usd-per-mwh", XML_NUMBER, XML_OPTIONAL, usd_per_mwh, 0, 1e6),
};
static const struct xml_field HALL_FIELDS[] = {ID_FIELD, POWER_FIELD};
static const struct xml_field FEED_FIELDS[] = {
    ID_FIELD,
    POWER_FIELD,
    FIELD("reclaim-share", XML_NUMBER, XML_OPTIONAL, reclaim_share, 0, 1),
};
static const struct xml_field RACK_FIELDS[] = {
    ID_FIELD,
    POWER_FIELD,
    FIELD("system", XML_ID, XML_REQUIRED, system, 0, 0),
    FIELD("usd-per-hour", XML_NUMBER, XML_OPTIONAL, usd_per_hour, 0, 1e9),
};

struct fleet_level {
    const char *element;
    const struct xml_field *fields;
    size_t field_count;
    const char *const *children;
    /* Adds one node of that name; returns its index. */
    int (*add)(struct fleet_reader *reader, const struct xml_node *node,
        const struct node_fields *fields, const char *id, int parent);
    /* After its children were read. */
    void (*close)(struct fleet_reader *reader, int index);
};

enum { LEVEL_SITE, LEVEL_HALL, LEVEL_FEED, LEVEL_RACK, LEVEL_COUNT };

static int add_site(struct fleet_reader *r, const struct xml_node *node,
    const struct node_fields *fields, const char *id, int parent)
{
    struct fleet *fleet = r->fleet;

    (void)parent;
    r->sites = mem_grow(r->sites, (size_t)fleet->site_count, &r->site_capacity, sizeof *r->sites);
    r->sites[fleet->site_count] = (struct fleet_site){.id = id,
        .region = fields->region != NULL ? fields->region : id,
        .jurisdiction = fields->jurisdiction,
        .power_kw = fields->power_kw,
        .pue = fields->pue,
        .usd_per_mwh = fields->usd_per_mwh,
        .first_hall = fleet->hall_count,
        .where = keeper_where(&r->keeper, xml_where(node))};
    return fleet->site_count++;
}

static int add_hall(struct fleet_reader *r, const struct xml_node *node,
    const struct node_fields *fields, const char *id, int parent)
{
    struct fleet *fleet = r->fleet;

    r->halls = mem_grow(r->halls, (size_t)fleet->hall_count, &r->hall_capacity, sizeof *r->halls);
    r->halls[fleet->hall_count] = (struct fleet_hall){.id = id,
        .site = parent,
        .power_kw = fields->power_kw,
        .first_feed = fleet->feed_count,
        .where = keeper_where(&r->keeper, xml_where(node))};
    return fleet->hall_count++;
}

static int add_feed(struct fleet_reader *r, const struct xml_node *node,
    const struct node_fields *fields, const char *id, int parent)
{
    struct fleet *fleet = r->fleet;

    r->feeds = mem_grow(r->feeds, (size_t)fleet->feed_count, &r->feed_capacity, sizeof *r->feeds);
    r->feeds[fleet->feed_count] = (struct fleet_feed){.id = id,
        .hall = parent,
        .site = r->halls[parent].site,
        .power_kw = fields->power_kw,
        .reclaim_share = fields->reclaim_share,
        .first_rack = fleet->rack_count,
        .where = keeper_where(&r->keeper, xml_where(node))};
    return fleet->feed_count++;
}

static int add_rack(struct fleet_reader *r, const struct xml_node *node,
    const struct node_fields *fields, const char *id, int parent)
{
    struct fleet *fleet = r->fleet;
    const struct system *system = catalog_find_system(&fleet->catalog, fields->system);
    const struct fleet_feed *feed = &r->feeds[parent];

    r->racks = mem_grow(r->racks, (size_t)fleet->rack_count, &r->rack_capacity, sizeof *r->racks);
    r->racks[fleet->rack_count] = (struct fleet_rack){.id = id,
        .feed = parent,
        .hall = feed->hall,
        .site = feed->site,
        .system = system != NULL ? (int)(system - fleet->catalog.systems) : -1,
        .power_kw = isfinite(fields->power_kw) || system == NULL ? fields->power_kw
                                                                 : system->power_kw,
        .usd_per_hour = fields->usd_per_hour,
        .first_host = fleet->host_count,
        .host_count = system != NULL ? system->host_count : 0,
        .where = keeper_where(&r->keeper, xml_where(node))};
    fleet->host_count += r->racks[fleet->rack_count].host_count;
    return fleet->rack_count++;
}

static void close_site(struct fleet_reader *r, int index)
{
    r->sites[index].hall_count = r->fleet->hall_count - r->sites[index].first_hall;
}

static void close_hall(struct fleet_reader *r, int index)
{
    r->halls[index].feed_count = r->fleet->feed_count - r->halls[index].first_feed;
}

static void close_feed(struct fleet_reader *r, int index)
{
    r->feeds[index].rack_count = r->fleet->rack_count - r->feeds[index].first_rack;
}

static void close_rack(struct fleet_reader *r, int index)
{
    (void)r;
    (void)index;
}

static const char *const SITE_CHILDREN[] = {"hall", NULL};
static const char *const HALL_CHILDREN[] = {"feed", NULL};
static const char *const FEED_CHILDREN[] = {"rack", NULL};
static const char *const RACK_CHILDREN[] = {NULL};

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))
static const struct fleet_level LEVELS[LEVEL_COUNT] = {
    {"site", SITE_FIELDS, COUNT_OF(SITE_FIELDS), SITE_CHILDREN, add_site, close_site},
    {"hall", HALL_FIELDS, COUNT_OF(HALL_FIELDS), HALL_CHILDREN, add_hall, close_hall},
    {"feed", FEED_FIELDS, COUNT_OF(FEED_FIELDS), FEED_CHILDREN, add_feed, close_feed},
    {"rack", RACK_FIELDS, COUNT_OF(RACK_FIELDS), RACK_CHILDREN, add_rack, close_rack},
};

/* What a level's attributes mean beyond their types; said once, not for each name of the range. */
static int check_node(struct fleet_reader *r, int level, const struct xml_node *node,
    const struct node_fields *fields)
{
    const struct system *system;
    const char *nearest;

    if (level != LEVEL_RACK || fields->system == NULL)
        return 0;
    system = catalog_find_system(&r->fleet->catalog, fields->system);
    nearest = catalog_nearest_system(&r->fleet->catalog, fields->system);
    if (system == NULL && nearest != NULL)
        return xml_fault(
            node, r->faults, "there is no system '%s'; did you mean %s?", fields->system, nearest);
    if (system == NULL)
        return xml_fault(node, r->faults, "there is no system '%s'; include a catalog that has it",
            fields->system);
    if (system->chips_per_host > FLEET_CHIPS_PER_HOST_MAX)
        return xml_fault(node, r->faults, "system %s has %d chips a host; at most %d are handled",
            system->id, system->chips_per_host, FLEET_CHIPS_PER_HOST_MAX);
    return 0;
}

/* Says what is too much; after that nothing more is read. */
static int check_size(struct fleet_reader *r, const struct xml_node *node)
{
    const struct fleet *fleet = r->fleet;

    if (fleet->host_count <= FLEET_HOSTS_MAX && fleet->rack_count <= FLEET_RACKS_MAX &&
        fleet->site_count <= FLEET_NODES_MAX && fleet->hall_count <= FLEET_NODES_MAX &&
        fleet->feed_count <= FLEET_NODES_MAX)
        return 0;
    r->is_full = true;
    return xml_fault(node, r->faults,
        "the fleet has over %d hosts, %d racks, or %d sites, halls or feeds; split it by site",
        FLEET_HOSTS_MAX, FLEET_RACKS_MAX, FLEET_NODES_MAX);
}

/* The names that an id stands for, or the fault with it. */
static int expand_id(
    struct fleet_reader *r, const struct xml_node *node, const char *id, struct hostlist *out)
{
    struct err err = {0};

    if (hostlist_expand(id, FLEET_NAMES_MAX - r->name_count, out, &err) != 0)
        return xml_fault(node, r->faults, "attribute 'id': %s", err.text);
    r->name_count += out->count;
    for (size_t i = 0; i < out->count; i++)
        if (strlen(out->names[i]) > ID_BYTES_MAX)
            return xml_fault(node, r->faults, "id '%.70s' is longer than %d letters", out->names[i],
                ID_BYTES_MAX);
    return 0;
}

static int read_level(
    struct fleet_reader *r, int level, const struct xml_node *parent_node, int parent);

/* One node of a level with all that stands inside. */
static int add_node(struct fleet_reader *r, int level, const struct xml_node *node,
    const struct node_fields *fields, const char *id, int parent)
{
    int index = LEVELS[level].add(r, node, fields, arena_copy_text(r->arena, id), parent);
    int rc = check_size(r, node);

    if (level + 1 < LEVEL_COUNT && read_level(r, level + 1, node, index) != 0)
        rc = -1;
    LEVELS[level].close(r, index);
    return rc;
}

/* One element: as many nodes as its id names. */
static int read_node(struct fleet_reader *r, int level, const struct xml_node *node, int parent)
{
    struct node_fields fields = {.power_kw = INFINITY, .pue = 1};
    struct hostlist names = {0};
    int rc = 0;

    if (xml_read(node, LEVELS[level].fields, LEVELS[level].field_count, &fields, r->arena,
            r->faults) != 0)
        rc = -1;
    if (check_node(r, level, node, &fields) != 0)
        rc = -1;
    if (xml_check_children(node, LEVELS[level].children, false, r->faults) != 0)
        rc = -1;
    if (fields.id != NULL && expand_id(r, node, fields.id, &names) != 0)
        rc = -1;
    if (names.count == 0) /* what stands inside is still read, for its faults */
        rc = add_node(r, level, node, &fields, "", parent) != 0 ? -1 : rc;
    /* Faults inside a range are alike for each of its names: say them once. */
    for (size_t i = 0; i < names.count && (i == 0 || rc == 0); i++)
        if (add_node(r, level, node, &fields, names.names[i], parent) != 0)
            rc = -1;
    hostlist_fini(&names);
    return rc;
}

static int read_level(
    struct fleet_reader *r, int level, const struct xml_node *parent_node, int parent)
{
    int rc = 0;

    for (const struct xml_node *node = xml_first_named(parent_node, LEVELS[level].element);
         node != NULL && !r->is_full; node = xml_next_named(node, LEVELS[level].element))
        if (read_node(r, level, node, parent) != 0)
            rc = -1;
    return rc;
}

int fleet_read_tree(struct fleet_reader *reader, const struct xml_node *root)
{
    return read_level(reader, LEVEL_SITE, root, -1);
}
