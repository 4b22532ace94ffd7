/* The main of every test program: run its suite, print Check's summary, fail when a test failed. */
#include "tests/support/suite.h"

#include "base/xml.h"

#include <stdlib.h>

int main(void)
{
    SRunner *runner = srunner_create(suite());
    int failed_count;

    xml_init_process();
    srunner_run_all(runner, CK_ENV);
    failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
