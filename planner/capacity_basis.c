#include "planner/capacity_basis.h"

#include "base/mem.h"
#include "planner/lp.h"

#include <stdlib.h>
#include <string.h>

/* Keys are compared as bytes. */
_Static_assert(sizeof(struct row_key) == 14 * sizeof(int) + sizeof(unsigned), "no padding");
_Static_assert(sizeof(struct column_key) == 12 * sizeof(int), "no padding");

void capacity_basis_fini(struct capacity_basis *basis)
{
    mem_free(basis->rows);
    mem_free(basis->columns);
    mem_free(basis->is_sifted);
    mem_free(basis->row_keys);
    mem_free(basis->column_keys);
    *basis = (struct capacity_basis){0};
}

static void *copy_of(const void *items, int count, size_t size)
{
    void *copy = mem_resize(NULL, (size_t)count, size);

    if (count > 0)
        memcpy(copy, items, (size_t)count * size);
    return copy;
}

void capacity_basis_take(struct capacity_basis *basis, const struct capacity_model *model)
{
    capacity_basis_fini(basis);
    basis->row_count = model->row_count;
    basis->column_count = model->column_count;
    basis->rows = mem_zero((size_t)model->row_count, 1);
    basis->columns = mem_zero((size_t)model->column_count, 1);
    basis->is_sifted = mem_zero((size_t)model->column_count, 1);
    lp_get_sifted(model->lp, basis->is_sifted);
    basis->row_keys = copy_of(model->rows, model->row_count, sizeof *model->rows);
    basis->column_keys = copy_of(model->columns, model->column_count, sizeof *model->columns);
    if (!lp_get_basis(model->lp, basis->rows, basis->columns))
        capacity_basis_fini(basis);
}

struct capacity_basis capacity_basis_copy(const struct capacity_basis *basis)
{
    struct capacity_basis copy = *basis;

    if (basis->rows == NULL)
        return copy;
    copy.rows = copy_of(basis->rows, basis->row_count, 1);
    copy.columns = copy_of(basis->columns, basis->column_count, 1);
    copy.is_sifted = copy_of(basis->is_sifted, basis->column_count, 1);
    copy.row_keys = copy_of(basis->row_keys, basis->row_count, sizeof *basis->row_keys);
    copy.column_keys = copy_of(basis->column_keys, basis->column_count, sizeof *basis->column_keys);
    return copy;
}

/* --- From one shape to another */

/* The keys of one kind of thing, in both models, and a value of each kept one. */
struct translation {
    const char *kept_keys, *keys;
    size_t key_size;
    int kept_count, count;
    const unsigned char *kept_values;
    unsigned char of_new;
};

struct entry {
    const char *key;
    size_t size;
    int index;
};

static int compare_entries(const void *a, const void *b)
{
    const struct entry *left = a, *right = b;

    return memcmp(left->key, right->key, left->size);
}

/* The values (places, or flags) of all, given; what is in both models keeps its own. */
static unsigned char *translate(const struct translation *t)
{
    struct entry *kept = mem_zero((size_t)t->kept_count, sizeof *kept);
    unsigned char *values = mem_zero((size_t)t->count, 1);

    for (int i = 0; i < t->kept_count; i++)
        kept[i] = (struct entry){t->kept_keys + (size_t)i * t->key_size, t->key_size, i};
    if (t->kept_count > 0)
        qsort(kept, (size_t)t->kept_count, sizeof *kept, compare_entries);
    for (int i = 0; i < t->count; i++) {
        const struct entry wanted = {t->keys + (size_t)i * t->key_size, t->key_size, i};
        const struct entry *found = t->kept_count == 0
                                        ? NULL
                                        : bsearch(&wanted, kept, (size_t)t->kept_count,
                                              sizeof *kept, compare_entries);

        values[i] = found != NULL ? t->kept_values[found->index] : t->of_new;
    }
    mem_free(kept);
    return values;
}

static unsigned char *translate_rows(
    const struct capacity_basis *basis, const struct capacity_model *model)
{
    const struct translation t = {(const char *)basis->row_keys, (const char *)model->rows,
        sizeof *model->rows, basis->row_count, model->row_count, basis->rows, LP_BASIC};

    return translate(&t);
}

static unsigned char *translate_columns(const struct capacity_basis *basis,
    const struct capacity_model *model, const unsigned char *values, unsigned char of_new)
{
    const struct translation t = {(const char *)basis->column_keys, (const char *)model->columns,
        sizeof *model->columns, basis->column_count, model->column_count, values, of_new};

    return translate(&t);
}

static int count_basic(const unsigned char *places, int count)
{
    int basic_count = 0;

    for (int i = 0; i < count; i++)
        basic_count += places[i] == LP_BASIC;
    return basic_count;
}

static bool is_same_shape(const struct capacity_basis *basis, const struct capacity_model *model)
{
    return basis->row_count == model->row_count && basis->column_count == model->column_count &&
           memcmp(basis->row_keys, model->rows, (size_t)model->row_count * sizeof *model->rows) ==
               0 &&
           memcmp(basis->column_keys, model->columns,
               (size_t)model->column_count * sizeof *model->columns) == 0;
}

static bool apply_translated(const struct capacity_basis *basis, struct capacity_model *model)
{
    unsigned char *rows = translate_rows(basis, model);
    unsigned char *columns = translate_columns(basis, model, basis->columns, LP_AT_LOWER);
    unsigned char *is_sifted = translate_columns(basis, model, basis->is_sifted, 0);
    bool is_basis = count_basic(rows, model->row_count) +
                        count_basic(columns, model->column_count) ==
                    model->row_count;

    if (is_basis) {
        lp_set_basis(model->lp, rows, columns);
        lp_set_sifted(model->lp, is_sifted);
    }
    mem_free(rows);
    mem_free(columns);
    mem_free(is_sifted);
    return is_basis;
}

bool capacity_basis_apply(const struct capacity_basis *basis, struct capacity_model *model)
{
    if (basis->rows == NULL)
        return false;
    if (!is_same_shape(basis, model))
        return apply_translated(basis, model);
    lp_set_basis(model->lp, basis->rows, basis->columns);
    lp_set_sifted(model->lp, basis->is_sifted);
    return true;
}
