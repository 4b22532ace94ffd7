#include "topologies/fleet.h"

#include "base/embed.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/xml.h"
#include "topologies/fleet_private.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

EMBED_DECLARE(fleet_rng);

struct fleet_fields {
    const char *name;
    double default_wall_minutes;
    bool allow_root;
};

static const struct xml_field FLEET_FIELDS[] = {
    {"name", XML_ID, XML_REQUIRED, offsetof(struct fleet_fields, name), 0, 0, NULL},
    {"default-wall-minutes", XML_NUMBER, XML_OPTIONAL,
        offsetof(struct fleet_fields, default_wall_minutes), 1, 1e7, NULL},
    {"allow-root", XML_YES_NO, XML_OPTIONAL, offsetof(struct fleet_fields, allow_root), 0, 0, NULL},
};

static const char *const FLEET_CHILDREN[] = {"catalog", "site", "tenant", "user", NULL};

static void index_racks(struct fleet_reader *r)
{
    struct fleet *fleet = r->fleet;
    size_t slot_count = 16;
    int *slots;

    while (slot_count < (size_t)fleet->rack_count * 2)
        slot_count *= 2;
    slots = arena_zero(r->arena, slot_count, sizeof *slots);
    for (int rack = 0; rack < fleet->rack_count; rack++) {
        char prefix[FLEET_NAME_SIZE];
        size_t slot;

        (void)fleet_rack_host_prefix(fleet, rack, prefix);
        slot = str_hash(prefix) & (slot_count - 1);
        while (slots[slot] != 0)
            slot = (slot + 1) & (slot_count - 1);
        slots[slot] = rack + 1;
    }
    fleet->rack_slots = slots;
    fleet->rack_slot_count = slot_count;
}

/* Copies what was read into the arena and numbers the hosts. */
static void finish(struct fleet_reader *r)
{
    struct fleet *fleet = r->fleet;
    int *host_rack = arena_zero(r->arena, (size_t)fleet->host_count, sizeof *host_rack);

    fleet->sites = arena_copy(r->arena, r->sites, (size_t)fleet->site_count, sizeof *fleet->sites);
    fleet->halls = arena_copy(r->arena, r->halls, (size_t)fleet->hall_count, sizeof *fleet->halls);
    fleet->feeds = arena_copy(r->arena, r->feeds, (size_t)fleet->feed_count, sizeof *fleet->feeds);
    fleet->racks = arena_copy(r->arena, r->racks, (size_t)fleet->rack_count, sizeof *fleet->racks);
    for (int rack = 0; rack < fleet->rack_count; rack++)
        for (int i = 0; i < fleet->racks[rack].host_count; i++)
            host_rack[fleet->racks[rack].first_host + i] = rack;
    fleet->host_rack = host_rack;
    index_racks(r);
}

static int read_fleet(struct fleet_reader *r, const struct xml_node *root)
{
    struct fleet *fleet = r->fleet;
    struct fleet_fields fields = {.default_wall_minutes = 10080};
    size_t errors_before = r->faults->error_count;

    if (!xml_is(root, "fleet"))
        return xml_fault(root, r->faults, "this is no <fleet>; give a fleet file");
    (void)xml_read(root, FLEET_FIELDS, sizeof FLEET_FIELDS / sizeof *FLEET_FIELDS, &fields,
        r->arena, r->faults);
    (void)xml_check_children(root, FLEET_CHILDREN, false, r->faults);
    fleet->name = fields.name;
    fleet->default_wall_minutes = fields.default_wall_minutes;
    fleet->allow_root = fields.allow_root;
    (void)catalog_read(root, r->arena, &fleet->catalog, r->faults);
    (void)fleet_read_tree(r, root);
    (void)fleet_read_people(r, root);
    finish(r);
    if (r->faults->error_count == errors_before) {
        (void)fleet_check_names(fleet, r->faults);
        fleet_check_power(fleet, r->faults);
    }
    if (r->faults->error_count == errors_before && fleet->rack_count == 0)
        (void)xml_fault(root, r->faults,
            "the fleet has no racks; give at least one <site> with a "
            "<hall>, a <feed> and a <rack>");
    return r->faults->error_count == errors_before ? 0 : -1;
}

/* Takes the document; gives the fleet or NULL. */
static struct fleet *fleet_from(
    struct xml_document *document, const char *path, struct faults *faults)
{
    struct arena *arena;
    struct fleet_reader reader = {.faults = faults};
    int rc;

    if (document == NULL)
        return NULL;
    arena = arena_create();
    reader.arena = arena;
    reader.keeper.arena = arena;
    reader.fleet = arena_zero(arena, 1, sizeof *reader.fleet);
    reader.fleet->arena = arena;
    reader.fleet->path = arena_copy_text(arena, path);
    rc = read_fleet(&reader, xml_root(document));
    if (rc == 0)
        rc = xml_check_schema(document, embed_fleet_rng, embed_fleet_rng_bytes, faults);
    mem_free(reader.sites);
    mem_free(reader.halls);
    mem_free(reader.feeds);
    mem_free(reader.racks);
    ids_fini(&reader.tenant_ids);
    ids_fini(&reader.user_names);
    xml_destroy(document);
    if (rc == 0)
        return reader.fleet;
    arena_destroy(arena);
    return NULL;
}

