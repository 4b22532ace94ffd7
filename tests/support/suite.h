/*
 * suite: what every tests/<room>/test_<module>.c gives: one suite of the module's tests.
 */
#ifndef TESTS_SUPPORT_SUITE_H
#define TESTS_SUPPORT_SUITE_H

#include <check.h>

Suite *suite(void);

#endif
