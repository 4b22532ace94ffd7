/*
 * Names for written files: those of the namer, with what the format forbids replaced, and no two
 * alike.
 */
#include "planner/lp_private.h"

#include "base/mem.h"
#include "base/str.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { NAME_SIZE = 256 };

/* The names taken so far: a hash table with open addressing. */
struct taken {
    const char **slots;
    size_t slot_count; /* a power of two, above twice the names */
};

static const char **find_slot(const struct taken *taken, const char *name)
{
    size_t mask = taken->slot_count - 1, at = (size_t)str_hash(name) & mask;

    while (taken->slots[at] != NULL && strcmp(taken->slots[at], name) != 0)
        at = (at + 1) & mask;
    return &taken->slots[at];
}

static bool is_allowed(const struct lp_name_rule *rule, char c)
{
    return isalnum((unsigned char)c) || (c != '\0' && strchr(rule->also_allowed, c) != NULL);
}

/* Would a reader take it for a number or a word of the format? */
static bool is_mistakable(const struct lp_name_rule *rule, const char *name)
{
    if (!isalpha((unsigned char)name[0]) && name[0] != '_')
        return true;
    if (tolower((unsigned char)name[0]) == 'e' &&
        (name[1] == '\0' || isdigit((unsigned char)name[1])))
        return true;
    for (size_t k = 0; rule->keywords[k] != NULL; k++)
        if (strcasecmp(rule->keywords[k], name) == 0)
            return true;
    return false;
}

/* A legal name of at most `size` - 1 bytes, and room for a number behind it. */
static void mend(const struct lp_name_rule *rule, const char *name, char *out)
{
    size_t length = 0;
    enum { ROOM = 12 };

    if (is_mistakable(rule, name)) {
        out[length++] = 'n';
        out[length++] = '_';
    }
    for (; *name != '\0' && length + ROOM < rule->length_max; name++) {
        char c = *name;

        if (!is_allowed(rule, c))
            c = c == '[' ? '(' : c == ']' ? ')' : '_';
        out[length++] = is_allowed(rule, c) ? c : '_';
    }
    out[length] = '\0';
}

static const char *keep_name(const struct lp_name_rule *rule, struct arena *arena,
    struct taken *taken, const char *wanted, size_t index)
{
    char name[NAME_SIZE];
    const char **slot;
    const char *kept;

    mend(rule, wanted, name);
    slot = find_slot(taken, name);
    kept = *slot == NULL ? arena_copy_text(arena, name) : NULL;
    for (size_t k = index; kept == NULL; k++) {
        char *other = arena_format(arena, "%s~%zu", name, k);

        slot = find_slot(taken, other);
        kept = *slot == NULL ? other : NULL;
    }
    *slot = kept;
    return kept;
}

/* `first` is taken first, then all of the thing's names. */
static const char **make_names(const struct lp *lp, const struct lp_name_rule *rule,
    struct arena *arena, enum lp_thing thing, const char **first)
{
    size_t count = thing == LP_ROW ? lp->row_count : lp->column_count;
    const char **names = arena_zero(arena, count, sizeof *names);
    struct taken taken = {.slot_count = 16};

    while (taken.slot_count < 2 * (count + 2))
        taken.slot_count *= 2;
    taken.slots = mem_zero(taken.slot_count, sizeof *taken.slots);
    *first = keep_name(rule, arena, &taken, *first, 0);
    for (size_t k = 0; k < count; k++) {
        char name[NAME_SIZE] = "";

        lp_name(lp, thing, (int)k, name, sizeof name);
        names[k] = keep_name(rule, arena, &taken, name, k);
    }
    mem_free(taken.slots);
    return names;
}

struct lp_names lp_names_create(const struct lp *lp, const struct lp_name_rule *rule)
{
    struct lp_names names = {
        .arena = arena_create(), .objective = "objective", .constant = "objective_constant"};

    names.rows = make_names(lp, rule, names.arena, LP_ROW, &names.objective);
    names.columns = make_names(lp, rule, names.arena, LP_COLUMN, &names.constant);
    return names;
}

void lp_write_title(const struct lp *lp, FILE *file)
{
    fputs(lp->name[0] == '\0' ? "model" : "", file);
    for (const char *c = lp->name; *c != '\0'; c++)
        fputc(isgraph((unsigned char)*c) ? *c : '_', file);
}

int lp_end_writing(const struct lp *lp, FILE *file, struct err *err)
{
    if (fflush(file) != 0 || ferror(file))
        return err_set_errno(err, "%s: the model was not written", lp->name);
    return 0;
}