struct fleet *fleet_load(const char *path, const char *data_folder, struct faults *faults)
{
    return fleet_from(xml_load(path, &XML_LIMITS_FILES, data_folder, faults), path, faults);
}

struct fleet *fleet_parse(const char *bytes, size_t count, const char *name, struct faults *faults)
{
    struct xml_limits limits = XML_LIMITS_FILES;

    limits.may_include = false;
    return fleet_from(xml_parse(bytes, count, name, &limits, NULL, faults), name, faults);
}

void fleet_destroy(struct fleet *fleet)
{
    if (fleet != NULL)
        arena_destroy(fleet->arena);
}

const struct system *fleet_rack_system(const struct fleet *fleet, int rack)
{
    return &fleet->catalog.systems[fleet->racks[rack].system];
}

const char *fleet_rack_host_prefix(const struct fleet *fleet, int rack, char *buffer)
{
    const struct fleet_rack *r = &fleet->racks[rack];

    (void)snprintf(buffer, FLEET_NAME_SIZE, "%s-%s-%s-%s", fleet->sites[r->site].id,
        fleet->halls[r->hall].id, fleet->feeds[r->feed].id, r->id);
    return buffer;
}

const char *fleet_host_name(const struct fleet *fleet, int host, char *buffer)
{
    int rack = fleet->host_rack[host];
    size_t length;

    (void)fleet_rack_host_prefix(fleet, rack, buffer);
    length = strlen(buffer);
    (void)snprintf(buffer + length, FLEET_NAME_SIZE - length, "-t%02d",
        host - fleet->racks[rack].first_host + 1);
    return buffer;
}

const char *fleet_rack_path(const struct fleet *fleet, int rack, char *buffer)
{
    const struct fleet_rack *r = &fleet->racks[rack];

    (void)snprintf(buffer, FLEET_NAME_SIZE, "%s/%s/%s/%s", fleet->sites[r->site].id,
        fleet->halls[r->hall].id, fleet->feeds[r->feed].id, r->id);
    return buffer;
}

const char *fleet_feed_path(const struct fleet *fleet, int feed, char *buffer)
{
    const struct fleet_feed *f = &fleet->feeds[feed];

    (void)snprintf(buffer, FLEET_NAME_SIZE, "%s/%s/%s", fleet->sites[f->site].id,
        fleet->halls[f->hall].id, f->id);
    return buffer;
}

const char *fleet_hall_path(const struct fleet *fleet, int hall, char *buffer)
{
    const struct fleet_hall *h = &fleet->halls[hall];

    (void)snprintf(buffer, FLEET_NAME_SIZE, "%s/%s", fleet->sites[h->site].id, h->id);
    return buffer;
}

/* The rack whose hosts' names start so; -1 when there is none. */
static int find_rack(const struct fleet *fleet, const char *prefix)
{
    char other[FLEET_NAME_SIZE];

    if (fleet->rack_slots == NULL) {
        for (int rack = 0; rack < fleet->rack_count; rack++) {
            (void)fleet_rack_host_prefix(fleet, rack, other);
            if (str_equal(prefix, other))
                return rack;
        }
        return -1;
    }
    for (size_t slot = str_hash(prefix) & (fleet->rack_slot_count - 1);
         fleet->rack_slots[slot] != 0; slot = (slot + 1) & (fleet->rack_slot_count - 1)) {
        (void)fleet_rack_host_prefix(fleet, fleet->rack_slots[slot] - 1, other);
        if (str_equal(prefix, other))
            return fleet->rack_slots[slot] - 1;
    }
    return -1;
}

int fleet_find_host(const struct fleet *fleet, const char *name)
{
    const char *dash = strrchr(name, '-');
    char copy[FLEET_NAME_SIZE];
    int64_t number = 0;
    int rack;
    int host;

    if (dash == NULL || dash[1] != 't' || str_parse_int(dash + 2, &number) != 0 || number < 1 ||
        (size_t)(dash - name) >= sizeof copy)
        return -1;
    memcpy(copy, name, (size_t)(dash - name));
    copy[dash - name] = '\0';
    rack = find_rack(fleet, copy);
    if (rack < 0 || number > fleet->racks[rack].host_count)
        return -1;
    host = fleet->racks[rack].first_host + (int)number - 1;
    /* "t1" is not "t01". */
    return str_equal(name, fleet_host_name(fleet, host, copy)) ? host : -1;
}

void fleet_drop_tenants(struct fleet *fleet)
{
    fleet->tenant_count = 0;
}

int fleet_find_tenant(const struct fleet *fleet, const char *id)
{
    for (int i = 0; i < fleet->tenant_count; i++)
        if (str_equal(fleet->tenants[i].id, id))
            return i;
    return -1;
}
