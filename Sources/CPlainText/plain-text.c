#include "plain-text.h"
