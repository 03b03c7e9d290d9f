#include "csignature.h"
