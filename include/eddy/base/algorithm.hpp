// algorithm.hpp — std::min and std::max, cheaply.
//
// libstdc++'s <algorithm> also brings the algorithms on ranges and the parallel ones. The part that
// is needed has a header of its own there.

#pragma once

#include <version>

#if defined(__GLIBCXX__) && __has_include(<bits/stl_algobase.h>)
#include <bits/stl_algobase.h> // tidy-allow(third-party): a part of the standard library
#else
#include <algorithm>
#endif
