/*
 * agree: a loader's tables, its schema and its page speak of the same attributes.
 */
#ifndef TESTS_SUPPORT_AGREE_H
#define TESTS_SUPPORT_AGREE_H

#include <stdbool.h>
#include <stddef.h>

struct faults;

/* Loads a text with the loader under test and lets what was loaded go; is it good? */
typedef bool (*agree_load_fn)(const char *text, size_t count, struct faults *faults);

/*
 * `text` must load, and hold every element. Each element in turn is given an attribute that cannot
 * be, and the fault's list of those that can is taken as the table. All tables together must name
 * what the schema names, and the page must speak of each. `foreign`, where not NULL, is an element
 * that has a schema of its own: it is left out with all that it holds. Fails the test otherwise.
 */
void agree_check(agree_load_fn load, const char *text, const char *foreign, const char *schema_path,
    const char *page_path);

#endif
