/*
 * Named places where the crash tests may end the process. In the program that is installed they
 * are nothing; the variant under build/points (make points) compiles them in and links
 * tests/testpoint.c, which kills the process at the place that STAFETTE_KILL_AT names.
 */
#ifndef TESTPOINT_H
#define TESTPOINT_H

#ifdef STAFETTE_TEST_POINTS
void test_point(const char *name);
#else
#define test_point(name) ((void)0)
#endif

#endif
