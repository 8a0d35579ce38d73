// chrono.hpp — std::chrono's durations, time points, clocks and literals, cheaply.
//
// libstdc++'s <chrono> also brings calendars, and with them <sstream>: that would be a tenth of the
// time eddy.hpp takes to compile. The part that is needed has a header of its own there.

#pragma once

#include <version>

#if defined(__GLIBCXX__) && __has_include(<bits/chrono.h>)
#include <bits/chrono.h> // tidy-allow(third-party): a part of the standard library
#else
#include <chrono>
#endif
