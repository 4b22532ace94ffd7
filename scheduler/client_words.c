/* What people write in a call: jobs and states. */
#include "base/err.h"
#include "base/str.h"
#include "scheduler/client.h"

#include <string.h>

int client_parse_job(const char *text, uint64_t *job, int32_t *member, struct err *err)
{
    size_t length = strcspn(text, ".");
    char number[24];
    int64_t id = 0, index = -1;

    if (length >= sizeof number)
        return err_set(err, ERR_USAGE, "'%.40s' is no job; write 1042 or 1042.7", text);
    memcpy(number, text, length);
    number[length] = '\0';
    if (str_parse_int(number, &id) != 0 || id < 1 ||
        (text[length] == '.' && (str_parse_int(text + length + 1, &index) != 0 || index < 0)) ||
        index > INT32_MAX)
        return err_set(err, ERR_USAGE, "'%.40s' is no job; write 1042 or 1042.7", text);
    *job = (uint64_t)id;
    *member = (int32_t)index;
    return 0;
}

int client_check_states(
    const struct option_list *words, const char *const *names, size_t count, struct err *err)
{
    for (size_t i = 0; i < words->count; i++) {
        const char *nearest = str_nearest(words->items[i], names, count);
        bool is_known = false;

        for (size_t k = 0; k < count; k++)
            is_known |= str_equal(words->items[i], names[k]);
        if (!is_known)
            return err_set(err, ERR_USAGE, "--state: there is no state '%.40s'%s%s%s",
                words->items[i], nearest != NULL ? "; did you mean " : "",
                nearest != NULL ? nearest : "", nearest != NULL ? "?" : "");
    }
    return 0;
}
