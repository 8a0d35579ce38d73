// export.hpp — marks what the shared library exports; everything else in it is hidden.
#pragma once

/// Put before a class or function that is defined in `runtime/` and used by programs.
#define EDDY_API __attribute__((visibility("default")))
