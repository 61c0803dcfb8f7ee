#include "v.h"
int v(void){return 0;}
