#include "base/keeper.h"

#include "base/mem.h"

struct where keeper_where(struct keeper *keeper, struct where where)
{
    if (where.file == NULL)
        return where;
    if (where.file != keeper->seen_file) {
        keeper->seen_file = where.file;
        keeper->kept_file = arena_copy_text(keeper->arena, where.file);
    }
    return (struct where){keeper->kept_file, where.line};
}
