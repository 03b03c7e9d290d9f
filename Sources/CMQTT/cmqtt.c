#include "cmqtt.h"
