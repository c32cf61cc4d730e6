/* What NVRTC lacks: it knows memcpy, but has no headers. */
#pragma once
