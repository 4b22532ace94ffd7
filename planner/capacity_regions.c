/* Which sets of demand regions need a row of their own. */
#include "planner/capacity_model_private.h"

/* The regions that any site reaches which reaches one of `regions` too, in one step. */
static unsigned neighbours(unsigned regions, const unsigned *masks, int count)
{
    unsigned found = regions;

    for (int i = 0; i < count; i++)
        if ((masks[i] & regions) != 0)
            found |= masks[i];
    return found;
}

/* Do the sites hold the set together, so that it does not fall apart into sets without a site in
 * common? */
static bool is_connected(unsigned set, const unsigned *masks, int count)
{
    unsigned reached = set & (~set + 1), before;

    do {
        before = reached;
        reached = neighbours(reached, masks, count) & set;
    } while (reached != before);
    return reached == set;
}

/* The set with all regions whose sites are among the set's own: every site that reaches such a
 * region reaches one of the set too. */
static unsigned close_set(unsigned set, unsigned all, const unsigned *masks, int count)
{
    unsigned outside = 0;

    for (int i = 0; i < count; i++)
        if ((masks[i] & set) == 0)
            outside |= masks[i];
    return set | (all & ~outside);
}

int region_sets_find(
    int region_count, const unsigned *site_masks, int site_count, unsigned sets[REGION_SETS_MAX])
{
    unsigned reachable = 0;
    int count = 0;

    for (int i = 0; i < site_count; i++)
        reachable |= site_masks[i];
    for (int g = 0; g < region_count; g++)
        if ((reachable & 1u << g) == 0)
            sets[count++] = 1u << g;
    for (unsigned set = 1; set < 1u << region_count; set++)
        if ((set & ~reachable) == 0 && close_set(set, reachable, site_masks, site_count) == set &&
            is_connected(set, site_masks, site_count))
            sets[count++] = set;
    return count;
}

int region_sets_all(int region_count, unsigned sets[REGION_SETS_MAX])
{
    int count = 0;

    for (unsigned set = 1; set < 1u << region_count; set++)
        sets[count++] = set;
    return count;
}
