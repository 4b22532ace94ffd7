/* Who shares the fleet: tenants with their shares and budgets, users with their roles. */
#include "topologies/fleet_private.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/units.h"
#include "base/xml.h"

#include <math.h>

struct user_fields {
    const char *name;
    const char *roles;
    struct xml_ids tenants;
    int64_t priority_max;
};

static const struct xml_field TENANT_FIELDS[] = {
    {"id", XML_ID, XML_REQUIRED, offsetof(struct fleet_tenant, id), 0, 0, NULL},
    {"share", XML_NUMBER, XML_OPTIONAL, offsetof(struct fleet_tenant, share), 0, 1, NULL},
    {"usd-per-hour", XML_NUMBER, XML_OPTIONAL, offsetof(struct fleet_tenant, usd_per_hour), 0, 1e12,
        NULL},
};

static const struct xml_field USER_FIELDS[] = {
    {"name", XML_ID, XML_REQUIRED, offsetof(struct user_fields, name), 0, 0, NULL},
    {"roles", XML_TEXT, XML_OPTIONAL, offsetof(struct user_fields, roles), 0, 0, NULL},
    {"tenants", XML_IDS, XML_OPTIONAL, offsetof(struct user_fields, tenants), 0, 0, NULL},
    {"priority-max", XML_COUNT, XML_OPTIONAL, offsetof(struct user_fields, priority_max), 0, 1000,
        NULL},
};

static const char *const ROLE_NAMES[] = {"view", "submit", "operate"};
static const char *const NO_CHILDREN[] = {NULL};

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

static size_t count_named(const struct xml_node *root, const char *name)
{
    size_t count = 0;

    for (const struct xml_node *node = xml_first_named(root, name); node != NULL;
         node = xml_next_named(node, name))
        count++;
    return count;
}

static int read_tenants(struct fleet_reader *r, const struct xml_node *root)
{
    size_t count = count_named(root, "tenant");
    struct fleet_tenant *tenants;
    double share_sum = 0;
    int rc = 0;

    if (count > FLEET_TENANTS_MAX)
        return xml_fault(root, r->faults, "over %d tenants", FLEET_TENANTS_MAX);
    tenants = arena_zero(r->arena, count, sizeof *tenants);
    for (const struct xml_node *node = xml_first_named(root, "tenant"); node != NULL;
         node = xml_next_named(node, "tenant")) {
        struct fleet_tenant *tenant = &tenants[r->fleet->tenant_count];

        *tenant = (struct fleet_tenant){
            .usd_per_hour = INFINITY, .where = keeper_where(&r->keeper, xml_where(node))};
        if (xml_read(node, TENANT_FIELDS, COUNT_OF(TENANT_FIELDS), tenant, r->arena, r->faults) |
            xml_check_children(node, NO_CHILDREN, false, r->faults))
            rc = -1;
        if (tenant->id == NULL)
            continue;
        if (ids_add(&r->tenant_ids, tenant->id) < 0) {
            rc = xml_fault(node, r->faults, "there is a tenant of that id already, in line %ld",
                tenants[ids_find(&r->tenant_ids, tenant->id)].where.line);
            continue;
        }
        share_sum += tenant->share;
        r->fleet->tenant_count++;
    }
    r->fleet->tenants = tenants;
    if (share_sum > 1 && !units_near(share_sum, 1, 1e-9, 0))
        return xml_fault(root, r->faults,
            "the tenants' shares sum to %.6g; they may sum to 1 at most", share_sum);
    return rc;
}

static int read_roles(
    struct fleet_reader *r, const struct xml_node *node, const char *text, unsigned *roles)
{
    char *copy = arena_copy_text(r->arena, text);
    char *words[COUNT_OF(ROLE_NAMES)];
    size_t count = str_split(copy, words, COUNT_OF(words));

    *roles = 0;
    for (size_t i = 0; i < count && i < COUNT_OF(words); i++) {
        size_t k = 0;

        while (k < COUNT_OF(ROLE_NAMES) && !str_equal(ROLE_NAMES[k], words[i]))
            k++;
        if (k == COUNT_OF(ROLE_NAMES))
            return xml_fault(node, r->faults,
                "role '%.40s' is not known; roles are view, submit and operate", words[i]);
        *roles |= 1U << k;
    }
    if (count > COUNT_OF(words) || *roles == 0)
        return xml_fault(node, r->faults, "roles are one or more of view, submit, operate");
    return 0;
}

static int read_user(struct fleet_reader *r, const struct xml_node *node, struct fleet_user *user)
{
    struct user_fields fields = {.roles = "view submit", .priority_max = 1000};

    if (xml_read(node, USER_FIELDS, COUNT_OF(USER_FIELDS), &fields, r->arena, r->faults) |
        xml_check_children(node, NO_CHILDREN, false, r->faults))
        return -1;
    *user = (struct fleet_user){.name = fields.name,
        .tenants = fields.tenants.count > 0 ? fields.tenants.ids : NULL,
        .tenant_count = fields.tenants.count,
        .priority_max = (int)fields.priority_max,
        .where = keeper_where(&r->keeper, xml_where(node))};
    for (size_t i = 0; i < user->tenant_count; i++)
        if (r->fleet->tenant_count > 0 &&
            ids_resolve(&r->tenant_ids, user->tenants[i], "tenant", node, "tenants", r->faults) < 0)
            return -1;
    return read_roles(r, node, fields.roles, &user->roles);
}

static int read_users(struct fleet_reader *r, const struct xml_node *root)
{
    size_t count = count_named(root, "user");
    struct fleet_user *users;
    int rc = 0;

    if (count > FLEET_TENANTS_MAX)
        return xml_fault(root, r->faults, "over %d users", FLEET_TENANTS_MAX);
    users = arena_zero(r->arena, count, sizeof *users);
    for (const struct xml_node *node = xml_first_named(root, "user"); node != NULL;
         node = xml_next_named(node, "user")) {
        struct fleet_user *user = &users[r->fleet->user_count];

        if (read_user(r, node, user) != 0) {
            rc = -1;
            continue;
        }
        if (ids_add(&r->user_names, user->name) < 0) {
            rc = xml_fault(node, r->faults, "there is a user of that name already, in line %ld",
                users[ids_find(&r->user_names, user->name)].where.line);
            continue;
        }
        r->fleet->user_count++;
    }
    r->fleet->users = users;
    return rc;
}

int fleet_read_people(struct fleet_reader *reader, const struct xml_node *root)
{
    int rc = read_tenants(reader, root);

    return read_users(reader, root) != 0 ? -1 : rc;
}
