#include "planner/lp.h"

#include <glpk.h>

const char *lp_solver_version(void)
{
    return glp_version();
}
