/* What NVRTC lacks: it knows fma, sqrt, fabs and copysign, but has no headers. */
#pragma once
#define INFINITY __longlong_as_double(0x7ff0000000000000LL)
